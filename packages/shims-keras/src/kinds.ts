// What Keras' arguments may be, beside the kinds of every dialect.
import { bool, int, Kind, listOf, mapping, nearest, number, oneOf, show, string } from "@facet/dialect";
import { NdArray } from "./ndarray.js";
import { DTYPES, KerasTensor, Tensor, type TensorLike } from "./tensor.js";

/** Nested lists are looked through when their elements are read. */
const isHostData = (value: unknown): boolean =>
  typeof value === "number" ||
  typeof value === "boolean" ||
  Array.isArray(value) ||
  value instanceof NdArray ||
  (ArrayBuffer.isView(value) && !(value instanceof DataView));

const isArray = (value: unknown): boolean => value instanceof Tensor || isHostData(value);

/** Whatever stands for an array: on the device, or on the host. */
export const array = new Kind<TensorLike>(
  "an array (a Tensor, an NdArray, a typed array, nested lists, a number)",
  isArray,
);

/** An array on the host. */
export const hostArray = new Kind<Exclude<TensorLike, Tensor>>(
  "an array on the host (an NdArray, a typed array, nested lists)",
  isHostData,
);

/** An array, or a placeholder of a functional model. */
export const arrayOrPlaceholder = new Kind<TensorLike | KerasTensor>(
  "an array or a placeholder (a Tensor, a KerasTensor, an NdArray, a typed array, nested lists, a number)",
  (value) => isArray(value) || value instanceof KerasTensor,
);

export const wholeNumber = int.where("an integer of at least 0", (value) => value >= 0);

/** Extents of a shape; null for one that is not known yet. */
export const knownShape = listOf(wholeNumber);
export const shape = listOf(int.where("an integer of at least 0, or null", (extent) => extent >= 0).orNone);

export const intOrInts = int.either(listOf(int));
/** One axis, a list of them, or null. */
export const axes = intOrInts.orNone;

export const positive = int.where("a positive integer", (value) => value > 0);
export const atLeastZero = number.where("a number of at least 0", (value) => value >= 0);
export const fraction = number.where("a number from 0 to 1", (value) => value >= 0 && value <= 1);

export const dataFormatKind = oneOf("channels_last", "channels_first").orNone;
/** The dtype of a placeholder. */
export const dtypeKind = oneOf(...DTYPES);
export const padding = oneOf("valid", "same");
/** Whether a call is one of training; null when the call around says. */
export const trainingKind = bool.orNone;
export const nameKind = string.orNone;
/** A weight for every class, by class index. */
export const classWeights = mapping<Readonly<Record<number, number>>>("an object of a weight for each class");

const isPair = (value: unknown, least: number): boolean =>
  Array.isArray(value) &&
  value.length === 2 &&
  [value[0], value[1]].every((part) => Number.isInteger(part) && part >= least);

export type Pair = readonly [number, number];

/** An integer or a pair of them, as Keras takes sizes and strides; `least` is the smallest allowed. */
export const pairOf = (least = 1): Kind<number | Pair> =>
  new Kind<number | Pair>(
    `an integer of at least ${least}, or two of them`,
    (value) => (Number.isInteger(value) && (value as number) >= least) || isPair(value, least),
  );

/** Both directions, frozen: a tuple. */
export const asPair = (value: number | Pair): Pair =>
  Object.freeze(typeof value === "number" ? ([value, value] as const) : ([value[0], value[1]] as const));

/** What stands in the place of a known name, in the words of errors: with the name that it was probably meant to be. */
export function showUnknown(identifier: unknown, names: readonly string[]): string {
  const guess = typeof identifier === "string" ? nearest(identifier, names) : undefined;
  return `${show(identifier)}${guess ? `: did you mean ${guess}?` : ""}`;
}
