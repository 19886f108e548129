// The packages as they ship: bundles for the browser without anything of Node, and dist that runs in a plain Node.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dialects = ["keras", "torch", "jax", "flax"] as const;

describe("browser", () => {
  for (const dialect of dialects) {
    test(`shims-${dialect} and all below it bundle without a Node module, from dist`, async () => {
      expect(
        existsSync(`${root}packages/shims-${dialect}/dist/index.js`),
        "dist is built by `npx turbo run build`",
      ).toBe(true);
      const result = await build({
        stdin: { contents: `export * from "@facet/shims-${dialect}";`, resolveDir: `${root}test` },
        bundle: true,
        write: false,
        format: "esm",
        platform: "browser",
        tsconfigRaw: {},
        metafile: true,
        logLevel: "silent",
      });
      const inputs = Object.keys(result.metafile.inputs);
      expect(inputs.some((file) => file.includes("kernels-wgsl/dist"))).toBe(true);
      expect(inputs.filter((file) => /node_modules\/(webgpu|koffi|tar-fs|@sparticuz)/.test(file))).toEqual([]);
      const text = result.outputFiles[0]?.text ?? "";
      expect(text).not.toMatch(/\bfrom\s*"node:|import\(\s*"node:|require\("node:/);
      expect(text).toContain("@compute @workgroup_size");
    });
  }
});

describe("a page with ten layers", () => {
  const pages: Readonly<Record<string, string>> = {
    torch: `
      import { tensor } from "@facet/shims-torch";
      import { Conv2d, CrossEntropyLoss, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential, Sigmoid, Softmax } from "@facet/shims-torch/nn";
      import { Adam } from "@facet/shims-torch/optim";
      console.log(tensor, Conv2d, CrossEntropyLoss, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential, Sigmoid, Softmax, Adam);`,
    keras: `
      import { Sequential } from "@facet/shims-keras/models";
      import { Activation, Add, AveragePooling2D, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU, Softmax } from "@facet/shims-keras/layers";
      console.log(Sequential, Activation, Add, AveragePooling2D, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU, Softmax);`,
    jax: `
      import { grad, jit } from "@facet/shims-jax";
      import * as jnp from "@facet/shims-jax/numpy";
      import { log_softmax, relu } from "@facet/shims-jax/nn";
      import { Conv, Dense, Dropout, Flatten, MaxPool, serial } from "@facet/shims-jax/example_libraries/stax";
      import { adam } from "@facet/shims-jax/optax";
      console.log(grad, jit, jnp.dot, log_softmax, relu, Conv, Dense, Dropout, Flatten, MaxPool, serial, adam);`,
  };

  test.each(Object.keys(pages))(
    "of %s stays under 200 kB, and carries no kernel that it does not use",
    async (dialect) => {
      const result = await build({
        stdin: { contents: pages[dialect] as string, resolveDir: `${root}test` },
        bundle: true,
        minify: true,
        write: false,
        format: "esm",
        platform: "browser",
        target: "es2022",
        tsconfigRaw: {},
        metafile: true,
        logLevel: "silent",
      });
      const bytes = result.outputFiles[0]?.contents as Uint8Array;
      expect(gzipSync(bytes, { level: 9 }).length).toBeLessThan(200_000);
      // By module, not by name: the tuner's tables name kernels that a page need not carry.
      const carried = Object.values(result.metafile.outputs)
        .flatMap(({ inputs }) => Object.entries(inputs))
        .flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [/kernels\/(.*)\.js$/.exec(file)?.[1]] : []));
      expect(carried).toContain("conv2d/conv2d_forward");
      expect(carried.filter((file) => file !== undefined && /^(conv3d|recurrent)\//.test(file))).toEqual([]);
    },
  );
});

describe("dist in Node", () => {
  test("a program that imports a dialect computes, and ends by itself", () => {
    const program = `
      import * as torch from "@facet/shims-torch";
      const x = torch.tensor([[1.5, 2], [3, 4]], { requires_grad: true });
      const y = x.mul(x).sum();
      y.backward();
      console.log(JSON.stringify([await y.item(), await x.grad.tolist()]));`;
    const out = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: `${root}test`,
      timeout: 60_000,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(JSON.parse(out.trim().split("\n").at(-1) as string)).toEqual([
      31.25,
      [
        [3, 4],
        [6, 8],
      ],
    ]);
  });

  test("a program that exits while the device computes ends without a crash", () => {
    const program = `
      import * as core from "@facet/autograd";
      await core.startDevice({ adapter: "swiftshader" });
      const square = () => core.uniform([1, 2], [512, 512]);
      for (let i = 0; i < 20; i++) core.matmul(square(), square()).data();
      process.exit(3);`;
    const { status, signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: `${root}test`,
      timeout: 60_000,
    });
    expect({ status, signal }).toEqual({ status: 3, signal: null });
  });

  // Packages that are removed leave empty folders of drivers behind.
  test.each([
    ["file", "/no/such/file"],
    ["folder", mkdtempSync(join(tmpdir(), "facet-no-driver-"))],
  ])("nothing is said of a missing driver %s where the SwiftShader of npm does", (_, place) => {
    const program = `
      import * as core from "@facet/autograd";
      await core.startDevice();
      console.log(core.device().adapter.kind);`;
    const env = {
      ...process.env,
      FACET_ADAPTER: "",
      VK_DRIVER_FILES: place,
      VK_ICD_FILENAMES: place,
    };
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: `${root}test`,
      timeout: 60_000,
      encoding: "utf8",
      env,
    });
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: "swiftshader", stderr: "" });
  });

  test("importing a dialect with no adapter to be had does not fail; the first tensor does, and says why", () => {
    const program = `
      import * as torch from "@facet/shims-torch";
      try { torch.tensor([1.5]); } catch (error) { console.log(error.name + ": " + error.message); }`;
    const out = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: `${root}test`,
      timeout: 60_000,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, FACET_ADAPTER: "no such adapter" },
    });
    expect(out).toMatch(
      /NoAdapterError: openDevice: adapter: expected hardware, lavapipe, swiftshader or .*, got no such adapter/,
    );
  });
});
