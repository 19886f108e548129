// Fourier transforms. Complex numbers are pairs: a last axis of real and imaginary part, which `axes` do not count.
import { ArgumentError, axisOf, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { scope } from "../scope.js";
import { fromData, type Tensor } from "../tensor.js";
import { moveAxis } from "../vmap/levels.js";
import { add, mul, sub } from "./elementwise.js";
import { fftOfPairs } from "./fft_op.js";
import { roll } from "./rearrange.js";
import { concat, flip, pad, place, reshape, sliceAlong, stack } from "./shape.js";

/** Where the factor 1/n stands: with the inverse, with the transform, or its root with both. */
export type FftNorm = "backward" | "ortho" | "forward";

export interface FftOptions {
  /** Length: the axis is cut to it, or filled up with zeros. Default: as it is. */
  n?: number | undefined;
  /** Default the last. */
  axis?: number | undefined;
  norm?: FftNorm | undefined;
}

export interface FftnOptions {
  /** Lengths of the axes. Default: as they are. */
  s?: readonly number[] | undefined;
  /** Default: as many last axes as `s` has lengths, else all. */
  axes?: readonly number[] | undefined;
  norm?: FftNorm | undefined;
}

/** Pairs of real and imaginary parts of one shape; without the latter, of real numbers. */
export function complexPairs(real: Tensor, imaginary?: Tensor): Tensor {
  if (imaginary) return stack([real, imaginary], real.rank);
  return place(reshape(real, [...real.shape, 1]), [...real.shape, 2], [...real.shape.map(() => 0), 0]);
}

function shapeOfPairs(op: string, x: Tensor): readonly number[] {
  if (x.shape.at(-1) === 2) return x.shape.slice(0, -1);
  const expected = "pairs of real and imaginary parts along the last axis";
  throw new ShapeError({ op, argument: "x", expected, given: formatShape(x.shape) });
}

const partOf = (op: string, x: Tensor, i: number): Tensor => {
  const shape = shapeOfPairs(op, x);
  return reshape(sliceAlong(x, -1, i, i + 1), shape);
};

/** Real parts of pairs. */
export const realPart = (x: Tensor): Tensor => partOf("real_part", x, 0);
/** Imaginary parts of pairs. */
export const imaginaryPart = (x: Tensor): Tensor => partOf("imaginary_part", x, 1);

/** Pairs with the imaginary part's sign changed. */
export function conjugate(x: Tensor): Tensor {
  shapeOfPairs("conjugate", x);
  return mul(x, fromData([1, -1], [2]));
}

/** Products of pairs, broadcast. */
export function complexMultiply(a: Tensor, b: Tensor): Tensor {
  return scope(() => {
    const [x, y, u, v] = [realPart(a), imaginaryPart(a), realPart(b), imaginaryPart(b)];
    return complexPairs(sub(mul(x, u), mul(y, v)), add(mul(x, v), mul(y, u)));
  });
}

/** The axis cut to `n` elements, or filled up with zeros. */
function ofLength(x: Tensor, axis: number, n: number): Tensor {
  const extent = x.shape[axis] as number;
  if (n === extent) return x;
  if (n < extent) return sliceAlong(x, axis, 0, n);
  return pad(
    x,
    x.shape.map((_, d) => [0, d === axis ? n - extent : 0] as const),
  );
}

function scaleOf(op: string, n: number, norm: FftNorm, inverse: boolean): number {
  if (norm !== "backward" && norm !== "ortho" && norm !== "forward")
    throw new ArgumentError({ op, argument: "norm", expected: "backward, ortho or forward", given: `${norm}` });
  return norm === "ortho" ? 1 / Math.sqrt(n) : (norm === "backward") === inverse ? 1 / n : 1;
}

function lengthOf(op: string, n: number): number {
  if (Number.isInteger(n) && n >= 1) return n;
  throw new ArgumentError({ op, argument: "n", expected: "1 or more", given: `${n}` });
}

/** Along one axis of pairs that is already of its length. */
function along(x: Tensor, axis: number, scale: number, inverse: boolean): Tensor {
  const last = x.rank - 2;
  return moveAxis(fftOfPairs(moveAxis(x, axis, last), { inverse, scale }), last, axis);
}

function transform(op: string, x: Tensor, options: FftOptions, inverse: boolean): Tensor {
  const { axis = -1, norm = "backward" } = options;
  const shape = shapeOfPairs(op, x);
  const at = axisOf(shape, axis, op);
  const n = lengthOf(op, options.n ?? (shape[at] as number));
  return scope(() => along(ofLength(x, at, n), at, scaleOf(op, n, norm, inverse), inverse));
}

/** y[k] = scale * sum of x[j] e^(-2 pi i j k / n) along an axis, of pairs [..., n, 2]; scale is 1 unless `norm` says otherwise. Of any length up to 2^23. */
export const fft = (x: Tensor, options: FftOptions = {}): Tensor => transform("fft", x, options, false);
/** The inverse of `fft`: the exponent is positive, and the result is divided by n. */
export const ifft = (x: Tensor, options: FftOptions = {}): Tensor => transform("ifft", x, options, true);

/** The first n / 2 + 1 numbers of the transform of real numbers, as pairs; the others are their conjugates. */
export function rfft(x: Tensor, { n, axis = -1, norm = "backward" }: FftOptions = {}): Tensor {
  const at = axisOf(x.shape, axis, "rfft");
  const length = lengthOf("rfft", n ?? (x.shape[at] as number));
  const scale = scaleOf("rfft", length, norm, false);
  return scope(() => {
    const whole = along(complexPairs(ofLength(x, at, length)), at, scale, false);
    return sliceAlong(whole, at, 0, Math.floor(length / 2) + 1);
  });
}

/**
 * Real numbers from half of their transform, as `rfft` gives it. Their number n is 2 (h - 1) for h pairs unless given. Imaginary parts
 * that real numbers cannot have count for nothing.
 */
export function irfft(x: Tensor, { n, axis = -1, norm = "backward" }: FftOptions = {}): Tensor {
  const shape = shapeOfPairs("irfft", x);
  const at = axisOf(shape, axis, "irfft");
  const length = lengthOf("irfft", n ?? 2 * ((shape[at] as number) - 1));
  const scale = scaleOf("irfft", length, norm, true);
  return scope(() => {
    const half = ofLength(x, at, Math.floor(length / 2) + 1);
    const mirrored = length - (half.shape[at] as number);
    const rest = flip(conjugate(sliceAlong(half, at, 1, 1 + mirrored)), [at]);
    const whole = mirrored === 0 ? half : concat([half, rest], at);
    return realPart(along(whole, at, scale, true));
  });
}

/** `rfft` of the other kind: the transform, real, of a signal whose half is given; as `numpy.fft.hfft`. */
export function hfft(x: Tensor, { norm = "backward", ...options }: FftOptions = {}): Tensor {
  const turned = { backward: "forward", forward: "backward", ortho: "ortho" } as const;
  return scope(() => irfft(conjugate(x), { ...options, norm: turned[norm] ?? norm }));
}

/** The inverse of `hfft`. */
export function ihfft(x: Tensor, { norm = "backward", ...options }: FftOptions = {}): Tensor {
  const turned = { backward: "forward", forward: "backward", ortho: "ortho" } as const;
  return scope(() => conjugate(rfft(x, { ...options, norm: turned[norm] ?? norm })));
}

/** Axes and lengths of a transform of several axes. */
function axesOf(
  op: string,
  shape: readonly number[],
  { s, axes }: FftnOptions,
): { axis: number; n: number | undefined }[] {
  const count = s?.length ?? shape.length;
  const given = axes ?? Array.from({ length: count }, (_, i) => i - count);
  if (s && s.length !== given.length)
    throw new ArgumentError({
      op,
      argument: "s",
      expected: `${given.length} lengths, as there are axes`,
      given: `${s}`,
    });
  const found = given.map((axis, i) => ({ axis: axisOf(shape, axis, op), n: s?.[i] }));
  if (new Set(found.map(({ axis }) => axis)).size !== found.length)
    throw new ArgumentError({ op, argument: "axes", expected: "different axes", given: `${given}` });
  return found;
}

function several(op: string, x: Tensor, options: FftnOptions, inverse: boolean): Tensor {
  const { norm } = options;
  const list = axesOf(op, shapeOfPairs(op, x), options);
  return scope(() => list.reduceRight((y, { axis, n }) => transform(op, y, { axis, n, norm }, inverse), x));
}

/** `fft` along several axes. */
export const fftn = (x: Tensor, options: FftnOptions = {}): Tensor => several("fftn", x, options, false);
/** `ifft` along several axes. */
export const ifftn = (x: Tensor, options: FftnOptions = {}): Tensor => several("ifftn", x, options, true);

/** `rfft` along the last of several axes, then `fft` along the others. */
export function rfftn(x: Tensor, options: FftnOptions = {}): Tensor {
  const { norm } = options;
  const list = axesOf("rfftn", x.shape, options);
  const last = list.pop();
  if (!last) throw new ArgumentError({ op: "rfftn", argument: "axes", expected: "one or more", given: "none" });
  return scope(() =>
    list.reduceRight((y, { axis, n }) => fft(y, { axis, n, norm }), rfft(x, { axis: last.axis, n: last.n, norm })),
  );
}

/** `ifft` along all but the last of several axes, then `irfft` along that. */
export function irfftn(x: Tensor, options: FftnOptions = {}): Tensor {
  const { norm } = options;
  const list = axesOf("irfftn", shapeOfPairs("irfftn", x), options);
  const last = list.pop();
  if (!last) throw new ArgumentError({ op: "irfftn", argument: "axes", expected: "one or more", given: "none" });
  return scope(() =>
    irfft(
      list.reduce((y, { axis, n }) => ifft(y, { axis, n, norm }), x),
      { axis: last.axis, n: last.n, norm },
    ),
  );
}

/** Frequencies 0, 1, ..., -2, -1 brought into order along axes (of any tensor; those of pairs are counted from the first). Default all axes. */
export const fftshift = (x: Tensor, axes: readonly number[] = [...x.shape.keys()]): Tensor =>
  roll(
    x,
    axes.map((axis) => Math.floor((x.shape.at(axis) ?? 0) / 2)),
    [...axes],
  );
/** The inverse of `fftshift`. */
export const ifftshift = (x: Tensor, axes: readonly number[] = [...x.shape.keys()]): Tensor =>
  roll(
    x,
    axes.map((axis) => -Math.floor((x.shape.at(axis) ?? 0) / 2)),
    [...axes],
  );

function frequencies(op: string, n: number, d: number, count: number, numberOf: (k: number) => number): Tensor {
  lengthOf(op, n);
  return fromData(
    Float32Array.from({ length: count }, (_, k) => numberOf(k) / (n * d)),
    [count],
  );
}

/** Frequencies of the places of a transform of n samples, `d` apart: 0, 1, ..., -2, -1 over n d. */
export const fftfreq = (n: number, d = 1): Tensor => frequencies("fftfreq", n, d, n, (k) => (2 * k < n ? k : k - n));
/** Those of `rfft`. */
export const rfftfreq = (n: number, d = 1): Tensor => frequencies("rfftfreq", n, d, Math.floor(n / 2) + 1, (k) => k);
