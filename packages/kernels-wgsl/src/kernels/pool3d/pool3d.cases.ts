import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import type { AnyKernel, Constants } from "../../kernel.js";
import {
  adaptivePool,
  adaptivePoolGeometry,
  avgPool3dBackward,
  avgPool3dForward,
  maxPool3dBackward,
  maxPool3dForward,
  type Pool3dParams,
  type PoolOptions,
  pool3dCounts,
  poolGeometry,
} from "./pool3d.js";
import {
  avgPool3dBackwardReference,
  avgPool3dForwardReference,
  maxPool3dBackwardReference,
  maxPool3dForwardReference,
} from "./pool3d.ref.js";

interface Shape extends Partial<Omit<PoolOptions, "window">> {
  x: number[];
  /** Absent for adaptive pooling to `size`. */
  window?: number[];
  size?: number[];
  /** Some elements are NaN, infinities and negative zeros. */
  special?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1, 1, 1], window: [1] },
  { x: [2, 3, 7], window: [3], stride: [2], padding: [1, 1] },
  { x: [2, 7, 4], window: [2], stride: [3], padding: [0, 2], channelsLast: true, ceilMode: true },
  { x: [2, 3, 5, 6], window: [2, 3], stride: [1, 2], special: true },
  { x: [1, 6, 5, 8], window: [3, 2], stride: [2, 1], padding: [1, 0, 1, 1], channelsLast: true, special: true },
  { x: [1, 2, 4, 5, 6], window: [2, 2, 3], stride: [2, 1, 2], padding: [1, 0, 0, 1, 1, 1] },
  {
    x: [1, 4, 3, 5, 4],
    window: [2, 3, 2],
    dilation: [2, 1, 3],
    stride: [1, 1, 1],
    padding: [1, 1, 1, 0, 2, 2],
    channelsLast: true,
  },
  { x: [1, 2, 5, 5, 5], window: [2, 2, 2], padding: [1, 1, 1, 1, 1, 1], ceilMode: true, countIncludePad: true },
  { x: [1, 1, 6, 6], window: [3, 3], padding: [1, 1, 1, 1], ceilMode: true, countIncludePad: true },
  { x: [1, 2, 6, 6], window: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1], divisor: 5 },
  { x: [1, 2, 5], window: [3], dilation: [2], stride: [1], padding: [3, 2], countIncludePad: true },
  // Windows wholly in the padding, and larger than the input.
  { x: [1, 2, 3], window: [2], stride: [2], padding: [3, 4] },
  { x: [1, 2, 2, 2], window: [3, 3], stride: [2, 2], ceilMode: true },
  // Windows that do not overlap, smaller than the stride, with padding and places that no window reaches.
  { x: [2, 3, 8, 7, 9], window: [2, 1, 3], stride: [3, 2, 3], padding: [1, 0, 0, 1, 2, 1], special: true },
  { x: [1, 7, 9, 8], window: [2, 3], padding: [3, 1, 5, 0], channelsLast: true, countIncludePad: true },
  { x: [1, 5, 6, 2], window: [2, 2], padding: [1, 1, 0, 1], channelsLast: true, ceilMode: true, divisor: 3 },
  { x: [2, 3, 7], size: [3] },
  { x: [1, 5, 7, 4], size: [3, 2], channelsLast: true, special: true },
  // More windows than elements.
  { x: [1, 2, 3, 2, 5], size: [4, 2, 7] },
  { x: [1, 2, 6, 5], size: [1, 1] },
  { x: [4, 16, 8, 28, 28], window: [2, 2, 2], bench: true },
  {
    x: [4, 8, 28, 28, 16],
    window: [3, 3, 3],
    stride: [2, 2, 2],
    padding: [1, 1, 1, 1, 1, 1],
    channelsLast: true,
    bench: true,
  },
];

const strange = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 0, Number.POSITIVE_INFINITY];

/** Few different values, so that every window has ties. */
function tied(random: CaseRandom, count: number, special = false): Float32Array {
  const values = Float32Array.from(random.integers(count, -3, 4));
  if (!special) return values;
  const which = random.integers(count, 0, 4 * strange.length);
  return values.map((value, i) => strange[which[i] as number] ?? value);
}

const pools = shapes.map(({ x, window, size, special = false, bench = false, ...given }) => {
  const channelsLast = given.channelsLast ?? false;
  const words = Object.entries({ window, size, ...given }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  const axes = x.length - 2;
  const { params } = window
    ? poolGeometry("max_pool", x, {
        stride: window,
        padding: Array.from({ length: 2 * axes }, () => 0),
        ...given,
        window,
        channelsLast,
      })
    : adaptivePoolGeometry("max_pool", x, size as number[], channelsLast);
  return {
    name: [`[${x}]`, ...words, special ? "special" : ""].join(" ").trim(),
    params,
    adaptive: !window,
    special,
    bench,
  };
});
type Pool = (typeof pools)[number];

/** Windows that hold one element, at most; of adaptive pooling no more than two along each axis, or as many as there are. */
const windowsAt = ({ params: p, adaptive }: Pool): number => {
  const along = (axis: "d" | "h" | "w"): number =>
    adaptive
      ? Math.ceil(p[`out_${axis}`] / p[`in_${axis}`]) + 1
      : Math.ceil((p[`window_${axis}`] * p[`dilation_${axis}`]) / p[`stride_${axis}`]);
  return along("d") * along("h") * along("w");
};

function entry(
  kernel: AnyKernel,
  reference: KernelEntry["reference"],
  constants: Constants,
  inputs: (random: CaseRandom, p: Pool3dParams, pool: Pool) => ReturnType<KernelCase["inputs"]>,
  outputs: readonly string[],
  of: "x" | "y",
  tolerance?: (pool: Pool) => NonNullable<KernelCase["tolerance"]>,
): KernelEntry {
  return {
    kernel,
    reference,
    cases: pools.map((pool) => ({
      name: pool.name,
      params: pool.params,
      ...(pool.adaptive ? { constants } : {}),
      inputs: (random) => inputs(random, pool.params, pool),
      outputs: Object.fromEntries(outputs.map((name) => [name, pool3dCounts(pool.params)[of]])),
      ...(tolerance ? { tolerance: tolerance(pool) } : {}),
      bench: pool.bench,
    })),
  };
}

const taps = (p: Pool3dParams): number => (p.window_d + 1) * (p.window_h + 1) * (p.window_w + 1);

export const pool3dEntries: KernelEntry[] = [
  entry(
    maxPool3dForward,
    maxPool3dForwardReference,
    adaptivePool.maxForward,
    (random, p, { special }) => ({ x: tied(random, pool3dCounts(p).x, special) }),
    ["y", "index"],
    "y",
  ),
  entry(
    maxPool3dBackward,
    maxPool3dBackwardReference,
    adaptivePool.maxBackward,
    (random, p, { special, adaptive }) => {
      const x = tied(random, pool3dCounts(p).x, special);
      const constants = adaptive ? adaptivePool.maxForward : {};
      const { index } = maxPool3dForwardReference({ x }, p, constants);
      return { index: index as Int32Array, dy: random.uniform(pool3dCounts(p).y, -1, 1) };
    },
    ["dx"],
    "x",
    // k values below 1 in magnitude: k - 1 additions round partial sums below k by 2^-24.
    (pool) => ({ rtol: 0, atol: windowsAt(pool) ** 2 * 2 ** -24 }),
  ),
  entry(
    avgPool3dForward,
    avgPool3dForwardReference,
    adaptivePool.avgForward,
    (random, p) => ({ x: random.uniform(pool3dCounts(p).x, -1, 1) }),
    ["y"],
    "y",
    // As of avg_pool2d: additions round partial sums below the number of taps, and a division is wrong by 2^-21 at most.
    ({ params }) => ({ rtol: 2 ** -21, atol: taps(params) * 2 ** -24 }),
  ),
  entry(
    avgPool3dBackward,
    avgPool3dBackwardReference,
    adaptivePool.avgBackward,
    (random, p) => ({ dy: random.uniform(pool3dCounts(p).y, -1, 1) }),
    ["dx"],
    "x",
    // Each of k windows adds a term below 1, wrong by 2^-21 after its division, and rounds a partial sum below k.
    (pool) => ({ rtol: 0, atol: windowsAt(pool) * 2 ** -21 + windowsAt(pool) ** 2 * 2 ** -24 }),
  ),
];
