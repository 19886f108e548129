import { ArgumentError, DeviceError, DisposedError, FacetError } from "../errors.js";
import type { AnyKernel, BindingSpec, Constants, Kernel, ParamType, ParamValues, Workgroups } from "../kernel.js";
import { type Block, BufferPool, type BufferView, type MemoryStats } from "./buffers.js";
import { Failures } from "./failures.js";
import { Faults } from "./faults.js";
import { type AnyVariant, PipelineCache } from "./pipelines.js";
import { Plan, type PlanCommand, type PlanParams, resolve } from "./plan.js";
import type { Profile } from "./profile.js";
import { Profiler } from "./profiler.js";
import { CommandQueue, type Dispatch } from "./queue.js";
import { type Tuned, tuneAll } from "./tuner.js";
import { type Encounter, Tuning } from "./tuning.js";

/** What was opened, for `doctor`, reports and cache keys. */
export interface AdapterDescription {
  /** `hardware` for a GPU; `lavapipe`, `swiftshader` or `software` for a Vulkan driver that runs on the CPU. */
  kind: "hardware" | "lavapipe" | "swiftshader" | "software";
  /** e.g. `lavapipe (llvmpipe, Mesa 25.0.7)`. */
  name: string;
  vendor: string;
  architecture: string;
  driver: string;
  features: string[];
  limits: Record<string, number>;
}

export type Views<B extends Record<string, BindingSpec>> = {
  readonly [K in keyof B as B[K] extends { optional: true } ? never : K]: BufferView;
} & { readonly [K in keyof B as B[K] extends { optional: true } ? K : never]?: BufferView | undefined };

export interface RunOptions {
  /** Op and shapes, for errors and profiles. Defaults to the kernel's name. */
  label?: string;
  /** Layer of the dialect that asked, for profiles. */
  layer?: string;
  /** Values for the shader's declared constants, e.g. the element type. */
  constants?: Constants;
  /** Forces a variant by name; tests and benches use it. */
  variant?: string;
}

export interface TuneOptions {
  /** Whether later runs shall use what is found. Default true. */
  store?: boolean;
  /** Hears of every shape class before it is measured, with the number of those done. */
  progress?: (done: number, encounter: Encounter) => void;
}

const WANTED_FEATURES = ["timestamp-query", "subgroups", "shader-f16"] as const;
const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxDynamicStorageBuffersPerPipelineLayout",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
] as const;

/** A WebGPU device with Facet's memory pool, pipeline cache and command queue. Portable: Node and browsers open it alike. */
export class Device {
  readonly gpu: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly queue: CommandQueue;
  readonly faults: Faults;
  /** Picks variants. */
  readonly tuning: Tuning;
  /** Rounds view offsets: a tensor that shares a buffer must start at a multiple of this many bytes. */
  readonly offsetAlignment: number;
  /** Lanes of every subgroup; 0 where the adapter has no subgroups or theirs differ in size. */
  readonly subgroupSize: number;
  readonly #mostWorkgroups: number;
  readonly #pool: BufferPool;
  readonly #pipelines: PipelineCache;
  /** Stands in for optional bindings that are read and not given. */
  readonly #zero: BufferView;
  /** The same for those that may be written: a part for each, as WebGPU refuses writable bindings that overlap. */
  readonly #writable: BufferView;
  readonly #failures: Failures;
  #closed = false;
  readonly #beforeClose: (() => Promise<void>)[] = [];

  /** Asks the adapter for its own limits and for subgroups, f16 and timestamps where it has them. */
  static async open(adapter: GPUAdapter, description: AdapterDescription): Promise<Device> {
    const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
    const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
    return new Device(await adapter.requestDevice({ label: "facet", requiredFeatures, requiredLimits }), description);
  }

  private constructor(gpu: GPUDevice, adapter: AdapterDescription) {
    this.gpu = gpu;
    this.adapter = adapter;
    this.offsetAlignment = gpu.limits.minStorageBufferOffsetAlignment;
    this.#mostWorkgroups = gpu.limits.maxComputeWorkgroupsPerDimension;
    const failures = new Failures(gpu);
    this.#failures = failures;
    const { subgroupMinSize, subgroupMaxSize } = gpu.adapterInfo;
    this.subgroupSize =
      gpu.features.has("subgroups") && subgroupMinSize === subgroupMaxSize ? (subgroupMinSize ?? 0) : 0;
    this.#pool = new BufferPool(gpu, (what, make) => failures.guard("out-of-memory", what, make));
    this.tuning = new Tuning(adapter, this.subgroupSize);
    this.#pipelines = new PipelineCache(
      gpu,
      adapter.kind !== "hardware",
      (what, make, failed) => failures.guard("validation", what, make, failed),
      (kernel, variant, message) => this.tuning.exclude(kernel, variant, message),
    );
    this.queue = new CommandQueue({
      gpu,
      paramsAlignment: gpu.limits.minUniformBufferOffsetAlignment,
      guardSubmission: (labels, submit) => failures.guard("validation", labels, submit),
      settle: () => failures.settle(),
    });
    this.#zero = this.#view(this.#pool.acquire(256, "runtime"));
    this.#writable = this.#view(this.#pool.acquire(4096, "runtime"));
    this.faults = new Faults(this.#pool.acquire(Faults.bytes, "runtime"));
    this.queue.clear(this.#zero);
    this.queue.clear(this.#writable);
    this.queue.clear(this.faults.view);
    gpu.lost.then((info) => {
      if (this.#closed) return;
      const given = `device lost (${info.reason}): ${info.message}`;
      failures.note(new DeviceError({ op: "device", expected: "a working device", given }));
    });
  }

  /** Lends memory of at least `bytes` bytes; its content is undefined. `owner` names who holds it in memory statistics. */
  allocate(bytes: number, owner: string): Block {
    this.#checkOpen(owner);
    return this.#pool.acquire(bytes, owner);
  }

  /** Throws OutOfMemoryError when `allocate` would for want of a buffer so large: before the host makes what goes there. */
  requireRoom(bytes: number, owner: string): void {
    this.#pool.requireRoom(bytes, owner);
  }

  /** Takes memory back for reuse; work already encoded still sees it. */
  free(block: Block): void {
    if (!this.#closed) this.#pool.release(block);
  }

  #view(block: Block): BufferView {
    return { block, offset: 0, bytes: block.bytes };
  }

  /** Encodes a kernel call. Bindings that alias writable memory, unknown variants and grids too wide are refused here. */
  run<B extends Record<string, BindingSpec>, P extends Record<string, ParamType>>(
    kernel: Kernel<B, P>,
    views: Views<B>,
    params: ParamValues<P>,
    options: RunOptions = {},
  ): void {
    this.#checkOpen(options.label ?? kernel.name);
    const dispatch = this.#prepare(
      kernel as AnyKernel,
      views as Record<string, BufferView | undefined>,
      params,
      options,
    );
    if ("faults" in kernel.bindings) this.faults.armed = true;
    this.queue.dispatch(dispatch);
  }

  /**
   * Makes a plan of commands: variants chosen, pipelines and bind groups made, params packed. `slots` stands for the memory
   * that changes from replay to replay, and is what variants are chosen for.
   */
  plan(commands: readonly PlanCommand[], slots: readonly BufferView[]): Plan {
    this.#checkOpen("plan");
    const steps = commands.map((command) => {
      if (command.kind !== "call") return command;
      const views = Object.fromEntries(
        Object.entries(command.views).map(([name, view]) => [name, view && resolve(view, slots)]),
      );
      const { kernel } = command;
      const choose = (params: PlanParams): { variant: AnyVariant; workgroups: Workgroups } => {
        const variant = this.tuning.pick(kernel, params as never, views, command);
        return { variant, workgroups: variant.workgroups(params as never) };
      };
      const stepping = Object.keys(kernel.bindings).filter((name) => command.views[name]?.stride);
      // Where there are more, each step has a bind group of its own.
      const given = stepping.length <= this.gpu.limits.maxDynamicStorageBuffersPerPipelineLayout ? stepping : [];
      const prepare = (params: PlanParams): Dispatch => this.#prepare(kernel, views, params as never, command, given);
      const dispatch = prepare(command.params);
      const planned = Object.keys(command.kernel.bindings).map(
        (name, i) => command.views[name] ?? (dispatch.views[i] as BufferView),
      );
      return { kind: "call" as const, dispatch, views: planned, choose, prepare };
    });
    const faulty = commands.some((command) => command.kind === "call" && "faults" in command.kernel.bindings);
    return new Plan({
      gpu: this.gpu,
      queue: this.queue,
      paramsAlignment: this.gpu.limits.minUniformBufferOffsetAlignment,
      steps,
      exclusions: () => this.tuning.exclusions,
      before: () => {
        this.#checkOpen("plan");
        if (faulty) this.faults.armed = true;
      },
    });
  }

  #prepare(
    kernel: AnyKernel,
    given: Readonly<Record<string, BufferView | undefined>>,
    params: Parameters<AnyVariant["workgroups"]>[0],
    options: RunOptions,
    stepping?: readonly string[],
  ): Dispatch {
    const label = options.label ?? kernel.name;
    const variant = this.tuning.pick(kernel, params, given, options);
    const workgroups = variant.workgroups(params);
    const most = this.#mostWorkgroups;
    const [x, y, z] = workgroups;
    if (!(isCount(x, most) && isCount(y, most) && isCount(z, most))) {
      throw new DeviceError({
        op: label,
        argument: `${kernel.name}/${variant.name} workgroups`,
        expected: `at most ${most} in each dimension`,
        given: `[${workgroups.join(", ")}]`,
      });
    }
    const bindings = kernel.bindings as Record<string, BindingSpec>;
    const views: BufferView[] = [];
    for (const name in bindings)
      views.push(given[name] ?? this.#standIn(label, name, bindings[name] as BindingSpec, views.length));
    return {
      kernel,
      variant,
      constants: options.constants,
      compiled: this.#pipelines.get(kernel, variant, options.constants, stepping),
      views,
      params: params as Record<string, number | readonly number[]>,
      workgroups,
      label,
      layer: options.layer ?? "",
    };
  }

  /** What is bound where nothing is given. */
  #standIn(label: string, name: string, spec: BindingSpec, place: number): BufferView {
    if (name === "faults") return this.faults.view;
    if (spec.optional)
      return spec.access === "read" ? this.#zero : { ...this.#writable, offset: 256 * place, bytes: 256 };
    throw new ArgumentError({ op: label, argument: name, expected: "a buffer for this binding", given: "none" });
  }

  /** Reads bytes back. Raises what went wrong in anything encoded before, checks inside kernels included. */
  async read(view: BufferView): Promise<ArrayBuffer> {
    this.#checkOpen("read");
    if (!this.faults.armed) return (await this.queue.read(view))[0] as ArrayBuffer;
    this.faults.armed = false;
    const [bytes, words] = (await this.queue.read(view, this.faults.used)) as [ArrayBuffer, ArrayBuffer];
    const error = this.faults.error(new Uint32Array(words));
    if (error) {
      this.queue.clear(this.faults.view);
      throw error;
    }
    return bytes;
  }

  /** Waits until the device has done everything encoded so far, and raises what went wrong in it. */
  async finish(): Promise<void> {
    await this.read({ block: this.#zero.block, offset: 0, bytes: 4 });
  }

  /** Device memory lent now, in bytes. */
  get liveBytes(): number {
    return this.#pool.live;
  }

  /** Blocks of memory that are held now. */
  get liveBlocks(): number {
    return this.#pool.lent;
  }

  memory(): MemoryStats {
    return this.#pool.stats();
  }

  resetPeak(): void {
    this.#pool.resetPeak();
  }

  /** Gives memory that nobody holds back to the driver. */
  trim(): void {
    this.queue.submit();
    this.queue.forgetBindGroups();
    this.#pool.trim();
  }

  /** Frees the device, after what `onClose` asked for. What is read or run after that throws DisposedError. */
  close(): void {
    if (this.#closed) return;
    const waiting = this.#beforeClose.map((finish) => finish());
    this.#closed = true;
    if (waiting.length === 0) this.gpu.destroy();
    else Promise.allSettled(waiting).then(() => this.gpu.destroy());
  }

  /** Runs `finish` when the device is closed; its memory is given back once that has ended. */
  onClose(finish: () => Promise<void>): void {
    this.#beforeClose.push(finish);
  }

  /**
   * Runs `body` and measures the device time of every dispatch it makes. Dispatches then run one by one, so the whole is a
   * little slower than without. Inside another profile (FACET_PROFILE's, say) it is a part of that one, whose times go on.
   * Throws UnsupportedError on an adapter without timestamps.
   */
  async profile<T>(body: () => T | Promise<T>): Promise<{ result: T; profile: Profile }> {
    const outer = this.queue.profiler;
    if (outer) {
      const mark = outer.mark();
      const result = await body();
      await this.finish();
      return { result, profile: await outer.since(mark) };
    }
    this.startProfile();
    try {
      const result = await body();
      await this.finish();
      return { result, profile: await this.stopProfile() };
    } finally {
      this.queue.profiler = undefined;
    }
  }

  /** Begins a profile that `stopProfile` ends. Prefer `profile`. */
  startProfile(): Profiler {
    this.#checkOpen("profile");
    if (this.queue.profiler)
      throw new FacetError({ op: "profile", expected: "no profile under way on this device", given: "one" });
    const profiler = new Profiler(this.gpu, this.adapter.name);
    this.queue.submit();
    this.queue.profiler = profiler;
    return profiler;
  }

  /** Ends the profile under way and resolves to it once the device has done what was encoded. */
  async stopProfile(): Promise<Profile> {
    const { profiler } = this.queue;
    if (!profiler) throw new FacetError({ op: "profile", expected: "a profile under way", given: "none" });
    this.queue.submit();
    this.queue.profiler = undefined;
    return profiler.collect();
  }

  /**
   * Measures the variants that could stand in for each other in the calls that `tuning` noted, takes the fastest from then on,
   * and stores what was found for later runs (`place`; undefined where nothing is stored, as in browsers).
   */
  async tune(options: TuneOptions = {}): Promise<{ tuned: Tuned[]; place: string | undefined }> {
    this.#checkOpen("tune");
    this.queue.submit();
    const tuned = await tuneAll(this.gpu, this.#pipelines, this.tuning, this.tuning.take(), options.progress);
    return { tuned, place: options.store === false || tuned.length === 0 ? undefined : this.tuning.save() };
  }

  get profiling(): boolean {
    return this.queue.profiler !== undefined;
  }

  #checkOpen(op: string): void {
    if (this.#closed)
      throw new DisposedError({ op, argument: "device", expected: "an open device", given: "one that was closed" });
    this.#failures.raise();
  }
}

const isCount = (count: number, most: number): boolean => Number.isInteger(count) && count >= 0 && count <= most;
