// Elementwise ops of two and more operands with numpy broadcasting, and conversions. The expression of each is in
// kernels-wgsl/src/kernels/elementwise/expressions.ts.
import {
  DtypeError,
  type ExpressionName,
  elementwiseConstants,
  elementwiseGeometry,
  elementwiseTernary,
  elementwiseUnary,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { bindingDtype, type Dtype, isFloating, isHalf } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { broadcasting } from "../vmap/rules.js";
import { binary, convertHalves, onHalves, pair, refuseBytes, type TensorLike, zeroGradient } from "./elementwise_op.js";
import { neg } from "./elementwise_unary.js";
import { log } from "./powers.js";
import { sumTo } from "./reduce.js";

// Two-operand arithmetic. A gradient is summed over the dimensions along which its operand was broadcast.
const addOp = binary(
  "add",
  vjp([], (dy, _, { shapes }) => sumTo(dy, shapes.a)),
  vjp([], (dy, _, { shapes }) => sumTo(dy, shapes.b)),
);
const subOp = binary(
  "sub",
  vjp([], (dy, _, { shapes }) => sumTo(dy, shapes.a)),
  vjp([], (dy, _, { shapes }) => sumTo(neg(dy), shapes.b)),
);
const mulOp = binary(
  "mul",
  vjp(["b"], (dy, { b }, { shapes }) => sumTo(mul(dy, b), shapes.a)),
  vjp(["a"], (dy, { a }, { shapes }) => sumTo(mul(dy, a), shapes.b)),
);
const divOp = binary(
  "div",
  vjp(["b"], (dy, { b }, { shapes }) => sumTo(div(dy, b), shapes.a)),
  // d(a/b)/db = -(a/b)/b
  vjp(["b", "y"], (dy, { b, y }, { shapes }) => sumTo(neg(div(mul(dy, y), b)), shapes.b)),
);
const powOp = binary(
  "pow",
  // b a^(b - 1), which is 0 for a power of 0 whatever a is.
  vjp(["a", "b"], (dy, { a, b }, { shapes }) => {
    const constant = equal(b, 0);
    const slope = mul(b, pow(a, where(constant, 1, sub(b, 1))));
    return sumTo(where(constant, 0, mul(dy, slope)), shapes.a);
  }),
  // a^b log a. It does not exist for a < 0; 0^b is constant for b >= 0.
  vjp(["a", "b", "y"], (dy, { a, b, y }, { shapes }) => {
    const constant = logicalAnd(equal(a, 0), greaterEqual(b, 0));
    return sumTo(where(constant, 0, mul(dy, mul(y, log(where(constant, 1, a))))), shapes.b);
  }),
);
// At a tie each operand gets half, as in torch and JAX; beside NaN both get all, as in torch.
const share = (larger: Tensor, smaller: Tensor): Tensor =>
  where(less(larger, smaller), 0, where(equal(larger, smaller), 0.5, 1));
const maximumOp = binary(
  "maximum",
  vjp(["a", "b"], (dy, { a, b }, { shapes }) => sumTo(mul(dy, share(a, b)), shapes.a)),
  vjp(["a", "b"], (dy, { a, b }, { shapes }) => sumTo(mul(dy, share(b, a)), shapes.b)),
);
const minimumOp = binary(
  "minimum",
  vjp(["a", "b"], (dy, { a, b }, { shapes }) => sumTo(mul(dy, share(b, a)), shapes.a)),
  vjp(["a", "b"], (dy, { a, b }, { shapes }) => sumTo(mul(dy, share(a, b)), shapes.b)),
);
const floorDivideOp = binary("floor_divide", zeroGradient("a"), zeroGradient("b"));
const truncDivideOp = binary("trunc_divide", zeroGradient("a"), zeroGradient("b"));
const compare = (name: ExpressionName) => binary(name, nonDifferentiable, nonDifferentiable, { result: "bool" });
const equalOp = compare("equal");
const notEqualOp = compare("not_equal");
const lessOp = compare("less");
const lessEqualOp = compare("less_equal");
const greaterOp = compare("greater");
const greaterEqualOp = compare("greater_equal");
const logicalAndOp = compare("logical_and");
const logicalOrOp = compare("logical_or");

export const add = (a: TensorLike, b: TensorLike): Tensor => addOp(pair(a, b), undefined);
export const sub = (a: TensorLike, b: TensorLike): Tensor => subOp(pair(a, b), undefined);
export const mul = (a: TensorLike, b: TensorLike): Tensor => mulOp(pair(a, b), undefined);
export const div = (a: TensorLike, b: TensorLike): Tensor => divOp(pair(a, b), undefined);
/** floor(a / b), of integers and floats exactly: the quotient is not rounded first. Its gradients are 0. */
export const floorDivide = (a: TensorLike, b: TensorLike): Tensor => floorDivideOp(pair(a, b), undefined);
/** a / b without its fraction. Its gradients are 0. */
export const truncDivide = (a: TensorLike, b: TensorLike): Tensor => truncDivideOp(pair(a, b), undefined);
/** a to the power b. A negative a has a result only for whole b; otherwise NaN. */
export const pow = (a: TensorLike, b: TensorLike): Tensor => powOp(pair(a, b), undefined);
export const maximum = (a: TensorLike, b: TensorLike): Tensor => maximumOp(pair(a, b), undefined);
export const minimum = (a: TensorLike, b: TensorLike): Tensor => minimumOp(pair(a, b), undefined);
export const equal = (a: TensorLike, b: TensorLike): Tensor => equalOp(pair(a, b), undefined);
export const notEqual = (a: TensorLike, b: TensorLike): Tensor => notEqualOp(pair(a, b), undefined);
export const less = (a: TensorLike, b: TensorLike): Tensor => lessOp(pair(a, b), undefined);
export const lessEqual = (a: TensorLike, b: TensorLike): Tensor => lessEqualOp(pair(a, b), undefined);
export const greater = (a: TensorLike, b: TensorLike): Tensor => greaterOp(pair(a, b), undefined);
export const greaterEqual = (a: TensorLike, b: TensorLike): Tensor => greaterEqualOp(pair(a, b), undefined);
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => logicalAndOp({ a, b }, undefined);
export const logicalOr = (a: Tensor, b: Tensor): Tensor => logicalOrOp({ a, b }, undefined);

const whereOp = defineOp<{ condition: Tensor; a: Tensor; b: Tensor }>({
  name: "where",
  shape: ({ condition, a, b }) => {
    if (condition.dtype !== "bool")
      throw new DtypeError({ op: "where", argument: "condition", expected: "bool", given: condition.dtype });
    if (a.dtype !== b.dtype) throw new DtypeError({ op: "where", argument: "b", expected: a.dtype, given: b.dtype });
    return elementwiseGeometry([condition.shape, a.shape, b.shape], 0, 0, "where").shape;
  },
  dtype: ({ a }) => a.dtype,
  forward: ({ condition, a, b }, y) => {
    const { params } = elementwiseGeometry([condition.shape, a.shape, b.shape], 0, 0, "where");
    launch(
      elementwiseTernary,
      { a: condition, b: a, c: b, y },
      params,
      elementwiseConstants("where", ["u32", bindingDtype(a.dtype), bindingDtype(b.dtype)]),
    );
  },
  vjp: {
    condition: nonDifferentiable,
    a: vjp(["condition"], (dy, { condition }, { shapes }) => sumTo(where(condition, dy, 0), shapes.a)),
    b: vjp(["condition"], (dy, { condition }, { shapes }) => sumTo(where(condition, 0, dy), shapes.b)),
  },
  batch: broadcasting,
  halves: {
    forward: ({ condition, a, b }) =>
      condition.dtype === "bool" && a.dtype === b.dtype ? onHalves("where", [condition, a, b]) : undefined,
  },
});

/** a where the condition holds, else b; all three broadcast. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return whereOp({ condition, ...pair(a, b) }, undefined);
}

const castOp = defineOp<{ x: Tensor }, { dtype: Dtype }>({
  name: "cast",
  shape: ({ x }) => refuseBytes("cast", x).shape,
  dtype: (_, { dtype }) => dtype,
  forward: ({ x }, y) => {
    if (isHalf(x.dtype) || isHalf(y.dtype)) {
      convertHalves(x, y);
      return;
    }
    const name = CASTS[`${x.dtype}>${y.dtype}`] as ExpressionName;
    const { params } = elementwiseGeometry([x.shape], 0, 0, "cast");
    launch(elementwiseUnary, { a: x, y }, params, elementwiseConstants(name, [bindingDtype(x.dtype)]));
  },
  vjp: { x: nonDifferentiable },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
  halves: { forward: "own" },
});

// From floats to floats of another dtype. The gradient goes back in the first.
const convertOp = defineOp<{ x: Tensor }, { dtype: Dtype; from: Dtype }>({
  name: "convert",
  shape: ({ x }) => x.shape,
  dtype: (_, { dtype }) => dtype,
  forward: ({ x }, y) => convertHalves(x, y),
  vjp: { x: vjp([], (dy, _, { attrs }) => cast(dy, attrs.from)) },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
  halves: { forward: "own", gradients: "own" },
});

/** Expression for each pair of dtypes. Bits of int32, uint32 and bool convert as WGSL's constructors do. */
const CASTS: Readonly<Record<string, ExpressionName>> = {
  "float32>int32": "to_i32",
  "float32>uint32": "to_u32",
  "float32>bool": "to_bool",
  "int32>float32": "to_f32",
  "int32>uint32": "to_u32",
  "int32>bool": "to_bool",
  "uint32>float32": "to_f32",
  "uint32>int32": "to_i32",
  "uint32>bool": "to_bool",
  "bool>float32": "to_f32",
  "bool>int32": "to_i32",
  "bool>uint32": "to_u32",
};

/**
 * The tensor in another dtype; the tensor itself when it has it already. Floats become integers without their fraction, and halves as the
 * nearest to them, ties to even. A gradient flows from floats to floats.
 */
export function cast(x: Tensor, dtype: Dtype): Tensor {
  if (x.dtype === dtype) return x;
  if (dtype === "uint8")
    throw new DtypeError({ op: "cast", argument: "dtype", expected: "any dtype but uint8", given: dtype });
  if (isFloating(x.dtype) && isFloating(dtype)) return convertOp({ x }, { dtype, from: x.dtype });
  return castOp({ x }, { dtype });
}
