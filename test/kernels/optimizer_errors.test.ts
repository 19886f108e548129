// Bad settings of the fused optimisers.
import {
  type AdamOptions,
  ArgumentError,
  adamParams,
  type FacetError,
  type SgdOptions,
  sgdParams,
  UnsupportedError,
} from "@facet/kernels-wgsl";
import { describe, expect, test } from "vitest";

function thrownBy(call: () => unknown): FacetError {
  try {
    call();
  } catch (error) {
    return error as FacetError;
  }
  throw new Error("nothing was thrown");
}

const good = { count: 4, step: 1, lr: 0.1 };

const adamRows: [changes: Partial<AdamOptions>, argument: string, given: string][] = [
  [{ lr: Number.NaN }, "lr", "NaN"],
  [{ lr: -1e-3 }, "lr", "-0.001"],
  [{ lr: Number.POSITIVE_INFINITY }, "lr", "Infinity"],
  [{ beta1: 1 }, "beta1", "1"],
  [{ beta1: -0.1 }, "beta1", "-0.1"],
  [{ beta2: 1.5 }, "beta2", "1.5"],
  [{ beta2: Number.NaN }, "beta2", "NaN"],
  [{ eps: -1e-8 }, "eps", "-1e-8"],
  [{ epsRoot: 1e-8 }, "epsRoot", "1e-8"],
  [{ epsMode: "root", epsRoot: -1 }, "epsRoot", "-1"],
  [{ weightDecay: -0.1 }, "weightDecay", "-0.1"],
  [{ epsMode: "inside" as "torch" }, "epsMode", "inside"],
  [{ decayMode: "L2" as "l2" }, "decayMode", "L2"],
  [{ step: 0 }, "step", "0"],
  [{ step: 1.5 }, "step", "1.5"],
  [{ count: 0 }, "count", "0"],
];

const sgdRows: [changes: Partial<SgdOptions>, argument: string, given: string][] = [
  [{ lr: Number.NaN }, "lr", "NaN"],
  [{ lr: -1 }, "lr", "-1"],
  [{ momentum: -0.9 }, "momentum", "-0.9"],
  [{ momentum: 1.5, velocityMode: "keras" }, "momentum", "1.5"],
  [{ dampening: Number.NaN }, "dampening", "NaN"],
  [{ dampening: 0.1, momentum: 0.9, velocityMode: "keras" }, "dampening", "0.1"],
  [{ weightDecay: Number.NaN }, "weightDecay", "NaN"],
  [{ velocityMode: "optax" as "torch" }, "velocityMode", "optax"],
  [{ step: -1 }, "step", "-1"],
  [{ count: 1.5 }, "count", "1.5"],
];

describe("adam", () => {
  test.each(adamRows)("refuses %j", (changes, argument, given) => {
    const error = thrownBy(() => adamParams({ ...good, ...changes }));
    expect(error).toBeInstanceOf(ArgumentError);
    expect([error.op, error.argument, error.given]).toEqual(["adam", argument, given]);
    expect(error.expected).not.toBe("");
  });

  test("refuses amsgrad with epsilon under the root, whose largest moment is another", () => {
    const error = thrownBy(() => adamParams({ ...good, amsgrad: true, epsMode: "root" }));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect([error.op, error.argument]).toEqual(["adam", "amsgrad"]);
  });

  test("takes a learning rate of 0 and betas of 0", () => {
    expect(adamParams({ ...good, lr: 0, beta1: 0, beta2: 0 }).step_size).toBe(0);
  });
});

describe("sgd", () => {
  test.each(sgdRows)("refuses %j", (changes, argument, given) => {
    const error = thrownBy(() => sgdParams({ ...good, ...changes }));
    expect(error).toBeInstanceOf(ArgumentError);
    expect([error.op, error.argument, error.given]).toEqual(["sgd", argument, given]);
    expect(error.expected).not.toBe("");
  });
});
