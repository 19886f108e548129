import {
  ArgumentError,
  dropoutGeometry,
  dropout as dropoutKernel,
  randomBernoulli,
  randomBernoulliGeometry,
  randomBits,
  randomGeometry,
  randomNormal,
  randomNormalGeometry,
  randomUniform,
  randomUniformGeometry,
  threefry2x32,
} from "@facet/kernels-wgsl";
import { everyRun, refuseInCapture } from "./capture/trace.js";
import { defineOp, launch, vjp } from "./define_op.js";
import { byteSize } from "./dtype.js";
import { device } from "./engine.js";
import { ones } from "./ops/create.js";
import { mul, notEqual, where } from "./ops/elementwise.js";
import { empty, fromData, type Tensor } from "./tensor.js";
import { type AnyKey, drawnByExample, keysFrom, MappedKey } from "./vmap/keys.js";

/** A Threefry-2x32 key: two 32-bit words. The same key gives the same numbers, on every device and as JAX gives them. */
export type Key = readonly [number, number];

/** The key of a seed: its high and low 32 bits. Seeds are integers of at most 53 bits; negative ones wrap at 2^64. */
export function keyFromSeed(seed: number): Key {
  if (!Number.isSafeInteger(seed))
    throw new ArgumentError({ op: "key", argument: "seed", expected: "an integer", given: `${seed}` });
  const wide = BigInt.asUintN(64, BigInt(seed));
  return [Number(wide >> 32n), Number(wide & 0xffffffffn)];
}

/** `count` independent keys from one. */
export function splitKey(key: Key, count = 2): Key[] {
  return Array.from({ length: count }, (_, i) => threefry2x32(key, [0, i]));
}

/** A key that depends on a number too: step, layer, replica. */
export function foldIn(key: Key, data: number): Key {
  return threefry2x32(key, keyFromSeed(data >>> 0));
}

/** `count` 32-bit words of a key, computed on the host. */
export function hostBits(key: Key, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => {
    const [a, b] = threefry2x32(key, [0, i]);
    return (a ^ b) >>> 0;
  });
}

/** The numbers 0 to n - 1 in the order `jax.random.permutation` gives them, on the host: for data that are there. See `shuffledOrder`. */
export function permutation(key: Key, n: number): Int32Array {
  refuseInCapture("permutation", "the order as an argument: it is drawn on the host");
  device().requireRoom(byteSize("int32", n), "permutation");
  let order = Int32Array.from({ length: n }, (_, i) => i);
  const rounds = Math.ceil((3 * Math.log(Math.max(1, n))) / Math.log(2 ** 32 - 1));
  let current = key;
  for (let round = 0; round < rounds; round++) {
    const [next, sub] = splitKey(current) as [Key, Key];
    current = next;
    const words = hostBits(sub, n);
    // The index breaks ties, as a stable sort does.
    const ranks = Array.from({ length: n }, (_, i) => i).sort(
      (a, b) => (words[a] as number) - (words[b] as number) || a - b,
    );
    const before = order;
    order = Int32Array.from(ranks, (rank) => before[rank] as number);
  }
  return order;
}

/**
 * Keys that are drawn anew for every run of a captured function, and once otherwise. Whoever holds one sees the new words,
 * so that dropout's backward pass drops what its forward pass dropped.
 */
export function drawnKeys(count: number, draw: () => readonly Key[]): Key[] {
  const keys = Array.from({ length: count }, (): [number, number] => [0, 0]);
  everyRun(() => {
    for (const [i, words] of draw().entries()) {
      const key = keys[i] as [number, number];
      [key[0], key[1]] = words;
    }
  });
  return keys;
}

/** As drawnKeys, for one. */
export const drawnKey = (draw: () => Key): Key => drawnKeys(1, () => [draw()])[0] as Key;

/** `count` independent keys of a key, which may be drawn anew, and of those of every example. */
export const splitKeys = (key: AnyKey, count = 2): AnyKey[] =>
  keysFrom(key, (own) => drawnKeys(count, () => splitKey(own, count)));

/** The two words of a key, uint32 [2]. Throws CaptureError while a function is captured: a key lives on the host. */
export function keyWords(key: AnyKey): Tensor {
  refuseInCapture("keyWords", "the words as an argument: they are on the host");
  return drawnByExample(key, [], (own) => fromData(Uint32Array.from(own), [2], "uint32"));
}

/** 32 random bits for every element. */
export function bits(key: AnyKey, shape: readonly number[]): Tensor {
  return drawnByExample(key, [], (own) => {
    const y = empty(shape, "uint32");
    launch(randomBits, { y }, () => randomGeometry(shape, own).params);
    return y;
  });
}

/** Uniform in [low, high). */
export function uniform(key: AnyKey, shape: readonly number[], low = 0, high = 1): Tensor {
  return drawnByExample(key, [], (own) => {
    const y = empty(shape);
    launch(randomUniform, { y }, () => randomUniformGeometry(shape, own, { low, high }).params);
    return y;
  });
}

/** Normal with the given mean and standard deviation. */
export function normal(key: AnyKey, shape: readonly number[], mean = 0, deviation = 1): Tensor {
  return drawnByExample(key, [], (own) => {
    const y = empty(shape);
    launch(randomNormal, { y }, () => randomNormalGeometry(shape, own, { mean, deviation }).params);
    return y;
  });
}

/** Standard normal cut to [low, high]. */
export function truncatedNormal(key: AnyKey, shape: readonly number[], low = -2, high = 2): Tensor {
  return drawnByExample(key, [], (own) => {
    const y = empty(shape);
    launch(randomNormal, { y }, () => randomNormalGeometry(shape, own, { truncate: [low, high] }).params);
    return y;
  });
}

/** True with probability p. */
export function bernoulli(key: AnyKey, shape: readonly number[], p = 0.5): Tensor {
  return drawnByExample(key, [], (own) => {
    const y = empty(shape, "bool");
    launch(randomBernoulli, { y }, () => randomBernoulliGeometry(shape, own, { p }).params);
    return y;
  });
}

interface DropoutAttrs {
  key: Key;
  keepProbability: number;
}

// y = x / keep where uniform(key) < keep, else 0. Linear in x, and the mask comes from the key: backward is dropout of dy.
const dropoutOp = defineOp<{ x: Tensor }, DropoutAttrs>({
  name: "dropout",
  shape: ({ x }) => x.shape,
  forward: ({ x }, y, { key, keepProbability }) => {
    launch(dropoutKernel, { x, y }, () => dropoutGeometry(x.shape, key, { keepProb: keepProbability }).params);
  },
  vjp: { x: vjp([], (dy, _, { attrs }): Tensor => dropoutOp({ x: dy }, attrs)) },
  // One key is one mask: every example drops the same elements.
  batch: ({ x }, _, attrs) => ({
    inputs: { x: ones(x.shape.slice(1), x.dtype) },
    attrs,
    finish: (mask) => masked(x, mask),
  }),
});

/** What dropout makes of x, given what it makes of ones. */
const masked = (x: Tensor, mask: Tensor): Tensor => where(notEqual(mask, 0), mul(x, mask), 0);

/** Zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate). No mask is stored. */
export function dropout(x: Tensor, rate: number, key: AnyKey): Tensor {
  if (!(rate >= 0 && rate < 1))
    throw new ArgumentError({ op: "dropout", argument: "rate", expected: "a probability below 1", given: `${rate}` });
  if (rate === 0) return x;
  const keepProbability = 1 - rate;
  if (!(key instanceof MappedKey)) return dropoutOp({ x }, { key, keepProbability });
  return masked(
    x,
    drawnByExample(key, [], (own) => dropoutOp({ x: ones(x.shape, x.dtype) }, { key: own, keepProbability })),
  );
}
