// Distributions of counts and classes. Those of probabilities are given these or their logits.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { type Args, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import type { Tensor } from "../tensor.js";
import {
  at,
  boolean,
  broadcast,
  type Constraint,
  constraint,
  counts,
  Distribution,
  type Given,
  given,
  nonnegative,
  ofRow,
  type Parameters as P,
  type Row,
  real,
  Start,
  unit,
  validate_args,
} from "./distribution.js";

const { add, div, log, log1p, mul, neg, sub } = core;
type T = core.Tensor;
const EPS = 2 ** -23;
const clamped = (p: T): T => core.clamp(p, EPS, 1 - EPS);

const POISSON: Row = {
  parameters: { rate: nonnegative },
  support: counts,
  draw: (key, p, shape) => core.cast(core.randomPoisson(key, at(p, "rate"), shape), "float32"),
  fixed: true,
  log_prob: (x, p) => sub(core.xlogy(x, at(p, "rate")), add(at(p, "rate"), core.lgamma(add(x, 1)))),
  mean: (p) => at(p, "rate"),
  mode: (p) => core.floor(at(p, "rate")),
  variance: (p) => at(p, "rate"),
};

const BERNOULLI: Row = {
  parameters: { probs: unit, logits: real },
  support: boolean,
  draw: (key, p, shape) => core.cast(core.less(core.uniform(key, shape), at(p, "probs")), "float32"),
  fixed: true,
  log_prob: (x, p) => sub(mul(x, at(p, "logits")), core.softplus(at(p, "logits"))),
  mean: (p) => at(p, "probs"),
  mode: (p) => {
    const probs = at(p, "probs");
    return core.where(core.equal(probs, 0.5), NaN, core.cast(core.greaterEqual(probs, 0.5), "float32"));
  },
  variance: (p) => mul(at(p, "probs"), sub(1, at(p, "probs"))),
  entropy: (p) => sub(core.softplus(at(p, "logits")), mul(at(p, "logits"), at(p, "probs"))),
};

const GEOMETRIC: Row = {
  parameters: { probs: constraint("GreaterThan(lower_bound=0.0)", (value) => value > 0 && value <= 1), logits: real },
  support: counts,
  draw: (key, p, shape) => {
    const u = core.clamp(core.uniform(key, shape), 2 ** -126, 1);
    return core.floor(div(log(u), log1p(neg(clamped(at(p, "probs"))))));
  },
  fixed: true,
  log_prob: (x, p) => {
    const probs = at(p, "probs");
    return add(core.xlogy(x, sub(1, probs)), log(probs));
  },
  mean: (p) => sub(core.reciprocal(at(p, "probs")), 1),
  mode: (p) => core.zeros(at(p, "probs").shape),
  variance: (p) => div(sub(core.reciprocal(at(p, "probs")), 1), at(p, "probs")),
  entropy: (p) => div((BERNOULLI.entropy as (p: P) => T)(p), at(p, "probs")),
};

/** Classes along the last axis. Logits are normalised. */
const classesOf = (p: P): number => at(p, "logits").shape.at(-1) as number;
const CATEGORICAL: Row = {
  parameters: {},
  draw: (key, p, shape) => {
    const before = shape.slice(0, shape.length - at(p, "logits").rank + 1);
    return core.categorical(key, at(p, "logits"), before);
  },
  fixed: true,
  log_prob: (x, p) => {
    const chosen = core.greater(core.oneHot(core.cast(x, "int32"), classesOf(p)), 0);
    return core.sum(core.where(chosen, at(p, "logits"), 0), { axes: [-1] });
  },
  mean: (p) => core.full(at(p, "logits").shape.slice(0, -1), NaN),
  mode: (p) => core.argmax(at(p, "probs"), -1),
  variance: (p) => core.full(at(p, "logits").shape.slice(0, -1), NaN),
  entropy: (p) => {
    const finite = core.maximum(at(p, "logits"), -3.4028234663852886e38);
    return neg(core.sum(mul(finite, at(p, "probs")), { axes: [-1] }));
  },
};

const hot = (index: T, classes: number): T => core.oneHot(index, classes);
const ONE_HOT: Row = {
  ...CATEGORICAL,
  bare: true,
  event: (p) => [classesOf(p)],
  draw: (key, p, shape) => hot(CATEGORICAL.draw(key, p, shape.slice(0, -1)), classesOf(p)),
  log_prob: (x, p) => CATEGORICAL.log_prob(core.cast(core.argmax(x, -1), "float32"), p),
  mean: (p) => at(p, "probs"),
  mode: (p) => hot((CATEGORICAL.mode as (p: P) => T)(p), classesOf(p)),
  variance: (p) => mul(at(p, "probs"), sub(1, at(p, "probs"))),
};

type Either = Args<
  [probs: Given | null, logits: Given | null, validate_args: boolean | null],
  { probs: Given | null; logits: Given | null; validate_args: boolean | null }
>;
const either = (of: string) =>
  signature(`torch.distributions.${of}`, { probs: given.or(null), logits: given.or(null), validate_args });
type EitherGiven = ReturnType<ReturnType<typeof either>>;

/** Which of the two was given. */
function which(op: string, { probs, logits }: EitherGiven): ["probs" | "logits", Given] {
  if ((probs === null) !== (logits === null))
    return probs === null ? ["logits", logits as Given] : ["probs", probs as Given];
  return complain(ArgumentError, "Either `probs` or `logits` must be specified, but not both.", {
    op,
    argument: "probs",
    expected: "one of probs and logits",
    given: probs === null ? "neither" : "both",
  });
}

function ofTwo(op: string, row: Row, values: EitherGiven): Start {
  const [name, value] = which(op, values);
  const own = broadcast(op, { [name]: value })[name] as T;
  const both =
    name === "probs"
      ? { probs: own, logits: sub(log(clamped(own)), log1p(neg(clamped(own)))) }
      : { logits: own, probs: core.sigmoid(own) };
  return new Start(row, both, own.shape, values.validate_args, [name]);
}

const simplex: Constraint = constraint("Simplex()", unit.holds);
function ofClasses(op: string, row: Row, values: EitherGiven): Start {
  const [name, value] = which(op, values);
  const own = broadcast(op, { [name]: value })[name] as T;
  if (own.rank === 0)
    complain(core.ShapeError, `\`${name}\` parameter must be at least one-dimensional.`, {
      ...{ op, argument: name, expected: "rank 1 or more", given: "[]" },
    });
  // Probabilities may be given up to a factor, so that what is below 0 is wrong and nothing else.
  const probs = name === "probs" ? div(own, core.sum(own, { axes: [-1], keepdims: true })) : core.softmax(own);
  const logits = name === "probs" ? log(clamped(probs)) : core.logSoftmax(own);
  const rules = name === "probs" ? { probs: simplex } : { logits: real };
  return new Start({ ...row, parameters: rules }, { probs, logits }, own.shape.slice(0, -1), values.validate_args, [
    name,
  ]);
}

/** Counts of mean `rate`. */
export const Poisson = /* @__PURE__ */ ofRow("Poisson", POISSON, ["rate"]);
export type Poisson = InstanceType<typeof Poisson>;

type OfProbabilities = new (...args: Either) => Distribution & { readonly probs: Tensor; readonly logits: Tensor };
/** A class that is given `probs` or `logits` and has both. */
function ofEither(name: string, row: Row, start: typeof ofTwo): OfProbabilities {
  const read = either(name);
  const { [name]: made } = {
    [name]: class extends Distribution {
      constructor(...args: Either) {
        super(start(name, row, read(args)));
      }
    },
  };
  return made as unknown as OfProbabilities;
}
/** 1 with probability `probs`, else 0. */
export const Bernoulli = /* @__PURE__ */ ofEither("Bernoulli", BERNOULLI, ofTwo);
export type Bernoulli = InstanceType<typeof Bernoulli>;
/** How often 0 comes before the first 1. */
export const Geometric = /* @__PURE__ */ ofEither("Geometric", GEOMETRIC, ofTwo);
export type Geometric = InstanceType<typeof Geometric>;
/** Numbers of classes with probabilities along the last axis of `probs`, which is normalised, or softmax of `logits`. */
export const Categorical = /* @__PURE__ */ ofEither("Categorical", CATEGORICAL, ofClasses);
export type Categorical = InstanceType<typeof Categorical>;
/** As Categorical, in one-hot vectors. */
export const OneHotCategorical = /* @__PURE__ */ ofEither("OneHotCategorical", ONE_HOT, ofClasses);
export type OneHotCategorical = InstanceType<typeof OneHotCategorical>;
