// Functions of pytrees as functions of tensors, which the core transforms.
import {
  ArgumentError,
  DtypeError,
  detach,
  findTensors,
  isDifferentiating,
  isFloating,
  type Tensor,
} from "@facet/autograd";
import { show } from "@facet/dialect";
import { JaxArray } from "./array.js";
import { filledWith } from "./numpy/creation.js";
import { flatten, leavesOf, type PyTreeDef, unflatten } from "./tree/pytree.js";
import { synchronous } from "./tree/scope.js";

/** A number as an array. */
export const constant = (x: number): Tensor => filledWith("array", [], x, null).core;

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
  if (!isFloating(x.dtype))
    throw new DtypeError({
      op: fn,
      argument: "argument to differentiate",
      expected: "float32: gradients are defined for real numbers",
      given: x.dtype,
    });
  return x.core;
}

/** Arguments by position, each flattened; the others pass through untouched. */
export function selected(fn: string, args: readonly unknown[], argnums: number | readonly number[]) {
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

/** Trees of arrays, of the structures that leaves were taken out of. */
export const arraysIn = (flat: readonly (readonly [unknown[], PyTreeDef])[], tensors: readonly Tensor[]): unknown[] =>
  rebuild(
    flat,
    tensors.map((tensor) => new JaxArray(tensor)),
  );

/** Outside every transform nothing is recorded: what comes out carries no graph. */
export function release<T>(result: T): T {
  if (!isDifferentiating()) for (const tensor of findTensors(leavesOf(result))) detach(tensor);
  return result;
}

/** What a function with has_aux gives. */
export function withAux(fn: string, given: unknown): readonly [output: unknown, aux: unknown] {
  if (Array.isArray(given) && given.length === 2) return given as unknown as readonly [unknown, unknown];
  const expected = "[output, aux] as result, because has_aux is true";
  throw new ArgumentError({ op: fn, argument: "fun", expected, given: show(given) });
}

/** A function of trees as one of tensors, which keeps the structure of what it returned. */
export class OfTensors {
  readonly #fn: string;
  readonly #call: (tensors: Tensor[]) => unknown;
  readonly #has_aux: boolean;
  treedef!: PyTreeDef;
  aux: unknown;

  constructor(fn: string, has_aux: boolean, call: (tensors: Tensor[]) => unknown) {
    this.#fn = fn;
    this.#has_aux = has_aux;
    this.#call = call;
  }

  readonly run = (tensors: Tensor[]): Tensor[] => {
    const given = this.#call(tensors);
    if (given instanceof Promise) throw synchronous(this.#fn);
    const [output, aux] = this.#has_aux ? withAux(this.#fn, given) : [given, undefined];
    const [leaves, treedef] = flatten(output);
    this.treedef = treedef;
    this.aux = aux;
    return leaves.map((leaf) => {
      if (leaf instanceof JaxArray) return leaf.core;
      if (typeof leaf === "number") return constant(leaf);
      throw new ArgumentError({ op: this.#fn, argument: "fun", expected: "arrays as results", given: show(leaf) });
    });
  };

  tree(tensors: readonly Tensor[]): unknown {
    return unflatten(
      this.treedef,
      tensors.map((tensor) => new JaxArray(tensor)),
    );
  }
}

/** The outputs of such a function: all that it returns. */
export const asIs = (tensors: Tensor[]): Tensor[] => tensors;
