// grad, value_and_grad, vjp and jit: functions of pytrees made into functions of tensors, which the core differentiates.
import {
  ArgumentError,
  DtypeError,
  device,
  FacetError,
  findTensors,
  formatShape,
  isFloating,
  type NestedArray,
  ShapeError,
  type Tensor,
  type TypedArray,
  valueAndGradients,
  vjpOf,
} from "@facet/autograd";
import { type Args, bool, define, func, int, type Keywords, listOf, only, show, signature } from "@facet/dialect";
import { tree } from "./arguments.js";
import { detached, JaxArray, run } from "./array.js";
import {
  arraysIn,
  asIs,
  constant,
  differentiable,
  OfTensors,
  release,
  selected,
  withAux,
} from "./functions_of_tensors.js";
import { flatten, leavesOf, map, unflatten } from "./tree/pytree.js";
import { type AnyFunction, synchronous, treeScope } from "./tree/scope.js";

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

/** The type of the argument at a position, -1 being the last; of any argument where the position is no such literal. */
type ArgumentAt<P extends readonly unknown[], I> = I extends number
  ? `${I}` extends keyof P
    ? Required<P>[I]
    : [I, P] extends [-1, readonly [...unknown[], infer Last]]
      ? Last
      : P[number]
  : never;

/** Type of the gradient: the argument's, the first one's by default; for several positions a list with one for each. */
type GradientOf<F extends AnyFunction, N> = N extends readonly number[]
  ? { -readonly [K in keyof N]: ArgumentAt<Parameters<F>, N[K]> }
  : ArgumentAt<Parameters<F>, N>;

/** Options by name; `argnums` and `has_aux` stand by themselves, as the compiler follows them only so. */
type ByName<F, N, A> = {
  readonly argnums?: N | undefined;
  readonly has_aux?: A | undefined;
  readonly hasAux?: A | undefined;
} & Keywords<Omit<GradNamed<F, N>, "fun" | "argnums" | "has_aux">>;

/** What jax.grad's function gives: the gradient, beside what `fun` returned second with `has_aux`. */
type WithAux<F extends AnyFunction, N, A> = [A] extends [true]
  ? [GradientOf<F, N>, ReturnType<F>[1]]
  : GradientOf<F, N>;

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
  if (!isFloating(value.dtype))
    throw new DtypeError({ op: fn, argument: "fun", expected: "a float32 result", given: value.dtype });
  return value.core;
}

function differentiate(fn: string, fun: AnyFunction, { argnums, has_aux }: GradOptions, args: readonly unknown[]) {
  return treeScope(fn, () => {
    const { positions, flat } = selected(fn, args, argnums);
    const inputs = flat.flatMap(([leaves]) => leaves.map((leaf) => differentiable(fn, leaf)));
    const { result, gradients } = valueAndGradients(
      inputs,
      (variables) => {
        const trees = arraysIn(flat, variables);
        const full = [...args];
        for (const [i, at] of positions.entries()) full[at] = trees[i];
        const result = fun(...full);
        if (result instanceof Promise) throw synchronous(fn);
        if (has_aux) withAux(fn, result);
        return result;
      },
      (result) => scalarLoss(fn, has_aux ? result[0] : result),
    );
    const trees = arraysIn(flat, gradients);
    return release([result, typeof argnums === "number" ? trees[0] : trees] as const);
  });
}

interface ValueAndGrad {
  <F extends AnyFunction, const N extends number | readonly number[] = 0>(
    fun: F,
    options: ByName<F, N, boolean>,
  ): (...args: Parameters<F>) => [ReturnType<F>, GradientOf<F, N>];
  <F extends AnyFunction, const N extends number | readonly number[] = 0>(
    fun: F,
    ...args: Args<GradRest<N>, GradNamed<F, N>>
  ): (...args: Parameters<F>) => [ReturnType<F>, GradientOf<F, N>];
}
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

interface Grad {
  <F extends AnyFunction, const N extends number | readonly number[] = 0, const A extends boolean = false>(
    fun: F,
    options: ByName<F, N, A>,
  ): (...args: Parameters<F>) => WithAux<F, N, A>;
  <F extends AnyFunction, const N extends number | readonly number[] = 0>(
    fun: F,
    ...args: Args<GradRest<N>, GradNamed<F, N>>
  ): (...args: Parameters<F>) => GradientOf<F, N>;
}
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
  const own = new OfTensors("vjp", has_aux, (tensors) => fun(...arraysIn(flat, tensors)));
  const { output, pull, aux } = treeScope("vjp", () => {
    const inputs = flat.flatMap(([leaves]) => leaves.map((leaf) => differentiable("vjp", leaf)));
    const { result, variables, pullback } = vjpOf(inputs, own.run, asIs);
    const shapes = result.map(({ shape }) => shape);
    const pull = (cotangent: unknown): Tensor[] =>
      pullback(own.treedef.flatten_up_to(cotangent).map((given, i) => cotangentOf(given, shapes[i] as number[])));
    // The variables leave the scope with the rest: a function that is computed again on the way back reads them.
    return {
      output: own.tree(result),
      pull,
      aux: own.aux,
      variables: variables.map((variable) => new JaxArray(variable)),
    };
  });
  const vjp_fun = (...args: unknown[]): unknown[] =>
    treeScope("vjp", () => release(arraysIn(flat, pull(readCotangent(args).cotangent))));
  return has_aux ? [output, vjp_fun, aux] : [output, vjp_fun];
}

/** A cotangent in the shape of its output. */
function cotangentOf(given: unknown, shape: readonly number[]): Tensor {
  if (typeof given !== "number" && !(given instanceof JaxArray))
    throw new ArgumentError({ op: "vjp", argument: "cotangent", expected: "arrays as leaves", given: show(given) });
  const x = given instanceof JaxArray ? given.core : constant(given);
  if (`${x.shape}` !== `${shape}`)
    throw new ShapeError({
      op: "vjp",
      argument: "cotangent",
      expected: formatShape(shape),
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
