// keras.datasets: the sets by name, as host arrays.
import "./start.js";
import { type DatasetName, loadDataset } from "@facet/datasets";
import { define, namespace, only, string } from "@facet/dialect";
import { wholeNumber } from "./kinds.js";
import { type NdArray, ndarray } from "./ndarray.js";

/** What Keras has not: only the first images of each part. */
export interface LoadDataOptions {
  limit?: number;
  testLimit?: number;
  directory?: string;
}

type Part = [images: NdArray, labels: NdArray];

/** By keyword only, as what the original has not. */
const options = {
  "*": null,
  limit: wholeNumber.or(null),
  testLimit: wholeNumber.or(null),
  directory: string.or(null),
} as const;

/**
 * `load_data()` resolves to [[x_train, y_train], [x_test, y_test]], uint8 pixels 0 to 255: [n, 28, 28] and [n] for sets of
 * one channel, [n, 32, 32, 3] and [n, 1] for CIFAR-10, as in Keras.
 */
function dataset(name: DatasetName) {
  const load_data: (options?: LoadDataOptions) => Promise<[train: Part, test: Part]> = define(
    `keras.datasets.${name}.load_data`,
    // Where the original keeps its download.
    name === "mnist" ? { path: only("mnist.npz"), ...options } : options,
    async (given) => {
      const asked = Object.fromEntries(
        Object.entries(given).filter(([key, value]) => key in options && value !== null),
      );
      const { train, test } = await loadDataset(name, { ...asked, layout: "NHWC" });
      const parts = [train, test].map(({ images, labels, count, height, width, channels }): Part => {
        const shape = channels === 1 ? [count, height, width] : [count, height, width, channels];
        return [ndarray(images, shape), ndarray(labels, channels === 1 ? [count] : [count, 1])];
      });
      return parts as [Part, Part];
    },
  );
  return namespace(`keras.datasets.${name}`, { load_data });
}

export const mnist = dataset("mnist");
export const fashion_mnist = dataset("fashion_mnist");
export const cifar10 = dataset("cifar10");
/** What Keras has not: generated digits, for programs without files. */
export const digits = dataset("digits");
