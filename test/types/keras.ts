// What must compile of the Keras dialect and what must not: read by the compiler when types are checked, never run.
import * as keras from "@facet/shims-keras";

const { layers } = keras;

// Options and names are literal.
layers.Dense(3, { activation: "relu" });
// @ts-expect-error a misspelt activation
layers.Dense(3, { activation: "rleu" });
// @ts-expect-error a misspelt keyword
layers.Dense(3, { activaton: "relu" });
// @ts-expect-error units are a number
layers.Dense("3");
// @ts-expect-error a misspelt initializer
layers.Dense(3, { kernel_initializer: "he_norml" });
layers.Conv2D(3, 3, { padding: "same", data_format: "channels_last" });
// @ts-expect-error a misspelt padding
layers.Conv2D(3, 3, { padding: "smae" });
// @ts-expect-error a misspelt layout
layers.Conv2D(3, 3, { data_format: "channel_last" });
// @ts-expect-error a misspelt interpolation
layers.UpSampling2D({ interpolation: "biliner" });
// @ts-expect-error a misspelt keyword
keras.optimizers.Adam({ learningrate: 0.1 });
// @ts-expect-error no such reduction
keras.losses.MeanSquaredError({ reduction: "avg" });
// @ts-expect-error a name that is absent
layers.Dens(3);

// A layer called on a symbolic tensor gives one, on a tensor a tensor.
const inputs = keras.Input({ shape: [4] });
const outputs: keras.KerasTensor = layers.Dense(3)(inputs);
declare const x: keras.Tensor;
const y: keras.Tensor = layers.Dense(3)(x);
// @ts-expect-error symbolic, without values
const z: keras.Tensor = layers.Dense(3)(inputs);

const model = keras.Model({ inputs, outputs });
model.compile({ optimizer: "adam", loss: "mse", metrics: ["accuracy"] });
// @ts-expect-error a misspelt optimizer
model.compile({ optimizer: "adma", loss: "mse" });
// @ts-expect-error a misspelt loss
model.compile({ optimizer: "adam", loss: "mes" });
// @ts-expect-error a misspelt keyword
model.compile({ optimzer: "adam", loss: "mse" });
declare const data: keras.NdArray;
const history = await model.fit(data, data, { epochs: 1 });
const losses: readonly number[] | undefined = history.history.loss;
// @ts-expect-error lists of numbers
const text: string = history.history.loss;
// @ts-expect-error a misspelt keyword
await model.fit(data, data, { epoch: 1 });

void [outputs, y, z, losses, text];
