import { UnsupportedError } from "../errors.js";
import type { ParamValues } from "../kernel.js";
import { type DispatchRecord, Profile } from "./profile.js";
import type { Dispatch } from "./queue.js";

/** Dispatches whose times one query set holds. */
const CHUNK = 256;
const QUERY_BYTES = 8;

/** Queries, the buffer they are resolved into, and the buffer JavaScript reads. */
interface Chunk {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly staging: GPUBuffer;
  readonly records: DispatchRecord[];
}

/**
 * Times dispatches while it is the queue's profiler: each runs in a compute pass of its own with a timestamp at both ends.
 * Throws UnsupportedError on a device without `timestamp-query`.
 */
export class Profiler {
  readonly #gpu: GPUDevice;
  readonly #adapter: string;
  readonly #began = performance.now();
  readonly #records: DispatchRecord[] = [];
  readonly #spare: Chunk[] = [];
  readonly #made: Chunk[] = [];
  /** Chunks filled by the submission being collected. */
  #open: Chunk[] = [];
  #submission = 0;
  readonly #reads: Promise<void>[] = [];
  /** The device's clock, in nanoseconds, at the first timestamp read back: differences to it fit a double. */
  #clock: bigint | undefined;

  constructor(gpu: GPUDevice, adapter: string) {
    if (!gpu.features.has("timestamp-query")) {
      throw new UnsupportedError({
        op: "profile",
        argument: "device",
        expected: "an adapter with the feature timestamp-query",
        given: adapter,
      });
    }
    this.#gpu = gpu;
    this.#adapter = adapter;
  }

  /** Begins the pass of one dispatch; the caller encodes the dispatch, ends the pass and calls `encoded`. */
  beginPass(encoder: GPUCommandEncoder, call: Dispatch): GPUComputePassEncoder {
    let chunk = this.#open.at(-1);
    if (!chunk || chunk.records.length === CHUNK) {
      chunk = this.#spare.pop() ?? this.#makeChunk();
      this.#open.push(chunk);
    }
    const query = chunk.records.length * 2;
    const { flops, bytes } = call.kernel.cost(call.params as ParamValues<Record<string, never>>);
    const record: DispatchRecord = {
      kernel: call.kernel.name,
      variant: call.variant.name,
      op: call.label,
      layer: call.layer,
      flops,
      bytes,
      workgroups: call.workgroups,
      submission: this.#submission,
      hostStartMs: 0,
      hostMs: 0,
      submittedMs: 0,
      gpuStartMs: Number.NaN,
      gpuMs: Number.NaN,
    };
    chunk.records.push(record);
    this.#records.push(record);
    return encoder.beginComputePass({
      timestampWrites: {
        querySet: chunk.queries,
        beginningOfPassWriteIndex: query,
        endOfPassWriteIndex: query + 1,
      },
    });
  }

  /** Says when, by `performance.now()`, encoding the last dispatch began; it ends now. */
  encoded(startMs: number): void {
    const record = this.#records.at(-1) as DispatchRecord;
    record.hostStartMs = startMs - this.#began;
    record.hostMs = performance.now() - startMs;
  }

  /** Encodes the way of this submission's timestamps to JavaScript. Returns what to call once it is submitted. */
  resolve(encoder: GPUCommandEncoder): () => void {
    const chunks = this.#open;
    this.#open = [];
    this.#submission += 1;
    for (const { queries, resolved, staging, records } of chunks) {
      encoder.resolveQuerySet(queries, 0, records.length * 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, records.length * 2 * QUERY_BYTES);
    }
    return () => {
      const submittedMs = performance.now() - this.#began;
      for (const chunk of chunks) this.#reads.push(this.#read(chunk, submittedMs));
    };
  }

  async #read(chunk: Chunk, submittedMs: number): Promise<void> {
    const { staging, records } = chunk;
    for (const record of records) record.submittedMs = submittedMs;
    const bytes = records.length * 2 * QUERY_BYTES;
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, bytes);
    } catch {
      // The device was lost or closed: the dispatches keep a time of NaN and the profile counts them as not timed.
      return;
    }
    const times = new BigUint64Array(staging.getMappedRange(0, bytes));
    for (const [i, record] of records.entries()) {
      const [start, end] = [times[2 * i] as bigint, times[2 * i + 1] as bigint];
      this.#clock ??= start;
      record.gpuStartMs = Number(start - this.#clock) / 1e6;
      record.gpuMs = Math.max(0, Number(end - start) / 1e6);
    }
    staging.unmap();
    records.length = 0;
    this.#spare.push(chunk);
  }

  #makeChunk(): Chunk {
    const size = CHUNK * 2 * QUERY_BYTES;
    const chunk = {
      queries: this.#gpu.createQuerySet({ label: "profile", type: "timestamp", count: CHUNK * 2 }),
      resolved: this.#gpu.createBuffer({
        label: "profile",
        size,
        usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
      }),
      staging: this.#gpu.createBuffer({
        label: "profile",
        size,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      }),
      records: [],
    };
    this.#made.push(chunk);
    return chunk;
  }

  /** What has been measured up to now, without waiting. */
  snapshot(): Profile {
    return new Profile(this.#adapter, performance.now() - this.#began, this.#records);
  }

  /** Dispatches encoded up to now, and when: where a part of the profile begins. */
  mark(): { dispatches: number; ms: number } {
    return { dispatches: this.#records.length, ms: performance.now() - this.#began };
  }

  /** Waits for the timestamps of what was submitted since a mark and returns that part. The profile goes on. */
  async since({ dispatches, ms }: { dispatches: number; ms: number }): Promise<Profile> {
    const duration = this.mark().ms - ms;
    await Promise.all(this.#reads);
    return new Profile(this.#adapter, duration, this.#records.slice(dispatches));
  }

  /** Waits for the timestamps of everything submitted, frees the queries and returns the profile. */
  async collect(): Promise<Profile> {
    const profile = this.snapshot();
    await Promise.all(this.#reads);
    for (const { queries, resolved, staging } of this.#made) {
      queries.destroy();
      resolved.destroy();
      staging.destroy();
    }
    return profile;
  }
}
