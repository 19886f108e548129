import { ArgumentError, type ErrorDetail } from "../errors.js";
import type { Block, BufferView } from "./buffers.js";

/** Distinct checks that one device can keep apart. */
const SLOTS = 256;

/**
 * Checks made inside kernels, of values only the device knows (a label out of range). A kernel that checks has a binding
 * `faults` and a param `fault_slot`; it does `atomicMax(&faults[slot], value + 1)` with the offending value, or
 * `atomicMax(&faults[slot], 0xffffffff)` for a negative one. The next read back from the device raises it.
 */
export class Faults {
  readonly block: Block;
  readonly bytes = SLOTS * 4;
  readonly #slots = new Map<string, number>();
  readonly #details: ErrorDetail[] = [];
  /** Whether a checking kernel ran since the last look. */
  armed = false;

  constructor(block: Block) {
    this.block = block;
  }

  get view(): BufferView {
    return { block: this.block, offset: 0, bytes: this.bytes };
  }

  /** Slot for one check; the same detail gives the same slot. */
  slot(detail: { op: string; argument: string; expected: string }): number {
    const key = `${detail.op}\0${detail.argument}\0${detail.expected}`;
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      // Beyond the last slot checks share it: the error then still comes, with the last detail registered.
      slot = Math.min(this.#details.length, SLOTS - 1);
      this.#slots.set(key, slot);
      this.#details[slot] = detail;
    }
    return slot;
  }

  /** The error behind what the device wrote, if it wrote any. */
  error(words: Uint32Array): ArgumentError | undefined {
    const slot = words.findIndex((word) => word !== 0);
    const detail = this.#details[slot];
    if (!detail) return undefined;
    const word = words[slot] as number;
    return new ArgumentError({ ...detail, given: word === 0xffffffff ? "a negative value" : `${word - 1}` });
  }
}
