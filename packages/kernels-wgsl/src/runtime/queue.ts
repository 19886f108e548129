import { ArgumentError, DeviceError, DisposedError } from "../errors.js";
import { type AnyKernel, type Constants, packParams, type Workgroups } from "../kernel.js";
import type { BufferView } from "./buffers.js";
import type { AnyVariant, CompiledKernel } from "./pipelines.js";
import type { Profiler } from "./profiler.js";

/** One kernel call, ready to be encoded. */
export interface Dispatch {
  readonly kernel: AnyKernel;
  readonly variant: AnyVariant;
  readonly constants: Constants | undefined;
  readonly compiled: CompiledKernel;
  readonly views: readonly BufferView[];
  readonly params: Readonly<Record<string, number | readonly number[]>>;
  readonly workgroups: Workgroups;
  /** Op that asked, with its shapes: stands in errors and profiles. */
  readonly label: string;
  /** Layer of the dialect that asked: stands in profiles. */
  readonly layer: string;
}

const RING_BYTES = 1 << 18;
/** Dispatches after which an encoder is submitted though nobody waits, so that the device starts while JavaScript goes on. */
const SUBMIT_AFTER = 128;
/** Bind groups kept that were used last; as many from the time before may be there still. */
const BIND_GROUPS = 2048;

/** What the queue needs of its device; kept small so that it can be read alone. */
export interface QueueHost {
  readonly gpu: GPUDevice;
  readonly paramsAlignment: number;
  guardSubmission(labels: () => string, submit: () => void): void;
  settle(): Promise<void>;
}

/** One command encoder that collects kernel calls and copies until somebody reads a value or enough have come together. */
export class CommandQueue {
  readonly #host: QueueHost;
  readonly #ring: GPUBuffer;
  readonly #ringBytes = new ArrayBuffer(RING_BYTES);
  readonly #ringView = new DataView(this.#ringBytes);
  #ringUsed = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #lastPipeline: GPUComputePipeline | undefined;
  #labels: (string | (() => string))[] = [];
  /** Bind groups by layout and memory: those used since there were last too many, and those used in the time before. */
  #bindGroups = new Map<string, GPUBindGroup>();
  #olderBindGroups = new Map<string, GPUBindGroup>();
  readonly #staging = new Map<number, GPUBuffer[]>();
  /** Number of the submission being collected. */
  #submission = 0;
  /** While set, every dispatch is timed, in a pass of its own. */
  profiler: Profiler | undefined;

  constructor(host: QueueHost) {
    this.#host = host;
    this.#ring = host.gpu.createBuffer({
      label: "params",
      size: RING_BYTES,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  /** Encodes a kernel call; it runs after everything encoded before it. */
  dispatch(call: Dispatch): void {
    const need = Math.ceil(call.kernel.layout.bytes / this.#host.paramsAlignment) * this.#host.paramsAlignment;
    if (this.#ringUsed + need > RING_BYTES || this.#labels.length >= SUBMIT_AFTER) this.submit();
    packParams(call.kernel, call.params, this.#ringView, this.#ringUsed);
    this.encodeCall(call, this.#bindGroup(call), [this.#ringUsed]);
    this.#ringUsed += need;
    this.#labels.push(call.label);
  }

  /** Encodes a call whose memory is bound and whose params lie at the given offset. For this queue and for plans. */
  encodeCall(call: Dispatch, group: GPUBindGroup, offsets: readonly number[]): void {
    const began = this.profiler ? performance.now() : 0;
    const pass = this.profiler ? this.profiler.beginPass(this.#endPass(), call) : this.#computePass();
    const { pipeline } = call.compiled;
    if (this.#lastPipeline !== pipeline) pass.setPipeline(pipeline);
    this.#lastPipeline = pipeline;
    pass.setBindGroup(0, group, offsets as number[]);
    pass.dispatchWorkgroups(call.workgroups[0], call.workgroups[1], call.workgroups[2]);
    if (!this.profiler) return;
    pass.end();
    this.#lastPipeline = undefined;
    this.profiler.encoded(began);
  }

  #bindGroup(call: Dispatch): GPUBindGroup {
    let key = `${call.compiled.layoutId}`;
    for (const view of call.views) {
      requireLive(view, call.label);
      view.block.lastUse = this.#submission;
      key += `,${view.block.id}:${view.offset}:${view.bytes}`;
    }
    // A group in use is only looked up: what it costs to keep track of ages falls to those that are new or were long not used.
    const known = this.#bindGroups.get(key);
    if (known) return known;
    const group = this.#olderBindGroups.get(key) ?? createBindGroup(this.#host.gpu, call, call.views, this.#ring);
    if (this.#bindGroups.size >= BIND_GROUPS) {
      this.#olderBindGroups = this.#bindGroups;
      this.#bindGroups = new Map();
    }
    this.#bindGroups.set(key, group);
    return group;
  }

  #commands(): GPUCommandEncoder {
    this.#encoder ??= this.#host.gpu.createCommandEncoder({ label: `submission ${this.#submission}` });
    return this.#encoder;
  }

  #computePass(): GPUComputePassEncoder {
    this.#pass ??= this.#commands().beginComputePass();
    return this.#pass;
  }

  #endPass(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = undefined;
    this.#lastPipeline = undefined;
    return this.#commands();
  }

  /** Copies whole words between two blocks, in order with kernel calls. WebGPU has no copy within one buffer. */
  copy(source: BufferView, target: BufferView): void {
    requireLive(source, "copy");
    requireLive(target, "copy");
    if (source.block.buffer === target.block.buffer) {
      throw new ArgumentError({
        op: "copy",
        argument: "target",
        expected: "another buffer than the source's",
        given: `the same, of ${source.block.owner}`,
      });
    }
    this.encodeCopy(source, target);
    source.block.lastUse = target.block.lastUse = this.#submission;
  }

  /** Encodes a copy that was checked before. For this queue and for plans. */
  encodeCopy(source: BufferView, target: BufferView): void {
    const bytes = Math.ceil(source.bytes / 4) * 4;
    this.#endPass().copyBufferToBuffer(source.block.buffer, source.offset, target.block.buffer, target.offset, bytes);
  }

  /** Sets bytes to zero, in order with kernel calls. */
  clear(view: BufferView): void {
    requireLive(view, "clear");
    this.#endPass().clearBuffer(view.block.buffer, view.offset, Math.ceil(view.bytes / 4) * 4);
    view.block.lastUse = this.#submission;
  }

  /** Writes host data. Commands that were encoded against the block's earlier content go first. */
  write(view: BufferView, data: ArrayBufferView): void {
    requireLive(view, "write");
    if (data.byteLength > view.bytes) {
      throw new ArgumentError({
        op: "write",
        argument: "data",
        expected: `at most ${view.bytes} bytes`,
        given: `${data.byteLength}`,
      });
    }
    if (view.block.lastUse === this.#submission) this.submit();
    const whole = data.byteLength - (data.byteLength % 4);
    const queue = this.#host.gpu.queue;
    if (whole > 0)
      queue.writeBuffer(view.block.buffer, view.offset, data.buffer as ArrayBuffer, data.byteOffset, whole);
    if (whole < data.byteLength) {
      const tail = new Uint8Array(4);
      tail.set(new Uint8Array(data.buffer, data.byteOffset + whole, data.byteLength - whole));
      queue.writeBuffer(view.block.buffer, view.offset + whole, tail);
    }
  }

  /**
   * Encodes a plan after everything encoded so far and hands both to the device in one submission. Of one that is `proven`,
   * having been submitted before, nothing is validated that was not then: alone it goes without an error scope. `encode` may hand over
   * what it has encoded, and go on.
   */
  replay(label: () => string, proven: boolean, encode: (handOver: () => void) => void): void {
    const guarded = !proven || this.#encoder !== undefined;
    this.#labels.push(label);
    encode(() => {
      this.submit(guarded);
      this.#labels.push(label);
    });
    this.submit(guarded);
  }

  /** Hands everything encoded so far to the device. */
  submit(guarded = true): void {
    if (!this.#encoder) return;
    const commands = this.#endPass();
    const readTimes = this.profiler?.resolve(commands);
    const labels = this.#labels;
    this.#encoder = undefined;
    this.#labels = [];
    if (this.#ringUsed > 0) this.#host.gpu.queue.writeBuffer(this.#ring, 0, this.#ringBytes, 0, this.#ringUsed);
    this.#ringUsed = 0;
    this.#submission += 1;
    const submit = (): void => this.#host.gpu.queue.submit([commands.finish()]);
    const text = (): string =>
      [...new Set(labels.map((label) => (typeof label === "string" ? label : label())))].join(", ");
    if (guarded) this.#host.guardSubmission(text, submit);
    else submit();
    readTimes?.();
  }

  /** Reads bytes back after everything encoded so far, all views in one wait. Raises errors of earlier commands. */
  async read(...views: BufferView[]): Promise<ArrayBuffer[]> {
    let size = 0;
    const places = views.map((view) => {
      requireLive(view, "read");
      const start = size;
      size += Math.max(4, Math.ceil(view.bytes / 4) * 4);
      return { view, start, stop: size };
    });
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(256, size)));
    const spare = this.#staging.get(capacity)?.pop();
    const staging =
      spare ??
      this.#host.gpu.createBuffer({
        label: "readback",
        size: capacity,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
    const commands = this.#endPass();
    for (const { view, start, stop } of places) {
      commands.copyBufferToBuffer(view.block.buffer, view.offset, staging, start, stop - start);
    }
    this.submit();
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, size);
    } catch (cause) {
      await this.#host.settle();
      throw new DeviceError({ op: "read", expected: "a readable buffer", given: `${cause}`, cause });
    }
    const mapped = staging.getMappedRange(0, size);
    const parts = places.map(({ view, start }) => mapped.slice(start, start + view.bytes));
    staging.unmap();
    const list = this.#staging.get(capacity);
    if (list) list.push(staging);
    else this.#staging.set(capacity, [staging]);
    await this.#host.settle();
    return parts;
  }

  /** Drops bind groups, which hold their buffers: called when the pool trims. */
  forgetBindGroups(): void {
    this.#bindGroups.clear();
    this.#olderBindGroups.clear();
  }
}

/** Binds views and, after them, a buffer of params. */
export function createBindGroup(
  gpu: GPUDevice,
  call: Dispatch,
  views: readonly BufferView[],
  params: GPUBuffer,
): GPUBindGroup {
  const entries: GPUBindGroupEntry[] = views.map((view, binding) => ({
    binding,
    resource: { buffer: view.block.buffer, offset: view.offset, size: Math.max(4, Math.ceil(view.bytes / 4) * 4) },
  }));
  entries.push({ binding: entries.length, resource: { buffer: params, size: call.kernel.layout.bytes } });
  return gpu.createBindGroup({ label: call.label, layout: call.compiled.layout, entries });
}

export function requireLive(view: BufferView, op: string): void {
  if (!view.block.freed) return;
  throw new DisposedError({
    op,
    argument: "buffer",
    expected: "live device memory",
    given: `freed memory of ${view.block.owner}`,
  });
}
