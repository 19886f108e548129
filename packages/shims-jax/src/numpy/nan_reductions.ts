// Reductions that leave NaN out.

import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { bool, int, number, only } from "@facet/dialect";
import { array, arrayLike, axes, dtype as dtypeKind, float } from "../arguments.js";
import { type ArrayLike, computable, inexact, type JaxArray, run } from "../array.js";
import { axesOf } from "./axes.js";
import { type Both, both } from "./function.js";
import * as plain from "./reduce.js";

const out = only(null);
const keepdims = bool.or(false);
const initial = arrayLike.or(null);
const where = array.or(null);

const nanAt = (x: Tensor): Tensor => (core.isFloating(x.dtype) ? core.isNan(x) : core.full(x.shape, false, "bool"));
/** x with a value in the place of NaN. */
const filled = (fn: string, a: ArrayLike, value: number): JaxArray =>
  run(() => {
    const x = computable(fn, "a", a);
    return core.isFloating(x.dtype) ? core.where(core.isNan(x), value, x) : x;
  });
/** Where elements count: they are numbers, and a mask holds. */
const counted = (fn: string, a: ArrayLike, mask: JaxArray | null): JaxArray =>
  run(() => {
    const x = computable(fn, "a", a);
    const numbers = core.logicalNot(nanAt(x));
    return mask === null ? numbers : core.logicalAnd(numbers, core.cast(mask.core, "bool"));
  });

type Fn<Rest extends readonly unknown[], Named> = Both<"a", Rest, Named>["fn"];
type SumRest = [
  axis: plain.SumNamed["axis"],
  dtype: plain.SumNamed["dtype"],
  out: null,
  keepdims: boolean,
  initial: plain.SumNamed["initial"],
  where: JaxArray | null,
];
type SumNamed = Omit<plain.SumNamed, "promote_integers">;
const total = (fn: "nansum" | "nanprod", of: typeof plain.sum, neutral: number): Fn<SumRest, SumNamed> =>
  both(fn, "a", { axis: axes, dtype: dtypeKind.or(null), out, keepdims, initial, where }, (a, values) =>
    of({ ...values, a: filled(fn, a, neutral) } as never),
  ).fn;
/** As sum, NaN as 0. */
export const nansum = total("nansum", plain.sum, 0);
/** As prod, NaN as 1. */
export const nanprod = total("nanprod", plain.prod, 1);

type ExtremeRest = [
  axis: plain.ExtremeNamed["axis"],
  out: null,
  keepdims: boolean,
  initial: plain.ExtremeNamed["initial"],
  where: JaxArray | null,
];
const extreme = (fn: "nanmax" | "nanmin", of: typeof plain.max, lowest: number): Fn<ExtremeRest, plain.ExtremeNamed> =>
  both(fn, "a", { axis: axes, out, keepdims, initial, where }, (a, values) => {
    const found = of({ ...values, a: filled(fn, a, lowest) } as never);
    if (values.initial !== null) return found;
    // Where all are NaN, so is the result.
    return run(() => {
      const x = computable(fn, "a", a);
      if (!core.isFloating(x.dtype)) return found.core;
      const none = core.all(core.isNan(x), { axes: axesOf(fn, values.axis, x.rank), keepdims: values.keepdims });
      return core.where(none, Number.NaN, found.core);
    });
  }).fn;
/** As max, without NaN; NaN where all are. */
export const nanmax = extreme("nanmax", plain.max, Number.NEGATIVE_INFINITY);
/** As min, without NaN; NaN where all are. */
export const nanmin = extreme("nanmin", plain.min, Number.POSITIVE_INFINITY);

type MeanRest = [
  axis: plain.MeanNamed["axis"],
  dtype: "float32" | null,
  out: null,
  keepdims: boolean,
  where: JaxArray | null,
];
/** As mean, without NaN; NaN where all are. */
export const nanmean: Fn<MeanRest, plain.MeanNamed> = both(
  "nanmean",
  "a",
  { axis: axes, dtype: float, out, keepdims, where },
  (a, values) =>
    plain.mean({ ...values, a: filled("nanmean", a, 0), where: counted("nanmean", a, values.where) } as never),
).fn;

type SpreadNamed = Omit<plain.SpreadMethodNamed, "correction"> & { mean: JaxArray | null };
type SpreadRest = [
  axis: plain.MeanNamed["axis"],
  dtype: "float32" | null,
  out: null,
  ddof: number,
  keepdims: boolean,
  where: JaxArray | null,
  mean: JaxArray | null,
];
const spread = (fn: "nanvar" | "nanstd", of: typeof plain.std): Fn<SpreadRest, SpreadNamed> =>
  both(
    fn,
    "a",
    { axis: axes, dtype: float, out, ddof: number.or(0), keepdims, where, mean: array.or(null) },
    (a, values) => of({ ...values, a: filled(fn, a, 0), where: counted(fn, a, values.where) } as never),
  ).fn;
/** As var, without NaN. */
export const nanvar = spread("nanvar", plain.var as never);
/** As std, without NaN. */
export const nanstd = spread("nanstd", plain.std);

type ArgRest = [axis: number | null, out: null, keepdims: boolean | null];
const position = (
  fn: "nanargmax" | "nanargmin",
  of: typeof plain.argmax,
  lowest: number,
): Fn<ArgRest, plain.ArgNamed> =>
  both(fn, "a", { axis: int.or(null), out, keepdims: bool.or(null) }, (a, { axis, keepdims }) => {
    const options = { axis, keepdims };
    const found = of({ ...options, a: filled(fn, a, lowest) } as never);
    return run(() => {
      const x = inexact(fn, "a", a);
      const none = core.all(core.isNan(x), { axes: axesOf(fn, axis, x.rank), keepdims: keepdims ?? false });
      return core.where(none, -1, found.core);
    });
  }).fn;
/** As argmax, without NaN; -1 where all are NaN. */
export const nanargmax = position("nanargmax", plain.argmax, Number.NEGATIVE_INFINITY);
/** As argmin, without NaN; -1 where all are NaN. */
export const nanargmin = position("nanargmin", plain.argmin, Number.POSITIVE_INFINITY);
