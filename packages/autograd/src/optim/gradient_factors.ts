// What is done to gradients before an update reads them: scaling, clipping by norms, leaving out steps that are not finite. All of it
// is a factor on them that is computed and read on the device.
import { ArgumentError } from "@facet/kernels-wgsl";
import { hostValue } from "../capture/trace.js";
import { hostScalar } from "../ops/create.js";
import { div, greater, maximum, mul, where } from "../ops/elementwise.js";
import { sqrt } from "../ops/elementwise_unary.js";
import { sum } from "../ops/reduce.js";
import { reshape } from "../ops/shape.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { fromData, type Tensor } from "../tensor.js";
import type { LossScaler } from "./loss_scaler.js";
import type { Segments } from "./segments.js";
import type { LateSteps } from "./step_tables.js";

export interface GradientSettings {
  /** Gradients are multiplied by this before all else: one over a loss scale. Default 1. */
  scale?: number;
  /** The gradient of each parameter is scaled down to at most this norm: by clipNorm / max(norm, clipNorm). Default: it is not. */
  clipNorm?: number;
  /** The same of all gradients together. */
  globalClipNorm?: number;
  /** Calls whose gradients are averaged for one update; the others change nothing. Default 1. */
  accumulate?: number;
  /** Divides gradients by its scale, and leaves the step out when one is infinite or NaN. */
  scaler?: LossScaler;
}

/** Factors for an update to read: one, or one for each parameter. */
export interface Factors {
  readonly scale: Tensor;
  /** Where there is one for each. */
  readonly segments?: Segments;
  /** [1], with a scaler: above 0 where a gradient is infinite or NaN, and the step is left out. */
  readonly bad?: Tensor;
}

/** The same for a part of the flat tensors. */
export interface PartFactors extends Factors {
  /** Where in the flat tensors the part begins. */
  readonly start: number;
  /** Where steps are counted on the device, as some are left out. */
  readonly late?: LateSteps;
}

/** Throws ArgumentError on settings that make no sense. */
export function checkGradientSettings(op: string, settings: GradientSettings): void {
  for (const name of ["scale", "clipNorm", "globalClipNorm"] as const) {
    const value = settings[name];
    if (value === undefined || (Number.isFinite(value) && value > 0)) continue;
    throw new ArgumentError({ op, argument: name, expected: "a finite number above 0", given: `${value}` });
  }
  const { accumulate = 1 } = settings;
  if (!(Number.isInteger(accumulate) && accumulate > 0)) {
    const expected = "a positive integer";
    throw new ArgumentError({ op, argument: "accumulate", expected, given: `${accumulate}` });
  }
  if (settings.clipNorm !== undefined && settings.globalClipNorm !== undefined)
    throw new ArgumentError({ op, argument: "globalClipNorm", expected: "none beside clipNorm", given: "both" });
}

/**
 * The factors for flat gradients, undefined when there are none. `updated` says which parameters have a gradient: the others' do
 * not count. Settings are asked for in every run.
 */
export function gradientFactors(
  gradients: Tensor,
  segments: () => Segments,
  updated: readonly boolean[],
  settings: () => GradientSettings,
): Factors | undefined {
  const { scaler } = settings();
  const kinds = hostValue(() => {
    const { clipNorm, globalClipNorm } = settings();
    return { scales: scaleOf(settings()) !== 1, each: clipNorm !== undefined, global: globalClipNorm !== undefined };
  });
  if (!scaler && !kinds.scales && !kinds.each && !kinds.global) return undefined;
  const [scale, bad] = noGrad(() =>
    scope((): [Tensor, Tensor?] => {
      const number = (value: () => number): Tensor => reshape(hostScalar(value), [1]);
      let scale = number(() => scaleOf(settings()));
      const counted = (sums: Tensor): Tensor =>
        updated.every(Boolean) ? sums : where(fromData(updated.map(Number), [updated.length], "bool"), sums, 0);
      if (scaler) scale = div(scale, scaler.scale);
      if (kinds.each || kinds.global) {
        const squares = counted(segments().sums(gradients, "square"));
        const norm = mul(sqrt(kinds.global ? reshape(sum(squares), [1]) : squares), scale);
        const most = number(() => (settings().globalClipNorm ?? settings().clipNorm) as number);
        scale = mul(scale, div(most, maximum(norm, most)));
      }
      if (scaler) {
        const bad = reshape(sum(counted(segments().sums(gradients, "nonfinite"))), [1]);
        scaler.update(bad);
        return [where(greater(bad, 0), -1, scale), bad];
      }
      return [scale];
    }),
  );
  return { scale, ...(bad && { bad }), ...(kinds.each && { segments: segments() }) };
}

const scaleOf = ({ scale = 1, accumulate = 1 }: GradientSettings): number => scale / accumulate;
