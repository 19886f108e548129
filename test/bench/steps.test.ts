// The dialects' steps in turn.
import { startDevice } from "@facet/autograd";
import { expect, test } from "vitest";
import { timeStepsInTurn } from "../../benchmarks/src/steps_in_turn.js";

await startDevice();

test("every dialect has as many steps as asked, and one that ends does not hold up the others", async () => {
  const timings = await timeStepsInTurn(["keras", "torch.compile", "jax.disable_jit"], 2, 3);
  expect([...timings.keys()]).toEqual(["keras", "torch.compile", "jax.disable_jit"]);
  for (const { samples, medianMs, lowMs, highMs } of timings.values()) {
    expect(samples).toBe(3);
    expect(lowMs).toBeGreaterThan(0);
    expect(lowMs <= medianMs && medianMs <= highMs).toBe(true);
  }
});
