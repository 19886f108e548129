// keras.utils.
import "./start.js";
import { ArgumentError, OutOfMemoryError } from "@facet/autograd";
import { define } from "@facet/dialect";
import { withoutNew } from "./callable.js";
import { clearSession } from "./config.js";
import { hostArray, positive } from "./kinds.js";
import { type HostArray, hostData, NdArray } from "./ndarray.js";
import { PyDatasetBase } from "./training/py_dataset.js";

export { set_random_seed } from "./config.js";
export {
  is_keras_tensor,
  normalize,
  pack_x_y_sample_weight,
  pad_sequences,
  timeseries_dataset_from_array,
  unpack_x_y_sample_weight,
} from "./data_utils.js";
/** Batches by number: see PyDatasetBase. `Sequence` is its older name. */
export const PyDataset = /* @__PURE__ */ withoutNew(PyDatasetBase);
export type PyDataset = PyDatasetBase;
export const Sequence = PyDataset;
export type Sequence = PyDatasetBase;
export const clear_session = clearSession("keras.utils");

/** More elements than a typed array can have. */
const LARGEST = 2 ** 32;

/**
 * One-hot rows, float64 as in Keras: class indices [n] (or [n, 1]) to [n, num_classes]. Without num_classes the largest
 * index and one more. Throws ArgumentError on a label that is no class.
 */
export const to_categorical: (x: HostArray, num_classes?: number | null) => NdArray = define(
  "keras.utils.to_categorical",
  { x: hostArray, num_classes: positive.or(null) },
  ({ x, num_classes }) => {
    const labels = hostData("to_categorical", x);
    const shape = labels.ndim > 1 && labels.shape.at(-1) === 1 ? labels.shape.slice(0, -1) : labels.shape;
    let largest = -1;
    for (const label of labels.data) largest = Math.max(largest, label);
    const classes = num_classes ?? largest + 1;
    for (let i = 0; i < labels.size; i++) {
      const label = labels.data[i] as number;
      if (Number.isInteger(label) && label >= 0 && label < classes) continue;
      const expected = `class indices from 0 to ${classes - 1}`;
      throw new ArgumentError({ op: "to_categorical", argument: "x", expected, given: `${label} at ${i}` });
    }
    if (labels.size * classes > LARGEST)
      throw new OutOfMemoryError({
        op: "to_categorical",
        argument: "num_classes",
        expected: `at most ${LARGEST} elements`,
        given: `${labels.size} rows of ${classes}`,
      });
    const rows = new Float64Array(labels.size * classes);
    for (let i = 0; i < labels.size; i++) rows[i * classes + (labels.data[i] as number)] = 1;
    return new NdArray(rows, [...shape, classes]);
  },
);
