import { ArgumentError, type ErrorDetail, type FacetError } from "../errors.js";
import type { Block, BufferView } from "./buffers.js";

/** Distinct checks that one device can keep apart; the last of them are for what comes beyond. */
const SLOTS = 16_384;
const VAGUE = 64;

/** What a check says when it fails. */
export interface FaultDetail {
  op: string;
  argument: string;
  expected: string;
  /** What the word that the kernel writes, less one, stands for. Default: it is the offending value itself. */
  found?: readonly string[];
  /** Default ArgumentError. */
  error?: new (
    detail: ErrorDetail,
  ) => FacetError;
}

/**
 * Checks made inside kernels, of values only the device knows (a label out of range). A kernel that checks has a binding
 * `faults` and a param `fault_slot`; it does `atomicMax(&faults[slot], value + 1)` with the offending value, or
 * `atomicMax(&faults[slot], 0xffffffff)` for a negative one. The next read back from the device raises it.
 */
export class Faults {
  static readonly bytes = SLOTS * 4;
  readonly block: Block;
  readonly #slots = new Map<string, number>();
  readonly #details: FaultDetail[] = [];
  readonly #vague: FaultDetail[] = [];
  /** Whether a checking kernel ran since the last look. */
  armed = false;

  constructor(block: Block) {
    this.block = block;
  }

  /** What kernels write to. */
  get view(): BufferView {
    return { block: this.block, offset: 0, bytes: Faults.bytes };
  }

  /** The words that may have been written. */
  get used(): BufferView {
    const words = this.#vague.length > 0 ? SLOTS : Math.max(1, this.#details.length);
    return { block: this.block, offset: 0, bytes: words * 4 };
  }

  /** Slot for one check; the same detail gives the same slot. */
  slot(detail: FaultDetail): number {
    const key = `${detail.op}\0${detail.argument}\0${detail.expected}`;
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#details.length;
      if (slot >= SLOTS - VAGUE) return this.#vagueSlot(detail);
      this.#slots.set(key, slot);
      this.#details.push(detail);
    }
    return slot;
  }

  /** Calls beyond the last slot share one with others of their op, whose sentence says less but nothing of another call. */
  #vagueSlot(detail: FaultDetail): number {
    const { op, argument } = detail;
    let i = this.#vague.findIndex((other) => other.op === op && other.argument === argument);
    if (i < 0 && this.#vague.length < VAGUE - 1) {
      this.#vague.push({ ...detail, expected: "a value within what the op was given" });
      i = this.#vague.length - 1;
    } else if (i < 0) {
      i = VAGUE - 1;
      this.#vague[i] = { op: "kernel", argument: "values", expected: "a value within what the op was given" };
    }
    return SLOTS - VAGUE + i;
  }

  /** The error behind what the device wrote, if it wrote any. */
  error(words: Uint32Array): FacetError | undefined {
    const slot = words.findIndex((word) => word !== 0);
    const detail = this.#details[slot] ?? this.#vague[slot - (SLOTS - VAGUE)];
    if (!detail) return undefined;
    const word = words[slot] as number;
    const { found, error: Kind = ArgumentError, ...rest } = detail;
    const given = found?.[word - 1] ?? (word === 0xffffffff ? "a negative value" : `${word - 1}`);
    return new Kind({ ...rest, given });
  }
}
