// The three CNN programs: told to denote the same arithmetic, they give the same losses to the last bit.
import { loadDataset } from "@facet/datasets";
import { beforeAll, describe, expect, test } from "vitest";
import { runJax } from "../../examples/src/jax_cnn.js";
import { runKeras } from "../../examples/src/keras_cnn.js";
import type { TrainResult } from "../../examples/src/options.js";
import { runTorch } from "../../examples/src/torch_cnn.js";

const PROGRAMS = { keras: runKeras, torch: runTorch, jax: runJax };
type Dialect = keyof typeof PROGRAMS;

/** 300 images in batches of 32: nine whole ones and one of 12, twice. */
async function runAll(align: boolean, plan?: (dialect: string) => boolean): Promise<Record<Dialect, TrainResult>> {
  const data = await loadDataset("digits", { limit: 300, testLimit: 100 });
  const results: Partial<Record<Dialect, TrainResult>> = {};
  for (const [dialect, run] of Object.entries(PROGRAMS))
    results[dialect as Dialect] = await run({ data, epochs: 2, batchSize: 32, seed: 7, align, plan: plan?.(dialect) });
  return results as Record<Dialect, TrainResult>;
}

describe.each([
  ["aligned", true],
  ["each with its own defaults", false],
] as const)("%s", (_name, align) => {
  let results: Record<Dialect, TrainResult>;
  beforeAll(async () => {
    results = await runAll(align);
  });

  test("every program has the article's 34 826 parameters and counts every step", () => {
    for (const { parameters, losses, stepMs, epochSeconds } of Object.values(results)) {
      expect(parameters).toBe(34826);
      expect([losses.length, stepMs.length, epochSeconds.length]).toEqual([20, 20, 2]);
      for (const loss of losses) expect(loss).toBeGreaterThan(0);
    }
  });

  test(align ? "losses are bitwise equal over all steps" : "losses differ between the dialects", () => {
    const { keras, torch, jax } = results;
    if (align) {
      expect(torch.losses).toEqual(jax.losses);
      expect(keras.losses).toEqual(jax.losses);
      // Keras' metrics are float32.
      const accuracies = [keras, torch, jax].map(({ testAccuracy }) => Math.fround(testAccuracy));
      expect(new Set(accuracies).size).toBe(1);
    } else {
      expect(torch.losses).not.toEqual(jax.losses);
      expect(keras.losses).not.toEqual(jax.losses);
      expect(keras.losses).not.toEqual(torch.losses);
    }
  });

  test("the other way, as a replayed plan or op by op, gives the same losses and accuracy to the last bit", async () => {
    // Keras and JAX replay plans unless told not to, PyTorch the other way round.
    const other = await runAll(align, (dialect) => dialect === "torch");
    for (const [dialect, { losses, testAccuracy }] of Object.entries(other)) {
      const habit = results[dialect as Dialect];
      expect([dialect, testAccuracy, losses]).toEqual([dialect, habit.testAccuracy, habit.losses]);
    }
  });

  test("losses fall", () => {
    for (const { losses } of Object.values(results)) {
      const mean = (part: number[]) => part.reduce((sum, loss) => sum + loss) / part.length;
      expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)));
    }
  });
});
