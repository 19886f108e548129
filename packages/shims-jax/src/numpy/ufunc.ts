// Makers of jax.numpy's functions of single elements: what they promote operands to, and how they take arguments.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, DtypeError, type Tensor } from "@facet/autograd";
import { define, type Keywords, only, show } from "@facet/dialect";
import { arrayLike, dtype, type Given } from "../arguments.js";
import {
  type ArrayLike,
  checkDtype,
  computable,
  converted,
  inexact,
  isNumber,
  JaxArray,
  numberOf,
  run,
  scalar,
} from "../array.js";

/** JAX's type promotion for the dtypes there are; int32 with uint32 is int32, as with 64-bit types off. */
export const promote_types: (...args: Given<[a: Dtype, b: Dtype], [], { a: Dtype; b: Dtype }>) => Dtype = define(
  "jax.numpy.promote_types",
  { a: dtype, b: dtype },
  ({ a, b }) => core.promoteTypes(checkDtype("promote_types", a), checkDtype("promote_types", b)),
);

/**
 * The dtype JAX promotes operands to: numbers and booleans of JavaScript have none of their own and take the arrays', or those of
 * `dtypes` beside them.
 */
export function commonDtype(operands: readonly ArrayLike[], dtypes: readonly Dtype[] = []): Dtype {
  if (dtypes.length === 0 && !operands.some((x) => x instanceof JaxArray && !isNumber(x)))
    return operands.some(isNumber) ? "float32" : "bool";
  return core.resultType([
    ...dtypes.map((dtype) => [dtype, "array"] as const),
    ...operands.map((x) => {
      if (isNumber(x)) return [Number.isInteger(numberOf(x)) ? "int32" : "float32", "number"] as const;
      return x instanceof JaxArray ? ([x.dtype, "array"] as const) : (["bool", "number"] as const);
    }),
  ]);
}

/** Operands as tensors of the one dtype JAX promotes them to, or of `least` where that is one of a category below. */
export function promoted(fn: string, operands: Readonly<Record<string, ArrayLike>>, least: Dtype = "bool"): Tensor[] {
  const names = Object.keys(operands);
  const given = Object.values(operands);
  for (const [i, x] of given.entries())
    if (!arrayLike.accepts(x))
      throw new ArgumentError({ op: fn, argument: names[i] as string, expected: arrayLike.expected, given: show(x) });
  const target = core.atLeast(commonDtype(given), least);
  return given.map((x, i) => {
    if (!(x instanceof JaxArray) || isNumber(x)) return scalar(fn, names[i] as string, x, target);
    return target === "uint8" ? computable(fn, names[i] as string, x) : converted(x.core, target);
  });
}

/** Operands of a function of real numbers: of the dtype of their floats, float32 where there are none. */
export const promotedReal = (fn: string, operands: Readonly<Record<string, ArrayLike>>): Tensor[] =>
  promoted(fn, operands, "float32");

/** Refuses booleans, on which JAX does no arithmetic. */
export const noBooleans =
  (fn: string, op: (...operands: Tensor[]) => Tensor) =>
  (...operands: Tensor[]): Tensor => {
    if (operands[0]?.dtype === "bool")
      throw new DtypeError({ op: fn, argument: "x", expected: "numbers (convert with astype)", given: "bool" });
    return op(...operands);
  };

export type Unary = (x: ArrayLike) => JaxArray;
export type Binary = (x: ArrayLike, y: ArrayLike) => JaxArray;
/** A function that NumPy has as a ufunc: its arguments are by position only. */
export type Ufunc<Operands extends readonly ArrayLike[]> = (
  ...args: [...Operands, Keywords<{ out: null; where: null }>?]
) => JaxArray;

/** Functions that keep the dtype. */
export const keeping = (name: string, op: (x: Tensor) => Tensor): Unary =>
  define(`jax.numpy.${name}`, { x: arrayLike, "/": null }, ({ x }) =>
    run(() => op(promoted(name, { x })[0] as Tensor)),
  );

/** Functions of real numbers: integers and booleans become float32. */
export const real = (name: string, op: (x: Tensor) => Tensor): Unary =>
  define(`jax.numpy.${name}`, { x: arrayLike, "/": null }, ({ x }) => run(() => op(inexact(name, "x", x))));

export const UFUNC = { "*": null, out: only(null), where: only(null) } as const;

export type CoreBinary = (a: Tensor, b: Tensor) => Tensor;

/** Applies an op to two operands, promoted to one dtype. */
export const applied =
  (fn: string, op: CoreBinary, names: readonly [string, string] = ["x", "y"]): Binary =>
  (x, y) =>
    run(() => {
      const [a, b] = promoted(fn, { [names[0]]: x, [names[1]]: y }) as [Tensor, Tensor];
      return op(a, b);
    });

/** A function of two arguments by position, under NumPy's names for them. */
export const ufunc = (
  name: string,
  op: Binary,
  [first, second]: readonly [string, string] = ["x", "y"],
): Ufunc<[x: ArrayLike, y: ArrayLike]> =>
  define(`jax.numpy.${name}`, { [first]: arrayLike, [second]: arrayLike, "/": null, ...UFUNC }, (values) => {
    const given = values as unknown as Record<string, ArrayLike>;
    return op(given[first] as ArrayLike, given[second] as ArrayLike);
  });

export const comparison = (name: string, op: Binary): Binary =>
  define(`jax.numpy.${name}`, { x: arrayLike, y: arrayLike, "/": null }, ({ x, y }) => op(x, y));

/** Functions of two real numbers by position, x1 and x2. */
export const realOfTwo = (name: string, op: CoreBinary): Binary =>
  define(`jax.numpy.${name}`, { x1: arrayLike, x2: arrayLike, "/": null }, ({ x1, x2 }) =>
    run(() => op(...(promotedReal(name, { x1, x2 }) as [Tensor, Tensor]))),
  );

/** Functions of two arguments by position, x1 and x2, promoted to one dtype. */
export const ofTwo = (name: string, op: CoreBinary): Binary => {
  const body = applied(name, op, ["x1", "x2"]);
  return define(`jax.numpy.${name}`, { x1: arrayLike, x2: arrayLike, "/": null }, ({ x1, x2 }) => body(x1, x2));
};

/** As ofTwo, for functions that take their arguments by name too. */
export const namedTwo = (
  name: string,
  op: CoreBinary,
): ((...args: Given<[x1: ArrayLike, x2: ArrayLike], [], { x1: ArrayLike; x2: ArrayLike }>) => JaxArray) => {
  const body = applied(name, op, ["x1", "x2"]);
  return define(`jax.numpy.${name}`, { x1: arrayLike, x2: arrayLike }, ({ x1, x2 }) => body(x1, x2));
};
