// jax.example_libraries.stax: layers are pairs [init_fun, apply_fun].
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, sizeOf, UnsupportedError } from "@facet/autograd";
import { computable, type JaxArray, run } from "../array.js";
import { glorot_normal, type Initializer, normal } from "../initializers.js";
import { type ConvDimensionNumbers, convolution, type Padding, paddingOf, pairOf } from "../lax_conv.js";
import { type PoolKind, type PoolLayout, pooled } from "../lax_reduce_window.js";
import * as nn from "../nn.js";
import { add, exp, tanh } from "../numpy/elementwise.js";
import { concatenate } from "../numpy/shape.js";
import { describe, keywords } from "../options.js";
import { type PRNGKeyArray, split } from "../random.js";

/** A shape, of which one extent (the batch, as a rule) may be -1; layers that fan out have a list of shapes. */
export type Shape = readonly number[] | readonly Shape[];
// biome-ignore lint/suspicious/noExplicitAny: a layer's parameters are whatever tree its init_fun makes.
export type Params = any;

export interface ApplyOptions {
  /** Key for layers that draw random numbers. */
  rng?: PRNGKeyArray | undefined;
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

function flatShape(fn: string, shape: Shape, rank?: number): readonly number[] {
  if (shape.every((extent) => typeof extent === "number") && (rank === undefined || shape.length === rank))
    return shape as readonly number[];
  throw new ShapeError({
    op: fn,
    argument: "input_shape",
    expected: rank === undefined ? "a list of numbers" : `${rank} numbers`,
    given: describe(shape),
  });
}

/** y = x W + b. W is initialised glorot_normal, b normal(0.01). Parameters [W, b]. */
export function Dense(out_dim: number, W_init: Initializer = glorot_normal(), b_init: Initializer = normal()): Layer {
  return [
    (rng, input_shape) => {
      const shape = flatShape("Dense", input_shape);
      const [k1, k2] = split(rng) as [PRNGKeyArray, PRNGKeyArray];
      return [
        [...shape.slice(0, -1), out_dim],
        [W_init(k1, [shape.at(-1) as number, out_dim]), b_init(k2, [out_dim])],
      ];
    },
    ([W, b]: [JaxArray, JaxArray], inputs: JaxArray) =>
      run(() => {
        const x = computable("Dense", "inputs", inputs);
        if (x.rank < 1)
          throw new ShapeError({ op: "Dense", argument: "inputs", expected: "rank 1 or more", given: "[]" });
        const rows = core.reshape(x, [x.rank === 1 ? 1 : sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) as number]);
        const y = core.matmul(rows, W.core, { bias: b.core });
        return core.reshape(y, [...x.shape.slice(0, -1), y.shape[1] as number]);
      }),
  ];
}

/** Convolution in any layout, with a bias per channel. W is initialised glorot_normal along its I and O, b normal(1e-6). */
export function GeneralConv(
  dimension_numbers: ConvDimensionNumbers,
  out_chan: number,
  filter_shape: readonly number[],
  strides?: readonly number[] | null,
  padding: Padding = "VALID",
  W_init?: Initializer,
  b_init: Initializer = normal(1e-6),
): Layer {
  const [lhs, rhs, out] = dimension_numbers;
  const window = pairOf("GeneralConv", "filter_shape", filter_shape);
  const stride = pairOf("GeneralConv", "strides", strides ?? undefined);
  const initial = W_init ?? glorot_normal({ in_axis: rhs.indexOf("I"), out_axis: rhs.indexOf("O") });
  return [
    (rng, input_shape) => {
      const shape = flatShape("GeneralConv", input_shape, 4);
      const extents = ["H", "W"].map((letter) => shape[lhs.indexOf(letter)] as number);
      const channels = shape[lhs.indexOf("C")] as number;
      const [top, bottom, left, right] = paddingOf("GeneralConv", padding, extents, window, stride);
      const size = spatial(extents, window, stride, [top + bottom, left + right]);
      const of: Record<string, number> = { N: shape[lhs.indexOf("N")] as number, H: size[0], W: size[1], C: out_chan };
      const kernel: Record<string, number> = { H: window[0], W: window[1], I: channels, O: out_chan };
      const [k1, k2] = split(rng) as [PRNGKeyArray, PRNGKeyArray];
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
    ([W, b]: [JaxArray, JaxArray], inputs: JaxArray) =>
      run(() =>
        convolution(
          "GeneralConv",
          computable("GeneralConv", "inputs", inputs),
          W.core,
          core.reshape(b.core, [b.size]),
          stride,
          padding,
          {
            dimension_numbers,
            rhs_dilation: undefined,
            feature_group_count: 1,
          },
        ),
      ),
  ];
}

/** Convolution of NHWC images with HWIO filters; padding VALID and stride 1 by default. Parameters [W, b]. */
export const Conv = (
  out_chan: number,
  filter_shape: readonly number[],
  strides?: readonly number[] | null,
  padding?: Padding,
  W_init?: Initializer,
  b_init?: Initializer,
): Layer => GeneralConv(["NHWC", "HWIO", "NHWC"], out_chan, filter_shape, strides, padding, W_init, b_init);

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
        given: describe(extents),
      });
    return steps + 1;
  }) as [number, number];
}

const pooling =
  (fn: string, kind: PoolKind) =>
  (
    window_shape: readonly number[],
    strides?: readonly number[] | null,
    padding: Padding = "VALID",
    spec?: string | null,
  ): Layer => {
    const layout = (spec ?? "NHWC") as PoolLayout;
    if (layout !== "NHWC" && layout !== "NCHW")
      throw new UnsupportedError({ op: fn, argument: "spec", expected: "NHWC or NCHW", given: describe(spec) });
    const window = pairOf(fn, "window_shape", window_shape);
    const stride = pairOf(fn, "strides", strides ?? undefined);
    const from = layout.indexOf("H");
    return [
      (_rng, input_shape) => {
        const shape = flatShape(fn, input_shape, 4);
        const extents = shape.slice(from, from + 2);
        const [top, bottom, left, right] = paddingOf(fn, padding, extents, window, stride);
        const size = spatial(extents, window, stride, [top + bottom, left + right]);
        return [shape.map((extent, i) => (i === from ? size[0] : i === from + 1 ? size[1] : extent)), []];
      },
      (_params, inputs: JaxArray) =>
        run(() => pooled(fn, kind, computable(fn, "inputs", inputs), window, stride, padding, layout)),
    ];
  };

/** Largest element of each window. The stride is 1 by default, as in the original. */
export const MaxPool = pooling("MaxPool", "max");
/** Mean of each window over what lies inside the image. The stride is 1 by default, as in the original. */
export const AvgPool = pooling("AvgPool", "mean");
/** Sum of each window. The stride is 1 by default, as in the original. */
export const SumPool = pooling("SumPool", "sum");

/** A layer without parameters that applies a function of the same shape. */
export const elementwise = (fn: (x: JaxArray) => JaxArray): Layer => [
  (_rng, input_shape) => [input_shape, []],
  (_params, inputs) => fn(inputs),
];

export const Relu = elementwise((x) => nn.relu(x));
export const Tanh = elementwise((x) => tanh(x));
export const Exp = elementwise((x) => exp(x));
export const Sigmoid = elementwise((x) => nn.sigmoid(x));
export const Elu = elementwise((x) => nn.elu(x));
export const LeakyRelu = elementwise((x) => nn.leaky_relu(x));
export const Gelu = elementwise((x) => nn.gelu(x));
export const Softplus = elementwise((x) => nn.softplus(x));
export const Softmax = elementwise((x) => nn.softmax(x, -1));
export const LogSoftmax = elementwise((x) => nn.log_softmax(x, -1));
/** Passes its input through. */
export const Identity: Layer = elementwise((x) => x);

/** All dimensions but the first as one. */
export const Flatten: Layer = [
  (_rng, input_shape) => {
    const shape = flatShape("Flatten", input_shape);
    return [[shape[0] as number, sizeOf(shape.slice(1))], []];
  },
  (_params, inputs: JaxArray) => inputs.reshape(inputs.shape[0] as number, sizeOf(inputs.shape.slice(1))),
];

/**
 * Keeps each element with probability `rate`, divided by `rate`, else 0: the rate is that of KEEPING, as in the original.
 * mode "train" draws from `rng`, which must be given; "test" passes the input through.
 */
export function Dropout(rate: number, mode: "train" | "test" = "train"): Layer {
  if (!(rate > 0 && rate <= 1))
    throw new ArgumentError({
      op: "Dropout",
      argument: "rate",
      expected: "a probability of keeping, above 0",
      given: describe(rate),
    });
  return [
    (_rng, input_shape) => [input_shape, []],
    (_params, inputs: JaxArray, options) => {
      const { rng } = keywords<{ rng: PRNGKeyArray | undefined }>("Dropout", options, { rng: undefined });
      if (rng === undefined)
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
  ];
}

/** Its input `num` times, as a list. */
export const FanOut = (num: number): Layer<JaxArray, JaxArray[]> => [
  (_rng, input_shape) => [Array.from({ length: num }, () => input_shape), []],
  (_params, inputs: JaxArray) => Array.from({ length: num }, () => inputs),
];

/** The sum of a list of inputs. */
export const FanInSum: Layer<readonly JaxArray[]> = [
  (_rng, input_shape) => [input_shape[0] as Shape, []],
  (_params, inputs: readonly JaxArray[]) => inputs.reduce((total, x) => add(total, x)),
];

/** A list of inputs joined along an axis (default the last). */
export const FanInConcat = (axis = -1): Layer<readonly JaxArray[]> => [
  (_rng, input_shape) => {
    const shapes = input_shape as readonly (readonly number[])[];
    const first = shapes[0] as readonly number[];
    const at = axis < 0 ? axis + first.length : axis;
    const total = shapes.reduce((sum, shape) => sum + (shape[at] as number), 0);
    return [first.map((extent, i) => (i === at ? total : extent)), []];
  },
  (_params, inputs: readonly JaxArray[]) => concatenate(inputs, axis),
];

const keysOf = (rng: PRNGKeyArray | undefined, count: number): (PRNGKeyArray | undefined)[] =>
  rng === undefined ? Array.from({ length: count }, () => undefined) : split(rng, count);

/** Layers one after another. Layer i draws from key i of split(rng, number of layers); parameters are a list. */
export function serial<L extends readonly AnyLayer[]>(...layers: L): Ends<L> {
  const layer: AnyLayer = [
    (rng, input_shape) => {
      let shape = input_shape;
      let key = rng;
      const params = layers.map(([init]) => {
        const [next, own] = split(key) as [PRNGKeyArray, PRNGKeyArray];
        key = next;
        const [output_shape, param] = init(own, shape);
        shape = output_shape;
        return param;
      });
      return [shape, params];
    },
    (params: readonly Params[], inputs, options) => {
      const { rng } = keywords<{ rng: PRNGKeyArray | undefined }>("serial", options, { rng: undefined });
      const keys = keysOf(rng, layers.length);
      return layers.reduce((x, [, apply], i) => apply(params[i], x, { rng: keys[i] }), inputs);
    },
  ];
  return layer as Ends<L>;
}

/** Layers beside one another, on a list of inputs. */
export function parallel<L extends readonly AnyLayer[]>(
  ...layers: L
): Layer<{ readonly [K in keyof L]: InputOf<L[K]> }, { [K in keyof L]: OutputOf<L[K]> }> {
  return [
    (rng, input_shape) => {
      const keys = split(rng, layers.length);
      const made = layers.map(([init], i) => init(keys[i] as PRNGKeyArray, input_shape[i] as Shape));
      return [made.map(([shape]) => shape), made.map(([, params]) => params)];
    },
    (params: readonly Params[], inputs, options) => {
      const { rng } = keywords<{ rng: PRNGKeyArray | undefined }>("parallel", options, { rng: undefined });
      const keys = keysOf(rng, layers.length);
      const outputs = layers.map(([, apply], i) => apply(params[i], inputs[i], { rng: keys[i] }));
      return outputs as { [K in keyof L]: OutputOf<L[K]> };
    },
  ];
}

/** A layer that is made when the input shape is known. */
export const shape_dependent = <Out>(
  make_layer: (input_shape: Shape) => Layer<JaxArray, Out>,
): Layer<JaxArray, Out> => [
  (rng, input_shape) => make_layer(input_shape)[0](rng, input_shape),
  (params, inputs, options) => make_layer(inputs.shape)[1](params, inputs, options),
];
