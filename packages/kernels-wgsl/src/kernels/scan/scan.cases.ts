import { arrayTypes, type BindingArray, type CaseRandom, type KernelCase, type KernelEntry } from "../../cases.js";
import type { BindingDtype } from "../../kernel.js";
import {
  linearRecurrence,
  type ScanName,
  type ScanOptions,
  type ScanParams,
  scan,
  scanConstants,
  scanGeometry,
} from "./scan.js";
import { linearRecurrenceReference, scanReference } from "./scan.ref.js";

interface Call extends ScanOptions {
  name: ScanName;
  dtype?: BindingDtype;
  shape: number[];
  axis: number;
  /** Elements of x to start with, e.g. NaN. */
  begin?: number[];
  bench?: boolean;
}

const sizes = (p: ScanParams) => ({ all: p.outer * p.extent * p.inner, totals: p.outer * p.blocks * p.inner });

function draw(random: CaseRandom, count: number, { name, dtype = "f32", begin = [] }: Call): BindingArray {
  let x: BindingArray;
  // Products stay near 1.
  if (dtype === "f32") x = name === "prod" ? random.uniform(count, 0.9, 1.1) : random.uniform(count, -2, 2);
  else x = arrayTypes[dtype].from(random.integers(count, dtype === "u32" || name === "prod" ? 1 : -50, 50));
  x.set(begin.slice(0, count));
  return x;
}

/** The last sum of a block has gone through `block` roundings of values no larger than twice that number. */
function bound({ name, dtype = "f32" }: Call, { block }: ScanParams) {
  if (dtype !== "f32" || name === "max" || name === "min") return {};
  if (name === "prod") return { tolerance: { rtol: block * 2 ** -24, atol: 0 } };
  // An exponential and a logarithm of two units each beside the sum, of values up to 2 + log(block).
  if (name === "log_add_exp") return { tolerance: { rtol: 1e-6, atol: block * 4 * 2 ** -22 } };
  return { tolerance: { rtol: 1e-6, atol: block * 2 * Math.sqrt(block) * 2 ** -24 } };
}

/** A case for each of the two kinds of pass. */
function scanCases(call: Call): KernelCase[] {
  const { name, dtype = "f32", shape, axis, reverse, exclusive, bench = false } = call;
  const given = scanGeometry(shape, axis, call);
  const words = `${name}(${dtype}) [${shape}] along ${axis}${reverse ? " reverse" : ""}${exclusive ? " exclusive" : ""}`;
  const { all, totals } = sizes(given);
  const common = { constants: scanConstants(name, dtype), ...bound(call, given) };
  const special = call.begin ? " with special values" : "";
  const cases: KernelCase[] = [
    {
      ...common,
      name: `${words}${special}`,
      params: given,
      inputs: (random) => ({
        x: draw(random, all, call),
        ...(given.carried ? { carry: draw(random, totals, { name, dtype, shape, axis }) } : {}),
      }),
      outputs: { y: all },
      bench,
    },
  ];
  if (given.blocks > 1)
    cases.push({
      ...common,
      name: `${words}${special}, totals of blocks`,
      params: { ...given, totals: 1, carried: 0 },
      inputs: (random) => ({ x: draw(random, all, call) }),
      outputs: { y: totals },
      bench,
    });
  return cases;
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const calls: Call[] = [
  { name: "sum", shape: [1], axis: 0 },
  { name: "sum", shape: [5], axis: 0 },
  { name: "sum", shape: [8], axis: 0, exclusive: true },
  { name: "sum", shape: [3, 8], axis: 1, reverse: true },
  { name: "sum", shape: [3, 8], axis: 1, reverse: true, exclusive: true },
  { name: "sum", shape: [3, 7], axis: -1, reverse: true, exclusive: true },
  { name: "sum", shape: [2, 3, 5], axis: 1, exclusive: true },
  { name: "sum", shape: [2, 5, 8], axis: 1, reverse: true },
  { name: "sum", shape: [65], axis: 0 },
  { name: "sum", shape: [2, 130, 3], axis: 1, exclusive: true },
  { name: "sum", shape: [2, 200, 4], axis: 1, reverse: true },
  { name: "sum", shape: [3, 1000], axis: 1, reverse: true, exclusive: true },
  { name: "sum", shape: [2, 67, 2], axis: 1, dtype: "i32" },
  { name: "sum", shape: [2, 68], axis: 1, dtype: "u32", exclusive: true },
  { name: "prod", shape: [4, 33], axis: 1 },
  { name: "prod", shape: [40, 4], axis: 0, exclusive: true },
  { name: "prod", shape: [4, 5], axis: 0, dtype: "i32" },
  { name: "prod", shape: [2, 100], axis: 1, reverse: true },
  { name: "max", shape: [3, 12], axis: 1, begin: [-1, 0.5, nan, 1, -inf] },
  { name: "max", shape: [6, 3], axis: 0, exclusive: true, reverse: true },
  { name: "max", shape: [5, 4], axis: 0, dtype: "i32", exclusive: true },
  { name: "min", shape: [2, 9], axis: 1, begin: [inf, inf, 1, nan] },
  { name: "min", shape: [70, 4], axis: 0, dtype: "u32" },
  { name: "min", shape: [4, 4], axis: 1, dtype: "i32", reverse: true, exclusive: true },
  { name: "log_add_exp", shape: [2, 20], axis: 1, begin: [-inf, -inf, 90, -90, 1e30, -inf] },
  { name: "log_add_exp", shape: [9, 4], axis: 0, begin: [1, 2, inf, nan, -inf, inf], exclusive: true },
  { name: "log_add_exp", shape: [130], axis: 0, reverse: true },
  { name: "log_add_exp", shape: [3, 30], axis: 1, reverse: true, exclusive: true },
  { name: "sum", shape: [4096, 256], axis: 1, bench: true },
  { name: "sum", shape: [256, 4096], axis: 0, bench: true },
  { name: "sum", shape: [1 << 20], axis: 0, bench: true },
  { name: "log_add_exp", shape: [512, 256], axis: 1, bench: true },
];

interface RecurrenceCall extends ScanOptions {
  shape: number[];
  axis: number;
  bench?: boolean;
}

function recurrenceCases({ shape, axis, reverse = false, bench = false }: RecurrenceCall): KernelCase[] {
  const given = scanGeometry(shape, axis, { reverse });
  const { all, totals } = sizes(given);
  const words = `[${shape}] along ${axis}${reverse ? " reverse" : ""}`;
  const inputs = (random: CaseRandom, carried: number) => ({
    a: random.uniform(all, -1, 1),
    b: random.uniform(all, -1, 1),
    ...(carried ? { carry: random.uniform(totals, -1, 1) } : {}),
  });
  // Each step rounds a product and a sum of values up to about 2; factors below 1 let earlier errors fade.
  const tolerance = { rtol: 1e-6, atol: 4 * 2 ** -22 };
  const whole: KernelCase = {
    name: words,
    params: given,
    inputs: (random) => inputs(random, given.carried),
    outputs: { y: all },
    tolerance,
    bench,
  };
  const ofBlocks: KernelCase = {
    name: `${words}, totals of blocks`,
    params: { ...given, totals: 1, carried: 0 },
    inputs: (random) => inputs(random, 0),
    outputs: { y: totals },
    tolerance,
  };
  return given.blocks > 1 ? [whole, ofBlocks] : [whole];
}

const recurrences: RecurrenceCall[] = [
  { shape: [1], axis: 0 },
  { shape: [3, 7], axis: 1 },
  { shape: [2, 5, 4], axis: 1, reverse: true },
  { shape: [2, 70, 4], axis: 1 },
  { shape: [3, 129], axis: 1, reverse: true },
  { shape: [4096, 256], axis: 1, bench: true },
  { shape: [256, 4096], axis: 0, bench: true },
];

export const scanEntries: KernelEntry[] = [
  { kernel: scan, reference: scanReference, cases: calls.flatMap(scanCases) },
  { kernel: linearRecurrence, reference: linearRecurrenceReference, cases: recurrences.flatMap(recurrenceCases) },
];
