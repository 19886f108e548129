import { DisposedError, OutOfMemoryError } from "../errors.js";

/** A stretch of device memory lent by the pool. `bytes` is what was asked for, `buffer.size` the size class. */
export interface Block {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  readonly owner: string;
  /** Stable number of the GPU buffer, part of bind group keys. */
  readonly id: number;
  /** Submission in which the block was last bound; a host write into a block still waiting to be read must flush first. */
  lastUse: number;
  freed: boolean;
}

/** Part of a block, in bytes. What kernels bind. */
export interface BufferView {
  readonly block: Block;
  readonly offset: number;
  readonly bytes: number;
}

/** Device memory in bytes: lent now, the most ever lent, held by the pool (lent or waiting), and lent by owner, now and at the peak. */
export interface MemoryStats {
  live: number;
  peak: number;
  reserved: number;
  blocks: number;
  byOwner: Record<string, number>;
  peakByOwner: Record<string, number>;
}

const SMALLEST = 256;

/** Rounds up to a quarter step between powers of two, so that at most a fifth of a block is waste. */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const power = 2 ** Math.floor(Math.log2(bytes - 1));
  const step = Math.max(power / 4, SMALLEST);
  return Math.ceil(bytes / step) * step;
}

/**
 * Buffers by size class, the one with the lowest number handed out first: which buffers a loop that repeats its requests gets
 * depends on what is lent alone, not on the order in which things were freed. So it gets the same ones, and with them the same
 * bind groups, also when what it dropped comes back whenever JavaScript's collector has run.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #limit: number;
  /** By falling number. */
  readonly #free = new Map<number, Block[]>();
  readonly #owners = new Map<string, number>();
  readonly #guard: <T>(what: string, make: () => T) => T;
  /** As it was at the peak; undefined while that is now. */
  #peakOwners: Record<string, number> | undefined;
  #live = 0;
  #peak = 0;
  #reserved = 0;
  #blocks = 0;
  #nextId = 1;

  /** `guard` runs a creation under the device's out-of-memory scope. */
  constructor(device: GPUDevice, guard: <T>(what: string, make: () => T) => T) {
    this.#device = device;
    this.#guard = guard;
    this.#limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  }

  /** Throws OutOfMemoryError when no buffer of the adapter that kernels can bind holds so many bytes. */
  requireRoom(bytes: number, owner: string): void {
    if (bytes <= this.#limit) return;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const limit = maxBufferSize < maxStorageBufferBindingSize ? "maxBufferSize" : "maxStorageBufferBindingSize";
    throw new OutOfMemoryError({
      op: owner,
      argument: "bytes",
      expected: `at most ${this.#limit} bytes in one buffer on this adapter (its ${limit})`,
      given: `${bytes}`,
    });
  }

  /** Lends a block of at least `bytes` bytes; its content is undefined. Throws OutOfMemoryError as requireRoom does. */
  acquire(bytes: number, owner: string): Block {
    this.requireRoom(bytes, owner);
    const size = Math.min(sizeClass(bytes), this.#limit);
    const waiting = this.#free.get(size)?.pop();
    const block: Block = waiting
      ? { buffer: waiting.buffer, id: waiting.id, lastUse: waiting.lastUse, bytes, owner, freed: false }
      : { buffer: this.#create(size, owner), id: this.#nextId++, lastUse: -1, bytes, owner, freed: false };
    this.#live += size;
    this.#blocks += 1;
    // Who owned what is written down when memory goes down from a peak, not at every step up to it.
    if (this.#live > this.#peak) {
      this.#peak = this.#live;
      this.#peakOwners = undefined;
    }
    this.#owners.set(owner, (this.#owners.get(owner) ?? 0) + size);
    return block;
  }

  #create(size: number, owner: string): GPUBuffer {
    this.#reserved += size;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return this.#guard(`${size} bytes for ${owner}`, () => this.#device.createBuffer({ label: owner, size, usage }));
  }

  /** Takes a block back. The GPU may still be reading it: later commands on the same queue run after that. */
  release(block: Block): void {
    if (block.freed) {
      throw new DisposedError({
        op: block.owner,
        argument: "block",
        expected: "a block that is still lent",
        given: "one released before",
      });
    }
    block.freed = true;
    const size = block.buffer.size;
    this.#peakOwners ??= this.#byOwner();
    this.#live -= size;
    this.#blocks -= 1;
    this.#owners.set(block.owner, (this.#owners.get(block.owner) ?? 0) - size);
    const list = this.#free.get(size);
    if (!list) {
      this.#free.set(size, [block]);
      return;
    }
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle] as Block).id > block.id) low = middle + 1;
      else high = middle;
    }
    list.splice(low, 0, block);
  }

  /** Gives buffers that nobody holds back to the driver. Callers drop bind groups that name them. */
  trim(): void {
    for (const list of this.#free.values()) {
      for (const block of list) {
        this.#reserved -= block.buffer.size;
        block.buffer.destroy();
      }
    }
    this.#free.clear();
  }

  /** Bytes lent now: the part of `stats` that is asked for at every allocation. */
  get live(): number {
    return this.#live;
  }

  /** Blocks lent now. */
  get lent(): number {
    return this.#blocks;
  }

  stats(): MemoryStats {
    const byOwner = this.#byOwner();
    return {
      ...{ live: this.#live, peak: this.#peak, reserved: this.#reserved, blocks: this.#blocks },
      ...{ byOwner, peakByOwner: this.#peakOwners ?? byOwner },
    };
  }

  #byOwner(): Record<string, number> {
    return Object.fromEntries([...this.#owners].filter(([, bytes]) => bytes > 0));
  }

  /** Starts a new peak from what is lent now. */
  resetPeak(): void {
    this.#peak = this.#live;
    this.#peakOwners = undefined;
  }
}
