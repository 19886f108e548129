// Bad arguments of the random fills and of dropout.
import {
  ArgumentError,
  dropoutGeometry,
  type FacetError,
  randomBernoulliGeometry,
  randomGeometry,
  randomNormalGeometry,
  randomUniformGeometry,
  ShapeError,
} from "@facet/kernels-wgsl";
import { expect, test } from "vitest";

const key = [0, 1] as const;
const shape = [2, 3];

type Row = [name: string, call: () => unknown, type: typeof FacetError, op: string, argument: string, given: string];

const rows: Row[] = [
  ["a negative extent", () => randomGeometry([2, -1], key), ShapeError, "random_bits", "shape", "[2, -1]"],
  ["a fractional extent", () => randomUniformGeometry([1.5], key), ShapeError, "random_uniform", "shape", "[1.5]"],
  [
    "half a key",
    () => randomGeometry(shape, [1] as unknown as [number, number]),
    ArgumentError,
    "random_bits",
    "key",
    "[1]",
  ],
  ["a negative key word", () => randomGeometry(shape, [0, -1]), ArgumentError, "random_bits", "key", "[0,-1]"],
  [
    "a key of 33 bits",
    () => randomGeometry(shape, [2 ** 32, 0]),
    ArgumentError,
    "random_bits",
    "key",
    "[4294967296,0]",
  ],
  [
    "a counter past 32 bits",
    () => randomGeometry(shape, key, { offset: 2 ** 32 - 5 }),
    ArgumentError,
    "random_bits",
    "offset",
    "4294967291",
  ],
  [
    "a fractional offset",
    () => dropoutGeometry(shape, key, { keepProb: 0.5, offset: 0.5 }),
    ArgumentError,
    "dropout",
    "offset",
    "0.5",
  ],
  [
    "bounds in the wrong order",
    () => randomUniformGeometry(shape, key, { low: 2, high: 1 }),
    ArgumentError,
    "random_uniform",
    "high",
    "1",
  ],
  [
    "a NaN bound",
    () => randomUniformGeometry(shape, key, { low: Number.NaN }),
    ArgumentError,
    "random_uniform",
    "low",
    "NaN",
  ],
  [
    "a negative deviation",
    () => randomNormalGeometry(shape, key, { deviation: -1 }),
    ArgumentError,
    "random_normal",
    "deviation",
    "-1",
  ],
  [
    "an infinite mean",
    () => randomNormalGeometry(shape, key, { mean: Number.POSITIVE_INFINITY }),
    ArgumentError,
    "random_normal",
    "mean",
    "Infinity",
  ],
  [
    "an empty interval",
    () => randomNormalGeometry(shape, key, { truncate: [2, 2] }),
    ArgumentError,
    "random_normal",
    "truncate",
    "[2,2]",
  ],
  [
    "a probability above 1",
    () => randomBernoulliGeometry(shape, key, { p: 1.5 }),
    ArgumentError,
    "random_bernoulli",
    "p",
    "1.5",
  ],
  [
    "a NaN probability",
    () => dropoutGeometry(shape, key, { keepProb: Number.NaN }),
    ArgumentError,
    "dropout",
    "keepProb",
    "NaN",
  ],
  [
    "an infinite scale",
    () => dropoutGeometry(shape, key, { keepProb: 0.5, scale: Number.POSITIVE_INFINITY }),
    ArgumentError,
    "dropout",
    "scale",
    "Infinity",
  ],
];

test.each(rows)("refuses %s", (_, call, type, op, argument, given) => {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(type);
  const { op: o, argument: a, given: g, expected } = thrown as FacetError;
  expect({ op: o, argument: a, given: g }).toEqual({ op, argument, given });
  expect(expected).not.toBe("");
});
