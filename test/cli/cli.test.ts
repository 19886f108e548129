// The facet command, run in this process with its output captured, and its launcher as a process of its own.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findAdapter } from "@facet/kernels-wgsl";
import { kernelTable } from "@facet/kernels-wgsl/table";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { advice } from "../../packages/cli/src/advice.js";
import { main } from "../../packages/cli/src/main.js";
import { formatBytes } from "../../packages/cli/src/output.js";

const cli = fileURLToPath(new URL("../../packages/cli/", import.meta.url));
const ansi = "\u001b[";

async function facet(line: string, color = false): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = { line: (text: string) => out.push(text), error: (text: string) => err.push(text), color };
  const code = await main(line.split(" ").filter(Boolean), output);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

// The first adapter is asked for outside test bodies.
let standard: Awaited<ReturnType<typeof findAdapter>>;
const forced = process.env.FACET_ADAPTER;
beforeAll(async () => {
  standard = await findAdapter();
});
afterEach(() => {
  if (forced === undefined) delete process.env.FACET_ADAPTER;
  else process.env.FACET_ADAPTER = forced;
});

describe("facet", () => {
  test.each(["--help", "-h", "doctor --help"])("%s prints the commands", async (line) => {
    const { code, out, err } = await facet(line);
    expect(code).toBe(0);
    for (const word of ["doctor", "kernels", "conformance", "--json", "--adapter", "--version"])
      expect(out).toContain(word);
    expect(err).toBe("");
  });

  test("--version prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(join(cli, "package.json"), "utf8"));
    expect(await facet("--version")).toEqual({ code: 0, out: version, err: "" });
  });

  test.each([
    ["", "no command given"],
    ["docter", 'unknown command "docter". Did you mean "doctor"?'],
    ["Kernel", 'unknown command "Kernel". Did you mean "kernels"?'],
    ["train", 'unknown command "train"'],
    ["doctor --jsn", "--jsn"],
    ["doctor --adapter", "--adapter"],
    ["doctor now", 'doctor takes no "now"'],
    ["kernels a b", 'not "a b"'],
    ["kernels --json", "--json belongs to doctor"],
  ])("called as `facet %s` exits with 2 and a hint", async (line, problem) => {
    const { code, out, err } = await facet(line);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain(problem);
    expect(err).toContain("facet --help");
    expect(err.match(/Did you mean/g) ?? []).toHaveLength(problem.includes("Did you mean") ? 1 : 0);
  });
});

describe("facet doctor", () => {
  test("says what was opened, what it can, how fast it is, and what would be faster", async () => {
    const { code, out, err } = await facet("doctor");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(standard.name);
    expect(out).toContain(standard.origin);
    for (const word of ["timestamp-query", "subgroups", "shader-f16", "maxBufferSize", "largest tensor"]) {
      expect(out).toContain(word);
    }
    expect(out).toMatch(/matmul \d+\.\d GFLOP\/s/);
    expect(out).toMatch(/copy \d+\.\d GB\/s/);
    if (standard.kind === "hardware") expect(out).not.toContain("Faster");
    else expect(out).toContain("Vulkan driver");
    expect(out).not.toContain(ansi);
  });

  test("--json prints one object", async () => {
    const { code, out } = await facet("doctor --json --adapter swiftshader");
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report.adapter).toMatchObject({
      kind: "swiftshader",
      vendor: expect.any(String),
      origin: expect.any(String),
    });
    expect(report.measured.matmulGflops).toBeGreaterThan(0);
    expect(report.measured.copyGbytes).toBeGreaterThan(0);
    expect(report.limits.maxBufferSize).toBeGreaterThanOrEqual(report.largestTensorBytes);
    expect(Object.keys(report.features)).toEqual(["timestamp-query", "subgroups", "shader-f16"]);
    const kinds = report.others.map((other: { kind: string }) => other.kind);
    expect(kinds).not.toContain("swiftshader");
    if (standard.kind !== "swiftshader") expect(kinds).toContain(standard.kind);
    expect(report.advice.join("\n")).toContain("lavapipe");
  });

  test("an adapter that is not there: exit code 1, what there is, and what to install", async () => {
    const { code, out, err } = await facet("doctor --adapter nonesuch");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("nonesuch");
    expect(err).toContain("driver");
    const json = await facet("doctor --adapter nonesuch --json");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out).error).toContain("nonesuch");
  });

  test("FACET_ADAPTER is heeded", async () => {
    process.env.FACET_ADAPTER = "swiftshader";
    expect(JSON.parse((await facet("doctor --json")).out).adapter.kind).toBe("swiftshader");
  });

  test("colours when the output has them", async () => {
    expect((await facet("doctor", true)).out).toContain(ansi);
  });

  test("advice names what each kind of adapter lacks", () => {
    expect(advice("hardware", "linux")).toEqual([]);
    expect(advice("swiftshader", "linux").join("\n")).toMatch(/bookworm-backports.*22\.3/s);
    expect(advice("none", "linux").join("\n")).toContain("lavapipe");
    expect(advice("lavapipe", "linux").join("\n")).not.toContain("backports");
    expect(advice("software", "win32").join("\n")).not.toContain("apt-get");
    expect(advice("swiftshader", "linux", ["lavapipe"]).join("\n")).toContain("FACET_ADAPTER=lavapipe");
    expect(advice("lavapipe", "linux", ["hardware"])).toHaveLength(1);
    expect(advice("lavapipe", "linux", [], "512")[0]).toContain("LP_NATIVE_VECTOR_WIDTH");
    expect(advice("lavapipe", "linux", [], "256").join("\n")).not.toContain("LP_NATIVE_VECTOR_WIDTH");
  });
});

describe("facet kernels", () => {
  test("lists every kernel with its variants", async () => {
    const { code, out } = await facet("kernels");
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines).toHaveLength(kernelTable.length);
    for (const [i, { kernel, cases }] of kernelTable.entries()) {
      expect(lines[i]).toMatch(new RegExp(`^${kernel.name} `));
      for (const variant of kernel.variants) expect(lines[i]).toContain(variant.name);
      expect(lines[i]).toContain(`${cases.length} case`);
    }
  });

  test("with a text lists the kernels of that name and their cases", async () => {
    const { code, out } = await facet("kernels MatMul");
    expect(code).toBe(0);
    const entry = kernelTable.find(({ kernel }) => kernel.name === "matmul");
    for (const { name } of entry?.cases ?? []) expect(out).toContain(name);
    expect(out).toContain("timed");
    expect(out).not.toContain("conv2d");
  });

  test("a text that no name has: exit code 1 and a hint", async () => {
    const { code, out, err } = await facet("kernels teleport");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("teleport");
    expect(err).toContain("facet kernels");
  });
});

test("sizes are printed in binary units", () => {
  expect([0, 512, 1024, 2 ** 27, 2 ** 31 - 4, 2 ** 31].map(formatBytes)).toEqual([
    "0 B",
    "512 B",
    "1.00 KiB",
    "128.00 MiB",
    "2.00 GiB",
    "2.00 GiB",
  ]);
});

describe("the launcher", () => {
  const copies: string[] = [];
  afterEach(() => {
    for (const folder of copies.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  test("before the build says what to do and exits with 1", () => {
    const folder = mkdtempSync(join(tmpdir(), "facet-cli-"));
    copies.push(folder);
    mkdirSync(join(folder, "bin"));
    cpSync(join(cli, "bin", "facet.mjs"), join(folder, "bin", "facet.mjs"));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "bin", "facet.mjs"), "doctor"], {
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("npx turbo run build");
    expect(stderr).not.toContain("    at ");
  });
});
