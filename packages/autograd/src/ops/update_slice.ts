// A tensor with a part of it replaced.
import { ArgumentError, placeGeometry, stridedCopy } from "@facet/kernels-wgsl";
import { copyTensor, defineOp, launch, vjp } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { allBatched } from "../vmap/rules.js";
import { zeros } from "./create.js";
import { refuseBytes } from "./elementwise_op.js";
import { slice } from "./shape.js";

interface UpdateAttrs {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
}

const updateSliceOp = defineOp<{ x: Tensor; source: Tensor }, UpdateAttrs>({
  name: "update_slice",
  shape: ({ x, source }, { starts, steps }) => {
    const op = "update_slice";
    refuseBytes(op, x);
    if (x.dtype !== source.dtype)
      throw new ArgumentError({ op, argument: "source", expected: x.dtype, given: source.dtype });
    placeGeometry(source.shape, x.shape, starts, steps);
    return x.shape;
  },
  dtype: ({ x }) => x.dtype,
  forward: ({ x, source }, y, { starts, steps }) => {
    copyTensor(x, y);
    if (source.size > 0)
      launch(stridedCopy, { x: source, y }, placeGeometry(source.shape, x.shape, starts, steps).params);
  },
  vjp: {
    x: vjp(
      [],
      (dy, _, { attrs, shapes }): Tensor => updateSliceOp({ x: dy, source: zeros(shapes.source as number[]) }, attrs),
    ),
    source: vjp([], (dy, _, { attrs, shapes }) => {
      const stops = (shapes.source as number[]).map((extent, i) => {
        const [start, step] = [attrs.starts[i], attrs.steps[i]] as [number, number];
        return extent === 0 ? start : start + (extent - 1) * step + Math.sign(step);
      });
      return slice(dy, attrs.starts, stops, attrs.steps);
    }),
  },
  batch: (inputs, isBatched, { starts, steps }, size) => ({
    inputs: allBatched(inputs, isBatched, size),
    attrs: { starts: [0, ...starts], steps: [1, ...steps] },
  }),
});

/** x with the elements from `starts` on, `steps` apart (default 1), replaced by those of source. */
export function updateSlice(
  x: Tensor,
  source: Tensor,
  starts: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Tensor {
  return updateSliceOp({ x, source }, { starts, steps });
}
