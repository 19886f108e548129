// Devices, processes and configuration, as programs ask for them: there is one device, in one process.
import { ArgumentError, device, UnsupportedError } from "@facet/autograd";
import { any, bool, define, int, show, string } from "@facet/dialect";
import { declared, tree } from "./arguments.js";
import { JaxArray, run } from "./array.js";
import { disabledJit } from "./jit.js";
import { filledWith } from "./numpy/creation.js";
import { map } from "./tree/pytree.js";

/** The device that computes. `platform` is "gpu", whatever WebGPU runs on; `device_kind` names the adapter. */
export class Device {
  readonly id = 0;
  readonly process_index = 0;
  readonly platform = "gpu";
  get device_kind(): string {
    return device().adapter.name;
  }
  toString(): string {
    return "WebGpuDevice(id=0)";
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
const only = new Device();

const PLATFORMS = ["gpu", "webgpu"];
const backend = string.or(null);
/** Refuses platforms that are not there. */
function platformOf(fn: string, given: string | null): string {
  if (given === null || PLATFORMS.includes(given)) return "gpu";
  throw new UnsupportedError({
    op: fn,
    argument: "backend",
    expected: PLATFORMS.map(show).join(" or "),
    given: show(given),
  });
}

const asked = <T>(name: string, of: () => T) =>
  declared<[], [backend: string | null]>()(`jax.${name}`, { backend }, ({ backend }) => {
    platformOf(name, backend);
    return of();
  });
/** All devices: one. */
export const devices = asked("devices", (): Device[] => [only]);
export const device_count = asked("device_count", () => 1);
export const local_device_count = asked("local_device_count", () => 1);
/** The devices of this process: one. */
export const local_devices = declared<
  [],
  [process_index: number | null, backend: string | null, host_id: number | null]
>()(
  "jax.local_devices",
  { process_index: int.or(null), backend, host_id: int.or(null) },
  ({ process_index, backend, host_id }): Device[] => {
    platformOf("local_devices", backend);
    for (const [argument, id] of Object.entries({ process_index, host_id }))
      if (id !== null && id !== 0)
        throw new ArgumentError({ op: "local_devices", argument, expected: "0, the one process", given: `${id}` });
    return [only];
  },
);
export const process_index = asked("process_index", () => 0);
export const process_count = asked("process_count", () => 1);
export const process_indices = asked("process_indices", () => [0]);
export const host_id = asked("host_id", () => 0);
export const host_count = asked("host_count", () => 1);
export const host_ids = asked("host_ids", () => [0]);
/** "gpu". */
export const default_backend: () => "gpu" = define("jax.default_backend", {}, () => "gpu" as const);

/**
 * A tree with its numbers as arrays. Everything lies on the one device already: `device` is null or that of jax.devices(). `donate` and
 * `may_alias` are promises that change nothing.
 */
export const device_put = declared<[x: unknown], [device: Device | null]>()(
  "jax.device_put",
  { x: tree, device: any.or(null), "*": null, src: any.or(null), donate: bool.or(false), may_alias: bool.or(null) },
  ({ x, device, src }) => {
    for (const [argument, place] of Object.entries({ device, src }))
      if (place !== null && place !== only)
        throw new UnsupportedError({
          op: "device_put",
          argument,
          expected: "null or the device of jax.devices()",
          given: show(place),
        });
    return map((leaf: unknown) => {
      if (leaf instanceof JaxArray) return run(() => leaf.core);
      return typeof leaf === "number" || typeof leaf === "boolean" ? filledWith("device_put", [], leaf, null) : leaf;
    }, x);
  },
) as <T>(x: T, ...options: readonly unknown[]) => T;

/** Nothing is kept that one might want to be rid of: compiled functions are freed with what holds them. */
export const clear_caches: () => void = define("jax.clear_caches", {}, () => undefined);

/** Settings by name, with the values that they may have here. */
const SETTINGS: Readonly<Record<string, readonly unknown[] | "any">> = {
  jax_enable_x64: [false],
  jax_debug_nans: [false],
  jax_debug_infs: [false],
  jax_disable_jit: [false, true],
  jax_platform_name: [null, "", ...PLATFORMS],
  jax_platforms: [null, "", ...PLATFORMS],
  jax_default_matmul_precision: [null, "default", "high", "highest", "float32", "fastest"],
  jax_numpy_dtype_promotion: ["standard"],
  jax_numpy_rank_promotion: ["allow"],
  jax_default_prng_impl: ["threefry2x32"],
  jax_threefry_partitionable: [true],
  jax_enable_custom_prng: [false, true],
  jax_check_tracer_leaks: [false],
  jax_log_compiles: [false],
  jax_traceback_filtering: "any",
  jax_compilation_cache_dir: "any",
  jax_persistent_cache_min_compile_time_secs: "any",
  jax_persistent_cache_min_entry_size_bytes: "any",
  jax_include_full_tracebacks_in_locations: "any",
};
const values = new Map<string, unknown>(
  Object.entries(SETTINGS).map(([name, allowed]) => [name, allowed === "any" ? null : allowed[0]]),
);

function settingOf(name: string): readonly unknown[] | "any" {
  const allowed = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  if (allowed) return allowed;
  throw new UnsupportedError({
    op: "jax.config",
    argument: name,
    expected: Object.keys(SETTINGS).join(", "),
    given: "another setting",
  });
}

/** Sets a setting to a value that holds here. Throws UnsupportedError, with what may be, on another value or an unknown setting. */
const update = declared<[name: string, val: unknown]>()(
  "jax.config.update",
  { name: string, val: any },
  ({ name, val }) => {
    const allowed = settingOf(name);
    if (allowed !== "any" && !allowed.includes(val))
      throw new UnsupportedError({
        op: "jax.config.update",
        argument: name,
        expected: allowed.map(show).join(" or "),
        given: show(val),
      });
    if (name === "jax_disable_jit") disabledJit(val as boolean);
    values.set(name, val);
  },
) as (name: string, val: unknown) => void;
/** The value of a setting. */
const read = declared<[name: string]>()("jax.config.read", { name: string }, ({ name }) => {
  settingOf(name);
  return values.get(name);
});
/** There are no flags to parse. */
const parse_flags_with_absl: () => void = define("jax.config.parse_flags_with_absl", {}, () => undefined);
export const configMembers = { update, read, parse_flags_with_absl };
