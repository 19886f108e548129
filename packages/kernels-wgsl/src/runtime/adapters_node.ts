import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { extract } from "tar-fs";
import { create, globals } from "webgpu";
import { ArgumentError, NoAdapterError } from "../errors.js";
import { describe, type FoundAdapter, matches, setAdapterFinder } from "./adapters.js";

// Dawn rounds timestamps to 65 536 ns unless told otherwise, which hides most kernels.
const TOGGLES = ["enable-dawn-features=allow_unsafe_apis", "disable-dawn-features=timestamp_quantization"];
/** Instead of the first of them: shaders then run without the bounds checks that Dawn adds. */
const UNCHECKED = "enable-dawn-features=allow_unsafe_apis,disable_robustness";
const ICD_FOLDERS = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
const HINT = "`npx facet doctor` says what can be installed";

Object.assign(globalThis, globals);
setAdapterFinder((name) => findWithDawn(name ?? (process.env.FACET_ADAPTER || undefined)));

/** Every `create` result is kept: Dawn's objects must not outlive the instance they came from. */
const instances: GPU[] = [];

async function requestAdapter(...flags: string[]): Promise<{ adapter: GPUAdapter; gpu: GPU } | null> {
  // Mesa's drivers complain on stderr without it.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const gpu = create([...(checksBounds() ? TOGGLES : [UNCHECKED, ...TOGGLES.slice(1)]), ...flags]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return adapter && { adapter, gpu };
}

/** FACET_ROBUSTNESS=off gives up the checks: an index out of range, of a kernel's mistake, then reads or writes anywhere. */
function checksBounds(): boolean {
  const given = process.env.FACET_ROBUSTNESS || "on";
  if (given === "on" || given === "off") return given === "on";
  throw new ArgumentError({ op: "openDevice", argument: "FACET_ROBUSTNESS", expected: "on or off", given });
}

async function findWithDawn(name: string | undefined): Promise<FoundAdapter> {
  if (name === "swiftshader") return findSwiftShader();
  if (name === "lavapipe") return findLavapipe();
  if (name !== undefined && name !== "hardware") return findByName(name);

  const installed = (await mayHaveDriver()) ? await requestAdapter() : null;
  if (installed && (name === undefined || describe(installed.adapter).kind === "hardware")) {
    return { ...installed, origin: "installed driver" };
  }
  if (name === "hardware") {
    const given = installed ? `only ${describe(installed.adapter).name}` : "no adapter";
    throw new NoAdapterError({
      op: "openDevice",
      argument: "adapter",
      expected: `a GPU with an installed driver (${HINT})`,
      given,
    });
  }
  return findSwiftShader();
}

/**
 * Whether asking for an installed driver can find one. On Linux that takes Vulkan's loader and a driver file where the loader
 * looks; without them Dawn would find none either, and say so on stderr in a program that runs well on the SwiftShader of npm.
 */
async function mayHaveDriver(): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES = "" } = process.env;
  const only = VK_DRIVER_FILES ?? VK_ICD_FILENAMES;
  const places = [...(only === undefined ? driverFolders() : only.split(":")), ...VK_ADD_DRIVER_FILES.split(":")];
  if (!places.some(holdsDriverFile)) return false;
  try {
    (await import("koffi")).default.load("libvulkan.so.1");
    return true;
  } catch {
    return false;
  }
}

/** Whether a place is a driver file or a folder with one. Packages leave empty folders behind. */
function holdsDriverFile(place: string): boolean {
  if (place === "" || !existsSync(place)) return false;
  return !statSync(place).isDirectory() || readdirSync(place).some((file) => file.endsWith(".json"));
}

/** Where Vulkan's loader looks for driver files. */
function driverFolders(): string[] {
  const { HOME = "", XDG_CONFIG_HOME, XDG_CONFIG_DIRS, XDG_DATA_HOME, XDG_DATA_DIRS } = process.env;
  const roots = [
    ...[XDG_CONFIG_HOME || join(HOME, ".config"), XDG_CONFIG_DIRS || "/etc/xdg", "/etc"],
    ...[XDG_DATA_HOME || join(HOME, ".local/share"), XDG_DATA_DIRS || "/usr/local/share:/usr/share"],
  ];
  return roots.flatMap((root) => root.split(":")).map((root) => join(root, "vulkan", "icd.d"));
}

async function findByName(name: string): Promise<FoundAdapter> {
  let available = "no adapter";
  try {
    const found = await requestAdapter(`adapter=${name}`);
    if (found) return { ...found, origin: `adapter named ${name}` };
  } catch (error) {
    // Dawn's refusal lists what there is.
    available = String(error).split("\n").slice(1).join("; ").trim() || available;
  }
  throw new NoAdapterError({
    op: "openDevice",
    argument: "adapter",
    expected: `hardware, lavapipe, swiftshader or a part of an adapter's name`,
    given: `${name} (${available})`,
  });
}

async function findLavapipe(): Promise<FoundAdapter> {
  const files = ICD_FOLDERS.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [],
  );
  const icd = files.find((file) => basename(file).startsWith("lvp_icd"));
  const found = icd ? await withDriver(icd, () => requestAdapter()) : null;
  if (icd && found && matches(describe(found.adapter), "lavapipe")) return { ...found, origin: icd };
  throw new NoAdapterError({
    op: "openDevice",
    argument: "adapter",
    expected: `Mesa's lavapipe, version 23 or later (${HINT})`,
    given: icd ? `${icd}, which Dawn refused` : "no lvp_icd file in any Vulkan driver folder",
  });
}

/** The Vulkan loader reads these when an instance is made; they are put back so that child processes see what the user set. */
async function withDriver<T>(icd: string, make: () => Promise<T>): Promise<T> {
  const saved = { VK_DRIVER_FILES: process.env.VK_DRIVER_FILES, VK_ICD_FILENAMES: process.env.VK_ICD_FILENAMES };
  process.env.VK_DRIVER_FILES = icd;
  process.env.VK_ICD_FILENAMES = icd;
  try {
    return await make();
  } finally {
    for (const [key, value] of Object.entries(saved)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
}

/** SwiftShader from the npm package, with the Vulkan loader beside it: no system package is needed. */
async function findSwiftShader(): Promise<FoundAdapter> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new NoAdapterError({
      op: "openDevice",
      argument: "adapter",
      expected: "an installed GPU driver (the bundled SwiftShader is for Linux x64)",
      given: `none on ${process.platform} ${process.arch}`,
    });
  }
  const folder = await unpackSwiftShader();
  const koffi = (await import("koffi")).default;
  // Loaded first and globally, so that Dawn's own search for libvulkan.so.1 finds it by name.
  koffi.load(join(folder, "libvulkan.so.1"), { global: true });
  const icd = join(folder, "vk_swiftshader_icd.json");
  const found = await withDriver(icd, () => requestAdapter());
  if (found && matches(describe(found.adapter), "swiftshader"))
    return { ...found, origin: "SwiftShader of @sparticuz/chromium" };
  throw new NoAdapterError({
    op: "openDevice",
    argument: "adapter",
    expected: "SwiftShader from @sparticuz/chromium",
    given: found ? describe(found.adapter).name : "no adapter",
  });
}

async function unpackSwiftShader(): Promise<string> {
  const require = createRequire(import.meta.url);
  // The package's main file is <root>/build/cjs/index.cjs; its exports hide package.json.
  const root = join(dirname(require.resolve("@sparticuz/chromium")), "..", "..");
  const archive = join(root, "bin", "swiftshader.tar.br");
  const version = (require(join(root, "package.json")) as { version: string }).version;
  const target = join(tmpdir(), `facet-swiftshader-${version}-${process.getuid?.() ?? 0}`);
  if (existsSync(join(target, "vk_swiftshader_icd.json"))) return target;
  mkdirSync(dirname(target), { recursive: true });
  const fresh = mkdtempSync(`${target}-`);
  try {
    await pipeline(createReadStream(archive), createBrotliDecompress(), extract(fresh));
    renameSync(fresh, target);
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have finished the same work first.
    if (existsSync(join(target, "vk_swiftshader_icd.json"))) return target;
    throw new NoAdapterError({
      op: "openDevice",
      argument: "adapter",
      expected: `SwiftShader unpacked from ${archive}`,
      given: `${cause}`,
      cause,
    });
  }
  return target;
}
