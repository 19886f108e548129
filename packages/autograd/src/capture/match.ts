// Whether two traces of one function do the same but for their params: one plan then serves both.
import { sameParam } from "@facet/kernels-wgsl";
import type { Storage } from "../storage.js";
import type { LoopMark, TracedCall, TracedCommand, TraceView } from "./trace.js";
import type { Traced, TracedOutput } from "./trace_body.js";

/** What is kept of a trace to compare later ones with it. */
export interface TraceRecord {
  readonly commands: readonly TracedCommand[];
  readonly planned: ReadonlySet<Storage>;
  readonly standIns: readonly Storage[];
  readonly constants: readonly Storage[];
  readonly outputs: readonly TracedOutput[];
  readonly kept: ReadonlySet<Storage>;
}

export function recordOf({ trace, standIns, outputs, kept }: Traced<unknown>): TraceRecord {
  return { commands: trace.commands, planned: trace.planned, constants: trace.constants, standIns, outputs, kept };
}

export interface Match {
  /** Numbers of the calls whose params differ. */
  readonly calls: ReadonlySet<number>;
  /** The known trace's storages by those of the other that stand in the same places. */
  readonly storages: ReadonlyMap<Storage, Storage>;
}

/** Pairs the storages of two traces as they come. */
class Pairs {
  readonly map = new Map<Storage, Storage>();
  readonly #taken = new Set<Storage>();
  readonly #known: TraceRecord;
  readonly #fresh: TraceRecord;

  constructor(known: TraceRecord, fresh: TraceRecord) {
    this.#known = known;
    this.#fresh = fresh;
    for (const kind of ["standIns", "constants"] as const)
      for (const [i, storage] of fresh[kind].entries()) this.#pair(known[kind][i] as Storage, storage);
  }

  #pair(known: Storage, fresh: Storage): void {
    this.map.set(fresh, known);
    this.#taken.add(known);
  }

  same(a: TraceView | undefined, b: TraceView | undefined): boolean {
    if (!a || !b) return a === b;
    return a.offset === b.offset && a.bytes === b.bytes && this.#sameStorage(a.storage, b.storage);
  }

  #sameStorage(a: Storage, b: Storage): boolean {
    const paired = this.map.get(b);
    if (paired) return paired === a;
    if (this.#taken.has(a)) return false;
    if (!this.#known.planned.has(a) && !this.#fresh.planned.has(b)) return a === b;
    if (!this.#known.planned.has(a) || !this.#fresh.planned.has(b) || a.bytes !== b.bytes) return false;
    this.#pair(a, b);
    return true;
  }
}

/**
 * Compares a trace with a known one: the same kernels on memory of the same kinds, in the same order, with the same results.
 * Undefined when they differ in more than params.
 */
export function matchTraces(known: TraceRecord, fresh: TraceRecord): Match | undefined {
  const sameSizes = (a: readonly Storage[], b: readonly Storage[]): boolean =>
    a.length === b.length && a.every(({ bytes }, i) => bytes === b[i]?.bytes);
  if (known.commands.length !== fresh.commands.length || known.outputs.length !== fresh.outputs.length)
    return undefined;
  if (!sameSizes(known.standIns, fresh.standIns) || !sameSizes(known.constants, fresh.constants)) return undefined;
  const pairs = new Pairs(known, fresh);
  const calls = new Set<number>();
  for (const [i, a] of known.commands.entries()) {
    const b = fresh.commands[i] as TracedCommand;
    if (a.kind === "copy" || b.kind === "copy") {
      if (a.kind !== "copy" || b.kind !== "copy") return undefined;
      if (!pairs.same(a.source, b.source) || !pairs.same(a.target, b.target)) return undefined;
      continue;
    }
    if (a.kind === "loop" || b.kind === "loop") {
      if (a.kind !== "loop" || b.kind !== "loop" || !sameLoop(a, b, pairs)) return undefined;
      continue;
    }
    if (!sameCall(a, b, pairs)) return undefined;
    if (!Object.keys(a.params).every((name) => sameParam(a.params[name], b.params[name]))) calls.add(b.number);
  }
  for (const [i, a] of known.outputs.entries()) {
    const b = fresh.outputs[i] as TracedOutput;
    if (a.dtype !== b.dtype || `${a.shape}` !== `${b.shape}` || !pairs.same(a.place, b.place)) return undefined;
    if (!sameIdentity(a.same, b.same)) return undefined;
  }
  // What handles outside see must have memory of its own in the plan.
  for (const storage of fresh.kept) {
    const paired = pairs.map.get(storage);
    if (!paired || !known.kept.has(paired)) return undefined;
  }
  // A constant that something outside holds on to is not the plan's alone to overwrite.
  if ([...known.constants, ...fresh.constants].some(({ isShared }) => isShared)) return undefined;
  return { calls, storages: pairs.map };
}

function sameCall(a: TracedCall, b: TracedCall, pairs: Pairs): boolean {
  if (a.kernel !== b.kernel || !sameConstants(a.constants, b.constants)) return false;
  const names = Object.keys(a.views);
  return (
    names.length === Object.keys(b.views).length && names.every((name) => pairs.same(a.views[name], b.views[name]))
  );
}

/** Commands between the marks are compared as all are. */
function sameLoop(a: LoopMark, b: LoopMark, pairs: Pairs): boolean {
  const [known, fresh] = [[...a.windows], [...b.windows]];
  const [turns, others] = [[...a.loop.turns].flat(), [...b.loop.turns].flat()];
  const sameStorage = (x: Storage, y: Storage): boolean =>
    pairs.same({ storage: x, offset: 0, bytes: 0 }, { storage: y, offset: 0, bytes: 0 });
  return (
    a.isEnd === b.isEnd &&
    a.loop.count === b.loop.count &&
    known.length === fresh.length &&
    turns.length === others.length &&
    known.every(([storage, window], i) => {
      const [other, { whole, first, stride }] = fresh[i] as (typeof fresh)[number];
      return (
        first === window.first &&
        stride === window.stride &&
        sameStorage(storage, other) &&
        pairs.same(window.whole, whole)
      );
    }) &&
    turns.every((storage, i) => sameStorage(storage, others[i] as Storage))
  );
}

function sameConstants(a: TracedCall["constants"] = {}, b: TracedCall["constants"] = {}): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function sameIdentity(a: TracedOutput["same"], b: TracedOutput["same"]): boolean {
  return typeof a === "object" && typeof b === "object" ? a.deref() === b.deref() : a === b;
}
