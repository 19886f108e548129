// Forward mode is the gradient's gradient: <u, Jv> = <J'u, v> for every op, and for its gradients.
import * as F from "@facet/autograd";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { type GradientRow, gradientRows } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

type Function = (inputs: F.Tensor[]) => F.Tensor[];

/** Both sides of the identity, in f64, and the scale of their terms. */
async function sides(f: Function, inputs: F.Tensor[]): Promise<{ left: number; right: number; scale: number }> {
  const random = createRandom(3);
  const along = inputs.map(({ shape }) => F.fromData(random.uniform(shape), shape));
  const forward = F.jvp(inputs, along, f, (result) => result);
  const weights = forward.result.map(({ shape }) => F.fromData(random.uniform(shape), shape));
  const { pullback } = F.vjpOf(inputs, f, (result) => result);
  const [u, jv, v, ju] = await Promise.all(
    [weights, forward.tangents, along, pullback(weights)].map((list) => Promise.all(list.map((x) => x.data()))),
  );
  const dot = (a: ArrayLike<number>[] = [], b: ArrayLike<number>[] = [], f = (x: number) => x): number =>
    a.reduce((sum, x, i) => sum + Array.from(x).reduce((part, value, j) => part + f(value * Number(b[i]?.[j])), 0), 0);
  return { left: dot(u, jv), right: dot(ju, v), scale: dot(u, jv, Math.abs) + dot(ju, v, Math.abs) };
}

const rowInputs = (row: GradientRow): F.Tensor[] => {
  const random = createRandom(7);
  return row.shapes.map((shape, i) => F.fromData(row.values?.(random, shape, i) ?? random.uniform(shape), shape));
};

for (const row of gradientRows) {
  describe(row.variant ? `${row.op} (${row.variant})` : row.op, () => {
    test("the op", async () => {
      const { left, right, scale } = await sides((inputs) => [row.call(...inputs)], rowInputs(row));
      expect(Math.abs(left - right)).toBeLessThanOrEqual((1e-5 + (row.rounding ?? 0)) * scale);
      if (!row.allowZero) expect(scale).toBeGreaterThan(0);
    });

    if (row.once) return;
    test("its gradients", async () => {
      const gradients: Function = (inputs) =>
        F.valueAndGradients(
          inputs,
          (own) => row.call(...own),
          (y) => F.sum(F.mul(y, F.square(y))),
        ).gradients;
      const { left, right, scale } = await sides(gradients, rowInputs(row));
      expect(Math.abs(left - right)).toBeLessThanOrEqual(2e-5 * scale);
      expect(scale).toBeGreaterThan(0);
    });
  });
}
