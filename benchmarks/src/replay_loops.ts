// The CNN's training step as each dialect's users write it, for measuring what a step costs beside its arithmetic.
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import type { DialectName } from "./dialects.js";

/** Told when a step begins and when its JavaScript has ended. */
export interface Meter {
  begin(): Promise<void>;
  end(): void;
}

export type Loop = (steps: number, meter: Meter) => Promise<void>;

/** Images and labels of a batch, always the same. */
interface Batch {
  readonly size: number;
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: number[];
}

const batchOf = (size: number): Batch => ({
  size,
  images: Float32Array.from({ length: size * 784 }, (_, i) => (i % 97) / 97),
  labels: Array.from({ length: size }, (_, i) => i % 10),
});

const kerasLoop =
  (captured: boolean, { size, images, labels }: Batch): Loop =>
  async (steps, meter) => {
    const { layers } = keras;
    const model = keras.Sequential([
      keras.Input({ shape: [28, 28, 1] }),
      layers.Conv2D(32, 3, { activation: "relu" }),
      layers.MaxPooling2D(),
      layers.Conv2D(64, 3, { activation: "relu" }),
      layers.MaxPooling2D(),
      layers.Flatten(),
      layers.Dropout(0.5),
      layers.Dense(10, { activation: "softmax" }),
    ]);
    model.compile({
      optimizer: "adam",
      loss: "sparse_categorical_crossentropy",
      metrics: ["accuracy"],
      run_eagerly: !captured,
    });
    const repeated = new Float32Array(steps * images.length);
    for (let i = 0; i < steps; i++) repeated.set(images, i * images.length);
    const callbacks = keras.callbacks.LambdaCallback({
      on_train_batch_begin: () => meter.begin(),
      on_train_batch_end: () => meter.end(),
    });
    const y = Array.from({ length: steps }, () => labels).flat();
    await model.fit(keras.ndarray(repeated, [steps * size, 28, 28, 1]), y, {
      batch_size: size,
      callbacks: [callbacks],
      verbose: 0,
    });
  };

const torchLoop =
  (compiled: boolean, { size, images, labels }: Batch): Loop =>
  async (steps, meter) => {
    const { nn } = torch;
    const net = new nn.Sequential(
      new nn.Conv2d(1, 32, 3),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(32, 64, 3),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Dropout(0.5),
      new nn.Linear(1600, 10),
    );
    const criterion = new nn.CrossEntropyLoss();
    const optimizer = new torch.optim.Adam(net.parameters());
    const [x, y] = [torch.tensor(images).view(size, 1, 28, 28), torch.tensor(labels)];
    const step = (x: torch.Tensor, y: torch.Tensor): torch.Tensor => {
      optimizer.zero_grad();
      const loss = criterion(net(x), y);
      loss.backward();
      optimizer.step();
      return loss.detach();
    };
    const train = compiled ? torch.compile(step) : step;
    for (let i = 0; i < steps; i++) {
      await meter.begin();
      train(x, y);
      meter.end();
    }
  };

const jaxLoop =
  (captured: boolean, { size, images, labels }: Batch): Loop =>
  async (steps, meter) => {
    const { numpy: jnp, random, optax } = jax;
    const { stax, optimizers } = jax.example_libraries;
    type Array = InstanceType<typeof jax.Array>;
    const [init, apply] = stax.serial(
      stax.Conv(32, [3, 3]),
      stax.Relu,
      stax.MaxPool([2, 2], [2, 2]),
      stax.Conv(64, [3, 3]),
      stax.Relu,
      stax.MaxPool([2, 2], [2, 2]),
      stax.Flatten,
      stax.Dropout(0.5),
      stax.Dense(10),
    );
    const key = random.key(0);
    const [, params] = init(key, [-1, 28, 28, 1]);
    const [opt_init, opt_update, get_params] = optimizers.adam(1e-3);
    const loss = (params: ReturnType<typeof get_params>, x: Array, y: Array, rng: ReturnType<typeof random.key>) =>
      optax.softmax_cross_entropy_with_integer_labels(apply(params, x, { rng }), y).mean();
    const train = jax.jit(
      (i: number, state: ReturnType<typeof opt_init>, x: Array, y: Array) => {
        const [value, grads] = jax.value_and_grad(loss)(get_params(state), x, y, random.fold_in(key, i));
        return [value, opt_update(i, grads, state)] as const;
      },
      { donate_argnums: [1] },
    );
    const [x, y] = [jnp.array(images).reshape([size, 28, 28, 1]), jnp.array(Int32Array.from(labels))];
    let state = opt_init(params);
    for (let i = 0; i < steps; i++) {
      await meter.begin();
      state = (captured ? train(i, state, x, y) : jax.disable_jit(() => train(i, state, x, y)))[1];
      meter.end();
    }
  };

/** The loop of every dialect, on batches of `size` images. */
export function loops(size: number): Record<DialectName, Loop> {
  const batch = batchOf(size);
  return {
    keras: kerasLoop(true, batch),
    "keras.run_eagerly": kerasLoop(false, batch),
    "torch.compile": torchLoop(true, batch),
    torch: torchLoop(false, batch),
    jax: jaxLoop(true, batch),
    "jax.disable_jit": jaxLoop(false, batch),
  };
}
