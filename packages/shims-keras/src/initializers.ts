// keras.initializers: objects with the original's defaults over the core's functions of a key and a shape.
import {
  ArgumentError,
  add,
  type Initializer as CoreInitializer,
  type Tensor as CoreTensor,
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
  uniformInitializer,
  type VarianceScalingOptions,
  varianceScaling,
  zeros,
} from "@facet/autograd";
import { type Keywords, parseArguments, show } from "./arguments.js";
import { withoutNew } from "./callable.js";
import { nextKey, seedGenerator } from "./config.js";

/** Makes the first values of a weight. With a seed it gives the same values every time; without, the program's next ones. */
export class Initializer {
  readonly name: string;
  readonly #make: CoreInitializer;
  readonly #key: Key | undefined;

  constructor(name: string, make: CoreInitializer, seed: unknown = null) {
    this.name = name;
    this.#make = make;
    this.#key = seed === null ? undefined : seedGenerator(name, seed).next();
  }

  /** Values for a weight of this shape, float32. */
  values(shape: readonly number[]): CoreTensor {
    return this.#make(this.#key ?? nextKey(), shape);
  }
}

/** An initializer without random numbers: it takes no key from the program's source. */
class Fixed extends Initializer {
  readonly #fill: (shape: readonly number[]) => CoreTensor;

  constructor(name: string, fill: (shape: readonly number[]) => CoreTensor) {
    super(name, (_, shape) => fill(shape));
    this.#fill = fill;
  }

  override values(shape: readonly number[]): CoreTensor {
    return this.#fill(shape);
  }
}

class ZerosInitializer extends Fixed {
  constructor() {
    super("zeros", (shape) => zeros(shape));
  }
}

class OnesInitializer extends Fixed {
  constructor() {
    super("ones", (shape) => ones(shape));
  }
}

class ConstantInitializer extends Fixed {
  constructor(value: number | Keywords<{ value: number }> = 0) {
    const args = parseArguments("Constant", [value], { parameters: { value: 0 } });
    super("constant", (shape) => full(shape, args.value));
  }
}

type Seeded = Keywords<{ seed: number }>;

/** One of the initializers that depend on the fans and a seed alone. */
function scaled(
  name: string,
  make: () => CoreInitializer,
): new (
  ...args: [seed?: number | Seeded | null]
) => Initializer {
  return class extends Initializer {
    constructor(...args: [seed?: number | Seeded | null]) {
      const { seed } = parseArguments<{ seed: number | null }>(name, args, { parameters: { seed: null } });
      super(name, make(), seed);
    }
  };
}

type RangeArguments = Keywords<{ minval: number; maxval: number; seed: number }>;
type MomentArguments = Keywords<{ mean: number; stddev: number; seed: number }>;

class RandomUniformInitializer extends Initializer {
  constructor(...args: [minval?: number | RangeArguments, maxval?: number | RangeArguments, rest?: RangeArguments]) {
    const { minval, maxval, seed } = parseArguments<{ minval: number; maxval: number; seed: number | null }>(
      "RandomUniform",
      args,
      { parameters: { minval: -0.05, maxval: 0.05, seed: null } },
    );
    super("random_uniform", uniformInitializer(minval, maxval), seed);
  }
}

const moments = { mean: 0, stddev: 0.05, seed: null };

class RandomNormalInitializer extends Initializer {
  constructor(...args: [mean?: number | MomentArguments, stddev?: number | MomentArguments, rest?: MomentArguments]) {
    const { mean, stddev, seed } = parseArguments<{ mean: number; stddev: number; seed: number | null }>(
      "RandomNormal",
      args,
      { parameters: moments },
    );
    super("random_normal", normalInitializer(mean, stddev), seed);
  }
}

class TruncatedNormalInitializer extends Initializer {
  constructor(...args: [mean?: number | MomentArguments, stddev?: number | MomentArguments, rest?: MomentArguments]) {
    const { mean, stddev, seed } = parseArguments<{ mean: number; stddev: number; seed: number | null }>(
      "TruncatedNormal",
      args,
      { parameters: moments },
    );
    const centred = truncatedNormalInitializer(stddev);
    super(
      "truncated_normal",
      (key, shape) => (mean === 0 ? centred(key, shape) : shifted(centred(key, shape), mean)),
      seed,
    );
  }
}

function shifted(x: CoreTensor, by: number): CoreTensor {
  const y = scope(() => add(x, by));
  x.dispose();
  return y;
}

interface ScalingArguments {
  scale: number;
  mode: NonNullable<VarianceScalingOptions["mode"]>;
  distribution: "truncated_normal" | "untruncated_normal" | "uniform";
  seed: number;
}

class VarianceScalingInitializer extends Initializer {
  constructor(...args: [scale?: number | Keywords<ScalingArguments>, rest?: Keywords<ScalingArguments>]) {
    const { scale, mode, distribution, seed } = parseArguments<
      Omit<ScalingArguments, "seed"> & { seed: number | null }
    >("VarianceScaling", args, {
      parameters: { scale: 1, mode: "fan_in", distribution: "truncated_normal", seed: null },
    });
    const normal = distribution === "untruncated_normal" ? "normal" : distribution;
    super("variance_scaling", varianceScaling({ scale, mode, distribution: normal }), seed);
  }
}

class OrthogonalInitializer extends Initializer {
  constructor(...args: [gain?: number | Keywords<{ gain: number; seed: number }>]) {
    const { gain, seed } = parseArguments<{ gain: number; seed: number | null }>("Orthogonal", args, {
      parameters: { gain: 1, seed: null },
    });
    super("orthogonal", orthogonal(gain), seed);
  }
}

export const Zeros = withoutNew(ZerosInitializer);
export const Ones = withoutNew(OnesInitializer);
/** Default 0. */
export const Constant = withoutNew(ConstantInitializer);
/** U(minval, maxval); default +-0.05. */
export const RandomUniform = withoutNew(RandomUniformInitializer);
/** N(mean, stddev^2); default 0 and 0.05. */
export const RandomNormal = withoutNew(RandomNormalInitializer);
/** N(mean, stddev^2) cut at two standard deviations; default 0 and 0.05. */
export const TruncatedNormal = withoutNew(TruncatedNormalInitializer);
export const VarianceScaling = withoutNew(VarianceScalingInitializer);
/** U(+-sqrt(6 / (fan_in + fan_out))): the default of kernels. */
export const GlorotUniform = withoutNew(scaled("glorot_uniform", glorotUniform));
export const GlorotNormal = withoutNew(scaled("glorot_normal", glorotNormal));
export const HeUniform = withoutNew(scaled("he_uniform", heUniform));
export const HeNormal = withoutNew(scaled("he_normal", heNormal));
export const LecunUniform = withoutNew(scaled("lecun_uniform", lecunUniform));
export const LecunNormal = withoutNew(scaled("lecun_normal", lecunNormal));
/** Rows or columns orthonormal, times gain. */
export const Orthogonal = withoutNew(OrthogonalInitializer);

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
export type InitializerArgument = InitializerName | Initializer;

/** The initializer of a name, or the object itself. Throws ArgumentError on a name it does not know. */
export function get(identifier: InitializerArgument): Initializer {
  if (identifier instanceof Initializer) return identifier;
  if (typeof identifier === "string" && Object.hasOwn(TABLE, identifier)) return new TABLE[identifier]();
  const expected = `an initializer or one of ${Object.keys(TABLE).join(", ")}`;
  throw new ArgumentError({ op: "initializers.get", argument: "identifier", expected, given: show(identifier) });
}
