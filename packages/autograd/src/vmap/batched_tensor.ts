import { UnsupportedError } from "@facet/kernels-wgsl";
import type { TypedArray } from "../dtype.js";
import { adopt } from "../scope.js";
import type { Storage } from "../storage.js";
import type { Node } from "../tape.js";
import { type NestedArray, Tensor } from "../tensor.js";

let levels = 0;
let used = false;

/** A number for a vmap: later ones are larger, so that the innermost of several is the largest. */
export function newLevel(): number {
  used = true;
  levels += 1;
  return levels;
}

/**
 * One tensor for each example of a vmap: to the function a tensor of one example's shape, in memory all of them, along the first dimension
 * of `physical`, which may itself be batched by a vmap further out. The gradient graph knows the physical tensor only.
 */
export class BatchedTensor extends Tensor {
  readonly level: number;
  readonly physical: Tensor;

  constructor(physical: Tensor, level: number) {
    super(physical.shape.slice(1), physical.dtype, undefined);
    this.physical = physical;
    this.level = level;
  }

  /** Number of examples. */
  get examples(): number {
    return this.physical.shape[0] as number;
  }

  override get node(): Node | undefined {
    return this.physical.node;
  }

  override set node(node: Node | undefined) {
    this.physical.node = node;
  }

  override get graphShape(): readonly number[] {
    return this.physical.graphShape;
  }

  override get memory(): Storage {
    return this.physical.memory;
  }

  override get disposed(): boolean {
    return this.physical.disposed;
  }

  override alias(): BatchedTensor {
    return new BatchedTensor(this.physical.alias(), this.level);
  }

  override dispose(why?: string): void {
    this.physical.dispose(why);
  }

  override get storage(): never {
    return this.#refuse("an operation that works for each example");
  }

  override async data(): Promise<TypedArray> {
    return this.#refuse("no use of values inside the function: return the array, and read it outside");
  }

  override async array(): Promise<NestedArray> {
    await this.data();
    return [];
  }

  #refuse(expected: string): never {
    throw new UnsupportedError({
      op: "vmap",
      argument: "function",
      expected,
      given: "a value that differs from example to example",
    });
  }
}

/** A tensor of all examples, along its first dimension, as one for each. */
export function batched(physical: Tensor, level: number): BatchedTensor {
  // A handle of its own: it lives as long as the batched tensor, whatever scope the other belongs to.
  const own = physical.alias();
  own.node = physical.node;
  return adopt(new BatchedTensor(own, level)) as BatchedTensor;
}

/** Whether there was ever a vmap: until then no op need look for batched inputs. */
export function isBatching(): boolean {
  return used;
}

/** The batched tensor of the innermost vmap among these; undefined when none is batched. */
export function innermostOf(tensors: Iterable<Tensor | undefined>): BatchedTensor | undefined {
  let found: BatchedTensor | undefined;
  for (const tensor of tensors)
    if (tensor instanceof BatchedTensor && tensor.level > (found?.level ?? 0)) found = tensor;
  return found;
}
