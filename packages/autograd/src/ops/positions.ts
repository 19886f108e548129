// Positions in a sequence as vectors, and as angles that rows are turned by.
import {
  ArgumentError,
  formatShape,
  rotaryGeometry,
  rotary as rotaryKernel,
  ShapeError,
  sizeOf,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { fromData, type Tensor } from "../tensor.js";
import { allBatched, shifted } from "../vmap/rules.js";
import { add, mul, sub } from "./elementwise.js";
import { sumTo } from "./reduce.js";
import { expand, reshape, slice, sliceAlong } from "./shape.js";

/** angles[t, j] = (first + t) base^(-j / half), computed on the host: in float32 those of far positions would be off. */
function angles(op: string, length: number, half: number, base: number, first: number): Float64Array {
  const refuse = (argument: string, expected: string, given: number): never => {
    throw new ArgumentError({ op, argument, expected, given: `${given}` });
  };
  if (!Number.isInteger(length) || length < 0) refuse("length", "a whole number", length);
  if (!Number.isInteger(half) || half < 0) refuse("width", "an even number", 2 * half);
  const all = new Float64Array(length * half);
  for (let t = 0; t < length; t++) for (let j = 0; j < half; j++) all[t * half + j] = (first + t) * base ** (-j / half);
  return all;
}

export interface PositionOptions {
  /** What frequencies are powers of. Default 10000. */
  base?: number;
  /** The position of the first row. Default 0. */
  first?: number;
}

/**
 * Sines and cosines of positions, [length, width]: in turn (`adjacent`, the default: sin, cos, sin, ...) or sines before cosines. Frequencies
 * are base^(-2 j / width). Throws ArgumentError for an odd width.
 */
export function sinusoidalPositions(
  length: number,
  width: number,
  { base = 10_000, first = 0, adjacent = true }: PositionOptions & { adjacent?: boolean } = {},
): Tensor {
  const half = width / 2;
  const all = angles("sinusoidal_positions", length, half, base, first);
  const values = new Float32Array(length * width);
  for (const [i, angle] of all.entries()) {
    const [t, j] = [Math.floor(i / half), i % half];
    values[t * width + (adjacent ? 2 * j : j)] = Math.sin(angle);
    values[t * width + (adjacent ? 2 * j + 1 : half + j)] = Math.cos(angle);
  }
  return fromData(values, [length, width]);
}

/** Cosines and sines for `rotary`, [length, width / 2] each, of rows of which `width` elements are turned. */
export function rotaryTables(
  length: number,
  width: number,
  { base = 10_000, first = 0 }: PositionOptions = {},
): { cos: Tensor; sin: Tensor } {
  const all = angles("rotary_tables", length, width / 2, base, first);
  const table = (f: (angle: number) => number): Tensor => fromData(Float32Array.from(all, f), [length, width / 2]);
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

interface RotaryAttrs {
  readonly axis: number;
  readonly adjacent: boolean;
  readonly back: boolean;
}

type Inputs = { readonly x: Tensor; readonly cos: Tensor; readonly sin: Tensor };

/** First and second elements of all pairs: [outer, length, inner, half], in which tables are [..., length, 1, half]. */
function pairsOf(x: Tensor, table: readonly number[], attrs: RotaryAttrs): [Tensor, Tensor] {
  const { outer, length, inner, width, half } = rotaryGeometry(x.shape, table, attrs).params;
  const rows = reshape(x, [outer, length, inner, width]);
  const part = (first: number, end: number, step: number): Tensor =>
    slice(rows, [0, 0, 0, first], [outer, length, inner, end], [1, 1, 1, step]);
  return attrs.adjacent
    ? [part(0, 2 * half - 1, 2), part(1, 2 * half, 2)]
    : [sliceAlong(rows, 3, 0, half), sliceAlong(rows, 3, half, 2 * half)];
}

/** Sums over what a table is used for, in its shape. */
function toTable(dy: Tensor, table: readonly number[]): Tensor {
  const [outer, length, , half] = dy.shape as [number, number, number, number];
  const own = table.length === 3 ? [outer, length, 1, half] : [1, length, 1, half];
  return reshape(sumTo(dy, own), table);
}

const rotaryOp = defineOp<Inputs, RotaryAttrs>({
  name: "rotary",
  shape: ({ x, cos, sin }, attrs) => {
    for (const [argument, tensor] of Object.entries({ x, cos, sin })) expectFloating("rotary", argument, tensor.dtype);
    if (`${cos.shape}` !== `${sin.shape}`) {
      const expected = formatShape(cos.shape);
      throw new ShapeError({ op: "rotary", argument: "sin", expected, given: formatShape(sin.shape) });
    }
    return rotaryGeometry(x.shape, cos.shape, attrs).shape;
  },
  forward: ({ x, cos, sin }, y, attrs) =>
    launch(rotaryKernel, { x, cos_table: cos, sin_table: sin, y }, rotaryGeometry(x.shape, cos.shape, attrs).params),
  // (a, b) -> (a cos - b sin, b cos + a sin): turning back is the transpose.
  vjp: {
    x: vjp(
      ["cos", "sin"],
      (dy, { cos, sin }, { attrs }): Tensor => rotaryOp({ x: dy, cos, sin }, { ...attrs, back: !attrs.back }),
    ),
    cos: vjp(["x"], (dy, { x }, { attrs, shapes }) => {
      const [[a, b], [da, db]] = [x, dy].map((t) => pairsOf(t, shapes.cos as number[], attrs)) as [
        [Tensor, Tensor],
        [Tensor, Tensor],
      ];
      return toTable(add(mul(da, a), mul(db, b)), shapes.cos as number[]);
    }),
    sin: vjp(["x"], (dy, { x }, { attrs, shapes }) => {
      const [[a, b], [da, db]] = [x, dy].map((t) => pairsOf(t, shapes.sin as number[], attrs)) as [
        [Tensor, Tensor],
        [Tensor, Tensor],
      ];
      const turned = sub(mul(db, a), mul(da, b));
      return toTable(attrs.back ? mul(turned, -1) : turned, shapes.sin as number[]);
    }),
  },
  batch: (inputs, isBatched, attrs, size) => {
    const { cos } = inputs;
    const next = { ...attrs, axis: shifted([attrs.axis])[0] as number };
    if (isBatched("x") && !isBatched("cos") && !isBatched("sin") && cos.rank === 2) return { inputs, attrs: next };
    // A table for each row of every example.
    const all = allBatched(inputs, isBatched, size);
    const outer = sizeOf(all.x.shape.slice(1, next.axis));
    const own = (table: Tensor): Tensor => {
      const [length, half] = table.shape.slice(-2) as [number, number];
      const rows = reshape(table, [size, table.rank === 3 ? 1 : outer, length, half]);
      return reshape(expand(rows, [size, outer, length, half]), [size * outer, length, half]);
    };
    return { inputs: { x: all.x, cos: own(all.cos), sin: own(all.sin) }, attrs: next };
  },
});

export interface RotaryOptions {
  /** The axis of positions. Default -2: [..., length, width]. */
  axis?: number;
  /** Whether a pair is elements 2 j and 2 j + 1; else j and half + j. Default false. */
  adjacent?: boolean;
}

/**
 * Rotary positions: every pair of a row turned by its position's angle, by tables [length, half] or, with positions of their own for
 * each example, [examples, length, half]. Elements beyond 2 half stay. Throws ShapeError for other tables.
 */
export const rotary = (
  x: Tensor,
  { cos, sin }: { cos: Tensor; sin: Tensor },
  { axis = -2, adjacent = false }: RotaryOptions = {},
): Tensor => rotaryOp({ x, cos, sin }, { axis, adjacent, back: false });
