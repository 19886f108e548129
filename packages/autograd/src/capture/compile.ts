import { type Block, CaptureError, type PlanCommand, type PlanView } from "@facet/kernels-wgsl";
import { device } from "../engine.js";
import { adopt, scope, unscoped } from "../scope.js";
import { Storage } from "../storage.js";
import { releaseGraph } from "../tape.js";
import { Tensor } from "../tensor.js";
import type { CaptureOptions, CaptureResult } from "./captured.js";
import { fuseChains } from "./chains.js";
import { CompiledPlan } from "./compiled_plan.js";
import { foldCalls } from "./fold.js";
import type { InputGroup } from "./inputs.js";
import { assignRooms, releaseBlocks, takeBlocks } from "./memory.js";
import { accesses, dropDead, elideCopies, hoistFills, lifetimes } from "./optimise.js";
import { type HostWork, Trace, type TracedCommand, type TraceView, withTrace } from "./trace.js";

type Body<R> = (inputs: Tensor[]) => CaptureResult<R>;

/** Runs `body` on stand-ins for the inputs, with ops going into a trace instead of to the device. */
function traceBody<R>(inputs: readonly Tensor[], groups: readonly InputGroup[], body: Body<R>) {
  const trace = new Trace();
  const standIns: Storage[] = [];
  const call = (): CaptureResult<R> => {
    const given: Tensor[] = [];
    for (const { members, offset, end } of groups) {
      const storage = new Storage(end - offset, "input");
      standIns.push(storage);
      for (const i of members) {
        const { shape, dtype, offset: start } = inputs[i] as Tensor;
        given[i] = adopt(new Tensor(shape, dtype, storage.retain(), start - offset));
      }
    }
    return body(given);
  };
  try {
    const result = unscoped(() => withTrace(trace, () => scope(call)));
    if (trace.failure) throw trace.failure;
    for (const storage of standIns) trace.planned.delete(storage);
    return { trace, standIns, result };
  } catch (error) {
    for (const storage of trace.constants) storage.release();
    throw trace.failure ?? error;
  }
}

/** Refuses a run that changes what it was given as a constant: the next one would start from what it left. */
function checkConstants(commands: readonly TracedCommand[], constants: readonly Storage[], op: string): void {
  for (const command of commands) {
    for (const { view, writes } of accesses(command)) {
      if (!writes || !constants.includes(view.storage)) continue;
      throw new CaptureError({
        op,
        argument: "a tensor made from host data inside the function",
        expected: "to be left as it is, or to be an argument",
        given: "a write in place",
      });
    }
  }
}

/** Traces `body` and makes a plan of the trace: what is dead dropped, activations folded, copies saved, memory assigned. */
export function compile<R>(
  inputs: readonly Tensor[],
  groups: readonly InputGroup[],
  body: Body<R>,
  donated: ReadonlySet<number>,
  options: CaptureOptions,
): CompiledPlan<R> {
  const { trace, standIns, result } = traceBody(inputs, groups, body);
  const isPlanned = (storage: Storage): boolean => trace.planned.has(storage);
  const outputs = result.outputs.map(({ shape, dtype, place }) => ({ shape, dtype, place }));
  const returned = new Set(outputs.map(({ place }) => place.storage).filter(isPlanned));
  // A use of the plan's own keeps shared results among those that handles see.
  if (options.outputs === "shared") for (const storage of returned) storage.retain();
  for (const output of result.outputs) {
    if (output.node) releaseGraph(output.node);
    output.dispose("returned inside a captured function: use what the call returned");
  }
  // What handles outside the function still see: a gradient that a parameter keeps, a value the function noted down.
  const fixed = new Set([...trace.planned].filter(({ alive }) => alive));
  const seen = new Set([...fixed, ...returned]);
  const isDonated = ({ members }: InputGroup): boolean => members.every((i) => donated.has(i));
  const givenUp = new Set(standIns.filter((_, i) => isDonated(groups[i] as InputGroup)));

  const alive = dropDead(trace.commands, isPlanned, seen);
  checkConstants(alive, trace.constants, options.name ?? "capture");
  const dynamic = new Set(trace.hostWork.map((work) => (work.kind === "params" ? work.call : -1)));
  const folded = fuseChains(foldCalls(alive, isPlanned, seen), isPlanned, seen, (call) => !dynamic.has(call));
  // Fusing leaves fills that nobody reads.
  const useful = hoistFills(dropDead(folded, isPlanned, seen), isPlanned);
  const { commands, moved } = elideCopies(useful, isPlanned, seen, fixed, givenUp, device().offsetAlignment);
  const settle = (view: TraceView): TraceView => {
    const to = moved.get(view.storage);
    return to ? { ...view, storage: to.storage, offset: to.offset + view.offset } : view;
  };
  const settled = outputs.map(({ place }) => settle(place));

  const slotOf = new Map(standIns.map((storage, i) => [storage, i]));
  const fresh = [...new Set(settled.map(({ storage }) => storage))].filter(
    (storage) => isPlanned(storage) && !fixed.has(storage),
  );
  for (const [i, storage] of fresh.entries()) slotOf.set(storage, groups.length + i);

  const tenants = [...lifetimes(commands)]
    .filter(([storage]) => isPlanned(storage) && !slotOf.has(storage) && !fixed.has(storage))
    .map(([storage, span]) => ({ storage, ...span }));
  const blockOf = new Map<Storage, Block>();
  let blocks: Block[] = [];
  const placed: Storage[] = [];
  const locate = (view: TraceView): PlanView => {
    const slot = slotOf.get(view.storage);
    if (slot !== undefined) return { slot, offset: view.offset, bytes: view.bytes };
    return { block: blockOf.get(view.storage) ?? view.storage.block, offset: view.offset, bytes: view.bytes };
  };
  try {
    const rooms = assignRooms(tenants);
    const sizes = rooms.map(({ bytes }) => bytes);
    blocks = takeBlocks(device(), sizes);
    for (const [i, room] of rooms.entries())
      for (const { storage } of room.tenants) blockOf.set(storage, blocks[i] as Block);
    for (const storage of fixed) {
      storage.place(device().allocate(storage.bytes, storage.owner));
      placed.push(options.outputs === "shared" && returned.has(storage) ? storage : storage.retain());
    }
    const slots = [
      ...groups.map(({ storage, offset, end }) => storage.view(offset, end - offset)),
      // Variants are chosen by offsets alone, and a fresh result starts at its memory's beginning.
      ...fresh.map(({ bytes }) => ({ block: undefined as unknown as Block, offset: 0, bytes })),
    ];
    const plan = device().plan(
      commands.map((command) => planned(command, locate)),
      slots,
    );
    const uses = commands.flatMap(accesses);
    const writes = new Set(uses.filter((use) => use.writes).map(({ view }) => view.storage));
    const isOutside = (storage: Storage): boolean => !isPlanned(storage) && !slotOf.has(storage);
    const external = new Set(uses.map(({ view }) => view.storage).filter(isOutside));
    return new CompiledPlan<R>({
      plan,
      rest: result.rest,
      outputs: outputs.map(({ shape, dtype }, i) => {
        const { storage, offset } = settled[i] as TraceView;
        return { shape, dtype, offset, from: slotOf.get(storage) ?? storage };
      }),
      fresh,
      fixed: placed,
      constants: trace.constants,
      blocks,
      external: [...external],
      written: [...writes].filter((storage) => external.has(storage) || fixed.has(storage)),
      writtenInputs: standIns.map((storage) => writes.has(storage)),
      guards: trace.guards,
      hostWork: renumber(trace.hostWork, commands),
      bytes: sizes.reduce((total, bytes) => total + bytes, 0),
      unsharedBytes: tenants.reduce((total, { storage }) => total + storage.bytes, 0),
    });
  } catch (error) {
    releaseBlocks(device(), blocks);
    for (const storage of [...placed, ...trace.constants]) storage.release();
    throw error;
  }
}

function planned(command: TracedCommand, locate: (view: TraceView) => PlanView): PlanCommand {
  if (command.kind === "copy") return { kind: "copy", source: locate(command.source), target: locate(command.target) };
  const { kernel, params, constants, label, layer } = command;
  const views = Object.fromEntries(Object.entries(command.views).map(([name, view]) => [name, view && locate(view)]));
  return { kind: "call", kernel, views, params, label, layer, ...(constants ? { constants } : {}) };
}

/** Host work with calls numbered as the plan numbers its commands, without the work for calls that were dropped. */
function renumber(hostWork: readonly HostWork[], commands: readonly TracedCommand[]): HostWork[] {
  const places = new Map(commands.map((command, i) => [command.kind === "call" ? command.number : -1, i]));
  return hostWork.flatMap((work): HostWork[] => {
    if (work.kind === "action") return [work];
    const call = places.get(work.call);
    return call === undefined ? [] : [{ ...work, call }];
  });
}
