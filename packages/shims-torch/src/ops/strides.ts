// Tensors seen through strides. Memory is always contiguous.
import * as core from "@facet/autograd";
import { type Args, int } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { creation, ints, native, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, viewed, wrap } from "../tensor.js";
import { type CreationArguments, finish, requireShape } from "./creation.js";

/** Strides of contiguous memory. */
export const stridesOf = (shape: readonly number[]): number[] =>
  shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * Math.max(1, b), 1));

export interface StridedArguments {
  size: readonly number[];
  stride: readonly number[];
  /** The first element; default 0. */
  storage_offset: number | null;
}

function requireStrides(op: string, size: readonly number[], stride: readonly number[]): void {
  requireShape(op, size);
  if (size.length !== stride.length)
    complain(core.ShapeError, "mismatch in length of strides and shape", {
      op,
      argument: "stride",
      expected: `${size.length} numbers`,
      given: sizeText(stride),
    });
  if (stride.some((step) => step < 0))
    complain(
      core.ArgumentError,
      `as_strided: Negative strides are not supported at the moment, got strides: ${sizeText(stride)}`,
      { op, argument: "stride", expected: "0 or more", given: sizeText(stride) },
    );
}

/** Places in the flattened tensor, row-major in `size`. */
function placesOf(op: string, input: Tensor, { size, stride, storage_offset }: StridedArguments): Int32Array {
  requireStrides(op, size, stride);
  const offset = storage_offset ?? 0;
  if (offset < 0)
    complain(core.ArgumentError, `Tensor: invalid storage offset ${offset}`, {
      op,
      argument: "storage_offset",
      expected: "0 or more",
      given: `${offset}`,
    });
  const last = size.reduce((at, extent, i) => at + (extent - 1) * (stride[i] as number), offset);
  const count = core.sizeOf(size);
  if (count > 0 && last >= input.core.size)
    complain(
      core.ShapeError,
      `setStorage: sizes ${sizeText(size)}, strides ${sizeText(stride)}, storage offset ${offset} require more elements than the ${input.core.size} there are`,
      { op, argument: "size", expected: `places below ${input.core.size}`, given: `${last}` },
    );
  const places = new Int32Array(count);
  const at = size.map(() => 0);
  let place = offset;
  for (let flat = 0; flat < count; flat++) {
    places[flat] = place;
    for (let d = size.length - 1; d >= 0; d--) {
      at[d] = (at[d] as number) + 1;
      place += stride[d] as number;
      if ((at[d] as number) < (size[d] as number)) break;
      place -= (stride[d] as number) * (size[d] as number);
      at[d] = 0;
    }
  }
  return places;
}

const strided = { size: ints, stride: ints, storage_offset: int.or(null) } as const;
type StridedArgs = Args<
  [size: readonly number[], stride: readonly number[], storage_offset: number | null],
  StridedArguments
>;
/** Elements of the flattened tensor, `stride` apart in each dimension of `size`. */
export const as_strided: (input: Tensor, ...args: StridedArgs) => Tensor = native(
  "as_strided",
  { input: tensor, ...strided },
  ({ input, ...given }) => {
    const places = placesOf("as_strided", input, given);
    if (places.length === 0) return wrap(core.zeros(given.size, input.core.dtype));
    const look = (x: core.Tensor): core.Tensor => {
      const index = core.fromData(places, [places.length], "int32");
      return core.reshape(core.gather(core.reshape(x, [x.size]), index), given.size);
    };
    return viewed(input, look, { overlaps: new Set(places).size < places.length });
  },
);

/** The input with `src` put where as_strided looks. */
export const as_strided_scatter: (
  input: Tensor,
  ...args: Args<
    [src: Tensor, size: readonly number[], stride: readonly number[], storage_offset: number | null],
    StridedArguments & { src: Tensor }
  >
) => Tensor = native("as_strided_scatter", { input: tensor, src: tensor, ...strided }, ({ input, src, ...given }) => {
  if (`${src.shape}` !== `${given.size}`)
    complain(core.ShapeError, "expected src to have a size equal to the slice of self.", {
      op: "as_strided_scatter",
      argument: "src",
      expected: sizeText(given.size),
      given: sizeText(src.shape),
    });
  const places = placesOf("as_strided_scatter", input, given);
  if (places.length === 0) return wrap(core.reshape(input.core, input.shape));
  return core.scope(() => {
    const flat = core.reshape(input.core, [input.core.size]);
    const index = core.fromData(places, [places.length], "int32");
    const source = core.reshape(convertCore(src.core, input.core.dtype), [places.length]);
    return wrap(core.reshape(core.scatterElements(flat, index, source, { combination: "set" }), input.shape));
  });
});

type Strided = Args<
  [size: readonly number[], stride: readonly number[]],
  CreationArguments & { size: readonly number[]; stride: readonly number[] }
>;
/** Zeros of a shape: strides are read and checked, and memory is contiguous. */
export const empty_strided: (...args: Strided) => Tensor = native(
  "empty_strided",
  { size: ints, stride: ints, "*": null, ...creation },
  ({ size, stride, ...settings }) => {
    requireStrides("empty_strided", size, stride);
    return finish("empty_strided", core.zeros(size, settings.dtype?.core ?? "float32"), settings);
  },
);
/** Zeros of a shape, whatever the order of its dimensions in memory would be. */
export const empty_permuted: (
  ...args: Args<
    [size: readonly number[], physical_layout: readonly number[]],
    CreationArguments & { size: readonly number[]; physical_layout: readonly number[] }
  >
) => Tensor = native(
  "empty_permuted",
  { size: ints, physical_layout: ints, "*": null, ...creation },
  ({ size, physical_layout, ...settings }) => {
    requireShape("empty_permuted", size);
    if (`${[...physical_layout].sort((a, b) => a - b)}` !== `${size.map((_, i) => i)}`)
      complain(core.ArgumentError, "Number of dimensions in size does not match the physical_layout", {
        op: "empty_permuted",
        argument: "physical_layout",
        expected: `each of the dimensions 0 to ${size.length - 1} once`,
        given: sizeText(physical_layout),
      });
    return finish("empty_permuted", core.zeros(size, settings.dtype?.core ?? "float32"), settings);
  },
);
/** What new_empty_strided gives. */
export function zerosOfStrides(size: readonly number[], stride: readonly number[], dtype: core.Dtype): core.Tensor {
  requireStrides("new_empty_strided", size, stride);
  return core.zeros(size, dtype);
}
