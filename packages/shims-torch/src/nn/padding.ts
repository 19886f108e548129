// Padding of one to three spatial dimensions, as layers.
import { ArgumentError } from "@facet/autograd";
import { type Args, number, signature } from "@facet/dialect";
import { pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { type PadMode, pad } from "./functional_pad.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";
import { type Rank, size } from "./size.js";

/** One number for all edges, or one for each: last dimension first. */
export type PadSize<R extends Rank> =
  | number
  | {
      1: readonly [left: number, right: number];
      2: readonly [left: number, right: number, top: number, bottom: number];
      3: readonly [left: number, right: number, top: number, bottom: number, front: number, back: number];
    }[R];

/** A layer that pads. */
export abstract class PadNd extends Module {
  /** For every edge, last dimension first. */
  readonly padding: readonly number[];

  constructor(name: string, rank: Rank, padding: number | readonly number[]) {
    super();
    if (typeof padding !== "number" && padding.length !== 2 * rank)
      throw new ArgumentError({
        op: name,
        argument: "padding",
        expected: `an integer or ${2 * rank} of them`,
        given: pythonRepr(padding),
      });
    this.padding = Object.freeze(
      typeof padding === "number" ? Array.from({ length: 2 * rank }, () => padding) : [...padding],
    );
  }
  override extra_repr(): string {
    return pythonRepr([...this.padding]);
  }
}

/** The same with its function. */
export interface PadLayer extends PadNd {
  forward(...args: Input): Tensor;
}
type PadArgs<R extends Rank> = Args<[padding: PadSize<R>], { padding: PadSize<R> }>;
/** The class of a padding with what a mode puts there. */
function padding<R extends Rank>(name: string, rank: R, mode: PadMode): new (...args: PadArgs<R>) => PadLayer {
  const read = signature(`torch.nn.${name}`, { padding: size });
  const inputs = inputOf(name);
  return class extends PadNd {
    constructor(...args: PadArgs<R>) {
      super(name, rank, read(args).padding);
    }
    override forward(...args: Input): Tensor {
      return pad(inputs(args).input, this.padding, mode);
    }
  };
}

/** Zeros at both ends of [..., W]; padding [left, right]. Negative numbers crop, as in all of these. */
export class ZeroPad1d extends padding("ZeroPad1d", 1, "constant") {}
/** Zeros around [..., H, W]; padding [left, right, top, bottom]. */
export class ZeroPad2d extends padding("ZeroPad2d", 2, "constant") {}
/** Zeros around [..., D, H, W]; padding [left, right, top, bottom, front, back]. */
export class ZeroPad3d extends padding("ZeroPad3d", 3, "constant") {}
/** Both ends of [N, C, W], mirrored at the edge elements; padding [left, right]. */
export class ReflectionPad1d extends padding("ReflectionPad1d", 1, "reflect") {}
/** What is inside of [N, C, H, W], mirrored at the edges; padding [left, right, top, bottom]. */
export class ReflectionPad2d extends padding("ReflectionPad2d", 2, "reflect") {}
/** What is inside of [N, C, D, H, W], mirrored at the edges; padding [left, right, top, bottom, front, back]. */
export class ReflectionPad3d extends padding("ReflectionPad3d", 3, "reflect") {}
/** The edge elements of [N, C, W] again; padding [left, right]. */
export class ReplicationPad1d extends padding("ReplicationPad1d", 1, "replicate") {}
/** The edge elements of [N, C, H, W] again; padding [left, right, top, bottom]. */
export class ReplicationPad2d extends padding("ReplicationPad2d", 2, "replicate") {}
/** The edge elements of [N, C, D, H, W] again; padding [left, right, top, bottom, front, back]. */
export class ReplicationPad3d extends padding("ReplicationPad3d", 3, "replicate") {}
/** [N, C, W] again from its other end; padding [left, right]. */
export class CircularPad1d extends padding("CircularPad1d", 1, "circular") {}
/** [N, C, H, W] again from its other side; padding [left, right, top, bottom]. */
export class CircularPad2d extends padding("CircularPad2d", 2, "circular") {}
/** [N, C, D, H, W] again from its other side; padding [left, right, top, bottom, front, back]. */
export class CircularPad3d extends padding("CircularPad3d", 3, "circular") {}

/** A layer that pads with a number. */
export interface ConstantPadLayer extends PadLayer {
  readonly value: number;
}
type ConstantArgs<R extends Rank> = Args<[padding: PadSize<R>, value: number], { padding: PadSize<R>; value: number }>;
function constant<R extends Rank>(rank: R): new (...args: ConstantArgs<R>) => ConstantPadLayer {
  const name = `ConstantPad${rank}d`;
  const read = signature(`torch.nn.${name}`, { padding: size, value: number });
  const inputs = inputOf(name);
  return class extends PadNd {
    readonly value: number;
    constructor(...args: ConstantArgs<R>) {
      const given = read(args);
      super(name, rank, given.padding);
      this.value = given.value;
    }
    override forward(...args: Input): Tensor {
      return pad(inputs(args).input, this.padding, "constant", this.value);
    }
    override extra_repr(): string {
      return `padding=${super.extra_repr()}, value=${pythonRepr(this.value)}`;
    }
  };
}
/** A number at both ends of [..., W]; padding [left, right]. */
export class ConstantPad1d extends constant(1) {}
/** A number around [..., H, W]; padding [left, right, top, bottom]. */
export class ConstantPad2d extends constant(2) {}
/** A number around [..., D, H, W]; padding [left, right, top, bottom, front, back]. */
export class ConstantPad3d extends constant(3) {}
