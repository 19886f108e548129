import { type BindingDtype, DtypeError } from "@facet/kernels-wgsl";

/** Element types. `bool` is held as u32 0 or 1 on the device, `uint8` four to a word; the rest as named. */
export type Dtype = "float32" | "int32" | "uint32" | "bool" | "uint8";

export type TypedArray = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** The shader type that holds a dtype. */
export function bindingDtype(dtype: Dtype): BindingDtype {
  return dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : "u32";
}

/** What a tensor without elements takes: WebGPU has no empty buffers, and no binding smaller than one vector of the shader. */
const EMPTY_BYTES = 16;

/** Bytes that `count` elements take on the device. */
export function byteSize(dtype: Dtype, count: number): number {
  if (count === 0) return EMPTY_BYTES;
  return dtype === "uint8" ? Math.ceil(count / 4) * 4 : count * 4;
}

/** Host data in the form the device holds it. Throws RangeError-like DtypeError on a value the dtype cannot hold. */
export function encode(values: ArrayLike<number | boolean>, dtype: Dtype): TypedArray {
  const count = values.length;
  if (dtype === "float32")
    return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
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

/** Device bytes as the host sees them: a view, cut to `count` elements; bool as 0 and 1 in a Uint8Array. */
export function decode(bytes: ArrayBuffer, dtype: Dtype, count: number): TypedArray {
  if (dtype === "float32") return new Float32Array(bytes, 0, count);
  if (dtype === "int32") return new Int32Array(bytes, 0, count);
  if (dtype === "uint8") return new Uint8Array(bytes, 0, count);
  const words = new Uint32Array(bytes, 0, count);
  return dtype === "bool" ? Uint8Array.from(words) : words;
}

/** Throws DtypeError unless `dtype` is one of `allowed`. */
export function expectDtype(op: string, argument: string, dtype: Dtype, ...allowed: Dtype[]): void {
  if (!allowed.includes(dtype)) throw new DtypeError({ op, argument, expected: allowed.join(" or "), given: dtype });
}
