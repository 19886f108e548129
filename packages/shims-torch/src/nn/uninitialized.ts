// Parameters and buffers whose shape is not known before a layer sees its first input.
import { FacetError, outsideCapture, tensorsOf, unscoped, variable } from "@facet/autograd";
import { type Args, bool, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { ints, placement } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { Tensor } from "../tensor.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";

interface Placed {
  device: Device | string | null;
  dtype: Dtype | null;
}
type MaterializeArgs = Args<
  [shape: readonly number[], device: Device | string | null, dtype: Dtype | null],
  Placed & { shape: readonly number[] }
>;
const materializeRules = { shape: ints, ...placement } as const;

const waiting = new WeakSet<Tensor>();
/** Whether a parameter or buffer has no shape yet. */
export const isUninitialized = (tensor: Tensor): boolean => waiting.has(tensor);

/** Whatever asks for the tensor's shape or values throws until it is made. */
function wait(tensor: Tensor, kind: string): void {
  waiting.add(tensor);
  const get = (): never =>
    complain(
      FacetError,
      `Attempted to use an uninitialized parameter or buffer. Call the module with a batch, which initializes it, before`,
      { op: kind, argument: "self", expected: "a parameter that has a shape", given: "one that has none yet" },
    );
  Object.defineProperty(tensor, "core", { configurable: true, get });
}

/** Gives it a shape, in zeros, and makes it an ordinary one. It lives as long as the layer, whatever is being captured. */
function make(tensor: Tensor, shape: readonly number[], become: object): void {
  const core = outsideCapture(() => unscoped(() => zeros(shape).core.alias()));
  waiting.delete(tensor);
  Object.defineProperty(tensor, "core", { value: core, configurable: true, enumerable: true, writable: true });
  Object.setPrototypeOf(tensor, become);
}

const readParameter = signature("torch.nn.UninitializedParameter", { requires_grad: bool.or(true), ...placement });
const readShape = signature("torch.nn.UninitializedParameter.materialize", materializeRules);
/** A parameter without a shape, of a layer that waits for its first input. All but `materialize` throws. */
export class UninitializedParameter extends Parameter {
  constructor(
    ...args: Args<
      [requires_grad: boolean, device: Device | string | null, dtype: Dtype | null],
      Placed & { requires_grad: boolean }
    >
  ) {
    const { requires_grad, ...place } = readParameter(args);
    placed("UninitializedParameter", place);
    super(null, requires_grad);
    frozen.set(this, !requires_grad);
    wait(this, "UninitializedParameter");
  }
  override [tensorsOf](): [] {
    return [];
  }
  override get requires_grad(): boolean {
    return frozen.get(this) !== true;
  }
  override set requires_grad(on: boolean) {
    frozen.set(this, !on);
  }
  /** Gives it a shape, in zeros: it is an ordinary Parameter from then on. */
  materialize(...args: MaterializeArgs): void {
    const { shape, ...place } = readShape(args);
    placed("materialize", place);
    const tracked = this.requires_grad;
    make(this, shape, Parameter.prototype);
    if (tracked) variable(this.core);
  }
  override toString(): string {
    return "<UninitializedParameter>";
  }
}
const frozen = new WeakMap<Tensor, boolean>();

const readBuffer = signature("torch.nn.UninitializedBuffer", {
  requires_grad: bool.or(false),
  ...placement,
  persistent: bool.or(true),
});
const readBufferShape = signature("torch.nn.UninitializedBuffer.materialize", materializeRules);
/** A buffer without a shape, of a layer that waits for its first input. All but `materialize` throws. */
export class UninitializedBuffer extends Tensor {
  constructor(
    ...args: Args<
      [requires_grad: boolean, device: Device | string | null, dtype: Dtype | null, persistent: boolean],
      Placed & { requires_grad: boolean; persistent: boolean }
    >
  ) {
    const { device, dtype } = readBuffer(args);
    placed("UninitializedBuffer", { device, dtype });
    super(unscoped(() => zeros(0).core.alias()));
    wait(this, "UninitializedBuffer");
  }
  override [tensorsOf](): [] {
    return [];
  }
  /** Gives it a shape, in zeros: it is an ordinary tensor from then on. */
  materialize(...args: MaterializeArgs): void {
    const { shape, ...place } = readBufferShape(args);
    placed("materialize", place);
    make(this, shape, Tensor.prototype);
  }
  override toString(): string {
    return "<UninitializedBuffer>";
  }
}
