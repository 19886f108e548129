// keras.initializers: objects with the original's defaults over the core's functions of a key and a shape.
import "./start.js";
import {
  ArgumentError,
  add,
  type Initializer as CoreInitializer,
  type Tensor as CoreTensor,
  formatShape,
  full,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Key,
  lecunNormal,
  lecunUniform,
  normalInitializer,
  ones,
  orthogonal,
  scope,
  truncatedNormalInitializer,
  UnsupportedError,
  uniformInitializer,
  varianceScaling,
  zeros,
} from "@facet/autograd";
import {
  type Args,
  any,
  define,
  isKeywords,
  Kind,
  number,
  oneOf,
  only,
  type Rules,
  show,
  signature,
  type Values,
} from "@facet/dialect";
import { Callable, classNameOf, type Makes, withoutNew } from "./callable.js";
import { nextKey, type SeedGenerator, seedGenerator, seedKind, snakeCase } from "./config.js";
import { knownShape, showUnknown } from "./kinds.js";
import { Tensor } from "./tensor.js";

const readCall = signature("keras.initializers.Initializer.__call__", {
  shape: knownShape,
  dtype: only(null, "float32"),
});
const readInitializer = signature("keras.initializers.Initializer", {});
/** What initializers of Keras' own were made with. */
const givenTo = new WeakMap<object, Record<string, unknown>>();
const readGetConfig = signature("keras.initializers.Initializer.get_config", {});

/** An initializer is called like a function; Callable makes it one. */
export interface Initializer {
  (shape: readonly number[]): Tensor;
  (keywords: { shape: readonly number[] }): Tensor;
}

/**
 * Makes the first values of a weight, when called with its shape. With a seed it gives the same values every time; without,
 * the program's next ones. A class of the program's own gives `__call__(shape, { dtype })`.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class Initializer extends Callable {
  static readonly className: string = "Initializer";
  readonly name: string;

  constructor(...args: []) {
    super();
    readInitializer(args);
    this.name = snakeCase(classNameOf(new.target));
  }

  /** What made it, as keywords of its class. */
  get_config(...args: []): Record<string, unknown> {
    readGetConfig(args);
    const given = givenTo.get(this) ?? {};
    // A source of keys is the program's own.
    return typeof given.seed === "object" ? { ...given, seed: null } : { ...given };
  }

  // biome-ignore lint/suspicious/noExplicitAny: a class of the program's own takes what it takes.
  override __call__(..._args: any[]): Tensor {
    const expected = "a class that says in __call__(shape) which values it gives";
    throw new UnsupportedError({ op: this.name, argument: "__call__", expected, given: "none" });
  }

  /** Values for a weight of this shape, float32. */
  values(shape: readonly number[]): CoreTensor {
    const made: unknown = this.__call__(shape, { dtype: "float32" });
    return valuesOf(this.name, made, shape);
  }
}

/** Holds what an initializer of the program's own gave against the weight's shape. */
function valuesOf(op: string, made: unknown, shape: readonly number[]): CoreTensor {
  if (made instanceof Tensor && `${made.shape}` === `${shape}`) return made.core;
  const given = made instanceof Tensor ? `one of shape ${formatShape(made.shape)}` : show(made);
  throw new ArgumentError({ op, argument: "initializer", expected: `a Tensor of shape ${formatShape(shape)}`, given });
}

/** An initializer of the core's: a function of a key and a shape. */
class BuiltIn extends Initializer {
  readonly #make: CoreInitializer;
  readonly #key: Key | null | undefined;

  /** `seed` undefined: no random numbers, so that no key is taken from the program's source. */
  constructor(make: CoreInitializer, seed?: number | SeedGenerator | null) {
    super();
    this.#make = make;
    this.#key = seed === undefined || seed === null ? seed : seedGenerator(seed).next();
  }

  override __call__(...args: Args<[shape: readonly number[]], { shape: readonly number[] }>): Tensor {
    return new Tensor(this.values(readCall(args).shape));
  }

  override values(shape: readonly number[]): CoreTensor {
    return this.#make(this.#key === undefined ? NO_KEY : (this.#key ?? nextKey()), shape);
  }
}
const NO_KEY: Key = [0, 0];

/** An initializer class: its arguments, and the core's function for them. */
function initializer<const R extends Rules>(name: string, rules: R, make: (given: Values<R>) => CoreInitializer) {
  const read = signature(`keras.initializers.${name}`, rules);
  const made = class extends BuiltIn {
    static override readonly className = name;

    constructor(...args: readonly unknown[]) {
      const given = read(args);
      super(make(given), (given as { seed?: number | SeedGenerator | null }).seed);
      givenTo.set(this, given as Record<string, unknown>);
    }
  };
  return withoutNew(made) as unknown;
}

const seeded = { seed: seedKind.or(null) };
const fans = { ...seeded, input_axes: only(null), output_axes: only(null) };
export interface Seeded {
  seed: number | null;
}
type MakesInitializer<A extends readonly unknown[], N> = Makes<Args<A, N>, Initializer>;
type ByFans = MakesInitializer<[seed: number | null], Seeded>;

export const Zeros = initializer("Zeros", {}, () => (_, shape) => zeros(shape)) as MakesInitializer<[], object>;
export const Ones = initializer("Ones", {}, () => (_, shape) => ones(shape)) as MakesInitializer<[], object>;
/** Default 0. */
export const Constant = initializer(
  "Constant",
  { value: number.or(0) },
  ({ value }) =>
    (_, shape) =>
      full(shape, value),
) as MakesInitializer<[value: number], { value: number }>;
/** U(minval, maxval); default +-0.05. */
export const RandomUniform = initializer(
  "RandomUniform",
  { minval: -0.05, maxval: 0.05, ...seeded },
  ({ minval, maxval }) => uniformInitializer(minval, maxval),
) as MakesInitializer<
  [minval: number, maxval: number, seed: number | null],
  { minval: number; maxval: number } & Seeded
>;

const moments = { mean: 0, stddev: 0.05, ...seeded };
type ByMoments = MakesInitializer<
  [mean: number, stddev: number, seed: number | null],
  { mean: number; stddev: number } & Seeded
>;
/** N(mean, stddev^2); default 0 and 0.05. */
export const RandomNormal = initializer("RandomNormal", moments, ({ mean, stddev }) =>
  normalInitializer(mean, stddev),
) as ByMoments;
/** N(mean, stddev^2) cut at two standard deviations; default 0 and 0.05. */
export const TruncatedNormal = initializer("TruncatedNormal", moments, ({ mean, stddev }) => {
  const centred = truncatedNormalInitializer(stddev);
  return mean === 0 ? centred : (key, shape) => shifted(centred(key, shape), mean);
}) as ByMoments;

function shifted(x: CoreTensor, by: number): CoreTensor {
  const y = scope(() => add(x, by));
  x.dispose();
  return y;
}

type Mode = "fan_in" | "fan_out" | "fan_avg";
type Distribution = "truncated_normal" | "normal" | "untruncated_normal" | "uniform";
/** Variance scale / n, with n the fan that `mode` says; "normal" is "truncated_normal". */
export const VarianceScaling = initializer(
  "VarianceScaling",
  {
    scale: number.where("a positive number", (scale) => scale > 0).or(1),
    mode: oneOf("fan_in", "fan_out", "fan_avg").or("fan_in"),
    distribution: oneOf("truncated_normal", "normal", "untruncated_normal", "uniform").or("truncated_normal"),
    ...fans,
  },
  ({ scale, mode, distribution }) => {
    const drawn =
      distribution === "untruncated_normal" ? "normal" : distribution === "normal" ? "truncated_normal" : distribution;
    return varianceScaling({ scale, mode: mode as Mode, distribution: drawn as "uniform" });
  },
) as MakesInitializer<
  [scale: number, mode: Mode, distribution: Distribution, seed: number | null],
  { scale: number; mode: Mode; distribution: Distribution } & Seeded
>;
/** U(+-sqrt(6 / (fan_in + fan_out))): the default of kernels. */
export const GlorotUniform = initializer("GlorotUniform", fans, () => glorotUniform()) as ByFans;
export const GlorotNormal = initializer("GlorotNormal", fans, () => glorotNormal()) as ByFans;
export const HeUniform = initializer("HeUniform", fans, () => heUniform()) as ByFans;
export const HeNormal = initializer("HeNormal", fans, () => heNormal()) as ByFans;
export const LecunUniform = initializer("LecunUniform", fans, () => lecunUniform()) as ByFans;
export const LecunNormal = initializer("LecunNormal", fans, () => lecunNormal()) as ByFans;
/** Rows or columns orthonormal, times gain. */
export const Orthogonal = initializer("Orthogonal", { gain: 1, ...seeded }, ({ gain }) =>
  orthogonal(gain),
) as MakesInitializer<[gain: number, seed: number | null], { gain: number } & Seeded>;

const TABLE = {
  zeros: Zeros,
  ones: Ones,
  constant: Constant,
  random_uniform: RandomUniform,
  uniform: RandomUniform,
  random_normal: RandomNormal,
  normal: RandomNormal,
  truncated_normal: TruncatedNormal,
  variance_scaling: VarianceScaling,
  glorot_uniform: GlorotUniform,
  glorot_normal: GlorotNormal,
  he_uniform: HeUniform,
  he_normal: HeNormal,
  lecun_uniform: LecunUniform,
  lecun_normal: LecunNormal,
  orthogonal: Orthogonal,
} satisfies Record<string, new () => Initializer>;

export type InitializerName = keyof typeof TABLE;
export type InitializerArgument =
  | InitializerName
  | Initializer
  | ((shape: readonly number[], options: { dtype: "float32" }) => Tensor);

/** What names or is an initializer, or a function that may stand for one. */
export const initializerKind = new Kind<InitializerArgument>(
  "an initializer",
  (value) =>
    typeof value === "string" || typeof value === "function" || value instanceof Initializer || isKeywords(value),
);

/** The initializer of a name or a class, or the object itself; null for null. Throws ArgumentError on a name it does not know. */
export const get: (identifier: InitializerArgument | null) => Initializer | null = define(
  "keras.initializers.get",
  { identifier: any },
  ({ identifier }) => (identifier === null ? null : resolve(identifier)),
);

/** What `get` gives, for callers that have read their arguments; null is the default of weights, glorot_uniform. */
export function resolve(identifier: unknown, op = "initializers.get", argument = "identifier"): Initializer {
  if (identifier instanceof Initializer) return identifier;
  if (identifier === null) return new GlorotUniform();
  if (typeof identifier === "function" && identifier.prototype instanceof Initializer)
    return new (identifier as new () => Initializer)();
  if (typeof identifier === "function")
    return new FunctionInitializer(identifier as (shape: readonly number[]) => Tensor);
  if (typeof identifier === "string") {
    const snake = snakeCase(identifier);
    if (Object.hasOwn(TABLE, snake)) return new TABLE[snake as InitializerName]();
  }
  if (isKeywords(identifier) && typeof identifier.class_name === "string") {
    const snake = snakeCase(identifier.class_name);
    if (Object.hasOwn(TABLE, snake))
      return new (TABLE[snake as InitializerName] as new (config: unknown) => Initializer)(identifier.config ?? {});
  }
  const expected = `an initializer or one of ${Object.keys(TABLE).join(", ")}`;
  const given = showUnknown(identifier, Object.keys(TABLE));
  throw new ArgumentError({ op, argument, expected, given });
}

/** A function of a shape as an initializer. */
class FunctionInitializer extends Initializer {
  readonly #f: (shape: readonly number[], options: { dtype: "float32" }) => Tensor;

  constructor(f: (shape: readonly number[], options: { dtype: "float32" }) => Tensor) {
    super();
    this.#f = f;
  }

  override __call__(shape: readonly number[]): Tensor {
    return this.#f(shape, { dtype: "float32" });
  }
}
