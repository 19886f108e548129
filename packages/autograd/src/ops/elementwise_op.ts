// What elementwise ops are made by: declarations alone, as the modules of ops import one another.
import {
  type BindingDtype,
  type Chain,
  type ChainOperand,
  type ChainStep,
  type ChainValue,
  chainGeometry,
  DtypeError,
  type Expression,
  type ExpressionName,
  elementwiseBinary,
  elementwiseChain,
  elementwiseConstants,
  elementwiseGeometry,
  elementwiseTernary,
  elementwiseUnary,
  expressions,
} from "@facet/kernels-wgsl";
import { defineOp, launch, type nonDifferentiable, type Vjp, vjp } from "../define_op.js";
import { bindingDtype, type Dtype, halfFormat, isHalf } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { broadcasting } from "../vmap/rules.js";
import { full, zeros } from "./create.js";
import { sumTo } from "./reduce.js";

/** What an op takes where a number may stand for a tensor. */
export type TensorLike = Tensor | number;

type Gradient<A> = Vjp<A> | typeof nonDifferentiable;

/** Packed bytes are no operands; returns the tensor so that checks read in place. */
export function refuseBytes(op: string, x: Tensor): Tensor {
  if (x.dtype !== "uint8") return x;
  throw new DtypeError({ op, expected: "float32, int32, uint32 or bool (convert with u8ToF32)", given: "uint8" });
}

/** The expression's numbers; and what kernels know nothing of. */
export interface UnaryAttrs {
  readonly s0: number;
  readonly s1: number;
  /** Whether the derivative at a kink in 0 is that of the right side. */
  readonly rightAtZero?: boolean;
  /** Whether an interval's ends have no gradient. */
  readonly openEnds?: boolean;
}

interface Options<Kernel> {
  /** Dtype of the result. Default: the operands'. */
  readonly result?: Dtype;
  /** The kernel that has the expression's functions. Default: the one of its arity. */
  readonly kernel?: Kernel;
  /** Refuses bools, which kernels hold as words of 0 and 1. */
  readonly noBools?: boolean;
}

const DTYPES: Readonly<Record<BindingDtype, Dtype>> = { f32: "float32", i32: "int32", u32: "uint32" };

/** Throws DtypeError unless the operands have dtypes that the expression takes, one for all. */
function expectOperands(name: ExpressionName, operands: Readonly<Record<string, Tensor>>, noBools = false): void {
  const { dtypes }: Expression = expressions[name];
  const [first, ...others] = Object.entries(operands) as [[string, Tensor], ...[string, Tensor][]];
  const [argument, { dtype }] = first;
  refuseBytes(name, first[1]);
  for (const [other, x] of others) {
    refuseBytes(name, x);
    if (x.dtype !== dtype) throw new DtypeError({ op: name, argument: other, expected: dtype, given: x.dtype });
  }
  const computed = isHalf(dtype) ? "f32" : bindingDtype(dtype);
  if (dtypes.some(([kind]) => kind === computed) && !(noBools && dtype === "bool")) return;
  const expected = dtypes.map(([kind]) => DTYPES[kind as BindingDtype]).join(" or ");
  throw new DtypeError({ op: name, argument, expected, given: dtype });
}

const constantsOf = (name: ExpressionName, operands: readonly Tensor[]) =>
  elementwiseConstants(
    name,
    operands.map((x) => bindingDtype(x.dtype)),
  );

/**
 * An expression over halves in one pass: they are read, and what it makes of floats is written as halves. Undefined where operands are broadcast
 * along some axes only, or the kernel has not the expression's functions, or would be compiled for every number.
 *
 * @param result Dtype of the result, when it is none of halves.
 */
export function onHalves(name: ExpressionName, operands: readonly Tensor[], result?: Dtype): Tensor | undefined {
  const { shader, wgsl }: Expression = expressions[name];
  const half = operands.map(({ dtype }) => dtype).find(isHalf);
  const { shape, params } = elementwiseGeometry(
    operands.map((x) => x.shape),
    0,
    0,
    name,
  );
  if (!half || shader || wgsl.includes("params.") || params.rank > 1) return undefined;
  const strides = operands.map((_, i) => params.axes[1 + i] as number);
  if (strides.some((stride) => stride > 1)) return undefined;
  const y = empty(shape, result ?? half);
  if (y.size === 0) return y;
  const format = halfFormat(half);
  const dtypes = operands.map((x): BindingDtype => (isHalf(x.dtype) ? "f32" : bindingDtype(x.dtype)));
  const steps: ChainStep[] = [];
  const from = operands.map(({ dtype }, operand): ChainValue => {
    if (!isHalf(dtype)) return { operand };
    return { step: steps.push({ ...NO_NUMBERS, name: `from_${format}`, dtypes: ["u32"], from: [{ operand }] }) - 1 };
  });
  const step = steps.push({ ...NO_NUMBERS, name, dtypes, from }) - 1;
  if (result === undefined) steps.push({ ...NO_NUMBERS, name: `to_${format}`, dtypes: ["f32"], from: [{ step }] });
  launchChain(operands, y, {
    operands: operands.map((x, i) => chainOperand(x, strides[i] === 0 && y.size > 1)),
    steps,
  });
  return y;
}

const NO_NUMBERS = { s0: 0, s1: 0 } as const;

const chainOperand = ({ dtype }: Tensor, repeated = false): ChainOperand => ({
  dtype: isHalf(dtype) ? "u32" : bindingDtype(dtype),
  repeated,
  packed: isHalf(dtype),
});

/** A tensor in another dtype, of which one is that of halves. */
export function convertHalves(x: Tensor, y: Tensor): void {
  const steps: ChainStep[] = [];
  const then = (name: ExpressionName, dtype: BindingDtype): void => {
    const from: ChainValue = steps.length === 0 ? { operand: 0 } : { step: steps.length - 1 };
    steps.push({ ...NO_NUMBERS, name, dtypes: [dtype], from: [from] });
  };
  if (isHalf(x.dtype)) then(`from_${halfFormat(x.dtype)}`, "u32");
  else if (x.dtype !== "float32") then("to_f32", bindingDtype(x.dtype));
  if (isHalf(y.dtype)) then(`to_${halfFormat(y.dtype)}`, "f32");
  else if (y.dtype !== "float32")
    then(y.dtype === "bool" ? "to_bool" : y.dtype === "int32" ? "to_i32" : "to_u32", "f32");
  launchChain([x], y, { operands: [chainOperand(x)], steps });
}

/** Launches a chain over operands in their order. */
function launchChain(operands: readonly Tensor[], y: Tensor, chain: Omit<Chain, "packed">): void {
  const { params, constants } = chainGeometry({ ...chain, packed: isHalf(y.dtype) }, y.size);
  const [a, b, c] = operands;
  launch(elementwiseChain, { a, b, c, y }, params, constants);
}

/** An op of one tensor and up to two numbers. */
export function unary(
  name: ExpressionName,
  x: Gradient<UnaryAttrs>,
  { result, kernel, noBools }: Options<typeof elementwiseUnary> = {},
) {
  return defineOp<{ x: Tensor }, UnaryAttrs>({
    name,
    shape: ({ x }) => {
      expectOperands(name, { x }, noBools);
      return x.shape;
    },
    dtype: ({ x }) => result ?? x.dtype,
    forward: ({ x }, y, { s0, s1 }) => {
      const { params } = elementwiseGeometry([x.shape], s0, s1, name);
      launch(kernel ?? elementwiseUnary, { a: x, y }, params, constantsOf(name, [x]));
    },
    vjp: { x },
    batch: broadcasting,
    halves: {
      forward: ({ x }) => {
        expectOperands(name, { x }, noBools);
        return onHalves(name, [x], result);
      },
    },
  });
}

/** The numbers of an expression of several operands; without them 0. */
export type Scalars = Partial<UnaryAttrs> | undefined;

/** An op of two tensors of one dtype and up to two numbers. */
export function binary(
  name: ExpressionName,
  a: Gradient<Scalars>,
  b: Gradient<Scalars>,
  { result, kernel, noBools }: Options<typeof elementwiseBinary> = {},
) {
  return defineOp<{ a: Tensor; b: Tensor }, Scalars>({
    name,
    shape: ({ a, b }) => {
      expectOperands(name, { a, b }, noBools);
      return elementwiseGeometry([a.shape, b.shape], 0, 0, name).shape;
    },
    dtype: ({ a }) => result ?? a.dtype,
    forward: ({ a, b }, y, attrs) => {
      const { params } = elementwiseGeometry([a.shape, b.shape], attrs?.s0, attrs?.s1, name);
      launch(kernel ?? elementwiseBinary, { a, b, y }, params, constantsOf(name, [a, b]));
    },
    vjp: { a, b },
    batch: broadcasting,
    halves: {
      forward: ({ a, b }) => {
        expectOperands(name, { a, b }, noBools);
        return onHalves(name, [a, b], result);
      },
    },
  });
}

/** An op of three tensors of one dtype and a number. */
export function ternary(
  name: ExpressionName,
  vjps: Readonly<Record<"a" | "b" | "c", Gradient<UnaryAttrs>>>,
): (a: Tensor, b: Tensor, c: Tensor, s0?: number) => Tensor {
  const op = defineOp<{ a: Tensor; b: Tensor; c: Tensor }, UnaryAttrs>({
    name,
    shape: ({ a, b, c }) => {
      expectOperands(name, { a, b, c });
      return elementwiseGeometry([a.shape, b.shape, c.shape], 0, 0, name).shape;
    },
    forward: ({ a, b, c }, y, { s0 }) => {
      const { params } = elementwiseGeometry([a.shape, b.shape, c.shape], s0, 0, name);
      launch(elementwiseTernary, { a, b, c, y }, params, constantsOf(name, [a, b, c]));
    },
    vjp: vjps,
    batch: broadcasting,
    halves: {
      forward: ({ a, b, c }) => {
        expectOperands(name, { a, b, c });
        return onHalves(name, [a, b, c]);
      },
    },
  });
  return (a, b, c, s0 = 0) => op({ a, b, c }, { s0, s1: 0 });
}

/** A function of one tensor without numbers: its op and what calls it. */
export function ofOne(
  name: ExpressionName,
  x: Gradient<UnaryAttrs>,
  options?: Options<typeof elementwiseUnary>,
): (x: Tensor) => Tensor {
  const op = unary(name, x, options);
  return (x) => op({ x }, { s0: 0, s1: 0 });
}

/** A function of two tensors without numbers. */
export function ofTwo(
  name: ExpressionName,
  a: Gradient<Scalars>,
  b: Gradient<Scalars>,
  options?: Options<typeof elementwiseBinary>,
): (a: TensorLike, b: TensorLike) => Tensor {
  const op = binary(name, a, b, options);
  return (a, b) => op(pair(a, b), undefined);
}

/** Zeros for an input that the result does not change with. */
export function zeroGradient(input: string) {
  return vjp([], (_, __, { shapes }) => zeros(shapes[input] as number[]));
}

/** The gradient of an operand that is broadcast: the sum over what it was repeated along. */
export function toward<const S extends string, A>(
  operand: string,
  saves: readonly S[],
  gradient: (dy: Tensor, saved: Record<S, Tensor>, attrs: A) => Tensor,
): Vjp<A> {
  return vjp(saves, (dy, saved, { shapes, attrs }) => sumTo(gradient(dy, saved, attrs), shapes[operand]));
}

/** Makes both operands tensors: a number takes the other's dtype. */
export function pair(a: TensorLike, b: TensorLike): { a: Tensor; b: Tensor } {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float32";
  return { a: typeof a === "number" ? full([], a, dtype) : a, b: typeof b === "number" ? full([], b, dtype) : b };
}
