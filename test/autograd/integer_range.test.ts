// PyTorch's int64 is held in 32 bits: whatever does not fit throws, when it is given or at the next read. JAX' int32 wraps.
import * as F from "@facet/autograd";
import * as jax from "@facet/shims-jax";
import * as torch from "@facet/shims-torch";
import { afterAll, describe, expect, test } from "vitest";

afterAll(() => F.closeDevice());

const ints = (...values: number[]): torch.Tensor => torch.tensor(values);
const BEYOND = /results within 32 bits, in which integers are held, got a result beyond 32 bits/;

describe("beyond 32 bits", () => {
  const rows: [name: string, make: () => torch.Tensor][] = [
    ["product", () => torch.mul(ints(100_000), ints(100_000))],
    ["product with a number", () => ints(7, 3_000_000).mul(1000)],
    ["sum of two", () => ints(2_000_000_000).add(ints(2_000_000_000))],
    ["alpha", () => torch.add(ints(1), ints(2_000_000_000), { alpha: 2 })],
    ["difference", () => ints(-2_000_000_000).sub(200_000_000)],
    ["sum", () => torch.sum(ints(2_000_000_000, 2_000_000_000))],
    ["sum of rows", () => ints(1, 2, 2_000_000_000, 2_000_000_000).view(2, 2).sum(1)],
    ["sum of many", () => torch.full([100_000], 30_000).sum()],
    ["product of all", () => torch.prod(ints(65_536, 65_536))],
    ["power", () => ints(3).pow(21)],
    ["square", () => torch.square(ints(46_341))],
    ["negative", () => torch.neg(ints(-2_147_483_648))],
    ["absolute value", () => torch.abs(ints(-2_147_483_648))],
    ["quotient", () => torch.div(ints(-2_147_483_648), ints(-1), { rounding_mode: "floor" })],
    ["cast", () => torch.tensor([3e9, 0.5]).long()],
    ["cast of infinity", () => torch.tensor([Number.POSITIVE_INFINITY]).to(torch.int64)],
    ["cast of NaN", () => torch.tensor([Number.NaN]).long()],
    ["in place", () => ints(2_000_000_000).add_(ints(2_000_000_000))],
  ];
  test.each(rows)("%s throws at the next read, once", async (_, make) => {
    const result = make();
    await expect(result.tolist()).rejects.toThrow(BEYOND);
    await expect(result.tolist()).resolves.toBeDefined();
  });

  test("a compiled function throws in every run that goes beyond", async () => {
    const f = torch.compile((x: torch.Tensor) => x.mul(x)) as (x: torch.Tensor) => torch.Tensor;
    for (const value of [2, 100_000, 3, 65_536]) {
      const y = f(ints(value));
      if (value < 1000) expect(await y.tolist()).toEqual([value * value]);
      else await expect(y.tolist()).rejects.toThrow(F.DtypeError);
    }
  });

  test("a division by 0 says so", async () => {
    const y = torch.div(ints(1, 2), ints(1, 0), { rounding_mode: "trunc" });
    await expect(y.tolist()).rejects.toThrow("got a division by 0");
  });

  test.each<[string, () => unknown]>([
    ["tensor", () => ints(3_000_000_000)],
    ["full", () => torch.full([2], 3_000_000_000)],
    ["a number beside a tensor", () => ints(1).add(3_000_000_000)],
    ["masked_fill", () => ints(1).masked_fill(torch.tensor([true]), 3_000_000_000)],
    ["arange", () => torch.arange(2_147_483_646, 2_147_483_650)],
  ])("%s refuses an argument at once", (_, make) => expect(make).toThrow(F.DtypeError));
});

describe("up to 32 bits", () => {
  const rows: [name: string, make: () => torch.Tensor, wanted: number[]][] = [
    ["products", () => ints(46_340, -65_536).mul(ints(46_340, 32_768)), [2_147_395_600, -2_147_483_648]],
    ["a sum that passes beyond on its way", () => ints(2e9, 2e9, -2e9).sum().view(1), [2e9]],
    ["a product with 0 that passes beyond", () => ints(2e9, 2e9, 2e9, 2e9, 2e9, 0).prod().view(1), [0]],
    ["floor division of large numbers", () => torch.div(ints(16_777_251), 1, { rounding_mode: "floor" }), [16_777_251]],
    ["casts", () => torch.tensor([-2147483648, 2147483520, -0.5]).long(), [-2147483648, 2147483520, 0]],
  ];
  test.each(rows)("%s are exact", async (_, make, wanted) => {
    expect(await make().tolist()).toEqual(wanted);
  });

  test("a bool that is filled is true or false", async () => {
    expect(await torch.full([2], 2.5, { dtype: torch.bool }).tolist()).toEqual([true, true]);
  });
});

test("JAX' int32 wraps", async () => {
  const x = jax.numpy.array([100_000, 2_000_000_000], { dtype: "int32" });
  expect([...((await x.mul(x).data()) as Int32Array)]).toEqual([1_410_065_408, -1_651_507_200]);
});
