// What a replayed step reads on the host may change between steps: it then does what a step op by op would.
import * as keras from "@facet/shims-keras";
import { createRandom } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { layers, optimizers } = keras;

class Scale extends layers.Layer {
  factor = 2;
  shifts = [0, 1];
  override call(x: keras.Tensor): keras.Tensor {
    return x.mul(this.factor).add(this.shifts[1] as number);
  }
  override compute_output_shape(shape: readonly (number | null)[]): readonly (number | null)[] {
    return shape;
  }
}

type Optimizer = InstanceType<typeof optimizers.Optimizer>;
interface World {
  readonly first: InstanceType<typeof layers.Dense>;
  readonly drop: InstanceType<typeof layers.Dropout>;
  readonly scale: Scale;
  readonly model: InstanceType<typeof keras.Sequential>;
  readonly optimizer: Optimizer;
}
type Change = (world: World) => void;

const x = keras.ndarray(createRandom(1).normal([8, 3]), [8, 3]);
const y = keras.ndarray(createRandom(2).normal([8, 2]), [8, 2]);

/** Losses and weights of batches between which changes are made: the first two before all of them. */
async function train(make: () => Optimizer, changes: readonly Change[], run_eagerly: boolean) {
  keras.utils.set_random_seed(4);
  const [first, drop, scale] = [layers.Dense(4, { activation: "relu" }), layers.Dropout(0.25), new Scale()];
  const model = keras.Sequential([keras.Input({ shape: [3] }), first, drop, scale, layers.Dense(2)]);
  const optimizer = make();
  model.compile({ optimizer, loss: "mse", run_eagerly });
  const world = { first, drop, scale, model, optimizer };
  const losses: unknown[] = [];
  for (const change of [null, ...changes]) {
    change?.(world);
    for (let i = 0; i < 2; i++) losses.push(await model.train_on_batch(x, y));
  }
  return { losses, weights: (await model.get_weights()).map(({ data }) => [...data]) };
}

/** An attribute of what is asked for, with the values it takes one after the other. */
const set = (of: (world: World) => object, name: string, ...values: readonly unknown[]): [string, Change[]] => [
  `${name} ${values.join(", ")}`,
  values.map((value) => (world) => {
    Object.assign(of(world), { [name]: value });
  }),
];
const setting = (name: string, ...values: readonly unknown[]) => set(({ optimizer }) => optimizer, name, ...values);

const common = [setting("learning_rate", 0.01, 0, 0.2), setting("weight_decay", 0.3, 0, null, 0.1)];
const adamSettings = [
  ...common,
  setting("beta_1", 0.5, 0),
  setting("beta_2", 0.5, 0.9),
  setting("epsilon", 1e-2, 0.1),
  setting("amsgrad", true, false, true),
  setting("iterations", 0, 100),
];
const sgd = (): Optimizer => optimizers.SGD({ learning_rate: 0.1 });
const rows: [string, () => Optimizer, [string, Change[]][]][] = [
  ["SGD", sgd, [...common, setting("momentum", 0.9, 0, 0.5)]],
  ["SGD with momentum", () => optimizers.SGD(0.1, { momentum: 0.5 }), [setting("nesterov", true, false)]],
  ["Adam", () => optimizers.Adam(0.1), adamSettings],
  ["AdamW", () => optimizers.AdamW(0.1), adamSettings],
  [
    "a model",
    sgd,
    [
      set(({ drop }) => drop, "rate", 0.5, 0, 0.1),
      set(({ scale }) => scale, "factor", 5, 7, 2),
      set(({ scale }) => scale.shifts, "1", 3, 4),
      set(({ first }) => first, "trainable", false, true),
      set(({ first }) => first.weights[0] as object, "trainable", false, true),
      set(({ first }) => first, "activation", keras.activations.tanh),
    ],
  ],
];

describe("between batches", () => {
  test.each(
    rows.flatMap(([name, make, changes]) => changes.map(([what, list]) => [`${name}: ${what}`, make, list] as const)),
  )("%s", async (_, make, changes) => {
    const eager = await train(make, changes, true);
    expect(await train(make, changes, false)).toEqual(eager);
    // The changes show: without them the run is another.
    const unchanged = changes.map(() => () => {});
    expect(await train(make, unchanged, true)).not.toEqual(eager);
  });
});
