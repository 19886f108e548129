// What a layer of stax is: a pair [init_fun, apply_fun] whose functions read their arguments.
import { ArgumentError, ShapeError } from "@facet/autograd";
import { func, int, Kind, show, signature } from "@facet/dialect";
import { tree } from "../arguments.js";
import { JaxArray } from "../array.js";
import type { Initializer } from "../initializers.js";
import { PRNGKeyArray } from "../random/index.js";

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

export const NAME = "jax.example_libraries.stax";
const key = new Kind<PRNGKeyArray>("a key made by jax.random.key or split", (x) => x instanceof PRNGKeyArray);
const nested: Kind<Shape> = new Kind<Shape>(
  "a shape, or a list of shapes",
  (x): boolean => Array.isArray(x) && x.every((part) => Number.isInteger(part) || nested.accepts(part)),
);
const readInit = signature(`${NAME}.init_fun`, { rng: key.orNone, input_shape: nested });
const readApply = signature(`${NAME}.apply_fun`, { params: tree, inputs: tree, "*": null, rng: key.or(null) });

/** A layer whose functions read their arguments. */
export function layer<In = JaxArray, Out = JaxArray>(
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
export function weightsOf(fn: string, params: unknown): readonly [W: JaxArray, b: JaxArray] {
  if (Array.isArray(params) && params.length === 2 && params.every((each) => each instanceof JaxArray))
    return params as unknown as readonly [JaxArray, JaxArray];
  throw new ArgumentError({
    op: fn,
    argument: "params",
    expected: "[W, b], as init_fun makes them",
    given: show(params),
  });
}

/** A key where one is needed. */
export function keyOf(fn: string, rng: PRNGKeyArray | null): PRNGKeyArray {
  if (rng !== null) return rng;
  throw new ArgumentError({ op: fn, argument: "rng", expected: key.expected, given: "null" });
}

export function flatShape(fn: string, shape: Shape, rank?: number): readonly number[] {
  if (shape.every((extent) => typeof extent === "number") && (rank === undefined || shape.length === rank))
    return shape as readonly number[];
  throw new ShapeError({
    op: fn,
    argument: "input_shape",
    expected: rank === undefined ? "a list of numbers" : `${rank} numbers`,
    given: show(shape),
  });
}

/** A number of features, of channels or of copies. */
export const extent = int.where("a whole number of 0 or more", (n) => n >= 0);
export const init = func as Kind<Initializer>;
