import {
  type MatmulSplitKPlan,
  matmulF16,
  matmulGeometry,
  matmul as matmulKernel,
  matmulSplitKPlan,
  matmulSplitKReduce,
  sizeOf,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { device } from "../engine.js";
import { empty, type Tensor } from "../tensor.js";
import { broadcasting } from "../vmap/rules.js";
import { add, cast } from "./elementwise.js";
import { sum, sumTo } from "./reduce.js";
import { reshape } from "./shape.js";

export interface MatmulAttrs {
  transposeA: boolean;
  transposeB: boolean;
}

// y = op(a) op(b) + bias, with op the identity or the transpose.
// da = dy op(b)^T, db = op(a)^T dy, each transposed back when the operand was; summed over broadcast batch dimensions.
const matmulOp = defineOp<{ a: Tensor; b: Tensor; bias: Tensor | undefined }, MatmulAttrs>({
  name: "matmul",
  shape: ({ a, b }, attrs) => {
    expectFloating("matmul", "a", a.dtype);
    expectFloating("matmul", "b", b.dtype);
    return matmulGeometry(a.shape, b.shape, attrs).shape;
  },
  forward: ({ a, b, bias }, y, attrs) => {
    const { params } = matmulGeometry(a.shape, b.shape, { ...attrs, bias: bias !== undefined });
    const split = matmulSplitKPlan(params);
    if (split) splitK({ a, b, bias }, y, split);
    else launch(matmulKernel, { a, b, bias, y }, params);
  },
  halves: { forward: (inputs, attrs) => ofFloat16(inputs, attrs) },
  vjp: {
    a: vjp(["b"], (dy, { b }, { attrs: { transposeA, transposeB }, shapes }) => {
      const da = transposeA
        ? matmulWith(b, dy, { transposeA: transposeB, transposeB: true })
        : matmulWith(dy, b, { transposeA: false, transposeB: !transposeB });
      return sumTo(da, shapes.a);
    }),
    b: vjp(["a"], (dy, { a }, { attrs: { transposeA, transposeB }, shapes }) => {
      const db = transposeB
        ? matmulWith(dy, a, { transposeA: true, transposeB: transposeA })
        : matmulWith(a, dy, { transposeA: !transposeA, transposeB: false });
      return sumTo(db, shapes.b);
    }),
    bias: vjp([], (dy) => sum(dy, { axes: dy.shape.slice(0, -1).map((_, i) => i) })),
  },
  batch: ({ bias, ...operands }, isBatched, attrs) => {
    const { inputs } = broadcasting(operands, isBatched, attrs);
    // The kernel takes one bias for all. Added afterwards, it is rounded as it would be there.
    const own = bias && isBatched("bias") ? bias : undefined;
    const columns = (y: Tensor): number[] => [
      y.shape[0] as number,
      ...y.shape.slice(2).map(() => 1),
      y.shape.at(-1) as number,
    ];
    return {
      inputs: { ...inputs, bias: own ? undefined : bias },
      attrs,
      finish: (y) => (own ? add(y, reshape(own, columns(y))) : y),
    };
  },
});

/** Multiplications up to which a kernel that reads halves is as quick on software adapters as one that reads float32 copies. */
const FEW = 2 ** 15;

/** The product of float16 without copies of them, sums in float32: on GPUs, and of few numbers. */
function ofFloat16(
  { a, b, bias }: { a: Tensor; b: Tensor; bias: Tensor | undefined },
  attrs: MatmulAttrs,
): Tensor | undefined {
  if (a.dtype !== "float16" || b.dtype !== a.dtype) return undefined;
  const { shape, params } = matmulGeometry(a.shape, b.shape, { ...attrs, bias: bias !== undefined });
  const few = sizeOf(shape) * params.k <= FEW;
  if (sizeOf(shape) === 0 || matmulSplitKPlan(params) || !(few || device().adapter.kind === "hardware"))
    return undefined;
  const y = empty(shape, "float32");
  launch(matmulF16, { a, b, bias: bias && cast(bias, "float32"), y }, params);
  return cast(y, a.dtype);
}

/** Products over chunks of k, then their sum. */
function splitK(
  { a, b, bias }: { a: Tensor; b: Tensor; bias: Tensor | undefined },
  y: Tensor,
  { partialElements, chunkParams, rest, reduceParams }: MatmulSplitKPlan,
): void {
  const partial = empty([partialElements], "float32", "workspace");
  launch(matmulKernel, { a, b, y: partial }, chunkParams);
  if (rest) {
    const add = empty([y.size], "float32", "workspace");
    const beyond = (operand: Tensor, offset: number) => operand.alias([operand.size - offset], 4 * offset);
    const [aRest, bRest] = [beyond(a, rest.aOffset), beyond(b, rest.bOffset)];
    launch(matmulKernel, { a: aRest, b: bRest, bias, y: add }, rest.params);
    launch(matmulSplitKReduce, { partial, add, y }, reduceParams);
    for (const tensor of [aRest, bRest, add]) tensor.dispose();
  } else launch(matmulSplitKReduce, { partial, add: bias, y }, reduceParams);
  partial.dispose();
}

const matmulWith = (a: Tensor, b: Tensor, attrs: MatmulAttrs): Tensor => matmulOp({ a, b, bias: undefined }, attrs);

/** Matrix product of the last two dimensions, batch dimensions broadcast; both of rank 2 or more. `bias` has n elements. */
export function matmul(
  a: Tensor,
  b: Tensor,
  options: { transposeA?: boolean; transposeB?: boolean; bias?: Tensor | undefined } = {},
): Tensor {
  const { transposeA = false, transposeB = false, bias } = options;
  return matmulOp({ a, b, bias }, { transposeA, transposeB });
}
