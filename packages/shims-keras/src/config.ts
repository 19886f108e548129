// What Keras keeps for the whole program: config, name counters, the source of random keys.
import { ArgumentError, drawnKey, foldIn, type Key, keyFromSeed, UnsupportedError } from "@facet/autograd";
import { oneOf, show } from "./arguments.js";

export type DataFormat = "channels_last" | "channels_first";
const DATA_FORMATS = ["channels_last", "channels_first"] as const;

let imageDataFormat: DataFormat = "channels_last";
let fuzz = 1e-7;

/** `keras.config`. */
export const config = {
  /** Dtype of weights and activations: always "float32". */
  floatx: (): "float32" => "float32",
  set_floatx(value: string): void {
    if (value !== "float32")
      throw new UnsupportedError({
        op: "config.set_floatx",
        argument: "value",
        expected: '"float32"',
        given: show(value),
      });
  },
  /** Small number that keeps logarithms and divisions finite. Default 1e-7. */
  epsilon: (): number => fuzz,
  set_epsilon(value: number): void {
    if (!(value > 0 && value < 1))
      throw new ArgumentError({
        op: "config.set_epsilon",
        argument: "value",
        expected: "a number between 0 and 1",
        given: show(value),
      });
    fuzz = value;
  },
  /** Where layers expect channels unless told otherwise. Default "channels_last". */
  image_data_format: (): DataFormat => imageDataFormat,
  set_image_data_format(value: DataFormat): void {
    imageDataFormat = oneOf("config.set_image_data_format", "data_format", value, DATA_FORMATS);
  },
};

/** A layer's `data_format` argument, or the program's when none is given. */
export function dataFormat(op: string, value: unknown): DataFormat {
  return value === null || value === undefined ? imageDataFormat : oneOf(op, "data_format", value, DATA_FORMATS);
}

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

/** Starts automatic names anew. */
export function clear_session(): void {
  nameCounts.clear();
}

/** A source of random keys: draw n takes fold_in(key(seed), n). A captured step draws anew in every run. */
export class SeedGenerator {
  readonly key: Key;
  #draws = 0;

  constructor(seed: number | Key) {
    this.key = typeof seed === "number" ? keyFromSeed(seed) : seed;
  }

  next(): Key {
    return drawnKey(() => foldIn(this.key, this.#draws++));
  }
}

const randomSeed = (): number => Math.floor(Math.random() * 2 ** 32);
let programKeys = new SeedGenerator(randomSeed());

/** Seeds everything random of the program that has no seed of its own: initial weights, dropout, shuffling. */
export function set_random_seed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new ArgumentError({
      op: "set_random_seed",
      argument: "seed",
      expected: "an integer from 0 to 4294967295",
      given: show(seed),
    });
  programKeys = new SeedGenerator(seed);
}

/** The next key of the program's source. */
export const nextKey = (): Key => programKeys.next();

/** The source for something that may have a seed of its own. */
export function seedGenerator(op: string, seed: unknown): SeedGenerator {
  if (seed === null || seed === undefined) return new SeedGenerator(nextKey());
  if (seed instanceof SeedGenerator) return seed;
  if (!Number.isInteger(seed))
    throw new ArgumentError({ op, argument: "seed", expected: "an integer", given: show(seed) });
  return new SeedGenerator(seed as number);
}
