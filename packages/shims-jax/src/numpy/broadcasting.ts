// Arrays brought to one shape, and choices between such.
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor } from "@facet/autograd";
import { define, listOf, oneOf, only } from "@facet/dialect";
import { arrayLike, type Given, shape as shapeKind } from "../arguments.js";
import { type ArrayLike, computable, type JaxArray, operand, run } from "../array.js";
import { broadcast } from "./axes.js";
import { promoted } from "./ufunc.js";

const several = (fn: string, list: readonly ArrayLike[]): Tensor[] =>
  list.map((x, i) => computable(fn, `args[${i}]`, x));
/** Arrays repeated to one shape. */
export const broadcast_arrays: (...args: ArrayLike[]) => JaxArray[] = define(
  "jax.numpy.broadcast_arrays",
  { "*args": arrayLike },
  ({ args }) => {
    const list = several("broadcast_arrays", args as unknown as readonly ArrayLike[]);
    const shape = commonShape(
      "broadcast_arrays",
      list.map((x) => x.shape),
    );
    return list.map((x) => run(() => broadcast(x, shape)));
  },
);
/** The shape that arrays of these shapes are repeated to. */
export const broadcast_shapes: (...shapes: (number | readonly number[])[]) => number[] = define(
  "jax.numpy.broadcast_shapes",
  { "*shapes": shapeKind },
  ({ shapes }) =>
    commonShape(
      "broadcast_shapes",
      (shapes as unknown as readonly (number | readonly number[])[]).map((one) => [one].flat()),
    ),
);
function commonShape(fn: string, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((one) => one.length));
  return Array.from({ length: rank }, (_, i) => {
    const extents = new Set(shapes.map((one) => one.at(i - rank) ?? 1).filter((extent) => extent !== 1));
    if (extents.size > 1)
      throw new ShapeError({
        op: fn,
        argument: "shapes",
        expected: "shapes that broadcast together",
        given: shapes.map((one) => core.formatShape(one)).join(", "),
      });
    return [...extents][0] ?? 1;
  });
}

interface MeshNamed {
  copy: boolean;
  sparse: boolean;
  indexing: "xy" | "ij";
}
/** Grids of coordinates: for each vector an array that has it along its axis, the first two swapped in "xy". */
export const meshgrid: (...args: [...xi: ArrayLike[]] | [...xi: ArrayLike[], Partial<MeshNamed>]) => JaxArray[] =
  define(
    "jax.numpy.meshgrid",
    { "*xi": arrayLike, copy: only(true), sparse: false, indexing: oneOf("xy", "ij").or("xy") },
    ({ xi, sparse, indexing }) => {
      const fn = "meshgrid";
      const vectors = (xi as unknown as readonly ArrayLike[]).map((x, i) => {
        const of = operand(fn, `xi[${i}]`, x);
        if (of.rank <= 1) return core.reshape(of, [of.size]);
        throw new ShapeError({
          op: fn,
          argument: `xi[${i}]`,
          expected: "at most one dimension",
          given: core.formatShape(of.shape),
        });
      });
      const axisAt = (i: number): number => (indexing === "xy" && vectors.length > 1 && i < 2 ? 1 - i : i);
      const shape = vectors.map((_, i) => vectors[axisAt(i)]?.size as number);
      return vectors.map((x, i) =>
        run(() => {
          const line = core.reshape(
            x,
            shape.map((extent, d) => (d === axisAt(i) ? extent : 1)),
          );
          return sparse ? line : broadcast(line, shape);
        }),
      );
    },
  );

type AtLeast = {
  (x: ArrayLike): JaxArray;
  (...arys: ArrayLike[]): JaxArray | JaxArray[];
};
const atLeast = (fn: string, shaped: (x: Tensor) => readonly number[]): AtLeast =>
  define(`jax.numpy.${fn}`, { "*arys": arrayLike }, ({ arys }) => {
    const list = several(fn, arys as unknown as readonly ArrayLike[]).map((x) => run(() => core.reshape(x, shaped(x))));
    return list.length === 1 ? list[0] : list;
  }) as AtLeast;
/** Arrays with at least one dimension; one alone as it is, several in a list. */
export const atleast_1d = atLeast("atleast_1d", (x) => (x.rank === 0 ? [1] : x.shape));
/** Arrays with at least two dimensions: vectors are rows. */
export const atleast_2d = atLeast("atleast_2d", (x) => (x.rank === 0 ? [1, 1] : x.rank === 1 ? [1, x.size] : x.shape));
/** Arrays with at least three dimensions: vectors stand in the middle, matrices have a last of extent 1. */
export const atleast_3d = atLeast("atleast_3d", (x) => {
  if (x.rank === 0) return [1, 1, 1];
  if (x.rank === 1) return [1, x.size, 1];
  return x.rank === 2 ? [...x.shape, 1] : x.shape;
});

/** The choice of the first condition that holds, element by element; `default` where none does. */
export const select: (
  ...args: Given<
    [condlist: readonly ArrayLike[], choicelist: readonly ArrayLike[]],
    [otherwise: ArrayLike],
    { condlist: readonly ArrayLike[]; choicelist: readonly ArrayLike[]; default: ArrayLike }
  >
) => JaxArray = define(
  "jax.numpy.select",
  { condlist: listOf(arrayLike), choicelist: listOf(arrayLike), default: arrayLike.or(0) },
  ({ condlist, choicelist, default: otherwise }) =>
    run(() => {
      const fn = "select";
      if (condlist.length !== choicelist.length || condlist.length === 0)
        throw new ArgumentError({
          op: fn,
          argument: "choicelist",
          expected: `${Math.max(1, condlist.length)} choices, as conditions`,
          given: `${choicelist.length}`,
        });
      const named = Object.fromEntries(
        [...choicelist, otherwise].map((x, i) => [i < choicelist.length ? `choicelist[${i}]` : "default", x]),
      );
      const values = promoted(fn, named);
      let y = values[values.length - 1] as Tensor;
      for (let i = condlist.length - 1; i >= 0; i--)
        y = core.where(
          core.cast(operand(fn, `condlist[${i}]`, condlist[i] as ArrayLike), "bool"),
          values[i] as Tensor,
          y,
        );
      return y;
    }),
);
