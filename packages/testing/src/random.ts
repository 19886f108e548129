/** Seeded random test inputs. The stream is a property of the seed alone: the same calls give the same values everywhere. */
export interface Random {
  /** One double in [0, 1). */
  next(): number;
  /** float32 values in [lo, hi); default [-1, 1). */
  uniform(shape: number | readonly number[], lo?: number, hi?: number): Float32Array;
  /** float32 standard normal values. */
  normal(shape: number | readonly number[]): Float32Array;
  /** int32 values in [lo, hi). */
  integers(shape: number | readonly number[], lo: number, hi: number): Int32Array;
  /** 0..n-1 in random order. */
  permutation(n: number): Int32Array;
  /**
   * float32 values in random order, no two nearer than `gap` and none nearer to 0 than gap / 2: no ties for max
   * pooling, no kink of relu within reach of a finite difference. The default gap, 1/16, is exact in float32.
   */
  distinct(shape: number | readonly number[], gap?: number): Float32Array;
}

/** A generator of test inputs; `seed` is any integer, of which the low 32 bits count. */
export function createRandom(seed: number): Random {
  if (!Number.isInteger(seed)) throw new RangeError(`createRandom: seed must be an integer, got ${seed}`);
  let counter = 0;
  const start = mix(seed >>> 0);
  const next = () => mix((start + counter++) >>> 0) / 2 ** 32;

  const uniform = (shape: number | readonly number[], lo = -1, hi = 1) =>
    Float32Array.from({ length: sizeOf(shape) }, () => lo + (hi - lo) * next());

  const normal = (shape: number | readonly number[]) =>
    Float32Array.from({ length: sizeOf(shape) }, () => {
      // Box-Muller; 1 - next() keeps the logarithm finite.
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      return radius * Math.cos(2 * Math.PI * next());
    });

  const integers = (shape: number | readonly number[], lo: number, hi: number) => {
    if (!(hi > lo)) throw new RangeError(`integers: [${lo}, ${hi}) is empty`);
    return Int32Array.from({ length: sizeOf(shape) }, () => lo + Math.floor((hi - lo) * next()));
  };

  const permutation = (n: number) => {
    const order = Int32Array.from({ length: sizeOf(n) }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor((i + 1) * next());
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  };

  const distinct = (shape: number | readonly number[], gap = 1 / 16) => {
    const n = sizeOf(shape);
    const half = Math.floor(n / 2);
    return Float32Array.from(permutation(n), (rank) => (rank - half + 0.5) * gap);
  };

  return { next, uniform, normal, integers, permutation, distinct };
}

/**
 * Fixed float32 weights in [-scale, scale) that Python and TypeScript compute to the same bits, so that a golden file
 * need not store them: w[i] = scale * (mix(i + stream * 2^20) / 2^31 - 1), in double precision, rounded to float32.
 *
 * @param stream Another parameter of the same model takes another stream.
 */
export function formulaWeights(n: number, scale: number, stream = 0): Float32Array {
  return Float32Array.from({ length: sizeOf(n) }, (_, i) => scale * (mix((i + stream * 2 ** 20) >>> 0) / 2 ** 31 - 1));
}

/** The 32-bit finaliser of MurmurHash3 on x + 1: a bijection of uint32 in which every input bit moves every output bit. */
function mix(x: number): number {
  let h = (x + 1) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function sizeOf(shape: number | readonly number[]): number {
  const extents = typeof shape === "number" ? [shape] : shape;
  if (!extents.every((extent) => Number.isInteger(extent) && extent >= 0)) {
    throw new RangeError(`shape must be non-negative integers, got [${extents.join(", ")}]`);
  }
  return extents.reduce((size, extent) => size * extent, 1);
}
