import type { BindingArrays, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import type { AnyKernel } from "../../kernel.js";
import { cholesky, eighJacobi, householderApply, householderQr, lu, svdJacobi, triangularSolve } from "./linalg.js";
import {
  choleskyReference,
  eighJacobiReference,
  householderApplyReference,
  householderQrReference,
  luReference,
  svdJacobiReference,
  triangularSolveReference,
} from "./linalg.ref.js";

interface Given extends Readonly<Record<string, number>> {
  count: number;
}

interface Plan {
  kernel: AnyKernel;
  reference: KernelEntry["reference"];
  cases: readonly (readonly [name: string, params: Given, bench?: "bench"])[];
  inputs: (p: Given, random: CaseRandom) => BindingArrays;
  outputs: (p: Given) => Record<string, number>;
  /** Of numbers below about 4, in matrices that are far from singular. */
  atol: number;
}

const entry = ({ kernel, reference, cases, inputs, outputs, atol }: Plan): KernelEntry => ({
  kernel,
  reference,
  cases: cases.map(
    ([name, params, bench]): KernelCase => ({
      name,
      params,
      inputs: (random) => inputs(params, random),
      outputs: outputs(params),
      tolerance: { rtol: atol, atol },
      bench: bench === "bench",
    }),
  ),
});

/** Matrices of small numbers, and larger ones far apart on the diagonal: solvable, with distinct eigenvalues. */
function dominant(count: number, m: number, n: number, random: CaseRandom, reach = 0.5): Float32Array {
  const values = random.uniform(count * m * n, -reach / Math.sqrt(n), reach / Math.sqrt(n));
  for (let i = 0; i < count; i++)
    for (let k = 0; k < Math.min(m, n); k++) values[(i * m + k) * n + k] = 1 + (2 * ((k * 7) % n)) / n;
  return values;
}

/** The first number replaced by NaN, when that is asked for. */
const withNaN = (values: Float32Array, strange: number | undefined): Float32Array =>
  values.map((value, i) => (strange && i === 0 ? Number.NaN : value));

/** A permutation of n rows for each matrix. */
const orders = (count: number, n: number): Int32Array =>
  Int32Array.from({ length: count * n }, (_, i) => ((i % n) + 1 + Math.floor(i / n)) % n);

const of = (count: number, n: number, more: Record<string, number> = {}): Given => ({ count, n, ...more });
const unchecked = { checked: 0, fault_slot: 0 };
const triangle = { columns: 3, upper: 0, transposed: 0, unit: 0, permute: 0 };

export const linalgEntries: KernelEntry[] = [
  entry({
    kernel: cholesky,
    reference: choleskyReference,
    cases: [
      ["1 of 1", of(1, 1, unchecked)],
      ["3 of 5", of(3, 5, unchecked)],
      ["1 of 70", of(1, 70, unchecked)],
      ["16 of 64", of(16, 64, unchecked), "bench"],
    ],
    inputs: ({ count, n }, random) => ({ a: dominant(count, n as number, n as number, random) }),
    outputs: ({ count, n }) => ({ y: count * (n as number) ** 2 }),
    atol: 4e-6,
  }),
  entry({
    kernel: lu,
    reference: luReference,
    cases: [
      ["1 of [1, 1]", of(1, 1, { m: 1, ...unchecked })],
      ["3 of [5, 5]", of(3, 5, { m: 5, ...unchecked })],
      ["2 of [4, 7]", of(2, 7, { m: 4, ...unchecked })],
      ["2 of [9, 3]", of(2, 3, { m: 9, ...unchecked })],
      ["1 of [70, 70]", of(1, 70, { m: 70, ...unchecked })],
      ["16 of [64, 64]", of(16, 64, { m: 64, ...unchecked }), "bench"],
    ],
    inputs: ({ count, m, n }, random) => {
      // Rows upside down, so that pivots are elsewhere.
      const a = dominant(count, m as number, n as number, random);
      return {
        a: a.map(
          (_, i) =>
            a[
              (Math.floor(i / (n as number)) ^ 0) * (n as number) + ((n as number) - 1 - (i % (n as number)))
            ] as number,
        ),
      };
    },
    outputs: ({ count, m, n }) => ({
      y: count * (m as number) * (n as number),
      order: count * (m as number),
      sign: count,
    }),
    atol: 4e-6,
  }),
  entry({
    kernel: triangularSolve,
    reference: triangularSolveReference,
    cases: [
      ["1 of 1", of(1, 1, { ...triangle, columns: 1 })],
      ["lower", of(3, 5, triangle)],
      ["upper", of(3, 5, { ...triangle, upper: 1, columns: 8 })],
      ["lower transposed, unit", of(2, 6, { ...triangle, transposed: 1, unit: 1 })],
      ["upper transposed", of(2, 6, { ...triangle, upper: 1, transposed: 1 })],
      ["rows of b", of(2, 6, { ...triangle, permute: 1, unit: 1, columns: 4 })],
      ["rows of the result", of(2, 6, { ...triangle, permute: 2, transposed: 1 })],
      ["lower, 64 of 64 columns", of(16, 64, { ...triangle, columns: 64 }), "bench"],
    ],
    inputs: ({ count, n, columns }, random) => ({
      a: dominant(count, n as number, n as number, random),
      b: random.uniform(count * (n as number) * (columns as number), -1, 1),
      order: orders(count, n as number),
    }),
    outputs: ({ count, n, columns }) => ({ y: count * (n as number) * (columns as number) }),
    atol: 4e-6,
  }),
  entry({
    kernel: householderQr,
    reference: householderQrReference,
    cases: [
      ["1 of [1, 1]", of(1, 1, { m: 1 })],
      ["3 of [5, 5]", of(3, 5, { m: 5 })],
      ["2 of [4, 7]", of(2, 7, { m: 4 })],
      ["2 of [9, 3]", of(2, 3, { m: 9 })],
      ["1 of [80, 70]", of(1, 70, { m: 80 })],
      ["16 of [64, 64]", of(16, 64, { m: 64 }), "bench"],
    ],
    inputs: ({ count, m, n }, random) => ({ a: dominant(count, m as number, n as number, random) }),
    outputs: ({ count, m, n }) => ({
      y: count * (m as number) * (n as number),
      tau: count * Math.min(m as number, n as number),
    }),
    atol: 6e-6,
  }),
  entry({
    kernel: householderApply,
    reference: householderApplyReference,
    cases: [
      ["q of [5, 5]", of(3, 5, { m: 5, reflections: 5, columns: 5, transposed: 0, identity: 1 })],
      ["q of [9, 3], four columns", of(2, 3, { m: 9, reflections: 3, columns: 4, transposed: 0, identity: 1 })],
      ["q b", of(2, 3, { m: 7, reflections: 3, columns: 5, transposed: 0, identity: 0 })],
      ["q^T b", of(2, 3, { m: 7, reflections: 3, columns: 4, transposed: 1, identity: 0 })],
      ["q of [64, 64]", of(16, 64, { m: 64, reflections: 64, columns: 64, transposed: 0, identity: 1 }), "bench"],
    ],
    inputs: ({ count, m, n, reflections, columns }, random) => ({
      a: random.uniform(count * (m as number) * (n as number), -0.2, 0.2),
      tau: random.uniform(count * (reflections as number), 0, 0.5),
      b: random.uniform(count * (m as number) * (columns as number), -1, 1),
    }),
    outputs: ({ count, m, columns }) => ({ y: count * (m as number) * (columns as number) }),
    atol: 4e-6,
  }),
  entry({
    kernel: eighJacobi,
    reference: eighJacobiReference,
    cases: [
      ["1 of 1", of(1, 1)],
      ["3 of 2", of(3, 2)],
      ["2 of 5", of(2, 5)],
      ["1 of 24", of(1, 24)],
      ["2 of 3, one with NaN", of(2, 3, { strange: 1 })],
      ["8 of 32", of(8, 32), "bench"],
    ],
    inputs: ({ count, n, strange }, random) => ({
      a: withNaN(dominant(count, n as number, n as number, random, 0.1), strange),
    }),
    outputs: ({ count, n }) => {
      const size = count * (n as number) ** 2;
      return { work: size, vectors: size, y: size + count * (n as number) };
    },
    atol: 3e-5,
  }),
  entry({
    kernel: svdJacobi,
    reference: svdJacobiReference,
    cases: [
      ["1 of [1, 1]", of(1, 1, { m: 1 })],
      ["3 of [3, 2]", of(3, 2, { m: 3 })],
      ["2 of [5, 5]", of(2, 5, { m: 5 })],
      ["1 of [30, 17]", of(1, 17, { m: 30 })],
      ["2 of [4, 3], one with NaN", of(2, 3, { m: 4, strange: 1 })],
      ["8 of [32, 32]", of(8, 32, { m: 32 }), "bench"],
    ],
    inputs: ({ count, m, n, strange }, random) => ({
      a: withNaN(dominant(count, m as number, n as number, random, 0.1), strange),
    }),
    outputs: ({ count, m, n }) => ({
      work: count * (m as number) * (n as number),
      vectors: count * (n as number) ** 2,
      y: count * ((m as number) + (n as number) + 1) * (n as number),
    }),
    atol: 3e-5,
  }),
];
