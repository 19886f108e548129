import type { KernelCase, KernelEntry } from "../../cases.js";
import { type AdamOptions, adam, adamParams } from "./adam.js";
import { adamReference } from "./adam.ref.js";
import { type SgdOptions, sgd, sgdParams } from "./sgd.js";
import { sgdReference } from "./sgd.ref.js";

interface Bench {
  bench?: boolean;
}

const words = (options: object): string =>
  Object.entries(options)
    .filter(([name]) => name !== "count")
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

function adamCase({ bench = false, ...options }: AdamOptions & Bench): KernelCase {
  const params = adamParams(options);
  const reach = params.step_size * (options.epsMode === "keras" ? 1 : params.root_bias2);
  const { count } = options;
  return {
    name: `[${count}] ${words(options)}`,
    params,
    // Second moments of 0.01 and more keep the quotient from magnifying the rounding of the first.
    inputs: (random) => ({
      p: random.uniform(count, -1, 1),
      g: random.uniform(count, -1, 1),
      m: random.uniform(count, -1, 1),
      v: random.uniform(count, 0.01, 1),
      ...(options.amsgrad ? { vmax: random.uniform(count, 0.01, 1) } : {}),
    }),
    outputs: {},
    // p, m and v are sums of a few terms below 2, each rounded (2^-24). The step is reach * m / sqrt(v): with sqrt(v) of at
    // least 0.085, four roundings of m and as many of the quotient, which is at most 12, make 100.
    tolerance: { rtol: 0, atol: (6 + 100 * reach) * 2 ** -24 },
    bench,
  };
}

function sgdCase({ bench = false, ...options }: SgdOptions & Bench): KernelCase {
  const params = sgdParams(options);
  const { count } = options;
  return {
    name: `[${count}] ${words(options)}`,
    params,
    inputs: (random) => ({
      p: random.uniform(count, -1, 1),
      g: random.uniform(count, -1, 1),
      ...(params.has_velocity ? { velocity: random.uniform(count, -1, 1) } : {}),
    }),
    outputs: {},
    // Sums of at most four terms below 2, each rounded.
    tolerance: { rtol: 0, atol: 6 * 2 ** -24 },
    bench,
  };
}

/** 34 826 is the example CNN, 3.3 million a large one; 7 and 257 are no multiples of four. */
const adams: (AdamOptions & Bench)[] = [
  { count: 1, step: 1, lr: 1e-3 },
  { count: 7, step: 2, lr: 0.1, beta1: 0.5, beta2: 0.75 },
  { count: 257, step: 1000, lr: 1e-3, eps: 0.01 },
  { count: 256, step: 1, lr: 1e-3, epsMode: "keras", eps: 1e-7 },
  { count: 257, step: 12, lr: 0.01, epsMode: "keras", eps: 0.01, amsgrad: true },
  { count: 256, step: 3, lr: 0.01, epsMode: "root", epsRoot: 1e-3 },
  { count: 257, step: 3, lr: 0.01, epsMode: "root", epsRoot: 0.1, eps: 0.1 },
  { count: 256, step: 5, lr: 0.1, amsgrad: true, maximize: true },
  { count: 256, step: 5, lr: 0.1, weightDecay: 0.05 },
  { count: 256, step: 5, lr: 0.1, weightDecay: 0.05, decayMode: "decoupled" },
  { count: 256, step: 5, lr: 0.1, weightDecay: 0.05, decayMode: "decoupled", amsgrad: true },
  { count: 257, step: 5, lr: 0.1, weightDecay: 0.05, decayMode: "keras", epsMode: "keras" },
  { count: 256, step: 5, lr: 0, beta1: 0, beta2: 0 },
  { count: 256, step: 7, lr: 1e-3 },
  { count: 1025, step: 2, lr: 1e-3 },
  { count: 34_826, step: 100, lr: 1e-3 },
  // Its arena: every parameter begins at an offset that can be bound.
  { count: 34_880, step: 100, lr: 1e-3, bench: true },
  { count: 3_300_000, step: 100, lr: 1e-3, bench: true },
];

const momentum = 0.9;
const sgds: (SgdOptions & Bench)[] = [
  { count: 1, step: 1, lr: 0.1 },
  { count: 257, step: 1, lr: 0.1, momentum, dampening: 0.3 },
  { count: 256, step: 2, lr: 0.1, momentum, dampening: 0.3, maximize: true },
  { count: 256, step: 2, lr: 0.1, momentum, nesterov: true },
  { count: 257, step: 2, lr: 0.1, momentum, nesterov: true, dampening: 0.3 },
  { count: 256, step: 2, lr: 0.1, nesterov: true },
  { count: 256, step: 2, lr: 0.1, momentum, dampening: 0.3 },
  { count: 256, step: 1, lr: 0.1, momentum },
  { count: 256, step: 2, lr: 0.1 },
  { count: 257, step: 1, lr: 0.1, momentum, velocityMode: "keras" },
  { count: 256, step: 2, lr: 0.1, momentum, velocityMode: "keras", nesterov: true },
  { count: 257, step: 2, lr: 0.1, weightDecay: 0.05 },
  { count: 256, step: 2, lr: 0.1, momentum, weightDecay: 0.05, decayMode: "decoupled" },
  { count: 256, step: 2, lr: 0.1, momentum, weightDecay: 0.05, decayMode: "keras", velocityMode: "keras" },
  { count: 1025, step: 2, lr: 0.1 },
  { count: 34_826, step: 2, lr: 0.1, momentum },
  { count: 34_880, step: 2, lr: 0.1, momentum, bench: true },
  { count: 3_300_000, step: 2, lr: 0.1, momentum, bench: true },
];

export const optimizerEntries: KernelEntry[] = [
  { kernel: adam, reference: adamReference, cases: adams.map(adamCase) },
  { kernel: sgd, reference: sgdReference, cases: sgds.map(sgdCase) },
];
