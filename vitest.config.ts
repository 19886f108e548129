import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { shaderText } from "./scripts/wgsl.mjs";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Loads a .wgsl file as a string, as scripts/build.mjs does for dist. */
const wgsl = {
  name: "wgsl",
  enforce: "pre" as const,
  load(id: string) {
    if (!id.endsWith(".wgsl")) return null;
    return `export default ${JSON.stringify(shaderText(readFileSync(id, "utf8")))};`;
  },
};

export default defineConfig({
  plugins: [wgsl],
  resolve: {
    alias: {
      "@facet/kernels-wgsl/table": source("packages/kernels-wgsl/src/table.ts"),
      "@facet/kernels-wgsl": source("packages/kernels-wgsl/src/node.ts"),
      "@facet/autograd": source("packages/autograd/src/index.ts"),
      "@facet/dialect": source("packages/dialect/src/index.ts"),
      "@facet/datasets": source("packages/datasets/src/node.ts"),
      "@facet/testing": source("packages/testing/src/index.ts"),
      "@facet/shims-keras": source("packages/shims-keras/src/index.ts"),
      "@facet/shims-torch": source("packages/shims-torch/src/index.ts"),
      "@facet/shims-flax": source("packages/shims-flax/src/index.ts"),
      "@facet/shims-jax/numpy": source("packages/shims-jax/src/numpy/index.ts"),
      "@facet/shims-jax/lax": source("packages/shims-jax/src/lax/index.ts"),
      "@facet/shims-jax/nn/initializers": source("packages/shims-jax/src/initializers.ts"),
      "@facet/shims-jax/nn": source("packages/shims-jax/src/nn.ts"),
      "@facet/shims-jax/optax": source("packages/shims-jax/src/optax/index.ts"),
      "@facet/shims-jax/parts": source("packages/shims-jax/src/parts.ts"),
      "@facet/shims-jax/random": source("packages/shims-jax/src/random/index.ts"),
      "@facet/shims-jax": source("packages/shims-jax/src/index.ts"),
    },
  },
  test: {
    include: ["test/**/*.test.ts", "packages/*/src/**/*.test.ts"],
    pool: "forks",
    // One GPU process at a time: software adapters use every core already.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
