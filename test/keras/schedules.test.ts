// Learning rates that follow the step, and random numbers that follow their seed.
import * as keras from "@facet/shims-keras";
import { expect, test } from "vitest";

const { ops, optimizers, random } = keras;
const values = async (x: keras.Tensor): Promise<number[]> => [...(await x.numpy()).data];

test("an optimizer asks its schedule in every step", async () => {
  const schedule = optimizers.schedules.PiecewiseConstantDecay([0, 2], [1, 0.5, 0.25]);
  const sgd = optimizers.SGD({ learning_rate: schedule });
  const w = keras.Variable([0]);
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    seen.push(sgd.learning_rate);
    sgd.apply([ops.ones([1])], [w]);
  }
  expect(seen).toEqual([1, 0.5, 0.5, 0.25]);
  expect(await values(w)).toEqual([-2.25]);
});

test("fit replays its step with the schedule's rates", async () => {
  class Halving extends optimizers.schedules.LearningRateSchedule {
    override __call__(step: number): number {
      return 0.5 ** step;
    }
  }
  const model = keras.Sequential([
    keras.Input({ shape: [1] }),
    keras.layers.Dense(1, { use_bias: false, kernel_initializer: "zeros" }),
  ]);
  // The gradient of the mean of -(y_pred) is -1, so that weights are the sums of the rates.
  const loss = (_wanted: keras.Tensor, predicted: keras.Tensor): keras.Tensor => ops.negative(predicted);
  model.compile({ optimizer: optimizers.SGD(new Halving()), loss });
  await model.fit(keras.ndarray([1, 1, 1], [3, 1]), keras.ndarray([0, 0, 0], [3, 1]), {
    batch_size: 1,
    epochs: 1,
    verbose: 0,
  });
  expect((await model.get_weights())[0]?.data[0]).toBe(1.75);
});

test("a schedule is made of its configuration again", () => {
  const made = optimizers.schedules.CosineDecay(0.1, 100, { warmup_target: 1, warmup_steps: 10 });
  const again = optimizers.schedules.deserialize(optimizers.schedules.serialize(made) as never);
  expect([0, 5, 10, 60, 200].map((step) => again(step))).toEqual([0, 5, 10, 60, 200].map((step) => made(step)));
  expect(() => optimizers.SGD({ learning_rate: "cosine" as never })).toThrow(/learning_rate/);
  expect(() => optimizers.schedules.PiecewiseConstantDecay([1, 2], [1, 2])).toThrow(/PiecewiseConstantDecay: values/);
});

test("a number seeds the same again, a generator goes on", async () => {
  const draw = (seed: number | InstanceType<typeof random.SeedGenerator>): Promise<number[]> =>
    values(random.normal([3], { seed }));
  expect(await draw(1)).toEqual(await draw(1));
  const [one, other] = [random.SeedGenerator(1), random.SeedGenerator(1)];
  const first = await draw(one);
  expect(await draw(other)).toEqual(first);
  expect(await draw(one)).not.toEqual(first);
  const x = ops.ones([4, 50]);
  const dropped = await values(random.dropout(x, 0.5, [4, 1], 3));
  for (let row = 0; row < 4; row++)
    expect(new Set(dropped.slice(50 * row, 50 * row + 50)).size, "a row stays whole").toBe(1);
  expect((await values(random.shuffle(ops.arange(9), { seed: 1 }))).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(random.categorical(ops.zeros([2, 3]), 5, { seed: 1 }).shape).toEqual([2, 5]);
});
