import { drawnKey, everyRun, foldIn, hostValue, type Key, keyFromSeed } from "@facet/autograd";
import { type Args, define, instance, int, signature, string } from "@facet/dialect";
import { checkDevice, Device } from "./dtype.js";

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

/** Key of the next draw of a generator, the default one unless given; of the next one in every run of a compiled function. */
export const nextKey = (generator?: Generator | null): Key => drawnKey(() => (generator ?? default_generator).next());
