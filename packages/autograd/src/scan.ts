// A loop over rows, as transforms and plans know it.
import { ArgumentError, DtypeError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { tracing } from "./capture/trace.js";
import { stack } from "./ops/shape.js";
import { bordersOf, pullSteps, type RecordedStep, recordScan, takeSteps } from "./scan_gradient.js";
import { type LoopGiven, traceSteps } from "./scan_loop.js";
import { pullLoop } from "./scan_loop_gradient.js";
import { scope } from "./scope.js";
import { isRecording, noGrad } from "./tape.js";
import type { Tensor } from "./tensor.js";
import { empty } from "./tensor.js";
import { isBatching } from "./vmap/batched_tensor.js";

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
 * state and all rows of results, stacked. In a captured function `body` is called for the first step alone (again where gradients flow
 * into a state that began as a constant) if that step does nothing on the host, and the plan repeats what it did.
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
    const given: LoopGiven = { count, reverse, init, xs, step, records: isRecording() && !isBatching() };
    const trace = tracing();
    const traced = trace && traceSteps(trace, given);
    if (traced?.whole) {
      const { recorded, result } = traced.whole;
      if (!recorded || !isTracked([recorded])) return result;
      return recordScan(op, init, xs, [recorded], result, pullLoop(given, traced.whole), [...init, ...xs]);
    }
    const { steps, carry, rows } = takeSteps(given, traced);
    const stacked = (): Step => ({ carry, rows: rows.map((all) => stack(all, 0)) });
    if (!isTracked(steps)) return stacked();
    return recordScan(op, init, xs, steps, noGrad(stacked), pullSteps(xs, reverse, steps));
  });
}

/** Whether a gradient flows through steps. */
const isTracked = (steps: readonly RecordedStep[]): boolean =>
  bordersOf(steps).length > 0 || steps.some(({ given }) => [...given.carry, ...given.rows].some((node) => node));

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

/** Refuses a state that changes its shape or dtype. */
export function expectSame(op: string, before: readonly Tensor[], after: readonly Tensor[]): void {
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
