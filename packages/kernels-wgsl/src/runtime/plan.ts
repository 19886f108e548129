import { type AnyKernel, type Constants, packParams, type Workgroups } from "../kernel.js";
import type { BufferView } from "./buffers.js";
import type { AnyVariant } from "./pipelines.js";
import { type CommandQueue, createBindGroup, type Dispatch, requireLive } from "./queue.js";

/** Part of memory that is named anew at every replay: `slot` counts into the list that replay() is given. */
export interface SlotView {
  readonly slot: number;
  /** Bytes from the start of the slot's view. */
  readonly offset: number;
  readonly bytes: number;
}

/** How the memory of a command in a loop goes from step to step. */
export interface Stepping {
  /** Bytes between the place in one step and that in the next. Default 0. */
  readonly stride?: number;
  /** Where it lies in every second step. Default: where it does in the others. */
  readonly other?: BufferView | SlotView;
}

/** Memory of a planned command: the same at every replay, or part of a slot. */
export type PlanView = (BufferView | SlotView) & Stepping;

export type PlanParams = Readonly<Record<string, number | readonly number[]>>;

/**
 * What a plan does, in order: kernel calls, and copies of whole words between two buffers. A loop repeats the `length` commands after
 * it, which are no loops, `count` times.
 */
export type PlanCommand =
  | {
      readonly kind: "call";
      readonly kernel: AnyKernel;
      readonly views: Readonly<Record<string, PlanView | undefined>>;
      readonly params: PlanParams;
      readonly constants?: Constants;
      readonly label: string;
      readonly layer?: string;
    }
  | { readonly kind: "copy"; readonly source: PlanView; readonly target: PlanView }
  | { readonly kind: "loop"; readonly count: number; readonly length: number };

type Copy = PlanCommand & { kind: "copy" };
type Loop = PlanCommand & { kind: "loop" };
interface Call {
  readonly kind: "call";
  readonly dispatch: Dispatch;
  readonly views: readonly PlanView[];
  /** Picks variant and workgroups for params. */
  readonly choose: (params: PlanParams) => { variant: AnyVariant; workgroups: Workgroups };
  /** The same call with other params. */
  readonly prepare: (params: PlanParams) => Dispatch;
}

/** What a plan needs of its device. */
interface PlanHost {
  readonly gpu: GPUDevice;
  readonly queue: CommandQueue;
  readonly paramsAlignment: number;
  readonly steps: readonly (Call | Copy | Loop)[];
  /** Counts variants found not to compile. */
  readonly exclusions: () => number;
  /** Called before each replay: throws when the device cannot take one. */
  readonly before: () => void;
}

interface PlannedCall extends Omit<Call, "dispatch"> {
  dispatch: Dispatch;
  /** Names of the params that variant and workgroups were picked by; undefined while nobody has asked. */
  pickedBy: readonly string[] | undefined;
  /** Where its params lie, as setBindGroup takes it. */
  readonly offsets: readonly [number];
  /** Undefined while it has not been made, and for calls whose memory changes: theirs are kept by memory. */
  group: GPUBindGroup | undefined;
  readonly groups: Map<string, GPUBindGroup> | undefined;
  /** How many of them are kept. */
  readonly most: number;
}

/**
 * Bind groups kept for one call whose memory changes. A loop whose results wait for JavaScript's collector goes through as many
 * memories as it makes results between two collections, hundreds, and then through the same again. A call in a loop of a plan has one
 * for each step where more bindings move on than may have offsets of their own: else the same serve all steps.
 */
const GROUPS = 1024;

/** Commands of a loop that go to the device together: it can begin, and no driver has all of a long loop to hold at once. */
const PART = 16384;

/**
 * Kernel calls and copies made ready once: a replay packs no params but those that changed, makes no GPU object when it
 * has seen the memory before, and is one submission.
 */
export class Plan {
  readonly #host: PlanHost;
  readonly #steps: readonly (PlannedCall | Copy | Loop)[];
  readonly #params: GPUBuffer;
  readonly #bytes: ArrayBuffer;
  readonly #data: DataView;
  /** Bytes of params that changed since they were last written. */
  #dirty: [from: number, to: number];
  /** Whether it was submitted before. */
  #proven = false;
  readonly #fixed: readonly BufferView[];
  readonly #exclusions: number;

  constructor(host: PlanHost) {
    this.#host = host;
    this.#exclusions = host.exclusions();
    let used = 0;
    const fixed = new Map<string, BufferView>();
    let most = GROUPS;
    let inLoop = 0;
    this.#steps = host.steps.map((step) => {
      if (step.kind === "loop") {
        most = Math.max(GROUPS, 2 * step.count);
        inLoop = step.length;
        return step;
      }
      if (inLoop-- <= 0) most = GROUPS;
      const views = step.kind === "call" ? step.views : [step.source, step.target];
      for (const view of views)
        for (const place of [view, view.other]) if (place && "block" in place) fixed.set(`${place.block.id}`, place);
      if (step.kind === "copy") return step;
      const offsets = [used] as const;
      used += Math.ceil(step.dispatch.kernel.layout.bytes / host.paramsAlignment) * host.paramsAlignment;
      const changes = step.views.some((view) => "slot" in view || view.stride || view.other);
      return {
        ...step,
        offsets,
        pickedBy: undefined,
        group: undefined,
        most,
        groups: changes ? new Map<string, GPUBindGroup>() : undefined,
      };
    });
    this.#fixed = [...fixed.values()];
    const size = Math.max(used, 16);
    this.#bytes = new ArrayBuffer(size);
    this.#data = new DataView(this.#bytes);
    this.#params = host.gpu.createBuffer({
      label: "plan params",
      size,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    for (const [i, step] of this.#steps.entries()) if (step.kind === "call") this.#pack(i, step.dispatch.params);
    this.#dirty = [0, size];
  }

  /** False once a variant was found not to compile after the plan was made: it may be one of the plan's. */
  get isCurrent(): boolean {
    return this.#host.exclusions() === this.#exclusions;
  }

  /** Number of kernel calls; those in a loop count once. */
  get calls(): number {
    return this.#steps.filter(({ kind }) => kind === "call").length;
  }

  /** Kernel, variant and label of every call in order, for reports and tests. */
  describe(): { kernel: string; variant: string; label: string }[] {
    return this.#steps.flatMap((step) => {
      if (step.kind === "loop") return [];
      if (step.kind === "copy") return [{ kernel: "copy", variant: "", label: "copy" }];
      const { kernel, variant, label } = step.dispatch;
      return [{ kernel: kernel.name, variant: variant.name, label }];
    });
  }

  /** Changes the params of command `index` from the next replay on, and with them its variant and workgroups. */
  setParams(index: number, params: PlanParams): void {
    const step = this.#steps[index] as PlannedCall;
    const { offsets, dispatch } = step;
    step.pickedBy ??= namesRead(dispatch.params, step.choose);
    if (!step.pickedBy.every((name) => sameParam(dispatch.params[name], params[name]))) this.#pickAgain(step, params);
    this.#pack(index, params);
    const [from, to] = this.#dirty;
    this.#dirty = [Math.min(from, offsets[0]), Math.max(to, offsets[0] + dispatch.kernel.layout.bytes)];
  }

  #pickAgain(step: PlannedCall, params: PlanParams): void {
    const { variant, workgroups } = step.choose(params);
    const { dispatch } = step;
    const isSame = variant === dispatch.variant && workgroups.every((count, i) => count === dispatch.workgroups[i]);
    step.dispatch = isSame ? { ...dispatch, params } : step.prepare(params);
    step.pickedBy = undefined;
    // Another variant was not validated before.
    if (variant !== dispatch.variant) this.#proven = false;
  }

  #pack(index: number, params: PlanParams): void {
    const { offsets, dispatch } = this.#steps[index] as PlannedCall;
    packParams(dispatch.kernel, params, this.#data, offsets[0]);
  }

  /** Runs everything once, after whatever was encoded before. Throws DisposedError when memory it names was freed. */
  replay(slots: readonly BufferView[]): void {
    const { before, queue, gpu } = this.#host;
    before();
    for (const view of this.#fixed) requireLive(view, "plan");
    for (const view of slots) requireLive(view, "plan");
    queue.replay(this.#label, this.#proven, (handOver) => {
      // Before the submission, after those of earlier replays: each sees its own params.
      const [from, to] = this.#dirty;
      if (from < to) gpu.queue.writeBuffer(this.#params, from, this.#bytes, from, to - from);
      this.#dirty = [Number.POSITIVE_INFINITY, 0];
      for (let at = 0; at < this.#steps.length; at++) {
        const step = this.#steps[at] as PlannedCall | Copy | Loop;
        if (step.kind !== "loop") {
          this.#encode(step, slots, 0);
          continue;
        }
        const body = this.#steps.slice(at + 1, at + 1 + step.length) as (PlannedCall | Copy)[];
        for (let i = 0, encoded = 0; i < step.count; i++, encoded += step.length) {
          for (const inner of body) this.#encode(inner, slots, i);
          if (encoded < PART) continue;
          handOver();
          encoded = 0;
        }
        at += step.length;
      }
    });
    this.#proven = true;
  }

  readonly #label = (): string =>
    [...new Set(this.#steps.map((step) => (step.kind === "call" ? step.dispatch.label : step.kind)))].join(", ");

  /** `i`: the step of the loop around, 0 outside loops. */
  #encode(step: PlannedCall | Copy, slots: readonly BufferView[], i: number): void {
    const { queue } = this.#host;
    if (step.kind === "copy") {
      queue.encodeCopy(resolve(step.source, slots, i), resolve(step.target, slots, i));
      return;
    }
    const { stepping } = step.dispatch.compiled;
    // Outside loops nothing steps: no list is made for each call.
    const offsets =
      stepping.length === 0
        ? step.offsets
        : [...stepping.map((name) => resolve(viewOf(step, name), slots, i).offset), ...step.offsets];
    queue.encodeCall(step.dispatch, step.group ?? this.#bind(step, slots, i), offsets);
  }

  #bind(step: PlannedCall, slots: readonly BufferView[], i: number): GPUBindGroup {
    const { gpu } = this.#host;
    if (!step.groups) {
      step.group = createBindGroup(gpu, step.dispatch, step.views as readonly BufferView[], this.#params);
      return step.group;
    }
    const { stepping } = step.dispatch.compiled;
    let key = "";
    for (const view of step.views) {
      const place = placeOf(view, i);
      if (view.stride && stepping.length === 0) key += `${i}`;
      if (view.other) key += i % 2 === 0 ? "a" : "b";
      if ("block" in place) continue;
      const { block, offset } = slots[place.slot] as BufferView;
      key += `:${block.id}:${offset},`;
    }
    let group = step.groups.get(key);
    if (!group) {
      const views = step.views.map((view) => {
        const bound = resolve(view, slots, i);
        return view.stride && stepping.length > 0 ? { ...bound, offset: 0 } : bound;
      });
      group = createBindGroup(gpu, step.dispatch, views, this.#params);
      if (step.groups.size >= step.most) step.groups.delete(step.groups.keys().next().value as string);
      step.groups.set(key, group);
    }
    return group;
  }

  /** Frees what the plan made. The memory its commands name is not its own. */
  dispose(): void {
    this.#params.destroy();
    for (const step of this.#steps) {
      if (step.kind !== "call") continue;
      step.group = undefined;
      step.groups?.clear();
    }
  }
}

const viewOf = ({ dispatch, views }: PlannedCall, binding: string): PlanView =>
  views[Object.keys(dispatch.kernel.bindings).indexOf(binding)] as PlanView;

/** Names of the params that `pick` looks at. */
function namesRead(params: PlanParams, pick: (params: PlanParams) => unknown): string[] {
  const names = new Set<string>();
  const get = (target: PlanParams, name: string): PlanParams[string] | undefined => {
    names.add(name);
    return target[name];
  };
  pick(new Proxy(params, { get: get as ProxyHandler<PlanParams>["get"] & {} }));
  return [...names];
}

type Param = PlanParams[string] | undefined;

/** Whether two values of a param are the same to the bit. */
export const sameParam = (a: Param, b: Param): boolean =>
  typeof a === "object" && typeof b === "object"
    ? a.length === b.length && a.every((value, i) => Object.is(value, b[i]))
    : Object.is(a, b);

const placeOf = (view: PlanView, i: number): BufferView | SlotView => (i % 2 === 1 && view.other) || view;

/** Where a view lies when the slots are these, in step `i` of the loop around. */
export function resolve(view: PlanView, slots: readonly BufferView[], i = 0): BufferView {
  const place = placeOf(view, i);
  const along = (view.stride ?? 0) * i;
  if ("block" in place) return along === 0 ? place : { ...place, offset: place.offset + along };
  const slot = slots[place.slot] as BufferView;
  return { block: slot.block, offset: slot.offset + place.offset + along, bytes: place.bytes };
}
