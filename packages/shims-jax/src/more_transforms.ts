// Transforms of functions beside those of gradients and examples: transposes, maps over devices, names, and what is kept for gradients.
import { ArgumentError, outsideCapture, ShapeError, unscoped, withLayer } from "@facet/autograd";
import { any, define, func, int, listOf, only, show, string } from "@facet/dialect";
import { ShapeDtypeStruct } from "./abstract.js";
import { declared, tree } from "./arguments.js";
import { JaxArray } from "./array.js";
import { filledWith } from "./numpy/creation.js";
import { vjp } from "./transforms.js";
import { leavesOf, map } from "./tree/pytree.js";
import type { AnyFunction } from "./tree/scope.js";
import { type MapAxes, vmap } from "./vmap.js";

/**
 * jax.linear_transpose of a linear function: a function that takes a tree like its output and returns the list of what the transpose makes of
 * it, one for each primal. Of the primals (arrays or ShapeDtypeStructs) shapes count alone.
 */
export const linear_transpose: (
  fun: AnyFunction,
  ...primals: unknown[]
  // biome-ignore lint/suspicious/noExplicitAny: trees like the primals.
) => (cotangent: unknown) => any[] = define(
  "jax.linear_transpose",
  { fun: func, "*primals": tree, reduce_axes: only([]) },
  ({ fun, primals }) => {
    const zero = (leaf: unknown): unknown => {
      const { shape, dtype } =
        leaf instanceof JaxArray || leaf instanceof ShapeDtypeStruct
          ? leaf
          : ({ shape: [], dtype: "float32" } as const);
      return filledWith("linear_transpose", shape, 0, dtype);
    };
    return (cotangent: unknown) => {
      const at = (primals as unknown as unknown[]).map((primal) => map(zero, primal));
      const [, pull] = (vjp as (...args: unknown[]) => [unknown, (c: unknown) => unknown[]])(fun, ...at);
      return pull(cotangent);
    };
  },
) as never;

/**
 * jax.pmap: a function of arrays with one example for each device, and so of one: mapped over an axis of extent 1. Throws ShapeError on
 * more examples than there are devices.
 */
export const pmap = declared<[fun: AnyFunction], [axis_name: string | null]>()(
  "jax.pmap",
  {
    fun: func,
    axis_name: string.or(null),
    "*": null,
    in_axes: tree.or(0),
    out_axes: tree.or(0),
    static_broadcasted_argnums: only([]),
    devices: only(null),
    backend: only(null),
    axis_size: int.or(null),
    donate_argnums: int.either(listOf(int)).or([]),
  },
  ({ fun, axis_name, in_axes, out_axes, axis_size }): ((...args: unknown[]) => unknown) =>
    (...args) => {
      const axesOf = (i: number): unknown => (Array.isArray(in_axes) ? in_axes[i] : in_axes);
      for (const [i, arg] of args.entries()) {
        const axis = axesOf(i);
        if (typeof axis !== "number") continue;
        for (const leaf of leavesOf(arg))
          if (leaf instanceof JaxArray && leaf.shape.at(axis) !== 1)
            throw new ShapeError({
              op: "pmap",
              argument: `arguments[${i}]`,
              expected: `extent 1 along axis ${axis}, as there is one device (vmap maps over more)`,
              given: show(leaf.shape),
            });
      }
      return vmap(fun, {
        in_axes: in_axes as MapAxes,
        out_axes: out_axes as MapAxes,
        axis_name,
        axis_size: axis_size ?? 1,
      })(...args);
    },
);

/** Runs `body`; profiles name what it computes, and the gradients of that, by `name`. `with` becomes a callback. */
export const named_scope: <R>(name: string, body: () => R) => R = define(
  "jax.named_scope",
  { name: string, body: func },
  ({ name, body }) => withLayer(name, body),
) as never;

/** The function under a name in profiles, by default its own. */
export const named_call: <F extends AnyFunction>(fun: F, options?: { name?: string | null }) => F = define(
  "jax.named_call",
  { fun: func, "*": null, name: string.or(null) },
  ({ fun, name }) =>
    (...args: unknown[]) =>
      withLayer(name ?? (fun.name || "anonymous"), () => fun(...args)),
) as never;

/** Runs `body` on the device at once, also while a function is being jitted. `with` becomes a callback. */
export const ensure_compile_time_eval: <R>(body: () => R) => R = define(
  "jax.ensure_compile_time_eval",
  { body: func },
  ({ body }) => unscoped(() => outsideCapture(body)),
) as never;

/** Shape and dtype of an array or a number, as a ShapeDtypeStruct. */
export const typeof_ = declared<[x: unknown]>()("jax.typeof", { x: any }, ({ x }) => {
  if (x instanceof JaxArray) return new ShapeDtypeStruct(x.shape, x.dtype);
  if (typeof x === "number" || typeof x === "boolean")
    return new ShapeDtypeStruct([], typeof x === "number" ? "float32" : "bool");
  throw new ArgumentError({ op: "typeof", argument: "x", expected: "an Array or a number", given: show(x) });
});
