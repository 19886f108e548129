// Combinators of stax: layers one after another and beside one another, fanning out and in.
import { ArgumentError } from "@facet/autograd";
import { define, func, int, Kind, show } from "@facet/dialect";
import type { Given } from "../arguments.js";
import { JaxArray } from "../array.js";
import { plus } from "../numpy/elementwise.js";
import { concatenate } from "../numpy/joining.js";
import { type PRNGKeyArray, split } from "../random/index.js";
import { extent, flatShape, keyOf, type Layer, layer, NAME, type Shape } from "./stax_layer.js";

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

/** The list that layers which fan in are given. */
function inputsOf(fn: string, inputs: unknown): readonly JaxArray[] {
  if (Array.isArray(inputs) && inputs.length > 0 && inputs.every((each) => each instanceof JaxArray)) return inputs;
  throw new ArgumentError({ op: fn, argument: "inputs", expected: "a list of Arrays", given: show(inputs) });
}

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
