// torch.autograd.detect_anomaly: backward passes that name the op whose gradient is NaN.
import * as core from "@facet/autograd";
import { bool, define, func } from "@facet/dialect";
import { during, type GradMode } from "../grad_mode.js";
import { backwardName } from "../print.js";

let detecting = false;
let checking = false;

/** In PyTorch's words; what the layer is called stands behind. */
const refuseNan: core.PullListener = ({ op, layer }, input, gradient) => {
  const name = backwardName(op);
  core.refuseNan(gradient, {
    op: layer === "" ? name : `${name} of ${layer}`,
    argument: `gradient ${input}`,
    expected: `numbers: Function '${name}' returned nan values in its ${input}th output.`,
  });
};

function detect(mode: boolean, check_nan: boolean): () => void {
  const before = [detecting, checking] as const;
  const set = (on: boolean, check: boolean): void => {
    detecting = on;
    checking = check;
    core.setPullListener(on && check ? refuseNan : undefined);
  };
  set(mode, check_nan);
  return () => set(...before);
}

export interface Detecting {
  (check_nan?: boolean): GradMode;
  (named: { check_nan?: boolean }): GradMode;
  <T>(check_nan: boolean, body: () => T): T;
  <T>(body: () => T): T;
}
/**
 * While it holds (to the end of a `using` block, or of `body`) backward passes look for NaN in every gradient, and the read after one
 * throws ArgumentError that names the op. With `check_nan` false nothing is looked for.
 */
export const detect_anomaly: Detecting = define(
  "torch.autograd.detect_anomaly",
  { check_nan: bool.either(func).or(true), body: func.or(null) },
  ({ check_nan: given, body }) => {
    const [check, call] = typeof given === "boolean" ? [given, body] : [true, given];
    return during("autograd.detect_anomaly", call, detect(true, check));
  },
);

export interface SetDetecting {
  (mode: boolean, check_nan?: boolean): GradMode;
  (mode: boolean, named: { check_nan: boolean }): GradMode;
  (named: { mode: boolean; check_nan?: boolean }): GradMode;
}
/** Switches detect_anomaly on or off: at once and for good, or until the end of a `using` block. */
export const set_detect_anomaly: SetDetecting = define(
  "torch.autograd.set_detect_anomaly",
  { mode: bool, check_nan: bool.or(true) },
  ({ mode, check_nan }) => during("autograd.set_detect_anomaly", null, detect(mode, check_nan)),
);

/** Whether anomalies are looked for. */
export const is_anomaly_enabled: () => boolean = define("torch.is_anomaly_enabled", {}, () => detecting);
/** Whether NaN are. */
export const is_anomaly_check_nan_enabled: () => boolean = define(
  "torch.is_anomaly_check_nan_enabled",
  {},
  () => checking,
);
