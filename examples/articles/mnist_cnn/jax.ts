// Pure functions of parameters, an optimiser triple, the step compiled.
import * as jax from "@facet/shims-jax";
import { alone } from "../alone.js";
import type { Program } from "../run.js";

const { numpy: jnp, random, optax, tree_util } = jax;
const { stax, optimizers } = jax.example_libraries;
type Array = InstanceType<typeof jax.Array>;

const cnn = (mode: "train" | "test") =>
  stax.serial(
    stax.Conv(32, [3, 3]),
    stax.Relu,
    stax.MaxPool([2, 2], [2, 2]),
    stax.Conv(64, [3, 3]),
    stax.Relu,
    stax.MaxPool([2, 2], [2, 2]),
    stax.Flatten,
    stax.Dropout(0.5, mode), // the probability of keeping
    stax.Dense(10),
  );
const [init, apply] = cnn("train");
const [, apply_test] = cnn("test");
const [opt_init, opt_update, get_params] = optimizers.adam(1e-3);

const scaled = (x: Array) => x.astype(jnp.float32).div(255);

const loss = (params: ReturnType<typeof get_params>, x: Array, y: Array, rng: ReturnType<typeof random.key>) =>
  optax.softmax_cross_entropy_with_integer_labels(apply(params, scaled(x), { rng }), y).mean();

export const program: Program = async (run) => {
  const { train, test } = run.data;
  const shape = [train.height, train.width, train.channels];
  const x_train = jnp.array(train.images).reshape([train.count, ...shape]);
  const y_train = jnp.array(train.labels).astype(jnp.int32);
  const x_test = jnp.array(test.images).reshape([test.count, ...shape]);
  const y_test = jnp.array(test.labels).astype(jnp.int32);

  const [init_key, order_key, drop_key] = random.split(random.key(run.seed), 3) as [Key, Key, Key];
  const [, params] = init(init_key, [-1, ...shape]);
  let opt_state = opt_init(params);

  const train_step = jax.jit((i: number, opt_state: ReturnType<typeof opt_init>, x: Array, y: Array) => {
    const [value, grads] = jax.value_and_grad(loss)(get_params(opt_state), x, y, random.fold_in(drop_key, i));
    return [value, opt_update(i, grads, opt_state)] as const;
  });
  const correct = jax.jit((params: ReturnType<typeof get_params>, x: Array, y: Array) =>
    apply_test(params, scaled(x), { rng: drop_key }).argmax(1).equal(y).sum(),
  );

  run.phase("train");
  let i = 0;
  for (let epoch = 0; epoch < run.epochs; epoch++) {
    const order = random.permutation(random.fold_in(order_key, epoch), train.count);
    for (let start = 0; start < train.count; start += 128) {
      const batch = order.slice([start, start + 128]);
      const [value, updated] = train_step(i++, opt_state, x_train.take(batch, 0), y_train.take(batch, 0));
      opt_state = updated;
      await run.step(value);
    }
    await run.epoch();
  }

  run.phase("predict");
  let hits = 0;
  for (let start = 0; start < test.count; start += 128) {
    const batch = jnp.arange(start, Math.min(start + 128, test.count));
    const right = correct(get_params(opt_state), x_test.take(batch, 0), y_test.take(batch, 0));
    hits += Number(await right.item());
  }
  const parameters = tree_util.tree_reduce((sum: number, leaf: Array) => sum + leaf.size, params, 0);
  return { parameters, accuracy: hits / test.count };
};

type Key = ReturnType<typeof random.key>;

await alone(import.meta, program);
