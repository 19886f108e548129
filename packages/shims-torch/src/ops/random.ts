// Functions that draw random numbers.
import * as core from "@facet/autograd";
import { type Args, int, number } from "@facet/dialect";
import { fitted } from "../data.js";
import { float32, int64 } from "../dtype.js";
import { complain } from "../errors.js";
import { creation, forms, generator, ints, memory_format, native, out, tensor as tensorKind } from "../kinds.js";
import { type Generator, nextKey, nextKeys } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";
import {
  type CreationArguments,
  finish,
  requireNumeric,
  requireShape,
  type SizeArgs,
  type Sized,
  sized,
} from "./creation.js";
import { requireFloat } from "./scalar.js";

export interface RandomArguments extends CreationArguments {
  generator: Generator | null;
}

type Draw = (key: core.AnyKey, shape: readonly number[]) => core.Tensor;

function drawn(name: string, draw: Draw): (...args: SizeArgs<RandomArguments & Sized>) => Tensor {
  const call = sized(name, { generator: generator.or(null), out }, (shape, { dtype, generator }) => {
    requireFloat(name, "dtype", (dtype ?? float32).core);
    return draw(nextKeys(generator as Generator | null), shape);
  });
  return (...args) => call(args);
}

function drawnLike(
  name: string,
  draw: Draw,
): (input: Tensor, ...args: Args<[], RandomArguments & { memory_format: null }>) => Tensor {
  return native(
    name,
    { input: tensorKind, "*": null, generator: generator.or(null), memory_format, ...creation },
    ({ input, generator, ...settings }) => {
      requireFloat(name, "dtype", (settings.dtype ?? input.dtype).core);
      return finish(name, draw(nextKeys(generator), input.shape), settings);
    },
  );
}

/** Uniform in [0, 1). */
export const rand = drawn("rand", (key, shape) => core.uniform(key, shape));
/** Standard normal. */
export const randn = drawn("randn", (key, shape) => core.normal(key, shape));
export const rand_like = drawnLike("rand_like", (key, shape) => core.uniform(key, shape));
export const randn_like = drawnLike("randn_like", (key, shape) => core.normal(key, shape));

const integerDraws = { size: ints, "*": null, generator: generator.or(null), out, ...creation } as const;
const readRandint = forms("randint", { high: int, ...integerDraws }, { low: int, high: int, ...integerDraws });

/** Integers in [low, high). randint(high, size) starts at 0. */
export function randint(
  ...args:
    | Args<[high: number, size: readonly number[]], RandomArguments & RandintArguments>
    | Args<[low: number, high: number, size: readonly number[]], RandomArguments & RandintArguments>
): Tensor {
  const { form, values } = readRandint(args);
  const { high, size, generator, ...settings } = values;
  const low = form === "0" ? 0 : values.low;
  if (!(high > low))
    complain(core.ArgumentError, `random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`, {
      op: "randint",
      argument: "high",
      expected: `more than ${low}`,
      given: `${high}`,
    });
  const dtype = settings.dtype?.core ?? "int32";
  const most = dtype === "bool" ? 1 : dtype === "uint8" ? 255 : 2 ** 31 - 1;
  if (high - 1 > most || low < (dtype === "int32" || dtype === "float32" ? -(2 ** 31) : 0))
    complain(core.ArgumentError, `to - 1 is out of bounds for ${dtype}`, {
      op: "randint",
      argument: "high",
      expected: `numbers that ${dtype} holds`,
      given: `${low} to ${high}`,
    });
  requireShape("randint", size);
  const draws = core.scope(() => core.cast(core.randint(nextKeys(generator), size, low, high), dtype));
  return finish("randint", draws, settings);
}

export interface RandintArguments {
  low: number;
  high: number;
  size: readonly number[];
}

/** 0 to n - 1 in random order. */
export const randperm: (...args: Args<[n: number], RandomArguments & { n: number }>) => Tensor = native(
  "randperm",
  { n: int, "*": null, generator: generator.or(null), out, ...creation },
  ({ n, generator, ...settings }) => {
    requireShape("randperm", [n]);
    const dtype = requireNumeric("randperm", settings.dtype ?? int64).core;
    const order = core.permutation(nextKey(generator), n);
    return finish("randperm", core.fromData(fitted("randperm", order, dtype), [n], dtype), settings);
  },
);

const readBernoulli = forms(
  "bernoulli",
  { input: tensorKind, "*": null, generator: generator.or(null), out },
  { input: tensorKind, p: number, "*": null, generator: generator.or(null) },
);

/**
 * 1 with the probability that each element gives, else 0; with `p`, with that probability everywhere. In the input's dtype.
 * An element that is no probability raises ArgumentError when a value is next read.
 */
export function bernoulli(
  input: Tensor,
  ...args: Args<[p: number], { p: number; generator: Generator | null; out: null }>
): Tensor {
  const { form, values } = readBernoulli([input, ...args]);
  const { dtype, shape } = values.input.core;
  if (form === "1" && !(values.p >= 0 && values.p <= 1))
    complain(core.ArgumentError, `bernoulli_ expects p to be in [0, 1], but got p=${values.p}`, {
      op: "bernoulli",
      argument: "p",
      expected: "0 to 1",
      given: `${values.p}`,
    });
  if (form === "0") requireFloat("bernoulli", "input", dtype, "bernoulli_tensor_cpu_p_");
  return core.noGrad(() =>
    core.scope(() => {
      const draws = core.uniform(nextKeys(values.generator), shape);
      const hits = form === "0" ? core.checked.bernoulli(draws, values.input.core) : core.less(draws, values.p);
      return wrap(core.cast(hits, dtype));
    }),
  );
}
