import {
  type Block,
  type BufferView,
  CaptureError,
  collectGarbage,
  type Device,
  DisposedError,
} from "@facet/kernels-wgsl";
import { tracing } from "./capture/trace.js";
import { device as currentDevice } from "./engine.js";
import type { KnownValues } from "./host_values.js";

/**
 * Device memory shared by tensor handles (views of one another) and by what the tape saved; freed with its last user. What
 * is made while a function is being captured has no memory until the plan is made, and then the plan's.
 */
export class Storage {
  readonly device: Device;
  readonly bytes: number;
  readonly owner: string;
  #block: Block | undefined;
  /** Counts in-place writes, so that the tape can tell that what it saved has changed since. */
  version = 0;
  /** What the host knows of the content, for printing. */
  known: KnownValues | undefined;
  #users = 1;

  constructor(bytes: number, owner: string) {
    this.device = currentDevice();
    this.bytes = bytes;
    this.owner = owner;
    const trace = tracing();
    if (trace) {
      this.device.requireRoom(bytes, owner);
      trace.planned.add(this);
      return;
    }
    this.#block = this.device.allocate(bytes, owner);
    relievePressure(this.device);
  }

  get block(): Block {
    if (this.#block) return this.#block;
    const error = new CaptureError({
      op: "capture",
      argument: this.owner,
      expected: "no use of values inside the function: return the tensor, and read it outside",
      given: "a value that is there only when the plan runs",
    });
    return tracing()?.fail(error) ?? fail(error);
  }

  /** Gives a storage made during a capture its memory, which stays the plan's. */
  place(block: Block): void {
    this.#block = block;
  }

  get alive(): boolean {
    return this.#users > 0;
  }

  /** Whether it has more than one user. */
  get isShared(): boolean {
    return this.#users > 1;
  }

  retain(): this {
    if (!this.alive)
      throw new DisposedError({
        op: this.owner,
        argument: "storage",
        expected: "live memory",
        given: "freed memory",
      });
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0 && this.#block) this.device.free(this.#block);
  }

  view(offset: number, bytes: number): BufferView {
    return { block: this.block, offset, bytes };
  }
}

function fail(error: CaptureError): never {
  throw error;
}

/** Least growth of live memory, in bytes, after which unreachable handles are looked for. */
const PRESSURE = 64 * 2 ** 20;
/** And the same for the number of blocks: a driver may map memory for each, and a process has only so many maps. */
const MANY_BLOCKS = 4096;
const lastCollection = new WeakMap<Device, { bytes: number; blocks: number }>();

/**
 * Handles that no scope freed are freed when JavaScript collects them, but the collector does not see device memory.
 * So when much of it has been taken since the last time, the collector is asked to run (Node; browsers decide alone).
 */
function relievePressure(device: Device): void {
  const { liveBytes: bytes, liveBlocks: blocks } = device;
  const before = lastCollection.get(device) ?? { bytes: 0, blocks: 0 };
  lastCollection.set(device, before);
  before.bytes = Math.min(before.bytes, bytes);
  before.blocks = Math.min(before.blocks, blocks);
  // By as much again as was live then, as collectors do: a large model is not looked through for small change.
  const isGrown =
    bytes - before.bytes >= Math.max(PRESSURE, before.bytes) ||
    blocks - before.blocks >= Math.max(MANY_BLOCKS, before.blocks);
  if (!isGrown) return;
  before.bytes = bytes;
  before.blocks = blocks;
  collectGarbage();
}
