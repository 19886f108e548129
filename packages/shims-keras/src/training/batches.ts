// Where batches come from: a data set that is held on the device, or one that is sent batch by batch.
import {
  type Tensor as CoreTensor,
  empty,
  fitsOnDevice,
  fromData,
  ResidentRows,
  residentTensor,
  u8ToF32,
} from "@facet/autograd";
import { gatherRows, type NdArray } from "../ndarray.js";
import { type Shape, Tensor } from "../tensor.js";
import { codeFloats } from "./codes.js";
import { type DataSet, fitRank } from "./data.js";

/** Samples on the device, as a model takes them. */
export interface Batch {
  readonly x: readonly Tensor[];
  readonly y: Tensor | undefined;
  readonly weights: Tensor | undefined;
  readonly count: number;
}

/**
 * A data set as batches. A feed is all that differs between two batches; `batch` makes the samples of it by ops alone, so that
 * feeds of the same shapes launch the same kernels on the same memory. Both leave tensors to the scope around. The samples
 * have the same bits wherever they come from.
 */
export interface Batches {
  /** The same for batches that `batch` makes in the same way from feeds of the same shapes. */
  readonly key: string;
  /** Order in which samples go by from now on; undefined for that of the data. */
  setOrder(order: Int32Array | undefined): void;
  /** Samples start to stop of the order. */
  feed(start: number, stop: number): CoreTensor[];
  batch(feed: readonly CoreTensor[]): Batch;
  dispose(): void;
}

/** One array of a data set. Targets that are integers stay so; everything else reaches a model as float32. */
interface Part {
  readonly array: NdArray;
  readonly integers: boolean;
}

function partsOf({ x, y, weights }: DataSet, inputShapes: readonly Shape[] | undefined): Part[] {
  const parts = x.map((array, i): Part => ({ array: fitRank(array, inputShapes?.[i]), integers: false }));
  if (y) parts.push({ array: y, integers: !y.dtype.startsWith("float") });
  if (weights) parts.push({ array: weights, integers: false });
  return parts;
}

function assemble(data: DataSet, tensors: readonly CoreTensor[], count: number): Batch {
  const wrapped = tensors.map((tensor) => new Tensor(tensor));
  return {
    x: wrapped.slice(0, data.x.length),
    y: data.y && wrapped[data.x.length],
    weights: data.weights && wrapped.at(-1),
    count,
  };
}

/** Batches sent from the host, bytes as bytes. */
export class StreamedBatches implements Batches {
  readonly key: string;
  readonly #data: DataSet;
  readonly #parts: readonly Part[];
  #order: Int32Array | undefined;

  constructor(data: DataSet, inputShapes: readonly Shape[] | undefined) {
    this.#data = data;
    this.#parts = partsOf(data, inputShapes);
    this.key = `streamed ${data.x.length} ${data.y !== undefined} ${data.weights !== undefined}`;
  }

  setOrder(order: Int32Array | undefined): void {
    this.#order = order;
  }

  feed(start: number, stop: number): CoreTensor[] {
    const rows = this.#order?.subarray(start, stop);
    return this.#parts.map(({ array, integers }) => {
      const dtype = integers ? "int32" : array.dtype === "uint8" ? "uint8" : "float32";
      const kind = { int32: Int32Array, uint8: Uint8Array, float32: Float32Array }[dtype];
      const { data, shape } = array.slice(start, stop);
      if (rows) return fromData(gatherRows(array, rows, new kind(data.length)), shape, dtype);
      return fromData(data instanceof kind ? data : new kind(data), shape, dtype);
    });
  }

  batch(feed: readonly CoreTensor[]): Batch {
    const tensors = feed.map((tensor) => (tensor.dtype === "uint8" ? u8ToF32(tensor, { divisor: 1 }) : tensor));
    return assemble(this.#data, tensors, feed[0]?.shape[0] as number);
  }

  dispose(): void {}
}

/** What a part is on the device. */
interface Encoded {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int32Array | Float32Array;
  /** What bytes stand for. */
  readonly table?: Float32Array;
}

function encode({ array, integers }: Part): Encoded {
  const { data, shape } = array;
  if (integers) return { shape, data: data instanceof Int32Array ? data : new Int32Array(data) };
  if (data instanceof Uint8Array) return { shape, data, table: Float32Array.from({ length: 256 }, (_, byte) => byte) };
  const floats = data instanceof Float32Array ? data : new Float32Array(data);
  const coded = codeFloats(floats);
  return coded ? { shape, data: coded.codes, table: coded.table } : { shape, data: floats };
}

let residents = 0;

/** Batches gathered by index from arrays on the device: a feed is the index, copied there out of the order. */
class ResidentBatches implements Batches {
  readonly key = `resident ${residents++}`;
  readonly #data: DataSet;
  readonly #rows: readonly ResidentRows[];
  readonly #order: CoreTensor;

  constructor(data: DataSet, parts: readonly Encoded[]) {
    this.#data = data;
    this.#rows = parts.map(({ data: values, shape, table }) => {
      const entries = table && residentTensor(table, [256]);
      const rows = new ResidentRows(values, shape, entries);
      entries?.dispose();
      return rows;
    });
    this.#order = residentTensor(inOrder(data.count), [data.count]);
  }

  setOrder(order: Int32Array | undefined): void {
    this.#order.storage.device.queue.write(this.#order.view, order ?? inOrder(this.#data.count));
  }

  feed(start: number, stop: number): CoreTensor[] {
    const index = empty([stop - start], "int32", "dataset");
    const part = this.#order.alias([stop - start], 4 * start);
    index.storage.device.queue.copy(part.view, index.view);
    part.dispose();
    return [index];
  }

  batch([index]: readonly CoreTensor[]): Batch {
    const at = index as CoreTensor;
    const tensors = this.#rows.map((rows) => rows.gather(at));
    return assemble(this.#data, tensors, at.size);
  }

  dispose(): void {
    for (const rows of this.#rows) rows.dispose();
    this.#order.dispose();
  }
}

const inOrder = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

/**
 * Batches of data that are gone through again and again: held on the device where they fit beside what is held there already,
 * as bytes where bytes can stand for them; otherwise sent.
 */
export function repeatedBatches(data: DataSet, inputShapes: readonly Shape[] | undefined): Batches {
  const parts = partsOf(data, inputShapes).map(encode);
  const fits = fitsOnDevice(...parts.map(({ data: values }) => values.byteLength), 4 * data.count);
  return fits ? new ResidentBatches(data, parts) : new StreamedBatches(data, inputShapes);
}
