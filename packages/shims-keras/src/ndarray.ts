import { ArgumentError, DtypeError, formatShape, type NestedArray, ShapeError, sizeOf } from "@facet/autograd";
import {
  arrayRepr,
  arrayText,
  int,
  Kind,
  listOf,
  number,
  oneOf,
  type Printable,
  primitiveOf,
  show,
  signature,
} from "@facet/dialect";

const OPERATORS = {
  add: "x.add(y)",
  arithmetic: "x.mul(y), x.sub(y), x.div(y)",
  comparison: "a loop over x.data",
};

const ARRAYS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

export type NdDtype = keyof typeof ARRAYS;
export type NdData = Uint8Array | Int32Array | Float32Array | Float64Array;

const isData = (value: unknown): value is NdData => Object.values(ARRAYS).some((array) => value instanceof array);
const data = new Kind<NdData>("a Uint8Array, Int32Array, Float32Array or Float64Array", isData);
const extents = listOf(int.where("an integer of at least 0", (extent) => extent >= 0));
const dtypes = oneOf("bool", "uint8", "int32", "float32", "float64");

const readConstructor = signature("keras.NdArray", { data, shape: extents, dtype: dtypes.or(null) });
const operand = new Kind<number | NdArray>(
  "a number or an NdArray",
  (value) => typeof value === "number" || value instanceof NdArray,
);
const readAdd = signature("keras.NdArray.add", { other: operand });
const readSub = signature("keras.NdArray.sub", { other: operand });
const readMul = signature("keras.NdArray.mul", { other: operand });
const readDiv = signature("keras.NdArray.div", { other: operand });
const readAstype = signature("keras.NdArray.astype", { dtype: dtypes });
const readReshape = signature("keras.NdArray.reshape", { "*shape": int.either(listOf(int)) });
const readExpandDims = signature("keras.NdArray.expandDims", { axis: int.or(-1) });
const readSlice = signature("keras.NdArray.slice", { start: int.or(0), stop: int.or(null) });
const readTolist = signature("keras.NdArray.tolist", {});
const readArgmax = signature("keras.NdArray.argmax", {});
const readShow = signature("keras.NdArray.show", {});

/**
 * An array on the host, what a NumPy array is to Keras: data sets, labels, weights and predictions come as these.
 * Row major; methods return new arrays, reshape and slice share the memory. Operators are methods: `x / 255` is `x.div(255)`.
 */
export class NdArray {
  readonly shape: readonly number[];
  readonly dtype: NdDtype;
  readonly data: NdData;

  /** Bytes are uint8 unless said to be bool. Throws ShapeError when the elements do not fill the shape. */
  constructor(...args: [data: NdData, shape: readonly number[], dtype?: NdDtype | null]) {
    const given = readConstructor(args);
    if (sizeOf(given.shape) !== given.data.length) {
      const expected = `${sizeOf(given.shape)} elements for shape ${formatShape(given.shape)}`;
      throw new ShapeError({ op: "NdArray", argument: "data", expected, given: `${given.data.length}` });
    }
    const own = dtypeOf(given.data);
    this.data = given.data;
    this.shape = [...given.shape];
    this.dtype = given.dtype ?? own;
    if (ARRAYS[this.dtype] === ARRAYS[own]) return;
    throw new DtypeError({ op: "NdArray", argument: "dtype", expected: own, given: this.dtype });
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

  astype(...args: [dtype: NdDtype]): NdArray {
    const { dtype } = readAstype(args);
    const result = new ARRAYS[dtype](this.data.length);
    if (dtype === "bool") for (let i = 0; i < result.length; i++) result[i] = this.data[i] === 0 ? 0 : 1;
    else result.set(this.data);
    return new NdArray(result, this.shape, dtype);
  }

  add(...args: [other: number | NdArray]): NdArray {
    const { other } = readAdd(args);
    return this.#map("add", other, (a, b) => a + b);
  }

  sub(...args: [other: number | NdArray]): NdArray {
    const { other } = readSub(args);
    return this.#map("sub", other, (a, b) => a - b);
  }

  mul(...args: [other: number | NdArray]): NdArray {
    const { other } = readMul(args);
    return this.#map("mul", other, (a, b) => a * b);
  }

  /** True division: integers give float64, as in NumPy. */
  div(...args: [other: number | NdArray]): NdArray {
    const { other } = readDiv(args);
    return this.#map("div", other, (a, b) => a / b, true);
  }

  /**
   * A number keeps the dtype of float arrays, and of integer ones where it is whole; anything else gives float64, as NumPy
   * does for Python's numbers. Integers wrap.
   */
  #map(op: string, other: number | NdArray, f: (a: number, b: number) => number, real = false): NdArray {
    const logical = this.dtype === "bool" || (other instanceof NdArray && other.dtype === "bool");
    if (logical) {
      const expected = 'numbers: astype("int32") makes them of bools';
      throw new DtypeError({ op, argument: "other", expected, given: "bool" });
    }
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
  reshape(...args: number[] | [readonly number[]]): NdArray {
    const shape = readReshape(args).shape as readonly unknown[];
    const wanted = (Array.isArray(shape[0]) ? shape[0] : shape) as readonly number[];
    const known = wanted.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
    const result = wanted.map((extent) => (extent === -1 ? this.size / known : extent));
    if (sizeOf(result) !== this.size || !result.every((extent) => Number.isInteger(extent) && extent >= 0)) {
      const expected = `a shape of ${this.size} elements`;
      throw new ShapeError({ op: "reshape", argument: "shape", expected, given: formatShape(wanted) });
    }
    return new NdArray(this.data, result, this.dtype);
  }

  /** A new dimension of extent 1: `np.expand_dims(x, axis)`. */
  expandDims(...args: [axis?: number]): NdArray {
    const { axis } = readExpandDims(args);
    const at = axis < 0 ? axis + this.ndim + 1 : axis;
    if (!(at >= 0 && at <= this.ndim)) {
      const expected = `an integer from ${-this.ndim - 1} to ${this.ndim}`;
      throw new ArgumentError({ op: "expand_dims", argument: "axis", expected, given: `${axis}` });
    }
    return new NdArray(this.data, [...this.shape.slice(0, at), 1, ...this.shape.slice(at)], this.dtype);
  }

  /** Rows start to stop of the first dimension, `x[start:stop]`: negative bounds count from the end. A view. */
  slice(...args: [start?: number, stop?: number | null]): NdArray {
    const { start, stop } = readSlice(args);
    if (this.ndim === 0)
      throw new ShapeError({ op: "slice", argument: "self", expected: "at least one dimension", given: "[]" });
    const clip = (bound: number): number => Math.max(0, Math.min(this.length, bound < 0 ? bound + this.length : bound));
    const from = clip(start);
    const to = Math.max(from, clip(stop ?? this.length));
    const row = sizeOf(this.shape.slice(1));
    return new NdArray(this.data.subarray(from * row, to * row), [to - from, ...this.shape.slice(1)], this.dtype);
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

  /** What JSON.stringify writes: nested arrays. */
  toJSON(..._key: readonly unknown[]): NestedArray {
    return this.tolist();
  }

  /** Nested arrays; bools as true and false. */
  tolist(...args: []): NestedArray {
    readTolist(args);
    const logical = this.dtype === "bool";
    let at = 0;
    const build = (depth: number): NestedArray => {
      if (depth < this.ndim) return Array.from({ length: this.shape[depth] as number }, () => build(depth + 1));
      const value = this.data[at++] as number;
      return logical ? value !== 0 : value;
    };
    return build(0);
  }

  /** Index of the largest element along the last dimension, int32. */
  argmax(...args: []): NdArray {
    readArgmax(args);
    const columns = this.shape.at(-1) ?? 1;
    if (columns === 0) {
      const expected = "at least one element along the last dimension";
      throw new ShapeError({ op: "argmax", argument: "self", expected, given: formatShape(this.shape) });
    }
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

function dtypeOf(values: NdData): Exclude<NdDtype, "bool"> {
  if (values instanceof Uint8Array) return "uint8";
  if (values instanceof Int32Array) return "int32";
  return values instanceof Float32Array ? "float32" : "float64";
}

/** What stands for an array on the host. */
export type HostArray = NdArray | NdData | NestedArray;

/** Lists that are nested deeper than any array hold themselves. */
const DEEPEST = 64;

/** Nested lists of numbers and booleans as an array: bool where all are booleans, else float32. */
function fromNested(op: string, nested: unknown): NdArray {
  const shape: number[] = [];
  for (let level = nested; Array.isArray(level) && shape.length <= DEEPEST; level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  if (shape.length > DEEPEST)
    throw new ShapeError({ op, argument: "data", expected: `at most ${DEEPEST} dimensions`, given: "more" });
  const values: number[] = [];
  let logical = true;
  const visit = (level: unknown, depth: number): void => {
    if (Array.isArray(level)) {
      if (level.length !== shape[depth]) {
        const expected =
          depth < shape.length ? `rows of equal length ${shape[depth]}` : `nesting of depth ${shape.length}`;
        throw new ShapeError({ op, argument: "data", expected, given: `a row of ${level.length}` });
      }
      // By index: a hole is an element too.
      for (let i = 0; i < level.length; i++) visit(level[i], depth + 1);
      return;
    }
    if (typeof level !== "number" && typeof level !== "boolean")
      throw new DtypeError({ op, argument: "data", expected: "numbers or booleans", given: show(level) });
    if (depth !== shape.length) {
      const expected = `nesting of depth ${shape.length}`;
      throw new ShapeError({ op, argument: "data", expected, given: `a number at depth ${depth}` });
    }
    if (typeof level === "number") logical = false;
    values.push(Number(level));
  };
  visit(nested, 0);
  return logical && values.length > 0
    ? new NdArray(Uint8Array.from(values), shape, "bool")
    : new NdArray(Float32Array.from(values), shape);
}

/** Host data as an array. Throws DtypeError on elements that are no numbers, ShapeError on ragged lists. */
export function hostData(op: string, value: unknown): NdArray {
  if (value instanceof NdArray) return value;
  if (isData(value)) return new NdArray(value, [value.length]);
  if (Array.isArray(value) || typeof value === "number" || typeof value === "boolean") return fromNested(op, value);
  const expected = "an NdArray, a Uint8Array, Int32Array, Float32Array or Float64Array, or nested lists of numbers";
  throw new DtypeError({ op, argument: "data", expected, given: show(value) });
}

const readNdarray = signature("keras.ndarray", {
  data: new Kind<HostArray>(
    "an NdArray, a typed array or nested lists of numbers",
    (value) => !(value === null || value === undefined),
  ),
  shape: listOf(number).or(null),
});

/** A host array from a typed array and a shape (default one dimension), or from nested arrays: float32, bools bool. */
export function ndarray(...args: [data: HostArray, shape?: readonly number[] | null]): NdArray {
  const given = readNdarray(args);
  const array = hostData("ndarray", given.data);
  return given.shape ? array.reshape(given.shape) : array;
}

/** Rows of an array by index, as elements of another typed array: how batches are put together. */
export function gatherRows<T extends Float32Array | Int32Array | Uint8Array>(
  source: NdArray,
  rows: ArrayLike<number>,
  target: T,
): T {
  const row = sizeOf(source.shape.slice(1));
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * row;
    target.set(source.data.subarray(start, start + row), i * row);
  }
  return target;
}
