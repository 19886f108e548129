// jax.nn.initializers: functions of defaults that return (key, shape, dtype) => Array. One key gives JAX's weights.
import * as core from "@facet/autograd";
import { define, int, Kind, number, oneOf, only, required, signature } from "@facet/dialect";
import { dtype as dtypeKind, type Given, shape as shapeKind } from "./arguments.js";
import { type JaxArray, run } from "./array.js";
import { filledWith, type ShapeInput, shapeOf } from "./numpy/creation.js";
import { PRNGKeyArray } from "./random/index.js";

interface InitNamed<D> {
  key: PRNGKeyArray;
  shape: ShapeInput;
  dtype: D | null;
  out_sharding: null;
}
/** Makes weights of a key and a shape. */
export type Initializer = (
  ...args: Given<[key: PRNGKeyArray, shape: ShapeInput], [dtype: string | null, out_sharding: null], InitNamed<string>>
) => JaxArray;
type ConstantInitializer = (
  ...args: Given<
    [key: unknown, shape: ShapeInput],
    [dtype: core.Dtype | null, out_sharding: null],
    Omit<InitNamed<core.Dtype>, "key"> & { key: unknown }
  >
) => JaxArray;

const out_sharding = only(null);
/** Weights are drawn in float32. */
const float = only(null, "float32");
const random = new Kind<PRNGKeyArray>("a key made by jax.random.key or split", (x) => x instanceof PRNGKeyArray);

/** What an initialiser of random weights takes. */
const readers = new Map<string, (args: readonly unknown[]) => { key: PRNGKeyArray; shape: ShapeInput }>();
const readerOf = (fn: string) => {
  const rules = { key: random, shape: shapeKind, dtype: float, out_sharding };
  const read = readers.get(fn) ?? signature(`jax.nn.initializers.Initializer.${fn}`, rules);
  readers.set(fn, read);
  return read;
};
/** What an initialiser of one value takes. */
const readConstant = signature("jax.nn.initializers.Initializer.constant", {
  key: required,
  shape: shapeKind,
  dtype: dtypeKind.or(null),
  out_sharding,
});

const initializer = (fn: string, init: core.Initializer): Initializer => {
  const read = readerOf(fn);
  return (...args) => {
    const { key, shape } = read(args);
    return run(() => init(key.words, shapeOf(fn, shape)));
  };
};

const filling = (name: "zeros" | "ones", value: number): ConstantInitializer =>
  define(
    `jax.nn.initializers.${name}`,
    { key: required, shape: shapeKind, dtype: dtypeKind.or(null), out_sharding },
    ({ shape, dtype }) => filledWith(name, shape, value, dtype),
  );
export const zeros = filling("zeros", 0);
export const ones = filling("ones", 1);

type Made<Rest extends readonly unknown[], Named, Init = Initializer> = (...args: Given<[], Rest, Named>) => Init;
type Dtyped = core.Dtype | null;

/** Every element `value`. */
export const constant: (
  ...args: Given<[value: number], [dtype: Dtyped], { value: number; dtype: Dtyped }>
) => ConstantInitializer = define(
  "jax.nn.initializers.constant",
  { value: number, dtype: dtypeKind.or(null) },
  ({ value, dtype: natural }): ConstantInitializer =>
    (...args) => {
      const { shape, dtype } = readConstant(args);
      return filledWith("constant", shape, value, dtype ?? natural);
    },
);

type Float = "float32" | null;
/** N(0, stddev^2), default 0.01. */
export const normal: Made<[stddev: number, dtype: Float], { stddev: number; dtype: Float }> = define(
  "jax.nn.initializers.normal",
  { stddev: number.or(1e-2), dtype: float },
  ({ stddev }) => initializer("normal", core.normalInitializer(0, stddev)),
);
/** U[0, scale), default 0.01. */
export const uniform: Made<[scale: number, dtype: Float], { scale: number; dtype: Float }> = define(
  "jax.nn.initializers.uniform",
  { scale: number.or(1e-2), dtype: float },
  ({ scale }) => initializer("uniform", core.uniformInitializer(0, scale)),
);
/** Normal of deviation stddev (default 0.01) cut at two deviations. */
export const truncated_normal: Made<
  [stddev: number, dtype: Float, lower: number, upper: number],
  { stddev: number; dtype: Float; lower: number; upper: number }
> = define(
  "jax.nn.initializers.truncated_normal",
  { stddev: number.or(1e-2), dtype: float, lower: only(-2), upper: only(2) },
  ({ stddev }) => initializer("truncated_normal", core.truncatedNormalInitializer(stddev)),
);
/** Rows or columns orthonormal, times scale. The numbers differ from JAX's: the factorisation is another one. */
export const orthogonal: Made<
  [scale: number, column_axis: number, dtype: Float],
  { scale: number; column_axis: number; dtype: Float }
> = define(
  "jax.nn.initializers.orthogonal",
  { scale: number.or(1), column_axis: only(-1), dtype: float },
  ({ scale }) => initializer("orthogonal", core.orthogonal(scale)),
);

type Mode = "fan_in" | "fan_out" | "fan_avg";
type Distribution = "truncated_normal" | "normal" | "uniform";
interface FanNamed {
  in_axis: number;
  out_axis: number;
  batch_axis: readonly [];
  dtype: Float;
}
type FanRest = [in_axis: number, out_axis: number, batch_axis: readonly [], dtype: Float];
const fanRules = { in_axis: int.or(-2), out_axis: int.or(-1), batch_axis: only([]), dtype: float } as const;

function scaled(
  fn: string,
  scale: number,
  mode: Mode,
  distribution: Distribution,
  { in_axis, out_axis }: { in_axis: number; out_axis: number },
): Initializer {
  const axes = { inAxis: in_axis, outAxis: out_axis };
  return initializer(fn, core.varianceScaling({ scale, mode, distribution, ...axes }));
}

/** Variance scale / n, n the fan of `mode`; inputs and outputs are counted along in_axis (-2) and out_axis (-1). */
export const variance_scaling: (
  ...args: Given<
    [scale: number, mode: Mode, distribution: Distribution],
    FanRest,
    FanNamed & { scale: number; mode: Mode; distribution: Distribution }
  >
) => Initializer = define(
  "jax.nn.initializers.variance_scaling",
  {
    scale: number,
    mode: oneOf("fan_in", "fan_out", "fan_avg"),
    distribution: oneOf("truncated_normal", "normal", "uniform"),
    ...fanRules,
  },
  ({ scale, mode, distribution, ...axes }) => scaled("variance_scaling", scale, mode, distribution, axes),
);

const scaling = (name: string, scale: number, mode: Mode, distribution: Distribution): Made<FanRest, FanNamed> =>
  define(`jax.nn.initializers.${name}`, fanRules, (axes) => scaled(name, scale, mode, distribution, axes));

export const glorot_uniform = scaling("glorot_uniform", 1, "fan_avg", "uniform");
export const glorot_normal = scaling("glorot_normal", 1, "fan_avg", "truncated_normal");
export const xavier_uniform = scaling("xavier_uniform", 1, "fan_avg", "uniform");
export const xavier_normal = scaling("xavier_normal", 1, "fan_avg", "truncated_normal");
export const lecun_uniform = scaling("lecun_uniform", 1, "fan_in", "uniform");
export const lecun_normal = scaling("lecun_normal", 1, "fan_in", "truncated_normal");
export const he_uniform = scaling("he_uniform", 2, "fan_in", "uniform");
export const he_normal = scaling("he_normal", 2, "fan_in", "truncated_normal");
export const kaiming_uniform = scaling("kaiming_uniform", 2, "fan_in", "uniform");
export const kaiming_normal = scaling("kaiming_normal", 2, "fan_in", "truncated_normal");
