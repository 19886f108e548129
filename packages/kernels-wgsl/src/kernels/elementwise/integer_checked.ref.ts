import type { BindingArray, BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { placeOf } from "./elementwise.ref.js";
import {
  type IntegerCheck,
  type IntegerCheckedParams,
  integerCheckedConstants,
  integerChecks,
} from "./integer_checked.js";

const negativePower = (a: number, b: number): number => (Math.abs(a) === 1 ? (b % 2 === 0 ? 1 : a) : 0);

/** Results in f64, which holds them exactly up to 2^53; undefined for a division by 0 and a probability that is none. */
const meanings: Record<IntegerCheck, (a: number, b: number) => number | undefined> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  pow: (a, b) => (b < 0 ? negativePower(a, b) : a ** b),
  floor_divide: (a, b) => (b === 0 ? undefined : Math.floor(a / b)),
  trunc_divide: (a, b) => (b === 0 ? undefined : Math.trunc(a / b)),
  fmod: (a, b) => (b === 0 ? undefined : a % b),
  remainder: (a, b) => (b === 0 ? undefined : a - b * Math.floor(a / b)),
  shift_left: (a, b) => (b < 0 || b > 63 ? 0 : a * 2 ** b),
  neg: (a) => -a,
  abs: (a) => Math.abs(a),
  from_f32: (a) => Math.trunc(a),
  unless_wrapped: (a, b) => (Math.abs(b - a) > 2 ** 31 ? b : a),
  bernoulli: (a, b) => (b >= 0 && b <= 1 ? Number(a < b) : undefined),
};

/** y, 0 where a result does not fit in 32 bits or is undefined. */
export function integerCheckedReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as IntegerCheckedParams;
  const name = integerChecks.find((check) => integerCheckedConstants(check).f === constants.f);
  if (!name) throw new RangeError(`no check is written ${constants.f}`);
  const operands = ["a", "b"].map((operand) => inputs[operand] as BindingArray);
  const y = new Int32Array(p.count);
  for (let i = 0; i < p.count; i++) {
    const [a, b] = operands.map((operand, j) => operand[placeOf(i, j, p)]) as [number, number];
    const result = meanings[name](a, b);
    y[i] = result !== undefined && result >= -(2 ** 31) && result < 2 ** 31 ? result : 0;
  }
  return { y };
}
