// torch.signal.windows: weights that fall off towards both ends of a stretch of samples, computed on the host.
import "./start.js";
import * as core from "@facet/autograd";
import { type Args, define, int, listOf, number, only, type Rules } from "@facet/dialect";
import { type Device, type Dtype, float32 } from "./dtype.js";
import { complain } from "./errors.js";
import { device, dtype } from "./kinds.js";
import { finish } from "./ops/creation.js";
import { requireFloat } from "./ops/scalar.js";
import type { Tensor } from "./tensor.js";

export interface WindowArguments {
  M: number;
  /** Symmetric (default), for filters; false for one period of a periodic window, for spectra. */
  sym: boolean;
  dtype: Dtype | null;
  layout: null;
  device: Device | string | null;
  requires_grad: boolean;
}
type Window<Named = object> = (M: number, ...args: Args<[], WindowArguments & Named>) => Tensor;

const settings = {
  sym: true,
  dtype: dtype.or(null),
  layout: only(null),
  device: device.or(null),
  requires_grad: false,
} as const;

/** A window whose sample i of n (n - 1 gaps when symmetric) is `at(i, gaps)`. */
// biome-ignore lint/suspicious/noExplicitAny: what a window takes besides, it takes as read.
function windowed(name: string, further: Rules, at: (given: any, gaps: number) => (i: number) => number) {
  return define(`torch.signal.windows.${name}`, { M: int, "*": null, ...further, ...settings } as Rules, (values) => {
    const given = values as unknown as WindowArguments;
    const { M, sym } = given;
    if (M < 0)
      complain(core.ArgumentError, `${name} requires non-negative window length, got M=${M}`, {
        op: name,
        argument: "M",
        expected: "0 or more",
        given: `${M}`,
      });
    requireFloat(name, "dtype", (given.dtype ?? float32).core);
    core.device().requireRoom(4 * M, name);
    // Settings are checked for windows without a gap too. One sample is the middle, unless a center is given.
    const own = at(given, sym ? M - 1 : M);
    const isCentred = (values as { center?: number | null }).center != null;
    const sample = M > 1 || isCentred ? own : () => 1;
    const weights = Float32Array.from({ length: M }, (_, i) => sample(i));
    return finish(name, core.fromData(weights, [M], "float32"), given);
  });
}

/** a[0] - a[1] cos(2 pi i / gaps) + a[2] cos(4 pi i / gaps) - ... */
const cosines =
  (a: readonly number[], gaps: number) =>
  (i: number): number =>
    a.reduce((sum, factor, k) => sum + (k % 2 === 0 ? factor : -factor) * Math.cos((2 * Math.PI * k * i) / gaps), 0);
const cosinesOf = (name: string, a: readonly number[]): Window => windowed(name, {}, (_, gaps) => cosines(a, gaps));

/** A triangle from 0 to 1 and back. */
export const bartlett: Window = windowed("bartlett", {}, (_, gaps) => (i) => 1 - Math.abs((2 * i) / gaps - 1));
export const hann = cosinesOf("hann", [0.5, 0.5]);
export const blackman = cosinesOf("blackman", [0.42, 0.5, 0.08]);
export const nuttall = cosinesOf("nuttall", [0.3635819, 0.4891775, 0.1365995, 0.0106411]);
export const hamming = cosinesOf("hamming", [0.54, 0.46]);
/** The first half period of a sine, sampled in the middle of each step. */
export const cosine: Window = windowed("cosine", {}, (_, gaps) => (i) => Math.sin((Math.PI * (i + 0.5)) / (gaps + 1)));
export const general_hamming: Window<{ alpha: number }> = windowed(
  "general_hamming",
  { alpha: number.or(0.54) },
  ({ alpha }: { alpha: number }, gaps) => cosines([alpha, 1 - alpha], gaps),
);
/** A sum of cosines with the given factors, of alternating sign. */
export const general_cosine: Window<{ a: readonly number[] }> = windowed(
  "general_cosine",
  { a: listOf(number) },
  ({ a, M }: { a: readonly number[]; M: number }, gaps) => {
    if (a.length === 0 && M > 1)
      complain(core.ArgumentError, "Coefficients cannot be empty", {
        op: "general_cosine",
        argument: "a",
        expected: "one factor or more",
        given: "none",
      });
    return cosines(a, gaps);
  },
);
const positive = (name: string, argument: string, value: number): void => {
  if (value > 0) return;
  complain(core.ArgumentError, `${argument} must be positive, got: ${value} instead.`, {
    op: name,
    argument,
    expected: "more than 0",
    given: `${value}`,
  });
};
export const gaussian: Window<{ std: number }> = windowed(
  "gaussian",
  { std: number.or(1) },
  ({ std }: { std: number }, gaps) => {
    positive("gaussian", "std", std);
    return (i) => Math.exp(-(((i - gaps / 2) / std) ** 2) / 2);
  },
);
/** e^(-|i - center| / tau); a center is for windows that are not symmetric. */
export const exponential: Window<{ center: number | null; tau: number }> = windowed(
  "exponential",
  { center: number.or(null), tau: number.or(1) },
  ({ center, tau, sym }: { center: number | null; tau: number; sym: boolean }, gaps) => {
    positive("exponential", "tau", tau);
    if (sym && center !== null)
      complain(core.ArgumentError, "Center must be None for symmetric windows", {
        op: "exponential",
        argument: "center",
        expected: "null where the window is symmetric",
        given: `${center}`,
      });
    const middle = center ?? gaps / 2;
    return (i) => Math.exp(-Math.abs(i - middle) / tau);
  },
);
/** The Bessel function of order 0 by its series: all terms are positive. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
export const kaiser: Window<{ beta: number }> = windowed(
  "kaiser",
  { beta: number.or(12) },
  ({ beta }: { beta: number }, gaps) => {
    if (beta < 0)
      complain(core.ArgumentError, `beta must be non-negative, got: ${beta} instead.`, {
        op: "kaiser",
        argument: "beta",
        expected: "0 or more",
        given: `${beta}`,
      });
    return (i) => bessel(beta * Math.sqrt(Math.max(0, 1 - ((2 * i) / gaps - 1) ** 2))) / bessel(beta);
  },
);
