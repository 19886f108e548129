import {
  type Tensor as CoreTensor,
  copyTensor,
  flattenNested,
  formatShape,
  type NestedArray,
  refuseInCapture,
  ShapeError,
  unscoped,
  variable,
} from "@facet/autograd";
import { arrayText, type Printable } from "@facet/dialect";
import { type HostArray, NdArray, ndarray } from "./ndarray.js";
import { pythonShape, Tensor, text, toTensor } from "./tensor.js";

/** A weight: a device array that lives as long as its layer, and that training changes in place. */
export class Variable extends Tensor {
  /** The role in the layer: kernel, bias. */
  readonly name: string;
  /** Layer and role: conv2d/kernel. */
  readonly path: string;
  trainable: boolean;

  /** From values, or a function that makes them (float32). */
  constructor(
    initializer: HostArray | (() => CoreTensor),
    options: { name?: string; path?: string; trainable?: boolean } = {},
  ) {
    super(variable(unscoped(typeof initializer === "function" ? initializer : () => toTensor(initializer).core)));
    this.name = options.name ?? "variable";
    this.path = options.path ?? this.name;
    this.trainable = options.trainable ?? true;
  }

  /** As Keras prints it: `<Variable path=dense/kernel, shape=(2,), dtype=float32, value=[1. 2.]>`. */
  protected override [text](array: Printable): string {
    const { path, shape, dtype } = this;
    return `<Variable path=${path}, shape=${pythonShape(shape)}, dtype=${dtype}, value=${arrayText(array) ?? "..."}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Overwrites the values. Throws ShapeError when the shape is another. */
  assign(value: HostArray | Tensor): void {
    const shape = value instanceof Tensor ? value.shape : hostShape(value, this.shape);
    if (`${shape}` !== `${this.shape}`) {
      const [expected, given] = [formatShape(this.shape), formatShape(shape)];
      throw new ShapeError({ op: "assign", argument: this.path, expected, given });
    }
    const { storage } = this.core;
    if (value instanceof Tensor) copyTensor(value.core, this.core);
    else {
      refuseInCapture("assign", "a tensor: values of the host are there once");
      storage.device.queue.write(this.core.view, Float32Array.from(elements(value)));
    }
    storage.version += 1;
  }
}

/** A typed array has no shape of its own: it takes the weight's when the number of elements is right. */
function hostShape(value: HostArray, wanted: readonly number[]): readonly number[] {
  if (value instanceof NdArray) return value.shape;
  if (ArrayBuffer.isView(value)) {
    const count = wanted.reduce((product, extent) => product * extent, 1);
    return value.length === count ? wanted : [value.length];
  }
  return flattenNested(value as NestedArray).shape;
}

const elements = (value: HostArray): ArrayLike<number> => ndarray(value).data;
