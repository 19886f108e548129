// Short-time Fourier transforms, and windows.
import { ArgumentError, formatShape, type PadMode, ShapeError } from "@facet/kernels-wgsl";
import { scope } from "../scope.js";
import { fromData, type Tensor } from "../tensor.js";
import { full } from "./create.js";
import { div, mul } from "./elementwise.js";
import { square } from "./elementwise_unary.js";
import { complexPairs, fft, irfft, rfft } from "./fft.js";
import { fold, padWith, unfold } from "./padding.js";
import { expand, pad, reshape, sliceAlong, transpose } from "./shape.js";

/** The modified Bessel function of the first kind of order 0, by its series. */
function besselI0(x: number): number {
  let [term, total] = [1, 1];
  for (let k = 1; term > total * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    total += term;
  }
  return total;
}

const cosines =
  (...a: readonly number[]) =>
  (t: number): number =>
    a.reduce((sum, factor, k) => sum + (k % 2 === 0 ? factor : -factor) * Math.cos(2 * Math.PI * k * t), 0);

/** Windows as functions of t from 0 to 1, and of a number that some have. */
const WINDOWS = {
  rectangular: () => 1,
  bartlett: (t: number) => 1 - Math.abs(2 * t - 1),
  hann: cosines(0.5, 0.5),
  hamming: cosines(0.54, 0.46),
  blackman: cosines(0.42, 0.5, 0.08),
  nuttall: cosines(0.3635819, 0.4891775, 0.1365995, 0.0106411),
  cosine: (t: number) => Math.sin(Math.PI * t),
  kaiser: (t: number, beta: number) => besselI0(beta * Math.sqrt(Math.max(0, 1 - (2 * t - 1) ** 2))) / besselI0(beta),
} as const satisfies Record<string, (t: number, beta: number) => number>;

export type WindowName = keyof typeof WINDOWS;

export interface WindowOptions {
  /** Whether the window is one period of a longer one, as a transform wants it; else it is symmetric. Default true. */
  periodic?: boolean;
  /** Of kaiser. Default 12. */
  beta?: number;
}

/** A window of n samples, float32, computed in f64. A window of one sample is 1. (PyTorch's cosine window, which begins half a sample further, is none of these.) */
export function window(name: WindowName, n: number, { periodic = true, beta = 12 }: WindowOptions = {}): Tensor {
  if (!Object.hasOwn(WINDOWS, name))
    throw new ArgumentError({
      op: "window",
      argument: "name",
      expected: Object.keys(WINDOWS).join(", "),
      given: `${name}`,
    });
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentError({ op: "window", argument: "n", expected: "0 or more", given: `${n}` });
  const last = periodic ? n : n - 1;
  const values = Float32Array.from({ length: n }, (_, i) => (n === 1 ? 1 : WINDOWS[name](i / last, beta)));
  return fromData(values, [n]);
}

export interface StftOptions {
  /** Samples of a frame, and length of its transform. */
  nFft: number;
  /** Samples from frame to frame. Default a quarter of nFft. */
  hop?: number | undefined;
  /** [up to nFft] factors of a frame's samples, in its middle. Default ones. */
  window?: Tensor | undefined;
  /** Whether frame t has its middle at t hop: the signal is padded by half a frame at both ends. Default true. */
  center?: boolean;
  /** With what it is padded. Default reflect. */
  padMode?: PadMode | "constant";
  /** Whether the transform is divided by the root of nFft. Default false. */
  normalized?: boolean;
  /** Whether only the nFft / 2 + 1 frequencies that tell of a real signal are kept. Default true. */
  oneSided?: boolean;
}

function checked(
  op: string,
  { nFft, hop = Math.floor(nFft / 4), window }: StftOptions,
): { hop: number; weights: Tensor } {
  for (const [argument, value] of Object.entries({ nFft, hop }))
    if (!Number.isInteger(value) || value < 1)
      throw new ArgumentError({ op, argument, expected: "1 or more", given: `${value}` });
  const length = window?.shape[0] ?? nFft;
  if (window && (window.rank !== 1 || length > nFft))
    throw new ShapeError({
      op,
      argument: "window",
      expected: `one axis of at most ${nFft} samples`,
      given: formatShape(window.shape),
    });
  const before = Math.floor((nFft - length) / 2);
  return { hop, weights: window ? pad(window, [[before, nFft - length - before]]) : full([nFft], 1) };
}

const framing = (nFft: number, hop: number) => ({
  window: [nFft],
  stride: [hop],
  dilation: [1],
  padding: [0, 0],
  channelsLast: true,
});

/**
 * Transforms of overlapping frames of real signals x [..., samples]: pairs [..., frequencies, frames, 2], as torch.stft.
 *
 * @throws ShapeError where the signal, padded, is shorter than a frame.
 */
export function stft(x: Tensor, options: StftOptions): Tensor {
  const { nFft, center = true, padMode = "reflect", normalized = false, oneSided = true } = options;
  return scope(() => {
    const { hop, weights } = checked("stft", options);
    const batch = x.shape.slice(0, -1);
    const samples = x.shape.at(-1) ?? 0;
    let signal = reshape(x, [batch.reduce((n, extent) => n * extent, 1), samples]);
    const half = Math.floor(nFft / 2);
    if (center && (padMode === "reflect" || padMode === "symmetric") && half >= samples)
      throw new ShapeError({
        op: "stft",
        argument: "x",
        expected: `more than ${half} samples, which are reflected`,
        given: formatShape(x.shape),
      });
    const edges = [
      [0, 0],
      [half, half],
    ] as const;
    if (center) signal = padMode === "constant" ? pad(signal, edges) : padWith(signal, edges, padMode);
    if ((signal.shape[1] as number) < nFft)
      throw new ShapeError({
        op: "stft",
        argument: "x",
        expected: `${nFft} samples or more, with its padding`,
        given: formatShape(x.shape),
      });
    const frames = unfold(reshape(signal, [...signal.shape, 1]), framing(nFft, hop));
    const norm = normalized ? "ortho" : "backward";
    const weighted = mul(frames, weights);
    const spectra = oneSided ? rfft(weighted, { norm }) : fft(complexPairs(weighted), { norm });
    const turned = transpose(spectra, [0, 2, 1, 3]);
    return reshape(turned, [...batch, ...turned.shape.slice(1)]);
  });
}

export interface IstftOptions extends Omit<StftOptions, "padMode"> {
  /** Samples of the result: cut, or filled up with zeros. Default: those that frames cover. */
  length?: number | undefined;
}

/**
 * The signals [..., samples] whose transforms are nearest to pairs [..., frequencies, frames, 2]: frames are added where they lie, weighted by
 * the window, and divided by the sum of its squares. Where no window reaches, the result is NaN or infinite. Of all nFft frequencies those that
 * tell of a real signal are read, as in PyTorch.
 */
export function istft(x: Tensor, options: IstftOptions): Tensor {
  const { nFft, center = true, normalized = false, oneSided = true, length } = options;
  return scope(() => {
    const { hop, weights } = checked("istft", options);
    const [frequencies, frames] = x.shape.slice(-3) as [number, number, number];
    const kept = oneSided ? Math.floor(nFft / 2) + 1 : nFft;
    if (x.rank < 3 || x.shape.at(-1) !== 2 || frequencies !== kept || frames === 0)
      throw new ShapeError({
        op: "istft",
        argument: "x",
        expected: `[..., ${kept}, frames, 2]`,
        given: formatShape(x.shape),
      });
    const batch = x.shape.slice(0, -3);
    const count = batch.reduce((n, extent) => n * extent, 1);
    const spectra = transpose(reshape(x, [count, frequencies, frames, 2]), [0, 2, 1, 3]);
    const norm = normalized ? "ortho" : "backward";
    const pieces = irfft(spectra, { n: nFft, axis: 2, norm });
    const samples = nFft + hop * (frames - 1);
    const added = fold(mul(pieces, weights), [count, samples, 1], framing(nFft, hop));
    const squares = expand(square(weights), [1, frames, nFft]);
    const envelope = fold(squares, [1, samples, 1], framing(nFft, hop));
    const start = center ? Math.floor(nFft / 2) : 0;
    const end = length === undefined ? samples - start : Math.min(samples, start + length);
    const part = (of: Tensor): Tensor => sliceAlong(reshape(of, of.shape.slice(0, 2)), 1, start, Math.max(start, end));
    const signal = div(part(added), part(envelope));
    const found = signal.shape[1] as number;
    const filled =
      length === undefined || length <= found
        ? signal
        : pad(signal, [
            [0, 0],
            [0, length - found],
          ]);
    return reshape(filled, [...batch, filled.shape[1] as number]);
  });
}
