// Loops and branches as functions of tensors, as transforms and plans know them.
import { ArgumentError, CaptureError, DtypeError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { tracing } from "./capture/trace.js";
import { recordCustom } from "./custom.js";
import { isFloating } from "./dtype.js";
import { knownValue } from "./host_values.js";
import { where } from "./ops/elementwise.js";
import { reshape, sliceAlong, stack } from "./ops/shape.js";
import { traceSteps } from "./scan_loop.js";
import { scope } from "./scope.js";
import { isTracked } from "./tape.js";
import type { Tensor } from "./tensor.js";
import { empty } from "./tensor.js";
import { BatchedTensor } from "./vmap/batched_tensor.js";

/** What one step of a scan gives: the state for the next, and a row of each result. */
export interface Step {
  readonly carry: readonly Tensor[];
  readonly rows: readonly Tensor[];
}

export interface ScanOptions {
  /** Number of steps; default: rows of `xs`. */
  length?: number | undefined;
  /** Begins with the last row, and gives rows of results in the order of the rows. Default false. */
  reverse?: boolean;
  /** Name in errors. */
  op?: string;
}

/**
 * Calls `body` for each row of `xs` (slices of their first dimension) with the state that the step before gave, and returns the last
 * state and all rows of results, stacked. In a captured function `body` is called once where its steps do nothing on the host, and
 * the plan repeats what it did.
 *
 * @throws ShapeError, DtypeError when a state changes its shape or dtype; ShapeError when the tensors of `xs` have different numbers of rows.
 */
export function scan(
  body: (carry: readonly Tensor[], rows: readonly Tensor[]) => Step,
  init: readonly Tensor[],
  xs: readonly Tensor[],
  { length, reverse = false, op = "scan" }: ScanOptions = {},
): Step {
  const count = rowsOf(xs, length, op);
  if (count === 0) return { carry: init, rows: noRows(body, init, xs) };
  return scope(() => {
    const step = (carry: readonly Tensor[], rows: readonly Tensor[]): Step => {
      const made = scope(() => body(carry, rows));
      expectSame(op, init, made.carry);
      return made;
    };
    const trace = tracing();
    const traced = trace && traceSteps(trace, { count, reverse, init, xs, row, step });
    if (traced?.whole) return traced.whole;
    let carry = traced?.first.carry ?? init;
    const results = traced ? [traced.first.rows] : [];
    for (let i = results.length; i < count; i++) {
      const at = reverse ? count - 1 - i : i;
      const made = step(
        carry,
        xs.map((x) => row(x, at)),
      );
      carry = made.carry;
      results.push(made.rows);
    }
    if (reverse) results.reverse();
    const [first] = results as [readonly Tensor[]];
    return {
      carry,
      rows: first.map((_, k) =>
        stack(
          results.map((rows) => rows[k] as Tensor),
          0,
        ),
      ),
    };
  });
}

const row = (x: Tensor, i: number): Tensor => reshape(sliceAlong(x, 0, i, i + 1), x.shape.slice(1));

function rowsOf(xs: readonly Tensor[], length: number | undefined, op: string): number {
  let count = length;
  for (const [i, { shape }] of xs.entries()) {
    if (shape.length > 0) count ??= shape[0];
    if (shape.length > 0 && shape[0] === count) continue;
    const expected = count === undefined ? "rows along a first dimension" : `${count} rows`;
    throw new ShapeError({ op, argument: `xs[${i}]`, expected, given: formatShape(shape) });
  }
  if (count !== undefined && Number.isInteger(count) && count >= 0) return count;
  throw new ArgumentError({
    op,
    argument: "length",
    expected: "a number of steps, or xs with rows",
    given: `${count}`,
  });
}

/** Rows of results where there is no step: of the shapes that a step would give. */
function noRows(
  body: (carry: readonly Tensor[], rows: readonly Tensor[]) => Step,
  init: readonly Tensor[],
  xs: readonly Tensor[],
): Tensor[] {
  const rows = xs.map(({ shape, dtype }) => empty(shape.slice(1), dtype));
  return scope(() => body(init, rows).rows.map(({ shape, dtype }) => empty([0, ...shape], dtype)));
}

function expectSame(op: string, before: readonly Tensor[], after: readonly Tensor[]): void {
  if (before.length !== after.length) {
    const [expected, given] = [`${before.length} tensors, as it was given`, `${after.length}`];
    throw new ArgumentError({ op, argument: "carry", expected, given });
  }
  for (const [i, { shape, dtype }] of before.entries()) {
    const next = after[i] as Tensor;
    const argument = `carry[${i}]`;
    if (`${next.shape}` !== `${shape}`)
      throw new ShapeError({
        op,
        argument,
        expected: `${formatShape(shape)} in every step`,
        given: formatShape(next.shape),
      });
    if (next.dtype !== dtype)
      throw new DtypeError({ op, argument, expected: `${dtype} in every step`, given: next.dtype });
  }
}

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
