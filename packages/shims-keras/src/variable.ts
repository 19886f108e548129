import {
  add,
  type Tensor as CoreTensor,
  cast,
  copyTensor,
  encode,
  formatShape,
  observe,
  refuseInCapture,
  ShapeError,
  scope,
  sizeOf,
  sub,
  unscoped,
  variable,
} from "@facet/autograd";
import { type Args, arrayText, bool, Kind, only, type Printable, signature } from "@facet/dialect";
import { type Makes, withoutNew } from "./callable.js";
import { automaticName } from "./config.js";
import { type InitializerArgument, initializerKind, resolve } from "./initializers.js";
import { array, knownShape, nameKind } from "./kinds.js";
import { type HostArray, hostData, NdArray } from "./ndarray.js";
import { asTensor, pythonShape, Tensor, type TensorLike, text } from "./tensor.js";

const readAssign = signature("keras.Variable.assign", { value: array });
const readAssignAdd = signature("keras.Variable.assign_add", { value: array });
const readAssignSub = signature("keras.Variable.assign_sub", { value: array });

/** A weight: a device array that lives as long as its layer, and that training changes in place. */
export class VariableBase extends Tensor {
  /** The role in the layer: kernel, bias. */
  readonly name: string;
  /** Layer and role: conv2d/kernel. */
  readonly path: string;
  readonly #own: { trainable: boolean };

  constructor(make: () => CoreTensor, name: string | null, layer: string | null, trainable: boolean) {
    super(variable(unscoped(make)));
    this.name = name ?? automaticName("Variable");
    this.path = layer === null ? this.name : `${layer}/${this.name}`;
    this.#own = observe({ trainable });
  }

  /** Whether training changes it; may be set between steps. */
  get trainable(): boolean {
    return this.#own.trainable;
  }

  set trainable(trainable: boolean) {
    this.#own.trainable = trainable;
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
  assign(...args: [value: TensorLike]): void {
    const { value } = readAssign(args);
    const shape = value instanceof Tensor ? value.shape : hostShape(value, this.shape);
    if (`${shape}` !== `${this.shape}`) {
      const [expected, given] = [formatShape(this.shape), formatShape(shape)];
      throw new ShapeError({ op: "assign", argument: this.path, expected, given });
    }
    const { storage } = this.core;
    if (value instanceof Tensor) scope(() => copyTensor(cast(value.core, this.core.dtype), this.core));
    else {
      refuseInCapture("assign", "a tensor: values of the host are there once");
      storage.device.queue.write(this.core.view, encode(hostData("assign", value).data, this.core.dtype));
      storage.version += 1;
    }
  }

  /** Adds to the values. */
  assign_add(...args: [value: TensorLike]): void {
    const { value } = readAssignAdd(args);
    scope(() => this.assign(new Tensor(add(this.core, cast(asTensor(value).core, this.core.dtype)))));
  }

  /** Subtracts from the values. */
  assign_sub(...args: [value: TensorLike]): void {
    const { value } = readAssignSub(args);
    scope(() => this.assign(new Tensor(sub(this.core, cast(asTensor(value).core, this.core.dtype)))));
  }
}

/** A typed array has no shape of its own: it takes the weight's when the number of elements is right. */
function hostShape(value: HostArray, wanted: readonly number[]): readonly number[] {
  if (ArrayBuffer.isView(value)) return value.length === sizeOf(wanted) ? wanted : [value.length];
  return value instanceof NdArray ? value.shape : hostData("assign", value).shape;
}

const initial = new Kind<TensorLike | InitializerArgument>(
  "an array, or an initializer with a shape",
  (value) => array.accepts(value) || initializerKind.accepts(value),
);
const readVariable = signature("keras.Variable", {
  initializer: initial,
  shape: knownShape.or(null),
  dtype: only(null, "float32", "int32"),
  trainable: bool.or(true),
  autocast: only(true, false),
  aggregation: only("none", null),
  synchronization: only("auto", null),
  name: nameKind.or(null),
  layout: only(null),
});

export interface VariableArguments {
  initializer: TensorLike | InitializerArgument;
  shape: readonly number[] | null;
  trainable: boolean;
  name: string | null;
}

type VariableConstructor = Makes<
  [initializer: TensorLike | InitializerArgument | Partial<VariableArguments>, ...rest: readonly unknown[]],
  VariableBase
>;

/**
 * `keras.Variable(initializer, { shape, trainable, name })`: values (float32; int32 of integer arrays), or an initializer, by
 * name or as an object, and a shape.
 */
export const Variable = withoutNew(VariableBase, (args) => {
  const { initializer, shape, trainable, name } = readVariable(args);
  return [() => firstValues(initializer, shape), name, null, trainable];
}) as unknown as VariableConstructor;
export type Variable = VariableBase;

/** What `add_variable` of metrics and optimizers takes. */
export type StateArguments = Args<
  [shape: readonly number[], initializer: InitializerArgument],
  { shape: readonly number[]; initializer: InitializerArgument; name: string | null }
>;

/** A variable of the state of a metric or an optimizer. */
export function stateVariable(
  op: string,
  shape: readonly number[],
  initializer: InitializerArgument,
  name: string | null,
): VariableBase {
  const make = resolve(initializer, op, "initializer");
  return new VariableBase(() => make.values(shape), name, null, false);
}

function firstValues(initializer: TensorLike | InitializerArgument, shape: readonly number[] | null): CoreTensor {
  if (!initializerKind.accepts(initializer)) {
    const { core } = asTensor(initializer as TensorLike, "Variable");
    if (shape !== null && `${shape}` !== `${core.shape}`) {
      const [expected, given] = [formatShape(core.shape), formatShape(shape)];
      throw new ShapeError({ op: "Variable", argument: "shape", expected, given });
    }
    return core;
  }
  if (shape !== null) return resolve(initializer as InitializerArgument).values(shape);
  throw new ShapeError({ op: "Variable", argument: "shape", expected: "a shape beside an initializer", given: "none" });
}
