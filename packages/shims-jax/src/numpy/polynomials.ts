// Polynomials by their coefficients, the highest power first.
import * as core from "@facet/autograd";
import { ArgumentError, type Tensor } from "@facet/autograd";
import { int, only } from "@facet/dialect";
import { arrayLike, declared } from "../arguments.js";
import { type ArrayLike, inexact, type JaxArray, run } from "../array.js";
import { convolve } from "./products.js";
import { promoted, promotedReal } from "./ufunc.js";

function line(fn: string, argument: string, x: Tensor): Tensor {
  if (x.rank === 0) return core.reshape(x, [1]);
  if (x.rank === 1) return x;
  throw new ArgumentError({ op: fn, argument, expected: "one dimension", given: core.formatShape(x.shape) });
}

/** Two lists of coefficients of one length: the shorter one has zeros in front. */
function aligned(fn: string, a1: ArrayLike, a2: ArrayLike): [Tensor, Tensor] {
  const [a, b] = promoted(fn, { a1, a2 }).map((x, i) => line(fn, `a${i + 1}`, x)) as [Tensor, Tensor];
  const length = Math.max(a.size, b.size);
  const longer = (x: Tensor): Tensor => core.concat([core.zeros([length - x.size], x.dtype), x], 0);
  return [longer(a), longer(b)];
}
const ofTwo = (name: string, op: (a: Tensor, b: Tensor) => Tensor) =>
  declared<[a1: ArrayLike, a2: ArrayLike]>()(`jax.numpy.${name}`, { a1: arrayLike, a2: arrayLike }, ({ a1, a2 }) =>
    run(() => op(...aligned(name, a1, a2))),
  );
export const polyadd = ofTwo("polyadd", core.add);
export const polysub = ofTwo("polysub", core.sub);
/** The product of two polynomials. */
export const polymul = declared<[a1: ArrayLike, a2: ArrayLike]>()(
  "jax.numpy.polymul",
  { a1: arrayLike, a2: arrayLike, "*": null, trim_leading_zeros: only(false) },
  ({ a1, a2 }): JaxArray => {
    const flat = (argument: string, a: ArrayLike): JaxArray =>
      run(() => line("polymul", argument, inexact("polymul", argument, a)));
    return convolve(flat("a1", a1), flat("a2", a2));
  },
);

const order = int.where("a whole number of 0 or more", (n) => n >= 0).or(1);
/** The m-th derivative. */
export const polyder = declared<[p: ArrayLike], [m: number]>()(
  "jax.numpy.polyder",
  { p: arrayLike, m: order },
  ({ p, m }) =>
    run(() => {
      let x = line("polyder", "p", inexact("polyder", "p", p));
      for (let i = 0; i < m; i++)
        x =
          x.size <= 1
            ? core.zeros([0], x.dtype)
            : core.mul(core.sliceAlong(x, 0, 0, x.size - 1), core.arange(x.size - 1, 0, -1, x.dtype));
      return x;
    }),
);
/** The m-th integral; `k` are its constants, the first of the first integral. */
export const polyint = declared<[p: ArrayLike], [m: number, k: ArrayLike | null]>()(
  "jax.numpy.polyint",
  { p: arrayLike, m: order, k: arrayLike.or(null) },
  ({ p, m, k }) =>
    run(() => {
      const [own, added] = promotedReal("polyint", { p, k: k ?? 0 }) as [Tensor, Tensor];
      let x = line("polyint", "p", own);
      const given = line("polyint", "k", added);
      if (given.size !== 1 && given.size !== m)
        throw new ArgumentError({
          op: "polyint",
          argument: "k",
          expected: `one constant, or ${m}`,
          given: `${given.size}`,
        });
      const constants = core.expand(given, [m]);
      for (let i = 0; i < m; i++)
        x = core.concat([core.div(x, core.arange(x.size, 0, -1, x.dtype)), core.sliceAlong(constants, 0, i, i + 1)], 0);
      return x;
    }),
);
/** The polynomial whose zeros these are: coefficients from 1 on. */
export const poly = declared<[seq_of_zeros: ArrayLike]>()(
  "jax.numpy.poly",
  { seq_of_zeros: arrayLike },
  ({ seq_of_zeros }) =>
    run(() => {
      const zeros = line("poly", "seq_of_zeros", inexact("poly", "seq_of_zeros", seq_of_zeros));
      let p = core.ones([1], zeros.dtype);
      for (let i = 0; i < zeros.size; i++) {
        const shifted = core.mul(
          core.concat([core.zeros([1], zeros.dtype), p], 0),
          core.sliceAlong(zeros, 0, i, i + 1),
        );
        p = core.sub(core.concat([p, core.zeros([1], zeros.dtype)], 0), shifted);
      }
      return p;
    }),
);
/** Coefficients of degree `deg` nearest to the points (x, y) by least squares, with weights `w`. */
export const polyfit = declared<
  [x: ArrayLike, y: ArrayLike, deg: number],
  [rcond: null, full: boolean, w: ArrayLike | null, cov: boolean]
>()(
  "jax.numpy.polyfit",
  {
    x: arrayLike,
    y: arrayLike,
    deg: int.where("a whole number of 0 or more", (n) => n >= 0),
    rcond: only(null),
    full: only(false),
    w: arrayLike.or(null),
    cov: only(false),
  },
  ({ x, y, deg, w }) =>
    run(() => {
      const fn = "polyfit";
      const [at, values] = [line(fn, "x", inexact(fn, "x", x)), inexact(fn, "y", y)];
      if (at.size === 0 || values.shape[0] !== at.size || values.rank > 2)
        throw new ArgumentError({
          op: fn,
          argument: "y",
          expected: `${at.size} values, or rows of them`,
          given: core.formatShape(values.shape),
        });
      const columns = Array.from({ length: deg + 1 }, (_, i) => core.pow(at, deg - i));
      let matrix = core.stack(columns, 1);
      let right = values.rank === 1 ? core.reshape(values, [at.size, 1]) : values;
      if (w !== null) {
        const weights = core.reshape(line(fn, "w", inexact(fn, "w", w)), [at.size, 1]);
        matrix = core.mul(matrix, weights);
        right = core.mul(right, weights);
      }
      const size = core.sqrt(core.sum(core.square(matrix), { axes: 0, keepdims: true }));
      const solved = core.matmul(core.pinv(core.div(matrix, size)), right);
      const c = core.div(solved, core.reshape(size, [deg + 1, 1]));
      return values.rank === 1 ? core.reshape(c, [deg + 1]) : c;
    }),
);
