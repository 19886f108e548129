import { ArgumentError } from "../../errors.js";
import {
  type BindingDtype,
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  FAT_LANES,
  spread,
  TILE,
} from "../../kernel.js";
import elementwiseChainWgsl from "./elementwise_chain.wgsl";
import { type ExpressionName, elementwiseConstants, expsIn, isCheap } from "./expressions.js";

const NAMES = ["a", "b", "c", "d"] as const;
/** Operands that one chain reads from memory. */
export const CHAIN_OPERANDS = NAMES.length;
/**
 * Elements from which a lane takes four of them a round, where the expressions are cheap to compile: quicker on SwiftShader,
 * which takes longer to compile it.
 */
const UNROLLED_FROM = 2 ** 16;

const any = ["f32", "i32", "u32", "f16", "bf16"] as const;
const input = { access: "read", dtype: any, optional: true } as const satisfies BindingSpec;
/** The shader has `width` as WIDTH and no use for `element_bytes`: of all operands of count elements and y, for the cost. */
const params = { count: "u32", tile: "u32", zero: "u32", width: "u32", element_bytes: "u32" } as const;

/** Several elementwise ops of one shape in one pass. See elementwise_chain.wgsl and `chainConstants`. */
export const elementwiseChain = defineKernel({
  name: "elementwise_chain",
  wgsl: elementwiseChainWgsl,
  software: FAT_LANES,
  bindings: { a: input, b: input, c: input, d: input, y: { access: "read_write", dtype: any } },
  params,
  variants: [
    {
      name: "elements",
      order: "elementwise",
      workgroups: (p) => spread(divideUp(p.count, p.width * p.tile)),
    },
  ],
  cost: (p, f) => ({ flops: p.count, exps: expsIn(f) * p.count, bytes: p.element_bytes * p.count }),
});

/** Where a step takes an operand from: operand or step by number, or a number that is the same for all elements. */
export type ChainValue = { readonly operand: number } | { readonly step: number } | { readonly literal: number };

export interface ChainStep {
  readonly name: ExpressionName;
  readonly dtypes: readonly BindingDtype[];
  readonly from: readonly ChainValue[];
  /** Scalars of the expression. */
  readonly s0: number;
  readonly s1: number;
}

export interface ChainOperand {
  readonly dtype: BindingDtype;
  /** One element for all. */
  readonly repeated: boolean;
  /** Halves, two to a word of memory: to the steps a u32 that holds the bits of one, for `from_f16` and its like. */
  readonly packed?: boolean;
}

export interface Chain {
  readonly operands: readonly ChainOperand[];
  /** In order; the last one's result is y. */
  readonly steps: readonly ChainStep[];
  /** Whether y has halves, two to a word: the last step gives their bits. */
  readonly packed?: boolean;
}

/** Whether a number can stand in a shader: not NaN, and not a subnormal one, which drivers may lose. */
export function isLiteral(value: number): boolean {
  const rounded = Math.fround(value);
  return rounded === 0 || Math.abs(rounded) >= 2 ** -126;
}

const words = new DataView(new ArrayBuffer(4));

/**
 * A number that the compiler does not see: in a kernel of its own the op reads it from memory, and drivers turn a division by
 * a constant into a product, with other bits.
 */
function literal(value: number, dtype: BindingDtype): string {
  if (dtype === "u32") return `rounded_u32(${value >>> 0}u)`;
  if (dtype === "i32") return `rounded_i32(bitcast<i32>(${value >>> 0}u))`;
  words.setFloat32(0, value);
  // WGSL refuses infinity as a constant.
  if (!Number.isFinite(Math.fround(value))) return value < 0 ? "rounded_f32(-infinity())" : "rounded_f32(infinity())";
  return `rounded_f32(bitcast<f32>(0x${words.getUint32(0).toString(16).padStart(8, "0")}u))`;
}

/** The expression of one step, with its operands put in for a, b and c. */
function write(chain: Chain, step: ChainStep): string {
  const { f } = elementwiseConstants(step.name, step.dtypes) as { f: string };
  const operands = step.from.map((value, i) => {
    if ("operand" in value) return `x${value.operand}`;
    return "step" in value ? `v${value.step}` : literal(value.literal, step.dtypes[i] as BindingDtype);
  });
  const replaced: Record<string, string> = {
    "params.s0": literal(step.s0, "f32"),
    "params.s1": literal(step.s1, "f32"),
    A: step.dtypes[0] as string,
    B: step.dtypes[1] ?? "",
    C: step.dtypes[2] ?? "",
    Y: resultOf(step),
    a: operands[0] as string,
    b: operands[1] ?? "",
    c: operands[2] ?? "",
  };
  const text = f.replace(/\bparams\.s[01]\b|\b[ABCYabc]\b/g, (name) => replaced[name] as string);
  const isLast = step === chain.steps.at(-1);
  return isLast ? text : `rounded_${resultOf(step)}(${text})`;
}

/** Dtype of a step's result. */
export const resultOf = ({ name, dtypes }: ChainStep): BindingDtype =>
  elementwiseConstants(name, dtypes).Y as BindingDtype;

const cache = new Map<string, Constants>();
const origins = new WeakMap<Constants, Chain>();

/** The chain that constants were made from; undefined for others. */
export const chainOf = (constants: Constants | undefined): Chain | undefined => constants && origins.get(constants);

/** Params and constants that make `elementwiseChain` compute a chain over `count` elements. The same chain gives the same constants. */
export function chainGeometry(chain: Chain, count: number) {
  const { operands, steps } = chain;
  if (operands.length > CHAIN_OPERANDS || steps.length === 0) {
    throw new ArgumentError({
      op: "elementwise_chain",
      argument: "chain",
      expected: `at least one step and at most ${CHAIN_OPERANDS} operands`,
      given: `${steps.length} steps, ${operands.length} operands`,
    });
  }
  const width = count % 4 === 0 ? 4 : chain.packed ? 2 : 1;
  const long = count >= UNROLLED_FROM;
  const key = `${width} ${long} ${JSON.stringify(chain)}`;
  const constants = cache.get(key) ?? build(chain, width, long);
  cache.set(key, constants);
  origins.set(constants, chain);
  const reads = operands.filter(({ repeated }) => !repeated);
  const element_bytes = [...reads, chain].reduce((bytes, { packed }) => bytes + (packed ? 2 : 4), 0);
  return { params: { count, tile: TILE, zero: 0, width, element_bytes }, constants };
}

const LANES = ["x", "y", "z", "w"] as const;

/** How an operand lies in memory, and how its part of an element is read from there, where neither is as the shader has it. */
function reading(name: string, { repeated, packed }: ChainOperand, width: number): Record<string, string> {
  const letter = name.toUpperCase();
  if (repeated) return packed ? { [`load_${name}`]: `${name}[0] & 0xffffu` } : { [`at_${name}`]: "0u" };
  const value = width > 1 ? { [`V${letter}`]: `vec${width}<${letter}>` } : {};
  if (!packed) {
    if (width !== 2) return value;
    return { ...value, [`M${letter}`]: letter, [`load_${name}`]: `vec2(${name}[2u * i], ${name}[2u * i + 1u])` };
  }
  const halves = (words: string): string => `${words} & 0xffffu, ${words} >> 16u`;
  const load = {
    1: `(${name}[i / 2u] >> (16u * (i % 2u))) & 0xffffu`,
    2: `let w = ${name}[i]; return vec2(${halves("w")})`,
    4: `let w = ${name}[i]; return vec4(${halves("w.x")}, ${halves("w.y")})`,
  }[width] as string;
  return { ...value, [`M${letter}`]: width === 4 ? "vec2<u32>" : "u32", [`load_${name}`]: load };
}

function build(chain: Chain, width: number, long: boolean): Constants {
  const { operands, steps, packed } = chain;
  const letters = ["A", "B", "C", "D"] as const;
  const statements = steps.map((step, i) => `let v${i} = ${write(chain, step)}; `);
  const constants: Record<string, string> = {
    Y: resultOf(steps.at(-1) as ChainStep),
    UNROLLED: `${long && steps.every(({ name, dtypes }) => isCheap(name, dtypes))}`,
    chain: `${statements.join("")}return v${steps.length - 1}`,
  };
  for (const [i, letter] of letters.entries()) {
    const operand = operands[i];
    constants[letter] = operand?.dtype ?? "f32";
    // An operand that is not there is bound to a few zero bytes; nothing uses it.
    Object.assign(constants, reading(NAMES[i] as string, operand ?? { dtype: "f32", repeated: true }, width));
  }
  if (width === 1) return constants;
  const wide = (i: number): boolean => operands[i]?.repeated === false;
  const lane = (name: string): string =>
    `chain(${letters.map((_, i) => (wide(i) ? `x${i}.${name}` : `x${i}`)).join(", ")})`;
  Object.assign(constants, {
    WIDTH: `${width}u`,
    VY: `vec${width}<Y>`,
    apply: `VY(${LANES.slice(0, width).map(lane).join(", ")})`,
  });
  if (packed) {
    constants.MY = width === 4 ? "vec2<u32>" : "u32";
    // An odd count leaves half of the last word to nobody: it is 0.
    constants.stored =
      width === 4 ? "v.xz | (v.yw * 65536u)" : "v.x | select(0u, v.y * 65536u, 2u * i + 1u < params.count)";
  }
  return constants;
}
