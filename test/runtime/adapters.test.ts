// Which adapter is opened, what is said when it cannot be, and that Node ends by itself afterwards.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findAdapter, matmul, matmulGeometry, NoAdapterError, openDevice } from "@facet/kernels-wgsl";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

// The first adapter is asked for outside test bodies, and one instance lives on while others come and go.
let standard: Awaited<ReturnType<typeof findAdapter>>;
const forced = process.env.FACET_ADAPTER;
beforeAll(async () => {
  standard = await findAdapter();
});
afterEach(() => {
  if (forced === undefined) delete process.env.FACET_ADAPTER;
  else process.env.FACET_ADAPTER = forced;
});

async function refusal(options?: { adapter: string }): Promise<NoAdapterError> {
  const opened = openDevice(options).then(
    (device) => {
      device.close();
      return device.adapter.name;
    },
    (error) => error,
  );
  const error = await opened;
  expect(error).toBeInstanceOf(NoAdapterError);
  return error;
}

describe("choice of adapter", () => {
  test("the default is described: kind, name, origin, limits, features", () => {
    expect(["hardware", "lavapipe", "swiftshader", "software"]).toContain(standard.kind);
    expect(standard.name).not.toBe("");
    expect(standard.origin).not.toBe("");
    expect(standard.limits.maxBufferSize).toBeGreaterThanOrEqual(2 ** 28);
    expect(standard.features).toEqual([...standard.features].sort());
  });

  test("an unknown name in FACET_ADAPTER is refused with what there is", async () => {
    process.env.FACET_ADAPTER = "no such gpu";
    const error = await refusal();
    expect(error).toMatchObject({ op: "openDevice", argument: "adapter" });
    expect(error.given).toContain("no such gpu");
    expect(error.expected).toContain("swiftshader");
    // Where the default is the SwiftShader of npm, nothing is installed that could be listed.
    expect(error.given).toMatch(
      standard.origin === "installed driver" ? /llvmpipe|NVIDIA|AMD|Intel|SwiftShader/i : /\(.+\)/,
    );
  });

  test("a name given to openDevice goes before FACET_ADAPTER", async () => {
    process.env.FACET_ADAPTER = "no such gpu";
    const device = await openDevice({ adapter: "swiftshader" });
    expect(device.adapter.kind).toBe("swiftshader");
    device.close();
  });

  test("hardware is opened where there is some and refused with a hint where there is none", async () => {
    delete process.env.FACET_ADAPTER;
    const { kind, name } = await findAdapter();
    if (kind === "hardware") {
      const device = await openDevice({ adapter: "hardware" });
      expect(device.adapter.name).toBe(name);
      device.close();
    } else {
      const error = await refusal({ adapter: "hardware" });
      expect(error.expected).toContain("facet doctor");
      expect(error.given).toContain(kind === "swiftshader" ? "no adapter" : name);
    }
  });

  test("lavapipe is opened where it is installed and refused with a hint where it is not", async () => {
    const found = await findAdapter({ adapter: "lavapipe" }).catch((error) => error);
    if (found instanceof NoAdapterError) expect(found.expected).toContain("facet doctor");
    else expect(found).toMatchObject({ kind: "lavapipe", origin: expect.stringContaining("lvp_icd") });
    if (standard.kind === "lavapipe") expect(found.kind).toBe("lavapipe");
  });

  test("the SwiftShader of npm opens with nothing installed, and computes", async () => {
    const device = await openDevice({ adapter: "swiftshader" });
    expect(device.adapter.kind).toBe("swiftshader");
    const view = () => ({ block: device.allocate(16, "test"), offset: 0, bytes: 16 });
    const [a, b, y] = [view(), view(), view()];
    device.queue.write(a, Float32Array.from([1, 2, 3, 4]));
    device.queue.write(b, Float32Array.from([5, 6, 7, 8]));
    device.run(matmul, { a, b, y }, matmulGeometry([2, 2], [2, 2]).params);
    expect([...new Float32Array(await device.read(y))]).toEqual([19, 22, 43, 50]);
    device.close();
  });
});

describe("Node ends by itself", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  let folder: string;
  // Inside node_modules, so that the bundle finds Dawn where the package does.
  beforeAll(async () => {
    const cache = join(root, "node_modules", ".cache");
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, "facet-runtime-"));
    await build({
      entryPoints: [join(root, "packages/kernels-wgsl/src/node.ts")],
      outfile: join(folder, "node.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "es2022",
      packages: "external",
      loader: { ".wgsl": "text" },
      logLevel: "warning",
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const program = (ending: string) => `
    const { openDevice, matmul, matmulGeometry } = await import("./node.mjs");
    const device = await openDevice();
    const view = () => ({ block: device.allocate(16, "test"), offset: 0, bytes: 16 });
    const [a, b, y] = [view(), view(), view()];
    device.queue.write(a, Float32Array.from([1, 2, 3, 4]));
    device.queue.write(b, Float32Array.from([5, 6, 7, 8]));
    device.run(matmul, { a, b, y }, matmulGeometry([2, 2], [2, 2]).params);
    console.log([...new Float32Array(await device.read(y))].join(" "));
    ${ending}`;

  /** Runs a module and waits for its end; one that hangs is killed, and its code is then null. */
  function run(source: string): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, output }));
    });
  }

  test.each([
    ["after the device is closed", "device.close();"],
    ["though nobody closed the device", ""],
    [
      "with work still on its way when the device is closed",
      "device.run(matmul, { a, b, y }, matmulGeometry([2, 2], [2, 2]).params); device.queue.submit(); device.close();",
    ],
    ["after an error that nobody caught", "device.free(y.block); await device.read(y);"],
  ])("%s", async (name, ending) => {
    const { code, output } = await run(program(ending));
    expect(output).toContain("19 22 43 50");
    expect(code, output).toBe(name.includes("error") ? 1 : 0);
  });
});
