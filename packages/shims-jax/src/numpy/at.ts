// Indexed updates: x.at(...index) stands for x.at[...index], whose methods give a new array.
import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import {
  bool,
  defineMethod,
  func,
  int,
  type Keywords,
  Kind,
  listOf,
  number,
  only,
  show,
  signature,
} from "@facet/dialect";
import { arrayLike } from "../arguments.js";
import { type ArrayLike, computable, converted, type IndexPart, JaxArray, operand, run } from "../array.js";
import { resolve } from "./indexing.js";

/** One part of an index: as of Array.slice, "..." for all dimensions that are not named, or an Array of positions or of truth. */
export type AtPart = IndexPart | "..." | JaxArray;

type Mode = "drop" | "fill" | "clip" | "promise_in_bounds" | null;
const MODES = ["drop", "fill", "clip", "promise_in_bounds"];
const mode = new Kind<Mode>(MODES.map(show).join(" or "), (x) => MODES.includes(x as string)).or(null);
const OPTIONS = {
  "*": null,
  indices_are_sorted: bool.or(false),
  unique_indices: bool.or(false),
  mode,
  out_sharding: only(null),
  wrap_negative_indices: bool.or(true),
} as const;
interface Options {
  unique_indices: boolean;
  mode: Mode;
  wrap_negative_indices: boolean;
}
type Given = Keywords<Options & { indices_are_sorted: boolean; out_sharding: null }>;

const drops = (mode: Mode): boolean => mode === null || mode === "drop" || mode === "fill";
type Combination = "set" | "add" | "mul" | "min" | "max";
const whole = (part: AtPart): boolean => part === null;

/** An index with a part for each dimension of the array; a mask counts for as many as it has. */
function spread(x: Tensor, index: readonly AtPart[]): AtPart[] {
  const covers = (part: AtPart): number => (part instanceof JaxArray && part.dtype === "bool" ? part.ndim : 1);
  const dots = index.filter((part) => part === "...").length;
  const named = index.filter((part) => part !== "...").reduce((sum: number, part) => sum + covers(part), 0);
  if (dots > 1 || named > x.rank)
    throw new ShapeError({
      op: "at",
      argument: "index",
      expected: `at most ${x.rank} parts, and one "..."`,
      given: `${named} parts, and ${dots} "..."`,
    });
  const rest = Array<null>(x.rank - named).fill(null);
  const at = index.indexOf("...");
  return at < 0 ? [...index, ...rest] : [...index.slice(0, at), ...rest, ...index.slice(at + 1)];
}

/** Where an index lies: everywhere, where a mask holds, at fixed bounds, or at places that the device knows. */
type Place =
  | { kind: "mask"; mask: Tensor; behind: number }
  | { kind: "nowhere"; shape: number[] }
  | { kind: "fixed"; starts: number[]; steps: number[]; extents: number[]; reversed: number[]; shape: number[] }
  | { kind: "places"; within: Extract<Place, { kind: "fixed" }>; indices: (Tensor | null)[] };

function placeOf(x: Tensor, index: readonly AtPart[], { mode, wrap_negative_indices }: Options): Place {
  const parts = spread(x, index);
  const arrays = parts.filter((part) => part instanceof JaxArray);
  const mask = arrays.find(({ dtype }) => dtype === "bool");
  if (mask) {
    if (arrays.length > 1 || !parts.every((part) => part === mask || whole(part)))
      throw new UnsupportedError({
        op: "at",
        argument: "index",
        expected: "a mask by itself, with whole dimensions before and behind it",
        given: "a mask beside other parts",
      });
    const before = parts.indexOf(mask);
    const covered = x.shape.slice(before, before + mask.ndim);
    if (`${covered}` !== `${mask.shape}`)
      throw new ShapeError({
        op: "at",
        argument: "index",
        expected: formatShape(covered),
        given: formatShape(mask.shape),
      });
    const behind = x.rank - before - mask.ndim;
    return { kind: "mask", mask: core.reshape(mask.core, [...mask.shape, ...Array<number>(behind).fill(1)]), behind };
  }
  const within = fixed(x, parts, arrays.length > 0, mode, wrap_negative_indices);
  if (within.kind !== "fixed" || arrays.length === 0) return within;
  const indices = parts.map((part) => {
    if (part instanceof JaxArray) {
      if (core.isFloating(part.dtype))
        throw new core.DtypeError({ op: "at", argument: "index", expected: "integers or a mask", given: part.dtype });
      return converted(part.core, "int32");
    }
    return typeof part === "number" ? core.full([], part, "int32") : null;
  });
  return { kind: "places", within, indices };
}

/** Bounds along each dimension; beside arrays a number is one of them. */
function fixed(x: Tensor, parts: readonly AtPart[], amongArrays: boolean, mode: Mode, wraps: boolean): Place {
  let isNowhere = false;
  const bounds = x.shape.map((extent, d) => {
    const part = parts[d] as IndexPart | JaxArray;
    if (part instanceof JaxArray || (amongArrays && typeof part === "number")) return resolve(null, extent, d);
    if (typeof part !== "number") return resolve(part, extent, d);
    const at = wraps && part < 0 ? part + extent : part;
    if (at >= 0 && at < extent) return resolve(at, extent, d);
    if (drops(mode)) isNowhere = true;
    return resolve(Math.min(Math.max(at, 0), extent - 1), extent, d);
  });
  const extents = bounds.map(({ start, stop, step }) => Math.max(0, Math.ceil((stop - start) / step)));
  const shape = extents.filter((_, d) => !bounds[d]?.dropped);
  if (isNowhere) return { kind: "nowhere", shape };
  return {
    kind: "fixed",
    extents,
    shape,
    reversed: bounds.flatMap(({ step }, d) => (step < 0 ? [d] : [])),
    starts: bounds.map(({ start, step }, d) => (step < 0 ? start + ((extents[d] as number) - 1) * step : start)),
    steps: bounds.map(({ step }) => Math.abs(step)),
  };
}

type Fixed = Extract<Place, { kind: "fixed" }>;
const isAll = (x: Tensor, { extents, steps, reversed }: Fixed): boolean =>
  reversed.length === 0 && extents.every((e, d) => e === x.shape[d]) && steps.every((step) => step === 1);

/** The part at fixed bounds, with all its dimensions. */
function region(x: Tensor, place: Fixed): Tensor {
  if (isAll(x, place)) return x;
  const { starts, steps, extents, reversed } = place;
  if (extents.includes(0)) return core.zeros(extents, x.dtype);
  const ends = extents.map((extent, d) => (starts[d] as number) + (extent - 1) * (steps[d] as number) + 1);
  const part = core.slice(x, starts, ends, steps);
  return reversed.length > 0 ? core.flip(part, reversed) : part;
}
function put(x: Tensor, part: Tensor, place: Fixed): Tensor {
  if (isAll(x, place)) return part;
  if (part.size === 0) return x;
  const turned = place.reversed.length > 0 ? core.flip(part, place.reversed) : part;
  return core.updateSlice(x, turned, place.starts, place.steps);
}

const combine: Readonly<Record<Combination, (a: Tensor, b: Tensor) => Tensor>> = {
  set: (_, b) => b,
  add: (a, b) => (a.dtype === "bool" ? core.logicalOr(a, b) : core.add(a, b)),
  mul: (a, b) => (a.dtype === "bool" ? core.logicalAnd(a, b) : core.mul(a, b)),
  min: (a, b) => (a.dtype === "bool" ? core.logicalAnd(a, b) : core.minimum(a, b)),
  max: (a, b) => (a.dtype === "bool" ? core.logicalOr(a, b) : core.maximum(a, b)),
};

/** Values in the shape of what they replace. */
function spreadTo(fn: string, value: Tensor, shape: readonly number[]): Tensor {
  const own = value.shape.slice(Math.max(0, value.rank - shape.length));
  const extra = value.shape.slice(0, value.rank - own.length);
  const fits =
    extra.every((e) => e === 1) && own.every((e, i) => e === 1 || e === shape[shape.length - own.length + i]);
  if (!fits)
    throw new ShapeError({
      op: fn,
      argument: "values",
      expected: `a shape that broadcasts to ${formatShape(shape)}`,
      given: formatShape(value.shape),
    });
  return core.expand(core.reshape(value, own), shape);
}

/** x with what the index names joined with values. */
function updated(
  fn: string,
  x: Tensor,
  index: readonly AtPart[],
  value: Tensor,
  how: Combination,
  options: Options,
): Tensor {
  const place = placeOf(x, index, options);
  if (place.kind === "nowhere") return x;
  if (place.kind === "mask") {
    if (value.rank > place.behind && value.size !== 1)
      throw new UnsupportedError({
        op: fn,
        argument: "values",
        expected: "a value for all places of a mask, or one that broadcasts behind it",
        given: formatShape(value.shape),
      });
    return core.where(place.mask, combine[how](x, spreadTo(fn, value, x.shape)), x);
  }
  if (place.kind === "fixed") {
    const own = region(x, place);
    const part = core.reshape(spreadTo(fn, value, place.shape), place.extents);
    return put(x, combine[how](own, part), place);
  }
  const { within, indices } = place;
  const own = region(x, within);
  const joined = core.indexPut(own, indices, value, {
    combination: how,
    mode: drops(options.mode) ? "drop" : "clip",
    negative: options.wrap_negative_indices,
    unique: options.unique_indices,
  });
  return put(x, joined, within);
}

/**
 * What the index names; a place that is none reads as `fill`, or without a mode as the nearest, which gets no gradient of it where arrays
 * name it: JAX' bounds of numbers are known before.
 */
function taken(x: Tensor, index: readonly AtPart[], options: Options, fill: number | null): Tensor {
  const other =
    fill ??
    (core.isFloating(x.dtype) ? Number.NaN : x.dtype === "int32" ? -(2 ** 31) : x.dtype === "bool" ? 1 : 2 ** 32 - 1);
  const mode = options.mode ?? "clip";
  const place = placeOf(x, index, { ...options, mode });
  if (place.kind === "nowhere") return core.full(place.shape, other, x.dtype);
  if (place.kind === "mask")
    throw new UnsupportedError({
      op: "at.get",
      argument: "index",
      expected: "positions: how many elements a mask names is not known before they are read",
      given: "a mask",
    });
  if (place.kind === "fixed") return core.reshape(region(x, place), place.shape);
  const own = region(x, place.within);
  const negative = options.wrap_negative_indices;
  if (options.mode === null && core.isFloating(x.dtype)) return core.indexGetNearest(own, place.indices, { negative });
  return core.indexGet(own, place.indices, { mode: drops(mode) ? "drop" : "clip", negative, fill: other });
}

const READ = signature("jax.Array.at.set", { values: arrayLike, ...OPTIONS });
const readApply = signature("jax.Array.at.apply", { func, ...OPTIONS });
const readGet = signature("jax.Array.at.get", {
  "*": null,
  indices_are_sorted: bool.or(false),
  unique_indices: bool.or(false),
  mode,
  fill_value: number.or(null),
  out_sharding: only(null),
  wrap_negative_indices: bool.or(true),
});
type Update = [values: ArrayLike, options?: Given];

/**
 * x.at(...index): its methods return x with the elements that the index names changed. An index out of range changes nothing (`mode` "drop",
 * the default), or is held to the nearest ("clip"); negative ones count from the end. Elements named more than once take every value of
 * add, multiply, min and max, and the last of set.
 */
export class IndexUpdate {
  readonly #x: JaxArray;
  readonly #index: readonly AtPart[];
  constructor(x: JaxArray, index: readonly AtPart[]) {
    this.#x = x;
    this.#index = index;
  }

  #update(fn: string, how: Combination, args: readonly unknown[], prepared = (v: Tensor): Tensor => v): JaxArray {
    const { values, ...options } = READ(args);
    return run(() => {
      const x = computable(`at.${fn}`, "self", this.#x);
      const value = converted(operand(`at.${fn}`, "values", values), x.dtype);
      return updated(`at.${fn}`, x, this.#index, prepared(value), how, options);
    });
  }
  /** What the values make of ones: for functions that a scatter does not have. */
  #factor(fn: string, args: readonly unknown[]): JaxArray {
    const { values, ...options } = READ(args);
    return run(() => {
      const x = computable(`at.${fn}`, "self", this.#x);
      const value = converted(operand(`at.${fn}`, "values", values), x.dtype);
      return updated(`at.${fn}`, core.ones(x.shape, x.dtype), this.#index, value, "mul", options);
    });
  }

  set(...args: Update): JaxArray {
    return this.#update("set", "set", args);
  }
  add(...args: Update): JaxArray {
    return this.#update("add", "add", args);
  }
  subtract(...args: Update): JaxArray {
    return this.#update("subtract", "add", args, (v) => (v.dtype === "uint32" ? core.sub(0, v) : core.neg(v)));
  }
  multiply(...args: Update): JaxArray {
    return this.#update("multiply", "mul", args);
  }
  mul(...args: Update): JaxArray {
    return this.#update("mul", "mul", args);
  }
  min(...args: Update): JaxArray {
    return this.#update("min", "min", args);
  }
  max(...args: Update): JaxArray {
    return this.#update("max", "max", args);
  }
  /** Integers give float32, as division does. */
  divide(...args: Update): JaxArray {
    const factor = this.#factor("divide", args);
    return this.#x.div(factor);
  }
  power(...args: Update): JaxArray {
    const factor = this.#factor("power", args);
    return this.#x.pow(factor);
  }
  /** A function of arrays on the elements named. With Arrays in the index `unique_indices` must promise that none is named twice. */
  apply(...args: [func: (x: JaxArray) => JaxArray, options?: Given]): JaxArray {
    const { func, ...options } = readApply(args);
    return run(() => {
      const fn = "at.apply";
      const x = computable(fn, "self", this.#x);
      const place = placeOf(x, this.#index, options);
      if (place.kind === "nowhere") return x;
      const changed = (of: Tensor): Tensor => {
        const y = func(new JaxArray(of)) as unknown;
        if (y instanceof JaxArray && `${y.shape}` === `${of.shape}`) return converted(y.core, x.dtype);
        const given = show(y);
        throw new ArgumentError({
          op: fn,
          argument: "func",
          expected: `an Array ${formatShape(of.shape)} as result`,
          given,
        });
      };
      if (place.kind === "mask") return core.where(place.mask, changed(x), x);
      if (place.kind === "fixed") return put(x, changed(region(x, place)), place);
      if (!options.unique_indices)
        throw new UnsupportedError({
          op: fn,
          argument: "unique_indices",
          expected: "true beside Arrays",
          given: "false",
        });
      const found = taken(x, this.#index, { ...options, mode: "clip" }, null);
      return updated(fn, x, this.#index, changed(found), "set", options);
    });
  }
  /** The elements named. An index out of range reads the nearest element, or with "fill" `fill_value` (NaN, the least integer, true). */
  get(
    ...args: [
      options?: Keywords<Options & { indices_are_sorted: boolean; out_sharding: null; fill_value: number | null }>,
    ]
  ): JaxArray {
    const { fill_value, ...options } = readGet(args);
    const mode = options.mode ?? (fill_value === null ? null : "fill");
    return run(() => taken(computable("at.get", "self", this.#x), this.#index, { ...options, mode }, fill_value));
  }
}

const bound = int.orNone.either(new Kind<undefined>("undefined", (x) => x === undefined));
const part = new Kind<AtPart>(
  'positions, [start, stop, step], null, "..." or Arrays',
  (x) =>
    x === null ||
    x === "..." ||
    int.accepts(x) ||
    x instanceof JaxArray ||
    (listOf(bound).accepts(x) && (x as readonly unknown[]).length <= 3),
);
const at: (self: JaxArray, ...index: AtPart[]) => IndexUpdate = defineMethod(
  "jax.Array.at",
  { "*index": part },
  (self: JaxArray, { index }) => new IndexUpdate(self, index as readonly AtPart[]),
);
export const atMethods = {
  /** `x.at[0, 1:3].set(v)` is `x.at(0, [1, 3]).set(v)`. */
  at,
};
