// Arrays made of numbers of the host: spaced samples, windows, grids of places, and values of functions of places.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, type Tensor, type WindowName } from "@facet/autograd";
import { any, bool, define, func, int, listOf, number, oneOf, only } from "@facet/dialect";
import { arrayLike, declared, dtype as dtypeKind, shape as shapeKind } from "../arguments.js";
import {
  type ArrayLike,
  checkDtype,
  computable,
  converted,
  inexact,
  integral,
  JaxArray,
  operand,
  run,
} from "../array.js";
import { filledWith, linspace, type ShapeInput, shapeOf } from "./creation.js";
import { power } from "./elementwise.js";

const dtype = dtypeKind.or(null);
const count = int.where("a whole number of 0 or more", (n) => n >= 0);
type SpacedRest = [num: number, endpoint: boolean, ...rest: unknown[]];

/** base^start to base^stop, spaced evenly in the exponent. */
export const logspace = declared<[start: ArrayLike, stop: ArrayLike], SpacedRest>()(
  "jax.numpy.logspace",
  {
    start: arrayLike,
    stop: arrayLike,
    num: count.or(50),
    endpoint: bool.or(true),
    base: arrayLike.or(10),
    dtype,
    axis: int.or(0),
  },
  ({ start, stop, num, endpoint, base, dtype, axis }): JaxArray => {
    const exponents: JaxArray = linspace(start, stop, { num, endpoint, axis });
    const y = power(base, exponents);
    return dtype === null ? y : run(() => converted(y.core, checkDtype("logspace", dtype)));
  },
);
/** start to stop, each a fixed multiple of the one before. */
export const geomspace = declared<[start: ArrayLike, stop: ArrayLike], SpacedRest>()(
  "jax.numpy.geomspace",
  { start: arrayLike, stop: arrayLike, num: count.or(50), endpoint: bool.or(true), dtype, axis: int.or(0) },
  ({ start, stop, num, endpoint, dtype, axis }): JaxArray => {
    const fn = "geomspace";
    const [a, b] = [inexact(fn, "start", start), inexact(fn, "stop", stop)];
    const logs = [a, b].map((x) => new JaxArray(core.log(core.abs(x)))) as [JaxArray, JaxArray];
    const exponents: JaxArray = linspace(...logs, { num, endpoint, axis });
    return run(() => {
      const y = core.exp(exponents.core);
      const at = axis < 0 ? axis + y.rank : axis;
      const sign = core.sign(core.add(a, core.zeros(core.add(a, b).shape)));
      const signs = core.reshape(sign, sign.shape.toSpliced(at, 0, 1));
      const signed = core.mul(y, signs);
      return dtype === null ? signed : converted(signed, checkDtype(fn, dtype));
    });
  },
);

const windowed = (fn: string, name: WindowName) =>
  declared<[M: number]>()(`jax.numpy.${fn}`, { M: count }, ({ M }) =>
    run(() => (M === 0 ? core.zeros([0]) : core.window(name, M, { periodic: false }))),
  );
export const bartlett = windowed("bartlett", "bartlett");
export const blackman = windowed("blackman", "blackman");
export const hamming = windowed("hamming", "hamming");
export const hanning = windowed("hanning", "hann");
/** Kaiser's window of M samples. */
export const kaiser = declared<[M: number, beta: number]>()(
  "jax.numpy.kaiser",
  { M: count, beta: number },
  ({ M, beta }) => run(() => (M === 0 ? core.zeros([0]) : core.window("kaiser", M, { periodic: false, beta }))),
);

/** Zeros: what memory holds otherwise is nobody's business. */
export const empty = declared<[shape: ShapeInput], [dtype: Dtype | null]>()(
  "jax.numpy.empty",
  { shape: shapeKind, dtype, "*": null, device: only(null), out_sharding: only(null) },
  ({ shape, dtype }) => filledWith("empty", shape, 0, dtype),
);
/** Zeros in the shape and dtype of another array. */
export const empty_like = declared<[prototype: ArrayLike], [dtype: Dtype | null, shape: ShapeInput | null]>()(
  "jax.numpy.empty_like",
  { prototype: arrayLike, dtype, shape: shapeKind.or(null), "*": null, device: only(null) },
  ({ prototype, dtype, shape }) => {
    const x = operand("empty_like", "prototype", prototype);
    return filledWith("empty_like", shape ?? x.shape, 0, dtype ?? x.dtype);
  },
);

/** Places along each of some dimensions, one behind the other; with `sparse` a list of arrays that broadcast. */
export const indices: (
  dimensions: readonly number[],
  ...rest: readonly unknown[]
  // biome-ignore lint/suspicious/noExplicitAny: a list with sparse.
) => any = declared<[dimensions: readonly number[]], [dtype: Dtype | null, sparse: boolean]>()(
  "jax.numpy.indices",
  { dimensions: listOf(count), dtype, sparse: bool.or(false) },
  ({ dimensions, dtype, sparse }): JaxArray | JaxArray[] => {
    const lines = dimensions.map((extent, d) =>
      run(() =>
        core.reshape(
          core.arange(0, extent, 1, checkDtype("indices", dtype ?? "int32")),
          dimensions.map((_, i) => (i === d ? extent : 1)),
        ),
      ),
    );
    if (sparse) return lines;
    if (lines.length === 0) return filledWith("indices", [0], 0, dtype ?? "int32");
    return run(() =>
      core.stack(
        lines.map((x) => core.expand(x.core, dimensions)),
        0,
      ),
    );
  },
) as never;

/** Lines of places that broadcast to a grid; booleans are no places here. */
export const ix_: (...args: ArrayLike[]) => JaxArray[] = define("jax.numpy.ix_", { "*args": arrayLike }, ({ args }) => {
  const given = args as unknown as ArrayLike[];
  return given.map((x, d) => {
    const line = operand("ix_", `args[${d}]`, x);
    if (line.rank !== 1 || line.dtype === "bool")
      throw new ArgumentError({
        op: "ix_",
        argument: `args[${d}]`,
        expected: "one dimension of integers",
        given: `${line.dtype} ${core.formatShape(line.shape)}`,
      });
    return run(() =>
      core.reshape(
        line,
        given.map((_, i) => (i === d ? line.size : 1)),
      ),
    );
  });
});

/** A place in an array laid flat as places along its dimensions; one beyond it is held to the nearest. */
export const unravel_index = declared<[indices: ArrayLike, shape: ShapeInput]>()(
  "jax.numpy.unravel_index",
  { indices: arrayLike, shape: shapeKind },
  ({ indices, shape }): JaxArray[] => {
    const extents = shapeOf("unravel_index", shape);
    const size = core.sizeOf(extents);
    const flat = run(() => {
      const x = integral("unravel_index", "indices", indices);
      const counted = core.where(core.less(x, 0), core.add(x, size), x);
      return core.maximum(core.minimum(counted, size - 1), 0);
    });
    return extents.map((extent, d) =>
      run(() => {
        const inner = core.sizeOf(extents.slice(d + 1));
        return core.remainder(core.div(flat.core, Math.max(1, inner)), core.full([], Math.max(1, extent), "int32"));
      }),
    );
  },
);
/** Places along dimensions as the place in the array laid flat. `mode` "wrap" and "clip" hold them within; "raise" needs their values. */
export const ravel_multi_index = declared<
  [multi_index: readonly ArrayLike[], dims: readonly number[]],
  [mode: "raise" | "wrap" | "clip"]
>()(
  "jax.numpy.ravel_multi_index",
  {
    multi_index: listOf(arrayLike),
    dims: listOf(count),
    mode: oneOf("raise", "wrap", "clip").or("raise"),
    order: oneOf("C", "F").or("C"),
    "*": null,
    dtype: only(null, "int32"),
  },
  ({ multi_index, dims, mode, order }) =>
    run(() => {
      const fn = "ravel_multi_index";
      if (multi_index.length !== dims.length || dims.length === 0)
        throw new ArgumentError({
          op: fn,
          argument: "multi_index",
          expected: `${dims.length}, as dims`,
          given: `${multi_index.length}`,
        });
      const places = multi_index.map((x, d) => {
        const at = integral(fn, `multi_index[${d}]`, x);
        const extent = dims[d] as number;
        if (mode === "clip") return core.maximum(core.minimum(at, extent - 1), 0);
        return mode === "wrap" ? core.remainder(at, core.full([], extent, "int32")) : at;
      });
      const walk = order === "C" ? [...places.keys()] : [...places.keys()].reverse();
      return walk
        .slice(1)
        .reduce(
          (flat, d) => core.add(core.mul(flat, dims[d] as number), places[d] as Tensor),
          places[walk[0] as number] as Tensor,
        );
    }),
);

/** `function` of arrays of places along each dimension of a shape. */
export const fromfunction: (
  // biome-ignore lint/suspicious/noExplicitAny: of as many arrays as there are dimensions.
  f: (...places: any[]) => unknown,
  shape: readonly number[],
  options?: { dtype?: Dtype },
) => unknown = define(
  "jax.numpy.fromfunction",
  { function: func, shape: listOf(count), "*": null, dtype: dtypeKind.or("float32"), "**kwargs": any },
  ({ function: f, shape, dtype, kwargs }) => {
    const own = kwargs as unknown as object;
    const places = shape.map((extent, d) =>
      run(() => {
        const line = core.arange(0, extent, 1, checkDtype("fromfunction", dtype));
        return core.expand(
          core.reshape(
            line,
            shape.map((_, i) => (i === d ? extent : 1)),
          ),
          shape,
        );
      }),
    );
    return f(...places, ...(Object.keys(own).length > 0 ? [own] : []));
  },
) as never;

/** Of a real number 0, or pi where it is negative (180 in degrees). */
export const angle = declared<[z: ArrayLike], [deg: boolean]>()(
  "jax.numpy.angle",
  { z: arrayLike, deg: bool.or(false) },
  ({ z, deg }) =>
    run(() => {
      const x = inexact("angle", "z", z);
      const turned = core.where(core.less(x, 0), deg ? 180 : Math.PI, 0);
      return core.where(core.isNan(x), x, core.cast(turned, x.dtype));
    }),
);
/** How many bits are set in the size of a number: uint8. */
export const bitwise_count = declared<[x: ArrayLike]>()(
  "jax.numpy.bitwise_count",
  { x: arrayLike, "/": null },
  ({ x }) =>
    run(() => {
      const of = computable("bitwise_count", "x", x);
      if (of.dtype === "int32") return core.toBytes(core.populationCount(core.abs(of)));
      if (of.dtype === "uint32") return core.toBytes(core.populationCount(core.cast(of, "int32")));
      throw new core.DtypeError({ op: "bitwise_count", argument: "x", expected: "int32 or uint32", given: of.dtype });
    }),
);
/** Distance to the next number away from 0. */
export const spacing = declared<[x: ArrayLike]>()("jax.numpy.spacing", { x: arrayLike, "/": null }, ({ x }) =>
  run(() => {
    const of = inexact("spacing", "x", x);
    const away = core.where(core.less(of, 0), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    return core.sub(core.nextafter(of, away), of);
  }),
);
