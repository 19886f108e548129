// jvp, linearize, jacfwd, jacrev and hessian: functions of pytrees made into functions of tensors, which the core differentiates.
import {
  ArgumentError,
  jacfwd as columns,
  formatShape,
  type Jacobian,
  linearize as linearized,
  jacrev as rows,
  ShapeError,
  type Tensor,
} from "@facet/autograd";
import { type Args, bool, define, func, int, type Keywords, listOf, only, signature } from "@facet/dialect";
import { tree } from "./arguments.js";
import { arraysIn, asIs, differentiable, OfTensors, release, selected } from "./functions_of_tensors.js";
import { flatten, type PyTreeDef, unflatten } from "./tree/pytree.js";
import { type AnyFunction, treeScope } from "./tree/scope.js";

/** Tangents in the structure, shapes and dtype of what they belong to. */
function tangentsLike(
  fn: string,
  flat: readonly (readonly [unknown[], PyTreeDef])[],
  tangents: readonly unknown[],
  inputs: readonly Tensor[],
) {
  if (tangents.length !== flat.length)
    throw new ArgumentError({
      op: fn,
      argument: "tangents",
      expected: `${flat.length}, one for each of the primals`,
      given: `${tangents.length}`,
    });
  const leaves = flat.flatMap(([, treedef], i) => treedef.flatten_up_to(tangents[i]));
  return leaves.map((leaf, i) => {
    const tangent = differentiable(fn, leaf);
    const { shape } = inputs[i] as Tensor;
    if (`${tangent.shape}` === `${shape}`) return tangent;
    const [expected, given] = [formatShape(shape), formatShape(tangent.shape)];
    throw new ShapeError({ op: fn, argument: `tangents: leaf ${i}`, expected, given });
  });
}

function pushed(fn: string, fun: AnyFunction, primals: readonly unknown[], has_aux: boolean) {
  const flat = primals.map((primal) => flatten(primal));
  const inputs = flat.flatMap(([leaves]) => leaves.map((leaf) => differentiable(fn, leaf)));
  const own = new OfTensors(fn, has_aux, (tensors) => fun(...arraysIn(flat, tensors)));
  const { result, pushforward } = linearized(inputs, own.run, asIs);
  const along = (tangents: readonly unknown[]): unknown =>
    own.tree(pushforward(tangentsLike(fn, flat, tangents, inputs)));
  return { output: own.tree(result), along, aux: own.aux };
}

interface JvpNamed<F> {
  fun: F;
  primals: readonly unknown[];
  tangents: readonly unknown[];
  has_aux: boolean;
}
type Jvp = <F extends AnyFunction>(
  ...args:
    | [fun: F, primals: Parameters<F>, tangents: Parameters<F>, ...Args<[has_aux: boolean], JvpNamed<F>>]
    | [Keywords<JvpNamed<F>>]
  // biome-ignore lint/suspicious/noExplicitAny: the output is whatever fun returns, with aux when has_aux.
) => any[];
const list = listOf(tree);
/**
 * jax.jvp: [fun(...primals), its derivative along tangents], or [output, tangents, aux] with `has_aux`. Primals and tangents are lists with one tree for
 * each argument.
 */
export const jvp: Jvp = define(
  "jax.jvp",
  { fun: func, primals: list, tangents: list, has_aux: bool.or(false) },
  ({ fun, primals, tangents, has_aux }) =>
    treeScope("jvp", () => {
      const { output, along, aux } = pushed("jvp", fun, primals as readonly unknown[], has_aux);
      const results = [output, along(tangents as readonly unknown[])];
      return release(has_aux ? [...results, aux] : results);
    }),
) as Jvp;

type Linearize = <F extends AnyFunction>(
  fun: F,
  ...args: [...Parameters<F>, Keywords<{ has_aux: boolean }>?]
  // biome-ignore lint/suspicious/noExplicitAny: as above.
) => any[];
const readTangents = signature("jax.linearize.jvp_fun", { "*tangents": tree });
/** jax.linearize: [fun(...primals), jvp_fun], or [output, jvp_fun, aux] with `has_aux`. jvp_fun takes tangents like the primals. */
export const linearize: Linearize = define(
  "jax.linearize",
  { fun: func, "*primals": tree, has_aux: bool.or(false) },
  ({ fun, primals, has_aux }) => {
    const { output, along, aux } = treeScope("linearize", () => {
      const made = pushed("linearize", fun, primals as readonly unknown[], has_aux);
      return { ...made, along: made.along };
    });
    const jvp_fun = (...args: unknown[]): unknown =>
      treeScope("linearize", () => release(along(readTangents(args).tangents as readonly unknown[])));
    return has_aux ? [output, jvp_fun, aux] : [output, jvp_fun];
  },
) as Linearize;

interface JacobianNamed<F> {
  fun: F;
  argnums: number | readonly number[];
  has_aux: boolean;
  holomorphic: false;
  allow_int: false;
}
type Forward = Omit<JacobianNamed<AnyFunction>, "allow_int">;
type OfFunction<Rest extends readonly unknown[], Named> = <F extends AnyFunction>(
  fun: F,
  ...args: Args<Rest, Named & { fun: F }>
  // biome-ignore lint/suspicious/noExplicitAny: a tree of the output whose leaves are trees of the arguments.
) => (...args: Parameters<F>) => any;

type Way = <R>(
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => R,
  outputsOf: (result: R) => readonly Tensor[],
) => Jacobian<R>;

function jacobianOf(
  fn: string,
  way: Way,
  fun: AnyFunction,
  argnums: number | readonly number[],
  has_aux: boolean,
  args: readonly unknown[],
) {
  return treeScope(fn, () => {
    const { positions, flat } = selected(fn, args, argnums);
    const inputs = flat.flatMap(([leaves]) => leaves.map((leaf) => differentiable(fn, leaf)));
    const own = new OfTensors(fn, has_aux, (tensors) => {
      const full = [...args];
      const trees = arraysIn(flat, tensors);
      for (const [i, at] of positions.entries()) full[at] = trees[i];
      return fun(...full);
    });
    const { jacobian } = way(inputs, own.run, asIs);
    const blocks = jacobian.map((parts) => {
      const trees = arraysIn(flat, parts);
      return typeof argnums === "number" ? trees[0] : trees;
    });
    const whole = unflatten(own.treedef, blocks);
    return release(has_aux ? [whole, own.aux] : whole);
  });
}

const argnums = int.either(listOf(int)).or(0);
const has_aux = bool.or(false);
type ForwardRest = [argnums: number | readonly number[], has_aux: boolean, holomorphic: false];

/** jax.jacrev: derivatives of every output by the arguments at `argnums`, row by row. Leaves have the output's shape, then the input's. */
export const jacrev: OfFunction<[...ForwardRest, allow_int: false], JacobianNamed<AnyFunction>> = define(
  "jax.jacrev",
  { fun: func, argnums, has_aux, holomorphic: only(false), allow_int: only(false) },
  ({ fun, argnums, has_aux }) =>
    (...args: unknown[]) =>
      jacobianOf("jacrev", rows, fun, argnums, has_aux, args),
) as OfFunction<[...ForwardRest, allow_int: false], JacobianNamed<AnyFunction>>;

/** jax.jacfwd: as jacrev, column by column. */
export const jacfwd: OfFunction<ForwardRest, Forward> = define(
  "jax.jacfwd",
  { fun: func, argnums, has_aux, holomorphic: only(false) },
  ({ fun, argnums, has_aux }) =>
    (...args: unknown[]) =>
      jacobianOf("jacfwd", columns, fun, argnums, has_aux, args),
) as OfFunction<ForwardRest, Forward>;

/** jax.hessian: jacfwd of jacrev. */
export const hessian: OfFunction<ForwardRest, Forward> = define(
  "jax.hessian",
  { fun: func, argnums, has_aux, holomorphic: only(false) },
  ({ fun, argnums, has_aux }) =>
    (...args: unknown[]) =>
      jacobianOf(
        "hessian",
        columns,
        (...inner: unknown[]) => jacobianOf("hessian", rows, fun, argnums, has_aux, inner),
        argnums,
        has_aux,
        args,
      ),
) as OfFunction<ForwardRest, Forward>;
