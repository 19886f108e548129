// grad, value_and_grad, vjp and jit: functions of pytrees made into functions of tensors, which the core differentiates.
import {
  ArgumentError,
  DtypeError,
  detach,
  device,
  FacetError,
  findTensors,
  formatShape,
  gradients,
  isDifferentiating,
  type NestedArray,
  ShapeError,
  type Tensor,
  type TypedArray,
  valueAndGradients,
  withVariables,
  zeros,
} from "@facet/autograd";
import { type Args, bool, define, func, int, type Keywords, listOf, only, show, signature } from "@facet/dialect";
import { tree } from "./arguments.js";
import { detached, JaxArray, run } from "./array.js";
import { filledWith } from "./numpy/creation.js";
import { flatten, leavesOf, map, type PyTreeDef, unflatten } from "./pytree.js";
import { type AnyFunction, synchronous, treeScope } from "./tree_scope.js";

interface GradOptions {
  argnums: number | readonly number[];
  has_aux: boolean;
}
interface GradNamed<F, N> {
  fun: F;
  argnums: N;
  has_aux: boolean;
  holomorphic: false;
  allow_int: false;
  reduce_axes: readonly [];
}
type GradRest<N> = [argnums: N, has_aux: boolean, holomorphic: false, allow_int: false, reduce_axes: readonly []];

const GRAD = {
  fun: func,
  argnums: int.either(listOf(int)).or(0),
  has_aux: bool.or(false),
  holomorphic: only(false),
  allow_int: only(false),
  reduce_axes: only([]),
} as const;

const constant = (x: number): Tensor => filledWith("array", [], x, null).core;

/** Type of the gradient: a list for several positions, that of the first argument by default; else the caller knows. */
type GradientOf<F extends AnyFunction, N> = [N] extends [readonly number[]]
  ? Parameters<F>[number][]
  : [N] extends [0]
    ? Parameters<F>[0]
    : // biome-ignore lint/suspicious/noExplicitAny: positions given by name or other than 0 are not followed.
      any;

/** A leaf to be differentiated: a float array, or a number, which becomes one. */
export function differentiable(fn: string, leaf: unknown): Tensor {
  if (typeof leaf === "number") return constant(leaf);
  const x = leaf;
  if (!(x instanceof JaxArray))
    throw new ArgumentError({
      op: fn,
      argument: "argument to differentiate",
      expected: "arrays and numbers as leaves",
      given: show(leaf),
    });
  if (x.dtype !== "float32")
    throw new DtypeError({
      op: fn,
      argument: "argument to differentiate",
      expected: "float32: gradients are defined for real numbers",
      given: x.dtype,
    });
  return x.core;
}

/** Arguments by position, each flattened; the others pass through untouched. */
export function selected(fn: string, args: readonly unknown[], argnums: GradOptions["argnums"]) {
  const positions = (typeof argnums === "number" ? [argnums] : argnums).map((n) => {
    const at = n < 0 ? n + args.length : n;
    if (at >= 0 && at < args.length) return at;
    throw new ArgumentError({
      op: fn,
      argument: "argnums",
      expected: `positions among ${args.length} arguments`,
      given: `${n}`,
    });
  });
  return { positions, flat: positions.map((at) => flatten(args[at])) };
}

/** Puts leaves, in order, into trees of the given structures. */
export function rebuild(flat: readonly (readonly [unknown[], PyTreeDef])[], leaves: readonly unknown[]): unknown[] {
  let at = 0;
  return flat.map(([own, treedef]) => {
    at += own.length;
    return unflatten(treedef, leaves.slice(at - own.length, at));
  });
}

function scalarLoss(fn: string, value: unknown): Tensor {
  if (typeof value === "number") return constant(value);
  if (!(value instanceof JaxArray))
    throw new FacetError({
      op: fn,
      argument: "fun",
      expected: "an array as result: gradient only defined for scalar-output functions",
      given: show(value),
    });
  if (value.ndim !== 0)
    throw new ShapeError({
      op: fn,
      argument: "fun",
      expected: "a scalar: gradient only defined for scalar-output functions",
      given: `output of shape (${value.shape.join(", ")}${value.ndim === 1 ? "," : ""})`,
    });
  if (value.dtype !== "float32")
    throw new DtypeError({ op: fn, argument: "fun", expected: "a float32 result", given: value.dtype });
  return value.core;
}

/** Outside every transform nothing is recorded: what comes out carries no graph. */
export function release<T>(result: T): T {
  if (!isDifferentiating()) for (const tensor of findTensors(leavesOf(result))) detach(tensor);
  return result;
}

function differentiate(fn: string, fun: AnyFunction, { argnums, has_aux }: GradOptions, args: readonly unknown[]) {
  return treeScope(fn, () => {
    const { positions, flat } = selected(fn, args, argnums);
    const inputs = flat.flatMap(([leaves]) => leaves.map((leaf) => differentiable(fn, leaf)));
    const { result, gradients } = valueAndGradients(
      inputs,
      (variables) => {
        const trees = rebuild(
          flat,
          variables.map((variable) => new JaxArray(variable)),
        );
        const full = [...args];
        for (const [i, at] of positions.entries()) full[at] = trees[i];
        const result = fun(...full);
        if (result instanceof Promise) throw synchronous(fn);
        if (has_aux && !(Array.isArray(result) && result.length === 2))
          throw new ArgumentError({
            op: fn,
            argument: "fun",
            expected: "[output, aux] as result, because has_aux is true",
            given: show(result),
          });
        return result;
      },
      (result) => scalarLoss(fn, has_aux ? result[0] : result),
    );
    const trees = rebuild(
      flat,
      gradients.map((gradient) => new JaxArray(gradient)),
    );
    return release([result, typeof argnums === "number" ? trees[0] : trees] as const);
  });
}

type ValueAndGrad = <F extends AnyFunction, const N extends number | readonly number[] = 0>(
  fun: F,
  ...args: Args<GradRest<N>, GradNamed<F, N>>
) => (...args: Parameters<F>) => [ReturnType<F>, GradientOf<F, N>];
/**
 * jax.value_and_grad: a function that returns [value, gradient], or [[value, aux], gradient] with `has_aux`. Arguments are
 * pytrees; only those at `argnums` (default 0) are differentiated. All others, a trailing object of keywords among them, are
 * handed to `fun` as they are: `value_and_grad(loss)(params, X, Y, { model })` calls `loss(params, X, Y, { model })`.
 */
export const value_and_grad: ValueAndGrad = define(
  "jax.value_and_grad",
  GRAD,
  ({ fun, ...options }) =>
    (...args: unknown[]) => [...differentiate("value_and_grad", fun, options, args)],
) as ValueAndGrad;

type Grad = <F extends AnyFunction, const N extends number | readonly number[] = 0>(
  fun: F,
  ...args: Args<GradRest<N>, GradNamed<F, N>>
) => (...args: Parameters<F>) => GradientOf<F, N>;
/** jax.grad: the gradient alone, or [gradient, aux] with `has_aux`. Arguments as in value_and_grad. */
export const grad: Grad = define(
  "jax.grad",
  GRAD,
  ({ fun, ...options }) =>
    (...args: unknown[]) =>
      treeScope("grad", () => {
        const [value, gradient] = differentiate("grad", fun, options, args);
        return options.has_aux ? [gradient, value[1]] : gradient;
      }),
) as Grad;

interface VjpNamed {
  has_aux: boolean;
  reduce_axes: readonly [];
}
type Vjp = <F extends AnyFunction>(
  fun: F,
  ...args: [...Parameters<F>, Keywords<VjpNamed>?]
  // biome-ignore lint/suspicious/noExplicitAny: the output is whatever fun returns, with aux when has_aux.
) => any[];
/**
 * jax.vjp: [fun(...primals), vjp_fun], or [output, vjp_fun, aux] with `has_aux` in a trailing object (which is why no primal
 * may be the last argument and have no key but has_aux). vjp_fun takes a tree like the output, and returns the list of
 * gradients of sum(output * cotangent) by each primal.
 */
export const vjp: Vjp = define(
  "jax.vjp",
  { fun: func, "*primals": tree, has_aux: bool.or(false), reduce_axes: only([]) },
  ({ fun, primals, has_aux }) => pulledBack(fun, primals as readonly unknown[], has_aux),
) as Vjp;

/** What a pullback takes. */
const readCotangent = signature("jax.vjp.vjp_fun", { cotangent: tree });

function pulledBack(fun: AnyFunction, primals: readonly unknown[], has_aux: boolean): unknown[] {
  const flat = primals.map((primal) => flatten(primal));
  const { result, variables } = treeScope("vjp", () => {
    const inputs = flat.flatMap(([leaves]) => leaves.map((leaf) => differentiable("vjp", leaf)));
    return withVariables(inputs, (variables) =>
      fun(
        ...rebuild(
          flat,
          variables.map((variable) => new JaxArray(variable)),
        ),
      ),
    );
  });
  if (has_aux && !(Array.isArray(result) && result.length === 2))
    throw new ArgumentError({
      op: "vjp",
      argument: "fun",
      expected: "[output, aux] as result, because has_aux is true",
      given: show(result),
    });
  const [output, aux] = has_aux ? (result as [unknown, unknown]) : [result, undefined];
  const [outputs, structure] = flatten<JaxArray>(output);
  for (const leaf of outputs)
    if (!(leaf instanceof JaxArray))
      throw new ArgumentError({ op: "vjp", argument: "fun", expected: "arrays as results", given: show(leaf) });
  const pullback = (...args: unknown[]): unknown[] =>
    treeScope("vjp", () => {
      const { cotangent } = readCotangent(args);
      const cotangents = structure
        .flatten_up_to(cotangent)
        .map((given, i) => cotangentOf(given, outputs[i] as JaxArray));
      const found = gradients(
        outputs.map(({ core }) => core),
        variables,
        { cotangents, createGraph: isDifferentiating(), retainGraph: true },
      );
      const leaves = variables.map((variable, j) => new JaxArray(found[j] ?? zeros(variable.shape)));
      return release(rebuild(flat, leaves));
    });
  return has_aux ? [output, pullback, aux] : [output, pullback];
}

/** A cotangent in the shape and dtype of its output. */
function cotangentOf(given: unknown, output: JaxArray): Tensor {
  if (typeof given !== "number" && !(given instanceof JaxArray))
    throw new ArgumentError({ op: "vjp", argument: "cotangent", expected: "arrays as leaves", given: show(given) });
  const x = given instanceof JaxArray ? given.core : constant(given);
  if (`${x.shape}` !== `${output.shape}`)
    throw new ShapeError({
      op: "vjp",
      argument: "cotangent",
      expected: formatShape(output.shape),
      given: formatShape(x.shape),
    });
  return x;
}

/** The array (or every array of a tree) as a constant: no gradient flows through it. */
export const stop_gradient: <T>(x: T) => T = define("jax.lax.stop_gradient", { x: tree }, ({ x }) =>
  map((leaf: unknown) => (leaf instanceof JaxArray ? run(() => detached(leaf.core)) : leaf), x),
) as <T>(x: T) => T;

/** Waits until the device is done; returns the tree. Errors of earlier computations surface here. */
export const block_until_ready: <T>(x: T) => Promise<T> = define(
  "jax.block_until_ready",
  { x: tree },
  async ({ x }) => {
    for (const tensor of findTensors(leavesOf(x))) void tensor.storage;
    await device().finish();
    return x;
  },
) as <T>(x: T) => Promise<T>;

/** The tree with its arrays read back, as nested JavaScript arrays; asynchronous, unlike the original. */
export const device_get: (x: unknown) => Promise<unknown> = define("jax.device_get", { x: tree }, async ({ x }) => {
  const [leaves, treedef] = flatten(x);
  const values: (NestedArray | TypedArray | unknown)[] = [];
  for (const leaf of leaves) values.push(leaf instanceof JaxArray ? await leaf.tolist() : leaf);
  return unflatten(treedef, values);
});
