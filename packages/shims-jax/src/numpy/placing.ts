// Elements put, chosen and moved by places; functions along axes.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, ShapeError, type Tensor } from "@facet/autograd";
import { any, bool, define, func, int, listOf, number, oneOf, only, show, string } from "@facet/dialect";
import { array, arrayLike, declared, dtype as dtypeKind, ints } from "../arguments.js";
import {
  type ArrayLike,
  checkDtype,
  computable,
  converted,
  inexact,
  integral,
  JaxArray,
  operand,
  run,
} from "../array.js";
import { vmap } from "../vmap.js";
import { axesOf, axisOf, lineOf } from "./axes.js";
import { power, round } from "./elementwise.js";
import { argsort, sort } from "./ordering.js";
import { promoted, promotedReal } from "./ufunc.js";

/** As round. */
export const around = declared<[a: ArrayLike], [decimals: number]>()(
  "jax.numpy.around",
  { a: arrayLike, decimals: int.or(0), out: only(null) },
  ({ a, decimals }) => round(a, decimals),
);
/** As power. */
export const pow = declared<[x1: ArrayLike, x2: ArrayLike]>()(
  "jax.numpy.pow",
  { x1: arrayLike, x2: arrayLike, "/": null },
  ({ x1, x2 }) => power(x1, x2),
);
/** In another dtype. */
export const astype = declared<[x: ArrayLike, dtype: Dtype]>()(
  "jax.numpy.astype",
  { x: arrayLike, dtype: dtypeKind, "/": null, "*": null, copy: bool.or(false), device: only(null) },
  ({ x, dtype }) => run(() => converted(operand("astype", "x", x), checkDtype("astype", dtype))),
);
/** Another handle on the same values, which nobody can change. */
export const copy = declared<[a: ArrayLike]>()("jax.numpy.copy", { a: arrayLike, order: only(null) }, ({ a }) =>
  run(() => core.sameValue(operand("copy", "a", a))),
);
export const shape = declared<[a: ArrayLike]>()("jax.numpy.shape", { a: arrayLike }, ({ a }): readonly number[] =>
  a instanceof JaxArray ? a.shape : [],
);
export const ndim = declared<[a: ArrayLike]>()("jax.numpy.ndim", { a: arrayLike }, ({ a }): number =>
  a instanceof JaxArray ? a.ndim : 0,
);
/** Number of elements, or extent along an axis, or their product along several. */
export const size = declared<[a: ArrayLike], [axis: number | readonly number[] | null]>()(
  "jax.numpy.size",
  { a: arrayLike, axis: ints.or(null) },
  ({ a, axis }): number => {
    const { shape, rank } = operand("size", "a", a);
    return axesOf("size", axis, rank).reduce((product, d) => product * (shape[d] as number), 1);
  },
);
/** Whether one can go through it: a list or an array with dimensions. */
export const iterable = declared<[y: unknown]>()("jax.numpy.iterable", { y: any }, ({ y }): boolean =>
  y instanceof JaxArray
    ? y.ndim > 0
    : typeof (y as { [Symbol.iterator]?: unknown } | null)?.[Symbol.iterator] === "function",
);

const kth = int;
/** The array in such an order that the kth smallest stands in its place, smaller ones before it: in ascending order. */
export const partition = declared<[a: ArrayLike, kth: number], [axis: number]>()(
  "jax.numpy.partition",
  { a: arrayLike, kth, axis: int.or(-1) },
  ({ a, kth, axis }) => {
    within("partition", a, kth, axis);
    return sort(a, axis);
  },
);
/** Places of the elements in that order. */
export const argpartition = declared<[a: ArrayLike, kth: number], [axis: number]>()(
  "jax.numpy.argpartition",
  { a: arrayLike, kth, axis: int.or(-1) },
  ({ a, kth, axis }) => {
    within("argpartition", a, kth, axis);
    return argsort(a, axis);
  },
);
function within(fn: string, a: ArrayLike, kth: number, axis: number): void {
  const x = operand(fn, "a", a);
  const extent = x.shape[axisOf(fn, axis, x.rank)] as number;
  if (kth < -extent || kth >= extent)
    throw new ArgumentError({ op: fn, argument: "kth", expected: `a place among ${extent}`, given: `${kth}` });
}

type PutMode = "clip" | "wrap" | null;
const putMode = oneOf("clip", "wrap").or(null);
function refuseInPlace(fn: string, given: boolean): void {
  if (given)
    throw new ArgumentError({
      op: fn,
      argument: "inplace",
      expected: "false: arrays cannot be changed, a new one is returned",
      given: "true",
    });
}
/** The array with elements at places of it laid flat replaced; values repeat. `inplace: false` must be said, as in the original. */
export const put = declared<[a: ArrayLike, ind: ArrayLike, v: ArrayLike], [mode: PutMode]>()(
  "jax.numpy.put",
  { a: arrayLike, ind: arrayLike, v: arrayLike, mode: putMode, "*": null, inplace: bool.or(true) },
  ({ a, ind, v, mode, inplace }) => {
    refuseInPlace("put", inplace);
    return run(() => {
      const x = computable("put", "a", a);
      const places = integral("put", "ind", ind);
      const index = core.reshape(places, [places.size]);
      const values = converted(operand("put", "v", v), x.dtype);
      const line = core.reshape(values, [values.size]);
      if (index.size === 0) return x;
      const repeated = core.sliceAlong(
        core.tile(line, [Math.ceil(index.size / Math.max(1, line.size))]),
        0,
        0,
        index.size,
      );
      const flat = core.scatterRows(core.reshape(x, [x.size]), index, repeated, {
        axis: 0,
        combination: "set",
        mode: mode ?? "drop",
      });
      return core.reshape(flat, x.shape);
    });
  },
);
/** The array with elements where a mask is not 0 replaced by values in turn. `inplace: false` must be said. */
export const place = declared<[arr: ArrayLike, mask: ArrayLike, vals: ArrayLike]>()(
  "jax.numpy.place",
  { arr: arrayLike, mask: arrayLike, vals: arrayLike, "*": null, inplace: bool.or(true) },
  ({ arr, mask, vals, inplace }) => {
    refuseInPlace("place", inplace);
    return run(() => {
      const x = computable("place", "arr", arr);
      const holds = converted(operand("place", "mask", mask), "bool");
      const values = converted(operand("place", "vals", vals), x.dtype);
      if (holds.size !== x.size || values.size === 0)
        throw new ShapeError({
          op: "place",
          argument: values.size === 0 ? "vals" : "mask",
          expected: values.size === 0 ? "at least one value" : core.formatShape(x.shape),
          given: core.formatShape(values.size === 0 ? values.shape : holds.shape),
        });
      const line = core.reshape(holds, [holds.size]);
      const turn = core.sub(core.cumsum(core.cast(line, "int32"), { axis: 0 }), 1);
      const from = core.take(core.reshape(values, [values.size]), turn, { axis: 0, mode: "wrap", negative: false });
      return core.reshape(core.where(line, from, core.reshape(x, [x.size])), x.shape);
    });
  },
);
/** The array with elements by their own place along an axis replaced. `inplace: false` must be said. */
export const put_along_axis = declared<
  [arr: ArrayLike, indices: JaxArray, values: ArrayLike, axis: number | null],
  [inplace: boolean]
>()(
  "jax.numpy.put_along_axis",
  {
    arr: arrayLike,
    indices: array,
    values: arrayLike,
    axis: int.orNone,
    inplace: bool.or(true),
    "*": null,
    mode: oneOf("clip", "drop", "fill", "promise_in_bounds").or(null),
  },
  ({ arr, indices, values, axis, inplace, mode }) => {
    refuseInPlace("put_along_axis", inplace);
    return run(() => {
      const fn = "put_along_axis";
      const whole = computable(fn, "arr", arr);
      const [x, at] = lineOf(fn, whole, axis);
      const index = integral(fn, "indices", indices);
      const source = converted(operand(fn, "values", values), x.dtype);
      const held = mode === "clip" || mode === "promise_in_bounds" ? "clip" : "drop";
      const y = core.putAlongAxis(x, axis === null ? core.reshape(index, [index.size]) : index, source, {
        axis: at,
        combination: "set",
        mode: held,
      });
      return core.reshape(y, whole.shape);
    });
  },
);
/** The array with its diagonal replaced. `inplace: false` must be said. */
export const fill_diagonal = declared<[a: ArrayLike, val: ArrayLike], [wrap: boolean]>()(
  "jax.numpy.fill_diagonal",
  { a: arrayLike, val: arrayLike, wrap: only(false), "*": null, inplace: bool.or(true) },
  ({ a, val, inplace }) => {
    refuseInPlace("fill_diagonal", inplace);
    return run(() => {
      const fn = "fill_diagonal";
      const x = computable(fn, "a", a);
      if (x.rank < 2 || (x.rank > 2 && new Set(x.shape).size > 1))
        throw new ShapeError({
          op: fn,
          argument: "a",
          expected: "a matrix, or equal extents",
          given: core.formatShape(x.shape),
        });
      const n = Math.min(...x.shape);
      const step =
        x.rank === 2
          ? (x.shape[1] as number) + 1
          : x.shape.reduce((sum, _, d) => sum + core.sizeOf(x.shape.slice(d + 1)), 0);
      if (n === 0) return x;
      const value = converted(operand(fn, "val", val), x.dtype);
      const line = core.reshape(value, [value.size]);
      const repeated = core.sliceAlong(core.tile(line, [Math.ceil(n / Math.max(1, line.size))]), 0, 0, n);
      return core.reshape(core.updateSlice(core.reshape(x, [x.size]), repeated, [0], [step]), x.shape);
    });
  },
);

/** Elements of the choice that `a` names, place by place; all broadcast. `mode` "raise" needs the values of a. */
export const choose = declared<
  [a: ArrayLike, choices: readonly ArrayLike[] | JaxArray],
  [out: null, mode: "wrap" | "clip"]
>()(
  "jax.numpy.choose",
  {
    a: arrayLike,
    choices: listOf(arrayLike).either(array),
    out: only(null),
    mode: oneOf("raise", "wrap", "clip").or("raise"),
  },
  ({ a, choices, mode }) =>
    run(() => {
      const fn = "choose";
      const given =
        choices instanceof JaxArray
          ? Array.from({ length: choices.shape[0] ?? 0 }, (_, i) =>
              run(() => core.reshape(core.sliceAlong(choices.core, 0, i, i + 1), choices.shape.slice(1))),
            )
          : choices;
      if (mode === "raise")
        throw new ArgumentError({ op: fn, argument: "mode", expected: '"wrap" or "clip"', given: '"raise"' });
      if (given.length === 0)
        throw new ArgumentError({ op: fn, argument: "choices", expected: "one at least", given: "[]" });
      const places = integral(fn, "a", a);
      const at =
        mode === "clip"
          ? core.maximum(core.minimum(places, given.length - 1), 0)
          : core.remainder(places, core.full([], given.length, "int32"));
      const [first, ...rest] = promoted(fn, Object.fromEntries(given.map((x, i) => [`choices[${i}]`, x]))) as [
        Tensor,
        ...Tensor[],
      ];
      return rest.reduce(
        (y, x, i) => core.where(core.less(at, i + 1), y, x),
        core.where(core.less(at, 0), first, first),
      );
    }),
);

/** Arrays in nested lists put together: the innermost along the last axis, those around along the one before. */
export const block = declared<[arrays: unknown]>()("jax.numpy.block", { arrays: any }, ({ arrays }): JaxArray => {
  const depthOf = (value: unknown): number => (Array.isArray(value) ? 1 + Math.max(0, ...value.map(depthOf)) : 0);
  const leaves = (value: unknown): ArrayLike[] => (Array.isArray(value) ? value.flatMap(leaves) : [value as ArrayLike]);
  const depth = depthOf(arrays);
  return run(() => {
    const flat = leaves(arrays);
    if (flat.length === 0)
      throw new ArgumentError({ op: "block", argument: "arrays", expected: "arrays", given: show(arrays) });
    const tensors = promoted("block", Object.fromEntries(flat.map((x, i) => [`arrays[${i}]`, x])));
    const rank = Math.max(depth, ...tensors.map((x) => x.rank));
    const raised = tensors.map((x) => core.reshape(x, [...Array<number>(rank - x.rank).fill(1), ...x.shape]));
    const joined = (value: unknown, level: number): Tensor => {
      if (!Array.isArray(value)) return raised.shift() as Tensor;
      const parts = value.map((part) => joined(part, level + 1));
      return core.concat(parts, rank - depth + level);
    };
    return joined(arrays, 0);
  });
});

/** Differences to both neighbours over their distance, along each axis or those named; at the ends to the one there is. */
export const gradient: (
  f: ArrayLike,
  ...args: readonly unknown[]
  // biome-ignore lint/suspicious/noExplicitAny: a list where there are several axes.
) => any = define(
  "jax.numpy.gradient",
  { f: arrayLike, "*varargs": arrayLike, axis: ints.or(null), edge_order: only(null) },
  ({ f, varargs, axis }) => {
    const fn = "gradient";
    const x = inexact(fn, "f", f);
    const stepped = (spacing: ArrayLike): [Tensor, Tensor] =>
      promotedReal(fn, { f, varargs: spacing }) as [Tensor, Tensor];
    const axes = axesOf(fn, axis, x.rank);
    const spacings = varargs as unknown as readonly ArrayLike[];
    if (spacings.length > 1 && spacings.length !== axes.length)
      throw new ArgumentError({
        op: fn,
        argument: "varargs",
        expected: `none, one or ${axes.length}`,
        given: `${spacings.length}`,
      });
    const results = axes.map((d, i) =>
      run(() => {
        const [values, spacing] = stepped(spacings[spacings.length > 1 ? i : 0] ?? 1);
        return along(fn, values, d, spacing);
      }),
    );
    return results.length === 1 ? results[0] : results;
  },
);
function along(fn: string, x: Tensor, axis: number, spacing: Tensor): Tensor {
  const n = x.shape[axis] as number;
  if (n < 2)
    throw new ShapeError({ op: fn, argument: "f", expected: `2 elements or more along axis ${axis}`, given: `${n}` });
  const part = (from: number, to: number): Tensor => core.sliceAlong(x, axis, from, to);
  const ends = [core.sub(part(1, 2), part(0, 1)), core.sub(part(n - 1, n), part(n - 2, n - 1))] as const;
  if (spacing.rank === 0) {
    const inner = core.mul(core.sub(part(2, n), part(0, n - 2)), 0.5);
    return core.div(core.concat(n > 2 ? [ends[0], inner, ends[1]] : [...ends], axis), spacing);
  }
  const shape = (t: Tensor): Tensor =>
    core.reshape(
      t,
      x.shape.map((_, d) => (d === axis ? t.size : 1)),
    );
  if (spacing.rank !== 1 || spacing.size !== n)
    throw new ShapeError({
      op: fn,
      argument: "varargs",
      expected: `a number, or ${n} coordinates`,
      given: core.formatShape(spacing.shape),
    });
  const steps = core.sub(core.sliceAlong(spacing, 0, 1, n), core.sliceAlong(spacing, 0, 0, n - 1));
  const [before, after] = [shape(core.sliceAlong(steps, 0, 0, n - 2)), shape(core.sliceAlong(steps, 0, 1, n - 1))];
  const first = core.div(ends[0], core.reshape(core.sliceAlong(steps, 0, 0, 1), []));
  const last = core.div(ends[1], core.reshape(core.sliceAlong(steps, 0, n - 2, n - 1), []));
  if (n === 2) return core.concat([first, last], axis);
  const sum = core.add(before, after);
  const a = core.neg(core.div(after, core.mul(before, sum)));
  const b = core.div(core.sub(after, before), core.mul(before, after));
  const c = core.div(before, core.mul(after, sum));
  const inner = core.add(core.add(core.mul(a, part(0, n - 2)), core.mul(b, part(1, n - 1))), core.mul(c, part(2, n)));
  return core.concat([first, inner, last], axis);
}

/** Steps of more than half a period between neighbours along an axis taken back by whole periods. */
export const unwrap = declared<[p: ArrayLike], [discont: number | null, axis: number, period: number]>()(
  "jax.numpy.unwrap",
  { p: arrayLike, discont: number.or(null), axis: int.or(-1), period: number.or(2 * Math.PI) },
  ({ p, discont, axis, period }) =>
    run(() => {
      const x = inexact("unwrap", "p", p);
      const at = axisOf("unwrap", axis, x.rank);
      const n = x.shape[at] as number;
      if (n < 2) return x;
      const steps = core.sub(core.sliceAlong(x, at, 1, n), core.sliceAlong(x, at, 0, n - 1));
      const half = period / 2;
      const wrapped = core.sub(core.remainder(core.add(steps, half), core.full([], period, x.dtype)), half);
      const upper = core.where(core.logicalAnd(core.equal(wrapped, -half), core.greater(steps, 0)), half, wrapped);
      const correction = core.where(core.less(core.abs(steps), discont ?? half), 0, core.sub(upper, steps));
      const moved = core.add(core.sliceAlong(x, at, 1, n), core.cumsum(correction, { axis: at }));
      return core.concat([core.sliceAlong(x, at, 0, 1), moved], at);
    }),
);

/** `func1d` of every line along an axis; what it gives stands in the place of that axis. */
export const apply_along_axis: (
  // biome-ignore lint/suspicious/noExplicitAny: of a line and what else is given.
  func1d: (line: any, ...args: any[]) => any,
  axis: number,
  arr: ArrayLike,
  ...args: readonly unknown[]
) => JaxArray = define(
  "jax.numpy.apply_along_axis",
  { func1d: func, axis: int, arr: arrayLike, "*args": any, "**kwargs": any },
  ({ func1d, axis, arr, args, kwargs }) => {
    const x = operand("apply_along_axis", "arr", arr);
    const at = axisOf("apply_along_axis", axis, x.rank);
    const own = kwargs as unknown as object;
    const rest = [...(args as unknown as unknown[]), ...(Object.keys(own).length > 0 ? [own] : [])];
    // The innermost map is over the axis next to the line.
    let f = (line: JaxArray): unknown => func1d(line, ...rest);
    for (let i = 0; i < x.rank - at - 1; i++) f = vmap(f, { in_axes: 1, out_axes: -1 }) as typeof f;
    for (let i = 0; i < at; i++) f = vmap(f, { in_axes: 0, out_axes: 0 }) as typeof f;
    return f(new JaxArray(x)) as JaxArray;
  },
) as never;
/** `func(a, axis)` for one axis after another; an axis that it takes away comes back with extent 1. */
export const apply_over_axes: (
  // biome-ignore lint/suspicious/noExplicitAny: of an array and an axis.
  func: (a: any, axis: number) => any,
  a: ArrayLike,
  axes: number | readonly number[],
) => JaxArray = define("jax.numpy.apply_over_axes", { func, a: arrayLike, axes: ints }, ({ func, a, axes }) => {
  let x = new JaxArray(operand("apply_over_axes", "a", a));
  for (const axis of typeof axes === "number" ? [axes] : axes) {
    const at = axisOf("apply_over_axes", axis, x.ndim);
    const y = func(x, at) as JaxArray;
    x = y.ndim === x.ndim ? y : run(() => core.reshape(y.core, y.shape.toSpliced(at, 0, 1)));
  }
  return x;
});

/** A function of single values as one of arrays, which broadcast. With `signature` "(n),(n)->()" of lines, by the names of their dimensions. */
export const vectorize: (
  // biome-ignore lint/suspicious/noExplicitAny: functions of any arguments.
  pyfunc: (...args: any[]) => any,
  options?: { excluded?: readonly number[]; signature?: string | null },
  // biome-ignore lint/suspicious/noExplicitAny: whatever it returns.
) => (...args: any[]) => any = define(
  "jax.numpy.vectorize",
  { pyfunc: func, "*": null, excluded: listOf(int).or([]), signature: string.or(null) },
  ({ pyfunc, excluded, signature }) => {
    const cores = signature === null ? undefined : coresOf(signature);
    return (...args: unknown[]) => {
      const mapped = args.flatMap((_, i) => (excluded.includes(i as never) ? [] : [i]));
      const given = mapped.map((i) => new JaxArray(operand("vectorize", `args[${i}]`, args[i] as ArrayLike)));
      if (cores && cores.length !== given.length)
        throw new ArgumentError({
          op: "vectorize",
          argument: "args",
          expected: `${cores.length}, as the signature says`,
          given: `${given.length}`,
        });
      const outer = given.map((x, k) => x.shape.slice(0, x.ndim - (cores?.[k] ?? 0)));
      const rank = Math.max(0, ...outer.map((shape) => shape.length));
      let f = (...xs: unknown[]): unknown => {
        const all = [...args];
        for (const [k, i] of mapped.entries()) all[i] = xs[k];
        return pyfunc(...all);
      };
      // From the innermost axis that is mapped to the outermost; an array without it is the same for all.
      for (let d = rank - 1; d >= 0; d--) {
        const axes = outer.map((shape) =>
          shape.length >= rank - d && (shape[shape.length - rank + d] as number) !== 1 ? 0 : null,
        );
        const drop = outer.map((shape) => shape.length >= rank - d && shape[shape.length - rank + d] === 1);
        const inner = f;
        f = (...xs: unknown[]) => {
          const ready = xs.map((x, k) =>
            drop[k] ? run(() => core.reshape((x as JaxArray).core, (x as JaxArray).shape.slice(1))) : x,
          );
          if (axes.every((axis) => axis === null)) {
            const y = inner(...ready) as JaxArray;
            return run(() => core.reshape(y.core, [1, ...y.shape]));
          }
          return vmap(inner, { in_axes: axes })(...ready);
        };
      }
      return f(...given);
    };
  },
) as never;
/** How many dimensions each argument of a signature has by itself. */
function coresOf(signature: string): number[] {
  const text = signature.replace(/\s/g, "");
  if (!/^(\((\w+(,\w+)*)?\)(,\((\w+(,\w+)*)?\))*)?->/.test(text))
    throw new ArgumentError({
      op: "vectorize",
      argument: "signature",
      expected: 'as "(n),(n)->()"',
      given: show(signature),
    });
  const [inputs] = text.split("->") as [string];
  return [...inputs.matchAll(/\(([^)]*)\)/g)].map(([, names]) =>
    names === "" ? 0 : (names as string).split(",").length,
  );
}
