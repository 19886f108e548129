// Euclidean distances of all pairs of rows, without the differences of all pairs in memory.
import { cdistBackward, cdistForward, cdistGeometry } from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { allBatched } from "../vmap/rules.js";
import { fillWith } from "./create.js";
import { div, equal, mul, sub, where } from "./elementwise.js";
import { neg } from "./elementwise_unary.js";
import { matmul } from "./matmul.js";
import { sum } from "./reduce.js";
import { transpose } from "./shape.js";

/** Rows as columns, in the last two axes. */
const turned = (x: Tensor): Tensor => transpose(x, [...x.shape.keys()].slice(0, -2).concat(x.rank - 1, x.rank - 2));

/** The gradient of each distance, divided by it; 0 at distance 0. */
function weightsOf(dy: Tensor, y: Tensor): Tensor {
  const zero = equal(y, 0);
  return where(zero, 0, div(dy, where(zero, 1, y)));
}

const cdistOp = defineOp<{ a: Tensor; b: Tensor }>({
  name: "cdist",
  shape: ({ a, b }) => {
    expectDtype("cdist", "a", a.dtype, "float32");
    expectDtype("cdist", "b", b.dtype, "float32");
    return cdistGeometry(a.shape, b.shape).shape;
  },
  forward: ({ a, b }, y) => launch(cdistForward, { a, b, y }, cdistGeometry(a.shape, b.shape).params),
  vjp: {
    a: vjp(["a", "b", "y"], (dy, { a, b, y }): Tensor => weightedOp({ weights: weightsOf(dy, y), a, b }, undefined)),
    b: vjp(
      ["a", "b", "y"],
      (dy, { a, b, y }): Tensor => weightedOp({ weights: turned(weightsOf(dy, y)), a: b, b: a }, undefined),
    ),
  },
  batch: (inputs, isBatched, attrs, size) => ({ inputs: allBatched(inputs, isBatched, size), attrs }),
});

// y[i, k] = sum over j of weights[i, j] (a[i, k] - b[j, k]), the differences before the sum; its gradients are products of matrices.
const weightedOp = defineOp<{ weights: Tensor; a: Tensor; b: Tensor }>({
  name: "cdist_backward",
  shape: ({ a }) => a.shape,
  forward: ({ weights, a, b }, da) => {
    // Without rows of b there is nothing to be apart from.
    if (b.size === 0) fillWith(da, 0);
    else launch(cdistBackward, { weights, a, b, da }, cdistGeometry(a.shape, b.shape).params);
  },
  vjp: {
    weights: vjp(["a", "b"], (dy, { a, b }) =>
      sub(sum(mul(dy, a), { axes: -1, keepdims: true }), matmul(dy, b, { transposeB: true })),
    ),
    a: vjp(["weights"], (dy, { weights }) => mul(dy, sum(weights, { axes: -1, keepdims: true }))),
    b: vjp(["weights"], (dy, { weights }) => neg(matmul(weights, dy, { transposeA: true }))),
  },
  batch: (inputs, isBatched, attrs, size) => ({ inputs: allBatched(inputs, isBatched, size), attrs }),
});

/** a [..., n, d] and b [..., m, d] of the same leading axes: [..., n, m]. At distance 0 the gradient is 0. float32. */
export const euclideanDistances = (a: Tensor, b: Tensor): Tensor => cdistOp({ a, b }, undefined);
