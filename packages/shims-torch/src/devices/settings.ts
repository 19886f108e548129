// Settings of the whole program that choose among devices, precisions and threads. There is one device, which computes in float32,
// in the same order every time: settings are checked, remembered and otherwise change nothing.
import { UnsupportedError } from "@facet/autograd";
import { bool, define, int, oneOf } from "@facet/dialect";
import { checkDevice, Device, type Dtype, float32 } from "../dtype.js";
import { device as deviceKind, dtype as dtypeKind } from "../kinds.js";

type Precision = "highest" | "high" | "medium";
type DebugMode = "default" | "warn" | "error" | 0 | 1 | 2;
const MODES = ["default", "warn", "error"] as const;

let defaultDevice = new Device("webgpu");
let precision: Precision = "highest";
let deterministic: 0 | 1 | 2 = 0;
let threads = 1;
let interopThreads = 1;

/** The device of new tensors: the only one. */
export const get_default_device: () => Device = define("torch.get_default_device", {}, () => defaultDevice);
/** Takes a name of the device there is; null for that. */
export const set_default_device: (device: Device | string | null | { device: Device | string | null }) => void = define(
  "torch.set_default_device",
  { device: deviceKind.orNone },
  ({ device }) => {
    if (device !== null) checkDevice("set_default_device", device);
    defaultDevice = new Device(device ?? "webgpu");
  },
);
/** torch.float32. */
export const get_default_dtype: () => Dtype = define("torch.get_default_dtype", {}, () => float32);
/** Takes torch.float32 alone. */
export const set_default_dtype: (d: Dtype) => void = define(
  "torch.set_default_dtype",
  { d: dtypeKind, "/": null },
  ({ d }) => {
    if (d !== float32)
      throw new UnsupportedError({ op: "set_default_dtype", argument: "d", expected: "torch.float32", given: `${d}` });
  },
);

/** What was set: "highest" to begin with. */
export const get_float32_matmul_precision: () => Precision = define(
  "torch.get_float32_matmul_precision",
  {},
  () => precision,
);
/** Changes nothing: products are computed in float32 whatever is allowed. */
export const set_float32_matmul_precision: (precision: Precision | { precision: Precision }) => void = define(
  "torch.set_float32_matmul_precision",
  { precision: oneOf("highest", "high", "medium") },
  (given) => {
    precision = given.precision;
  },
);

/** Changes nothing: the same program on the same adapter gives the same bits anyway. */
export const use_deterministic_algorithms: (
  mode: boolean | { mode: boolean; warn_only?: boolean },
  named?: { warn_only?: boolean },
) => void = define(
  "torch.use_deterministic_algorithms",
  { mode: bool, "*": null, warn_only: bool.or(false) },
  ({ mode, warn_only }) => {
    deterministic = mode ? (warn_only ? 1 : 2) : 0;
  },
);
/** What use_deterministic_algorithms was given. */
export const are_deterministic_algorithms_enabled: () => boolean = define(
  "torch.are_deterministic_algorithms_enabled",
  {},
  () => deterministic > 0,
);
/** Whether it was given warn_only. */
export const is_deterministic_algorithms_warn_only_enabled: () => boolean = define(
  "torch.is_deterministic_algorithms_warn_only_enabled",
  {},
  () => deterministic === 1,
);
/** 0, 1 or 2, for "default", "warn" and "error". */
export const get_deterministic_debug_mode: () => number = define(
  "torch.get_deterministic_debug_mode",
  {},
  () => deterministic,
);
/** As use_deterministic_algorithms, by a word or its number. */
export const set_deterministic_debug_mode: (debug_mode: DebugMode | { debug_mode: DebugMode }) => void = define(
  "torch.set_deterministic_debug_mode",
  { debug_mode: oneOf(...MODES, 0, 1, 2) },
  ({ debug_mode }) => {
    deterministic = (typeof debug_mode === "number" ? debug_mode : MODES.indexOf(debug_mode)) as 0 | 1 | 2;
  },
);

const count = int.where("a positive integer", (value) => value > 0);
type SetCount = (num: number) => void;
/** What was set: 1 to begin with. The device does the work. */
export const get_num_threads: () => number = define("torch.get_num_threads", {}, () => threads);
/** Changes nothing. */
export const set_num_threads: SetCount = define("torch.set_num_threads", { num: count }, ({ num }) => {
  threads = num;
});
/** What was set: 1 to begin with. */
export const get_num_interop_threads: () => number = define("torch.get_num_interop_threads", {}, () => interopThreads);
/** Changes nothing. */
export const set_num_interop_threads: SetCount = define("torch.set_num_interop_threads", { num: count }, ({ num }) => {
  interopThreads = num;
});
