// The table of elementwise expressions: what the shader computes, what it means, and how near the two must be. Rows are in
// expressions/, by family.
import { DtypeError } from "../../errors.js";
import type { BindingDtype, Constants } from "../../kernel.js";
import { activations } from "./expressions/activations.js";
import { arithmetic } from "./expressions/arithmetic.js";
import { logicAndBits } from "./expressions/logic.js";
import { powers } from "./expressions/powers.js";
import { rounding } from "./expressions/rounding.js";
import type { Expression } from "./expressions/row.js";
import { specialFunctions } from "./expressions/special.js";
import { trigonometric } from "./expressions/trigonometric.js";

export type { Expression } from "./expressions/row.js";

// Bounds. Sums, products and comparisons are exact to the last bit. WGSL allows a quotient 2.5 units and a square root
// 4.5. exp_f32, log_f32 and the other functions of the shaders are within 2 units, over the domain given here, of the
// exact function of their argument; a formula adds the error its own roundings make in that argument, and `atol` covers
// sums that cancel (1 + erf(x) for x far below 0) and products that a driver may contract into a fused multiply-add.
export const expressions = {
  ...arithmetic,
  ...powers,
  ...trigonometric,
  ...activations,
  ...specialFunctions,
  ...rounding,
  ...logicAndBits,
} as const satisfies Record<string, Expression>;

export type ExpressionName = keyof typeof expressions;

const cache = new Map<string, Constants>();
const origins = new WeakMap<Constants, { name: ExpressionName; dtypes: readonly BindingDtype[] }>();

/**
 * What turns an elementwise kernel into one expression for operands of these dtypes, for `RunOptions.constants`. The same
 * arguments give the same object.
 *
 * @throws DtypeError when the expression does not take the dtypes.
 */
export function elementwiseConstants(name: ExpressionName, dtypes: readonly BindingDtype[]): Constants {
  const key = `${name}(${dtypes.join(", ")})`;
  let constants = cache.get(key);
  if (constants) return constants;
  const { wgsl, integer, dtypes: allowed, result }: Expression = expressions[name];
  if (!allowed.some((operands) => `${operands}` === `${dtypes}`)) {
    const expected = allowed.map((operands) => operands.join(", ")).join(" or ");
    throw new DtypeError({ op: name, argument: "dtypes", expected, given: dtypes.join(", ") });
  }
  const letters = Object.fromEntries(dtypes.map((dtype, i) => ["ABC"[i] as string, dtype]));
  const f = dtypes[0] === "f32" ? wgsl : (integer ?? wgsl);
  constants = {
    ...letters,
    Y: result ?? (dtypes.at(-1) as BindingDtype),
    f,
  };
  cache.set(key, constants);
  origins.set(constants, { name, dtypes: [...dtypes] });
  return constants;
}

/** What `elementwiseConstants` was asked for to give this very object. */
export function expressionOf(constants: Constants | undefined) {
  return constants && origins.get(constants);
}

/** Dtype of the result of an expression over operands of these dtypes. Throws DtypeError as `elementwiseConstants`. */
export function resultDtype(name: ExpressionName, dtypes: readonly BindingDtype[]): BindingDtype {
  return elementwiseConstants(name, dtypes).Y as BindingDtype;
}

/** Calls of functions that take an exponential or what is like one, in what a kernel computes of each element, for the cost. */
export const expsIn = (constants: Constants | undefined): number =>
  `${constants?.f ?? constants?.chain ?? ""}`.match(
    /\b(exp|expm1|log|log1p|tanh|sigmoid|softplus|sin|cos|erf|elu|pow)_f32\(/g,
  )?.length ?? 0;

/** Whether an expression is quick to compile: instructions only, and no function of the shader. */
export function isCheap(name: ExpressionName, dtypes: readonly BindingDtype[]): boolean {
  return !/_[fi]32\(/.test(elementwiseConstants(name, dtypes).f as string);
}
