import { ArgumentError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { copyTensor } from "../define_op.js";
import { bytesPerElement, type Dtype, expectDtype, isHalf } from "../dtype.js";
import { device } from "../engine.js";
import { full } from "../ops/create.js";
import { cast } from "../ops/elementwise.js";
import { unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";

/** Where tensors of given shapes lie in one flat tensor, so that one dispatch updates them all. */
export interface FlatLayout {
  readonly shapes: readonly (readonly number[])[];
  /** First element of each tensor, aligned so that each can be bound alone. */
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  /** Numbers of the tensors as they follow one another. */
  readonly order: readonly number[];
  /** Elements in all, gaps included. */
  readonly size: number;
}

/**
 * Throws DtypeError on a tensor whose dtype is not among `dtypes`: of halves the flat tensor holds float32 copies. Tensors of one kind
 * lie side by side, by default all of them.
 */
export function flatLayout(
  tensors: readonly Tensor[],
  op: string,
  dtypes: readonly Dtype[] = ["float32"],
  kinds: readonly number[] = [],
): FlatLayout {
  if (tensors.length === 0)
    throw new ArgumentError({ op, argument: "params", expected: "at least one parameter", given: "an empty list" });
  // As tensors of their own dtype that lie side by side likewise, they can be bound too.
  const least = Math.min(4, ...tensors.map(({ dtype }) => bytesPerElement(dtype)));
  const unit = Math.max(1, device().offsetAlignment / least);
  const starts: number[] = [];
  let size = 0;
  const order = [...tensors.keys()].sort((i, j) => (kinds[i] ?? 0) - (kinds[j] ?? 0) || i - j);
  for (const i of order) {
    const tensor = tensors[i] as Tensor;
    expectDtype(op, "params", tensor.dtype, ...dtypes);
    starts[i] = size;
    size += Math.ceil(Math.max(1, tensor.size) / unit) * unit;
  }
  const [shapes, sizes] = [tensors.map((tensor) => tensor.shape), tensors.map((tensor) => tensor.size)];
  return { shapes, starts, sizes, order, size };
}

/** A flat tensor of zeros in no scope; gaps between tensors stay zero for good. */
export const flatZeros = (layout: FlatLayout, owner: string): Tensor => flatFull(layout, 0, owner);

/** The same of another number, gaps too. */
export function flatFull(layout: FlatLayout, value: number, owner: string): Tensor {
  return unscoped(() => full([layout.size], value, "float32", owner));
}

/** A copy of a flat tensor, or of a part of one, in fresh memory, in no scope. */
export function flatCopy(flat: Tensor, owner: string): Tensor {
  const copy = unscoped(() => empty(flat.shape, flat.dtype, owner));
  copyTensor(flat, copy);
  return copy;
}

/** A handle on tensor i of a flat tensor. The caller owns it. */
export function flatView(flat: Tensor, layout: FlatLayout, index: number): Tensor {
  return flat.alias(layout.shapes[index] as number[], 4 * (layout.starts[index] as number));
}

/** Copies tensors into their places, halves as float32; undefined ones are left as they are. Throws ShapeError on one that does not fit. */
export function flatWrite(
  flat: Tensor,
  layout: FlatLayout,
  tensors: readonly (Tensor | undefined)[],
  op: string,
): void {
  // Other parts of the flat tensor itself are all read before any place is written.
  const sources = tensors.map((tensor, i) => {
    const shape = layout.shapes[i] as number[];
    if (tensor && `${tensor.shape}` !== `${shape}`)
      throw new ShapeError({
        op,
        argument: `gradients[${i}]`,
        expected: formatShape(shape),
        given: formatShape(tensor.shape),
      });
    if (tensor && isHalf(tensor.dtype)) return noGrad(() => unscoped(() => cast(tensor, flat.dtype)));
    if (tensor?.storage !== flat.storage) return tensor;
    const isThere = tensor.offset === flat.offset + 4 * (layout.starts[i] as number);
    return isThere ? undefined : flatCopy(tensor, "optimizer");
  });
  for (const [i, source] of sources.entries()) {
    if (!source) continue;
    const target = flatView(flat, layout, i);
    copyTensor(source, target);
    target.dispose();
    if (source !== tensors[i]) source.dispose();
  }
}

/** Elements start to stop of a flat tensor. The caller owns the handle. */
export function flatRange(flat: Tensor, start: number, stop: number): Tensor {
  return flat.alias([stop - start], 4 * start);
}
