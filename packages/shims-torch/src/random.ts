import {
  type AnyKey,
  ArgumentError,
  drawnKey,
  drawnKeys,
  everyRun,
  foldIn,
  hostValue,
  type Key,
  keyFromSeed,
  MappedKey,
  mappedKey,
  UnsupportedError,
} from "@facet/autograd";
import { type Args, define, instance, int, signature, string } from "@facet/dialect";
import { checkDevice, Device } from "./dtype.js";
import { complain } from "./errors.js";

/** PyTorch's seed when nobody has set one. */
const DEFAULT_SEED = 67280421310721;

const readGenerator = signature("torch.Generator", {
  device: string.either(instance(() => Device, "a torch.device")).or(null),
});
/** Seeds beyond what a number holds exactly are not the ones that were written. */
const seedKind = int.where("an integer of at most 53 bits", Number.isSafeInteger);
const readSeed = signature("torch.Generator.manual_seed", { seed: seedKind });
const readInitialSeed = signature("torch.Generator.initial_seed", {});

/** A stream of random draws: draw n (from 0) uses the Threefry key foldIn(keyFromSeed(seed), n). */
export class Generator {
  #seed = DEFAULT_SEED;
  #key: Key = keyFromSeed(DEFAULT_SEED);
  #draws = 0;

  constructor(...args: Args<[device: string | Device | null], { device: string | Device | null }>) {
    const { device } = readGenerator(args);
    if (device !== null) checkDevice("Generator", device);
  }

  get device(): Device {
    return new Device("webgpu");
  }

  /** Starts the stream of a seed. Throws ArgumentError unless it is an integer that a number holds exactly. */
  manual_seed(...args: Args<[seed: number], { seed: number }>): this {
    const { seed } = readSeed(args);
    everyRun(() => {
      this.#key = keyFromSeed(seed);
      this.#seed = seed;
      this.#draws = 0;
    });
    return this;
  }

  initial_seed(...args: readonly unknown[]): number {
    readInitialSeed(args);
    return hostValue(() => this.#seed);
  }

  /** Key of the next draw. */
  next(): Key {
    return foldIn(this.#key, this.#draws++);
  }
}

export const default_generator = new Generator();

/** Starts the default generator anew. Returns it. */
export const manual_seed: (...args: Args<[seed: number], { seed: number }>) => Generator = define(
  "torch.manual_seed",
  { seed: seedKind },
  ({ seed }) => default_generator.manual_seed(seed),
);
export const initial_seed: () => number = define("torch.initial_seed", {}, () => default_generator.initial_seed());

/** What drawing at random does under vmap. */
export type Randomness = "error" | "different" | "same";

/** The vmap under way. */
let mapped: { readonly randomness: Randomness; readonly count: number } | undefined;

/** Runs the function of a vmap. */
export function withRandomness<T>(
  given: { readonly randomness: Randomness; readonly count: number },
  body: () => T,
): T {
  const before = mapped;
  mapped = given;
  try {
    return body();
  } finally {
    mapped = before;
  }
}

/** Keys that were drawn while something was computed, and are drawn again where it is computed again. */
export interface DrawnKeys {
  readonly keys: AnyKey[];
  next: number;
}
let drawing: DrawnKeys | undefined;

/** Runs `body` with the keys drawn in an earlier run of it, which it notes the first time. */
export function withKeys<T>(keys: DrawnKeys, body: () => T): T {
  const before = drawing;
  drawing = keys;
  keys.next = 0;
  try {
    return body();
  } finally {
    drawing = before;
  }
}

/**
 * Key of the next draw of a generator, the default one unless given, or in a vmap that draws differently for each example a key for each; of the next
 * one in every run of a compiled function.
 */
export function nextKeys(generator?: Generator | null): AnyKey {
  if (!drawing) return drawn(generator);
  const at = drawing.next++;
  drawing.keys[at] ??= drawn(generator);
  return drawing.keys[at] as AnyKey;
}

/** As nextKeys, for draws that are one for all examples of a vmap. */
export function nextKey(generator?: Generator | null): Key {
  const key = nextKeys(generator);
  if (!(key instanceof MappedKey)) return key;
  throw new UnsupportedError({
    op: "vmap",
    argument: "randomness",
    expected: '"same" for this draw',
    given: '"different"',
  });
}

function drawn(generator?: Generator | null): AnyKey {
  const draw = (): Key => (generator ?? default_generator).next();
  if (!mapped || mapped.randomness === "same") return drawnKey(draw);
  if (mapped.randomness === "error")
    complain(
      ArgumentError,
      "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap or perform the randomness operation out of vmap",
      { op: "vmap", argument: "randomness", expected: '"same" or "different"', given: '"error"' },
    );
  const { count } = mapped;
  return mappedKey(drawnKeys(count, () => Array.from({ length: count }, draw)));
}
