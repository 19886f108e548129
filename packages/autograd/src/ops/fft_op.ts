// The Fourier transform of pairs (real, imaginary) along the last axis but that of the pairs, of any length.
import {
  ArgumentError,
  complexMultiplyRows,
  complexMultiplyRowsParams,
  fftPass,
  fftPasses,
  formatShape,
  ShapeError,
} from "@facet/kernels-wgsl";
import { copyTensor, defineOp, launch, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { empty, fromData, type Tensor } from "../tensor.js";
import { mul } from "./elementwise.js";

export interface FftAttrs {
  inverse: boolean;
  /** Factor of the result. */
  scale: number;
}

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

/** x [count, n] of pairs transformed, n = 2^k; into y, or new memory. */
function byPasses(x: Tensor, count: number, n: number, { inverse, scale }: FftAttrs, y?: Tensor): Tensor {
  let from = x;
  const passes = fftPasses(count, n, { direction: inverse ? 1 : -1, scale });
  for (const [i, params] of passes.entries()) {
    const to = y && i === passes.length - 1 ? y : empty(x.shape, "float32", "workspace");
    launch(fftPass, { x: from, y: to }, params);
    if (from !== x) from.dispose();
    from = to;
  }
  return from;
}

/** In place: numbers of a power of two, in f64. */
function hostFft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j] as number, re[i] as number];
      [im[i], im[j]] = [im[j] as number, im[i] as number];
    }
  }
  for (let length = 2; length <= n; length *= 2) {
    const half = length / 2;
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((2 * Math.PI * k) / length), -Math.sin((2 * Math.PI * k) / length)];
      for (let i = k; i < n; i += length) {
        const j = i + half;
        const [a, b] = [re[j] as number, im[j] as number];
        const [x, y] = [a * c - b * s, a * s + b * c];
        [re[j], im[j]] = [(re[i] as number) - x, (im[i] as number) - y];
        [re[i], im[i]] = [(re[i] as number) + x, (im[i] as number) + y];
      }
    }
  }
}

const pairs = (re: Float64Array, im: Float64Array): Float32Array =>
  Float32Array.from({ length: 2 * re.length }, (_, i) => (i % 2 === 0 ? re : im)[i >> 1] as number);

/** What Bluestein's algorithm multiplies by: the chirp e^(-pi i k^2 / n), and the transform of its inverse around 0, of length m. */
interface Chirp {
  m: number;
  chirp: Float32Array;
  filter: Float32Array;
}

const chirps = new Map<string, Chirp>();
/** Lengths whose numbers are kept on the host. */
const KEPT = 16;

function chirpOf(n: number, inverse: boolean): Chirp {
  const key = `${n} ${inverse}`;
  const known = chirps.get(key);
  if (known) return known;
  const m = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  const [filterRe, filterIm] = [new Float64Array(m), new Float64Array(m)];
  for (let k = 0; k < n; k++) {
    // k^2 by turns of 2n, exactly, before it is an angle.
    const angle = ((inverse ? 1 : -1) * Math.PI * ((k * k) % (2 * n))) / n;
    [re[k], im[k]] = [Math.cos(angle), Math.sin(angle)];
    for (const at of [k, (m - k) % m]) [filterRe[at], filterIm[at]] = [Math.cos(angle), -Math.sin(angle)];
  }
  hostFft(filterRe, filterIm);
  const made = { m, chirp: pairs(re, im), filter: pairs(filterRe, filterIm) };
  if (chirps.size >= KEPT) chirps.delete(chirps.keys().next().value as string);
  chirps.set(key, made);
  return made;
}

/** The transform of any length as a convolution with a chirp, whose own transforms have lengths of powers of two. */
function byChirp(x: Tensor, count: number, n: number, { inverse, scale }: FftAttrs, y: Tensor): void {
  const { m, chirp, filter } = chirpOf(n, inverse);
  const w = fromData(chirp, [n, 2]);
  const multiply = (a: Tensor, b: Tensor, to: Tensor, widthIn: number, width: number, factor = 1): void =>
    launch(complexMultiplyRows, { x: a, w: b, y: to }, complexMultiplyRowsParams(count, widthIn, width, factor));
  const [long, product] = [empty([count, m, 2], "float32", "workspace"), empty([count, m, 2], "float32", "workspace")];
  multiply(x, w, long, n, m);
  multiply(byPasses(long, count, m, { inverse: false, scale: 1 }), fromData(filter, [m, 2]), product, m, m);
  multiply(byPasses(product, count, m, { inverse: true, scale: 1 / m }), w, y, m, n, scale);
}

// y = scale F x; dx = scale F* dy, the transform in the other direction.
const fftOp = defineOp<{ x: Tensor }, FftAttrs>({
  name: "fft",
  shape: ({ x }) => {
    expectDtype("fft", "x", x.dtype, "float32");
    const [n, pair] = x.shape.slice(-2);
    if (x.rank < 2 || pair !== 2)
      throw new ShapeError({
        op: "fft",
        argument: "x",
        expected: "[..., n, 2], pairs of real and imaginary parts",
        given: formatShape(x.shape),
      });
    if (n === undefined || n < 1 || n > 2 ** 23)
      throw new ArgumentError({ op: "fft", argument: "n", expected: "from 1 to 2^23", given: `${n}` });
    return x.shape;
  },
  forward: ({ x }, y, attrs) =>
    scope(() =>
      noGrad(() => {
        const n = x.shape.at(-2) as number;
        const count = x.size / (2 * n);
        if (n === 1) copyTensor(mul(x, attrs.scale), y);
        else if (isPowerOfTwo(n)) byPasses(x, count, n, attrs, y);
        else byChirp(x, count, n, attrs, y);
      }),
    ),
  vjp: { x: vjp([], (dy, _, { attrs }): Tensor => fftOp({ x: dy }, { ...attrs, inverse: !attrs.inverse })) },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

export const fftOfPairs = (x: Tensor, attrs: FftAttrs): Tensor => fftOp({ x }, attrs);
