// Initialisers of Keras, PyTorch and JAX, as functions of a key and a shape. The dialects choose among them and set the
// defaults of their originals; the bits come from Threefry for all, so that one key gives every dialect the same weights.
import { ArgumentError, formatShape, OutOfMemoryError, ShapeError, sizeOf } from "@facet/kernels-wgsl";
import { refuseInCapture } from "./capture/trace.js";
import { mul } from "./ops/elementwise.js";
import { hostBits, type Key, normal, truncatedNormal, uniform } from "./random.js";
import { scope } from "./scope.js";
import { fromData, type Tensor } from "./tensor.js";
import { type AnyKey, drawnByExample } from "./vmap/keys.js";

export type Initializer = (key: AnyKey, shape: readonly number[]) => Tensor;

/** Which dimensions count as inputs and outputs; the rest is the receptive field. Default: the last two (HWIO, [in, out]). */
export interface FanAxes {
  inAxis?: number;
  outAxis?: number;
}

/** Inputs that feed one output and outputs that one input feeds. */
export function fans(
  shape: readonly number[],
  { inAxis = -2, outAxis = -1 }: FanAxes = {},
): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    const extent = shape[0] ?? 1;
    return { fanIn: extent, fanOut: extent };
  }
  const fanInExtent = shape.at(inAxis);
  const fanOutExtent = shape.at(outAxis);
  if (!fanInExtent || !fanOutExtent)
    throw new ShapeError({
      op: "fans",
      argument: "shape",
      expected: `axes ${inAxis} and ${outAxis}`,
      given: formatShape(shape),
    });
  const field = sizeOf(shape) / (fanInExtent * fanOutExtent);
  return { fanIn: fanInExtent * field, fanOut: fanOutExtent * field };
}

export interface VarianceScalingOptions extends FanAxes {
  scale?: number;
  mode?: "fan_in" | "fan_out" | "fan_avg";
  distribution?: "uniform" | "normal" | "truncated_normal";
}

/** Standard deviation of a standard normal cut to [-2, 2]; Keras and JAX divide by it. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** Zero mean and variance scale / n, with n the chosen fan. Keras' VarianceScaling, JAX's variance_scaling. */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  const { scale = 1, mode = "fan_in", distribution = "truncated_normal", ...axes } = options;
  if (!(scale > 0))
    throw new ArgumentError({
      op: "variance_scaling",
      argument: "scale",
      expected: "a positive number",
      given: `${scale}`,
    });
  return (key, shape) => {
    const { fanIn, fanOut } = fans(shape, axes);
    const n = mode === "fan_in" ? fanIn : mode === "fan_out" ? fanOut : (fanIn + fanOut) / 2;
    const variance = scale / Math.max(1, n);
    if (distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return uniform(key, shape, -limit, limit);
    }
    if (distribution === "normal") return normal(key, shape, 0, Math.sqrt(variance));
    return scaled(truncatedNormal(key, shape), Math.sqrt(variance) / TRUNCATED_DEVIATION);
  };
}

function scaled(x: Tensor, factor: number): Tensor {
  const y = scope(() => mul(x, factor));
  x.dispose();
  return y;
}

/** U(+-sqrt(6 / (fan_in + fan_out))): Keras' default, torch's xavier_uniform_. */
export const glorotUniform = (axes: FanAxes = {}): Initializer =>
  varianceScaling({ mode: "fan_avg", distribution: "uniform", ...axes });
/** JAX and Keras: truncated normal of variance 2 / (fan_in + fan_out). */
export const glorotNormal = (axes: FanAxes = {}): Initializer => varianceScaling({ mode: "fan_avg", ...axes });
export const heUniform = (axes: FanAxes = {}): Initializer =>
  varianceScaling({ scale: 2, distribution: "uniform", ...axes });
export const heNormal = (axes: FanAxes = {}): Initializer => varianceScaling({ scale: 2, ...axes });
export const lecunUniform = (axes: FanAxes = {}): Initializer => varianceScaling({ distribution: "uniform", ...axes });
export const lecunNormal = (axes: FanAxes = {}): Initializer => varianceScaling({ ...axes });

/** U(low, high). */
export const uniformInitializer =
  (low: number, high: number): Initializer =>
  (key, shape) =>
    uniform(key, shape, low, high);
/** N(mean, deviation^2). */
export const normalInitializer =
  (mean: number, deviation: number): Initializer =>
  (key, shape) =>
    normal(key, shape, mean, deviation);
/** Normal cut at two standard deviations, not rescaled: Keras' TruncatedNormal with mean 0, JAX's truncated_normal. */
export const truncatedNormalInitializer =
  (deviation: number): Initializer =>
  (key, shape) =>
    scaled(truncatedNormal(key, shape), deviation);

/**
 * torch's kaiming_uniform_: U(+-gain sqrt(3 / fan)), gain sqrt(2 / (1 + a^2)) for leaky_relu. nn.Linear and nn.Conv2d use
 * a = sqrt 5, which makes it U(+-1 / sqrt(fan_in)).
 */
export function kaimingUniform(a = 0, mode: "fan_in" | "fan_out" = "fan_in", axes: FanAxes = {}): Initializer {
  return varianceScaling({ scale: 2 / (1 + a * a), mode, distribution: "uniform", ...axes });
}

export function kaimingNormal(a = 0, mode: "fan_in" | "fan_out" = "fan_in", axes: FanAxes = {}): Initializer {
  return varianceScaling({ scale: 2 / (1 + a * a), mode, distribution: "normal", ...axes });
}

/** Rows (or columns, whichever are fewer) orthonormal, times gain. Computed on the host, in f64. */
export function orthogonal(gain = 1): Initializer {
  return (key, shape) => {
    if (shape.length < 2)
      throw new ShapeError({
        op: "orthogonal",
        argument: "shape",
        expected: "rank 2 or more",
        given: formatShape(shape),
      });
    if (sizeOf(shape) > MOST_ON_HOST)
      throw new OutOfMemoryError({
        op: "orthogonal",
        argument: "shape",
        expected: `at most ${MOST_ON_HOST} elements, which are made on the host`,
        given: formatShape(shape),
      });
    const columns = shape.at(-1) as number;
    const rows = sizeOf(shape) / columns;
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    refuseInCapture("orthogonal", "weights as an argument: they are made on the host");
    return drawnByExample(key, [], (own) => {
      const vectors = orthonormal(hostNormals(own, count * length), count, length);
      const values = new Float32Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const [vector, element] = rows < columns ? [row, column] : [column, row];
          values[row * columns + column] = gain * (vectors[vector * length + element] as number);
        }
      }
      return fromData(values, shape);
    });
  };
}

/** Elements that the host makes orthonormal vectors of at most. */
const MOST_ON_HOST = 2 ** 26;

/** Box-Muller on the host: only orthogonal needs values there. */
function hostNormals(key: Key, count: number): Float64Array {
  const words = hostBits(key, 2 * count);
  return Float64Array.from({ length: count }, (_, i) => {
    const u = ((words[2 * i] as number) + 0.5) / 2 ** 32;
    return Math.sqrt(-2 * Math.log(u)) * Math.cos((2 * Math.PI * (words[2 * i + 1] as number)) / 2 ** 32);
  });
}

/** Gram-Schmidt, each vector against those before it, twice for accuracy. */
function orthonormal(vectors: Float64Array, count: number, length: number): Float64Array {
  for (let i = 0; i < count; i++) {
    const own = vectors.subarray(i * length, (i + 1) * length);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = vectors.subarray(j * length, (j + 1) * length);
        const along = own.reduce((sum, value, k) => sum + value * (other[k] as number), 0);
        for (let k = 0; k < length; k++) own[k] = (own[k] as number) - along * (other[k] as number);
      }
    }
    const norm = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    for (let k = 0; k < length; k++) own[k] = (own[k] as number) / norm;
  }
  return vectors;
}
