// Gradients written as formulas: one kernel with the bits of the ops that they are made of where they are differentiated.
import * as F from "@facet/autograd";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const VALUES = [-9, -3.5, -1.25, -0.5, -1e-3, 0, 1e-3, 0.75, 2, 6.5, Number.NaN, 40];
const activations: Record<string, (x: F.Tensor) => F.Tensor> = {
  gelu: (x) => F.gelu(x),
  gelu_tanh: (x) => F.gelu(x, true),
  silu: F.silu,
  quick_gelu: F.quickGelu,
  mish: F.mish,
  softplus: F.softplus,
  log_sigmoid: F.logSigmoid,
  tanh_shrink: F.tanhShrink,
  softsign: F.softsign,
};

/** Words of the gradient, and the kernels that made it. */
async function gradientOf(activation: (x: F.Tensor) => F.Tensor, createGraph: boolean) {
  const x = F.variable(F.fromData(VALUES, [VALUES.length]));
  const cotangents = F.fromData(
    VALUES.map((_, i) => 0.3 + i),
    [VALUES.length],
  );
  const y = activation(x);
  const { result, profile } = await F.device().profile(async () => {
    const [dx] = F.gradients(y, [x], { cotangents, createGraph }) as [F.Tensor];
    return dx.data();
  });
  const words = new Uint32Array((result as Float32Array).slice().buffer);
  return { words: [...words], kernels: profile.dispatches.map(({ kernel, op }) => `${kernel} ${op}`) };
}

describe("the gradient of", () => {
  for (const [name, activation] of Object.entries(activations))
    test(`${name} is one kernel, with the bits of its ops`, async () => {
      const alone = await gradientOf(activation, false);
      const differentiable = await gradientOf(activation, true);
      expect(alone.kernels).toEqual([`elementwise_chain ${name}_backward(dy [12], x [12])`]);
      expect(differentiable.kernels.length).toBeGreaterThan(1);
      expect(alone.words).toEqual(differentiable.words);
    });
});
