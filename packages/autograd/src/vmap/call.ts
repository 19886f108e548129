// An op on batched tensors: once for all examples by its rule, or example by example.

import type { AnyOp, OpInputs } from "../define_op.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { BatchedTensor, batched } from "./batched_tensor.js";
import { axes } from "./levels.js";

/** A call that does the work of one for every example. */
export interface BatchedCall<I, A> {
  readonly inputs: I;
  readonly attrs: A;
  /** Brings the examples to the first dimension of a result, `y` or an auxiliary one by its name; default: they are there. */
  readonly finish?: (result: Tensor, name: string) => Tensor;
}

/**
 * How an op works for all examples at once. Inputs that are batched hold them along a new first dimension. `undefined` where it
 * does not: the op is then called example by example.
 */
export type BatchRule<I, A> = (
  inputs: I,
  isBatched: (name: keyof I & string) => boolean,
  attrs: A,
  size: number,
) => BatchedCall<I, A> | undefined;

interface Results {
  readonly y: Tensor;
  readonly aux: Readonly<Record<string, Tensor>>;
}

/** `rule` stands for the op's own in tests, which compare it with the loop. */
export function callBatched(
  op: AnyOp,
  inputs: OpInputs,
  attrs: unknown,
  { level, examples }: BatchedTensor,
  rule: BatchRule<OpInputs, unknown> | undefined = op.spec.batch,
): Results {
  return scope(() => {
    const isBatched = (name: string): boolean => {
      const input = inputs[name];
      return input instanceof BatchedTensor && input.level === level;
    };
    const physical: Record<string, Tensor | undefined> = {};
    for (const name in inputs)
      physical[name] = isBatched(name) ? (inputs[name] as BatchedTensor).physical : inputs[name];
    // Of no examples there is one call on zeros, which says what shapes results have.
    const whole = examples === 0 ? undefined : rule?.(physical, isBatched, attrs, examples);
    const { y, aux } = whole ? inOne(op, whole) : oneByOne(op, physical, isBatched, attrs, examples);
    return { y: batched(y, level), aux: mapped(aux, (part) => batched(part, level)) };
  });
}

function inOne(op: AnyOp, { inputs, attrs, finish = (result) => result }: BatchedCall<unknown, unknown>): Results {
  const { y, aux } = op.withAux(inputs, attrs) as Results;
  return { y: finish(y, "y"), aux: mapped(aux, finish) };
}

function oneByOne(
  op: AnyOp,
  physical: OpInputs,
  isBatched: (name: string) => boolean,
  attrs: unknown,
  examples: number,
): Results {
  const example = (i: number): Results => {
    const own: Record<string, Tensor | undefined> = {};
    for (const [name, input] of Object.entries(physical))
      own[name] =
        input && isBatched(name)
          ? examples === 0
            ? axes.zeros(input.shape.slice(1), input.dtype)
            : axes.pick(input, i)
          : input;
    return op.withAux(own, attrs) as Results;
  };
  if (examples === 0) {
    const { y, aux } = example(0);
    const none = (part: Tensor): Tensor => axes.zeros([0, ...part.shape], part.dtype);
    return { y: none(y), aux: mapped(aux, none) };
  }
  const all = Array.from({ length: examples }, (_, i) => example(i));
  const aux = mapped((all[0] as Results).aux, (_, name) => axes.stack(all.map((one) => one.aux[name] as Tensor)));
  return { y: axes.stack(all.map(({ y }) => y)), aux };
}

function mapped(
  tensors: Readonly<Record<string, Tensor>>,
  f: (tensor: Tensor, name: string) => Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, f(tensor, name)]));
}
