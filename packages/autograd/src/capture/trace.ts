import { type AnyKernel, CaptureError, type Constants, type PlanParams } from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";

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
}

export interface TracedCopy {
  readonly kind: "copy";
  readonly source: TraceView;
  readonly target: TraceView;
}

export type TracedCommand = TracedCall | TracedCopy;

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
  /** Storages made during the trace that have memory of their own: constants from the host. */
  readonly constants: Storage[] = [];
  /** Storages made during the trace; memory is assigned when the plan is made. */
  readonly planned = new Set<Storage>();
  /** For callers that must know whether they have done something in this trace already. */
  readonly seen = new Set<unknown>();
  failure: CaptureError | undefined;

  /** Enters a kernel call. `fresh` computes its params anew for every run; undefined when they stay the same. */
  call(call: Omit<TracedCall, "kind" | "number">, fresh: (() => PlanParams) | undefined): void {
    const number = this.commands.length;
    this.commands.push({ kind: "call", number, ...call });
    if (fresh) this.hostWork.push({ kind: "params", call: number, fresh });
  }

  /** Enters a copy between two memories. */
  copy(source: TraceView, target: TraceView): void {
    this.commands.push({ kind: "copy", source, target });
  }

  /** Notes that the function cannot be captured, even if it catches what is thrown here. */
  fail(error: CaptureError): never {
    this.failure ??= error;
    throw error;
  }
}

let current: Trace | undefined;

/** The trace being made, if a function is being captured. */
export function tracing(): Trace | undefined {
  return current;
}

/** Runs `body` with ops going into `trace`, or onto the device when it is undefined. */
export function withTrace<R>(trace: Trace | undefined, body: () => R): R {
  const outer = current;
  current = trace;
  try {
    return body();
  } finally {
    current = outer;
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
  action();
  current?.hostWork.push({ kind: "action", action });
}

/** A condition that the function under capture relied on. When it fails before a replay, the function is traced again. */
export function guard(holds: () => boolean): void {
  current?.guards.push(holds);
}

/** Throws when a function is being captured: for what needs values on the host. `expected` says what to do instead. */
export function refuseInCapture(op: string, expected: string): void {
  current?.fail(new CaptureError({ op, expected, given: "a function that is being captured" }));
}
