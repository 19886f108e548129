// jax.nn.initializers: functions of defaults that return (key, shape, dtype) => Array. One key gives JAX's weights.
import * as core from "@facet/autograd";
import { type JaxArray, run } from "./array.js";
import { full, type ShapeInput, shapeOf } from "./numpy/creation.js";
import { type Keywords, keywords } from "./options.js";
import type { PRNGKeyArray } from "./random.js";

export type Initializer = (key: PRNGKeyArray, shape: ShapeInput, dtype?: string) => JaxArray;

type ConstantInitializer = (key: PRNGKeyArray, shape: ShapeInput, dtype?: core.Dtype) => JaxArray;

const initializer =
  (fn: string, init: core.Initializer): Initializer =>
  (key, shape, dtype) => {
    keywords(fn, { dtype: dtype === "float32" ? undefined : dtype }, {}, { dtype: undefined });
    return run(() => init(key.words, shapeOf(fn, shape)));
  };

export const zeros: ConstantInitializer = (_key, shape, dtype) => full(shape, 0, dtype);
export const ones: ConstantInitializer = (_key, shape, dtype) => full(shape, 1, dtype);
export const constant =
  (value: number): ConstantInitializer =>
  (_key, shape, dtype) =>
    full(shape, value, dtype);

/** N(0, stddev^2), default 0.01. */
export const normal = (stddev = 1e-2): Initializer => initializer("normal", core.normalInitializer(0, stddev));
/** U[0, scale), default 0.01. */
export const uniform = (scale = 1e-2): Initializer => initializer("uniform", core.uniformInitializer(0, scale));
/** Normal of deviation stddev (default 0.01) cut at two deviations. */
export const truncated_normal = (stddev = 1e-2): Initializer =>
  initializer("truncated_normal", core.truncatedNormalInitializer(stddev));
/** Rows or columns orthonormal, times scale. The numbers differ from JAX's: the factorisation is another one. */
export const orthogonal = (scale = 1): Initializer => initializer("orthogonal", core.orthogonal(scale));

type Mode = "fan_in" | "fan_out" | "fan_avg";
type Distribution = "truncated_normal" | "normal" | "uniform";
export type FanKeywords = Keywords<{ in_axis: number; out_axis: number }>;

/** Variance scale / n, n the fan of `mode`; inputs and outputs are counted along in_axis (-2) and out_axis (-1). */
export function variance_scaling(
  scale: number,
  mode: Mode,
  distribution: Distribution,
  options?: FanKeywords,
): Initializer {
  const { in_axis, out_axis } = keywords(
    "variance_scaling",
    options,
    { in_axis: -2, out_axis: -1 },
    { batch_axis: undefined, dtype: "float32" },
  );
  const axes = { inAxis: in_axis, outAxis: out_axis };
  return initializer("variance_scaling", core.varianceScaling({ scale, mode, distribution, ...axes }));
}

const scaling =
  (scale: number, mode: Mode, distribution: Distribution) =>
  (options?: FanKeywords): Initializer =>
    variance_scaling(scale, mode, distribution, options);

export const glorot_uniform = scaling(1, "fan_avg", "uniform");
export const glorot_normal = scaling(1, "fan_avg", "truncated_normal");
export const xavier_uniform = glorot_uniform;
export const xavier_normal = glorot_normal;
export const lecun_uniform = scaling(1, "fan_in", "uniform");
export const lecun_normal = scaling(1, "fan_in", "truncated_normal");
export const he_uniform = scaling(2, "fan_in", "uniform");
export const he_normal = scaling(2, "fan_in", "truncated_normal");
export const kaiming_uniform = he_uniform;
export const kaiming_normal = he_normal;
