// layers.add and its like: functions that make a layer of several inputs and call it.
import { define, int } from "@facet/dialect";
import { intOrInts } from "../kinds.js";
import type { KerasTensor, Tensor, TensorLike } from "../tensor.js";
import { inputsKind, type LayerInput, type LayerKeywords } from "./arguments.js";
import { Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract } from "./merge.js";

/** A function that makes a merging layer and calls it: on placeholders a placeholder, on arrays a tensor. */
export interface MergeFunction<More = object> {
  (inputs: LayerInput<KerasTensor>, options?: Partial<More & LayerKeywords>): KerasTensor;
  (inputs: LayerInput<TensorLike>, options?: Partial<More & LayerKeywords>): Tensor;
}
const merged = (name: string, make: (options: object) => unknown, rules: object = {}): never =>
  define(
    `keras.layers.${name}`,
    { inputs: inputsKind, ...rules, "**kwargs": null },
    ({ inputs, kwargs, ...own }: { inputs: unknown; kwargs?: unknown }) =>
      (make({ ...own, ...(kwargs as object) }) as (given: unknown) => unknown)(inputs),
  ) as never;

// biome-ignore lint/suspicious/noExplicitAny: options are read by the class.
type Maker = (options: any) => unknown;
export const add: MergeFunction = merged("add", Add as Maker);
export const subtract: MergeFunction = merged("subtract", Subtract as Maker);
export const multiply: MergeFunction = merged("multiply", Multiply as Maker);
export const average: MergeFunction = merged("average", Average as Maker);
export const maximum: MergeFunction = merged("maximum", Maximum as Maker);
export const minimum: MergeFunction = merged("minimum", Minimum as Maker);
export const concatenate: MergeFunction<{ axis: number }> = merged("concatenate", Concatenate as Maker, {
  axis: int.or(-1),
});
export const dot: MergeFunction<{ axes: number | readonly number[] }> = merged("dot", Dot as Maker, {
  axes: intOrInts.or(-1),
});
