import type { KernelCase, KernelEntry } from "../../cases.js";
import { packHalves } from "../../half.js";
import { sizeOf } from "../../kernel.js";
import { type MatmulOptions, type MatmulParams, matmul, matmulF16, matmulGeometry } from "./matmul.js";
import { matmulF16Reference, matmulReference, matmulSplitKReduceReference } from "./matmul.ref.js";
import {
  type MatmulSplitKPlan,
  type MatmulSplitKReduceParams,
  matmulSplitKPlan,
  matmulSplitKReduce,
} from "./matmul_split_k.js";

interface Shape extends MatmulOptions {
  a: number[];
  b: number[];
  relu?: boolean;
  bench?: boolean;
}

function matmulCase({ a, b, relu = false, bench = false, ...options }: Shape): KernelCase {
  const { shape, params } = matmulGeometry(a, b, options);
  const words = [
    `[${a}]${options.transposeA ? "T" : ""} x [${b}]${options.transposeB ? "T" : ""}`,
    options.bias ? "+ bias" : "",
    relu ? "relu" : "",
  ];
  return {
    name: words.filter((word) => word !== "").join(" "),
    params,
    ...(relu ? { constants: { activate: "max(v, 0.0)" } } : {}),
    inputs: (random) => ({
      a: random.uniform(sizeOf(a), -1, 1),
      b: random.uniform(sizeOf(b), -1, 1),
      ...(options.bias ? { bias: random.uniform(params.n, -1, 1) } : {}),
    }),
    outputs: { y: sizeOf(shape) },
    // Each of k additions rounds a partial sum of magnitude at most about sqrt(k) by 2^-24.
    tolerance: { rtol: 1e-5, atol: params.k * Math.sqrt(params.k) * 2 ** -24 + 1e-7 },
    bench,
  };
}

const shapes: Shape[] = [
  { a: [1, 1], b: [1, 1] },
  { a: [3, 5], b: [5, 7] },
  { a: [5, 3], b: [5, 7], transposeA: true },
  { a: [3, 5], b: [7, 5], transposeB: true },
  { a: [5, 3], b: [7, 5], transposeA: true, transposeB: true, bias: true },
  { a: [17, 33], b: [33, 65], bias: true, relu: true },
  { a: [16, 32], b: [32, 64] },
  { a: [9, 12], b: [12, 20], bias: true, relu: true },
  { a: [4, 6, 5], b: [4, 5, 3] },
  { a: [2, 1, 4, 8], b: [3, 8, 4] },
  { a: [6, 5], b: [2, 3, 5, 4] },
  { a: [2, 3, 1, 2, 3, 4], b: [2, 1, 5, 2, 4, 3] },
  { a: [3, 0], b: [0, 2], bias: true },
  // Rows and columns that end within the tiles of a subgroup, each operand either way.
  { a: [35, 12], b: [12, 44], bias: true, relu: true },
  { a: [12, 36], b: [12, 40], transposeA: true },
  { a: [37, 8], b: [41, 8], transposeB: true, bias: true },
  { a: [8, 68], b: [34, 8], transposeA: true, transposeB: true },
  { a: [4, 3, 33, 8], b: [3, 20, 8], transposeB: true },
  { a: [2, 7, 21], b: [2, 13, 7], transposeA: true, transposeB: true, bias: true, relu: true },
  // Rows, columns and k that end within the tiles of a workgroup.
  { a: [70, 37], b: [37, 130], bias: true, relu: true },
  { a: [2, 1, 41, 66], b: [3, 71, 41], transposeA: true, transposeB: true },
  { a: [2, 36, 68], b: [72, 36], transposeA: true, transposeB: true, bias: true },
  // More tiles than one dimension of the grid holds.
  { a: [65_535 * 16 + 1, 1], b: [1, 1] },
  { a: [9, 4], b: [5, 4, 20] },
  { a: [17, 1], b: [5, 1, 17], bias: true },
  { a: [128, 1600], b: [1600, 10], bias: true, bench: true },
  { a: [128, 1600], b: [128, 10], transposeA: true, bench: true },
  { a: [128, 10], b: [1600, 10], transposeB: true, bench: true },
  { a: [32, 784], b: [784, 256], bias: true, relu: true, bench: true },
  { a: [32, 784], b: [32, 256], transposeA: true, bench: true },
  { a: [32, 256], b: [784, 256], transposeB: true, bench: true },
  { a: [256, 256], b: [256, 256], bench: true },
  { a: [512, 512], b: [512, 512], bench: true },
];

/** The first pass over a long k: the chunks are a batch whose matrices lie within those of a and b. */
function chunkCase(shape: Shape): KernelCase {
  const whole = matmulCase(shape);
  const { chunkParams, partialElements } = matmulSplitKPlan(whole.params as MatmulParams) as MatmulSplitKPlan;
  const atol = chunkParams.k * Math.sqrt(chunkParams.k) * 2 ** -24;
  return {
    ...whole,
    name: `${whole.name} in chunks`,
    params: chunkParams,
    outputs: { y: partialElements },
    tolerance: { rtol: 1e-5, atol },
  };
}

function reduceCase(params: MatmulSplitKReduceParams, options: { relu?: boolean; bench?: boolean } = {}): KernelCase {
  const { count, chunks, period } = params;
  const { relu = false, bench = false } = options;
  return {
    name: `[${chunks},${count}]${period > 0 ? ` + [${period}]` : ""}${relu ? " relu" : ""}`,
    params,
    ...(relu ? { constants: { activate: "max(v, 0.0)" } } : {}),
    inputs: (random) => ({
      partial: random.uniform(chunks * count, -1, 1),
      ...(period > 0 ? { add: random.uniform(period, -1, 1) } : {}),
    }),
    outputs: { y: count },
    // As in matmul: each addition rounds a partial sum.
    tolerance: { rtol: 1e-5, atol: chunks * Math.sqrt(chunks) * 2 ** -24 + 1e-7 },
    bench,
  };
}

const chunked: Shape[] = [
  { a: [20, 16_500], b: [16_500, 17] },
  { a: [16_384, 20], b: [24, 16_384], transposeA: true, transposeB: true },
  { a: [16_384, 64], b: [16_384, 16], transposeA: true, bench: true },
];

/** A case with its operands rounded to half precision. */
function halfCase(shape: Shape): KernelCase {
  const single = matmulCase(shape);
  return {
    ...single,
    inputs: (random) => {
      const { a, b, ...others } = single.inputs(random);
      return { ...others, a: packHalves(a as Float32Array, "f16"), b: packHalves(b as Float32Array, "f16") };
    },
  };
}

const inHalves: Shape[] = [
  { a: [1, 1], b: [1, 1] },
  { a: [5, 3], b: [7, 5], transposeA: true, transposeB: true, bias: true, relu: true },
  { a: [2, 1, 41, 66], b: [3, 71, 41], transposeA: true, transposeB: true },
  { a: [70, 37], b: [37, 130], bias: true },
  { a: [35, 12], b: [12, 44], bias: true },
  { a: [20, 36], b: [20, 40], transposeA: true },
  { a: [37, 8], b: [41, 8], transposeB: true, bias: true },
  { a: [2, 36, 68], b: [72, 36], transposeA: true, transposeB: true, bias: true },
  { a: [256, 256], b: [256, 256], bench: true },
];

export const matmulEntries: KernelEntry[] = [
  { kernel: matmul, reference: matmulReference, cases: [...shapes.map(matmulCase), ...chunked.map(chunkCase)] },
  { kernel: matmulF16, reference: matmulF16Reference, cases: inHalves.map(halfCase) },
  {
    kernel: matmulSplitKReduce,
    reference: matmulSplitKReduceReference,
    cases: [
      reduceCase({ count: 1, chunks: 1, period: 0 }),
      reduceCase({ count: 35, chunks: 3, period: 7 }, { relu: true }),
      reduceCase({ count: 130, chunks: 17, period: 130 }),
      reduceCase({ count: 1024, chunks: 16, period: 16 }, { bench: true }),
    ],
  },
];
