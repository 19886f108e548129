import { ArgumentError, DtypeError, flattenNested, formatShape, type NestedArray, ShapeError } from "@facet/autograd";
import { arrayRepr, arrayText, type Printable, primitiveOf, signature } from "@facet/dialect";

const readShow = signature("keras.NdArray.show", {});

const OPERATORS = {
  add: "x.add(y)",
  arithmetic: "x.mul(y), x.sub(y), x.div(y)",
  comparison: "a loop over x.data",
};

const ARRAYS = {
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export type NdDtype = keyof typeof ARRAYS;
export type NdData = Uint8Array | Int32Array | Float32Array | Float64Array;

const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/**
 * An array on the host, what a NumPy array is to Keras: data sets, labels, weights and predictions come as these.
 * Row major; methods return new arrays, reshape and slice share the memory. Operators are methods: `x / 255` is `x.div(255)`.
 */
export class NdArray {
  readonly shape: readonly number[];
  readonly dtype: NdDtype;
  readonly data: NdData;

  /** Throws ShapeError when the elements do not fill the shape. */
  constructor(data: NdData, shape: readonly number[]) {
    if (size(shape) !== data.length) {
      const expected = `${size(shape)} elements for shape ${formatShape(shape)}`;
      throw new ShapeError({ op: "ndarray", argument: "data", expected, given: `${data.length}` });
    }
    this.data = data;
    this.shape = [...shape];
    this.dtype = dtypeOf(data);
  }

  get ndim(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.data.length;
  }

  /** Extent of the first dimension, as Python's len(). */
  get length(): number {
    return this.shape[0] ?? 0;
  }

  astype(dtype: NdDtype | "bool" | "int64"): NdArray {
    if (!(dtype in ARRAYS)) {
      const expected = Object.keys(ARRAYS).join(", ");
      throw new DtypeError({ op: "astype", argument: "dtype", expected, given: dtype });
    }
    const data = new ARRAYS[dtype as NdDtype](this.data.length);
    data.set(this.data);
    return new NdArray(data, this.shape);
  }

  add(other: number | NdArray): NdArray {
    return this.#map("add", other, (a, b) => a + b);
  }

  sub(other: number | NdArray): NdArray {
    return this.#map("sub", other, (a, b) => a - b);
  }

  mul(other: number | NdArray): NdArray {
    return this.#map("mul", other, (a, b) => a * b);
  }

  /** True division: integers give float64, as in NumPy. */
  div(other: number | NdArray): NdArray {
    return this.#map("div", other, (a, b) => a / b, true);
  }

  /**
   * A number keeps the dtype of float arrays, and of integer ones where it is whole; anything else gives float64, as NumPy
   * does for Python's numbers. Integers wrap.
   */
  #map(op: string, other: number | NdArray, f: (a: number, b: number) => number, real = false): NdArray {
    const float = this.dtype.startsWith("float");
    if (typeof other === "number") {
      const dtype = float || (Number.isInteger(other) && !real) ? this.dtype : "float64";
      const result = new ARRAYS[dtype](this.data.length);
      for (let i = 0; i < result.length; i++) result[i] = f(this.data[i] as number, other);
      return new NdArray(result, this.shape);
    }
    if (`${other.shape}` !== `${this.shape}`) {
      const expected = formatShape(this.shape);
      throw new ShapeError({ op, argument: "other", expected, given: formatShape(other.shape) });
    }
    const dtype = this.dtype === other.dtype && (float || !real) ? this.dtype : "float64";
    const result = new ARRAYS[dtype](this.data.length);
    for (let i = 0; i < result.length; i++) result[i] = f(this.data[i] as number, other.data[i] as number);
    return new NdArray(result, this.shape);
  }

  /** The same elements in another shape; one extent may be -1. */
  reshape(...shape: number[] | [readonly number[]]): NdArray {
    const wanted = (Array.isArray(shape[0]) ? shape[0] : shape) as number[];
    const known = wanted.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
    const result = wanted.map((extent) => (extent === -1 ? this.size / known : extent));
    if (size(result) !== this.size || !result.every((extent) => Number.isInteger(extent) && extent >= 0)) {
      const expected = `a shape of ${this.size} elements`;
      throw new ShapeError({ op: "reshape", argument: "shape", expected, given: formatShape(wanted) });
    }
    return new NdArray(this.data, result);
  }

  /** A new dimension of extent 1: `np.expand_dims(x, axis)`. */
  expandDims(axis = -1): NdArray {
    const at = axis < 0 ? axis + this.ndim + 1 : axis;
    if (!(Number.isInteger(at) && at >= 0 && at <= this.ndim)) {
      const expected = `an integer from ${-this.ndim - 1} to ${this.ndim}`;
      throw new ArgumentError({ op: "expand_dims", argument: "axis", expected, given: `${axis}` });
    }
    return new NdArray(this.data, [...this.shape.slice(0, at), 1, ...this.shape.slice(at)]);
  }

  /** Rows start to stop of the first dimension, `x[start:stop]`: negative bounds count from the end. A view. */
  slice(start = 0, stop = this.length): NdArray {
    const clip = (bound: number): number => Math.max(0, Math.min(this.length, bound < 0 ? bound + this.length : bound));
    const [from, to] = [clip(start), Math.max(clip(start), clip(stop))];
    const row = size(this.shape.slice(1));
    return new NdArray(this.data.subarray(from * row, to * row), [to - from, ...this.shape.slice(1)]);
  }

  /** What Python's print shows of a NumPy array: `[1. 2.]`. */
  toString(): string {
    return arrayText(this.#printable()) as string;
  }

  /** Prints the array as Python's `print(x)` does. */
  show(...args: readonly unknown[]): void {
    readShow(args);
    console.log(this.toString());
  }

  #printable(): Printable {
    return { shape: this.shape, dtype: this.dtype, at: (i) => this.data[i] };
  }

  /** As Python's repr: `array([1., 2.], dtype=float32)`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return arrayRepr(this.#printable()) as string;
  }

  /** Refuses operators, which JavaScript would turn into NaN or text. */
  [Symbol.toPrimitive](hint: string): string {
    return primitiveOf(this, hint, "NdArray", OPERATORS);
  }

  /** Nested arrays. */
  tolist(): NestedArray {
    let at = 0;
    const build = (depth: number): NestedArray =>
      depth === this.ndim
        ? (this.data[at++] as number)
        : Array.from({ length: this.shape[depth] as number }, () => build(depth + 1));
    return build(0);
  }

  /** Index of the largest element along the last dimension, int32. */
  argmax(): NdArray {
    const columns = this.shape.at(-1) ?? 1;
    const result = new Int32Array(this.size / columns);
    for (let row = 0; row < result.length; row++) {
      let best = 0;
      for (let i = 1; i < columns; i++)
        if ((this.data[row * columns + i] as number) > (this.data[row * columns + best] as number)) best = i;
      result[row] = best;
    }
    return new NdArray(result, this.shape.slice(0, -1));
  }
}

function dtypeOf(data: NdData): NdDtype {
  for (const [dtype, array] of Object.entries(ARRAYS)) if (data instanceof array) return dtype as NdDtype;
  throw new DtypeError({
    op: "ndarray",
    argument: "data",
    expected: `a typed array of ${Object.keys(ARRAYS).join(", ")}`,
    given: Object.prototype.toString.call(data),
  });
}

/** What stands for an array on the host. */
export type HostArray = NdArray | NdData | NestedArray;

/** A host array from a typed array and a shape (default one dimension), or from nested arrays of numbers (float32). */
export function ndarray(data: HostArray, shape?: readonly number[]): NdArray {
  if (data instanceof NdArray) return shape ? data.reshape(shape) : data;
  if (ArrayBuffer.isView(data)) return new NdArray(data as NdData, shape ?? [(data as NdData).length]);
  const nested = flattenNested(data as NestedArray);
  const array = new NdArray(Float32Array.from(nested.values, Number), nested.shape);
  return shape ? array.reshape(shape) : array;
}

/** Rows of an array by index, as elements of another typed array: how batches are put together. */
export function gatherRows<T extends Float32Array | Int32Array | Uint8Array>(
  source: NdArray,
  rows: ArrayLike<number>,
  target: T,
): T {
  const row = size(source.shape.slice(1));
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * row;
    target.set(source.data.subarray(start, start + row), i * row);
  }
  return target;
}
