// The gradient of a scan that is a loop of a plan: loops back through what its steps left.
import { accesses, mapViews } from "./capture/optimise.js";
import { type Trace, type TracedCommand, type TraceWindow, tracing } from "./capture/trace.js";
import { zeros } from "./ops/create.js";
import { type Flow, pullSteps, type RecordedStep, type ScanPull, stepBack, takeSteps } from "./scan_gradient.js";
import {
  copied,
  dense,
  type EnteredLoop,
  type LoopGiven,
  rowsOf,
  spaced,
  spacedFor,
  takeTurns,
  watched,
} from "./scan_loop.js";
import type { Storage } from "./storage.js";
import { isRecording, withRecording } from "./tape.js";
import { empty, type Tensor } from "./tensor.js";

/**
 * The way back through a loop. Where it is differentiated again, or belongs to another trace or another loop's step, the steps are taken
 * once more, one by one. `saved` are the first state and the rows.
 */
export function pullLoop(given: LoopGiven, entered: EnteredLoop): ScanPull {
  return (cotangents, saved, wanted) => {
    const { trace } = entered;
    if (tracing() === trace && !trace.isLooping && !isRecording()) return loopsBack(given, entered, cotangents, wanted);
    const [init, xs] = [saved.slice(0, given.init.length), saved.slice(given.init.length)];
    const { steps } = withRecording(true, () => takeSteps({ ...given, init, xs, records: true }, undefined));
    return pullSteps(xs, given.reverse, steps)(cotangents, saved, wanted);
  };
}

function loopsBack(
  { count, reverse, xs, init }: LoopGiven,
  entered: EnteredLoop,
  cotangents: Parameters<ScanPull>[0],
  wanted: Parameters<ScanPull>[2],
): ReturnType<ScanPull> {
  const { trace } = entered;
  const recorded = entered.recorded as RecordedStep;
  const dys = cotangents.slice(init.length).map((dy) => dy && { shape: dy.shape.slice(1), rows: spaced(dy) });
  const shapes = xs.map(({ shape }) => shape.slice(1));
  const wholes = xs.map((x, j) => (wanted.rows[j] ? spacedFor(count, shapes[j] as number[], x.dtype) : undefined));
  const reached = new Set<number>();
  let flow: Flow = { carry: cotangents.slice(0, init.length), borders: wanted.borders.map(() => undefined) };
  // The first steps back may find fewer gradients than they leave. One that finds what it leaves stands for all that follow.
  for (let done = 0; done < count; ) {
    const own = (x: Tensor | undefined): Tensor | undefined => x && copied(x);
    const [carry, borders] = [flow.carry.map(own), flow.borders.map(own)];
    const parts = dys.map((dy) => dy && empty(dy.shape));
    const begins = trace.commands.length;
    const hostWork = trace.hostWork.length;
    const next = watched(trace, () => stepBack(recorded, { carry, borders }, parts, wanted)).result;
    const isSteady =
      trace.hostWork.length === hostWork &&
      [...next.carry, ...next.borders].every((x, k) => !x === ![...carry, ...borders][k]);
    const length = isSteady ? count - done : 1;
    const turns = new Map<Storage, Storage>();
    const left = (x: Tensor | undefined, before: Tensor | undefined): Tensor | undefined =>
      x && (isSteady ? takeTurns(turns, length, before as Tensor, x) : copied(x));
    flow = {
      carry: next.carry.map((x, k) => left(x, carry[k])),
      borders: next.borders.map((x, b) => left(x, borders[b])),
    };
    const rows = wholes.map((whole, j) => whole && copied(next.rows[j] ?? zeros(shapes[j] as number[], whole.dtype)));
    for (const [j, x] of next.rows.entries()) if (x) reached.add(j);
    const commands = trace.commands.splice(begins);
    // Rows go the other way than those of the loop.
    const at = reverse ? done : count - 1 - done;
    const windows = new Map<Storage, TraceWindow>();
    for (const [j, dy] of dys.entries())
      if (dy) windows.set((parts[j] as Tensor).storage, rowsOf(dy.rows, at, reverse, false));
    for (const [j, whole] of wholes.entries())
      if (whole) windows.set((rows[j] as Tensor).storage, rowsOf(whole, at, reverse, true));
    const body = commands.map((command) => reading(entered, command, count - 1 - done, windows));
    trace.loop({ count: length, turns }, windows, body);
    done += length;
  }
  return {
    ...flow,
    xs: wholes.map((whole, j) => (whole && reached.has(j) ? dense(whole, shapes[j] as number[]) : undefined)),
  };
}

/** The command, with windows for what it reads of what the loop's steps left; `from` is the step that it begins with. */
function reading(
  entered: EnteredLoop,
  command: TracedCommand,
  from: number,
  windows: Map<Storage, TraceWindow>,
): TracedCommand {
  const stashes = new Map<Storage, Storage>();
  for (const { view } of accesses(command)) {
    const stash = stashOf(entered, view.storage);
    const window = stash && entered.windows.get(stash);
    if (!stash || !window) continue;
    stashes.set(view.storage, stash);
    const { whole, first, stride } = window;
    windows.set(stash, { whole, first: first + from * stride, stride: -stride, writes: false });
  }
  return mapViews(command, (view) => ({ ...view, storage: stashes.get(view.storage) ?? view.storage }));
}

/** The storage that stands, in a loop's steps, for what each of them had in this one; undefined when that is the same in all. */
function stashOf(entered: EnteredLoop, storage: Storage): Storage | undefined {
  const { trace, loop, windows, locals, stashes } = entered;
  if (windows.has(storage)) return storage;
  if (locals.has(storage)) {
    keepAll(trace, entered, storage);
    return storage;
  }
  if (!loop.turns.has(storage)) return undefined;
  const known = stashes.get(storage);
  if (known) return known;
  // The state that a step began with is gone with the step after the next.
  const own = empty([storage.bytes / 4]).storage;
  const whole = { offset: 0, bytes: storage.bytes };
  const begin = trace.commands.findIndex((command) => command.kind === "loop" && command.loop === loop);
  trace.commands.splice(begin + 1, 0, {
    kind: "copy",
    source: { ...whole, storage },
    target: { ...whole, storage: own },
    loop,
  });
  keepAll(trace, entered, own);
  stashes.set(storage, own);
  return own;
}

/** Lets each step write memory of its own instead of the same. */
function keepAll(trace: Trace, { loop, windows }: EnteredLoop, storage: Storage): void {
  const whole = spacedFor(loop.count, [storage.bytes / 4], "float32");
  windows.set(storage, rowsOf(whole, 0, true, true));
  trace.stepped.add(storage);
}
