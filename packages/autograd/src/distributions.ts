// Distributions on the device, of one key, with the draws of JAX.
import {
  ArgumentError,
  formatShape,
  randomGamma as gammaKernel,
  randomIntegers as integersKernel,
  randomPoisson as poissonKernel,
  randomGammaGeometry,
  randomIntegersGeometry,
  randomPoissonGeometry,
  ShapeError,
  sizeOf,
} from "@facet/kernels-wgsl";
import { launch } from "./define_op.js";
import { arange } from "./ops/create.js";
import { add, cast, div, maximum, mul, sub } from "./ops/elementwise.js";
import { abs, neg, sign } from "./ops/elementwise_unary.js";
import { exp, log, log1p } from "./ops/powers.js";
import { argmax } from "./ops/reduce.js";
import { cumsum } from "./ops/scan.js";
import { expand, reshape, sliceAlong } from "./ops/shape.js";
import { softmax } from "./ops/softmax.js";
import { argsort, inOrder, searchSorted } from "./ops/sort.js";
import { tan } from "./ops/trigonometric.js";
import { bernoulli, bits, splitKeys, uniform } from "./random.js";
import { scope } from "./scope.js";
import { noGrad } from "./tape.js";
import { empty, type Tensor } from "./tensor.js";
import { type AnyKey, drawnByExample } from "./vmap/keys.js";

/** The smallest normal float32, and the distance from 1 to the next smaller one. */
const TINY = 2 ** -126;
const EPSNEG = 2 ** -24;
const EPS = 2 ** -23;

const drawn = (body: () => Tensor): Tensor => noGrad(() => scope(body));
const halves = (key: AnyKey): readonly [AnyKey, AnyKey] => splitKeys(key) as [AnyKey, AnyKey];

/** Integers of int32 in [low, high). Throws ArgumentError when the range is empty or no range of int32. */
export function randint(key: AnyKey, shape: readonly number[], low: number, high: number): Tensor {
  return drawnByExample(key, [], (own) => {
    const y = empty(shape, "int32");
    launch(integersKernel, { y }, () => randomIntegersGeometry(shape, own, low, high).params);
    return y;
  });
}

/** The numbers 0 to n - 1 in random order, int32: sorted by random words, more than once for large n. */
export function shuffledOrder(key: AnyKey, n: number): Tensor {
  return drawn(() => {
    let order = arange(0, n, 1, "int32");
    let current = key;
    const rounds = Math.ceil((3 * Math.log(Math.max(1, n))) / Math.log(2 ** 32 - 1));
    for (let round = 0; round < rounds; round++) {
      const [next, sub] = halves(current);
      current = next;
      order = inOrder(order, argsort(bits(sub, [n])), 0);
    }
    return order;
  });
}

/** Exponential of rate 1: -log(1 - u). */
export const exponential = (key: AnyKey, shape: readonly number[]): Tensor =>
  drawn(() => neg(log1p(neg(uniform(key, shape)))));

/** Standard Gumbel: -log(-log(u)). */
export const gumbel = (key: AnyKey, shape: readonly number[]): Tensor =>
  drawn(() => neg(log(neg(log(uniform(key, shape, TINY, 1))))));

/** Standard Laplace. */
export const laplace = (key: AnyKey, shape: readonly number[]): Tensor =>
  drawn(() => {
    const u = uniform(key, shape, -1 + EPSNEG, 1);
    return mul(sign(u), log1p(neg(abs(u))));
  });

/** Standard Cauchy. */
export const cauchy = (key: AnyKey, shape: readonly number[]): Tensor =>
  drawn(() => tan(mul(sub(uniform(key, shape, EPS, 1), 0.5), Math.PI)));

/** Standard logistic. */
export const logistic = (key: AnyKey, shape: readonly number[]): Tensor =>
  drawn(() => {
    const u = uniform(key, shape, TINY, 1);
    return sub(log(u), log1p(neg(u)));
  });

/** -1 or 1, float32. */
export const rademacher = (key: AnyKey, shape: readonly number[]): Tensor =>
  drawn(() => sub(mul(cast(bernoulli(key, shape), "float32"), 2), 1));

/** A parameter in the shape of the result. */
function spreadOver(op: string, argument: string, value: Tensor, shape: readonly number[]): Tensor {
  const given = value.shape;
  const fits =
    given.length <= shape.length && given.every((n, i) => n === 1 || n === shape[shape.length - given.length + i]);
  if (!fits)
    throw new ShapeError({
      op,
      argument,
      expected: `a shape that broadcasts to ${formatShape(shape)}`,
      given: formatShape(given),
    });
  return `${given}` === `${shape}` ? value : expand(value, shape);
}

/** Gamma with shape `alpha`, which is broadcast, and scale 1. With `logSpace` its logarithm, exact for small alpha. */
export function randomGamma(
  key: AnyKey,
  alpha: Tensor,
  shape: readonly number[] = alpha.shape,
  logSpace = false,
): Tensor {
  return drawn(() => {
    const spread = spreadOver("gamma", "alpha", alpha, shape);
    return drawnByExample(key, [spread], (own, [each]) => {
      const y = empty(shape);
      if (sizeOf(shape) > 0)
        launch(gammaKernel, { alpha: each as Tensor, y }, () => randomGammaGeometry(shape, own, logSpace).params);
      return y;
    });
  });
}

/** Beta, of two gamma draws of two keys. */
export function randomBeta(key: AnyKey, a: Tensor, b: Tensor, shape: readonly number[]): Tensor {
  return drawn(() => {
    const [first, second] = halves(key);
    const [x, y] = [randomGamma(first, a, shape, true), randomGamma(second, b, shape, true)];
    const most = maximum(x, y);
    const [p, q] = [exp(sub(x, most)), exp(sub(y, most))];
    return div(p, add(p, q));
  });
}

/** Dirichlet with concentrations along the last axis of `alpha`; `shape` is that of the result without it. */
export function randomDirichlet(
  key: AnyKey,
  alpha: Tensor,
  shape: readonly number[] = alpha.shape.slice(0, -1),
): Tensor {
  const classes = alpha.shape.at(-1);
  if (classes === undefined)
    throw new ShapeError({ op: "dirichlet", argument: "alpha", expected: "one axis or more", given: "[]" });
  return drawn(() => softmax(randomGamma(key, alpha, [...shape, classes], true), -1));
}

/** Poisson with mean `rate`, which is broadcast: int32. Means below 10 have the draws of JAX. */
export function randomPoisson(key: AnyKey, rate: Tensor, shape: readonly number[] = rate.shape): Tensor {
  return drawn(() => {
    const spread = spreadOver("poisson", "rate", rate, shape);
    return drawnByExample(key, [spread], (own, [each]) => {
      const y = empty(shape, "int32");
      if (sizeOf(shape) > 0)
        launch(poissonKernel, { rate: each as Tensor, y }, () => randomPoissonGeometry(shape, own).params);
      return y;
    });
  });
}

/**
 * Classes along the last axis of `logits`, with probabilities softmax(logits): int32. `before` are axes that the result has before those
 * of logits: so many draws of each.
 */
export function categorical(key: AnyKey, logits: Tensor, before: readonly number[] = [], axis = -1): Tensor {
  const at = axis < 0 ? axis + logits.rank : axis;
  return drawn(() => argmax(add(gumbel(key, [...before, ...logits.shape]), logits), before.length + at));
}

export interface ChoiceOptions {
  /** Whether a number may come more than once. Default true. */
  replace?: boolean;
  /** Probabilities [n]. Default: all the same. */
  p?: Tensor;
}

/**
 * `shape` of the numbers 0 to n - 1: int32. Throws ArgumentError where there are not as many, ShapeError on probabilities of another
 * shape.
 */
export function choice(key: AnyKey, n: number, shape: readonly number[], options: ChoiceOptions = {}): Tensor {
  const { replace = true, p } = options;
  const count = sizeOf(shape);
  if (!(Number.isInteger(n) && (n > 0 || count === 0)))
    throw new ArgumentError({ op: "choice", argument: "n", expected: "a positive integer", given: `${n}` });
  if (!replace && count > n)
    throw new ArgumentError({
      op: "choice",
      argument: "shape",
      expected: `at most ${n} without replacement`,
      given: `${count}`,
    });
  if (p && `${p.shape}` !== `${n}`)
    throw new ShapeError({ op: "choice", argument: "p", expected: formatShape([n]), given: formatShape(p.shape) });
  if (count === 0) return empty(shape, "int32");
  return drawn(() => {
    if (!p) return replace ? randint(key, shape, 0, n) : reshape(sliceAlong(shuffledOrder(key, n), 0, 0, count), shape);
    if (!replace) {
      const order = argsort(add(gumbel(key, [n]), log(p)), { descending: true });
      return reshape(sliceAlong(order, 0, 0, count), shape);
    }
    const sums = cumsum(p, { axis: 0 });
    const u = sub(1, uniform(key, [count]));
    return reshape(searchSorted(sums, mul(u, sliceAlong(sums, 0, n - 1, n))), shape);
  });
}
