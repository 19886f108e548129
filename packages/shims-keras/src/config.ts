// What Keras keeps for the whole program: config, name counters, the source of random keys.
import { drawnKey, everyRun, foldIn, type Key, keyFromSeed, observe, UnsupportedError } from "@facet/autograd";
import { bool, define, int, Kind, number, oneOf, show, string } from "@facet/dialect";

export type DataFormat = "channels_last" | "channels_first";

/** What holds for the whole program; captured steps follow it. */
const program = observe({ imageDataFormat: "channels_last" as DataFormat, epsilon: 1e-7 });

/** Small number that keeps logarithms and divisions finite. */
export const epsilon = (): number => program.epsilon;

/** The functions that `keras.config` and `keras.backend` both have, under the public name of the one asked for. */
export const settings = (module: "keras.config" | "keras.backend") => ({
  /** Dtype of weights and activations: always "float32". */
  floatx: define(`${module}.floatx`, {}, () => "float32") as () => "float32",
  /** Throws UnsupportedError on all but "float32". */
  set_floatx: define(`${module}.set_floatx`, { value: string }, ({ value }) => {
    if (value === "float32") return;
    throw new UnsupportedError({ op: "set_floatx", argument: "value", expected: '"float32"', given: show(value) });
  }) as (value: "float32") => void,
  /** Small number that keeps logarithms and divisions finite. Default 1e-7. */
  epsilon: define(`${module}.epsilon`, {}, epsilon) as () => number,
  set_epsilon: define(
    `${module}.set_epsilon`,
    { value: number.where("a number between 0 and 1", (value) => value > 0 && value < 1) },
    ({ value }) => {
      program.epsilon = value;
    },
  ) as (value: number) => void,
  /** Where layers expect channels unless told otherwise. Default "channels_last". */
  image_data_format: define(`${module}.image_data_format`, {}, () => program.imageDataFormat) as () => DataFormat,
  set_image_data_format: define(
    `${module}.set_image_data_format`,
    { data_format: oneOf("channels_last", "channels_first") },
    ({ data_format }) => {
      program.imageDataFormat = data_format;
    },
  ) as (data_format: DataFormat) => void,
});

/** `keras.config`. */
export const config = settings("keras.config");

/** A layer's `data_format` argument, or the program's when none is given. */
export const dataFormat = (value: DataFormat | null): DataFormat => value ?? program.imageDataFormat;

export const layoutOf = (format: DataFormat): "NHWC" | "NCHW" => (format === "channels_last" ? "NHWC" : "NCHW");

/** `MaxPooling2D` as `max_pooling2d`, the way Keras does it. */
export function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

const nameCounts = new Map<string, number>();

/** The next automatic name of a class: conv2d, conv2d_1, conv2d_2 ... */
export function automaticName(className: string): string {
  const prefix = snakeCase(className);
  const count = nameCounts.get(prefix) ?? 0;
  nameCounts.set(prefix, count + 1);
  return count === 0 ? prefix : `${prefix}_${count}`;
}

/** Starts automatic names anew. `free_memory` asks Python's collector to run; here nothing waits for one. */
const clear = (): void => nameCounts.clear();
type ClearSession = (free_memory?: boolean) => void;
export const clearSession = (module: "keras.utils" | "keras.backend"): ClearSession =>
  define(`${module}.clear_session`, { free_memory: bool.or(true) }, clear);

/** A source of random keys: draw n takes fold_in(key(seed), n). A captured step draws anew in every run. */
export class SeedGenerator {
  readonly key: Key;
  #draws = 0;

  constructor(seed: number | Key) {
    this.key = typeof seed === "number" ? keyFromSeed(seed) : seed;
  }

  next(): Key {
    return drawnKey(() => this.draw());
  }

  /** The next key, of this run only. */
  draw(): Key {
    return foldIn(this.key, this.#draws++);
  }
}

const randomSeed = (): number => Math.floor(Math.random() * 2 ** 32);
let programKeys = new SeedGenerator(randomSeed());

/** Seeds everything random of the program that has no seed of its own: initial weights, dropout, shuffling. */
export const set_random_seed: (seed: number) => void = define(
  "keras.utils.set_random_seed",
  { seed: int.where("an integer from 0 to 4294967295", (seed) => seed >= 0 && seed < 2 ** 32) },
  ({ seed }) => {
    everyRun(() => {
      programKeys = new SeedGenerator(seed);
    });
  },
);

/** The next key of the program's source. */
export const nextKey = (): Key => drawnKey(() => programKeys.draw());

/** A seed: an integer, a source of keys, or null for one drawn from the program's. */
export const seedKind: Kind<number | SeedGenerator | null> = new Kind<number | SeedGenerator | null>(
  "an integer, or null",
  (value) => value === null || Number.isSafeInteger(value) || value instanceof SeedGenerator,
);

/** The source for something that may have a seed of its own. */
export function seedGenerator(seed: number | SeedGenerator | null): SeedGenerator {
  if (seed instanceof SeedGenerator) return seed;
  return new SeedGenerator(seed ?? nextKey());
}
