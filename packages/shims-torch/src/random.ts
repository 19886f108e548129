import { ArgumentError, drawnKey, everyRun, foldIn, hostValue, type Key, keyFromSeed } from "@facet/autograd";

/** PyTorch's seed when nobody has set one. */
const DEFAULT_SEED = 67280421310721;

/** A stream of random draws: draw n (from 0) uses the Threefry key foldIn(keyFromSeed(seed), n). */
export class Generator {
  #seed = DEFAULT_SEED;
  #key: Key = keyFromSeed(DEFAULT_SEED);
  #draws = 0;

  /** Starts the stream of a seed. Throws ArgumentError unless it is an integer. */
  manual_seed(seed: number): this {
    if (!Number.isSafeInteger(seed))
      throw new ArgumentError({ op: "manual_seed", argument: "seed", expected: "an integer", given: `${seed}` });
    everyRun(() => {
      this.#key = keyFromSeed(seed);
      this.#seed = seed;
      this.#draws = 0;
    });
    return this;
  }

  initial_seed(): number {
    return hostValue(() => this.#seed);
  }

  /** Key of the next draw. */
  next(): Key {
    return foldIn(this.#key, this.#draws++);
  }
}

export const default_generator = new Generator();

/** Starts the default generator anew. Returns it. */
export const manual_seed = (seed: number): Generator => default_generator.manual_seed(seed);
export const initial_seed = (): number => default_generator.initial_seed();

/** Key of the next draw of a generator, the default one unless given; of the next one in every run of a compiled function. */
export const nextKey = (generator?: Generator | null): Key => drawnKey(() => (generator ?? default_generator).next());
