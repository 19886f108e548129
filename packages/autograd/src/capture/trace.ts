import { type AnyKernel, CaptureError, type Constants, type PlanParams } from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";
import type { Tensor, TensorState } from "../tensor.js";
import { listen, ReadProperties } from "./observe.js";
import { matches, snapshot } from "./snapshot.js";

/** Part of a storage that may have no memory yet. */
export interface TraceView {
  readonly storage: Storage;
  /** In bytes. */
  readonly offset: number;
  readonly bytes: number;
}

export interface TracedCall {
  readonly kind: "call";
  /** Its place in the trace, which it keeps when the trace is rewritten. */
  readonly number: number;
  readonly kernel: AnyKernel;
  readonly views: Readonly<Record<string, TraceView | undefined>>;
  readonly params: PlanParams;
  readonly constants: Constants | undefined;
  readonly label: string;
  readonly layer: string;
  /** The loop that it is in. */
  readonly loop?: TracedLoop | undefined;
}

export interface TracedCopy {
  readonly kind: "copy";
  readonly source: TraceView;
  readonly target: TraceView;
  readonly loop?: TracedLoop | undefined;
}

/** Commands that a plan repeats: those between two marks. */
export interface TracedLoop {
  readonly count: number;
  /** Storages that take each other's place in every second step: what one step left in the one, the next finds in the other. */
  readonly turns: ReadonlyMap<Storage, Storage>;
}

/** Part of a memory, another in each step of a loop, for which a storage stands in the loop's commands. */
export interface TraceWindow {
  /** All parts. */
  readonly whole: TraceView;
  /** Byte of `whole` at which that of the first step begins. */
  readonly first: number;
  /** Bytes from the part of one step to that of the next. */
  readonly stride: number;
  readonly writes: boolean;
}

/** Where a loop begins or ends. Both marks hold the same windows. */
export interface LoopMark {
  readonly kind: "loop";
  readonly loop: TracedLoop;
  readonly isEnd: boolean;
  readonly windows: ReadonlyMap<Storage, TraceWindow>;
}

export type TracedCommand = TracedCall | TracedCopy | LoopMark;

/** What a run does on the host, in order: actions, and params computed anew for the call of that number. */
export type HostWork =
  | { readonly kind: "action"; readonly action: () => void }
  | { readonly kind: "params"; readonly call: number; readonly fresh: () => PlanParams };

/** What one call of a function under capture would do: commands for the device, and host work between them. */
export class Trace {
  readonly commands: TracedCommand[] = [];
  readonly hostWork: HostWork[] = [];
  /** What must hold for the trace to be replayed; another run is traced anew. */
  readonly guards: (() => boolean)[] = [];
  /** What was read of observed objects. */
  readonly properties = new ReadProperties((again) => this.hostWork.push({ kind: "action", action: again }));
  /** Handles made during the trace. */
  readonly made = new Set<Tensor>();
  /** Handles from outside that were used, as they were then. */
  readonly outside = new Map<Tensor, TensorState>();
  /** Storages made during the trace that have memory of their own: constants from the host. */
  readonly constants: Storage[] = [];
  /** Storages from outside that a run needs though it takes their last handle away: the plan holds one use of each. */
  readonly borrowed: Storage[] = [];
  /** Storages made during the trace; memory is assigned when the plan is made. */
  readonly planned = new Set<Storage>();
  /** For callers that must know whether they have done something in this trace already. */
  readonly seen = new Set<unknown>();
  /** Storages that stand for something else in a loop, or take turns: what is in them is seen by other steps. */
  readonly stepped = new Set<Storage>();
  /** Whether the body of a loop is being traced. */
  isLooping = false;
  failure: CaptureError | undefined;
  #calls = 0;

  /** Numbers of the calls whose params are computed anew for every run. */
  get changingCalls(): number[] {
    return this.hostWork.flatMap((work) => (work.kind === "params" ? [work.call] : []));
  }

  /** Enters a kernel call. `fresh` computes its params anew for every run; undefined when they stay the same. */
  call(call: Omit<TracedCall, "kind" | "number">, fresh: (() => PlanParams) | undefined): void {
    const number = this.#calls++;
    this.commands.push({ kind: "call", number, ...call });
    if (fresh) this.hostWork.push({ kind: "params", call: number, fresh });
  }

  /** Enters a copy between two memories. */
  copy(source: TraceView, target: TraceView): void {
    this.commands.push({ kind: "copy", source, target });
  }

  /** Enters commands as a loop. */
  loop(loop: TracedLoop, windows: ReadonlyMap<Storage, TraceWindow>, body: readonly TracedCommand[]): void {
    for (const storage of [...windows.keys(), ...loop.turns.keys()]) this.stepped.add(storage);
    const mark = { kind: "loop", loop, windows } as const;
    this.commands.push({ ...mark, isEnd: false });
    for (const command of body) this.commands.push({ ...(command as TracedCall | TracedCopy), loop });
    this.commands.push({ ...mark, isEnd: true });
  }

  /** Notes that a tensor is used, if it is from outside: it must be where it is, and carry the gradient it does, in every run. */
  uses(tensor: Tensor, state: TensorState): boolean {
    if (this.made.has(tensor)) return false;
    if (!this.outside.has(tensor)) this.outside.set(tensor, state);
    return true;
  }

  /** Notes that the gradient of a tensor from outside was switched: every run does it. */
  switches(tensor: Tensor, state: TensorState, again: () => void): void {
    if (this.made.has(tensor)) return;
    this.uses(tensor, state);
    this.hostWork.push({ kind: "action", action: again });
  }

  /** Gives back the memory it holds, when no plan takes it. */
  release(): void {
    for (const storage of [...this.constants, ...this.borrowed]) storage.release();
  }

  /** Notes that the function cannot be captured, even if it catches what is thrown here. */
  fail(error: CaptureError): never {
    this.failure ??= error;
    throw error;
  }
}

let current: Trace | undefined;
/** The trace that hears of what is read on the host: the current one, but for what every run reads again. */
let noting: Trace | undefined;

/** The trace being made, if a function is being captured. */
export function tracing(): Trace | undefined {
  return current;
}

/** The trace that wants to know what is read of tensors from outside. */
export function notingTrace(): Trace | undefined {
  return noting;
}

function enter(trace: Trace | undefined, heard: Trace | undefined): [Trace | undefined, Trace | undefined] {
  const outer: [Trace | undefined, Trace | undefined] = [current, noting];
  current = trace;
  if (noting !== heard) listen(heard?.properties);
  noting = heard;
  return outer;
}

/** Runs `body` with ops going into `trace`, or onto the device when it is undefined. */
export function withTrace<R>(trace: Trace | undefined, body: () => R): R {
  const outer = enter(trace, trace);
  try {
    return body();
  } finally {
    enter(...outer);
  }
}

/** Runs `body`, whose host reads every run does again: they guard nothing. */
function reread<R>(body: () => R): R {
  if (!noting) return body();
  const outer = enter(current, undefined);
  try {
    return body();
  } finally {
    enter(...outer);
  }
}

/**
 * Runs `body` on the device at once though a function is being captured: for state that outlives a run and is made when
 * it is first asked for.
 */
export function outsideCapture<R>(body: () => R): R {
  return withTrace(undefined, body);
}

/** Host work that belongs to every run of a step, such as counting it: done now, and again before each replay of the plan. */
export function everyRun(action: () => void): void {
  reread(action);
  current?.hostWork.push({ kind: "action", action });
}

/** What `compute` gives now; under capture it is asked anew in every run. */
export function everyRunsParams<P>(compute: () => P): P {
  return reread(compute);
}

/** A condition that the function under capture relied on. When it fails before a replay, the function is traced again. */
export function guard(holds: () => boolean): void {
  current?.guards.push(holds);
}

/**
 * A value of the host that what is launched depends on, other than through params. When it is another one before a replay, the
 * function is traced again. Lists and plain objects are compared by what they hold.
 */
export function hostValue<T>(read: () => T): T {
  const value = reread(read);
  if (current) {
    const noted = snapshot(value);
    guard(() => matches(noted, read()));
  }
  return value;
}

/** Throws when a function is being captured: for what needs values on the host. `expected` says what to do instead. */
export function refuseInCapture(op: string, expected: string): void {
  current?.fail(new CaptureError({ op, expected, given: "a function that is being captured" }));
}
