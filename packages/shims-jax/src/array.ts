import {
  ArgumentError,
  adopt,
  cast,
  type Dtype,
  DtypeError,
  full,
  type HoldsTensors,
  hostScalar,
  isFloating,
  isHalf,
  scope,
  Tensor,
  tensorsOf,
  transpose,
  UnsupportedError,
  u8ToF32,
} from "@facet/autograd";
import { arrayText, type Methods, primitiveOf, printable, read, show, signature } from "@facet/dialect";
import type { arrayMethods } from "./array_methods.js";
import { arrayRepr } from "./print.js";

/** What stands for an array in arithmetic: an array, or a JavaScript number or boolean. */
export type ArrayLike = JaxArray | number | boolean;

/** Which dimensions: one, several, or (null or undefined) all. */
export type Axis = number | readonly number[] | null | undefined;

/** One part of an index: a position, [start, stop, step?] as in `start:stop:step`, or null for everything. */
export type IndexPart = number | null | readonly [(number | null)?, (number | null)?, (number | null)?];

const readShow = signature("jax.Array.show", {});

const OPERATORS = {
  add: "a.add(b), a.equal(b)",
  arithmetic: "a.mul(b), a.sub(b), a.div(b), a.pow(b), a.neg()",
  comparison: "a.greater(b), a.greater_equal(b), a.less(b), a.less_equal(b)",
};

export interface JaxArray extends Methods<typeof arrayMethods> {}

/**
 * jax.Array: an immutable array on the device. Operators are methods (`a.add(b)`, `a.matmul(b)`), indexing is `slice`, and
 * reading values is asynchronous (`await x.item()`, `await x.tolist()`). Exported as `Array`; made by `jnp.array` and others.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: array_methods.ts puts what stands in its table on the prototype.
export class JaxArray implements HoldsTensors {
  readonly core: Tensor;

  constructor(core: Tensor) {
    if (!(core instanceof Tensor))
      throw new ArgumentError({
        op: "Array",
        argument: "arguments",
        expected: "to be made by jnp.array, jnp.zeros and the like",
        given: show(core),
      });
    this.core = core;
  }

  *[tensorsOf](): Generator<Tensor> {
    yield this.core;
  }

  get shape(): readonly number[] {
    return this.core.shape;
  }
  /** Name of the element type: one of those that `jnp.float32`, `jnp.bfloat16` and the like are names of. */
  get dtype(): Dtype {
    return this.core.dtype;
  }
  get ndim(): number {
    return this.core.rank;
  }
  /** Number of elements. */
  get size(): number {
    return this.core.size;
  }
  get nbytes(): number {
    return this.size * (this.dtype === "bool" || this.dtype === "uint8" ? 1 : isHalf(this.dtype) ? 2 : 4);
  }
  /** The array with its dimensions reversed. */
  get T(): JaxArray {
    return run(() => transpose(computable("T", "self", this)));
  }

  /**
   * What Python's print shows, `[1. 2.]`, when the host has the values: the array was made of them, or they have been read;
   * otherwise `Array(shape=(2,), dtype=float32)`. show() reads them first.
   */
  toString(): string {
    const array = printable(this.core);
    return arrayText(array) ?? arrayRepr(array);
  }
  /** Prints the array as Python's `print(x)` does, once its values have been read from the device. */
  async show(...args: readonly unknown[]): Promise<void> {
    readShow(args);
    console.log(arrayText(await read(this.core)));
  }
  /** As Python's repr: `Array([1., 2.], dtype=float32)`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return arrayRepr(printable(this.core));
  }
  /** Refuses operators, which JavaScript would turn into NaN or text. */
  [Symbol.toPrimitive](hint: string): string {
    return primitiveOf(this, hint, "Array", OPERATORS);
  }
}

/**
 * A number that a jitted function was called with, while it is traced: for arithmetic a number like any other (weakly typed,
 * by itself float32) whose value the host is asked for anew in every run. See traced_number.ts.
 */
export abstract class HostNumber extends JaxArray {
  readonly now: () => number;

  constructor(now: () => number) {
    super(hostScalar(now, "float32"));
    this.now = now;
  }
}

/** Whether an operand is a number to JAX: of no dtype of its own. */
export const isNumber = (x: ArrayLike): x is number | HostNumber => typeof x === "number" || x instanceof HostNumber;

/** The value of a number, of this run if it is traced. */
export const numberOf = (x: number | HostNumber): number => (x instanceof HostNumber ? x.now() : x);

/** Runs core ops, frees what they made on the way, and wraps their result. */
export function run(body: () => Tensor): JaxArray {
  return new JaxArray(scope(body));
}

/** Two results of one computation, by their names. */
export function pair<K extends string>(
  made: () => Readonly<Record<K, Tensor>>,
  first: K,
  second: K,
): [JaxArray, JaxArray] {
  const [a, b] = scope(() => {
    const of = made();
    return [of[first], of[second]] as const;
  });
  return [new JaxArray(a), new JaxArray(b)];
}

/** Another handle on the same array, through which no gradient flows. */
export function detached(x: Tensor): Tensor {
  return adopt(x.alias());
}

export const DTYPES = ["float32", "float16", "bfloat16", "int32", "uint32", "bool", "uint8"] as const satisfies Dtype[];

/** Those that ops compute on. */
const ARITHMETIC = DTYPES.slice(0, -1)
  .join(", ")
  .replace(/, (\w+)$/, " or $1");

export function checkDtype(fn: string, dtype: Dtype): Dtype {
  if ((DTYPES as readonly Dtype[]).includes(dtype)) return dtype;
  throw new UnsupportedError({ op: fn, argument: "dtype", expected: DTYPES.join(", "), given: show(dtype) });
}

/** The array an argument must be; lists are refused, as in JAX. */
export function arrayOf(fn: string, argument: string, x: unknown): Tensor {
  if (x instanceof JaxArray) return x.core;
  throw new ArgumentError({ op: fn, argument, expected: "an Array (make one with jnp.array)", given: show(x) });
}

/** A tensor of another dtype; bytes are unpacked. Anything but 0 is true. */
export function converted(x: Tensor, dtype: Dtype): Tensor {
  if (x.dtype === dtype) return x;
  if (dtype === "uint8")
    throw new UnsupportedError({
      op: "astype",
      argument: "dtype",
      expected: `${ARITHMETIC}: bytes come from Uint8Array only`,
      given: dtype,
    });
  return cast(x.dtype === "uint8" ? u8ToF32(x, { divisor: 1 }) : x, dtype);
}

/** An operand as it is, numbers in float32. */
export function operand(fn: string, argument: string, x: ArrayLike): Tensor {
  return x instanceof JaxArray ? x.core : scalar(fn, argument, x, typeof x === "boolean" ? "bool" : "float32");
}

/** As operand; refuses bytes, on which ops do not compute. */
export function computable(fn: string, argument: string, x: ArrayLike): Tensor {
  const tensor = operand(fn, argument, x);
  if (tensor.dtype !== "uint8") return tensor;
  throw new DtypeError({
    op: fn,
    argument,
    expected: `${ARITHMETIC} (convert with astype)`,
    given: "uint8",
  });
}

/** As computable, and of floats: integers, booleans and numbers become float32, as in JAX's inexact functions. Of several operands: promotedReal. */
export function inexact(fn: string, argument: string, x: ArrayLike): Tensor {
  if (!(x instanceof JaxArray)) return scalar(fn, argument, x, "float32");
  return isFloating(x.dtype) ? x.core : converted(x.core, "float32");
}

/** Integers in int32; a whole number is one. */
export function integral(fn: string, argument: string, x: ArrayLike): Tensor {
  const whole = isNumber(x) && Number.isInteger(numberOf(x));
  if (whole) return scalar(fn, argument, x, "int32");
  if (x instanceof JaxArray && !isFloating(x.dtype) && x.dtype !== "bool") return converted(x.core, "int32");
  throw new DtypeError({ op: fn, argument, expected: "integers", given: x instanceof JaxArray ? x.dtype : show(x) });
}

/** A number or boolean as a tensor of shape []. */
export function scalar(fn: string, argument: string, x: unknown, dtype: Dtype): Tensor {
  if (x instanceof HostNumber) return dtype === "float32" ? x.core : hostScalar(x.now, dtype);
  if (typeof x !== "number" && typeof x !== "boolean")
    throw new ArgumentError({ op: fn, argument, expected: "an Array or a number", given: show(x) });
  if (dtype !== "uint8") return full([], x, dtype);
  throw new UnsupportedError({
    op: fn,
    argument,
    expected: `${ARITHMETIC}: bytes come from Uint8Array only`,
    given: dtype,
  });
}
