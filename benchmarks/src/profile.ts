import { device } from "@facet/autograd";
import type { ProfileRow } from "@facet/kernels-wgsl";
import * as keras from "@facet/shims-keras";

/** Where the time of one training step goes; all but `share` and the rates per step. */
export interface StepProfile {
  batchSize: number;
  dispatches: number;
  gpuMs: number;
  /** JavaScript's encoding of the dispatches. */
  encodeMs: number;
  wallMs: number;
  kernels: ProfileRow[];
  layers: ProfileRow[];
}

const STEPS = 4;

/** Times every dispatch of the CNN's training steps in Keras' dialect, after as many to warm up. */
export async function profileStep(batchSize: number): Promise<StepProfile> {
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
  model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
  const count = STEPS * batchSize;
  const x = keras.ndarray(
    Float32Array.from({ length: count * 784 }, (_, i) => (i % 97) / 97),
    [count, 28, 28, 1],
  );
  const y = Array.from({ length: count }, (_, i) => i % 10);
  const fit = () => model.fit(x, y, { batch_size: batchSize, epochs: 1, verbose: 0 });
  await fit();
  const { profile } = await device().profile(fit);
  const perStep = (rows: ProfileRow[]): ProfileRow[] =>
    rows.map((row) => ({ ...row, count: row.count / STEPS, gpuMs: row.gpuMs / STEPS }));
  return {
    batchSize,
    dispatches: profile.dispatches.length / STEPS,
    gpuMs: profile.gpuMs / STEPS,
    encodeMs: profile.encodeMs / STEPS,
    wallMs: profile.wallMs / STEPS,
    kernels: perStep(profile.by("kernel")),
    layers: perStep(profile.by("layer")),
  };
}
