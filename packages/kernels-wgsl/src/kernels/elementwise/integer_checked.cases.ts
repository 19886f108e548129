import type { BindingArray, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import {
  type IntegerCheck,
  integerChecked,
  integerCheckedConstants,
  integerCheckedGeometry,
  integerChecks,
} from "./integer_checked.js";
import { integerCheckedReference } from "./integer_checked.ref.js";

const LEAST = -(2 ** 31);
const MOST = 2 ** 31 - 1;

/** Checks of which no divisor is 0. */
const DIVISIONS: ReadonlySet<IntegerCheck> = new Set(["floor_divide", "trunc_divide", "fmod", "remainder"]);

const quotients = [
  [7, -2],
  [-7, 2],
  [-7, -2],
  [LEAST, 1],
  [LEAST, 3],
  [MOST, -1],
  [0, -5],
  [16_777_251, 1],
] as const;

/** Operands whose results lie at the ends of 32 bits: a result beyond them is an error that the next read raises. */
const edges: Record<IntegerCheck, readonly (readonly [number, number])[]> = {
  add: [
    [MOST, 0],
    [MOST, LEAST],
    [LEAST, 0],
    [-1, LEAST + 1],
    [2 ** 30, 2 ** 30 - 1],
  ],
  sub: [
    [LEAST, 0],
    [-1, LEAST],
    [MOST, 0],
    [LEAST, LEAST],
  ],
  mul: [
    [46_340, 46_340],
    [-65_536, 32_768],
    [LEAST, 1],
    [1, LEAST],
    [MOST, -1],
    [0, LEAST],
    [-7, 5],
  ],
  pow: [
    [2, 30],
    [-2, 31],
    [-2, 30],
    [46_340, 2],
    [1, MOST],
    [-1, MOST],
    [0, 0],
    [7, -1],
    [-1, -3],
    [-1, -2],
    [1, -5],
  ],
  floor_divide: quotients,
  trunc_divide: quotients,
  fmod: [...quotients, [LEAST, -1]],
  remainder: [...quotients, [LEAST, -1]],
  shift_left: [
    [1, 30],
    [-1, 31],
    [-3, 29],
    [0, 40],
    [5, -1],
    [5, 64],
    [MOST, 0],
  ],
  neg: [
    [MOST, 0],
    [LEAST + 1, 0],
    [0, 0],
  ],
  abs: [
    [MOST, 0],
    [LEAST + 1, 0],
    [0, 0],
  ],
  from_f32: [
    [LEAST, 0],
    [2_147_483_520, 0],
    [-0.75, 0],
    [1.75, 0],
    [-0, 0],
  ],
  unless_wrapped: [
    [MOST, 2 ** 31],
    [LEAST, LEAST],
    [5, 5],
    [7, Number.NaN],
  ],
  bernoulli: [
    [0, 0],
    [0, 1],
    [0.5, 0.5],
    [0.25, 0.5],
    [0.999, 1],
  ],
};

const dtypeOf = (name: IntegerCheck, operand: "A" | "B"): string => integerCheckedConstants(name)[operand] as string;

function checkedCase(name: IntegerCheck, a: readonly number[], b: readonly number[], bench = false): KernelCase {
  const { shape, params } = integerCheckedGeometry(a, b, 0, name);
  const small = name === "pow" || name === "shift_left" ? [-6, 7] : name === "bernoulli" ? [0, 2] : [-1000, 1000];
  const operand = (random: CaseRandom, which: "A" | "B", extents: readonly number[]): BindingArray => {
    const drawn = random.integers(sizeOf(extents), small[0] as number, small[1] as number);
    // No divisor is 0.
    const values = which === "B" && DIVISIONS.has(name) ? drawn.map((value) => (value === 0 ? 7 : value)) : drawn;
    return dtypeOf(name, which) === "f32" ? Float32Array.from(values) : values;
  };
  return {
    name: `${name} [${a}] [${b}]`,
    params,
    constants: integerCheckedConstants(name),
    inputs: (random) => {
      const operands = { a: operand(random, "A", a), b: operand(random, "B", b) };
      if (`${a}` === `${b}`)
        for (const [i, pair] of edges[name].entries()) [operands.a[i], operands.b[i]] = pair as [number, number];
      return operands;
    },
    outputs: { y: sizeOf(shape) },
    bench,
  };
}

export const integerCheckedEntries: KernelEntry[] = [
  {
    kernel: integerChecked,
    reference: integerCheckedReference,
    cases: [
      ...integerChecks.map((name) => checkedCase(name, [1028], [1028])),
      checkedCase("sub", [3, 1, 5], [4, 1]),
      checkedCase("mul", [], [2, 3]),
      checkedCase("add", [2 ** 20], [2 ** 20], true),
    ],
  },
];
