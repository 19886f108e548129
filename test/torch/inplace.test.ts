// Methods that write into their tensor against the functions of the same name: every one that has no test of its own values.
import { FacetError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";
import type { Any } from "../conformance/cases.js";

const floats = (): torch.Tensor => torch.tensor([0.25, 0.5, 0.75, 0.125]);
const integers = (): torch.Tensor => torch.tensor([6, 4, 9, 7]);

/** Arguments by method; without a row, none or one tensor of 0.5. */
const ARGUMENTS: Readonly<Record<string, () => unknown[]>> = {
  addcdiv_: () => [floats(), floats(), { value: 2 }],
  addcmul_: () => [floats(), floats(), { value: 2 }],
  clamp_: () => [0.2, 0.6],
  clip_: () => [0.2, 0.6],
  lerp_: () => [torch.tensor([4.5, 1.5, 2.5, 3.5]), 0.5],
  logit_: () => [0.3],
  masked_fill_: () => [torch.tensor([true, false, true, false]), 3],
  mvlgamma_: () => [1],
  nan_to_num_: () => [],
  polygamma_: () => [2],
  round_: () => [{ decimals: 1 }],
};
/** Methods of integers. */
const OF_INTEGERS = /^(gcd|lcm|bitwise_\w+)_$/;
/** Draws, fills, copies, sums with products and changes of shape have tests of their values; requires_grad_ and detach_ write no elements. */
const OTHERS = new RegExp(
  `^(${[
    "copy|fill|zero|normal|uniform|requires_grad|detach|bernoulli|exponential|geometric|cauchy|log_normal|random|fill_diagonal",
    "addmm|addmv|addbmm|baddbmm|addr|squeeze|unsqueeze|t|transpose|swapaxes|swapdims|resize|resize_as",
  ].join("|")})_$`,
);

const names = Object.getOwnPropertyNames(torch.Tensor.prototype).filter(
  (name) => name.endsWith("_") && !name.startsWith("_") && !OTHERS.test(name),
);

const numbers = (): torch.Tensor => torch.tensor([2, 0]);
const two = (): torch.Tensor => torch.tensor([1.5, 2.5]);
const BY_PLACE: Readonly<Record<string, () => unknown[]>> = {
  cumprod_: () => [0],
  cumsum_: () => [0],
  index_add_: () => [0, numbers(), two(), { alpha: 2 }],
  index_copy_: () => [0, numbers(), two()],
  index_fill_: () => [0, numbers(), 7],
  index_put_: () => [[numbers()], two(), true],
  index_reduce_: () => [0, numbers(), two(), "amax"],
  masked_scatter_: () => [torch.tensor([true, false, true, false]), two()],
  put_: () => [numbers(), two(), true],
  scatter_: () => [0, numbers(), two()],
  scatter_add_: () => [0, numbers(), two()],
  scatter_reduce_: () => [0, numbers(), two(), "sum"],
};
/** Matrices alone have triangles, and slices a norm. */
const OF_MATRICES = /^(tril|triu|renorm)_$/;

const argumentsOf = (name: string, self: torch.Tensor, f: Any): unknown[] => {
  const given = ARGUMENTS[name] ?? BY_PLACE[name];
  if (name === "renorm_") return [2, 0, 0.5];
  if (given) return given();
  try {
    f.call(self);
    return [];
  } catch (error) {
    if (!(error instanceof FacetError)) throw error;
    return [OF_INTEGERS.test(name) ? torch.tensor([4, 2, 3, 5]) : torch.tensor([0.5, 0.5, 0.5, 0.5])];
  }
};

describe("in place", () => {
  test.each(names)("%s", async (name) => {
    const make = (): torch.Tensor => {
      const made = OF_INTEGERS.test(name) ? integers() : floats();
      return OF_MATRICES.test(name) ? made.reshape(2, 2) : made;
    };
    const f = (torch.Tensor.prototype as Any)[name.slice(0, -1)];
    const args = argumentsOf(name, make(), f);
    const expected = (f.apply(make(), args) as torch.Tensor).to(make().dtype);
    const self = make();
    const result = (self as Any)[name](...args);
    expect(result).toBe(self);
    expect(await self.tolist()).toEqual(await expected.tolist());
    expect(self.dtype).toBe(make().dtype);
  });

  test("floats are not written into integers", () => {
    expect(() => integers().sqrt_()).toThrow("result type float32 can't be cast to the desired output type int64");
  });
  test("a leaf that requires grad is not written", () => {
    expect(() => floats().requires_grad_().exp_()).toThrow("a leaf Variable that requires grad");
  });
});
