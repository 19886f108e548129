// Interpolation: weighted sums along the spatial axes, by tables made on the host.
import {
  ArgumentError,
  type Device,
  formatShape,
  identityTable,
  type ResampleTable,
  type ResizeOptions,
  resampleGeometry,
  resample as resampleKernel,
  resizeTable,
  ShapeError,
  tableWords,
  transposeTable,
  widestTaps,
} from "@facet/kernels-wgsl";
import { tracing } from "../capture/trace.js";
import { defineOp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { device } from "../engine.js";
import { unscoped } from "../scope.js";
import { fromData, type Tensor } from "../tensor.js";
import { fillWith } from "./create.js";
import { reshape, transpose } from "./shape.js";

interface ResampleAttrs {
  first: number;
  rows: ResampleTable;
  columns: ResampleTable;
}

/** Tables on the device, those last used: a step of training asks for the same ones again. */
const HELD = 64;
const held = new WeakMap<Device, Map<string, Tensor>>();

/** The words of a table. Under capture they are a constant of the plan. */
function onDevice(table: ResampleTable): Tensor {
  const words = tableWords(table);
  const upload = (): Tensor => fromData(words, [words.length], "uint32", "tables");
  if (tracing()) return upload();
  let tables = held.get(device());
  if (!tables) {
    tables = new Map();
    held.set(device(), tables);
  }
  const key = `${words}`;
  const tensor = tables.get(key) ?? unscoped(upload);
  tables.delete(key);
  tables.set(key, tensor);
  const [oldest] = tables;
  if (tables.size > HELD && oldest) {
    oldest[1].dispose();
    tables.delete(oldest[0]);
  }
  return tensor;
}

// y = sum of weight x over the taps; each x goes with the same weights into the gradient: the tables, transposed.
const resampleOp = defineOp<{ x: Tensor; rows: Tensor; columns: Tensor }, ResampleAttrs>({
  name: "resample",
  shape: ({ x }, { first, rows, columns }) => {
    expectFloating("resample", "x", x.dtype);
    return resampleGeometry(x.shape, first, rows, columns).shape;
  },
  forward: ({ x, rows: r, columns: c }, y, { first, rows, columns }) => {
    if (x.size === 0) return fillWith(y, 0);
    launch(resampleKernel, { x, rows: r, columns: c, y }, resampleGeometry(x.shape, first, rows, columns).params);
  },
  vjp: {
    x: vjp([], (dy, _, { attrs }): Tensor => {
      const { first, rows, columns } = attrs;
      return resample(dy, first, transposeTable(rows), transposeTable(columns));
    }),
    rows: nonDifferentiable,
    columns: nonDifferentiable,
  },
  batch: (inputs, isBatched, attrs) =>
    isBatched("rows") || isBatched("columns") ? undefined : { inputs, attrs: { ...attrs, first: attrs.first + 1 } },
});

function resample(x: Tensor, first: number, rows: ResampleTable, columns: ResampleTable): Tensor {
  return resampleOp({ x, rows: onDevice(rows), columns: onDevice(columns) }, { first, rows, columns });
}

/** Taps of one result in two axes up to which one pass is no more work than two. */
const ONE_PASS = 16;
/** Weighted sums along neighbouring axes, by a table for each; undefined leaves one as it is. Throws ShapeError for tables that do not fit. */
export function resampleAxes(x: Tensor, first: number, tables: readonly (ResampleTable | undefined)[]): Tensor {
  if (first < 0 || first + tables.length > x.rank)
    throw new ShapeError({
      op: "resample",
      argument: "tables",
      expected: `as many as there are axes from ${first} in ${formatShape(x.shape)}`,
      given: `${tables.length}`,
    });
  let y = x;
  for (let d = tables.length - 1; d >= 0; d--) {
    const [before, own] = [tables[d - 1], tables[d]];
    if (!own) continue;
    if (before && widestTaps(before) * widestTaps(own) <= ONE_PASS) {
      d--;
      y = resample(y, first + d, before, own);
      continue;
    }
    // An axis alone stands as rows of one column.
    const at = first + d;
    const single = reshape(y, [...y.shape.slice(0, at + 1), 1, ...y.shape.slice(at + 1)]);
    const done = resample(single, at, own, identityTable(1));
    y = reshape(done, [...y.shape.slice(0, at), own.taps.length, ...y.shape.slice(at + 1)]);
  }
  return y;
}

export interface ResizeAttrs extends Omit<ResizeOptions, "step" | "shift"> {
  /** Extents of the result along the spatial axes. */
  size: readonly number[];
  channelsLast: boolean;
  /** For each axis; see ResizeOptions. */
  step?: readonly (number | undefined)[];
  shift?: readonly number[];
}

/**
 * Images, sequences or volumes interpolated to another size: each axis by itself. Options are those of every framework, see
 * ResizeOptions. float32. Throws ShapeError for x without as many spatial axes, ArgumentError for sizes that are no positive
 * integers and options that are none.
 */
export function resize(x: Tensor, { size, channelsLast, step, shift, ...options }: ResizeAttrs): Tensor {
  const first = channelsLast ? 1 : 2;
  if (x.rank !== size.length + 2 || x.shape.slice(first, first + size.length).includes(0))
    throw new ShapeError({
      op: "resize",
      argument: "x",
      expected: `a batch of channels with ${size.length} spatial axes, none of them empty`,
      given: formatShape(x.shape),
    });
  const tables = size.map((extent, d) => {
    const own = x.shape[first + d] as number;
    const table = resizeTable(own, extent, { ...options, step: step?.[d], shift: shift?.[d] ?? 0 });
    const same = table.taps.every(([tap, ...more], i) => tap?.place === i && tap.weight === 1 && more.length === 0);
    return same && extent === own ? undefined : table;
  });
  return resampleAxes(x, first, tables);
}

function expectBlocks(op: string, x: Tensor, factor: number, axes: readonly (readonly [number, number])[]): void {
  if (!Number.isInteger(factor) || factor < 1)
    throw new ArgumentError({ op, argument: "factor", expected: "a positive integer", given: `${factor}` });
  for (const [axis, divisor] of axes)
    if ((x.shape[axis] ?? Number.NaN) % divisor !== 0)
      throw new ShapeError({
        op,
        argument: "x",
        expected: `a multiple of ${divisor} along axis ${axis}`,
        given: formatShape(x.shape),
      });
}

function expectImages(op: string, x: Tensor): void {
  if (x.rank < 3) throw new ShapeError({ op, argument: "x", expected: "at least rank 3", given: formatShape(x.shape) });
}

/**
 * Channels [..., c r r, h, w] to pixels [..., c, h r, w r]; of channels last, [..., h, w, r r c] to [..., h r, w r, c]
 * (TensorFlow's depth_to_space). Any dtype of 32 bits.
 */
export function pixelShuffle(x: Tensor, factor: number, channelsLast = false): Tensor {
  const op = "pixel_shuffle";
  expectImages(op, x);
  expectBlocks(op, x, factor, [[channelsLast ? x.rank - 1 : x.rank - 3, factor * factor]]);
  const lead = x.shape.slice(0, -3);
  const [a, b, c] = x.shape.slice(-3) as [number, number, number];
  if (channelsLast) {
    const channels = c / factor ** 2;
    const blocks = transpose(reshape(x, [-1, a, b, factor, factor, channels].map(known(x))), [0, 1, 3, 2, 4, 5]);
    return reshape(blocks, [...lead, a * factor, b * factor, channels]);
  }
  const channels = a / factor ** 2;
  const blocks = transpose(reshape(x, [-1, channels, factor, factor, b, c].map(known(x))), [0, 1, 4, 2, 5, 3]);
  return reshape(blocks, [...lead, channels, b * factor, c * factor]);
}

/** Extents with the product of the leading ones in place of -1, also where the tensor is empty. */
const known =
  (x: Tensor) =>
  (extent: number): number =>
    extent === -1 ? x.shape.slice(0, -3).reduce((product, own) => product * own, 1) : extent;

/** The reverse of pixelShuffle. */
export function pixelUnshuffle(x: Tensor, factor: number, channelsLast = false): Tensor {
  const op = "pixel_unshuffle";
  expectImages(op, x);
  const height = channelsLast ? x.rank - 3 : x.rank - 2;
  expectBlocks(op, x, factor, [
    [height, factor],
    [height + 1, factor],
  ]);
  const lead = x.shape.slice(0, -3);
  const [a, b, c] = x.shape.slice(-3) as [number, number, number];
  if (channelsLast) {
    const [h, w] = [a / factor, b / factor];
    const blocks = transpose(reshape(x, [-1, h, factor, w, factor, c].map(known(x))), [0, 1, 3, 2, 4, 5]);
    return reshape(blocks, [...lead, h, w, factor ** 2 * c]);
  }
  const [h, w] = [b / factor, c / factor];
  const blocks = transpose(reshape(x, [-1, a, h, factor, w, factor].map(known(x))), [0, 1, 3, 5, 2, 4]);
  return reshape(blocks, [...lead, a * factor ** 2, h, w]);
}

/** Channels, cut into `groups` runs, one of each run after the other. Default axis 1. */
export function channelShuffle(x: Tensor, groups: number, axis = 1): Tensor {
  const op = "channel_shuffle";
  const at = axis < 0 ? axis + x.rank : axis;
  const channels = x.shape[at];
  if (!Number.isInteger(axis) || channels === undefined)
    throw new ArgumentError({ op, argument: "axis", expected: `an axis of ${formatShape(x.shape)}`, given: `${axis}` });
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
    throw new ArgumentError({ op, argument: "groups", expected: `a divisor of ${channels}`, given: `${groups}` });
  const cut = [...x.shape.slice(0, at), groups, channels / groups, ...x.shape.slice(at + 1)];
  const order = cut.map((_, d) => (d === at ? at + 1 : d === at + 1 ? at : d));
  return reshape(transpose(reshape(x, cut), order), x.shape);
}
