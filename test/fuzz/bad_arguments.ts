// Bad arguments to everything that a dialect exports: every answer is a value or a typed error, the device lives on, gradients
// are recorded as before. Used by the suite (some of the calls) and by `facet fuzz NAME --arguments` (all of them).
import { FacetError, isRecording, setRecording } from "@facet/autograd";
import { DatasetError } from "@facet/datasets";
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import type { Any, Dialect } from "../conformance/cases.js";
import { callablesOf } from "../signatures/exports.js";

const VALUES = [
  [1.5, 2, 3],
  [4, 5, 6],
];

interface Dialected {
  readonly good: () => Any;
  readonly read: (value: Any) => Promise<unknown>;
  readonly addOne: (value: Any) => Any;
}

const DIALECTS: Record<Dialect, Dialected> = {
  torch: { good: () => torch.tensor(VALUES), read: (value) => value.tolist(), addOne: (value) => value.add(1) },
  keras: {
    good: () => keras.ops.convert_to_tensor(VALUES),
    read: async (value) => (await value.numpy()).tolist(),
    addOne: (value) => (keras.ops as Any).add(value, 1),
  },
  jax: {
    good: () => jax.numpy.array(VALUES),
    read: (value) => value.tolist(),
    addOne: (value) => jax.numpy.add(value, 1),
  },
};

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const cyclicList: unknown[] = [1];
cyclicList.push(cyclicList);

export const BAD: Readonly<Record<string, unknown>> = {
  ...{ undefined: undefined, null: null, NaN: Number.NaN, string: "abc", empty: "", huge: 1e308, neg: -1, frac: 1.5 },
  ...{ e9: 1e9, e12: 1e12, big31: 2 ** 31, inf: Number.POSITIVE_INFINITY, bool: true, bigint: 10n, sym: Symbol("s") },
  ...{ emptyList: [], ragged: [[1], [2, 3]], cyclic, cyclicList, object: {}, fn: () => 1, date: new Date(0) },
  ...{ shapeBig: [1e6, 1e6], shapeNeg: [-1, -2], shapeFrac: [1.5, 2], shapeText: ["a"], list: [1, 2] },
  ...{
    axis: { dim: 99, axis: 99 },
    unknownName: { nonsense: 1 },
    nested: [[[[[[[[[[1]]]]]]]]]],
    holes: [null, undefined],
  },
};

/** Stands for a good tensor among the arguments. */
const GOOD = Symbol("good");

const FORMS: readonly ((bad: unknown) => unknown[])[] = [
  (bad) => [bad],
  (bad) => [GOOD, bad],
  (bad) => [GOOD, GOOD, bad],
  (bad) => [bad, GOOD],
  (bad) => [2, bad],
  (bad) => [bad, bad],
];

/** What writes to disk, goes to the network, prints, or hands out control by design. */
const LEFT_OUT =
  /(^|\.)(download|open|MNIST|FashionMNIST|CIFAR10|load_data|save|save_weights|load_weights|load_model|VisionDataset|keep|print_summary|summary|show|no_grad|enable_grad|set_grad_enabled|inference_mode)$/;

export interface BadCall {
  /** The call as text: torch.add(T, NaN). */
  readonly text: string;
  readonly fn: string;
  readonly run: () => unknown;
}

export function badCalls(dialect: Dialect): BadCall[] {
  const { good } = DIALECTS[dialect];
  const arrays = /^(torch\.Tensor|jax\.Array|keras\.Tensor)\.\w+$/;
  const calls: BadCall[] = [];
  for (const { names, kind, call, target } of callablesOf(dialect)) {
    const [name] = names as [string];
    if (names.some((each) => LEFT_OUT.test(each)) || (kind === "method" && !arrays.test(name))) continue;
    for (const [what, bad] of Object.entries(BAD)) {
      for (const form of what === "undefined" ? [...FORMS, () => []] : FORMS) {
        const shape = form(bad);
        const shown = shape.map((each) => (each === GOOD ? "T" : each === bad ? what : `${String(each)}`)).join(", ");
        const run = (): unknown => {
          const args = shape.map((each) => (each === GOOD ? good() : each));
          return kind === "method" ? (target as (...args: unknown[]) => unknown).apply(good(), args) : call(args);
        };
        calls.push({ text: `${name}(${shown})`, fn: name, run });
      }
    }
  }
  return calls;
}

const SECONDS = 8;

/** Waits for promises; a call that never ends is a fault. */
async function settled(given: unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer in ${SECONDS} seconds`)), SECONDS * 1000);
  });
  try {
    return await Promise.race([given, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a tensor that came back, so that errors which are late come out. */
async function touch(dialect: Dialect, value: Any): Promise<void> {
  const shape = value?.shape;
  if (typeof value !== "object" || !Array.isArray(shape) || shape.reduce((a, b) => a * b, 1) > 1e5) return;
  if (typeof value.tolist === "function") await settled(value.tolist());
  else if (typeof value.numpy === "function") await settled(DIALECTS[dialect].read(value));
}

/** The fault of a call in words, or undefined when it gave a value or a typed error. */
export async function faultOf(dialect: Dialect, { run }: BadCall): Promise<string | undefined> {
  try {
    await touch(dialect, await settled(run()));
    return undefined;
  } catch (error) {
    if (error instanceof FacetError || error instanceof DatasetError) {
      const lost = /^(DeviceLost|Internal)/.test(error.constructor.name);
      return lost ? `${error.constructor.name}: ${error.message}` : undefined;
    }
    const { name, message } = error as Error;
    return `${name}: ${`${message ?? error}`.slice(0, 140)}`;
  }
}

/** Whether the device computes and gradients are recorded as before; what is not so in words. */
export async function stateFault(dialect: Dialect): Promise<string | undefined> {
  const { good, read, addOne } = DIALECTS[dialect];
  const text = JSON.stringify(await settled(read(addOne(good()))));
  if (text !== "[[2.5,3,4],[5,6,7]]") return `the device gives ${text}`;
  if (isRecording()) return undefined;
  setRecording(true);
  return "gradients are switched off afterwards";
}
