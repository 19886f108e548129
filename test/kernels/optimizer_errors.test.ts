// Bad settings of the fused optimisers.
import { ArgumentError, adam, type FacetError, type OptimizerRow, optimizerParams } from "@facet/kernels-wgsl";
import { optimizerTable } from "@facet/kernels-wgsl/table";
import { describe, expect, test } from "vitest";

function thrownBy(call: () => unknown): FacetError {
  try {
    call();
  } catch (error) {
    return error as FacetError;
  }
  throw new Error("nothing was thrown");
}

type Changes = Readonly<Record<string, unknown>>;
type Refusal = readonly [changes: Changes, argument: string, given: string];

/** What every row refuses. */
const common: readonly Refusal[] = [
  [{ lr: Number.NaN }, "lr", "NaN"],
  [{ lr: -1e-3 }, "lr", "-0.001"],
  [{ lr: Number.POSITIVE_INFINITY }, "lr", "Infinity"],
  [{ weightDecay: -0.1 }, "weightDecay", "-0.1"],
  [{ weightDecay: Number.NaN }, "weightDecay", "NaN"],
  [{ decayMode: "L2" }, "decayMode", "L2"],
  [{ clipValue: 0 }, "clipValue", "0"],
  [{ step: 0 }, "step", "0"],
  [{ step: 1.5 }, "step", "1.5"],
  [{ count: 0 }, "count", "0"],
  [{ count: 1.5 }, "count", "1.5"],
];
const moments: readonly Refusal[] = [
  [{ beta1: 1 }, "beta1", "1"],
  [{ beta1: -0.1 }, "beta1", "-0.1"],
  [{ beta2: 1.5 }, "beta2", "1.5"],
  [{ beta2: Number.NaN }, "beta2", "NaN"],
  [{ eps: -1e-8 }, "eps", "-1e-8"],
];

/** What each refuses besides. */
const own: Readonly<Record<string, readonly Refusal[]>> = {
  adadelta: [
    [{ rho: -1 }, "rho", "-1"],
    [{ eps: Number.NaN }, "eps", "NaN"],
  ],
  adagrad: [
    [{ eps: -1 }, "eps", "-1"],
    [{ lrDecay: -1 }, "lrDecay", "-1"],
    [{ initialAccumulator: -1 }, "initialAccumulator", "-1"],
    [{ epsMode: "root" }, "epsMode", "root"],
  ],
  adam: [
    ...moments,
    [{ epsRoot: 1e-8 }, "epsRoot", "1e-8"],
    [{ epsMode: "root", epsRoot: -1 }, "epsRoot", "-1"],
    [{ epsMode: "inside" }, "epsMode", "inside"],
  ],
  adamax: [...moments, [{ epsMode: "root" }, "epsMode", "root"]],
  asgd: [
    [{ lambd: -1 }, "lambd", "-1"],
    [{ alpha: Number.NaN }, "alpha", "NaN"],
    [{ t0: Number.POSITIVE_INFINITY }, "t0", "Infinity"],
  ],
  ema: [[{ lr: 1.5 }, "lr", "1.5"]],
  ftrl: [
    [{ lr: 0 }, "lr", "0"],
    [{ lrPower: 0.5 }, "lrPower", "0.5"],
    [{ l1: -1 }, "l1", "-1"],
    [{ l2: -1 }, "l2", "-1"],
    [{ l2Shrinkage: -1 }, "l2Shrinkage", "-1"],
    [{ beta: -1 }, "beta", "-1"],
    [{ initialAccumulator: -1 }, "initialAccumulator", "-1"],
  ],
  lamb_direction: [
    ...moments,
    [{ epsRoot: -1 }, "epsRoot", "-1"],
    [{ trustDecay: -1 }, "trustDecay", "-1"],
    [{ trustDecayMode: "l2" }, "trustDecayMode", "l2"],
  ],
  lion: [
    [{ beta1: -1 }, "beta1", "-1"],
    [{ beta2: Number.NaN }, "beta2", "NaN"],
  ],
  muon_direction: [
    [{ momentum: 1 }, "momentum", "1"],
    [{ average: "keras" }, "average", "keras"],
  ],
  nadam: [
    ...moments,
    [{ lookAhead: "far" }, "lookAhead", "far"],
    [{ momentumDecay: -1 }, "momentumDecay", "-1"],
    [{ epsRoot: -1 }, "epsRoot", "-1"],
  ],
  radam: [
    ...moments,
    [{ epsMode: "keras" }, "epsMode", "keras"],
    [{ epsRoot: -1 }, "epsRoot", "-1"],
    [{ threshold: 3 }, "threshold", "3"],
  ],
  rmsprop: [
    [{ rho: -1 }, "rho", "-1"],
    [{ eps: -1 }, "eps", "-1"],
    [{ momentum: -1 }, "momentum", "-1"],
    [{ initialScale: -1 }, "initialScale", "-1"],
    [{ epsMode: "root" }, "epsMode", "root"],
    [{ velocityMode: "optax" }, "velocityMode", "optax"],
  ],
  rprop: [
    [{ etaMinus: 0 }, "etaMinus", "0"],
    [{ etaPlus: 1 }, "etaPlus", "1"],
    [{ minStep: -1 }, "minStep", "-1"],
    [{ maxStep: Number.NaN }, "maxStep", "NaN"],
  ],
  schedule_free_adamw: [
    [{ beta1: 0 }, "beta1", "0"],
    [{ beta2: 1 }, "beta2", "1"],
    [{ eps: -1 }, "eps", "-1"],
    [{ warmupSteps: -1 }, "warmupSteps", "-1"],
  ],
  schedule_free_sgd: [
    [{ beta1: 0 }, "beta1", "0"],
    [{ averaging: 2 }, "averaging", "2"],
  ],
  sgd: [
    [{ momentum: -0.9 }, "momentum", "-0.9"],
    [{ momentum: 1.5, velocityMode: "keras" }, "momentum", "1.5"],
    [{ dampening: Number.NaN }, "dampening", "NaN"],
    [{ dampening: 0.1, momentum: 0.9, velocityMode: "keras" }, "dampening", "0.1"],
    [{ velocityMode: "optax" }, "velocityMode", "optax"],
  ],
};

// biome-ignore lint/suspicious/noExplicitAny: settings are those of the row.
function paramsOf(row: OptimizerRow<any, any>, changes: Changes) {
  const { step = 1, count = 4, ...settings } = changes as { step?: number; count?: number };
  return optimizerParams(row, { lr: 0.1, ...settings }, { step, count });
}

test("every row says what it refuses", () => {
  expect(Object.keys(own)).toEqual(optimizerTable.map(({ name }) => name));
});

describe.each(optimizerTable.map((row) => [row.name, row] as const))("%s", (name, row) => {
  test("takes no settings but a rate", () => {
    expect(() => paramsOf(row, {})).not.toThrow();
  });
  test.each([...common, ...(own[name] as readonly Refusal[])])("refuses %j", (changes, argument, given) => {
    const error = thrownBy(() => paramsOf(row, changes));
    expect(error).toBeInstanceOf(ArgumentError);
    expect([error.op, error.argument, error.given]).toEqual([name, argument, given]);
    expect(error.expected).not.toBe("");
  });
});

/** Settings that make numbers depend on the step, where those of a row's defaults do not. */
const stepped: Readonly<Record<string, Changes>> = {
  adagrad: { lrDecay: 0.5 },
  asgd: { lambd: 0.5, t0: 2 },
  muon_direction: { average: "optax" },
  rmsprop: { biasCorrection: true },
  schedule_free_adamw: { warmupSteps: 50 },
  sgd: { momentum: 0.9, dampening: 0.5 },
};

test.each(optimizerTable.map((row) => [row.name, row] as const))(
  "%s names the hyperparameters that are others in every step, and the rates among them",
  (name, row) => {
    const hyper = (step: number, lr: number) => row.hyper({ lr, ...stepped[name] }, step);
    const [first, ...later] = [1, 2, 3, 7, 40].map((step) => hyper(step, 0.25));
    const changing = Object.keys(first as object).filter((key) => later.some((each) => each[key] !== first?.[key]));
    const { rates = [], others = [] } = row.byStep ?? {};
    expect(changing.toSorted()).toEqual([...rates, ...others].filter((key) => changing.includes(key)).toSorted());
    for (const key of others) expect(changing).toContain(key);
    for (const step of [1, 7])
      for (const key of rates) expect(hyper(step, 0.5)[key]).toBe(2 * (hyper(step, 0.25)[key] as number));
  },
);

test("adam takes a learning rate of 0 and betas of 0", () => {
  expect(adam.hyper({ lr: 0, beta1: 0, beta2: 0 }, 1).step_size).toBe(0);
});
