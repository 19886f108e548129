import { arrayTypes, type BindingArray, type BindingArrays } from "../../cases.js";
import type { BindingDtype, Constants } from "../../kernel.js";
import type { ArgReduceParams } from "./arg_reduce.js";
import { type ReduceParams, reduceConstants } from "./reduce.js";

/** Neutral element and step of a reduction, known by the shader's words for it. */
function meaning({ Y, combine, finish }: Constants): [initial: number, step: (a: number, b: number) => number] {
  if (combine === "a + b") return [0, (a, b) => a + b];
  if (combine === "a * b") return [1, (a, b) => a * b];
  if (combine === reduceConstants("any", "u32").combine) return [0, (a, b) => +(a !== 0 || b !== 0)];
  if (combine === reduceConstants("all", "u32").combine) return [1, (a, b) => +(a !== 0 && b !== 0)];
  if (combine?.startsWith("max")) return [Number.NEGATIVE_INFINITY, Math.max];
  if (combine?.startsWith("min")) return [Number.POSITIVE_INFINITY, Math.min];
  throw new RangeError(`no reduction of ${Y} is written ${combine}, ${finish}`);
}

/** Every part of every output: `lanes` parts share a stretch of lanes x steps blocks of four elements, dealt in turn. */
export function reduceReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as ReduceParams;
  const x = inputs.x as BindingArray;
  const [initial, step] = meaning(constants);
  const offset = (index: number, rank: number, column: number): number => {
    let at = 0;
    for (let d = 0, rest = index; d < rank; d++) {
      const extent = p.axes[4 * d + column] as number;
      at += (rest % extent) * (p.axes[4 * d + column + 1] as number);
      rest = Math.floor(rest / extent);
    }
    return at;
  };
  const y = new arrayTypes[constants.Y as BindingDtype](p.outputs * p.parts);
  for (let o = 0; o < p.outputs; o++) {
    const base = offset(o, p.kept_rank, 0);
    const values = new Array<number>(p.parts).fill(initial);
    for (let r = 0; r < p.count; r++) {
      const block = Math.floor(r / 4);
      const part = Math.floor(block / (p.lanes * p.steps)) * p.lanes + (block % p.lanes);
      values[part] = step(values[part] as number, x[base + offset(r, p.reduced_rank, 2)] as number);
    }
    for (const [part, value] of values.entries()) {
      const mean = constants.finish !== "v" && p.total > 0;
      y[p.by_part ? o * p.parts + part : part * p.outputs + o] = mean ? value / p.total : value;
    }
  }
  return { y };
}

export function argReduceReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const { outer, extent, inner } = given as ArgReduceParams;
  const x = inputs.x as BindingArray;
  const sign = constants.better?.startsWith("v > best") ? 1 : -1;
  const y = new Int32Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const line = Array.from({ length: extent }, (_, k) => sign * (x[(o * extent + k) * inner + i] as number));
      const firstNan = line.findIndex(Number.isNaN);
      y[o * inner + i] = firstNan >= 0 ? firstNan : line.indexOf(Math.max(...line));
    }
  }
  return { y };
}
