// What the host knows of values on the device, for printing: elements it has put there or has read back.
import { bytesPerElement, type TypedArray } from "./dtype.js";
import { shownPositions } from "./elision.js";
import type { Tensor } from "./tensor.js";

/** Elements of a storage as they were at one version of it, by their place in it. */
export interface KnownValues {
  readonly version: number;
  readonly dtype: Tensor["dtype"];
  /** Index of the first element, in elements from the beginning of the storage. */
  readonly start: number;
  /** All elements, or of many only the outer ones, by their index from `start`. */
  readonly values: ArrayLike<number> | ReadonlyMap<number, number>;
}

/** Of more elements than these only the outer ones are kept: what an elided print shows. */
const MANY = 4096;

/** Keeps what `tensor` holds at `version` of its memory. `owned` says that nobody else will write into `data`. */
export function rememberValues(tensor: Tensor, data: TypedArray, version: number, owned = false): void {
  const values = data.length > MANY ? outer(tensor.shape, data) : owned ? data : data.slice();
  const start = tensor.offset / bytesPerElement(tensor.dtype);
  tensor.storage.known = { version, dtype: tensor.dtype, start, values };
}

const outer = (shape: readonly number[], data: TypedArray): ReadonlyMap<number, number> =>
  new Map(shownPositions(shape).map((place) => [place, data[place] as number]));

/** Element `i` of the tensor, where the host knows it and nothing has been written since; else undefined. */
export function knownValue(tensor: Tensor, i: number): number | undefined {
  if (tensor.disposed) return undefined;
  const { known, version } = tensor.storage;
  if (!known || known.version !== version || known.dtype !== tensor.dtype) return undefined;
  const place = tensor.offset / bytesPerElement(tensor.dtype) + i - known.start;
  return known.values instanceof Map ? known.values.get(place) : (known.values as ArrayLike<number>)[place];
}
