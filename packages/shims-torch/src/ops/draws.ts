// Draws by parameters in tensors, and what writes draws into a tensor.
import * as core from "@facet/autograd";
import { type Args, defineMethod, int, number } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { float32 } from "../dtype.js";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { creation, forms, generator, ints, memory_format, native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Generator, nextKey } from "../random.js";
import { Tensor, wrap } from "../tensor.js";
import { type CreationArguments, finish, requireShape } from "./creation.js";
import { requireBroadcast } from "./operands.js";
import { bernoulli } from "./random.js";
import { requireFloat } from "./scalar.js";

type MaybeGenerator = Generator | null;
export interface Generated {
  generator: MaybeGenerator;
}

const drawing = { "*": null, generator: generator.or(null), out } as const;
const readNormal = forms(
  "normal",
  { mean: tensor, std: tensor, ...drawing },
  { mean: tensor, std: number.or(1), ...drawing },
  { mean: number, std: tensor, ...drawing },
  { mean: number, std: number, size: ints, ...drawing, ...creation },
);

function requireDeviation(std: number): void {
  if (std >= 0) return;
  complain(core.ArgumentError, `normal expects std >= 0.0, but found std ${std}`, {
    op: "normal",
    argument: "std",
    expected: "0 or more",
    given: `${std}`,
  });
}

export interface NormalTensorArguments extends CreationArguments, Generated {
  mean: Tensor | number;
  std: Tensor | number;
  size: readonly number[];
}
/** Normal draws, of each mean and deviation one; of two numbers as many as `size` says. A negative deviation in a tensor gives NaN. */
export function normal(
  ...args: Args<[mean: Tensor | number, std: Tensor | number, size: readonly number[]], NormalTensorArguments>
): Tensor {
  const { form, values } = readNormal(args);
  if (form === "3") {
    const { mean, std, size, generator, ...settings } = values;
    requireDeviation(std);
    requireFloat("normal", "dtype", (settings.dtype ?? float32).core);
    return finish("normal", core.normal(nextKey(generator), requireShape("normal", size), mean, std), settings);
  }
  const { mean, std } = values as { mean: Tensor | number; std: Tensor | number };
  for (const [argument, each] of Object.entries({ mean, std }))
    if (each instanceof Tensor) requireFloat("normal", argument, each.core.dtype, "normal_kernel_cpu");
    else if (argument === "std") requireDeviation(each);
  const shapes = [mean, std].flatMap((each) => (each instanceof Tensor ? [each.shape] : []));
  if (shapes.length === 2) requireBroadcast("normal", shapes[0] as number[], shapes[1] as number[]);
  return core.noGrad(() =>
    core.scope(() => {
      const at = (each: Tensor | number): core.TensorLike => (each instanceof Tensor ? each.core : each);
      const spread = std instanceof Tensor ? core.where(core.less(std.core, 0), Number.NaN, std.core) : std;
      // A sum of zeros has the shape of both.
      const shape = shapes.length === 1 ? (shapes[0] as number[]) : core.add(at(mean), at(std)).shape;
      const draws = core.normal(nextKey(values.generator), shape);
      return wrap(core.add(core.mul(draws, spread), at(mean)));
    }),
  );
}

/** Weights as probabilities: an error at the next read unless they are finite, none below 0, and not all 0. */
function probabilitiesOf(weights: core.Tensor): { p: core.Tensor; fault: core.Tensor } {
  const p = core.div(weights, core.sum(weights, { axes: -1, keepdims: true }));
  // No draw is below a probability when all are 2: what is left of it is the check.
  const fault = core.sum(core.checked.bernoulli(core.full(p.shape, 2), p));
  return { p, fault };
}

export interface MultinomialArguments extends Generated {
  num_samples: number;
  /** Whether a class may be drawn more than once; default false. */
  replacement: boolean;
  out: null;
}
/**
 * Classes drawn with the weights in the last dimension, of each row num_samples: int64. Weights that are negative, infinite, NaN or
 * all 0 raise ArgumentError when a value is next read.
 */
export const multinomial: (
  input: Tensor,
  ...args: Args<[num_samples: number, replacement: boolean], MultinomialArguments>
) => Tensor = native(
  "multinomial",
  { input: tensor, num_samples: int, replacement: false, "*": null, generator: generator.or(null), out },
  ({ input, num_samples, replacement, generator }) => {
    if (input.rank !== 1 && input.rank !== 2)
      complain(core.ShapeError, "prob_dist must be 1 or 2 dim", {
        op: "multinomial",
        argument: "input",
        expected: "rank 1 or 2",
        given: sizeText(input.shape),
      });
    requireFloat(
      "multinomial",
      "input",
      input.core.dtype,
      "multinomial only supports floating-point dtypes for input, got",
    );
    const classes = input.shape.at(-1) as number;
    if (num_samples <= 0)
      complain(core.ArgumentError, "cannot sample n_sample <= 0 samples", {
        op: "multinomial",
        argument: "num_samples",
        expected: "1 or more",
        given: `${num_samples}`,
      });
    if (!replacement && num_samples > classes)
      complain(core.ArgumentError, "cannot sample n_sample > prob_dist.size(-1) samples without replacement", {
        op: "multinomial",
        argument: "num_samples",
        expected: `at most ${classes} without replacement`,
        given: `${num_samples}`,
      });
    const lead = input.shape.slice(0, -1);
    return core.noGrad(() =>
      core.scope(() => {
        const { p, fault } = probabilitiesOf(input.core);
        const logits = core.log(p);
        const key = nextKey(generator);
        let drawn: core.Tensor;
        if (replacement) {
          const draws = core.categorical(key, logits, [num_samples]);
          drawn = lead.length === 0 ? draws : core.transpose(draws, [1, 0]);
        } else {
          const order = core.argsort(core.add(core.gumbel(key, input.shape), logits), { axis: -1, descending: true });
          drawn = core.sliceAlong(order, -1, 0, num_samples);
        }
        return wrap(core.add(drawn, fault));
      }),
    );
  },
);

/** Poisson draws of each mean, as floats. */
export const poisson: (input: Tensor, ...args: Args<[generator: MaybeGenerator], Generated>) => Tensor = native(
  "poisson",
  { input: tensor, generator: generator.or(null) },
  ({ input, generator }) => {
    requireFloat("poisson", "input", input.core.dtype, "poisson_cpu");
    return core.noGrad(() =>
      core.scope(() => wrap(core.cast(core.randomPoisson(nextKey(generator), input.core), "float32"))),
    );
  },
);

const likeDraws = { "*": null, generator: generator.or(null), memory_format, ...creation } as const;
const readRandintLike = forms(
  "randint_like",
  { input: tensor, high: int, ...likeDraws },
  { input: tensor, low: int, high: int, ...likeDraws },
);
export interface RandintLikeArguments extends CreationArguments, Generated {
  low: number;
  high: number;
  memory_format: null;
}
/** Integers in [low, high) in the shape and dtype of another tensor. */
export function randint_like(
  input: Tensor,
  ...args: Args<[high: number], RandintLikeArguments> | Args<[low: number, high: number], RandintLikeArguments>
): Tensor {
  const { form, values } = readRandintLike([input, ...args]);
  const { high, generator, memory_format: _, input: like, ...settings } = values;
  const low = form === "0" ? 0 : values.low;
  const dtype = (settings.dtype ?? like.dtype).core;
  const most = dtype === "bool" ? 1 : dtype === "uint8" ? 255 : 2 ** 31 - 1;
  if (!(high > low) || high - 1 > most || (low < 0 && dtype !== "int32" && dtype !== "float32"))
    complain(core.ArgumentError, `random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`, {
      op: "randint_like",
      argument: "high",
      expected: `more than ${low}, and numbers that ${dtype} holds`,
      given: `${high}`,
    });
  const draws = core.scope(() => convertCore(core.randint(nextKey(generator), like.shape, low, high), dtype));
  return finish("randint_like", draws, settings);
}

/** `argument` above a bound. */
function requireAbove(op: string, argument: string, value: number, bound: number, sentence: string): void {
  if (value > bound) return;
  complain(core.ArgumentError, `${op} ${sentence}, but found ${argument}=${value}`, {
    op,
    argument,
    expected: `more than ${bound}`,
    given: `${value}`,
  });
}
type Draw<Positional extends readonly unknown[], Named> = (
  self: Tensor,
  ...args: Args<Positional, Named & Generated>
) => Tensor;
const generated = { "*": null, generator: generator.or(null) } as const;
const writeFloats = (op: string, self: Tensor, draw: () => core.Tensor): Tensor => {
  requireFloat(op, "self", self.core.dtype);
  return write(op, self, () => draw());
};

/** Exponential draws of rate lambd, default 1. */
export const exponential_: Draw<[lambd: number], { lambd: number }> = defineMethod(
  "torch.Tensor.exponential_",
  { lambd: number.or(1), ...generated },
  (self: Tensor, { lambd, generator }) => {
    requireAbove("exponential_", "lambd", lambd, 0, "expects lambda > 0.0");
    return writeFloats("exponential_", self, () => core.div(core.exponential(nextKey(generator), self.shape), lambd));
  },
);
/** How many trials it takes until one of probability p succeeds: 1, 2, ... */
export const geometric_: Draw<[p: number], { p: number }> = defineMethod(
  "torch.Tensor.geometric_",
  { p: number, ...generated },
  (self: Tensor, { p, generator }) => {
    if (!(p > 0 && p < 1))
      complain(core.ArgumentError, `geometric_ expects p to be in (0, 1), but got p=${p}`, {
        op: "geometric_",
        argument: "p",
        expected: "between 0 and 1",
        given: `${p}`,
      });
    return write("geometric_", self, () => {
      const trials = core.ceil(core.div(core.exponential(nextKey(generator), self.shape), -Math.log1p(-p)));
      return convertCore(core.maximum(trials, 1), self.core.dtype);
    });
  },
);
/** Cauchy draws. */
export const cauchy_: Draw<[median: number, sigma: number], { median: number; sigma: number }> = defineMethod(
  "torch.Tensor.cauchy_",
  { median: number.or(0), sigma: number.or(1), ...generated },
  (self: Tensor, { median, sigma, generator }) => {
    requireAbove("cauchy_", "sigma", sigma, 0, "expects sigma > 0.0");
    return writeFloats("cauchy_", self, () =>
      core.add(core.mul(core.cauchy(nextKey(generator), self.shape), sigma), median),
    );
  },
);
/** e to the power of normal draws. */
export const log_normal_: Draw<[mean: number, std: number], { mean: number; std: number }> = defineMethod(
  "torch.Tensor.log_normal_",
  { mean: number.or(1), std: number.or(2), ...generated },
  (self: Tensor, { mean, std, generator }) => {
    requireAbove("log_normal_", "std", std, 0, "expects std > 0.0");
    return writeFloats("log_normal_", self, () => core.exp(core.normal(nextKey(generator), self.shape, mean, std)));
  },
);

const MOST: Partial<Record<core.Dtype, number>> = { float32: 2 ** 24, int32: 2 ** 31 - 1, uint8: 255, bool: 1 };
const readRandom = forms(
  "Tensor.random_",
  { ...generated },
  { to: int, ...generated },
  { from: int, to: int.or(null), ...generated },
);
type RandomArgs =
  | Args<[to: number], { to: number } & Generated>
  | Args<[from: number, to: number | null], { from: number; to: number | null } & Generated>;
/** Whole numbers from `from` (0) up to, and without, `to`; by default all that the dtype counts exactly. */
export const random_ = (self: Tensor, ...args: RandomArgs): Tensor => {
  const { form, values } = readRandom(args);
  const { dtype } = self.core;
  const most = MOST[dtype] as number;
  const from = form === "2" ? values.from : 0;
  // The largest of 32 bits is left out: the range would not fit.
  const to = form === "0" || values.to === null ? Math.min(most + 1, 2 ** 31 - 1) : (values.to as number);
  if (!(to > from) || to - 1 > most || (from < 0 && dtype !== "int32" && dtype !== "float32"))
    complain(core.ArgumentError, `random_ expects 'from' to be less than 'to', but got from=${from} >= to=${to}`, {
      op: "random_",
      argument: "to",
      expected: `more than ${from}, and numbers that ${dtype} holds`,
      given: `${to}`,
    });
  return write("random_", self, () =>
    convertCore(core.randint(nextKey(values.generator), self.shape, from, to), dtype),
  );
};

const readBernoulli = forms("Tensor.bernoulli", { ...generated }, { p: number, ...generated });
/** As torch.bernoulli of this tensor. */
export const bernoulliMethod: Draw<[p: number], { p: number }> = (self, ...args) => {
  const { form, values } = readBernoulli(args);
  const { generator } = values;
  return form === "0" ? bernoulli(self, { generator }) : bernoulli(self, values.p, { generator });
};
/** 1 with probability p, which is a number (default 0.5) or a tensor that broadcasts, else 0. */
export const bernoulli_: Draw<[p: number | Tensor], { p: number | Tensor }> = defineMethod(
  "torch.Tensor.bernoulli_",
  { p: tensor.either(number).or(0.5), ...generated },
  (self: Tensor, { p, generator }) =>
    write("bernoulli_", self, () => {
      const draws =
        p instanceof Tensor
          ? bernoulli(wrap(core.expand(p.core, self.shape)), { generator })
          : bernoulli(self, p, { generator });
      return convertCore(draws.core, self.core.dtype);
    }),
);
