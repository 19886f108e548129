import type { Block, BufferView, Device, Plan } from "@facet/kernels-wgsl";
import { device } from "../engine.js";
import { adopt } from "../scope.js";
import { Storage } from "../storage.js";
import { Tensor } from "../tensor.js";
import type { CaptureResult } from "./captured.js";
import type { InputGroup } from "./inputs.js";
import { releaseBlocks } from "./memory.js";
import type { HostWork } from "./trace.js";

/** Where a result lies: in a slot (an input's memory, or memory made for this call), or where it always does. */
export interface OutputSpec {
  readonly shape: readonly number[];
  readonly dtype: Tensor["dtype"];
  readonly offset: number;
  readonly from: number | Storage;
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
  readonly rest: R;
  readonly outputs: readonly OutputSpec[];
  /** Results that get memory of their own at every call; their slots follow the inputs'. */
  readonly fresh: readonly Storage[];
  /** Storages of handles that outlive a run; the plan holds one use of each. */
  readonly fixed: readonly Storage[];
  readonly constants: readonly Storage[];
  /** Memory of intermediate results, shared with other plans. */
  readonly blocks: readonly Block[];
  /** Storages that were there before: parameters, state. */
  readonly external: readonly Storage[];
  /** Those of them, and of the fixed ones, that a run writes. */
  readonly written: readonly Storage[];
  /** Whether a run writes an input, by slot. */
  readonly writtenInputs: readonly boolean[];
  readonly guards: readonly (() => boolean)[];
  /** `call` counts commands of the plan here. */
  readonly hostWork: readonly HostWork[];
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
  readonly #parts: PlanParts<R>;
  readonly #owned: Owned;

  constructor(parts: PlanParts<R>) {
    this.#parts = parts;
    const { plan, blocks, fixed, constants } = parts;
    this.#owned = { plan, blocks, storages: [...fixed, ...constants], device: device(), freed: false };
    dropped.register(this, this.#owned);
  }

  get rest(): R {
    return this.#parts.rest;
  }

  /** Whether all memory it was made for is still there, and its kernels are. */
  get isWhole(): boolean {
    return !this.#owned.freed && this.#parts.plan.isCurrent && this.#parts.external.every(({ alive }) => alive);
  }

  /** Whether what the function relied on when it was traced still holds. */
  holds(): boolean {
    return this.#parts.guards.every((holds) => holds());
  }

  get summary(): PlanSummary {
    const { plan, bytes, unsharedBytes } = this.#parts;
    const commands = plan.describe();
    return { calls: plan.calls, copies: commands.length - plan.calls, bytes, unsharedBytes, commands };
  }

  /** What a run does on the host. The run that is traced has done it already. */
  doHostWork(): void {
    for (const work of this.#parts.hostWork) {
      if (work.kind === "action") work.action();
      else this.#parts.plan.setParams(work.call, work.fresh());
    }
  }

  /** One run on the device. Results belong to the scope around. */
  replay(groups: readonly InputGroup[]): CaptureResult<R> {
    const { plan, fresh, outputs, written, writtenInputs, rest } = this.#parts;
    const made = fresh.map(({ bytes }) => new Storage(bytes, "activation"));
    const slots: BufferView[] = groups.map(({ storage, offset, end }) => storage.view(offset, end - offset));
    for (const storage of made) slots.push(storage.view(0, storage.bytes));
    plan.replay(slots);
    for (const storage of written) storage.version += 1;
    for (const [i, group] of groups.entries()) if (writtenInputs[i]) group.storage.version += 1;
    const results = outputs.map(({ shape, dtype, offset, from }) => {
      if (typeof from !== "number") return adopt(new Tensor(shape, dtype, from.retain(), offset));
      const group = groups[from];
      const storage = group ? group.storage : (made[from - groups.length] as Storage);
      return adopt(new Tensor(shape, dtype, storage.retain(), offset + (group?.offset ?? 0)));
    });
    // The handles hold the memory from here on.
    for (const storage of made) storage.release();
    return { outputs: results, rest };
  }

  /** Frees the plan's memory, except what handles still hold. */
  dispose(): void {
    free(this.#owned);
  }
}
