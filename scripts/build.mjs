// Builds the package in the current folder: JavaScript by esbuild (a .wgsl file becomes a string), types by tsc. Every module of src is
// one of dist, so that a page's bundler takes what the page uses and leaves the rest (`sideEffects` in package.json).
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { shaderText } from "./wgsl.mjs";

const modules = readdirSync("src", { recursive: true }).filter((file) => /(?<!\.test)\.ts$/.test(file));

/** Imports of other modules stay imports; shaders become text. */
const plugin = {
  name: "modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\..*\.js$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /\.wgsl$/ }, ({ path }) => ({ contents: shaderText(readFileSync(path, "utf8")), loader: "text" }));
  },
};

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: modules.map((file) => join("src", file)),
  outdir: "dist",
  outbase: "src",
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  sourcemap: true,
  packages: "external",
  // The tsconfig maps @facet/* to sources, for checking; dist must import the built packages.
  tsconfigRaw: {},
  external: ["node:*"],
  plugins: [plugin],
});

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
const flags = [
  "-p",
  ".",
  "--noEmit",
  "false",
  "--emitDeclarationOnly",
  "--outDir",
  "dist",
  "--rootDir",
  "src",
  "--paths",
  "null",
];
execFileSync(process.execPath, [tsc, ...flags], { stdio: "inherit" });
for (const file of readdirSync("dist", { recursive: true })) {
  if (file.endsWith(".test.d.ts")) rmSync(join("dist", file));
}
