// Numbers that an op needs on the host, where programs may hold them in arrays.
import { ArgumentError, knownValue } from "@facet/autograd";
import { int, Kind, listOf } from "@facet/dialect";
import { array } from "../kinds.js";
import { asTensor, Tensor, type TensorLike } from "../tensor.js";

/** Integers, or an array of them whose values the host knows. */
export type Ints = number | readonly number[] | Tensor;
export const intsKind: Kind<Ints> = int
  .either(listOf(int))
  .either(new Kind<Tensor>("a tensor of integers that the program made", (value) => value instanceof Tensor));
/** One number, or a tensor of one. */
export const numberKind: Kind<TensorLike> = array;

/** Elements of a tensor that the host made. Throws ArgumentError where only the device knows them. */
export function known(op: string, argument: string, x: TensorLike): number[] {
  const { core } = asTensor(x, op);
  return Array.from({ length: core.size }, (_, i) => {
    const value = knownValue(core, i);
    if (value !== undefined) return value;
    const expected = "numbers, as what the device computed is not known here";
    throw new ArgumentError({ op, argument, expected, given: "a tensor" });
  });
}

/** The integers, a tensor with dimensions as a list. */
export function hostInts(op: string, argument: string, value: Ints): number | readonly number[] {
  if (!(value instanceof Tensor)) return value;
  const values = known(op, argument, value);
  return value.ndim === 0 ? (values[0] as number) : values;
}

/** One number. */
export function hostNumber(op: string, argument: string, value: TensorLike): number {
  if (typeof value === "number") return value;
  const values = known(op, argument, value);
  if (values.length === 1) return values[0] as number;
  throw new ArgumentError({ op, argument, expected: "one number", given: `${values.length}` });
}
