// grad, value_and_grad, vjp and jit: functions of pytrees made into functions of tensors, which the core differentiates.
import {
  ArgumentError,
  add,
  DtypeError,
  device,
  FacetError,
  findTensors,
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
import { type ArrayLike, detached, JaxArray, run } from "./array.js";
import { array } from "./numpy/creation.js";
import { describe, isKeywords, type Keywords, keywords } from "./options.js";
import { type AnyFunction, synchronous, treeScope } from "./tree_scope.js";
import { type PyTreeDef, tree_flatten, tree_leaves, tree_map, tree_unflatten } from "./tree_util.js";

interface GradOptions {
  argnums: number | readonly number[];
  has_aux: boolean;
}

export type GradKeywords = Keywords<GradOptions>;

const REFUSED = { holomorphic: false, allow_int: false, reduce_axes: undefined };

/** Type of the gradient: a list for several positions, that of the first argument by default; else the caller knows. */
type GradientOf<F extends AnyFunction, N> = [N] extends [readonly number[]]
  ? Parameters<F>[number][]
  : [N] extends [0]
    ? Parameters<F>[0]
    : // biome-ignore lint/suspicious/noExplicitAny: positions given by name or other than 0 are not followed.
      any;

function gradOptions(fn: string, argnums: GradOptions["argnums"] | GradKeywords, options: GradKeywords | undefined) {
  const values = isKeywords(argnums)
    ? keywords(fn, argnums as GradKeywords, { argnums: 0, has_aux: false } as GradOptions, REFUSED)
    : keywords(fn, options, { argnums: argnums as GradOptions["argnums"], has_aux: false }, REFUSED);
  for (const n of typeof values.argnums === "number" ? [values.argnums] : values.argnums)
    if (!Number.isInteger(n))
      throw new ArgumentError({
        op: fn,
        argument: "argnums",
        expected: "whole numbers",
        given: describe(values.argnums),
      });
  return values;
}

/** A leaf to be differentiated: a float array, or a number, which becomes one. */
function differentiable(fn: string, leaf: unknown): Tensor {
  const x = typeof leaf === "number" ? array(leaf) : leaf;
  if (!(x instanceof JaxArray))
    throw new ArgumentError({
      op: fn,
      argument: "argument to differentiate",
      expected: "arrays and numbers as leaves",
      given: describe(leaf),
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
function selected(fn: string, args: readonly unknown[], argnums: GradOptions["argnums"]) {
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
  return { positions, flat: positions.map((at) => tree_flatten(args[at])) };
}

/** Puts leaves, in order, into trees of the given structures. */
function rebuild(flat: readonly (readonly [unknown[], PyTreeDef])[], leaves: readonly unknown[]): unknown[] {
  let at = 0;
  return flat.map(([own, treedef]) => {
    at += own.length;
    return tree_unflatten(treedef, leaves.slice(at - own.length, at));
  });
}

function scalarLoss(fn: string, value: unknown): Tensor {
  if (typeof value === "number") return array(value).core;
  if (!(value instanceof JaxArray))
    throw new FacetError({
      op: fn,
      argument: "fun",
      expected: "an array as result: gradient only defined for scalar-output functions",
      given: describe(value),
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
function release<T>(result: T): T {
  if (!isDifferentiating()) for (const tensor of findTensors(tree_leaves(result))) tensor.node = undefined;
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
            given: describe(result),
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

/**
 * jax.value_and_grad: a function that returns [value, gradient], or [[value, aux], gradient] with `has_aux`. Arguments are
 * pytrees; only those at `argnums` (default 0) are differentiated. All others, a trailing object of keywords among them, are
 * handed to `fun` as they are: `value_and_grad(loss)(params, X, Y, { model })` calls `loss(params, X, Y, { model })`.
 */
export function value_and_grad<F extends AnyFunction, const N extends number | readonly number[] = 0>(
  fun: F,
  argnums?: N | GradKeywords,
  options?: GradKeywords,
): (...args: Parameters<F>) => [ReturnType<F>, GradientOf<F, N>] {
  const values = gradOptions("value_and_grad", argnums ?? 0, options);
  return (...args) => [...differentiate("value_and_grad", fun, values, args)] as [ReturnType<F>, GradientOf<F, N>];
}

/** jax.grad: the gradient alone, or [gradient, aux] with `has_aux`. Arguments as in value_and_grad. */
export function grad<F extends AnyFunction, const N extends number | readonly number[] = 0>(
  fun: F,
  argnums?: N | GradKeywords,
  options?: GradKeywords,
): (...args: Parameters<F>) => GradientOf<F, N> {
  const values = gradOptions("grad", argnums ?? 0, options);
  return (...args) =>
    treeScope("grad", () => {
      const [value, gradient] = differentiate("grad", fun, values, args);
      return values.has_aux ? [gradient, value[1]] : gradient;
    }) as GradientOf<F, N>;
}

/**
 * jax.vjp: [fun(...primals), vjp_fun], or [output, vjp_fun, aux] with `has_aux` in a trailing object (which is why no primal
 * may be the last argument and have the one key has_aux). vjp_fun takes a tree like the output, and returns the list of
 * gradients of sum(output * cotangent) by each primal.
 */
export function vjp<F extends AnyFunction>(
  fun: F,
  ...args: [...Parameters<F>, Keywords<{ has_aux: boolean }>?]
  // biome-ignore lint/suspicious/noExplicitAny: the output is whatever fun returns, with aux when has_aux.
): any[] {
  const last = args.at(-1);
  const named =
    isKeywords(last) &&
    Object.keys(last).every((key) => key === "has_aux" || key === "hasAux") &&
    Object.keys(last).length === 1;
  const { has_aux } = keywords("vjp", named ? (last as Keywords<{ has_aux: boolean }>) : undefined, { has_aux: false });
  const primals = (named ? args.slice(0, -1) : args) as unknown[];
  const flat = primals.map((primal) => tree_flatten(primal));
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
  const [output, aux] = has_aux ? (result as [unknown, unknown]) : [result, undefined];
  const [outputs, structure] = tree_flatten<JaxArray>(output);
  const pullback = (cotangent: unknown): unknown[] =>
    treeScope("vjp", () => {
      const cotangents = structure.flatten_up_to(cotangent) as ArrayLike[];
      const sums: (Tensor | undefined)[] = variables.map(() => undefined);
      for (const [i, { core }] of outputs.entries()) {
        if (!core.node) continue;
        const given = cotangents[i] as ArrayLike;
        const options = {
          cotangent: given instanceof JaxArray ? given.core : array(given).core,
          createGraph: isDifferentiating(),
          retainGraph: true,
        };
        for (const [j, part] of gradients(core, variables, options).entries()) {
          const sum = sums[j];
          if (part) sums[j] = sum ? add(sum, part) : part;
        }
      }
      const leaves = variables.map((variable, j) => new JaxArray(sums[j] ?? zeros(variable.shape)));
      return release(rebuild(flat, leaves));
    });
  return has_aux ? [output, pullback, aux] : [output, pullback];
}

/** The array (or every array of a tree) as a constant: no gradient flows through it. */
export function stop_gradient<T>(x: T): T {
  const constant = (leaf: unknown): unknown => (leaf instanceof JaxArray ? run(() => detached(leaf.core)) : leaf);
  return tree_map(constant, x);
}

/** Waits until the device is done; returns the tree. Errors of earlier computations surface here. */
export async function block_until_ready<T>(x: T): Promise<T> {
  for (const tensor of findTensors(tree_leaves(x))) void tensor.storage;
  await device().finish();
  return x;
}

/** The tree with its arrays read back, as nested JavaScript arrays; asynchronous, unlike the original. */
export async function device_get(x: unknown): Promise<unknown> {
  const [leaves, treedef] = tree_flatten(x);
  const values: (NestedArray | TypedArray | unknown)[] = [];
  for (const leaf of leaves) values.push(leaf instanceof JaxArray ? await leaf.tolist() : leaf);
  return tree_unflatten(treedef, values);
}
