// The programs of the articles, by the names that experiments and reports use.
import type { DatasetName } from "@facet/datasets";
import type { Program } from "./run.js";

export type { EpochLogs, Outcome, Phase, Program, Run } from "./run.js";
export { type EpochRecord, type RunProgress, type RunRecord, type RunSettings, record } from "./run_log.js";

export interface ArticleNetwork {
  title: string;
  /** Images it was trained on, which decide how many parameters it has. */
  data: DatasetName;
  /** Weights, with those images. */
  parameters: number;
}

export const articleNetworks = {
  mnist_cnn: { title: "Two convolutions of 3 x 3, dropout, one dense layer", data: "mnist", parameters: 34_826 },
  fashion_5x5: { title: "Two convolutions of 5 x 5, two dense layers", data: "mnist", parameters: 3_274_634 },
  cifar10_cnn: { title: "Two padded convolutions of 3 x 3, two dense layers", data: "cifar10", parameters: 136_874 },
} as const satisfies Record<string, ArticleNetwork>;

export type NetworkName = keyof typeof articleNetworks;

/** `tape` speaks no framework's API: it is written on the core, as TensorFlow's low-level programs are on ops and a tape. */
export type Dialect = "keras" | "torch" | "jax" | "tape";

export interface ArticleProgram {
  network: NetworkName;
  dialect: Dialect;
  /** What tells it from the others of its network. */
  title: string;
  /** File of the program without its extension, below this folder; the Python beside it has the same name. */
  file: string;
  load: () => Promise<Program>;
}

/** Keys are "<network>/<program>". */
export const articlePrograms: Readonly<Record<string, ArticleProgram>> = Object.fromEntries(
  [
    entry("mnist_cnn", "keras_sequential", "Keras, a list of layers", () => import("./mnist_cnn/keras_sequential.js")),
    entry("mnist_cnn", "keras_functional", "Keras, layers called", () => import("./mnist_cnn/keras_functional.js")),
    entry("mnist_cnn", "torch", "PyTorch", () => import("./mnist_cnn/torch.js")),
    entry("mnist_cnn", "tape", "Ops and a tape", () => import("./mnist_cnn/tape.js")),
    entry("mnist_cnn", "jax", "JAX", () => import("./mnist_cnn/jax.js")),
    entry("fashion_5x5", "keras", "Keras", () => import("./fashion_5x5/keras.js")),
    entry("fashion_5x5", "torch", "PyTorch", () => import("./fashion_5x5/torch.js")),
    entry("fashion_5x5", "tape", "Ops and a tape", () => import("./fashion_5x5/tape.js")),
    entry("cifar10_cnn", "keras", "Keras", () => import("./cifar10_cnn/keras.js")),
    entry("cifar10_cnn", "keras_as_printed", "Keras, bytes", () => import("./cifar10_cnn/keras_as_printed.js")),
    entry("cifar10_cnn", "torch", "PyTorch", () => import("./cifar10_cnn/torch.js")),
    entry("cifar10_cnn", "jax", "JAX", () => import("./cifar10_cnn/jax.js")),
    entry("cifar10_cnn", "jax_as_printed", "JAX, epochs for steps", () => import("./cifar10_cnn/jax_as_printed.js")),
  ].map((program) => [program.file, program]),
);

function entry(
  network: NetworkName,
  name: `${Dialect}${"" | `_${string}`}`,
  title: string,
  load: () => Promise<{ program: Program }>,
): ArticleProgram {
  const dialect = name.split("_")[0] as Dialect;
  return { network, dialect, title, file: `${network}/${name}`, load: async () => (await load()).program };
}
