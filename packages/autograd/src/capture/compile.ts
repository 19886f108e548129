import { type Block, CaptureError, type PlanCommand, type PlanView } from "@facet/kernels-wgsl";
import { device } from "../engine.js";
import type { Storage } from "../storage.js";
import type { CaptureOptions } from "./captured.js";
import { fuseChains } from "./chains.js";
import { CompiledPlan } from "./compiled_plan.js";
import { elideCopies } from "./elide_copies.js";
import { foldCalls } from "./fold.js";
import type { InputGroup } from "./inputs.js";
import { assignRooms, releaseBlocks, takeBlocks } from "./memory.js";
import { accesses, dropDead, hoistFills, lifetimes, loopOf } from "./optimise.js";
import { shareChains } from "./share.js";
import type { TracedCommand, TracedLoop, TraceView, TraceWindow } from "./trace.js";
import type { Traced } from "./trace_body.js";

/** Refuses a run that changes what it was given as a constant: the next one would start from what it left. */
function checkConstants(commands: readonly TracedCommand[], constants: readonly Storage[], op: string): void {
  const fixed = new Set(constants);
  for (const command of commands) {
    for (const { view, writes } of accesses(command)) {
      if (!writes || !fixed.has(view.storage)) continue;
      throw new CaptureError({
        op,
        argument: "a tensor made from host data inside the function",
        expected: "to be left as it is, or to be an argument",
        given: "a write in place",
      });
    }
  }
}

/** What a plan is made for, beside the trace. */
export interface CompileOptions extends CaptureOptions {
  readonly groups: readonly InputGroup[];
  /** Inputs that are given up. */
  readonly donated: ReadonlySet<number>;
  /** Calls whose params may be others in later runs, beside those that the trace computes anew for every run. */
  readonly dynamic: ReadonlySet<number>;
  /** Arguments of the call that was traced. */
  readonly numbers: readonly number[];
}

/** Makes a plan of a trace: what is dead dropped, activations folded, copies saved, memory assigned. */
export function compile<R>(traced: Traced<R>, options: CompileOptions): CompiledPlan<R> {
  try {
    return makePlan(traced, options);
  } catch (error) {
    traced.trace.release();
    throw error;
  }
}

function makePlan<R>(traced: Traced<R>, options: CompileOptions): CompiledPlan<R> {
  const { trace, standIns, outputs, returned, kept } = traced;
  const { groups, donated } = options;
  const isPlanned = (storage: Storage): boolean => trace.planned.has(storage);
  const wanted = new Set([...kept, ...returned]);
  const seen = new Set([...wanted, ...trace.stepped]);
  const isDonated = ({ members }: InputGroup): boolean => members.every((i) => donated.has(i));
  const givenUp = new Set(standIns.filter((_, i) => isDonated(groups[i] as InputGroup)));

  const alive = dropDead(trace.commands, isPlanned, wanted);
  checkConstants(alive, trace.constants, options.name ?? "capture");
  const dynamic = new Set([...options.dynamic, ...trace.changingCalls]);
  const isFixed = (call: number): boolean => !dynamic.has(call);
  const folded = fuseChains(foldCalls(alive, isPlanned, seen), isPlanned, seen, isFixed);
  // Fusing leaves fills that nobody reads.
  const shared = shareChains(dropDead(folded, isPlanned, wanted), isPlanned, seen, isFixed);
  const useful = hoistFills(shared, isPlanned);
  const { commands, moved } = elideCopies(
    useful,
    isPlanned,
    seen,
    new Set([...kept, ...trace.stepped]),
    givenUp,
    device().offsetAlignment,
  );
  const settle = (view: TraceView): TraceView => {
    const to = moved.get(view.storage);
    return to ? { ...view, storage: to.storage, offset: to.offset + view.offset } : view;
  };
  const settled = outputs.map(({ place }) => settle(place));

  const slotOf = new Map(standIns.map((storage, i) => [storage, i]));
  const fresh = [...new Set(settled.map(({ storage }) => storage))].filter(
    (storage) => isPlanned(storage) && !kept.has(storage),
  );
  for (const [i, storage] of fresh.entries()) slotOf.set(storage, groups.length + i);

  const windows = windowsOf(commands);
  const tenants = [...lifetimes(commands)]
    .filter(([storage]) => isPlanned(storage) && !slotOf.has(storage) && !kept.has(storage) && !windows.has(storage))
    .map(([storage, span]) => ({ storage, ...span }));
  const blockOf = new Map<Storage, Block>();
  let blocks: Block[] = [];
  const placed: Storage[] = [];
  const place = (view: TraceView): PlanView => {
    const slot = slotOf.get(view.storage);
    if (slot !== undefined) return { slot, offset: view.offset, bytes: view.bytes };
    return { block: blockOf.get(view.storage) ?? view.storage.block, offset: view.offset, bytes: view.bytes };
  };
  const locate = (view: TraceView, loop: TracedLoop | undefined): PlanView => {
    const { storage, offset, bytes } = view;
    const window = loop && windows.get(storage)?.get(loop);
    if (window) {
      const { whole, first, stride } = window;
      return { ...place({ storage: whole.storage, offset: whole.offset + first + offset, bytes }), stride };
    }
    const other = loop?.turns.get(storage);
    return other ? { ...place(view), other: place({ ...view, storage: other }) } : place(view);
  };
  try {
    const rooms = assignRooms(tenants);
    const sizes = rooms.map(({ bytes }) => bytes);
    blocks = takeBlocks(device(), sizes);
    for (const [i, room] of rooms.entries())
      for (const { storage } of room.tenants) blockOf.set(storage, blocks[i] as Block);
    for (const storage of kept) {
      storage.place(device().allocate(storage.bytes, storage.owner));
      placed.push(options.outputs === "shared" && returned.has(storage) ? storage : storage.retain());
    }
    const slots = [
      ...groups.map(({ storage, offset, end }) => storage.view(offset, end - offset)),
      // Variants are chosen by offsets alone, and a fresh result starts at its memory's beginning.
      ...fresh.map(({ bytes }) => ({ block: undefined as unknown as Block, offset: 0, bytes })),
    ];
    // A loop ends where its length says.
    const encoded = commands.filter((command) => command.kind !== "loop" || !command.isEnd);
    const plan = device().plan(
      encoded.map((command) => planned(command, locate, lengthOf(command, commands))),
      slots,
    );
    const uses = commands.flatMap(accesses);
    const writes = new Set(uses.filter((use) => use.writes).map(({ view }) => view.storage));
    const isOutside = (storage: Storage): boolean => !isPlanned(storage) && !slotOf.has(storage);
    const external = new Set(uses.map(({ view }) => view.storage).filter(isOutside));
    const parts = {
      plan,
      traced,
      dynamic,
      places: new Map(encoded.map((command, i) => [command.kind === "call" ? command.number : -1, i])),
      outputs: outputs.map(({ shape, dtype, same }, i) => {
        const { storage, offset } = settled[i] as TraceView;
        return { shape, dtype, offset, same, from: slotOf.get(storage) ?? storage };
      }),
      fresh,
      fixed: placed,
      constants: trace.constants,
      borrowed: trace.borrowed,
      blocks,
      external: [...external],
      written: [...writes].filter((storage) => external.has(storage) || kept.has(storage)),
      writtenInputs: standIns.map((storage) => writes.has(storage)),
      bytes: sizes.reduce((total, bytes) => total + bytes, 0),
      unsharedBytes: tenants.reduce((total, { storage }) => total + storage.bytes, 0),
    };
    return new CompiledPlan<R>(parts, options.numbers);
  } catch (error) {
    releaseBlocks(device(), blocks);
    for (const storage of placed) storage.release();
    throw error;
  }
}

/** The windows of every loop, by the storages that stand for them. */
function windowsOf(commands: readonly TracedCommand[]): Map<Storage, Map<TracedLoop, TraceWindow>> {
  const all = new Map<Storage, Map<TracedLoop, TraceWindow>>();
  for (const command of commands) {
    if (command.kind !== "loop" || command.isEnd) continue;
    for (const [storage, window] of command.windows) {
      const known = all.get(storage) ?? new Map<TracedLoop, TraceWindow>();
      all.set(storage, known.set(command.loop, window));
    }
  }
  return all;
}

/** Number of commands between the marks of a loop. */
const lengthOf = (mark: TracedCommand, commands: readonly TracedCommand[]): number =>
  mark.kind === "loop" ? commands.filter((command) => loopOf(command) === mark.loop).length : 0;

function planned(
  command: TracedCommand,
  locate: (view: TraceView, loop: TracedLoop | undefined) => PlanView,
  length: number,
): PlanCommand {
  if (command.kind === "loop") return { kind: "loop", count: command.loop.count, length };
  const at = (view: TraceView): PlanView => locate(view, command.loop);
  if (command.kind === "copy") return { kind: "copy", source: at(command.source), target: at(command.target) };
  const { kernel, params, constants, label, layer } = command;
  const views = Object.fromEntries(Object.entries(command.views).map(([name, view]) => [name, view && at(view)]));
  return { kind: "call", kernel, views, params, label, layer, ...(constants ? { constants } : {}) };
}
