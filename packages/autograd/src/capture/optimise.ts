// What a trace need not do: commands whose results nobody sees, and copies into memory that could be written at once.
import type { Storage } from "../storage.js";
import type { LoopMark, TracedCommand, TracedLoop, TraceView } from "./trace.js";

/** One use of memory by a command. Writable bindings count as reads too: a kernel may update in place. */
export interface Access {
  readonly view: TraceView;
  readonly writes: boolean;
}

export function accesses(command: TracedCommand): Access[] {
  if (command.kind === "copy")
    return [
      { view: command.source, writes: false },
      { view: command.target, writes: true },
    ];
  if (command.kind === "loop") return loopAccesses(command);
  const list: Access[] = [];
  for (const name in command.views) {
    const view = command.views[name];
    if (view) list.push({ view, writes: command.kernel.bindings[name].access === "read_write" });
  }
  return list;
}

/** A loop uses the memory behind its windows, and what takes turns in it, from its beginning to its end. */
const loopAccesses = ({ windows, loop }: LoopMark): Access[] => [
  ...[...windows.values()].map(({ whole, writes }) => ({ view: whole, writes })),
  ...[...loop.turns.keys()].map((storage) => ({ view: { storage, offset: 0, bytes: storage.bytes }, writes: true })),
];

/** The loop that a command is in. */
export const loopOf = (command: TracedCommand | undefined): TracedLoop | undefined =>
  command?.kind === "loop" ? undefined : command?.loop;

/** The command with other memory. */
export function mapViews(command: TracedCommand, map: (view: TraceView) => TraceView): TracedCommand {
  if (command.kind === "copy") return { ...command, source: map(command.source), target: map(command.target) };
  if (command.kind === "loop") {
    const moved = [...command.windows].map(
      ([storage, window]) => [storage, { ...window, whole: map(window.whole) }] as const,
    );
    return { ...command, windows: new Map(moved) };
  }
  const views = Object.fromEntries(
    Object.entries(command.views).map(([name, view]) => [name, view === undefined ? undefined : map(view)]),
  );
  return { ...command, views };
}

/**
 * Drops commands that write only memory which is neither seen afterwards (`planned` holds all that is not) nor read by a
 * command that is kept. Kernels that check values are kept: the check is an effect. Of a loop all is kept that its steps leave, or nothing.
 */
export function dropDead(
  commands: readonly TracedCommand[],
  isPlanned: (storage: Storage) => boolean,
  seen: ReadonlySet<Storage>,
): TracedCommand[] {
  const needed = new Set(seen);
  const kept: TracedCommand[] = [];
  const checks = (command: TracedCommand): boolean => command.kind === "call" && "faults" in command.kernel.bindings;
  const isUseful = (command: TracedCommand): boolean =>
    checks(command) ||
    accesses(command).some(({ view, writes }) => writes && (needed.has(view.storage) || !isPlanned(view.storage)));
  const dead = new Set<TracedLoop>();
  for (const command of [...commands].reverse()) {
    const { loop } = command;
    if (command.kind === "loop" && command.isEnd) {
      if (isUseful(command) || commands.some((inner) => loopOf(inner) === loop && isUseful(inner)))
        for (const storage of [...command.windows.keys(), ...command.loop.turns.keys()]) needed.add(storage);
      else dead.add(command.loop);
    }
    const useful = command.kind === "loop" ? !dead.has(command.loop) : isUseful(command);
    if (!useful) continue;
    for (const { view } of accesses(command)) needed.add(view.storage);
    kept.push(command);
  }
  return kept.reverse();
}

/** Places of the commands that use each storage, or only of those that write it: ascending, one entry for every use. */
export function usesOf(commands: readonly TracedCommand[], writesOnly = false): Map<Storage, number[]> {
  const uses = new Map<Storage, number[]>();
  for (const [i, command] of commands.entries()) {
    for (const { view, writes } of accesses(command)) {
      if (writesOnly && !writes) continue;
      const places = uses.get(view.storage);
      if (places) places.push(i);
      else uses.set(view.storage, [i]);
    }
  }
  return uses;
}

/** Indices of the marks of every loop. */
function loopsOf(commands: readonly TracedCommand[]): { first: number; last: number }[] {
  const marks = commands.flatMap((command, i) => (command.kind === "loop" ? [i] : []));
  return marks.flatMap((first, k) => (k % 2 === 0 ? [{ first, last: marks[k + 1] as number }] : []));
}

/** First and last command that use each storage; what a loop uses beside what each of its steps makes anew it uses to its end. */
export function lifetimes(commands: readonly TracedCommand[]): Map<Storage, { first: number; last: number }> {
  const loops = loopsOf(commands);
  const spans = [...usesOf(commands)].map(([storage, places]) => {
    let [first, last] = [places[0] as number, places.at(-1) as number];
    for (const loop of loops) {
      if (last < loop.first || first > loop.last || (first > loop.first && last < loop.last)) continue;
      // Another use may be in the loop, or on either side of it.
      if (!places.some((place) => place >= loop.first && place <= loop.last)) continue;
      [first, last] = [Math.min(first, loop.first), Math.max(last, loop.last)];
    }
    return [storage, { first, last }] as const;
  });
  return new Map(spans);
}

/**
 * Moves fills of memory that copies go into afterwards to the front, so that what is copied may be made there (elideCopies):
 * a functional optimiser fills its flat gradient, gaps and all, when the gradients are there already.
 */
export function hoistFills(
  commands: readonly TracedCommand[],
  isPlanned: (storage: Storage) => boolean,
): TracedCommand[] {
  const uses = usesOf(commands);
  const targets = new Set(commands.flatMap((command) => (command.kind === "copy" ? [command.target.storage] : [])));
  const isFill = (command: TracedCommand, at: number): boolean => {
    const [only, ...others] = accesses(command);
    if (!only?.writes || others.length > 0 || command.kind === "loop" || command.loop) return false;
    const { storage } = only.view;
    return targets.has(storage) && isPlanned(storage) && uses.get(storage)?.[0] === at;
  };
  const fills = new Set(commands.filter(isFill));
  return [...fills, ...commands.filter((command) => !fills.has(command))];
}
