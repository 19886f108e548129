// Mistakes of the kind that people make, planted into the programs of the first network by edits of their text.

import type { Dialect } from "@facet/examples/articles";

/** The programs that mistakes are planted into: the network that is written in every dialect. */
export const mistaken = ["keras_sequential", "keras_functional", "torch", "tape", "jax"] as const;
export type MistakenProgram = (typeof mistaken)[number];

/** `find` occurs once in the program, or the edit is refused. */
export interface Edit {
  find: string;
  put: string;
}

/** Why a program has nothing with which the mistake could be made. */
export interface NotExpressible {
  because: string;
}

export type Plant = readonly Edit[] | NotExpressible;

export interface Mistake {
  id: string;
  title: string;
  /** By dialect: the two Keras programs have the same text wherever a mistake is planted. */
  plant: Record<Dialect, Plant>;
}

const edit = (find: string, put: string): readonly Edit[] => [{ find, put }];
const no = (because: string): NotExpressible => ({ because });

const FIT = no("fit does it");
const NO_KEEPING = no("gradients are values of a step");

export const mistakes: readonly Mistake[] = [
  {
    id: "option",
    title: "an option is misspelt",
    plant: {
      keras: edit("layers.Conv2D(64, { kernel_size:", "layers.Conv2D(64, { kernal_size:"),
      torch: edit("shuffle: true", "shufle: true"),
      tape: edit("{ bias: b }", "{ bais: b }"),
      jax: edit("apply(params, scaled(x), { rng })", "apply(params, scaled(x), { rgn: rng })"),
    },
  },
  {
    id: "option-in-constant",
    title: "an option is misspelt, in options kept in a variable",
    plant: {
      keras: [
        ...edit(
          "const { layers } = keras;",
          'const { layers } = keras;\nconst options = { kernal_size: [3, 3], activation: "relu", padding: "valid" } as const;',
        ),
        ...edit('layers.Conv2D(64, { kernel_size: [3, 3], activation: "relu" })', "layers.Conv2D(64, options)"),
      ],
      torch: [
        ...edit("const train_loader =", "const options = { batch_size: 128, shufle: true };\n  const train_loader ="),
        ...edit("{ batch_size: 128, shuffle: true }", "options"),
      ],
      tape: edit(
        "return facet.matmul(x, w!, { bias: b });",
        "const options = { bais: b };\n  return facet.matmul(x, w!, options);",
      ),
      jax: [
        ...edit("const correct =", "const options = { rgn: drop_key };\n  const correct ="),
        ...edit("{ rng: drop_key }", "options"),
      ],
    },
  },
  {
    id: "other-framework",
    title: "an option has another framework's name",
    plant: {
      keras: edit('optimizer: "adam"', "optimizer: keras.optimizers.Adam({ lr: 1e-3 })"),
      torch: edit("optim.Adam(net.parameters())", "optim.Adam(net.parameters(), { learning_rate: 1e-3 })"),
      tape: edit("{ lr: 1e-3,", "{ learning_rate: 1e-3,"),
      jax: no("the learning rate has no name"),
    },
  },
  {
    id: "method",
    title: "a method is misspelt",
    plant: {
      keras: edit("model.compile(", "model.complie("),
      torch: edit("loss.backward()", "loss.backwards()"),
      tape: edit("facet.gradients(", "facet.gradient("),
      jax: edit("jax.value_and_grad(", "jax.value_and_grads("),
    },
  },
  {
    id: "choice",
    title: "a choice by name is misspelt",
    plant: {
      keras: edit('"categorical_crossentropy"', '"categorical_cross_entropy"'),
      torch: edit("new nn.CrossEntropyLoss()", 'new nn.CrossEntropyLoss({ reduction: "avg" })'),
      tape: edit('reduction: "mean"', 'reduction: "avg"'),
      jax: edit("stax.Conv(64, [3, 3])", 'stax.Conv(64, [3, 3], [1, 1], "valid")'),
    },
  },
  {
    id: "type",
    title: "a number is given as text",
    plant: {
      keras: edit("layers.Dropout(0.5)", 'layers.Dropout("0.5")'),
      torch: edit("nn.Dropout(0.5)", 'nn.Dropout("0.5")'),
      tape: edit("facet.dropout(x, 0.5,", 'facet.dropout(x, "0.5",'),
      jax: edit("stax.Dropout(0.5,", 'stax.Dropout("0.5",'),
    },
  },
  {
    id: "few",
    title: "an argument is left out",
    plant: {
      keras: edit("layers.Dense(10, {", "layers.Dense({"),
      torch: edit("new nn.Conv2d(32, 64, 3)", "new nn.Conv2d(32, 64)"),
      tape: edit("facet.gradients(loss, weights)", "facet.gradients(loss)"),
      jax: edit("stax.Conv(32, [3, 3])", "stax.Conv(32)"),
    },
  },
  {
    id: "many",
    title: "an argument too many",
    plant: {
      keras: edit("layers.Flatten()", "layers.Flatten({}, 1)"),
      torch: edit("optimizer.zero_grad()", "optimizer.zero_grad(true, true)"),
      tape: edit("facet.argmax(logits, 1)", "facet.argmax(logits, 1, 1)"),
      jax: edit(".argmax(1)", ".argmax(1, true, true, true)"),
    },
  },
  {
    id: "percent",
    title: "dropout in percent",
    plant: {
      keras: edit("layers.Dropout(0.5)", "layers.Dropout(50)"),
      torch: edit("nn.Dropout(0.5)", "nn.Dropout(50)"),
      tape: edit("facet.dropout(x, 0.5,", "facet.dropout(x, 50,"),
      jax: edit("stax.Dropout(0.5,", "stax.Dropout(50,"),
    },
  },
  {
    id: "units",
    title: "the dense layer expects one feature more",
    plant: {
      keras: no("the layer finds out"),
      torch: edit("new nn.Linear(64 *", "new nn.Linear(1 + 64 *"),
      tape: edit("const features = 64 *", "const features = 1 + 64 *"),
      jax: no("the layer finds out"),
    },
  },
  {
    id: "channels",
    title: "channels come first in the shape, and last in the images",
    plant: {
      keras: edit("keras.Input({ shape: input_shape })", "keras.Input({ shape: [1, 28, 28] })"),
      torch: no("the data set has a layout"),
      tape: edit("[count, height, width, channels]", "[count, channels, height, width]"),
      jax: edit("[train.height, train.width, train.channels]", "[train.channels, train.height, train.width]"),
    },
  },
  {
    id: "one-hot",
    title: "one-hot labels for a loss of indices",
    plant: {
      keras: edit('"categorical_crossentropy"', '"sparse_categorical_crossentropy"'),
      torch: edit("criterion(net(x), y)", "criterion(net(x), nn.functional.one_hot(y, 10))"),
      tape: edit(
        "crossEntropy(network(weights, x, key), y)",
        "crossEntropy(network(weights, x, key), facet.oneHot(y, 10))",
      ),
      jax: edit("{ rng }), y)", "{ rng }), jax.nn.one_hot(y, 10))"),
    },
  },
  {
    id: "dtype",
    title: "labels are floats",
    plant: {
      keras: no("labels are taken as numbers"),
      torch: edit("criterion(net(x), y)", "criterion(net(x), y.float())"),
      tape: edit(
        'facet.fromData(labels, [count], "int32")',
        'facet.fromData(Float32Array.from(labels), [count], "float32")',
      ),
      jax: edit("jnp.array(train.labels).astype(jnp.int32)", "jnp.array(train.labels).astype(jnp.float32)"),
    },
  },
  {
    id: "other-labels",
    title: "the test images' labels for the training images",
    plant: {
      keras: edit("keras.utils.to_categorical(train.labels, 10)", "keras.utils.to_categorical(test.labels, 10)"),
      torch: edit("new datasets.VisionDataset(train,", "new datasets.VisionDataset({ ...train, labels: test.labels },"),
      tape: edit("batches(train)", "batches({ ...train, labels: test.labels })"),
      jax: edit("jnp.array(train.labels)", "jnp.array(test.labels)"),
    },
  },
  {
    id: "bytes",
    title: "training images are not brought to [0, 1]",
    plant: {
      keras: edit(
        '(train.images, [train.count, ...input_shape])\n    .astype("float32")\n    .div(255);',
        '(train.images, [train.count, ...input_shape])\n    .astype("float32");',
      ),
      torch: edit("new datasets.VisionDataset(train, { transform })", "new datasets.VisionDataset(train)"),
      tape: edit("facet.u8ToF32(facet.gather(x, index))", 'facet.cast(facet.gather(x, index), "float32")'),
      jax: edit("x.astype(jnp.float32).div(255)", "x.astype(jnp.float32)"),
    },
  },
  {
    id: "softmax",
    title: "the loss takes logits and gets probabilities, or the reverse",
    plant: {
      keras: edit('layers.Dense(10, { activation: "softmax" })', "layers.Dense(10)"),
      torch: edit("return this.out(x);", "return this.out(x).softmax(1);"),
      tape: edit("return facet.matmul(x, w!, { bias: b });", "return facet.softmax(facet.matmul(x, w!, { bias: b }));"),
      jax: edit("stax.Dense(10),", "stax.Dense(10), stax.Softmax,"),
    },
  },
  {
    id: "model",
    title: "the optimiser gets the network instead of its weights",
    plant: {
      keras: no("it gets the network"),
      torch: edit("optim.Adam(net.parameters())", "optim.Adam(net)"),
      tape: edit("new facet.FlatOptimizer(facet.adam, weights,", "new facet.FlatOptimizer(facet.adam, network,"),
      jax: edit("opt_init(params);", "opt_init(apply);"),
    },
  },
  {
    id: "zero",
    title: "gradients are not set to zero",
    plant: { keras: FIT, torch: edit("optimizer.zero_grad();", ""), tape: NO_KEEPING, jax: NO_KEEPING },
  },
  {
    id: "step",
    title: "the optimiser's step is forgotten",
    plant: {
      keras: FIT,
      torch: edit("optimizer.step();", ""),
      tape: edit("optimizer.step(facet.gradients(loss, weights));", "facet.gradients(loss, weights);"),
      jax: edit("opt_state = updated;", ""),
    },
  },
  {
    id: "train",
    title: "training without training mode",
    plant: {
      keras: FIT,
      torch: edit("net.train();", ""),
      tape: edit("network(weights, x, key)", "network(weights, x)"),
      jax: edit('cnn("train")', 'cnn("test")'),
    },
  },
  {
    id: "eval",
    title: "testing in training mode",
    plant: {
      keras: FIT,
      torch: edit("net.eval();", ""),
      tape: edit("facet.noGrad(() => network(weights, x))", "facet.noGrad(() => network(weights, x, dropout_key))"),
      jax: edit("apply_test(params, scaled(x)", "apply(params, scaled(x)"),
    },
  },
  {
    id: "key",
    title: "every step draws with the same key",
    plant: {
      keras: FIT,
      torch: no("a generator is drawn from"),
      tape: edit("facet.foldIn(dropout_key!, step++)", "dropout_key!"),
      jax: edit("random.fold_in(drop_key, i));", "drop_key);"),
    },
  },
  {
    id: "await",
    title: "await is forgotten where a result is read",
    plant: {
      keras: edit("await model.evaluate(", "model.evaluate("),
      torch: edit("await predicted.eq(y).sum().item()", "predicted.eq(y).sum().item()"),
      tape: edit("await hits.item()", "hits.item()"),
      jax: edit("Number(await right.item())", "Number(right.item())"),
    },
  },
  {
    id: "await-training",
    title: "await is forgotten where the program trains",
    plant: {
      keras: edit("await model.fit(", "model.fit("),
      torch: edit("for await (const [x, y] of train_loader)", "for (const [x, y] of train_loader)"),
      tape: no("a step needs none"),
      jax: no("a step needs none"),
    },
  },
];
