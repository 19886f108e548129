// Elementwise ops with numpy broadcasting. The expression of each is in kernels-wgsl/src/kernels/elementwise/expressions.ts.
import {
  DtypeError,
  type ExpressionName,
  elementwiseBinary,
  elementwiseConstants,
  elementwiseGeometry,
  elementwiseTernary,
  elementwiseUnary,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, type Vjp, vjp } from "../define_op.js";
import { bindingDtype, type Dtype } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { full, zeros } from "./create.js";
import { sumTo } from "./reduce.js";

/** What an op takes where a number may stand for a tensor. */
export type TensorLike = Tensor | number;

interface Scalars {
  s0: number;
  s1: number;
}

type Gradient<A> = Vjp<A> | typeof nonDifferentiable;
const NO_SCALARS: Scalars = { s0: 0, s1: 0 };

/** Packed bytes are no operands; returns the tensor so that checks read in place. */
function refuseBytes(op: string, x: Tensor): Tensor {
  if (x.dtype !== "uint8") return x;
  throw new DtypeError({ op, expected: "float32, int32, uint32 or bool (convert with u8ToF32)", given: "uint8" });
}

/** Numbers of a kernel; and whether the derivative at a kink in 0 is that of the right side, of which kernels know nothing. */
type UnaryAttrs = Scalars & { readonly rightAtZero?: boolean };

/** An op of one tensor and up to two numbers. */
function unary(name: ExpressionName, x: Gradient<UnaryAttrs>, result?: Dtype) {
  return defineOp<{ x: Tensor }, UnaryAttrs>({
    name,
    shape: ({ x }) => refuseBytes(name, x).shape,
    dtype: ({ x }) => result ?? x.dtype,
    forward: ({ x }, y, { s0, s1 }) => {
      const { params } = elementwiseGeometry([x.shape], s0, s1, name);
      launch(elementwiseUnary, { a: x, y }, params, elementwiseConstants(name, [bindingDtype(x.dtype)]));
    },
    vjp: { x },
  });
}

/** An op of two tensors of one dtype. */
function binary(name: ExpressionName, a: Gradient<undefined>, b: Gradient<undefined>, result?: Dtype) {
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
  });
}

/** Zeros for an input that the result does not change with. */
export const zeroGradient = (input: string) => vjp([], (_, __, { shapes }) => zeros(shapes[input] as number[]));

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
const compare = (name: ExpressionName) => binary(name, nonDifferentiable, nonDifferentiable, "bool");
const equalOp = compare("equal");
const notEqualOp = compare("not_equal");
const lessOp = compare("less");
const lessEqualOp = compare("less_equal");
const greaterOp = compare("greater");
const greaterEqualOp = compare("greater_equal");
const logicalAndOp = compare("logical_and");
const logicalOrOp = compare("logical_or");

/** Makes both operands tensors: a number takes the other's dtype. */
export function pair(a: TensorLike, b: TensorLike): { a: Tensor; b: Tensor } {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float32";
  return { a: typeof a === "number" ? full([], a, dtype) : a, b: typeof b === "number" ? full([], b, dtype) : b };
}

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

// One-operand functions. Saved y where the derivative is cheaper from it.
const negOp = unary(
  "neg",
  vjp([], (dy) => neg(dy)),
);
const absOp = unary(
  "abs",
  vjp(["x"], (dy, { x }, { attrs }) => mul(dy, attrs.rightAtZero ? where(less(x, 0), -1, 1) : signum(x))),
);
const signOp = unary("sign", zeroGradient("x"));
const signumOp = unary("signum", zeroGradient("x"));
const expOp = unary(
  "exp",
  vjp(["y"], (dy, { y }) => mul(dy, y)),
);
const expm1Op = unary(
  "expm1",
  vjp(["y"], (dy, { y }) => mul(dy, add(y, 1))),
);
const logOp = unary(
  "log",
  vjp(["x"], (dy, { x }) => div(dy, x)),
);
const log1pOp = unary(
  "log1p",
  vjp(["x"], (dy, { x }) => div(dy, add(x, 1))),
);
const sqrtOp = unary(
  "sqrt",
  vjp(["y"], (dy, { y }) => div(dy, mul(y, 2))),
);
const rsqrtOp = unary(
  "rsqrt",
  vjp(["y"], (dy, { y }) => mul(mul(dy, -0.5), mul(y, square(y)))),
);
const reciprocalOp = unary(
  "reciprocal",
  vjp(["y"], (dy, { y }) => neg(mul(dy, square(y)))),
);
const squareOp = unary(
  "square",
  vjp(["x"], (dy, { x }) => mul(mul(dy, 2), x)),
);
const sinOp = unary(
  "sin",
  vjp(["x"], (dy, { x }) => mul(dy, cos(x))),
);
const cosOp = unary(
  "cos",
  vjp(["x"], (dy, { x }) => neg(mul(dy, sin(x)))),
);
const tanhOp = unary(
  "tanh",
  vjp(["y"], (dy, { y }) => tanhBackwardOp({ a: dy, b: y }, undefined)),
);
const sigmoidOp = unary(
  "sigmoid",
  vjp(["y"], (dy, { y }) => sigmoidBackwardOp({ a: dy, b: y }, undefined)),
);
const softplusOp = unary(
  "softplus",
  vjp(["x"], (dy, { x }) => mul(dy, sigmoid(x))),
);
const reluOp = unary(
  "relu",
  vjp(["y"], (dy, { y }) => reluBackwardOp({ a: dy, b: y }, undefined)),
);
const rightSide = (x: Tensor, { rightAtZero }: UnaryAttrs): Tensor => (rightAtZero ? greaterEqual : greater)(x, 0);
const leftSide = (x: Tensor, { rightAtZero }: UnaryAttrs): Tensor => (rightAtZero ? less : lessEqual)(x, 0);
const leakyReluOp = unary(
  "leaky_relu",
  vjp(["x"], (dy, { x }, { attrs }) => mul(dy, where(rightSide(x, attrs), 1, attrs.s0))),
);
// For x <= 0 the derivative is alpha e^x = y + alpha; at NaN it is 1, as in PyTorch.
const eluOp = unary(
  "elu",
  vjp(["x", "y"], (dy, { x, y }, { attrs }) => mul(dy, where(leftSide(x, attrs), add(y, attrs.s0), 1))),
);
const erfOp = unary(
  "erf",
  vjp(["x"], (dy, { x }) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))),
);
const erfinvOp = unary(
  "erfinv",
  vjp(["y"], (dy, { y }) => mul(dy, mul(exp(square(y)), Math.sqrt(Math.PI) / 2))),
);
// gelu' = Phi(x) + x phi(x)
const geluOp = unary(
  "gelu",
  vjp(["x"], (dy, { x }) => {
    const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, add(cumulative, mul(x, density)));
  }),
);
// With u = c (x + 0.044715 x^3): 0.5 (1 + tanh u) + 0.5 x (1 - tanh^2 u) u'
const geluTanhOp = unary(
  "gelu_tanh",
  vjp(["x"], (dy, { x }) => {
    const c = Math.sqrt(2 / Math.PI);
    const squared = square(x);
    const t = tanh(mul(mul(x, c), add(mul(squared, 0.044715), 1)));
    const slope = mul(add(mul(squared, 3 * 0.044715), 1), c);
    return mul(dy, mul(add(add(t, 1), mul(mul(x, sub(1, square(t))), slope)), 0.5));
  }),
);
const siluOp = unary(
  "silu",
  vjp(["x"], (dy, { x }) => {
    const s = sigmoid(x);
    return mul(dy, mul(s, add(mul(x, sub(1, s)), 1)));
  }),
);
const clampOp = unary(
  "clamp",
  vjp(["x"], (dy, { x }, { attrs }) =>
    mul(dy, cast(logicalAnd(greaterEqual(x, attrs.s0), lessEqual(x, attrs.s1)), "float32")),
  ),
);
const floorOp = unary("floor", zeroGradient("x"));
const ceilOp = unary("ceil", zeroGradient("x"));
const roundOp = unary("round", zeroGradient("x"));
const isNanOp = unary("is_nan", nonDifferentiable, "bool");
const logicalNotOp = unary("logical_not", nonDifferentiable, "bool");

// Derivatives that are one kernel instead of three; each can be differentiated again.
const reluBackwardOp = binary(
  "relu_backward",
  vjp(["b"], (dy, { b }) => reluBackwardOp({ a: dy, b }, undefined)),
  nonDifferentiable,
);
const tanhBackwardOp = binary(
  "tanh_backward",
  vjp(["b"], (dy, { b }) => tanhBackwardOp({ a: dy, b }, undefined)),
  vjp(["a", "b"], (dy, { a, b }) => mul(mul(dy, a), mul(b, -2))),
);
const sigmoidBackwardOp = binary(
  "sigmoid_backward",
  vjp(["b"], (dy, { b }) => sigmoidBackwardOp({ a: dy, b }, undefined)),
  vjp(["a", "b"], (dy, { a, b }) => mul(mul(dy, a), sub(1, mul(b, 2)))),
);

export const neg = (x: Tensor): Tensor => negOp({ x }, NO_SCALARS);
/** |x|. At 0 the derivative is 0, with `rightAtZero` 1; at NaN 0. */
export const abs = (x: Tensor, { rightAtZero = false } = {}): Tensor => absOp({ x }, { ...NO_SCALARS, rightAtZero });
/** -1, 0 or 1; NaN of NaN. */
export const sign = (x: Tensor): Tensor => signOp({ x }, NO_SCALARS);
/** -1, 0 or 1; 0 of NaN, as PyTorch's sign. */
export const signum = (x: Tensor): Tensor => signumOp({ x }, NO_SCALARS);
export const exp = (x: Tensor): Tensor => expOp({ x }, NO_SCALARS);
export const expm1 = (x: Tensor): Tensor => expm1Op({ x }, NO_SCALARS);
export const log = (x: Tensor): Tensor => logOp({ x }, NO_SCALARS);
export const log1p = (x: Tensor): Tensor => log1pOp({ x }, NO_SCALARS);
export const sqrt = (x: Tensor): Tensor => sqrtOp({ x }, NO_SCALARS);
export const rsqrt = (x: Tensor): Tensor => rsqrtOp({ x }, NO_SCALARS);
export const reciprocal = (x: Tensor): Tensor => reciprocalOp({ x }, NO_SCALARS);
export const square = (x: Tensor): Tensor => squareOp({ x }, NO_SCALARS);
export const sin = (x: Tensor): Tensor => sinOp({ x }, NO_SCALARS);
export const cos = (x: Tensor): Tensor => cosOp({ x }, NO_SCALARS);
export const tanh = (x: Tensor): Tensor => tanhOp({ x }, NO_SCALARS);
export const sigmoid = (x: Tensor): Tensor => sigmoidOp({ x }, NO_SCALARS);
export const softplus = (x: Tensor): Tensor => softplusOp({ x }, NO_SCALARS);
export const relu = (x: Tensor): Tensor => reluOp({ x }, NO_SCALARS);
/** x where positive, else slope * x. */
export const leakyRelu = (x: Tensor, slope: number, { rightAtZero = false } = {}): Tensor =>
  leakyReluOp({ x }, { s0: slope, s1: 0, rightAtZero });
/** x where positive, else alpha (e^x - 1). At 0 the derivative is alpha, with `rightAtZero` 1. */
export const elu = (x: Tensor, alpha = 1, { rightAtZero = false } = {}): Tensor =>
  eluOp({ x }, { s0: alpha, s1: 0, rightAtZero });
export const erf = (x: Tensor): Tensor => erfOp({ x }, NO_SCALARS);
export const erfinv = (x: Tensor): Tensor => erfinvOp({ x }, NO_SCALARS);
/** x Phi(x); `approximate` takes the tanh form. */
export const gelu = (x: Tensor, approximate = false): Tensor => (approximate ? geluTanhOp : geluOp)({ x }, NO_SCALARS);
export const silu = (x: Tensor): Tensor => siluOp({ x }, NO_SCALARS);
export const clamp = (x: Tensor, low: number, high: number): Tensor => clampOp({ x }, { s0: low, s1: high });
export const floor = (x: Tensor): Tensor => floorOp({ x }, NO_SCALARS);
export const ceil = (x: Tensor): Tensor => ceilOp({ x }, NO_SCALARS);
/** To the nearest whole number, halves to the even one, as numpy. */
export const round = (x: Tensor): Tensor => roundOp({ x }, NO_SCALARS);
export const isNan = (x: Tensor): Tensor => isNanOp({ x }, NO_SCALARS);
export const logicalNot = (x: Tensor): Tensor => logicalNotOp({ x }, NO_SCALARS);

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
    const name = CASTS[`${x.dtype}>${y.dtype}`] as ExpressionName;
    const { params } = elementwiseGeometry([x.shape], 0, 0, "cast");
    launch(elementwiseUnary, { a: x, y }, params, elementwiseConstants(name, [bindingDtype(x.dtype)]));
  },
  // Only from float to float could a gradient flow, and that is no cast.
  vjp: { x: nonDifferentiable },
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

/** The tensor in another dtype; the tensor itself when it has it already. float to int drops the fraction. */
export function cast(x: Tensor, dtype: Dtype): Tensor {
  if (x.dtype === dtype) return x;
  if (dtype === "uint8")
    throw new DtypeError({ op: "cast", argument: "dtype", expected: "float32, int32, uint32 or bool", given: dtype });
  return castOp({ x }, { dtype });
}
