// keras.ops: Fourier transforms. A complex array is a pair of arrays, real and imaginary part, as in Keras.
import * as core from "@facet/autograd";
import { type Args, bool, int, Kind, oneOf } from "@facet/dialect";
import { arrayOrPlaceholder, positive } from "../kinds.js";
import { defineOp } from "../operation.js";
import { type KerasTensor, Tensor, type TensorLike } from "../tensor.js";
import type { Operand } from "./arithmetic.js";
import { floated, type ListOp } from "./define.js";

const pairKind = new Kind<readonly [Operand, Operand]>(
  "a pair of arrays: real and imaginary part",
  (value) => Array.isArray(value) && value.length === 2 && value.every(arrayOrPlaceholder.accepts),
);
/** Both parts in one tensor, [..., 2]. */
function complex(op: string, x: readonly [unknown, unknown]): core.Tensor {
  const [real, imaginary] = x.map((part) => floated(part, op)) as [core.Tensor, core.Tensor];
  if (`${real.shape}` === `${imaginary.shape}`) return core.complexPairs(real, imaginary);
  const [expected, given] = [core.formatShape(real.shape), core.formatShape(imaginary.shape)];
  throw new core.ShapeError({ op, argument: "x", expected: `both parts of one shape, ${expected}`, given });
}
const parts = (x: core.Tensor): Tensor[] => [new Tensor(core.realPart(x)), new Tensor(core.imaginaryPart(x))];

type Pair<T> = [real: T, imaginary: T];
interface ComplexOp {
  (x: readonly [TensorLike, TensorLike]): Pair<Tensor>;
  (x: readonly [Operand, Operand]): Pair<KerasTensor>;
}
const complexOp = (name: string, f: (x: core.Tensor) => core.Tensor, rank: number): ComplexOp =>
  defineOp(
    `keras.ops.${name}`,
    { x: pairKind },
    {
      compute: ({ x }) => {
        const given = complex(name, x);
        if (given.rank > rank) return parts(f(given));
        const expected = `at least ${rank} dimensions`;
        throw new core.ShapeError({
          op: name,
          argument: "x",
          expected,
          given: core.formatShape(given.shape.slice(0, -1)),
        });
      },
    },
  );
/** The transform along the last axis. */
export const fft = complexOp("fft", (x) => core.fft(x), 1);
/** The transform along the last two axes. */
export const fft2 = complexOp("fft2", (x) => core.fftn(x, { axes: [-2, -1] }), 2);
/** The inverse transform along the last two axes. */
export const ifft2 = complexOp("ifft2", (x) => core.ifftn(x, { axes: [-2, -1] }), 2);

type Length = Args<[fft_length: number | null], { fft_length: number | null }>;
/** The transform of real numbers: the first n / 2 + 1 frequencies. */
export const rfft: ListOp<Length, 2> = defineOp(
  "keras.ops.rfft",
  { x: arrayOrPlaceholder, fft_length: positive.or(null) },
  {
    compute: ({ x, fft_length }) =>
      parts(core.rfft(floated(x, "rfft"), fft_length === null ? {} : { n: fft_length as number })),
  },
);
/** The real numbers whose rfft it is. */
export const irfft: {
  (x: readonly [TensorLike, TensorLike], ...rest: Length): Tensor;
  (x: readonly [Operand, Operand], ...rest: Length): KerasTensor;
} = defineOp(
  "keras.ops.irfft",
  { x: pairKind, fft_length: positive.or(null) },
  {
    compute: ({ x, fft_length }) =>
      new Tensor(core.irfft(complex("irfft", x), fft_length === null ? {} : { n: fft_length as number })),
  },
);

type WindowLike = "hann" | "hamming" | TensorLike | null;
const windowKind = oneOf("hann", "hamming").either(arrayOrPlaceholder);
interface StftArguments {
  sequence_length: number;
  sequence_stride: number;
  fft_length: number;
  window: WindowLike;
  center: boolean;
}
/** A window of sequence_length among fft_length numbers, zeros around it. */
function windowed(op: string, given: Omit<StftArguments, "center">): core.Tensor {
  const { sequence_length: length, fft_length: whole, window } = given;
  if (whole < length) {
    const expected = `at least sequence_length ${length}`;
    throw new core.ArgumentError({ op, argument: "fft_length", expected, given: `${whole}` });
  }
  const own =
    window === null
      ? core.ones([length])
      : typeof window === "string"
        ? core.window(window, length)
        : floated(window, op);
  if (own.rank !== 1 || own.size !== length) {
    const shown = core.formatShape(own.shape);
    throw new core.ShapeError({ op, argument: "window", expected: `[${length}]`, given: shown });
  }
  const before = Math.floor((whole - length) / 2);
  return core.pad(own, [[before, whole - length - before]]);
}
const stftRules = {
  sequence_length: positive,
  sequence_stride: positive,
  fft_length: positive,
} as const;
type StftRest = Args<
  [sequence_length: number, sequence_stride: number, fft_length: number, window: WindowLike, center: boolean],
  StftArguments
>;
/** Transforms of windows along the last axis: [..., windows, fft_length / 2 + 1], real and imaginary part. */
export const stft: ListOp<StftRest, 2> = defineOp(
  "keras.ops.stft",
  { x: arrayOrPlaceholder, ...stftRules, window: windowKind.orNone.or("hann"), center: bool.or(true) },
  {
    compute: ({ x, center, ...given }) => {
      let line = floated(x, "stft");
      const window = windowed("stft", given as StftArguments);
      const n = given.fft_length;
      const outer = line.shape.slice(0, -1);
      line = core.reshape(line, [-1, line.shape.at(-1) as number]);
      const half = Math.floor(n / 2);
      if (center)
        line = core.padWith(
          line,
          [
            [0, 0],
            [half, half],
          ],
          "reflect",
        );
      const frames = framed("stft", line, n, given.sequence_stride);
      const result = core.rfft(core.mul(frames, window));
      return parts(core.reshape(result, [...outer, ...result.shape.slice(1)]));
    },
  },
);
/** Pieces of a length along the last axis, a stride apart. */
function framed(op: string, x: core.Tensor, length: number, stride: number): core.Tensor {
  const extent = x.shape.at(-1) as number;
  const count = extent < length ? 0 : Math.floor((extent - length) / stride) + 1;
  const places = Int32Array.from({ length: count * length }, (_, i) => Math.floor(i / length) * stride + (i % length));
  if (x.rank === 0) throw new core.ShapeError({ op, argument: "x", expected: "at least one dimension", given: "[]" });
  return core.take(x, core.fromData(places, [count, length], "int32"), { axis: x.rank - 1 });
}
type SequencesArguments = { sequence_length: number; sequence_stride: number };
/** Pieces of a length along the last axis, a stride apart: [..., pieces, sequence_length]. */
export const extract_sequences: {
  (x: TensorLike, ...rest: Args<[sequence_length: number, sequence_stride: number], SequencesArguments>): Tensor;
  (x: KerasTensor, ...rest: Args<[sequence_length: number, sequence_stride: number], SequencesArguments>): KerasTensor;
} = defineOp(
  "keras.ops.extract_sequences",
  { x: arrayOrPlaceholder, sequence_length: positive, sequence_stride: positive },
  {
    compute: ({ x, sequence_length, sequence_stride }) =>
      new Tensor(framed("extract_sequences", floated(x, "extract_sequences"), sequence_length, sequence_stride)),
  },
);
type IstftArguments = StftArguments & { length: number | null };
type IstftRest = Args<
  [
    sequence_length: number,
    sequence_stride: number,
    fft_length: number,
    length: number | null,
    window: WindowLike,
    center: boolean,
  ],
  IstftArguments
>;
/** The signal whose stft it is: windows added up, by the sum of the squares of what covers each place. */
export const istft: {
  (x: readonly [TensorLike, TensorLike], ...rest: IstftRest): Tensor;
  (x: readonly [Operand, Operand], ...rest: IstftRest): KerasTensor;
} = defineOp(
  "keras.ops.istft",
  {
    x: pairKind,
    ...stftRules,
    length: int.where("an integer of at least 0", (n) => n >= 0).or(null),
    window: windowKind.orNone.or("hann"),
    center: bool.or(true),
  },
  {
    compute: ({ x, length, center, ...given }) => {
      const op = "istft";
      const spectrum = complex(op, x);
      const { fft_length: n, sequence_stride: stride } = given;
      const window = windowed(op, given as StftArguments);
      const frames = core.irfft(spectrum, { n });
      const outer = frames.shape.slice(0, -2);
      const count = frames.shape.at(-2) as number;
      const extent = n + stride * (count - 1);
      const places = core.fromData(
        Int32Array.from({ length: count * n }, (_, i) => Math.floor(i / n) * stride + (i % n)),
        [count * n],
        "int32",
      );
      const added = (rows: core.Tensor): core.Tensor =>
        core.scatterRows(core.zeros([extent, rows.shape[1] as number]), places, rows, { combination: "add" });
      // Each place by what a whole run of windows covers it with, at the ends too, as TensorFlow has it.
      const runs = Math.ceil(n / stride);
      const squares = core.reshape(core.pad(core.square(window), [[0, runs * stride - n]]), [runs, stride]);
      const covered = core.sliceAlong(core.tile(core.sum(squares, { axes: [0] }), [runs]), 0, 0, n);
      const weights = given.window === null ? core.ones([n]) : core.quotientOrZero(window, covered);
      const flat = core.reshape(core.mul(frames, weights), [core.sizeOf(outer), count * n]);
      const whole = core.transpose(added(core.transpose(flat)));
      const start = center ? Math.floor(n / 2) : 0;
      const end = length !== null ? start + (length as number) : center ? extent - start : extent;
      const cut = core.sliceAlong(whole, 1, start, Math.min(end, extent));
      const short = Math.max(0, end - extent);
      const padded =
        short > 0
          ? core.pad(cut, [
              [0, 0],
              [0, short],
            ])
          : cut;
      return new Tensor(core.reshape(padded, [...outer, padded.shape[1] as number]));
    },
  },
);
