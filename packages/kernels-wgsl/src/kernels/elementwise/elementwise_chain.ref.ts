import { arrayTypes, type BindingArray, type BindingArrays } from "../../cases.js";
import type { Chain } from "./elementwise_chain.js";
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
        return operand[chain.operands[value.operand]?.repeated ? 0 : i] as number;
      });
      result[i] = reference(...values, step.s0, step.s1);
    }
    results.push(result);
  }
  return results.at(-1) as BindingArray;
}
