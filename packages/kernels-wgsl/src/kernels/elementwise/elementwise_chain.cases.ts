import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { type HalfDtype, packHalves } from "../../half.js";
import type { BindingDtype } from "../../kernel.js";
import {
  type Chain,
  type ChainStep,
  type ChainValue,
  chainGeometry,
  chainOf,
  elementwiseChain,
} from "./elementwise_chain.js";
import { chainReference } from "./elementwise_chain.ref.js";
import type { ExpressionName } from "./expressions.js";

/** Random operand of `count` elements from [low, high), whole numbers for integer dtypes, none negative for u32. */
export function draw(random: CaseRandom, count: number, dtype: BindingDtype, [low, high]: readonly [number, number]) {
  if (dtype === "f32") return random.uniform(count, low, high);
  const whole = random.integers(count, dtype === "u32" ? Math.max(0, Math.ceil(low)) : Math.ceil(low), high);
  return dtype === "u32" ? Uint32Array.from(whole) : whole;
}

const step = (
  name: ExpressionName,
  from: readonly (ChainValue | number)[],
  dtypes: readonly BindingDtype[] = from.map(() => "f32"),
  [s0, s1]: readonly [number, number] = [0, 0],
): ChainStep => ({ name, dtypes, from: from.map((v) => (typeof v === "number" ? { operand: v } : v)), s0, s1 });
const whole = { dtype: "f32", repeated: false } as const;
const one = { dtype: "f32", repeated: true } as const;

/** Chains of every number of operands, repeated ones, literals, scalars, other dtypes, and a value used twice. */
const chains: { name: string; chain: Chain; tolerance?: { rtol: number; atol: number } }[] = [
  {
    name: "relu after add",
    chain: { operands: [whole, one], steps: [step("add", [0, 1]), step("relu", [{ step: 0 }])] },
  },
  {
    // a b + c would differ in the last bit were it contracted.
    name: "mul then add",
    chain: { operands: [whole, whole, whole], steps: [step("mul", [0, 1]), step("add", [{ step: 0 }, 2])] },
  },
  {
    name: "four operands",
    chain: {
      operands: [whole, one, whole, one],
      steps: [step("mul", [0, 1]), step("mul", [2, 3]), step("sub", [{ step: 0 }, { step: 1 }])],
    },
  },
  {
    name: "a literal, scalars, a value used twice",
    chain: {
      operands: [whole],
      steps: [
        step("scale_add", [0], ["f32"], [0.5, 1]),
        step("square", [{ step: 0 }]),
        step("add", [{ step: 1 }, { step: 0 }]),
        step("mul", [{ step: 2 }, { literal: -0.25 }]),
      ],
    },
    // scale_add alone may be contracted, here as in its own kernel.
    tolerance: { rtol: 2 ** -20, atol: 2 ** -20 },
  },
  {
    name: "comparison and choice",
    chain: {
      operands: [whole, { dtype: "u32", repeated: false }],
      steps: [
        step("greater", [0, { literal: 0 }]),
        step("logical_and", [{ step: 0 }, 1], ["u32", "u32"]),
        step("where", [{ step: 1 }, 0, { literal: 0 }], ["u32", "f32", "f32"]),
      ],
    },
  },
  {
    name: "integers",
    chain: {
      operands: [{ dtype: "i32", repeated: false }],
      steps: [step("mul", [0, { literal: -3 }], ["i32", "i32"]), step("to_f32", [{ step: 0 }], ["i32"])],
    },
  },
  {
    name: "functions",
    chain: { operands: [whole, whole], steps: [step("tanh", [0]), step("mul", [{ step: 0 }, 1])] },
    tolerance: { rtol: 2 ** -20, atol: 2 ** -20 },
  },
];

const halves = (repeated = false) => ({ dtype: "u32", repeated, packed: true }) as const;
const half = (name: "from_f16" | "from_bf16", operand: number): ChainStep => step(name, [operand], ["u32"]);

/** Halves in, halves out, both formats, and conversions alone. */
const halfChains: typeof chains = [
  { name: "to f16", chain: { operands: [whole], steps: [step("to_f16", [0])], packed: true } },
  { name: "to bf16", chain: { operands: [whole], steps: [step("to_bf16", [0])], packed: true } },
  { name: "from f16", chain: { operands: [halves()], steps: [half("from_f16", 0)] } },
  { name: "from bf16", chain: { operands: [halves()], steps: [half("from_bf16", 0)] } },
  {
    name: "add and relu in f16",
    chain: {
      operands: [halves(), halves(true)],
      steps: [
        half("from_f16", 0),
        half("from_f16", 1),
        step("add", [{ step: 0 }, { step: 1 }]),
        step("to_f16", [{ step: 2 }]),
        step("from_f16", [{ step: 3 }], ["u32"]),
        step("relu", [{ step: 4 }]),
        step("to_f16", [{ step: 5 }]),
      ],
      packed: true,
    },
  },
  {
    name: "bf16 times floats",
    chain: {
      operands: [halves(), whole, one],
      steps: [
        half("from_bf16", 0),
        step("mul", [{ step: 0 }, 1]),
        step("add", [{ step: 1 }, 2]),
        step("to_bf16", [{ step: 2 }]),
      ],
      packed: true,
    },
  },
];

const formatOf = ({ steps }: Chain): HalfDtype => (steps.some(({ name }) => name.endsWith("bf16")) ? "bf16" : "f16");

function chainCases(): KernelCase[] {
  const timed = ["relu after add", "add and relu in f16", "to f16", "from f16"];
  return [...chains, ...halfChains].flatMap(({ name, chain, tolerance }) =>
    [1, 1026, 1027, 1028, ...(timed.includes(name) ? [32 * 26 * 26 * 32] : [])].map((count): KernelCase => {
      const { params, constants } = chainGeometry(chain, count);
      return {
        name: `${name} [${count}]`,
        params,
        constants,
        inputs: (random) =>
          Object.fromEntries(
            chain.operands.map(({ dtype, repeated, packed }, i) => {
              const size = repeated ? 1 : count;
              const values = packed ? random.uniform(size, -4, 4) : draw(random, size, dtype, [-4, 4]);
              return ["abcd"[i] as string, packed ? packHalves(values, formatOf(chain)) : values];
            }),
          ),
        outputs: { y: chain.packed ? Math.ceil(count / 2) : count },
        ...(tolerance ? { tolerance } : {}),
        bench: count > 1028,
      };
    }),
  );
}

export const chainEntry: KernelEntry = {
  kernel: elementwiseChain,
  reference: (inputs, params, constants) => ({
    y: chainReference(chainOf(constants) as Chain, inputs, (params as { count: number }).count),
  }),
  cases: chainCases(),
};
