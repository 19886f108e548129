// What elementwise ops are made by: declarations alone, as the modules of ops import one another.
import {
  DtypeError,
  type ExpressionName,
  elementwiseBinary,
  elementwiseConstants,
  elementwiseGeometry,
  elementwiseUnary,
} from "@facet/kernels-wgsl";
import { defineOp, launch, type nonDifferentiable, type Vjp, vjp } from "../define_op.js";
import { bindingDtype, type Dtype } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { broadcasting } from "../vmap/rules.js";
import { full, zeros } from "./create.js";

/** What an op takes where a number may stand for a tensor. */
export type TensorLike = Tensor | number;

type Gradient<A> = Vjp<A> | typeof nonDifferentiable;

/** Packed bytes are no operands; returns the tensor so that checks read in place. */
export function refuseBytes(op: string, x: Tensor): Tensor {
  if (x.dtype !== "uint8") return x;
  throw new DtypeError({ op, expected: "float32, int32, uint32 or bool (convert with u8ToF32)", given: "uint8" });
}

/** Numbers of a kernel; and whether the derivative at a kink in 0 is that of the right side, of which kernels know nothing. */
export interface UnaryAttrs {
  readonly s0: number;
  readonly s1: number;
  readonly rightAtZero?: boolean;
}

/** An op of one tensor and up to two numbers. */
export function unary(name: ExpressionName, x: Gradient<UnaryAttrs>, result?: Dtype) {
  return defineOp<{ x: Tensor }, UnaryAttrs>({
    name,
    shape: ({ x }) => refuseBytes(name, x).shape,
    dtype: ({ x }) => result ?? x.dtype,
    forward: ({ x }, y, { s0, s1 }) => {
      const { params } = elementwiseGeometry([x.shape], s0, s1, name);
      launch(elementwiseUnary, { a: x, y }, params, elementwiseConstants(name, [bindingDtype(x.dtype)]));
    },
    vjp: { x },
    batch: broadcasting,
  });
}

/** An op of two tensors of one dtype. */
export function binary(name: ExpressionName, a: Gradient<undefined>, b: Gradient<undefined>, result?: Dtype) {
  return defineOp<{ a: Tensor; b: Tensor }>({
    name,
    shape: ({ a, b }) => {
      refuseBytes(name, a);
      refuseBytes(name, b);
      if (a.dtype !== b.dtype) throw new DtypeError({ op: name, argument: "b", expected: a.dtype, given: b.dtype });
      return elementwiseGeometry([a.shape, b.shape], 0, 0, name).shape;
    },
    dtype: ({ a }) => result ?? a.dtype,
    forward: ({ a, b }, y) => {
      const { params } = elementwiseGeometry([a.shape, b.shape], 0, 0, name);
      launch(
        elementwiseBinary,
        { a, b, y },
        params,
        elementwiseConstants(name, [bindingDtype(a.dtype), bindingDtype(b.dtype)]),
      );
    },
    vjp: { a, b },
    batch: broadcasting,
  });
}

/** Zeros for an input that the result does not change with. */
export function zeroGradient(input: string) {
  return vjp([], (_, __, { shapes }) => zeros(shapes[input] as number[]));
}

/** Makes both operands tensors: a number takes the other's dtype. */
export function pair(a: TensorLike, b: TensorLike): { a: Tensor; b: Tensor } {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float32";
  return { a: typeof a === "number" ? full([], a, dtype) : a, b: typeof b === "number" ? full([], b, dtype) : b };
}
