// Layers without parameters that are no activations.
import { type Args, bool, int, number, signature } from "@facet/dialect";
import { anything } from "../kinds.js";
import { flatten } from "../ops/shape.js";
import { pythonFloat, pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { dropout, requireProbability } from "./functional_activation.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";

interface DropoutArguments {
  p: number;
  inplace: boolean;
}
const readDropout = signature("torch.nn.Dropout", { p: number.or(0.5), inplace: bool.or(false) });
const dropoutInputs = inputOf("Dropout");

/** In training zeroes elements with probability p (default 0.5) and scales the rest by 1 / (1 - p); else the identity. */
export class Dropout extends Module {
  readonly p: number;
  readonly inplace: boolean;
  constructor(...args: Args<[p: number, inplace: boolean], DropoutArguments>) {
    super();
    const { p, inplace } = readDropout(args);
    requireProbability("Dropout", p);
    this.p = p;
    this.inplace = inplace;
  }
  override forward(...args: Input): Tensor {
    return dropout(dropoutInputs(args).input, this.p, this.training);
  }
  override extra_repr(): string {
    return `p=${Number.isInteger(this.p) ? pythonRepr(this.p) : pythonFloat(this.p)}, inplace=${pythonRepr(this.inplace)}`;
  }
}

interface FlattenArguments {
  start_dim: number;
  end_dim: number;
}
const readFlatten = signature("torch.nn.Flatten", { start_dim: int.or(1), end_dim: int.or(-1) });
const flattenInputs = inputOf("Flatten");

/** Dimensions start_dim (default 1) to end_dim (default the last) as one. */
export class Flatten extends Module {
  readonly start_dim: number;
  readonly end_dim: number;
  constructor(...args: Args<[start_dim: number, end_dim: number], FlattenArguments>) {
    super();
    const { start_dim, end_dim } = readFlatten(args);
    this.start_dim = start_dim;
    this.end_dim = end_dim;
  }
  override forward(...args: Input): Tensor {
    return flatten(flattenInputs(args).input, this.start_dim, this.end_dim);
  }
  override extra_repr(): string {
    return `start_dim=${this.start_dim}, end_dim=${this.end_dim}`;
  }
}

const identityInputs = signature("torch.nn.Identity.forward", { input: anything("input") });

/** Its input. Takes any arguments and ignores them, as PyTorch's does. */
export class Identity extends Module {
  constructor(..._args: unknown[]) {
    super();
  }
  override forward<T>(...args: [input: T] | [{ readonly input: T }]): T {
    return identityInputs(args).input as T;
  }
}
