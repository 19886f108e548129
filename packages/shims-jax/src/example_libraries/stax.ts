// jax.example_libraries.stax: layers are pairs [init_fun, apply_fun].
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, sizeOf } from "@facet/autograd";
import { define, func, int, Kind, listOf, number, oneOf, show, signature } from "@facet/dialect";
import { type Given, tree } from "../arguments.js";
import { computable, JaxArray, run } from "../array.js";
import { glorot_normal, type Initializer, normal } from "../initializers.js";
import {
  type ConvDimensionNumbers,
  convolution,
  layouts,
  type Padding,
  padding as paddingKind,
  paddingOf,
  pairOf,
} from "../lax_conv.js";
import { type PoolKind, type PoolLayout, pooled } from "../lax_reduce_window.js";
import * as nn from "../nn.js";
import { exp, plus, tanh } from "../numpy/elementwise.js";
import { concatenate } from "../numpy/shape.js";
import { PRNGKeyArray, split } from "../random.js";

/** A shape, of which one extent (the batch, as a rule) may be -1; layers that fan out have a list of shapes. */
export type Shape = readonly number[] | readonly Shape[];
// biome-ignore lint/suspicious/noExplicitAny: a layer's parameters are whatever tree its init_fun makes.
export type Params = any;

export interface ApplyOptions {
  /** Key for layers that draw random numbers. */
  rng?: PRNGKeyArray | null | undefined;
}

/** Makes parameters for an input shape: [output_shape, params]. */
export type InitFun = (rng: PRNGKeyArray, input_shape: Shape) => [output_shape: Shape, params: Params];
/** Applies a layer: to an array and giving one, but for layers that fan in and out, which take and give lists. */
export type ApplyFun<In = JaxArray, Out = JaxArray> = (params: Params, inputs: In, options?: ApplyOptions) => Out;
export type Layer<In = JaxArray, Out = JaxArray> = readonly [init_fun: InitFun, apply_fun: ApplyFun<In, Out>];

// biome-ignore lint/suspicious/noExplicitAny: what a layer takes must be what the one before it gives; that is seen when it is applied.
type AnyLayer = Layer<any, any>;
type InputOf<L> = L extends Layer<infer In, infer _Out> ? In : JaxArray;
type OutputOf<L> = L extends Layer<infer _In, infer Out> ? Out : JaxArray;
type First<L extends readonly unknown[]> = L extends readonly [infer F, ...unknown[]] ? F : never;
type Last<L extends readonly unknown[]> = L extends readonly [...unknown[], infer F] ? F : never;
/** Of a list of layers whose length is not known, an array to an array is assumed. */
type Ends<L extends readonly unknown[]> = number extends L["length"]
  ? Layer
  : Layer<InputOf<First<L>>, OutputOf<Last<L>>>;

const NAME = "jax.example_libraries.stax";
const key = new Kind<PRNGKeyArray>("a key made by jax.random.key or split", (x) => x instanceof PRNGKeyArray);
const nested: Kind<Shape> = new Kind<Shape>(
  "a shape, or a list of shapes",
  (x): boolean => Array.isArray(x) && x.every((part) => Number.isInteger(part) || nested.accepts(part)),
);
const readInit = signature(`${NAME}.init_fun`, { rng: key.orNone, input_shape: nested });
const readApply = signature(`${NAME}.apply_fun`, { params: tree, inputs: tree, "*": null, rng: key.or(null) });

/** A layer whose functions read their arguments. */
function layer<In = JaxArray, Out = JaxArray>(
  init: (rng: PRNGKeyArray, input_shape: Shape) => [output_shape: Shape, params: Params],
  apply: (params: Params, inputs: In, rng: PRNGKeyArray | null) => Out,
): Layer<In, Out> {
  return [
    (...args) => {
      const { rng, input_shape } = readInit(args);
      return init(rng as PRNGKeyArray, input_shape);
    },
    (...args) => {
      const { params, inputs, rng } = readApply(args);
      return apply(params, inputs as In, rng);
    },
  ];
}

/** Weights and bias of a layer. */
function weightsOf(fn: string, params: unknown): readonly [W: JaxArray, b: JaxArray] {
  if (Array.isArray(params) && params.length === 2 && params.every((each) => each instanceof JaxArray))
    return params as unknown as readonly [JaxArray, JaxArray];
  throw new ArgumentError({
    op: fn,
    argument: "params",
    expected: "[W, b], as init_fun makes them",
    given: show(params),
  });
}

/** The list that layers which fan in are given. */
function inputsOf(fn: string, inputs: unknown): readonly JaxArray[] {
  if (Array.isArray(inputs) && inputs.length > 0 && inputs.every((each) => each instanceof JaxArray)) return inputs;
  throw new ArgumentError({ op: fn, argument: "inputs", expected: "a list of Arrays", given: show(inputs) });
}

/** A key where one is needed. */
function keyOf(fn: string, rng: PRNGKeyArray | null): PRNGKeyArray {
  if (rng !== null) return rng;
  throw new ArgumentError({ op: fn, argument: "rng", expected: key.expected, given: "null" });
}

function flatShape(fn: string, shape: Shape, rank?: number): readonly number[] {
  if (shape.every((extent) => typeof extent === "number") && (rank === undefined || shape.length === rank))
    return shape as readonly number[];
  throw new ShapeError({
    op: fn,
    argument: "input_shape",
    expected: rank === undefined ? "a list of numbers" : `${rank} numbers`,
    given: show(shape),
  });
}

const extent = int.where("a whole number of 0 or more", (n) => n >= 0);
const init = func as Kind<Initializer>;
interface DenseNamed {
  out_dim: number;
  W_init: Initializer;
  b_init: Initializer;
}
/** y = x W + b. W is initialised glorot_normal, b normal(0.01). Parameters [W, b]. */
export const Dense: (
  ...args: Given<[out_dim: number], [W_init: Initializer, b_init: Initializer], DenseNamed>
) => Layer = define(
  `${NAME}.Dense`,
  { out_dim: extent, W_init: init.or(glorot_normal()), b_init: init.or(normal()) },
  ({ out_dim, W_init, b_init }) =>
    layer(
      (rng, input_shape) => {
        const shape = flatShape("Dense", input_shape);
        const [k1, k2] = split(keyOf("Dense", rng)) as [PRNGKeyArray, PRNGKeyArray];
        return [
          [...shape.slice(0, -1), out_dim],
          [W_init(k1, [shape.at(-1) ?? 1, out_dim]), b_init(k2, [out_dim])],
        ];
      },
      (params, inputs) =>
        run(() => {
          const [W, b] = weightsOf("Dense", params);
          const x = computable("Dense", "inputs", inputs);
          if (x.rank < 1)
            throw new ShapeError({ op: "Dense", argument: "inputs", expected: "rank 1 or more", given: "[]" });
          const rows = core.reshape(x, [x.rank === 1 ? 1 : sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) as number]);
          const y = core.matmul(rows, W.core, { bias: b.core });
          return core.reshape(y, [...x.shape.slice(0, -1), y.shape[1] as number]);
        }),
    ),
);

interface ConvNamed {
  out_chan: number;
  filter_shape: readonly number[];
  strides: readonly number[] | null;
  padding: Padding;
  W_init: Initializer | null;
  b_init: Initializer;
}
type ConvRest = [strides: readonly number[] | null, padding: Padding, W_init: Initializer | null, b_init: Initializer];
const conv = {
  out_chan: extent,
  filter_shape: listOf(int),
  strides: listOf(int).or(null),
  padding: paddingKind.or("VALID"),
  W_init: init.or(null),
  b_init: init.or(normal(1e-6)),
} as const;

function convolving(fn: string, dimension_numbers: ConvDimensionNumbers, given: ConvNamed): Layer {
  const { out_chan, filter_shape, strides, padding, W_init, b_init } = given;
  const [lhs, rhs, out] = dimension_numbers;
  const window = pairOf(fn, "filter_shape", filter_shape);
  const stride = pairOf(fn, "strides", strides);
  const initial = W_init ?? glorot_normal({ in_axis: rhs.indexOf("I"), out_axis: rhs.indexOf("O") });
  return layer(
    (rng, input_shape) => {
      const shape = flatShape(fn, input_shape, 4);
      const extents = ["H", "W"].map((letter) => shape[lhs.indexOf(letter)] as number);
      const channels = shape[lhs.indexOf("C")] as number;
      const [top, bottom, left, right] = paddingOf(fn, padding, extents, window, stride);
      const size = spatial(extents, window, stride, [top + bottom, left + right]);
      const of: Record<string, number> = { N: shape[lhs.indexOf("N")] as number, H: size[0], W: size[1], C: out_chan };
      const kernel: Record<string, number> = { H: window[0], W: window[1], I: channels, O: out_chan };
      const [k1, k2] = split(keyOf(fn, rng)) as [PRNGKeyArray, PRNGKeyArray];
      const W = initial(
        k1,
        [...rhs].map((letter) => kernel[letter] as number),
      );
      const b = b_init(
        k2,
        [...out].map((letter) => (letter === "C" ? out_chan : 1)),
      );
      return [[...out].map((letter) => of[letter] as number), [W, b]];
    },
    (params, inputs) =>
      run(() => {
        const [W, b] = weightsOf(fn, params);
        const bias = core.reshape(b.core, [b.size]);
        const options = { dimension_numbers, rhs_dilation: null, feature_group_count: 1 };
        return convolution(fn, computable(fn, "inputs", inputs), W.core, bias, stride, padding, options);
      }),
  );
}

/** Convolution in any layout, with a bias per channel. W is initialised glorot_normal along its I and O, b normal(1e-6). */
export const GeneralConv: (
  ...args: Given<
    [dimension_numbers: ConvDimensionNumbers, out_chan: number, filter_shape: readonly number[]],
    ConvRest,
    ConvNamed & { dimension_numbers: ConvDimensionNumbers }
  >
) => Layer = define(`${NAME}.GeneralConv`, { dimension_numbers: layouts, ...conv }, ({ dimension_numbers, ...given }) =>
  convolving("GeneralConv", dimension_numbers, given),
);

/** Convolution of NHWC images with HWIO filters; padding VALID and stride 1 by default. Parameters [W, b]. */
export const Conv: (...args: Given<[out_chan: number, filter_shape: readonly number[]], ConvRest, ConvNamed>) => Layer =
  define(`${NAME}.Conv`, conv, (given) => convolving("Conv", ["NHWC", "HWIO", "NHWC"], given));

function spatial(
  extents: readonly number[],
  window: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
): [number, number] {
  return extents.map((extent, i) => {
    const steps = Math.floor((extent + (padding[i] as number) - (window[i] as number)) / (stride[i] as number));
    if (steps < 0)
      throw new ShapeError({
        op: "stax",
        argument: "input_shape",
        expected: `at least ${window[i]} rows and columns to fit the window`,
        given: show(extents),
      });
    return steps + 1;
  }) as [number, number];
}

interface PoolNamed {
  window_shape: readonly number[];
  strides: readonly number[] | null;
  padding: Padding;
  spec: PoolLayout | null;
}
type Pool = (
  ...args: Given<
    [window_shape: readonly number[]],
    [strides: readonly number[] | null, padding: Padding, spec: PoolLayout | null],
    PoolNamed
  >
) => Layer;
const pooling = (fn: string, kind: PoolKind): Pool =>
  define(
    `${NAME}.${fn}`,
    {
      window_shape: listOf(int),
      strides: listOf(int).or(null),
      padding: paddingKind.or("VALID"),
      spec: oneOf("NHWC", "NCHW").or(null),
    },
    ({ window_shape, strides, padding, spec }) => {
      const layout = spec ?? "NHWC";
      const window = pairOf(fn, "window_shape", window_shape);
      const stride = pairOf(fn, "strides", strides);
      const from = layout.indexOf("H");
      return layer(
        (_rng, input_shape) => {
          const shape = flatShape(fn, input_shape, 4);
          const extents = shape.slice(from, from + 2);
          const [top, bottom, left, right] = paddingOf(fn, padding, extents, window, stride);
          const size = spatial(extents, window, stride, [top + bottom, left + right]);
          return [shape.map((extent, i) => (i === from ? size[0] : i === from + 1 ? size[1] : extent)), []];
        },
        (_params, inputs) =>
          run(() => {
            const windows = { window, strides: stride, dilation: [1, 1], padding, layout };
            return pooled(fn, kind, computable(fn, "inputs", inputs), windows);
          }),
      );
    },
  );

/** Largest element of each window. The stride is 1 by default, as in the original. */
export const MaxPool = pooling("MaxPool", "max");
/** Mean of each window over what lies inside the image. The stride is 1 by default, as in the original. */
export const AvgPool = pooling("AvgPool", "mean");
/** Sum of each window. The stride is 1 by default, as in the original. */
export const SumPool = pooling("SumPool", "sum");

// biome-ignore lint/suspicious/noExplicitAny: the function's further arguments are its own affair.
type Elementwise = (fun: (x: JaxArray, ...options: any[]) => JaxArray, fun_kwargs?: object) => Layer;
/** A layer without parameters that applies a function of the same shape, with its keywords. */
export const elementwise: Elementwise = define(
  `${NAME}.elementwise`,
  { fun: func, "**fun_kwargs": null },
  ({ fun, fun_kwargs }) => {
    const options = Object.keys(fun_kwargs as object).length > 0 ? [fun_kwargs] : [];
    return unshaped((x) => fun(x, ...options));
  },
);

const unshaped = (fun: (x: JaxArray) => JaxArray): Layer =>
  layer(
    (_rng, input_shape) => [input_shape, []],
    (_params, inputs) => fun(inputs),
  );

export const Relu = unshaped((x) => nn.relu(x));
export const Tanh = unshaped((x) => tanh(x));
export const Exp = unshaped((x) => exp(x));
export const Sigmoid = unshaped((x) => nn.sigmoid(x));
export const Elu = unshaped((x) => nn.elu(x));
export const LeakyRelu = unshaped((x) => nn.leaky_relu(x));
export const Gelu = unshaped((x) => nn.gelu(x));
export const Softplus = unshaped((x) => nn.softplus(x));
export const Softmax = unshaped((x) => nn.softmax(x, -1));
export const LogSoftmax = unshaped((x) => nn.log_softmax(x, -1));
/** Passes its input through. */
export const Identity: Layer = unshaped((x) => x);

/** All dimensions but the first as one. */
export const Flatten: Layer = layer(
  (_rng, input_shape) => {
    const shape = flatShape("Flatten", input_shape);
    return [[shape[0] ?? 1, sizeOf(shape.slice(1))], []];
  },
  (_params, inputs) =>
    run(() => {
      const x = computable("Flatten", "inputs", inputs);
      return core.reshape(x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]);
    }),
);

type Mode = "train" | "test";
/**
 * Keeps each element with probability `rate`, divided by `rate`, else 0: the rate is that of KEEPING, as in the original.
 * mode "train" draws from `rng`, which must be given; "test" passes the input through.
 */
export const Dropout: (...args: Given<[rate: number], [mode: Mode], { rate: number; mode: Mode }>) => Layer = define(
  `${NAME}.Dropout`,
  {
    rate: number.where("a probability of keeping, above 0", (rate) => rate > 0 && rate <= 1),
    mode: oneOf("train", "test").or("train"),
  },
  ({ rate, mode }) =>
    layer(
      (_rng, input_shape) => [input_shape, []],
      (_params, inputs, rng) => {
        if (rng === null)
          throw new ArgumentError({
            op: "Dropout",
            argument: "rng",
            expected: "a key: call apply_fun(params, inputs, { rng }), with a random.key",
            given: "none",
          });
        return mode === "train"
          ? run(() => core.dropout(computable("Dropout", "inputs", inputs), 1 - rate, rng.words))
          : inputs;
      },
    ),
);

/** Its input `num` times, as a list. */
export const FanOut: (...args: Given<[num: number], [], { num: number }>) => Layer<JaxArray, JaxArray[]> = define(
  `${NAME}.FanOut`,
  { num: extent },
  ({ num }) =>
    layer<JaxArray, JaxArray[]>(
      (_rng, input_shape) => [Array.from({ length: num }, () => input_shape), []],
      (_params, inputs) => Array.from({ length: num }, () => inputs),
    ),
);

/** The sum of a list of inputs. */
export const FanInSum: Layer<readonly JaxArray[]> = layer<readonly JaxArray[]>(
  (_rng, input_shape) => [(input_shape[0] ?? []) as Shape, []],
  (_params, inputs) => inputsOf("FanInSum", inputs).reduce((total, x) => plus(total, x) as JaxArray),
);

/** A list of inputs joined along an axis (default the last). */
export const FanInConcat: (...args: Given<[], [axis: number], { axis: number }>) => Layer<readonly JaxArray[]> = define(
  `${NAME}.FanInConcat`,
  { axis: int.or(-1) },
  ({ axis }) =>
    layer<readonly JaxArray[]>(
      (_rng, input_shape) => {
        const shapes = input_shape.map((shape) => flatShape("FanInConcat", shape as Shape));
        const first = shapes[0] ?? [];
        const at = axis < 0 ? axis + first.length : axis;
        const total = shapes.reduce((sum, shape) => sum + (shape[at] as number), 0);
        return [first.map((extent, i) => (i === at ? total : extent)), []];
      },
      (_params, inputs) => concatenate(inputsOf("FanInConcat", inputs), axis),
    ),
);

const keysOf = (rng: PRNGKeyArray | null, count: number): (PRNGKeyArray | null)[] =>
  rng === null ? Array.from({ length: count }, () => null) : split(rng, count);

const layerKind = new Kind<AnyLayer>(
  "layers, [init_fun, apply_fun]",
  (x) => Array.isArray(x) && x.length === 2 && x.every((part) => typeof part === "function"),
);

/** As many parameters, inputs or shapes as there are layers. */
function perLayer(fn: string, argument: string, given: unknown, count: number): readonly unknown[] {
  if (Array.isArray(given) && given.length === count) return given;
  throw new ArgumentError({ op: fn, argument, expected: `a list of ${count}, one a layer`, given: show(given) });
}

/** Layers one after another. Layer i draws from key i of split(rng, number of layers); parameters are a list. */
export const serial: <L extends readonly AnyLayer[]>(...layers: L) => Ends<L> = define(
  `${NAME}.serial`,
  { "*layers": layerKind },
  ({ layers: given }) => {
    const layers = given as unknown as readonly AnyLayer[];
    // biome-ignore lint/suspicious/noExplicitAny: what the first takes and what the last gives.
    return layer<any, any>(
      (rng, input_shape) => {
        let shape = input_shape;
        let next = rng;
        const params = layers.map(([init]) => {
          const [rest, own] = split(keyOf("serial", next)) as [PRNGKeyArray, PRNGKeyArray];
          next = rest;
          const [output_shape, param] = init(own, shape);
          shape = output_shape;
          return param;
        });
        return [shape, params];
      },
      (params, inputs, rng) => {
        const own = perLayer("serial", "params", params, layers.length);
        const keys = keysOf(rng, layers.length);
        return layers.reduce((x, [, apply], i) => apply(own[i], x, { rng: keys[i] }), inputs);
      },
    );
  },
) as <L extends readonly AnyLayer[]>(...layers: L) => Ends<L>;

type Parallel = <L extends readonly AnyLayer[]>(
  ...layers: L
) => Layer<{ readonly [K in keyof L]: InputOf<L[K]> }, { [K in keyof L]: OutputOf<L[K]> }>;
/** Layers beside one another, on a list of inputs. */
export const parallel: Parallel = define(`${NAME}.parallel`, { "*layers": layerKind }, ({ layers: given }) => {
  const layers = given as unknown as readonly AnyLayer[];
  return layer<unknown, unknown[]>(
    (rng, input_shape) => {
      const shapes = perLayer("parallel", "input_shape", input_shape, layers.length);
      const keys = split(keyOf("parallel", rng), layers.length);
      const made = layers.map(([init], i) => init(keys[i] as PRNGKeyArray, shapes[i] as Shape));
      return [made.map(([shape]) => shape), made.map(([, params]) => params)];
    },
    (params, inputs, rng) => {
      const own = perLayer("parallel", "params", params, layers.length);
      const each = perLayer("parallel", "inputs", inputs, layers.length);
      const keys = keysOf(rng, layers.length);
      return layers.map(([, apply], i) => apply(own[i], each[i], { rng: keys[i] }));
    },
  );
}) as Parallel;

type ShapeDependent = <Out>(make_layer: (input_shape: Shape) => Layer<JaxArray, Out>) => Layer<JaxArray, Out>;
/** A layer that is made when the input shape is known. */
export const shape_dependent: ShapeDependent = define(
  `${NAME}.shape_dependent`,
  { make_layer: func },
  ({ make_layer }) =>
    layer(
      (rng, input_shape) => make_layer(input_shape)[0](rng, input_shape),
      (params, inputs, rng) => make_layer(inputs.shape)[1](params, inputs, { rng }),
    ),
) as ShapeDependent;
