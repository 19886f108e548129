// Builds the package in the current folder: JavaScript by esbuild (a .wgsl file becomes a string), types by tsc.
// Every `exports` target of package.json that points into dist/ is an entry; entries share chunks, so state is not doubled.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const targets = JSON.stringify([manifest.exports, manifest.bin]).match(/\.\/dist\/[\w/]+\.js/g) ?? [];
const entryPoints = [...new Set(targets)].map((file) => file.replace("./dist/", "src/").replace(/\.js$/, ".ts"));

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints,
  outdir: "dist",
  outbase: "src",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  sourcemap: true,
  packages: "external",
  // The tsconfig maps @facet/* to sources, for checking; dist must import the built packages.
  tsconfigRaw: {},
  external: ["node:*"],
  loader: { ".wgsl": "text" },
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
