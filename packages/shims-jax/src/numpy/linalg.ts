import * as core from "@facet/autograd";
import { DtypeError, formatShape, ShapeError, sizeOf, type Tensor } from "@facet/autograd";
import { type ArrayLike, arrayOf, JaxArray, run } from "../array.js";
import { multiply, promoted } from "./elementwise.js";
import { axisOf, permuted } from "./shape.js";

/** Two arrays promoted to float32, the only dtype products are computed in. */
function factors(fn: string, a: JaxArray, b: JaxArray): [Tensor, Tensor] {
  arrayOf(fn, "a", a);
  arrayOf(fn, "b", b);
  const [x, y] = promoted(fn, { a, b }) as [Tensor, Tensor];
  if (x.dtype === "float32") return [x, y];
  throw new DtypeError({ op: fn, argument: "a", expected: "float32 (convert with astype)", given: x.dtype });
}

/** jnp.matmul: the last two dimensions are multiplied, the others broadcast; vectors stand for one row or one column. */
export function matmul(a: JaxArray, b: JaxArray): JaxArray {
  return run(() => {
    const [x, y] = factors("matmul", a, b);
    for (const [argument, { rank }] of [
      ["a", x],
      ["b", y],
    ] as const)
      if (rank === 0)
        throw new ShapeError({ op: "matmul", argument, expected: "rank 1 or more", given: formatShape([]) });
    const left = x.rank === 1 ? core.reshape(x, [1, x.size]) : x;
    const right = y.rank === 1 ? core.reshape(y, [y.size, 1]) : y;
    const product = core.matmul(left, right);
    const shape = product.shape.filter(
      (_, i) => !(x.rank === 1 && i === product.rank - 2) && !(y.rank === 1 && i === product.rank - 1),
    );
    return core.reshape(product, shape);
  });
}

export interface DimensionNumbers {
  contracting: readonly [readonly number[], readonly number[]];
  batch: readonly [readonly number[], readonly number[]];
}

/** Contraction of any dimensions, as a batched matrix product. Result: batch, free dimensions of a, free dimensions of b. */
export function contracted(fn: string, x: Tensor, y: Tensor, { contracting, batch }: DimensionNumbers): Tensor {
  const [cx, cy] = [contracting[0].map((i) => axisOf(fn, i, x.rank)), contracting[1].map((i) => axisOf(fn, i, y.rank))];
  const [bx, by] = [batch[0].map((i) => axisOf(fn, i, x.rank)), batch[1].map((i) => axisOf(fn, i, y.rank))];
  const extents = (tensor: Tensor, axes: readonly number[]) => axes.map((i) => tensor.shape[i] as number);
  for (const [what, left, right] of [
    ["contracting", extents(x, cx), extents(y, cy)],
    ["batch", extents(x, bx), extents(y, by)],
  ] as const)
    if (`${left}` !== `${right}`)
      throw new ShapeError({
        op: fn,
        argument: "b",
        expected: `${what} dimensions ${formatShape(left)}`,
        given: formatShape(right),
      });
  const fx = [...x.shape.keys()].filter((i) => !cx.includes(i) && !bx.includes(i));
  const fy = [...y.shape.keys()].filter((i) => !cy.includes(i) && !by.includes(i));
  const k = sizeOf(extents(x, cx));
  const head = extents(x, bx);
  const left = core.reshape(permuted(x, [...bx, ...fx, ...cx]), [sizeOf(head), sizeOf(extents(x, fx)), k]);
  const right = core.reshape(permuted(y, [...by, ...cy, ...fy]), [sizeOf(head), k, sizeOf(extents(y, fy))]);
  return core.reshape(core.matmul(left, right), [...head, ...extents(x, fx), ...extents(y, fy)]);
}

/** jnp.tensordot: contracts the last `axes` dimensions of a with the first of b, or the listed ones. */
export function tensordot(
  a: JaxArray,
  b: JaxArray,
  axes: number | readonly [number | readonly number[], number | readonly number[]] = 2,
): JaxArray {
  return run(() => {
    const [x, y] = factors("tensordot", a, b);
    const list = (axis: number | readonly number[]) => (typeof axis === "number" ? [axis] : axis);
    const contracting: DimensionNumbers["contracting"] =
      typeof axes === "number"
        ? [Array.from({ length: axes }, (_, i) => x.rank - axes + i), Array.from({ length: axes }, (_, i) => i)]
        : [list(axes[0]), list(axes[1])];
    return contracted("tensordot", x, y, { contracting, batch: [[], []] });
  });
}

/** jnp.dot: product of numbers, of vectors, of matrices; else the last dimension of a with the second to last of b. */
export function dot(a: ArrayLike, b: ArrayLike): JaxArray {
  if (!(a instanceof JaxArray) || !(b instanceof JaxArray) || a.ndim === 0 || b.ndim === 0) return multiply(a, b);
  if (a.ndim <= 2 && b.ndim <= 2) return matmul(a, b);
  return tensordot(a, b, [-1, Math.max(0, b.ndim - 2)]);
}

/** jnp.outer: every product of the elements of two arrays, laid flat. */
export const outer = (a: JaxArray, b: JaxArray): JaxArray => tensordot(a.ravel(), b.ravel(), 0);

export { factors };
