import { ArgumentError, DtypeError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { copyTensor } from "../define_op.js";
import { device } from "../engine.js";
import { full } from "../ops/create.js";
import { unscoped } from "../scope.js";
import { empty, type Tensor } from "../tensor.js";

/** Where tensors of given shapes lie in one flat tensor, so that one dispatch updates them all. */
export interface FlatLayout {
  readonly shapes: readonly (readonly number[])[];
  /** First element of each tensor, aligned so that each can be bound alone. */
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  /** Elements in all, gaps included. */
  readonly size: number;
}

export function flatLayout(tensors: readonly Tensor[], op: string): FlatLayout {
  if (tensors.length === 0)
    throw new ArgumentError({ op, argument: "params", expected: "at least one parameter", given: "an empty list" });
  const unit = Math.max(1, device().offsetAlignment / 4);
  const starts: number[] = [];
  let size = 0;
  for (const tensor of tensors) {
    if (tensor.dtype !== "float32")
      throw new DtypeError({ op, argument: "params", expected: "float32", given: tensor.dtype });
    starts.push(size);
    size += Math.ceil(Math.max(1, tensor.size) / unit) * unit;
  }
  return { shapes: tensors.map((tensor) => tensor.shape), starts, sizes: tensors.map((tensor) => tensor.size), size };
}

/** A flat tensor of zeros in no scope; gaps between tensors stay zero for good. */
export function flatZeros(layout: FlatLayout, owner: string): Tensor {
  return unscoped(() => full([layout.size], 0, "float32", owner));
}

/** A copy in fresh memory, in no scope. */
export function flatCopy(flat: Tensor, layout: FlatLayout, owner: string): Tensor {
  const copy = unscoped(() => empty([layout.size], "float32", owner));
  copyTensor(flat, copy);
  return copy;
}

/** A copy of a tensor in memory of its own, in no scope. */
function apart(tensor: Tensor): Tensor {
  const copy = unscoped(() => empty(tensor.shape, tensor.dtype, "optimizer"));
  copyTensor(tensor, copy);
  return copy;
}

/** A handle on tensor i of a flat tensor. The caller owns it. */
export function flatView(flat: Tensor, layout: FlatLayout, index: number): Tensor {
  return flat.alias(layout.shapes[index] as number[], 4 * (layout.starts[index] as number));
}

/** Copies tensors into their places; undefined ones are left as they are. Throws ShapeError on one that does not fit. */
export function flatWrite(
  flat: Tensor,
  layout: FlatLayout,
  tensors: readonly (Tensor | undefined)[],
  op: string,
): void {
  // Other parts of the flat tensor itself are all read before any of them is written.
  const elsewhere: { target: Tensor; copy: Tensor }[] = [];
  for (const [i, tensor] of tensors.entries()) {
    if (!tensor) continue;
    const shape = layout.shapes[i] as number[];
    if (`${tensor.shape}` !== `${shape}`)
      throw new ShapeError({
        op,
        argument: `gradients[${i}]`,
        expected: formatShape(shape),
        given: formatShape(tensor.shape),
      });
    const target = flatView(flat, layout, i);
    if (tensor.storage !== flat.storage) copyTensor(tensor, target);
    else if (tensor.offset !== target.offset) elsewhere.push({ target, copy: apart(tensor) });
    if (elsewhere.at(-1)?.target !== target) target.dispose();
  }
  for (const { target, copy } of elsewhere) {
    copyTensor(copy, target);
    copy.dispose();
    target.dispose();
  }
  flat.storage.version += 1;
}

/** Elements start to stop of a flat tensor. The caller owns the handle. */
export function flatRange(flat: Tensor, start: number, stop: number): Tensor {
  return flat.alias([stop - start], 4 * start);
}
