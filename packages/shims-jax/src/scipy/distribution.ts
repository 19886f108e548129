// How jax.scipy.stats names its distributions: a table of formulas of a sample and parameters, which broadcast, in float32.
import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { define, type Keywords } from "@facet/dialect";
import { arrayLike } from "../arguments.js";
import { type ArrayLike, type JaxArray, run } from "../array.js";
import { promotedReal } from "../numpy/ufunc.js";

type Named<P extends string> = { readonly [K in P]: Tensor };
type Formula<P extends string> = (t: Named<P>) => Tensor;
/** A function of the parameters in their order; `loc` and `scale` may be left out. */
export type Density = (
  x: ArrayLike,
  ...parameters: readonly (ArrayLike | Keywords<Readonly<Record<string, ArrayLike>>>)[]
) => JaxArray;

/** Functions of one distribution by name; `parameters` are theirs, those with a number have a default. */
export function distribution<
  const P extends Readonly<Record<string, number | null>>,
  const F extends Readonly<Record<string, Formula<string>>>,
>(
  name: string,
  parameters: P,
  formulas: F,
  others: Readonly<Record<string, readonly string[]>> = {},
): { readonly [K in keyof F]: Density } {
  const functions = Object.entries(formulas).map(([fn, formula]) => {
    const names = others[fn] ?? Object.keys(parameters);
    const rules = Object.fromEntries(
      names.map((each) => {
        const otherwise = parameters[each] ?? null;
        return [each, otherwise === null ? arrayLike : arrayLike.or(otherwise)];
      }),
    );
    const own = define(`jax.scipy.stats.${name}.${fn}`, rules, (values: Record<string, unknown>) =>
      run(() => {
        const given: Record<string, ArrayLike> = {};
        for (const [each, otherwise] of Object.entries(parameters))
          given[each] = (values[each] ?? otherwise ?? 0) as ArrayLike;
        for (const each of names) given[each] ??= values[each] as ArrayLike;
        const tensors = promotedReal(fn, given);
        return formula(Object.fromEntries(Object.keys(given).map((each, i) => [each, tensors[i] as Tensor])));
      }),
    );
    return [fn, own];
  });
  return Object.fromEntries(functions);
}

/** Where a condition holds, else a number. */
export const within = (condition: Tensor, y: Tensor, otherwise = Number.NEGATIVE_INFINITY): Tensor =>
  core.where(condition, y, otherwise);
export const both = core.logicalAnd;
/** (x - loc) / scale. */
export const standard = ({ x, loc, scale }: Named<string>): Tensor =>
  core.div(core.sub(x as Tensor, loc as Tensor), scale as Tensor);
/** log(1 - e^x). */
export const log1mexp = (x: Tensor): Tensor => core.log1p(core.neg(core.exp(x)));
