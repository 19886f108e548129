import { ArgumentError, DtypeError, formatShape, ShapeError } from "@facet/autograd";
import { show } from "@facet/dialect";
import { type HostArray, hostData, NdArray } from "../ndarray.js";
import { pythonShape, type Shape, Tensor } from "../tensor.js";

/** One array, or a list of them for a model of several inputs. */
export type InputData = HostArray | readonly NdArray[];
/** A weight for every class, by class index. */
export type ClassWeight = Readonly<Record<number, number>>;

/** Inputs, targets and sample weights of a data set, on the host, first dimensions equal. */
export interface DataSet {
  readonly x: readonly NdArray[];
  readonly y: NdArray | undefined;
  readonly weights: NdArray | undefined;
  readonly count: number;
}

function hostArray(op: string, argument: string, value: unknown): NdArray {
  if (value instanceof NdArray) return value;
  if (value instanceof Tensor) {
    const expected = "data on the host (an NdArray, nested arrays or a typed array)";
    throw new DtypeError({ op, argument, expected, given: "a device tensor: await its numpy()" });
  }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return hostData(op, value);
  throw new ArgumentError({ op, argument, expected: "an NdArray, nested arrays or a typed array", given: show(value) });
}

/** Brings what the user gave into one form. Throws ArgumentError when there is nothing, or the lengths differ. */
export function dataSet(
  op: string,
  x: unknown,
  y: unknown,
  weights: unknown,
  classWeight?: ClassWeight | null,
): DataSet {
  const several = Array.isArray(x) && x.some((part) => part instanceof NdArray);
  const inputs = several ? (x as unknown[]).map((part, i) => hostArray(op, `x[${i}]`, part)) : [hostArray(op, "x", x)];
  const targets = y === undefined || y === null ? undefined : hostArray(op, "y", y);
  const sampleWeights = weights === undefined || weights === null ? undefined : hostArray(op, "sample_weight", weights);
  const count = (inputs[0] as NdArray).length;
  const all: [string, NdArray][] = inputs.map((array) => ["x", array]);
  if (targets) all.push(["y", targets]);
  if (sampleWeights) all.push(["sample_weight", sampleWeights]);
  if (all.some(([, array]) => array.length !== count)) {
    const given = all.map(([name, array]) => `'${name}' sizes: ${array.length}`).join("; ");
    const expected = "arrays that all contain the same number of samples";
    throw new ArgumentError({ op, argument: "data", expected, given });
  }
  if (count === 0) {
    const given = `an empty array of shape ${formatShape((inputs[0] as NdArray).shape)}`;
    throw new ArgumentError({ op, argument: "x", expected: "at least one sample", given });
  }
  if (!classWeight) return { x: inputs, y: targets, weights: sampleWeights, count };
  if (sampleWeights) {
    const expected = "class_weight or sample_weight, not both";
    throw new ArgumentError({ op, argument: "class_weight", expected, given: "both" });
  }
  return { x: inputs, y: targets, weights: weightsOf(op, targets, classWeight), count };
}

function weightsOf(op: string, y: NdArray | undefined, classWeight: ClassWeight): NdArray {
  const sparse = y && (y.ndim === 1 || (y.ndim === 2 && y.shape[1] === 1));
  if (!y || !(sparse || y.ndim === 2)) {
    const expected = "targets of class indices or one-hot rows";
    throw new ArgumentError({ op, argument: "class_weight", expected, given: y ? formatShape(y.shape) : "no targets" });
  }
  const labels = sparse ? y.data : y.argmax().data;
  return new NdArray(
    Float32Array.from(labels, (label) => classWeight[label] ?? 1),
    [y.length],
  );
}

/** The last `share` of the samples apart from the rest, before any shuffling. */
export function splitLast(data: DataSet, share: number): { train: DataSet; validation: DataSet } {
  const at = Math.floor(data.count * (1 - share));
  if (!(share > 0 && share < 1) || at === 0 || at === data.count) {
    const expected = "a number between 0 and 1 that leaves samples on both sides";
    const given = `${share} of ${data.count} samples`;
    throw new ArgumentError({ op: "fit", argument: "validation_split", expected, given });
  }
  const part = (start: number, stop: number): DataSet => ({
    x: data.x.map((array) => array.slice(start, stop)),
    y: data.y?.slice(start, stop),
    weights: data.weights?.slice(start, stop),
    count: stop - start,
  });
  return { train: part(0, at), validation: part(at, data.count) };
}

/** Adds or drops a last dimension of 1 when that gives the rank a model expects, as Keras does. */
export function fitRank(array: NdArray, wanted: Shape | undefined): NdArray {
  if (!wanted) return array;
  if (array.ndim === wanted.length - 1 && wanted.at(-1) === 1) return array.expandDims(-1);
  if (array.ndim === wanted.length + 1 && array.shape.at(-1) === 1) return array.reshape(array.shape.slice(0, -1));
  return array;
}

/** Refuses inputs that are not of the shape the model was made for. */
export function checkInputs(model: string, shapes: readonly (readonly number[])[], wanted: readonly Shape[]): void {
  if (shapes.length !== wanted.length) {
    const expected = `${wanted.length} input${wanted.length === 1 ? "" : "s"}`;
    throw new ArgumentError({ op: model, argument: "x", expected, given: `${shapes.length}` });
  }
  for (const [i, shape] of shapes.entries()) {
    const reference = wanted[i] as Shape;
    const fits =
      shape.length === reference.length && reference.every((extent, axis) => extent === null || extent === shape[axis]);
    if (fits) continue;
    throw new ShapeError({
      op: model,
      argument: `Input ${i} of layer "${model}" is incompatible with the layer`,
      expected: `shape=${pythonShape(reference)}`,
      given: `shape=${pythonShape([null, ...shape.slice(1)])}`,
    });
  }
}
