import type { Block, BufferView, Device, Plan } from "@facet/kernels-wgsl";
import { device } from "../engine.js";
import { adopt } from "../scope.js";
import { Storage } from "../storage.js";
import { Tensor } from "../tensor.js";
import type { CaptureResult } from "./captured.js";
import type { InputGroup } from "./inputs.js";
import { type Match, matchTraces, recordOf, type TraceRecord } from "./match.js";
import { releaseBlocks } from "./memory.js";
import { Reliance } from "./reliance.js";
import type { HostWork } from "./trace.js";
import type { Traced, TracedOutput } from "./trace_body.js";

/** Where a result lies: in a slot (an input's memory, or memory made for this call), or where it always does. */
export interface OutputSpec {
  readonly shape: readonly number[];
  readonly dtype: Tensor["dtype"];
  readonly offset: number;
  readonly from: number | Storage;
  readonly same: TracedOutput["same"];
}

export interface PlanSummary {
  calls: number;
  copies: number;
  /** Device memory of intermediate results, which other plans share. */
  bytes: number;
  /** What they would take if each had memory of its own. */
  unsharedBytes: number;
  commands: { kernel: string; variant: string; label: string }[];
}

export interface PlanParts<R> {
  readonly plan: Plan;
  readonly traced: Traced<R>;
  /** Numbers of the calls whose params may be others in later runs. */
  readonly dynamic: ReadonlySet<number>;
  /** Where calls of the trace, by number, stand in the plan; none for those that were dropped. */
  readonly places: ReadonlyMap<number, number>;
  readonly outputs: readonly OutputSpec[];
  /** Results that get memory of their own at every call; their slots follow the inputs'. */
  readonly fresh: readonly Storage[];
  /** Storages of handles that outlive a run; the plan holds one use of each. */
  readonly fixed: readonly Storage[];
  readonly constants: readonly Storage[];
  /** Storages that a run takes the last handle of; the plan holds one use of each. */
  readonly borrowed: readonly Storage[];
  /** Memory of intermediate results, shared with other plans. */
  readonly blocks: readonly Block[];
  /** Storages that were there before: parameters, state. */
  readonly external: readonly Storage[];
  /** Those of them, and of the fixed ones, that a run writes. */
  readonly written: readonly Storage[];
  /** Whether a run writes an input, by slot. */
  readonly writtenInputs: readonly boolean[];
  /** What they need. */
  readonly bytes: number;
  readonly unsharedBytes: number;
}

/** What a plan must give back. */
interface Owned {
  readonly plan: Plan;
  readonly blocks: readonly Block[];
  readonly storages: readonly Storage[];
  readonly device: Device;
  freed: boolean;
}

function free(owned: Owned): void {
  if (owned.freed) return;
  owned.freed = true;
  owned.plan.dispose();
  releaseBlocks(owned.device, owned.blocks);
  for (const storage of owned.storages) storage.release();
}

/** Frees the memory of plans whose function was dropped without dispose(). */
const dropped = new FinalizationRegistry<Owned>(free);

/** A traced function ready to be replayed. */
export class CompiledPlan<R> {
  readonly #parts: Omit<PlanParts<R>, "traced">;
  readonly #owned: Owned;
  /** The trace it was made of. */
  readonly #record: TraceRecord;
  /** Of the last trace that it served. */
  #rest: R;
  #reliance: Reliance;
  #hostWork: readonly HostWork[];
  #numbers: readonly number[];
  /** When it was last used, as its function counts calls. */
  lastUse = 0;

  /** `numbers` are the arguments of the call that was traced. */
  constructor({ traced, ...parts }: PlanParts<R>, numbers: readonly number[]) {
    this.#parts = parts;
    const { plan, blocks, fixed, constants, borrowed } = parts;
    this.#owned = { plan, blocks, storages: [...fixed, ...constants, ...borrowed], device: device(), freed: false };
    dropped.register(this, this.#owned);
    this.#record = recordOf(traced);
    this.#rest = traced.rest;
    this.#reliance = new Reliance(traced.trace);
    this.#hostWork = this.#placed(traced.trace.hostWork);
    this.#numbers = numbers;
  }

  get rest(): R {
    return this.#rest;
  }

  /** Whether all memory it was made for is still there, and its kernels are. */
  get isWhole(): boolean {
    const { plan, external, borrowed } = this.#parts;
    const isThere = external.every(({ alive }) => alive) && borrowed.every(({ isShared }) => isShared);
    return !this.#owned.freed && plan.isCurrent && isThere;
  }

  /** Whether a call with these numbers does what was traced: everything that the trace relied on holds. */
  serves(numbers: readonly number[]): boolean {
    return (
      numbers.length === this.#numbers.length &&
      numbers.every((number, i) => Object.is(number, this.#numbers[i])) &&
      this.#reliance.holds()
    );
  }

  /** How a later trace differs from that of the plan; undefined when it does so in more than params. */
  compare(traced: Traced<R>): Match | undefined {
    return matchTraces(this.#record, recordOf(traced));
  }

  /** Calls whose params would have to be open to change for the plan to serve a trace. */
  wouldChange({ trace }: Traced<R>, { calls }: Match): Set<number> {
    return new Set([...this.#parts.dynamic, ...calls, ...trace.changingCalls]);
  }

  /** Serves a later trace, if only params differ that are open to change: takes them, and all that goes with the trace. */
  take(traced: Traced<R>, match: Match, numbers: readonly number[]): boolean {
    const { dynamic, places, plan } = this.#parts;
    if (this.wouldChange(traced, match).size > dynamic.size) return false;
    const { trace, handles } = traced;
    // It holds on to memory that the other needs.
    if (trace.borrowed.length > 0) return false;
    try {
      for (const command of trace.commands) {
        if (command.kind !== "call" || !dynamic.has(command.number)) continue;
        const place = places.get(command.number);
        if (place !== undefined) plan.setParams(place, command.params);
      }
    } catch (error) {
      // Some are of the one trace, some of the other.
      this.dispose();
      trace.release();
      throw error;
    }
    for (const [i, fresh] of trace.constants.entries()) {
      const own = this.#record.constants[i] as Storage;
      if (own.bytes > 0) own.device.queue.copy(fresh.view(0, fresh.bytes), own.view(0, own.bytes));
      fresh.release();
    }
    for (const tensor of handles) tensor.relocate(match.storages.get(tensor.storage) as Storage, tensor.offset);
    this.#rest = traced.rest;
    this.#reliance = new Reliance(trace);
    this.#hostWork = this.#placed(trace.hostWork);
    this.#numbers = numbers;
    return true;
  }

  /** Host work with calls numbered as the plan numbers its commands, without the work for calls that were dropped. */
  #placed(hostWork: readonly HostWork[]): HostWork[] {
    return hostWork.flatMap((work): HostWork[] => {
      if (work.kind === "action") return [work];
      const call = this.#parts.places.get(work.call);
      return call === undefined ? [] : [{ ...work, call }];
    });
  }

  get summary(): PlanSummary {
    const { plan, bytes, unsharedBytes } = this.#parts;
    const commands = plan.describe();
    return { calls: plan.calls, copies: commands.length - plan.calls, bytes, unsharedBytes, commands };
  }

  /** What a run does on the host. The run that is traced has done it already. */
  doHostWork(): void {
    for (const work of this.#hostWork) {
      if (work.kind === "action") work.action();
      else this.#parts.plan.setParams(work.call, work.fresh());
    }
  }

  /** One run on the device. Results belong to the scope around. */
  replay(inputs: readonly Tensor[], groups: readonly InputGroup[]): CaptureResult<R> {
    const { plan, fresh, outputs, written, writtenInputs } = this.#parts;
    const made = fresh.map(({ bytes }) => new Storage(bytes, "activation"));
    const slots: BufferView[] = groups.map(({ storage, offset, end }) => storage.view(offset, end - offset));
    for (const storage of made) slots.push(storage.view(0, storage.bytes));
    plan.replay(slots);
    for (const storage of written) storage.version += 1;
    for (const [i, group] of groups.entries()) if (writtenInputs[i]) group.storage.version += 1;
    const results = outputs.map(({ shape, dtype, offset, from, same }) => {
      const group = typeof from === "number" ? groups[from] : undefined;
      const storage = typeof from !== "number" ? from : (group?.storage ?? (made[from - groups.length] as Storage));
      const result = adopt(new Tensor(shape, dtype, storage.retain(), offset + (group?.offset ?? 0)));
      // Another handle on a tensor that the function did not make, through which the same gradient flows.
      if (same !== undefined) result.node = (typeof same === "number" ? inputs[same] : same.deref())?.node;
      return result;
    });
    // The handles hold the memory from here on.
    for (const storage of made) storage.release();
    return { outputs: results, rest: this.#rest };
  }

  /** Frees the plan's memory, except what handles still hold. */
  dispose(): void {
    free(this.#owned);
  }
}
