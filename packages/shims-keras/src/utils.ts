// keras.utils.
import { ArgumentError } from "@facet/autograd";
import { show } from "./arguments.js";
import { type HostArray, NdArray, ndarray } from "./ndarray.js";

export { clear_session, set_random_seed } from "./config.js";

/**
 * One-hot rows, float64 as in Keras: class indices [n] (or [n, 1]) to [n, num_classes]. Without num_classes the largest
 * index and one more. Throws ArgumentError on a label that is no class.
 */
export function to_categorical(x: HostArray, num_classes?: number | null): NdArray {
  const labels = ndarray(x);
  const shape = labels.ndim > 1 && labels.shape.at(-1) === 1 ? labels.shape.slice(0, -1) : labels.shape;
  let largest = -1;
  for (const label of labels.data) largest = Math.max(largest, label);
  const classes = num_classes ?? largest + 1;
  if (!Number.isInteger(classes) || classes < 1) {
    const expected = "a positive integer";
    throw new ArgumentError({ op: "to_categorical", argument: "num_classes", expected, given: show(classes) });
  }
  const rows = new Float64Array(labels.size * classes);
  for (let i = 0; i < labels.size; i++) {
    const label = labels.data[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      const expected = `class indices from 0 to ${classes - 1}`;
      throw new ArgumentError({ op: "to_categorical", argument: "x", expected, given: `${label} at ${i}` });
    }
    rows[i * classes + label] = 1;
  }
  return new NdArray(rows, [...shape, classes]);
}
