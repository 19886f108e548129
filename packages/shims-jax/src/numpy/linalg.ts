import * as core from "@facet/autograd";
import { DtypeError, formatShape, ShapeError, sizeOf, type Tensor } from "@facet/autograd";
import { define, defineMethod, int, listOf, only } from "@facet/dialect";
import { arrayLike, type Given, inPreferred, precision, preferred } from "../arguments.js";
import { type ArrayLike, JaxArray, run } from "../array.js";
import { axisOf, permuted } from "./axes.js";
import { times } from "./elementwise.js";
import { promoted } from "./ufunc.js";

/** Two arrays promoted to one dtype, of floats: products are of no others. */
export function factors(fn: string, a: ArrayLike, b: ArrayLike): [Tensor, Tensor] {
  const [x, y] = promoted(fn, { a, b }) as [Tensor, Tensor];
  if (core.isFloating(x.dtype)) return [x, y];
  throw new DtypeError({ op: fn, argument: "a", expected: "floats (convert with astype)", given: x.dtype });
}

/** How exactly products are computed: in float32, whatever `precision` says. */
const PRODUCT = { "*": null, precision, preferred_element_type: preferred, out_sharding: only(null) } as const;
export interface ProductNamed {
  a: ArrayLike;
  b: ArrayLike;
  precision: string | null;
  preferred_element_type: "float32" | null;
  out_sharding: null;
}
type Product = (...args: Given<[a: ArrayLike, b: ArrayLike], [], ProductNamed>) => JaxArray;

/** Matrix product of what stands in the last two dimensions. */
export function multiplied(fn: string, a: ArrayLike, b: ArrayLike): JaxArray {
  return run(() => {
    const [x, y] = factors(fn, a, b);
    for (const [argument, { rank }] of [
      ["a", x],
      ["b", y],
    ] as const)
      if (rank === 0) throw new ShapeError({ op: fn, argument, expected: "rank 1 or more", given: formatShape([]) });
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

/** jnp.matmul: the last two dimensions are multiplied, the others broadcast; vectors stand for one row or one column. */
export const matmul: Product = define("jax.numpy.matmul", { a: arrayLike, b: arrayLike, ...PRODUCT }, (values) => {
  const { a, b } = inPreferred(values);
  return multiplied("matmul", a, b);
});

export type ContractedAxes = number | readonly [number | readonly number[], number | readonly number[]];

export function tensorProduct(fn: string, a: ArrayLike, b: ArrayLike, axes: ContractedAxes): JaxArray {
  return run(() => {
    const [x, y] = factors(fn, a, b);
    if (typeof axes === "number" && axes > Math.min(x.rank, y.rank))
      throw new ShapeError({
        op: fn,
        argument: "axes",
        expected: `at most ${Math.min(x.rank, y.rank)} axes`,
        given: `${axes}`,
      });
    const list = (axis: number | readonly number[]) => (typeof axis === "number" ? [axis] : axis);
    const contracting: DimensionNumbers["contracting"] =
      typeof axes === "number"
        ? [Array.from({ length: axes }, (_, i) => x.rank - axes + i), Array.from({ length: axes }, (_, i) => i)]
        : [list(axes[0]), list(axes[1])];
    return contracted(fn, x, y, { contracting, batch: [[], []] });
  });
}

export const contractedAxes = int
  .where("a number of axes or two lists of them", (n) => n >= 0)
  .either(listOf(int.either(listOf(int)), 2));
/** jnp.tensordot: contracts the last `axes` dimensions of a with the first of b, or the listed ones. */
export const tensordot: (
  ...args: Given<[a: ArrayLike, b: ArrayLike], [axes: ContractedAxes], ProductNamed & { axes: ContractedAxes }>
) => JaxArray = define(
  "jax.numpy.tensordot",
  { a: arrayLike, b: arrayLike, axes: contractedAxes.or(2), ...PRODUCT },
  (values) => {
    const { a, b, axes } = inPreferred(values);
    return tensorProduct("tensordot", a, b, axes as ContractedAxes);
  },
);

function dotted(a: ArrayLike, b: ArrayLike): JaxArray {
  if (!(a instanceof JaxArray) || !(b instanceof JaxArray) || a.ndim === 0 || b.ndim === 0) return times(a, b);
  if (a.ndim <= 2 && b.ndim <= 2) return multiplied("dot", a, b);
  return tensorProduct("dot", a, b, [-1, Math.max(0, b.ndim - 2)]);
}

/** jnp.dot: product of numbers, of vectors, of matrices; else the last dimension of a with the second to last of b. */
export const dot: Product = define("jax.numpy.dot", { a: arrayLike, b: arrayLike, ...PRODUCT }, (values) => {
  const { a, b } = inPreferred(values);
  return dotted(a, b);
});

/** jnp.outer: every product of the elements of two arrays, laid flat. */
export const outer: (
  ...args: Given<[a: ArrayLike, b: ArrayLike], [out: null], { a: ArrayLike; b: ArrayLike; out: null }>
) => JaxArray = define("jax.numpy.outer", { a: arrayLike, b: arrayLike, out: only(null) }, ({ a, b }) =>
  run(() => {
    const [x, y] = promoted("outer", { a, b }) as [Tensor, Tensor];
    const [column, row] = [core.reshape(x, [x.size, 1]), core.reshape(y, [1, y.size])];
    return times(new JaxArray(column), new JaxArray(row)).core;
  }),
);

type ProductMethod<Name extends string> = (
  self: JaxArray,
  ...args: Given<[other: ArrayLike], [], Omit<ProductNamed, "a" | "b"> & { readonly [K in Name]: ArrayLike }>
) => JaxArray;
const matmulMethod: ProductMethod<"other"> = defineMethod(
  "jax.Array.matmul",
  { other: arrayLike },
  (self: JaxArray, { other }) => multiplied("matmul", self, other),
);
const { out_sharding: _, ...DOT } = PRODUCT;
const dotMethod: ProductMethod<"b"> = defineMethod(
  "jax.Array.dot",
  { b: arrayLike, ...DOT },
  (self: JaxArray, values) => {
    const { a, b } = inPreferred({ ...values, a: self });
    return dotted(a, b);
  },
);

export const linalgMethods = { matmul: matmulMethod, dot: dotMethod };
