import { arrayTypes, type BindingArray, type BindingArrays } from "../../cases.js";
import type { BindingDtype, Constants } from "../../kernel.js";
import type { ElementwiseParams } from "./elementwise.js";
import { type Expression, expressionOf, expressions } from "./expressions.js";

/** Where operand `j` is read for element `i` of y. */
export function placeOf(i: number, j: number, { rank, axes }: Pick<ElementwiseParams, "rank" | "axes">): number {
  let rest = i;
  let at = 0;
  for (let d = 0; d < rank; d++) {
    const extent = axes[4 * d] as number;
    at += (rest % extent) * (axes[4 * d + 1 + j] as number);
    rest = Math.floor(rest / extent);
  }
  return at;
}

/** y[i] = f(operands), each operand read where its strides lead; a unary operand is read in order. */
export function elementwiseReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const { count, s0, s1, rank = 0, axes = [] } = given as Partial<ElementwiseParams> & { count: number };
  const operands = ["a", "b", "c"].flatMap((name) => (inputs[name] ? [inputs[name] as BindingArray] : []));
  const name = expressionOf(constants)?.name;
  if (name === undefined) throw new RangeError(`no expression is written ${constants.f}`);
  const expression: Expression = expressions[name];
  const y = new arrayTypes[constants.Y as BindingDtype](count);
  const [a] = operands as [BindingArray];
  if (operands.length === 1) {
    for (let i = 0; i < count; i++) y[i] = expression.reference(a[i] as number, s0 as number, s1 as number);
    return { y };
  }
  const walk = { rank, axes };
  for (let i = 0; i < count; i++) {
    const values = operands.map((operand, j) => operand[placeOf(i, j, walk)] as number);
    y[i] = expression.reference(...values, s0 as number, s1 as number);
  }
  return { y };
}
