import type { Exceptions } from "./exceptions.js";

const byPosition = (names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, "by position too, one of the original's *args"]));

export const kerasExceptions: Exceptions = {
  internal: [
    [/\.(build|call|compute_mask|compute_output_shape|result_shape)$/, "hooks that users define and layers call"],
    [/^keras\.layers\.\w+\.(configuration|step|shapesToBuild)$/, "machinery of layers and of the cells in them"],
    [
      /\.(invoke|specs|outputDtype|weightOf|ensureBuilt|resolveMetrics)$/,
      "machinery of calls on placeholders and of steps",
    ],
    [/\.(update_step|settings)$/, "between the base of the optimizers and each of them, or the program's own"],
    [/^keras\.(metrics\.)?Metric\.(update_state|result)$/, "hooks that users define"],
    [/^keras\.(initializers\.)?Initializer\.values$/, "between weights and their initializers"],
    [/SeedGenerator\.(next|draw)$/, "between sources of seeds and what draws"],
    [/schedules\.\w+\.(rateAt|get_config)$/, "between optimizers and schedules; a hook that users define"],
    [/\.toJSON$/, "called by JSON.stringify"],
    [
      /^keras\.(layers\.)?Layer\.(expectRank|expectAxis|knownExtent|ensureBuilt|run|connect|addNode|configuration|shapesToBuild)$/,
      "machinery of layers",
    ],
    [/^keras\.(Model|Sequential|models\.\w+)\.(setGraph|runAll|connect)$/, "machinery of models"],
    [/\.mask$/, "machinery of losses"],
    [/^keras\.(Optimizer|optimizers\.\w+)\.(make|update)$/, "between the base of the optimizers and each of them"],
    [/^keras\.callbacks\.\w+\.(on_|set_)/, "hooks that users define and training calls"],
    [/^keras\.utils\.(PyDataset|Sequence)\.on_/, "hooks that users define and training calls"],
  ],
  ours: [
    [/^keras\.(NdArray|ndarray|Tensor)\b/, "stand for NumPy's array, np.array and the backend's tensor"],
    [
      /^keras\.KerasTensor\.\w+$/,
      "stand for the operators of placeholders; reshape is a method of the original's object",
    ],
    [
      /^keras\.layers\.\w+\.(reset_states?|get_initial_state|adapt|get_vocabulary|vocabulary_size|set_vocabulary)$/,
      "the original's too: of its layers the list of signatures has the members of Layer alone",
    ],
    [/^keras\.datasets\.digits\b/, "generated digits, for programs without files"],
    [/^keras\.facet\./, "what programs take from their backend"],
  ],
  differences: {
    "keras.layers.*": {
      input_shape: "one of the original's **kwargs",
      input_dim: "one of the original's **kwargs",
      batch_size: "one of the original's **kwargs",
      rank: "how the original's base is told of its dimensions",
      pool_dimensions: "how the original's base is told of its dimensions",
      implementation: "one of the original's **kwargs",
      vocabulary_dtype: "how the original's base is told what it holds",
      vocabulary_size: "one of the original's **kwargs",
      cell: "how the original's base is told of its cell",
      pool_mode: "how the original's base is told what it is",
    },
    "keras.layers.Layer.add_weight": byPosition(["args", "shape", "initializer", "dtype"]),
    "keras.optimizers.Optimizer": byPosition([
      ...["args", "learning_rate", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema"],
      ...["ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name"],
    ]),
    "keras.layers.LayerNormalization": { rms_scaling: "one of the original's **kwargs" },
    "keras.Model": { args: "what a class of the program's own takes is its own affair" },
    "keras.callbacks.LambdaCallback": {
      on_batch_begin: "one of the original's **kwargs",
      on_batch_end: "one of the original's **kwargs",
      on_test_begin: "one of the original's **kwargs",
      on_test_end: "one of the original's **kwargs",
      on_test_batch_begin: "one of the original's **kwargs",
      on_test_batch_end: "one of the original's **kwargs",
      on_predict_begin: "one of the original's **kwargs",
      on_predict_end: "one of the original's **kwargs",
      on_predict_batch_begin: "one of the original's **kwargs",
      on_predict_batch_end: "one of the original's **kwargs",
    },
    "keras.ops.layer_normalization": { rms_scaling: "one of the original's **kwargs" },
    "keras.datasets.*": {
      limit: "ours: only the first images of each part",
      testLimit: "ours: only the first images of each part",
      directory: "ours: where the files lie",
    },
  },
};
