// Loops and branches as functions of tensors, as transforms and plans know them; scan.ts has the loop over rows.
import { CaptureError } from "@facet/kernels-wgsl";
import { tracing } from "./capture/trace.js";
import { recordCustom } from "./custom.js";
import { isFloating } from "./dtype.js";
import { knownValue } from "./host_values.js";
import { where } from "./ops/elementwise.js";
import { expectSame } from "./scan.js";
import { scope } from "./scope.js";
import { isTracked } from "./tape.js";
import type { Tensor } from "./tensor.js";
import { BatchedTensor } from "./vmap/batched_tensor.js";

/** Calls `body` with each number from `lower` to below `upper` and the state that the call before gave; returns the last state. */
export function foriLoop(
  lower: number,
  upper: number,
  body: (i: number, carry: readonly Tensor[]) => readonly Tensor[],
  init: readonly Tensor[],
  op = "foriLoop",
): readonly Tensor[] {
  return scope(() => {
    let carry = init;
    for (let i = lower; i < upper; i++) {
      const next = scope(() => body(i, carry));
      expectSame(op, init, next);
      carry = next;
    }
    return carry;
  });
}

/**
 * Calls `body` while `condition` of the state holds. The condition is read in every round, so that the result is a promise, and no plan can hold the
 * loop.
 */
export function whileLoop(
  condition: (carry: readonly Tensor[]) => Tensor,
  body: (carry: readonly Tensor[]) => readonly Tensor[],
  init: readonly Tensor[],
  op = "whileLoop",
): Promise<readonly Tensor[]> {
  const trace = tracing();
  const isMapped = init.some((x) => x instanceof BatchedTensor);
  if (!trace && !isMapped) return rounds(condition, body, init, op);
  const error = new CaptureError({
    op,
    expected: "a number of rounds that the host knows: foriLoop or scan, with `where` for those that are done",
    given: trace ? "a function that is being captured" : "a state that differs from example to example",
  });
  throw trace ? trace.fail(error) : error;
}

async function rounds(
  condition: (carry: readonly Tensor[]) => Tensor,
  body: (carry: readonly Tensor[]) => readonly Tensor[],
  init: readonly Tensor[],
  op: string,
): Promise<readonly Tensor[]> {
  let carry = init;
  for (;;) {
    const holds = scope(() => condition(carry));
    const goesOn = await holds.item();
    holds.dispose();
    if (!goesOn) return carry;
    const next = scope(() => body(carry));
    expectSame(op, init, next);
    if (carry !== init) for (const tensor of carry) if (!next.includes(tensor) && !isTracked(tensor)) tensor.dispose();
    carry = next;
  }
}

/**
 * What `yes` gives where the predicate (a scalar) holds, else what `no` gives. Where the host knows the predicate, one of them is called; else
 * both, and each element of the results is chosen on the device. No gradient, and no NaN of one, comes from the other.
 */
export function cond(
  predicate: Tensor | boolean,
  yes: (operands: readonly Tensor[]) => readonly Tensor[],
  no: (operands: readonly Tensor[]) => readonly Tensor[],
  operands: readonly Tensor[],
  op = "cond",
): readonly Tensor[] {
  const known = typeof predicate === "boolean" ? predicate : hostKnows(predicate);
  if (known !== undefined) return (known ? yes : no)(operands);
  const chosen = predicate as Tensor;
  return scope(() => {
    const gated = (holds: boolean): Tensor[] =>
      operands.map((x) => {
        if (!isFloating(x.dtype)) return x;
        const pull = ([dy]: readonly (Tensor | undefined)[], [at]: readonly Tensor[]) => [
          dy && (holds ? where(at as Tensor, dy, 0) : where(at as Tensor, 0, dy)),
        ];
        return recordCustom(op, [x], [x], [chosen], pull)[0] as Tensor;
      });
    const whenYes = yes(gated(true));
    const whenNo = no(gated(false));
    expectSame(op, whenYes, whenNo);
    return whenYes.map((x, i) => where(chosen, x, whenNo[i] as Tensor));
  });
}

/** The predicate, when the host has it: a value made of host data, outside plans. */
function hostKnows(predicate: Tensor): boolean | undefined {
  if (predicate instanceof BatchedTensor || tracing()) return undefined;
  const value = knownValue(predicate, 0);
  return value === undefined ? undefined : Boolean(value);
}
