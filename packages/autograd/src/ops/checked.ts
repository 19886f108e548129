// Integer arithmetic in which a result beyond 32 bits is an error, raised by the next read, instead of wrapping: for dialects
// whose integers have 64 bits. Of floats and bools each function is the one of the same name that does not check.
import {
  ArgumentError,
  DtypeError,
  type IntegerCheck,
  integerChecked,
  integerCheckedConstants,
  integerCheckedGeometry,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable } from "../define_op.js";
import type { Dtype } from "../dtype.js";
import { device } from "../engine.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { broadcasting } from "../vmap/rules.js";
import { gcd, isNan, shiftLeft } from "./bits.js";
import * as plain from "./elementwise.js";
import { pair, type TensorLike } from "./elementwise_op.js";
import { abs, neg, square } from "./elementwise_unary.js";
import * as reductions from "./reduce.js";
import { fmod, remainder } from "./rounding.js";
import * as scans from "./scan.js";

const BEYOND = {
  expected: "results within 32 bits, in which integers are held",
  found: ["a result beyond 32 bits", "a division by 0"],
  error: DtypeError,
};
const NO_PROBABILITY = { expected: "probabilities from 0 to 1", found: ["another value"], error: ArgumentError };

function checkedOp(name: IntegerCheck, op: string, fault: typeof BEYOND | typeof NO_PROBABILITY = BEYOND) {
  return defineOp<{ a: Tensor; b: Tensor }>({
    name: `${name}_checked`,
    shape: ({ a, b }) => integerCheckedGeometry(a.shape, b.shape, 0, op).shape,
    dtype: () => "int32",
    forward: ({ a, b }, y) => {
      const slot = device().faults.slot({ op, argument: "input", ...fault });
      const { params } = integerCheckedGeometry(a.shape, b.shape, slot, op);
      launch(integerChecked, { a, b, y }, params, integerCheckedConstants(name));
    },
    vjp: { a: nonDifferentiable, b: nonDifferentiable },
    batch: broadcasting,
  });
}

const isInteger = (x: TensorLike): boolean => typeof x !== "number" && x.dtype === "int32";

function ofTwo(name: IntegerCheck, unchecked: (a: TensorLike, b: TensorLike) => Tensor) {
  const op = checkedOp(name, name);
  return (a: TensorLike, b: TensorLike): Tensor =>
    isInteger(a) || isInteger(b) ? op(pair(a, b), undefined) : unchecked(a, b);
}

function ofOne(name: IntegerCheck, unchecked: (x: Tensor) => Tensor) {
  const op = checkedOp(name, name);
  return (x: Tensor): Tensor => (isInteger(x) ? op({ a: x, b: x }, undefined) : unchecked(x));
}

const castOp = checkedOp("from_f32", "cast");
const agreeOp = checkedOp("unless_wrapped", "sum or prod");
const bernoulliOp = checkedOp("bernoulli", "bernoulli", NO_PROBABILITY);
/** `whole`, integers computed of others, unless the same computed in floats is far from it: then it has wrapped. */
const unlessWrapped = (whole: Tensor, floats: Tensor): Tensor => agreeOp({ a: whole, b: floats }, undefined);
const mul = ofTwo("mul", plain.mul);
const absolute = ofOne("abs", (x) => abs(x));

/** A sum or product of integers wraps where the same of floats is far from it. */
function reduction(f: (x: Tensor, options?: reductions.ReduceOptions) => Tensor) {
  return (x: Tensor, options: reductions.ReduceOptions = {}): Tensor => {
    if (x.dtype !== "int32") return f(x, options);
    return unlessWrapped(f(x, options), f(plain.cast(x, "float32"), options));
  };
}

function cumulative(f: (x: Tensor, options: scans.CumulativeOptions) => Tensor) {
  return (x: Tensor, options: scans.CumulativeOptions): Tensor => {
    const counted = x.dtype === "bool" ? plain.cast(x, "int32") : x;
    if (counted.dtype !== "int32") return f(counted, options);
    return unlessWrapped(f(counted, options), f(plain.cast(counted, "float32"), options));
  };
}

/**
 * Lets the next read throw ArgumentError if there is a NaN among floats, named by `op` and `argument`. Nothing waits for the device.
 */
export function refuseNan(
  x: Tensor,
  { op, argument, expected }: { op: string; argument: string; expected: string },
): void {
  if (x.size === 0) return;
  noGrad(() =>
    scope(() => {
      const bad = reductions.sum(plain.where(isNan(x), Number.NaN, 0));
      const slot = device().faults.slot({ op, argument, expected, found: ["NaN"] });
      const { params } = integerCheckedGeometry([], [], slot, op);
      launch(integerChecked, { a: bad, b: bad, y: empty([], "int32") }, params, integerCheckedConstants("from_f32"));
    }),
  );
}

export const checked = {
  unlessWrapped,
  add: ofTwo("add", plain.add),
  sub: ofTwo("sub", plain.sub),
  mul,
  /** To a negative power 1 and -1 have a result; all other integers give 0. */
  pow: ofTwo("pow", plain.pow),
  /** A division of integers by 0 is an error too. */
  floorDivide: ofTwo("floor_divide", plain.floorDivide),
  truncDivide: ofTwo("trunc_divide", plain.truncDivide),
  fmod: ofTwo("fmod", fmod),
  remainder: ofTwo("remainder", remainder),
  /** Of integers. A shift by a negative number or by 64 and more gives 0. */
  shiftLeft: ofTwo("shift_left", shiftLeft),
  /** The cofactor of a, an integer, times b. */
  lcm: (a: Tensor, b: Tensor): Tensor => {
    const divisor = gcd(a, b);
    return absolute(mul(plain.truncDivide(a, plain.where(plain.equal(divisor, 0), 1, divisor)), b));
  },
  neg: ofOne("neg", neg),
  abs: absolute,
  square: (x: Tensor): Tensor => (isInteger(x) ? mul(x, x) : square(x)),
  sum: reduction(reductions.sum),
  prod: reduction(reductions.prod),
  cumsum: cumulative(scans.cumsum),
  cumprod: cumulative(scans.cumprod),
  /** As `cast`; NaN, infinity and what is beyond 32 bits have no int32. */
  cast: (x: Tensor, dtype: Dtype): Tensor =>
    x.dtype === "float32" && dtype === "int32" ? castOp({ a: x, b: x }, undefined) : plain.cast(x, dtype),
  /** int32: 1 where a draw from [0, 1) is below its probability, else 0. A probability that is none is an error. */
  bernoulli: (draws: Tensor, probabilities: Tensor): Tensor => bernoulliOp({ a: draws, b: probabilities }, undefined),
};
