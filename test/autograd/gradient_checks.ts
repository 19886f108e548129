// Gradients of ops against finite differences, and the gradients of their gradients. Tests stand in a file for each family, which is a
// process of its own: together they make very many shaders and buffers.
import * as F from "@facet/autograd";
import { checkGradients, createRandom } from "@facet/testing";
import { describe, test } from "vitest";
import type { GradientRow } from "./gradient_rows/index.js";

const tolerance = { rtol: 4e-3, atol: 2e-3 };

/** The row's inputs as variables. */
function variables(row: GradientRow, inputs: readonly Float32Array[]): F.Tensor[] {
  return inputs.map((values, i) => F.variable(F.fromData(values, row.shapes[i] as number[])));
}

/** d sum(call(inputs) * cotangent) / d inputs, as tensors that can be differentiated again when `createGraph` is set. */
function gradientsOf(row: GradientRow, inputs: F.Tensor[], cotangent: Float32Array, createGraph: boolean): F.Tensor[] {
  const y = row.call(...inputs);
  const found = F.gradients(y, inputs, { cotangents: F.fromData(cotangent, y.shape), createGraph });
  return found.map((gradient, i) => gradient ?? F.zeros((inputs[i] as F.Tensor).shape));
}

const read = async (tensor: F.Tensor): Promise<Float32Array> => (await tensor.data()) as Float32Array;

/** Tests of every row: first derivatives, and second ones where the row does not say why not. */
export function checkRows(rows: readonly GradientRow[]): void {
  for (const row of rows) {
    const title = row.variant ? `${row.op} (${row.variant})` : row.op;
    const random = createRandom(7);
    const inputs = row.shapes.map((shape, i) => row.values?.(random, shape, i) ?? random.uniform(shape));
    const names = row.shapes.map((shape, i) => `input ${i} [${shape}]`);
    const common = { inputs, names, eps: row.eps ?? 1 / 64, allowZero: row.allowZero ?? false, ...tolerance };

    describe(title, () => {
      test("first derivatives", async () => {
        await checkGradients({
          ...common,
          f: (values) => read(row.call(...variables(row, values))),
          gradients: async (values, cotangent) =>
            Promise.all(gradientsOf(row, variables(row, values), cotangent, false).map(read)),
        });
      });

      if (row.once) return;
      test("second derivatives", async () => {
        const weights = createRandom(11);
        const y = row.call(...variables(row, inputs));
        const cotangent = weights.uniform(y.size);
        // The function whose gradient is checked here: all first gradients, one after another, for a fixed cotangent.
        const first = (variablesOf: F.Tensor[]): F.Tensor =>
          F.concat(
            gradientsOf(row, variablesOf, cotangent, true).map((gradient) => F.reshape(gradient, [-1])),
            0,
          );
        await checkGradients({
          ...common,
          // The first derivative of a multilinear op is linear in each input, so the same width is exact again.
          f: (values) => read(first(variables(row, values))),
          gradients: async (values, direction) => {
            const leaves = variables(row, values);
            const found = F.gradients(first(leaves), leaves, { cotangents: F.fromData(direction, [direction.length]) });
            return Promise.all(
              found.map((gradient, i) =>
                gradient ? read(gradient) : new Float32Array((inputs[i] as Float32Array).length),
              ),
            );
          },
        });
      });
    });
  }
}
