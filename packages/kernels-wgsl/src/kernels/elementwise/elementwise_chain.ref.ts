import { arrayTypes, type BindingArray, type BindingArrays } from "../../cases.js";
import type { Chain, ChainOperand } from "./elementwise_chain.js";
import { resultOf } from "./elementwise_chain.js";
import { type Expression, expressions } from "./expressions.js";

/** The steps one after another over whole arrays, each result rounded to its dtype. */
export function chainReference(chain: Chain, inputs: BindingArrays, count: number): BindingArray {
  const results: BindingArray[] = [];
  for (const step of chain.steps) {
    const { reference }: Expression = expressions[step.name];
    const result = new arrayTypes[resultOf(step)](count);
    for (let i = 0; i < count; i++) {
      const values = step.from.map((value) => {
        if ("literal" in value) return value.literal;
        if ("step" in value) return (results[value.step] as BindingArray)[i] as number;
        const operand = inputs["abcd"[value.operand] as string] as BindingArray;
        const { repeated, packed } = chain.operands[value.operand] as ChainOperand;
        const at = repeated ? 0 : i;
        return packed ? ((operand[at >> 1] as number) >>> (16 * (at % 2))) % 65_536 : (operand[at] as number);
      });
      result[i] = reference(...values, step.s0, step.s1);
    }
    results.push(result);
  }
  const y = results.at(-1) as BindingArray;
  if (!chain.packed) return y;
  const words = new Uint32Array(Math.ceil(count / 2));
  y.forEach((bits: number, i: number) => {
    words[i >> 1] = (words[i >> 1] as number) + bits * (i % 2 === 0 ? 1 : 65_536);
  });
  return words;
}
