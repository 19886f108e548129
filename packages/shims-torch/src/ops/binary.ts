// Functions of two operands of floats, and which of two numbers comes first.
import * as core from "@facet/autograd";
import { type Args, number } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { native, type Operand, operand, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { arithmetic, type OfTwoTensors, type Out, requireNumbers, twoTensors } from "./arithmetic.js";
import { floating, floatingOperands, ofFloats } from "./of_two.js";
import { commonDtype, pair, requireBroadcast } from "./operands.js";
import { requireFloat } from "./scalar.js";

/** The angle of the point (other, input), in radians. */
export const atan2 = floating("atan2", core.atan2);
/** input 2^other. */
export const ldexp = floating("ldexp", core.ldexp);
export const hypot = ofFloats("hypot", core.hypot);
export const logaddexp = ofFloats("logaddexp", core.logaddexp);
export const logaddexp2 = ofFloats("logaddexp2", core.logaddexp2);
/** The float next to input in the direction of other. */
export const nextafter = ofFloats("nextafter", core.nextafter);
/** Regularised lower incomplete gamma function. The shape, `input`, has no gradient: one that is wanted throws. */
export const igamma = ofFloats("igamma", core.igamma);
/** 1 - igamma. */
export const igammac = ofFloats("igammac", core.igammac);
/** input log(other), 0 where input is 0. */
export const xlogy = floatingOperands("xlogy", core.xlogy);

/** |input| with the sign of other, a tensor or a number. */
export const copysign: (input: Tensor, ...args: Args<[other: Operand], { other: Operand } & Out>) => Tensor = (() => {
  const compute = arithmetic("copysign", core.copysign, "float32");
  return native("copysign", { input: tensor, other: operand, "*": null, out }, ({ input, other }) =>
    compute(input, other),
  );
})();

/** `a` where it comes before `b` or is no worse, or where b is NaN. */
function first(name: string, before: typeof core.greaterEqual): OfTwoTensors {
  const compute = arithmetic(name, (a, b) => {
    const [x, y] = [a as core.Tensor, b as core.Tensor];
    const wins = before(x, y);
    return core.where(y.dtype === "float32" ? core.logicalOr(wins, core.isNan(y)) : wins, x, y);
  });
  return native(name, twoTensors, ({ input, other }) => compute(input, other));
}
/** The larger of each two elements; a number wins over NaN. */
export const fmax = first("fmax", core.greaterEqual);
/** The smaller of each two elements; a number wins over NaN. */
export const fmin = first("fmin", core.lessEqual);

/** 0 where input is negative or NaN, `values` where it is 0, else 1. Both of one dtype. */
export const heaviside: (input: Tensor, ...args: Args<[values: Tensor], { values: Tensor } & Out>) => Tensor = native(
  "heaviside",
  { input: tensor, values: tensor, "*": null, out },
  ({ input, values }) => {
    requireSameDtype(
      "heaviside",
      "values",
      "heaviside is not yet implemented for tensors with different dtypes.",
      input,
      values,
    );
    requireBroadcast("heaviside", input.shape, values.shape);
    return core.scope(() => {
      const [a, b] = [input.core, values.core];
      return wrap(a.dtype === "bool" ? core.logicalOr(a, b) : core.heaviside(a, b));
    });
  },
);

function requireSameDtype(op: string, argument: string, sentence: string, a: Tensor, b: Tensor): void {
  if (a.core.dtype === b.core.dtype) return;
  complain(core.DtypeError, sentence, { op, argument, expected: `${a.dtype}`, given: `${b.dtype}` });
}

/** The p-norm of input - other. */
export const dist: (input: Tensor, ...args: Args<[other: Tensor, p: number], { other: Tensor; p: number }>) => Tensor =
  native("dist", { input: tensor, other: tensor, p: number.or(2) }, ({ input, other, p }) => {
    requireNumbers("dist", input, other);
    requireFloat("dist", "input", commonDtype(input, other));
    return core.scope(() => {
      const [a, b] = pair("dist", input, other) as [core.Tensor, core.Tensor];
      return wrap(core.vectorNorm(core.sub(a, b), p));
    });
  });

export interface CloseArguments {
  other: Tensor;
  /** Of |other|; default 1e-5. */
  rtol: number;
  /** Default 1e-8. */
  atol: number;
  /** Whether NaN is close to NaN; default false. */
  equal_nan: boolean;
}
export type CloseArgs = Args<[other: Tensor, rtol: number, atol: number, equal_nan: boolean], CloseArguments>;
const closeRules = {
  input: tensor,
  other: tensor,
  rtol: number.or(1e-5),
  atol: number.or(1e-8),
  equal_nan: false,
} as const;

function closeness(op: string, input: Tensor, { other, rtol, atol, equal_nan }: CloseArguments): core.Tensor {
  requireSameDtype(op, "other", `${input.dtype.name} did not match ${other.dtype.name}`, input, other);
  for (const [argument, tolerance] of Object.entries({ rtol, atol }))
    if (!(tolerance >= 0))
      complain(core.ArgumentError, `${argument} must be greater than or equal to zero, but got ${tolerance}`, {
        op,
        argument,
        expected: "0 or more",
        given: `${tolerance}`,
      });
  requireBroadcast(op, input.shape, other.shape);
  const same = core.equal(input.core, other.core);
  const [a, b] = [input, other].map((each) => convertCore(each.core, "float32")) as [core.Tensor, core.Tensor];
  const close = equal_nan ? core.logicalOr(same, core.logicalAnd(core.isNan(a), core.isNan(b))) : same;
  if (rtol === 0 && atol === 0) return close;
  const apart = core.abs(core.sub(a, b));
  const near = core.lessEqual(apart, core.add(core.abs(core.mul(b, rtol)), atol));
  return core.logicalOr(close, core.logicalAnd(core.isFinite(apart), near));
}

/** Whether |input - other| is at most atol + rtol |other|, element by element. Both of one dtype. */
export const isclose: (input: Tensor, ...args: CloseArgs) => Tensor = native(
  "isclose",
  closeRules,
  ({ input, ...given }) => core.noGrad(() => core.scope(() => wrap(closeness("isclose", input, given)))),
);
/** Whether all elements are close, a boolean of the host. */
export const allclose: (input: Tensor, ...args: CloseArgs) => Promise<boolean> = native(
  "allclose",
  closeRules,
  ({ input, ...given }) => whole(core.noGrad(() => core.scope(() => core.all(closeness("allclose", input, given))))),
);
/** Whether shapes and all elements are the same, a boolean of the host. NaN is not equal to itself. Both of one dtype. */
export const equal: (input: Tensor, ...args: Args<[other: Tensor], { other: Tensor }>) => Promise<boolean> = native(
  "equal",
  { input: tensor, other: tensor },
  async ({ input, other }) => {
    if (sizeText(input.shape) !== sizeText(other.shape)) return false;
    requireSameDtype(
      "equal",
      "other",
      `Expected object of data type ${input.dtype.name} but got data type ${other.dtype.name} for argument 'other'`,
      input,
      other,
    );
    return whole(core.noGrad(() => core.scope(() => core.all(core.equal(input.core, other.core)))));
  },
);

/** A bool on the device as one of the host. */
async function whole(x: core.Tensor): Promise<boolean> {
  try {
    return (await x.item()) !== 0;
  } finally {
    x.dispose();
  }
}
