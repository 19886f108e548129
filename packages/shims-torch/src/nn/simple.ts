// Layers without parameters that are no activations.
import { type Args, int, signature } from "@facet/dialect";
import { anything } from "../kinds.js";
import { flatten } from "../ops/shape.js";
import type { Tensor } from "../tensor.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";

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
