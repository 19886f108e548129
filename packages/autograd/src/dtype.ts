import {
  type BindingDtype,
  DtypeError,
  type HalfDtype,
  packHalves,
  type StorageDtype,
  unpackHalves,
} from "@facet/kernels-wgsl";

/**
 * Element types. `bool` is held as u32 0 or 1 on the device, `uint8` four to a word, `float16` and `bfloat16` two; the rest as
 * named.
 */
export type Dtype = "float32" | Half | "int32" | "uint32" | "bool" | "uint8";

/** Floats of 16 bits, of which kernels compute in float32. */
export type Half = "float16" | "bfloat16";

const HALVES: Readonly<Record<Half, HalfDtype>> = { float16: "f16", bfloat16: "bf16" };

export const isHalf = (dtype: Dtype): dtype is Half => dtype === "float16" || dtype === "bfloat16";

/** Whether gradients can flow through tensors of the dtype. */
export const isFloating = (dtype: Dtype): dtype is "float32" | Half => dtype === "float32" || isHalf(dtype);

/** The format of halves, as kernels call it. */
export const halfFormat = (dtype: Half): HalfDtype => HALVES[dtype];

export type TypedArray = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** What a binding must take for tensors of a dtype. */
export const storageDtype = (dtype: Dtype): StorageDtype => (isHalf(dtype) ? HALVES[dtype] : bindingDtype(dtype));

/** The shader type that holds an element. Throws DtypeError on halves, of which none has a word of its own. */
export function bindingDtype(dtype: Dtype): BindingDtype {
  if (isHalf(dtype)) throw new DtypeError({ op: "launch", expected: "a dtype of whole words", given: dtype });
  return dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : "u32";
}

/** What a tensor without elements takes: WebGPU has no empty buffers, and no binding smaller than one vector of the shader. */
const EMPTY_BYTES = 16;

export const bytesPerElement = (dtype: Dtype): number => (dtype === "uint8" ? 1 : isHalf(dtype) ? 2 : 4);

/** Bytes that `count` elements take on the device: whole words. */
export function byteSize(dtype: Dtype, count: number): number {
  if (count === 0) return EMPTY_BYTES;
  return Math.ceil((bytesPerElement(dtype) * count) / 4) * 4;
}

/** Host data in the form the device holds it; halves as the nearest to each number, ties to even. Throws RangeError-like DtypeError on a value the dtype cannot hold. */
export function encode(values: ArrayLike<number | boolean>, dtype: Dtype): TypedArray {
  const count = values.length;
  if (dtype === "float32")
    return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
  if (isHalf(dtype)) return packHalves(values as ArrayLike<number>, HALVES[dtype]);
  if (dtype === "bool") return Uint32Array.from({ length: count }, (_, i) => (values[i] ? 1 : 0));
  const array =
    dtype === "int32" ? new Int32Array(count) : dtype === "uint32" ? new Uint32Array(count) : new Uint8Array(count);
  if (values.constructor === array.constructor) return values as unknown as TypedArray;
  for (let i = 0; i < count; i++) {
    array[i] = Number(values[i]);
    if (array[i] !== Number(values[i])) {
      throw new DtypeError({
        op: "tensor",
        argument: "data",
        expected: `values of ${dtype}`,
        given: `${values[i]} at ${i}`,
      });
    }
  }
  return array;
}

/** Device bytes as the host sees them: a view, cut to `count` elements; bool as 0 and 1 in a Uint8Array, halves as float32. */
export function decode(bytes: ArrayBuffer, dtype: Dtype, count: number): TypedArray {
  if (dtype === "float32") return new Float32Array(bytes, 0, count);
  if (isHalf(dtype)) return unpackHalves(new Uint32Array(bytes), HALVES[dtype], count);
  if (dtype === "int32") return new Int32Array(bytes, 0, count);
  if (dtype === "uint8") return new Uint8Array(bytes, 0, count);
  const words = new Uint32Array(bytes, 0, count);
  return dtype === "bool" ? Uint8Array.from(words) : words;
}

/** Throws DtypeError unless `dtype` is that of floats. */
export function expectFloating(op: string, argument: string, dtype: Dtype): void {
  if (!isFloating(dtype))
    throw new DtypeError({ op, argument, expected: "float32, float16 or bfloat16", given: dtype });
}

/** Throws DtypeError unless `dtype` is one of `allowed`. */
export function expectDtype(op: string, argument: string, dtype: Dtype, ...allowed: Dtype[]): void {
  if (!allowed.includes(dtype)) throw new DtypeError({ op, argument, expected: allowed.join(" or "), given: dtype });
}
