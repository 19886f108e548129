// `npm run bundle`: packs the bench for a Linux x86-64 machine with an NVIDIA driver and no network into dist/facet-bench.tar.xz:
// the running Node, Dawn, the Vulkan loader, the bench with all packages in one file, and torch_cuda.py. JavaScript peers stay
// behind: the archive is to stay under 55 MB, and they are measured where they are installed.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const LIMIT_MB = 55;
const LOADER = "libvulkan.so.1";
const LIBRARY_FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];

const root = fileURLToPath(new URL("..", import.meta.url));
const stage = join(root, "dist", "facet-bench");
const archive = `${stage}.tar.xz`;

function fail(message) {
  console.error(`bundle: ${message}`);
  process.exit(1);
}

if (process.platform !== "linux" || process.arch !== "x64")
  fail(`expected Linux x64, whose Node and Dawn are packed; this is ${process.platform} ${process.arch}`);

rmSync(stage, { recursive: true, force: true });
mkdirSync(join(stage, "dist", "linux-x64"), { recursive: true });
mkdirSync(join(stage, "lib"));

// Names that only the peers, SwiftShader, the report's page and the reading of programs' sources need are resolved at run time, and are then not there.
const absent = [
  "@tensorflow/*",
  "@jax-js/jax",
  "onnxruntime-web/*",
  "onnxruntime-web",
  "gpu.js",
  "@sparticuz/chromium",
  "koffi",
  "jsdom",
  "./api_cost/*",
];
await build({
  entryPoints: [join(root, "benchmarks", "src", "run.ts")],
  outfile: join(stage, "bench.mjs"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  conditions: ["node"],
  tsconfigRaw: {},
  external: absent,
  // webgpu finds dawn.node beside its own file; CommonJS modules inside need a require, and the name of their file.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url), { filename: __filename, dirname: __dirname } = import.meta;',
  },
  logLevel: "error",
});

const require = createRequire(join(root, "packages", "kernels-wgsl", "package.json"));
const webgpu = dirname(require.resolve("webgpu"));
copyFileSync(join(webgpu, "dist", "linux-x64", "dawn.node"), join(stage, "dist", "linux-x64", "dawn.node"));
copyFileSync(process.execPath, join(stage, "node"));
copyFileSync(loader(), join(stage, "lib", LOADER));
copyFileSync(join(root, "scripts", "bundle_run.sh"), join(stage, "run.sh"));
copyFileSync(join(root, "benchmarks", "src", "peers", "torch_cuda.py"), join(stage, "torch_cuda.py"));
copyFileSync(join(root, "LICENSE"), join(stage, "LICENSE"));
chmodSync(join(stage, "run.sh"), 0o755);
try {
  execFileSync("strip", ["--strip-unneeded", join(stage, "node"), join(stage, "dist", "linux-x64", "dawn.node")]);
} catch {
  console.warn("bundle: no working `strip` here; the archive is larger without it");
}

rmSync(archive, { force: true });
execFileSync("tar", ["-C", dirname(stage), "-cJf", archive, "facet-bench"], {
  env: { ...process.env, XZ_OPT: "-6 -T0" },
  stdio: "inherit",
});
const megabytes = statSync(archive).size / 1e6;
console.log(`${archive}: ${megabytes.toFixed(1)} MB`);
if (megabytes > LIMIT_MB) fail(`expected at most ${LIMIT_MB} MB, got ${megabytes.toFixed(1)}`);

/** The Vulkan loader: the system's, or the one in Debian's libvulkan1. */
function loader() {
  for (const folder of LIBRARY_FOLDERS) {
    const file = join(folder, LOADER);
    if (existsSync(file)) return realpathSync(file);
  }
  const folder = mkdtempSync(join(tmpdir(), "facet-libvulkan-"));
  try {
    execFileSync("apt-get", ["download", "libvulkan1"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    const [package_] = readdirSync(folder).filter((name) => name.endsWith(".deb"));
    execFileSync("dpkg-deb", ["-x", join(folder, package_), folder]);
    return realpathSync(join(folder, "usr/lib/x86_64-linux-gnu", LOADER));
  } catch (error) {
    const reason = String(error.stderr ?? error.message).trim();
    return fail(
      `expected ${LOADER} in ${LIBRARY_FOLDERS.join(", ")}, or \`apt-get download libvulkan1\` to give it; got ${reason}`,
    );
  }
}
