// Images at the points of a grid (spatial transformers), and the grids of affine maps.
import {
  ArgumentError,
  formatShape,
  type GridSampleOptions,
  gridSampleBackwardGrid,
  gridSampleBackwardInput,
  gridSampleConstants,
  gridSampleCorners,
  gridSampleForward,
  gridSampleGeometry,
  ShapeError,
  UnsupportedError,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { asMoreRows, withMoreImages } from "../vmap/rules.js";
import { fillWith, full, linspace, zeros } from "./create.js";
import { add, mul } from "./elementwise.js";
import { sum } from "./reduce.js";
import { expand, reshape, sliceAlong } from "./shape.js";

export type GridSampleAttrs = GridSampleOptions;

// y[n, c, p] = sum of weight x[n, c, corner] over the corners of grid[n, p]
const gridSampleOp = defineOp<{ x: Tensor; grid: Tensor }, GridSampleAttrs>({
  name: "grid_sample",
  shape: ({ x, grid }, attrs) => {
    expectFloating("grid_sample", "x", x.dtype);
    expectFloating("grid_sample", "grid", grid.dtype);
    return gridSampleGeometry(x.shape, grid.shape, attrs).shape;
  },
  forward: ({ x, grid }, y, attrs) => {
    const { params, axes } = gridSampleGeometry(x.shape, grid.shape, attrs);
    launch(gridSampleForward, { x, grid, y }, params, gridSampleConstants("forward", attrs, axes));
  },
  vjp: {
    x: vjp(
      ["grid"],
      (dy, { grid }, { attrs, shapes }): Tensor => inputOp({ dy, grid }, { ...attrs, xShape: shapes.x as number[] }),
    ),
    grid: vjp(["x", "grid"], (dy, { x, grid }, { attrs }): Tensor => gridGradient(dy, x, grid, attrs)),
  },
  batch: asMoreRows(),
});

function gridGradient(dy: Tensor, x: Tensor, grid: Tensor, attrs: GridSampleAttrs): Tensor {
  // Between two pixels the nearest stays the same.
  return attrs.mode === "nearest" ? zeros(grid.shape) : gridOp({ dy, x, grid }, attrs);
}

// The transpose of sampling in x: linear in dy, and in the grid as sampling is.
const inputOp = defineOp<{ dy: Tensor; grid: Tensor }, GridSampleAttrs & { xShape: readonly number[] }>({
  name: "grid_sample_backward_input",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy, grid }, dx, { xShape, ...attrs }) => {
    if (dy.size === 0) return fillWith(dx, 0);
    const { params, axes } = gridSampleGeometry(xShape, grid.shape, attrs);
    const parts = 4 * (axes - 1);
    const corners = empty([params.batch * params.points, parts], "float32", "workspace");
    const boxes = empty([params.batch * params.blocks, parts], "float32", "workspace");
    launch(gridSampleCorners, { grid, corners, boxes }, params, gridSampleConstants("corners", attrs, axes));
    const constants = gridSampleConstants("backwardInput", attrs, axes);
    launch(gridSampleBackwardInput, { corners, boxes, dy, dx }, params, constants);
    corners.dispose();
    boxes.dispose();
  },
  vjp: {
    dy: vjp(["grid"], (g, { grid }, { attrs: { xShape: _shape, ...attrs } }): Tensor => gridSample(g, grid, attrs)),
    grid: vjp(
      ["dy", "grid"],
      (g, { dy, grid }, { attrs: { xShape: _shape, ...attrs } }): Tensor => gridGradient(dy, g, grid, attrs),
    ),
  },
  batch: asMoreRows(withMoreImages),
});

const refused = vjp([], (): Tensor => {
  throw new UnsupportedError({
    op: "grid_sample",
    argument: "grid",
    expected: "first derivatives by the grid: PyTorch has no second ones either",
    given: "a gradient of its gradient",
  });
});

const gridOp = defineOp<{ dy: Tensor; x: Tensor; grid: Tensor }, GridSampleAttrs>({
  name: "grid_sample_backward_grid",
  shape: ({ grid }) => grid.shape,
  forward: ({ dy, x, grid }, dgrid, attrs) => {
    if (dy.size === 0) return fillWith(dgrid, 0);
    const { params, axes } = gridSampleGeometry(x.shape, grid.shape, attrs);
    launch(gridSampleBackwardGrid, { dy, x, grid, dgrid }, params, gridSampleConstants("backwardGrid", attrs, axes));
  },
  vjp: {
    // Along g every channel changes by its own slopes: those of one channel each are the gradients of images with one channel.
    dy: vjp(["x", "grid"], (g, { x, grid }, { attrs }): Tensor => {
      const [n, channels, ...extents] = x.shape as [number, number, ...number[]];
      const [, ...points] = grid.shape as [number, ...number[]];
      const places = points.slice(0, -1);
      const alone = reshape(x, [n * channels, 1, ...extents]);
      const all = reshape(expand(reshape(grid, [n, 1, ...points]), [n, channels, ...points]), [
        n * channels,
        ...points,
      ]);
      const slopes = gridOp({ dy: full([n * channels, 1, ...places], 1), x: alone, grid: all }, attrs);
      const along = mul(reshape(slopes, [n, channels, ...points]), reshape(g, [n, 1, ...points]));
      return sum(along, { axes: [-1] });
    }),
    x: refused,
    grid: refused,
  },
  batch: asMoreRows(),
});

/**
 * Images [n, c, h, w] at the points of a grid [n, out_h, out_w, 2] of x and y from -1 to 1: [n, c, out_h, out_w]; volumes
 * [n, c, d, h, w] at those of a grid [n, out_d, out_h, out_w, 3] of x, y and z. float32: PyTorch's grid_sample.
 * Throws ShapeError or ArgumentError for other shapes and unknown modes, UnsupportedError for `bicubic` in volumes. The gradient by
 * the grid cannot be differentiated again.
 */
export const gridSample = (x: Tensor, grid: Tensor, attrs: GridSampleAttrs): Tensor => gridSampleOp({ x, grid }, attrs);

/** -1 to 1 in `count` steps: between the outer centres, or all centres of as many pixels. */
function centres(count: number, alignCorners: boolean): Tensor {
  if (count === 1) return full([1], 0);
  const edge = alignCorners ? 1 : (count - 1) / count;
  return linspace(-edge, edge, count);
}

/**
 * The grid of an affine map for each image: theta [n, 2, 3] and size [n, c, h, w] give [n, h, w, 2], theta [n, 3, 4] and
 * [n, c, d, h, w] give [n, d, h, w, 3], of points x, y (and z). Throws ShapeError where these do not go together.
 */
export function affineGrid(theta: Tensor, size: readonly number[], alignCorners: boolean): Tensor {
  const op = "affine_grid";
  const axes = size.length - 2;
  if (axes !== 2 && axes !== 3)
    throw new ShapeError({
      op,
      argument: "size",
      expected: "[n, c, h, w] or [n, c, d, h, w]",
      given: formatShape(size),
    });
  if (!size.every((extent) => Number.isInteger(extent) && extent > 0))
    throw new ArgumentError({ op, argument: "size", expected: "positive integers", given: formatShape(size) });
  const [n] = size as [number];
  const expected = [n, axes, axes + 1];
  if (`${theta.shape}` !== `${expected}`)
    throw new ShapeError({ op, argument: "theta", expected: formatShape(expected), given: formatShape(theta.shape) });
  const column = (k: number): Tensor =>
    reshape(sliceAlong(theta, 2, k, k + 1), [n, ...Array.from({ length: axes }, () => 1), axes]);
  let grid = column(axes);
  for (let k = 0; k < axes; k++) {
    // x is the last axis.
    const extent = size[size.length - 1 - k] as number;
    const shape = [1, ...Array.from({ length: axes }, (_, d) => (d === axes - 1 - k ? extent : 1)), 1];
    grid = add(mul(column(k), reshape(centres(extent, alignCorners), shape)), grid);
  }
  return grid;
}
