// Steps of a scan as a loop of the plan that is being traced: one step is traced, and repeated on other memory.
import { sizeOf } from "@facet/kernels-wgsl";
import type { Trace, TracedLoop, TraceWindow } from "./capture/trace.js";
import type { Step } from "./control_flow.js";
import { bytesPerElement } from "./dtype.js";
import { device } from "./engine.js";
import { copyTensor } from "./launch.js";
import { pad, reshape, sliceAlong } from "./ops/shape.js";
import { adopt, scope } from "./scope.js";
import type { Storage } from "./storage.js";
import { noGrad } from "./tape.js";
import { empty, type Tensor } from "./tensor.js";
import { BatchedTensor } from "./vmap/batched_tensor.js";

/** Least number of steps worth a loop: fewer stay apart, so that their commands may become one another's. */
const LEAST = 8;

export interface LoopGiven {
  readonly count: number;
  readonly reverse: boolean;
  readonly init: readonly Tensor[];
  readonly xs: readonly Tensor[];
  /** Row of a tensor of `xs`. */
  readonly row: (x: Tensor, at: number) => Tensor;
  readonly step: (carry: readonly Tensor[], rows: readonly Tensor[]) => Step;
}

/** The first step of a scan under capture, and all of them where they were made a loop. */
export interface TracedSteps {
  readonly first: Step;
  readonly whole: Step | undefined;
}

/** Whether a loop can step through a tensor's rows and hand it from step to step: whole words, there for every example alike. */
const isPlain = (x: Tensor): boolean => !(x instanceof BatchedTensor) && x.size > 0 && bytesPerElement(x.dtype) === 4;

/**
 * Traces the first step of a scan. Where no step does anything on the host, leaves anything behind or is recorded for a gradient, the
 * others are the same commands on other memory, and all become one loop. Undefined where there are too few.
 */
export function traceSteps(trace: Trace, given: LoopGiven): TracedSteps | undefined {
  const { count, init, xs, reverse, row, step } = given;
  if (trace.isLooping || count < LEAST || ![...init, ...xs].every(isPlain)) return undefined;
  // A step of its own memory, so that it can be repeated: its state is copied to where every step finds it.
  const carry = init.map((x) => {
    const own = empty(x.shape, x.dtype);
    copyTensor(x, own);
    own.node = x.node;
    return own;
  });
  const rowsBegin = trace.commands.length;
  const rows = xs.map((x) => row(x, reverse ? count - 1 : 0));
  const bodyBegins = trace.commands.length;
  const before = [trace.hostWork.length, trace.borrowed.length] as const;
  const planned = trace.planned.size;
  trace.isLooping = true;
  let first: Step;
  try {
    first = step(carry, rows);
  } finally {
    trace.isLooping = false;
  }
  const results = [...first.carry, ...first.rows];
  const kept = new Set(results.map((x) => x.memory));
  const leavesNothing = [...trace.planned].slice(planned).every((storage) => !storage.alive || kept.has(storage));
  const isRepeatable =
    leavesNothing &&
    trace.hostWork.length === before[0] &&
    trace.borrowed.length === before[1] &&
    results.every((x) => isPlain(x) && x.node === undefined);
  if (!isRepeatable) return { first, whole: undefined };
  const whole = noGrad(() => scope(() => loopOfStep(trace, given, { first, carry, rows, rowsBegin, bodyBegins })));
  return { first, whole };
}

interface TracedStep {
  readonly first: Step;
  /** What the step was given. */
  readonly carry: readonly Tensor[];
  readonly rows: readonly Tensor[];
  /** Indices of the commands that made the rows, and of those of the step. */
  readonly rowsBegin: number;
  readonly bodyBegins: number;
}

/** Makes the commands of one step those of all. */
function loopOfStep(trace: Trace, { count, xs, reverse }: LoopGiven, traced: TracedStep): Step {
  const { first, carry, rows, rowsBegin, bodyBegins } = traced;
  const turns = new Map<Storage, Storage>();
  const windows = new Map<Storage, TraceWindow>();
  const last = carry.map((own, k) => {
    const next = first.carry[k] as Tensor;
    if (next === own) return own;
    const other = empty(own.shape, own.dtype);
    copyTensor(next, other);
    turns.set(own.storage, other.storage);
    turns.set(other.storage, own.storage);
    return count % 2 === 0 ? own : other;
  });
  const results = first.rows.map((x) => {
    const own = empty(x.shape, x.dtype);
    copyTensor(x, own);
    return own;
  });
  const body = trace.commands.splice(bodyBegins);
  trace.commands.splice(rowsBegin);
  const open = (part: Tensor, whole: Tensor, writes: boolean): void => {
    const stride = whole.place.bytes / count;
    const [begins, along] = reverse ? [(count - 1) * stride, -stride] : [0, stride];
    windows.set(part.storage, { whole: whole.place, first: begins, stride: along, writes });
  };
  for (const [j, x] of xs.entries()) open(rows[j] as Tensor, spacedRows(x), false);
  const spaced = results.map((part) => {
    const whole = empty([count, spacedSize(part.size)], part.dtype);
    open(part, whole, true);
    return whole;
  });
  trace.loop({ count, turns } satisfies TracedLoop, windows, body);
  return {
    carry: last.map((x) => adopt(x.alias())),
    rows: spaced.map((whole, j) => {
      const { shape, size } = results[j] as Tensor;
      const dense = spacedSize(size) === size ? whole : sliceAlong(whole, 1, 0, size);
      return reshape(dense, [count, ...shape]);
    }),
  };
}

/** Elements from one row to the next where each begins at a place that can be bound. */
function spacedSize(size: number): number {
  const step = device().offsetAlignment / 4;
  return Math.ceil(size / step) * step;
}

/** The rows of a tensor, each at a place that can be bound: where they lie, or copied. */
function spacedRows(x: Tensor): Tensor {
  const size = sizeOf(x.shape.slice(1));
  const flat = reshape(x, [x.shape[0] as number, size]);
  const gap = spacedSize(size) - size;
  return gap === 0
    ? flat
    : pad(flat, [
        [0, 0],
        [0, gap],
      ]);
}
