// Steps of a scan as a loop of the plan that is being traced: one step is traced, and repeated on other memory.
import { sizeOf } from "@facet/kernels-wgsl";
import { accesses } from "./capture/optimise.js";
import type { Trace, TracedCommand, TracedLoop, TraceWindow } from "./capture/trace.js";
import { bytesPerElement, type Dtype } from "./dtype.js";
import { device } from "./engine.js";
import { copyTensor } from "./launch.js";
import { pad, reshape, sliceAlong } from "./ops/shape.js";
import type { Step } from "./scan.js";
import { type RecordedStep, recordStep, rowOf } from "./scan_gradient.js";
import type { Storage } from "./storage.js";
import { noGrad, variable } from "./tape.js";
import { empty, type Tensor } from "./tensor.js";
import { BatchedTensor } from "./vmap/batched_tensor.js";

/** Least number of steps worth a loop: fewer stay apart, so that their commands may become one another's. */
const LEAST = 8;

export interface LoopGiven {
  readonly count: number;
  readonly reverse: boolean;
  readonly init: readonly Tensor[];
  readonly xs: readonly Tensor[];
  readonly step: (carry: readonly Tensor[], rows: readonly Tensor[]) => Step;
  /** Whether steps are recorded for a gradient. */
  readonly records: boolean;
}

/** A loop that was entered into a trace, as its gradient needs it. */
export interface EnteredLoop {
  readonly trace: Trace;
  readonly loop: TracedLoop;
  /** More may be opened until the trace is made a plan. */
  readonly windows: Map<Storage, TraceWindow>;
  /** Memory that each step makes anew. */
  readonly locals: ReadonlySet<Storage>;
  /** Storages that stand for what states were at the beginning of each step. */
  readonly stashes: Map<Storage, Storage>;
  /** The step, if it was recorded. */
  readonly recorded: RecordedStep | undefined;
  /** What each step left, stacked. */
  readonly result: Step;
}

/** The first step of a scan under capture, and all of them where they were made a loop. */
export interface TracedSteps {
  readonly first: Step;
  readonly recorded: RecordedStep | undefined;
  readonly whole: EnteredLoop | undefined;
}

/** Whether a loop can step through a tensor's rows and hand it from step to step: whole words, there for every example alike. */
const isPlain = (x: Tensor): boolean => !(x instanceof BatchedTensor) && x.size > 0 && bytesPerElement(x.dtype) === 4;

/** What was traced of one step, and where its commands begin. */
interface Body extends Omit<TracedSteps, "whole"> {
  readonly carry: readonly Tensor[];
  readonly rows: readonly Tensor[];
  readonly begins: number;
  /** Where those begin that made its rows. */
  readonly rowsBegin: number;
  readonly locals: ReadonlySet<Storage>;
  readonly isRepeatable: boolean;
}

/**
 * Traces the first step of a scan. Where no step does anything on the host or leaves anything behind, the others are the same commands on other
 * memory, and all become one loop. Undefined where there are too few.
 */
export function traceSteps(trace: Trace, given: LoopGiven): TracedSteps | undefined {
  const { count, init, xs } = given;
  if (trace.isLooping || count < LEAST || ![...init, ...xs].every(isPlain)) return undefined;
  // Gradients may flow into states that begin as constants.
  const tracked = init.map((x) => x.node !== undefined);
  for (;;) {
    const begins = trace.commands.length;
    const body = traceBody(trace, given, tracked);
    const { first, recorded } = body;
    if (!body.isRepeatable) return { first, recorded, whole: undefined };
    const more = first.carry.flatMap((x, k) => (x.node && !tracked[k] ? [k] : []));
    if (!recorded || more.length === 0) {
      const whole = noGrad(() => enterLoop(trace, given, body));
      return { first, recorded, whole };
    }
    for (const { tensor } of recorded.saved) tensor.dispose();
    trace.commands.splice(begins);
    for (const k of more) tracked[k] = true;
  }
}

function traceBody(trace: Trace, given: LoopGiven, tracked: readonly boolean[]): Body {
  const { count, init, xs, reverse, step, records } = given;
  // A step on memory of its own, so that it can be repeated: its state is copied to where every step finds it.
  const carry = init.map((x, k) => {
    const own = empty(x.shape, x.dtype);
    copyTensor(x, own);
    own.node = x.node;
    if (tracked[k] && !own.node) variable(own);
    return own;
  });
  const rowsBegin = trace.commands.length;
  const rows = xs.map((x) => rowOf(x, reverse ? count - 1 : 0));
  const begins = trace.commands.length;
  const hostWork = trace.hostWork.length;
  const borrowed = trace.borrowed.length;
  const { result, locals } = watched(trace, () => {
    if (records) return recordStep(step, carry, rows);
    return { made: step(carry, rows), recorded: undefined };
  });
  const { made: first, recorded } = result;
  const results = [...first.carry, ...first.rows];
  const kept = new Set([...results.map((x) => x.memory), ...(recorded?.saved ?? []).map(({ storage }) => storage)]);
  const states = new Set(carry.map(({ storage }) => storage));
  const isRepeatable =
    trace.hostWork.length === hostWork &&
    trace.borrowed.length === borrowed &&
    results.every((x) => isPlain(x) && (recorded !== undefined || x.node === undefined)) &&
    [...locals].every((storage) => !storage.alive || kept.has(storage)) &&
    (!recorded || !trace.commands.slice(begins).some((command) => changes(command, states)));
  return { first, recorded, carry, rows, begins, rowsBegin, locals, isRepeatable };
}

const changes = (command: TracedCommand, storages: ReadonlySet<Storage>): boolean =>
  accesses(command).some(({ view, writes }) => writes && storages.has(view.storage));

/** Traces the body of a loop. `locals`: the memory made in it. */
export function watched<R>(trace: Trace, body: () => R): { result: R; locals: Set<Storage> } {
  const before = trace.planned.size;
  trace.isLooping = true;
  try {
    const result = body();
    return { result, locals: new Set([...trace.planned].slice(before)) };
  } finally {
    trace.isLooping = false;
  }
}

/** Lets what a step left be what the next begins with; returns what the last of `count` leaves. */
export function takeTurns(turns: Map<Storage, Storage>, count: number, own: Tensor, next: Tensor): Tensor {
  if (next.storage === own.storage && next.offset === own.offset) return own;
  const other = empty(own.shape, own.dtype);
  copyTensor(next, other);
  turns.set(own.storage, other.storage);
  turns.set(other.storage, own.storage);
  return count % 2 === 0 ? own : other;
}

/** A copy that a step makes of a result, for a window to stand for. */
export function copied(x: Tensor): Tensor {
  const own = empty(x.shape, x.dtype);
  copyTensor(x, own);
  return own;
}

/** The rows of `whole` that a loop goes through: from `first` on, forward or back. */
export function rowsOf(whole: Tensor, first: number, isForward: boolean, writes: boolean): TraceWindow {
  const stride = whole.place.bytes / (whole.shape[0] as number);
  return { whole: whole.place, first: first * stride, stride: isForward ? stride : -stride, writes };
}

/** Makes the commands of one step those of all. */
function enterLoop(trace: Trace, { count, xs, reverse }: LoopGiven, body: Body): EnteredLoop {
  const { first, recorded, carry, rows, begins, rowsBegin, locals } = body;
  const turns = new Map<Storage, Storage>();
  const windows = new Map<Storage, TraceWindow>();
  const last = carry.map((own, k) => takeTurns(turns, count, own, first.carry[k] as Tensor));
  const results = first.rows.map(copied);
  const commands = trace.commands.splice(begins);
  trace.commands.splice(rowsBegin);
  const begin = reverse ? count - 1 : 0;
  for (const [j, x] of xs.entries())
    windows.set((rows[j] as Tensor).storage, rowsOf(spaced(x), begin, !reverse, false));
  const wholes = results.map((part) => {
    const whole = spacedFor(count, part.shape, part.dtype);
    windows.set(part.storage, rowsOf(whole, begin, !reverse, true));
    return whole;
  });
  const loop = { count, turns };
  trace.loop(loop, windows, commands);
  const result = {
    carry: last,
    rows: wholes.map((whole, j) => dense(whole, (results[j] as Tensor).shape)),
  };
  return { trace, loop, windows, locals, stashes: new Map(), recorded, result };
}

/** Elements from one row to the next where each begins at a place that can be bound. */
function spacedSize(size: number): number {
  const step = device().offsetAlignment / 4;
  return Math.ceil(size / step) * step;
}

/** Memory for a row of each step. */
export const spacedFor = (count: number, shape: readonly number[], dtype: Dtype): Tensor =>
  empty([count, spacedSize(sizeOf(shape))], dtype);

/** The rows of a tensor, each at a place that can be bound: where they lie, or copied. */
export function spaced(x: Tensor): Tensor {
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

/** Rows of this shape one behind the other. */
export function dense(whole: Tensor, shape: readonly number[]): Tensor {
  const size = sizeOf(shape);
  const [count, width] = whole.shape as [number, number];
  return reshape(width === size ? whole : sliceAlong(whole, 1, 0, size), [count, ...shape]);
}
