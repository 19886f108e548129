import type { BindingArray, KernelCase, KernelEntry } from "../../cases.js";
import type { BindingDtype } from "../../kernel.js";
import { sizeOf } from "../../kernel.js";
import {
  elementwiseBinary,
  elementwiseGeometry,
  elementwiseTernary,
  elementwiseUnary,
  FOUR_VECTORS_FROM,
} from "./elementwise.js";
import { elementwiseReference } from "./elementwise.ref.js";
import { chainEntry, draw } from "./elementwise_chain.cases.js";
import { type Expression, type ExpressionName, elementwiseConstants, expressions } from "./expressions.js";

const fits = (dtype: BindingDtype, value: number): boolean =>
  dtype === "f32" || (Number.isInteger(value) && (dtype === "i32" || value >= 0));

export interface Call {
  name: ExpressionName;
  dtypes?: readonly BindingDtype[];
  shapes: readonly (readonly number[])[];
  bench?: boolean;
}

export function elementwiseCase({ name, dtypes, shapes, bench = false }: Call): KernelCase {
  const { arity, dtypes: allowed, domain, edges = [], scalars = [0, 0], tolerance }: Expression = expressions[name];
  const taken = dtypes ?? (allowed[0] as readonly BindingDtype[]);
  const { shape, params } = elementwiseGeometry(shapes, ...scalars);
  // Edges stand in front, one operand tuple per element, when the operands are walked alike.
  const tuples = shapes.every((operand) => sizeOf(operand) === sizeOf(shape))
    ? edges.filter((tuple) => tuple.every((value, i) => fits(taken[i] as BindingDtype, value)))
    : [];
  return {
    name: `${name}(${taken.join(", ")}) ${shapes.map((operand) => `[${operand}]`).join(" ")}`,
    params,
    constants: elementwiseConstants(name, taken),
    inputs: (random) => {
      const operands: Record<string, BindingArray> = {};
      for (let i = 0; i < arity; i++) {
        const values = draw(random, sizeOf(shapes[i] as number[]), taken[i] as BindingDtype, domain?.[i] ?? [-4, 4]);
        for (const [at, tuple] of tuples.entries()) values[at] = tuple[i] as number;
        operands["abc"[i] as string] = values;
      }
      return operands;
    },
    outputs: { y: sizeOf(shape) },
    ...(tolerance && taken[0] === "f32" ? { tolerance } : {}),
    bench,
  };
}

/** Every expression of a shader over every dtype it takes; 1028 elements run as scalars and as vectors, with a ragged last group. */
export const expressionCases = (arity: number, shader?: Expression["shader"]): KernelCase[] =>
  Object.entries(expressions as Record<string, Expression>)
    .filter(([, row]) => row.arity === arity && row.shader === shader)
    .flatMap(([name, row]) =>
      row.dtypes.map((dtypes) =>
        elementwiseCase({ name: name as ExpressionName, dtypes, shapes: dtypes.map(() => [1028]) }),
      ),
    );

const cnn = [32, 26, 26, 32];

/** A call for every mix of operands with at least one whole. */
const mixes = (name: ExpressionName, arity: number, whole: number[], repeated: number[]): Call[] =>
  Array.from({ length: 2 ** arity - 1 }, (_, mix) => ({
    name,
    shapes: Array.from({ length: arity }, (_, i) => ((mix >> i) & 1 ? repeated : whole)),
  }));
/** Enough for four vectors at once, and the last tile is not full. */
const many = [FOUR_VECTORS_FROM + 176];

const unaryShapes: Call[] = [
  { name: "neg", shapes: [many] },
  { name: "neg", shapes: [[]] },
  { name: "neg", shapes: [[3, 5, 7]] },
  { name: "relu", shapes: [cnn], bench: true },
  { name: "exp", shapes: [cnn], bench: true },
  { name: "tanh", shapes: [cnn], bench: true },
  { name: "gelu", shapes: [cnn], bench: true },
];

/** More workgroups than one dimension of the grid holds. */
const wide = 64 * 65_535 + 1;
const wideCall = elementwiseCase({ name: "copy", dtypes: ["u32"], shapes: [[wide]] });
const wideCase: KernelCase = {
  ...wideCall,
  params: { ...wideCall.params, tile: 64 },
  inputs: () => ({ a: new Uint32Array(wide).map((_, i) => i) }),
};

const binaryShapes: Call[] = [
  ...mixes("sub", 2, many, []),
  { name: "add", shapes: [[], []] },
  { name: "add", shapes: [[1], [3]] },
  { name: "add", shapes: [[7], []] },
  { name: "add", shapes: [[], [2, 3, 4]] },
  { name: "sub", shapes: [[5, 8], [8]] },
  { name: "sub", shapes: [[8], [5, 8]] },
  { name: "sub", shapes: [[5, 7], [7]] },
  {
    name: "sub",
    shapes: [
      [3, 1],
      [1, 5],
    ],
  },
  {
    name: "sub",
    shapes: [
      [4, 1],
      [1, 8],
    ],
  },
  {
    name: "sub",
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  {
    name: "sub",
    shapes: [
      [3, 1],
      [2, 3, 4],
    ],
  },
  {
    name: "sub",
    shapes: [
      [2, 1, 4],
      [3, 1],
    ],
  },
  {
    name: "sub",
    shapes: [
      [2, 3, 4, 5],
      [2, 1, 4, 1],
    ],
  },
  {
    name: "sub",
    shapes: [
      [2, 1, 3, 1, 2, 5, 4],
      [1, 3, 3, 2, 2, 1, 1],
    ],
  },
  {
    name: "sub",
    shapes: [
      [1, 2, 1, 3, 1, 4],
      [2, 1, 3, 1, 2, 1],
    ],
  },
  {
    name: "sub",
    shapes: [
      [1, 2, 1, 3, 1, 2, 1, 2, 1, 2],
      [2, 1, 2, 1, 2, 1, 3, 1, 2, 1],
    ],
  },
  {
    name: "less",
    shapes: [
      [4, 3],
      [4, 1],
    ],
    dtypes: ["i32", "i32"],
  },
  { name: "add", shapes: [cnn, cnn], bench: true },
  { name: "relu_backward", shapes: [cnn, cnn], bench: true },
  { name: "mul", shapes: [cnn, []], bench: true },
  // Sixteen at once from operands that are repeated along rows.
  {
    name: "sub",
    shapes: [
      [64, 1],
      [64, 1040],
    ],
  },
  {
    name: "sub",
    shapes: [
      [64, 1040],
      [64, 1],
    ],
  },
  { name: "add", shapes: [cnn, [32]], bench: true },
  {
    name: "add",
    shapes: [
      [32, 32, 26, 26],
      [32, 1, 1],
    ],
    bench: true,
  },
  {
    name: "div",
    shapes: [
      [1280, 10],
      [1280, 1],
    ],
    bench: true,
  },
];

const ternaryShapes: Call[] = [
  ...mixes("fma", 3, many, []),
  { name: "fma", shapes: [[], [], []] },
  ...mixes("fma", 3, [12], []),
  ...mixes("fma", 3, [3, 4], [3, 1]),
  { name: "fma", shapes: [[3, 4], [4], [3, 4]] },
  { name: "where", shapes: [[3, 1, 5], [2, 5], []] },
  {
    name: "where",
    shapes: [
      [2, 1, 3, 1, 2],
      [2, 1, 4, 1],
      [3, 1, 2],
    ],
    dtypes: ["u32", "i32", "i32"],
  },
  { name: "where", shapes: [cnn, cnn, []], bench: true },
];

export const elementwiseEntries: KernelEntry[] = [
  {
    kernel: elementwiseUnary,
    reference: elementwiseReference,
    cases: [...expressionCases(1), ...unaryShapes.map(elementwiseCase), wideCase],
  },
  {
    kernel: elementwiseBinary,
    reference: elementwiseReference,
    cases: [...expressionCases(2), ...binaryShapes.map(elementwiseCase)],
  },
  {
    kernel: elementwiseTernary,
    reference: elementwiseReference,
    cases: [...expressionCases(3), ...ternaryShapes.map(elementwiseCase)],
  },
  chainEntry,
];
