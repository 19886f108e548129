// Recurrent cells over whole sequences: for each step one product and one kernel, gradients in one pass back.
import {
  type AnyKernel,
  DtypeError,
  formatShape,
  gatesOf,
  gruStepBackward,
  gruStepForward,
  lstmStepBackward,
  lstmStepForward,
  type RecurrentCell,
  recurrentStepConstants,
  recurrentStepParams,
  rnnStepBackward,
  rnnStepForward,
  ShapeError,
} from "@facet/kernels-wgsl";
import { copyTensor, defineOp, jointVjp, launch, nonDifferentiable, type VjpContext, vjp } from "../define_op.js";
import { byteSize, expectFloating } from "../dtype.js";
import { device } from "../engine.js";
import { adopt, scope } from "../scope.js";
import { isRecording, noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import type { BatchRule } from "../vmap/call.js";
import { repeated } from "../vmap/levels.js";
import { allBatched, mergedInto, splitFrom } from "../vmap/rules.js";
import { composedGradient } from "./composed_gradient.js";
import { zeros } from "./create.js";
import { add } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { type CellAttrs, type CellInputs, composedSteps, stateProduct } from "./recurrent_cells.js";
import { sum } from "./reduce.js";
import { concat, reshape, transpose } from "./shape.js";

const kernels: Readonly<Record<RecurrentCell, Readonly<Record<"forward" | "backward", AnyKernel>>>> = {
  lstm: { forward: lstmStepForward, backward: lstmStepBackward },
  gru: { forward: gruStepForward, backward: gruStepBackward },
  rnn: { forward: rnnStepForward, backward: rnnStepBackward },
};

type FusedInputs = Record<"x" | "weight" | "h", Tensor> & Record<"bias" | "c" | "mask", Tensor | undefined>;

/** Rows of a tensor as one of their own, which a kernel may read: where they lie, or copied where no binding may begin there. */
function rowsOf(x: Tensor, first: number, count: number, shape: readonly number[]): Tensor {
  const bytes = first * byteSize(x.dtype, x.size / (x.shape[0] as number));
  const there = adopt(x.alias(shape, bytes));
  if (count === 0 || bytes % device().offsetAlignment === 0) return there;
  const copy = empty(shape, x.dtype);
  copyTensor(there, copy);
  return copy;
}

const intoRow = (source: Tensor, target: Tensor, row: number): void => {
  const { size, shape } = source;
  copyTensor(source, adopt(target.alias(shape, row * byteSize("float32", size))));
};

function checkShapes(cell: RecurrentCell, { x, weight, bias, h, c, mask }: FusedInputs, transposed: boolean): number[] {
  for (const [argument, tensor] of Object.entries({ x, weight, bias, h, c }))
    if (tensor) expectFloating(cell, argument, tensor.dtype);
  if (mask && mask.dtype !== "bool")
    throw new DtypeError({ op: cell, argument: "mask", expected: "bool", given: mask.dtype });
  const gates = gatesOf[cell];
  const [steps, batch, width] = x.shape as [number, number, number];
  const units = h.shape[1] as number;
  const expect = (argument: string, given: Tensor | undefined, expected: readonly number[]): void => {
    if (!given || `${given.shape}` === `${expected}`) return;
    throw new ShapeError({ op: cell, argument, expected: formatShape(expected), given: formatShape(given.shape) });
  };
  if (x.rank !== 3)
    throw new ShapeError({ op: cell, argument: "x", expected: "3 dimensions", given: formatShape(x.shape) });
  if (h.rank !== 2)
    throw new ShapeError({ op: cell, argument: "h", expected: "2 dimensions", given: formatShape(h.shape) });
  if (width !== gates * units) expect("x", x, [steps, batch, gates * units]);
  expect("h", h, [batch, units]);
  expect("c", c, [batch, units]);
  const parts = weight.rank === 3 && batch % (weight.shape[0] as number) === 0 ? weight.shape.slice(0, 1) : [];
  expect("weight", weight, transposed ? [...parts, width, units] : [...parts, units, width]);
  expect("bias", bias, [...parts, width]);
  expect("mask", mask, [steps, batch]);
  return [steps + (cell === "lstm" ? 2 : 1), batch, units];
}

/** Rows of the result: the state before the first step, those after every step, in the order of time; of an LSTM the last cell. */
function packed(cell: RecurrentCell, inputs: CellInputs, attrs: CellAttrs): Tensor {
  const { states, c } = composedSteps(cell, inputs, attrs);
  const rows = attrs.reverse ? [...states, inputs.h] : [inputs.h, ...states];
  if (c) rows.push(c);
  return concat(
    rows.map((row) => reshape(row, [1, ...row.shape])),
    0,
  );
}

/** Gradients of all inputs that are wanted: a step back is one kernel and one product; that of the weight is one product at the end. */
function fusedGradients(
  cell: RecurrentCell,
  dy: Tensor,
  { y, weight, gates, cells, mask }: Record<string, Tensor>,
  { attrs, shapes }: VjpContext<CellAttrs>,
  wanted: ReadonlySet<string>,
): Record<string, Tensor> {
  const [steps, batch, width] = shapes.x as [number, number, number];
  const { reverse, transposed } = attrs;
  const units = (shapes.h as number[])[1] as number;
  const [state, w] = [[batch, units], weight as Tensor];
  const dx = empty(shapes.x as number[]);
  const dg = cell === "gru" ? empty(shapes.x as number[]) : dx;
  const direct = zeros(state);
  const dc = empty(state);
  if (cell === "lstm") copyTensor(adopt(dy.alias(state, (steps + 1) * byteSize("float32", batch * units))), dc);
  let dh = zeros(state);
  for (let s = steps - 1; s >= 0; s--) {
    const t = reverse ? steps - 1 - s : s;
    const all = { dy, dh, gates, cells, h: y, mask, dc, direct, dx, dg } as Record<string, Tensor>;
    const params = recurrentStepParams({ batch, units, t, reverse, masked: mask !== undefined });
    launch(
      kernels[cell].backward,
      boundOf(kernels[cell].backward, all),
      params,
      recurrentStepConstants(cell, "backward", attrs),
    );
    if (s === 0 && !wanted.has("h")) break;
    dh.dispose();
    dh = stateProduct(rowsOf(dg, t, 1, [batch, width]), w, { transposeB: !transposed });
  }
  const found: Record<string, Tensor> = { x: dx, c: dc };
  if (wanted.has("h")) {
    found.h = add(add(dh, direct), rowsOf(dy, reverse ? steps : 0, 1, state));
  }
  if (wanted.has("weight")) {
    const before = byWeight(rowsOf(y as Tensor, reverse ? 1 : 0, steps, [steps, batch, units]), w);
    const sums = byWeight(dg, w);
    found.weight = transposed ? matmul(sums, before, { transposeA: true }) : matmul(before, sums, { transposeA: true });
  }
  if (wanted.has("bias")) found.bias = sum(byWeight(dg, w), { axes: [-2] });
  return found;
}

/** Rows of all steps that meet one weight: [steps batch, width] where it is one, else [parts, steps batch of a part, width]. */
function byWeight(x: Tensor, weight: Tensor): Tensor {
  const [steps, batch, width] = x.shape as [number, number, number];
  if (weight.rank === 2) return reshape(x, [steps * batch, width]);
  const [parts] = weight.shape as [number];
  const rows = transpose(reshape(x, [steps, parts, batch / parts, width]), [1, 0, 2, 3]);
  return reshape(rows, [parts, (steps * batch) / parts, width]);
}

/** Those tensors that a kernel has bindings for. */
const boundOf = ({ bindings }: AnyKernel, all: Record<string, Tensor | undefined>): Record<string, Tensor> =>
  Object.fromEntries(Object.keys(bindings).flatMap((name) => (all[name] ? [[name, all[name] as Tensor]] : [])));

/** Examples of a vmap are more of the batch, and their weights, where they have their own, weights of its parts. */
const asMoreOfTheBatch: BatchRule<FusedInputs, CellAttrs> = ({ weight, bias, ...given }, isBatched, attrs, size) => {
  const { x, h, c, mask } = allBatched(given as FusedInputs, isBatched, size);
  const areOwn = isBatched("weight") || isBatched("bias") || weight.rank === 3;
  const weights: Pick<FusedInputs, "weight" | "bias"> = { weight, bias };
  const own = areOwn ? allBatched(weights as FusedInputs, isBatched, size) : weights;
  /** Parts that there were become more. */
  const joined = (w: Tensor, rank: number): Tensor => (areOwn && w.rank > rank ? mergedInto(w, 0) : w);
  return {
    inputs: {
      x: mergedInto(x, 1),
      h: mergedInto(h, 0),
      c: c && mergedInto(c, 0),
      mask: mask && mergedInto(mask, 1),
      weight: joined(own.weight, 3),
      bias: own.bias && joined(own.bias, 2),
    },
    attrs,
    finish: (y) => (y.rank === 3 ? splitFrom(y, 1, size) : repeated(y, size)),
  };
};

const SAVES = ["x", "weight", "bias", "h", "c", "mask", "y", "gates", "cells"] as const;

function recurrentOp(cell: RecurrentCell) {
  const row = (name: string) =>
    vjp(SAVES, (dy, saved, context: VjpContext<CellAttrs>) =>
      isRecording() || (context.shapes.y as number[]).includes(0)
        ? composedGradient(
            (saved as Record<string, Tensor>)[name] as Tensor,
            (own) => packed(cell, { ...(saved as unknown as CellInputs), [name]: own }, context.attrs),
            dy,
          )
        : (fusedGradients(cell, dy, saved, context, new Set([name]))[name] as Tensor),
    );
  return defineOp<FusedInputs, CellAttrs, "gates" | "cells">({
    name: cell,
    shape: (inputs, attrs) => {
      recurrentStepConstants(cell, "forward", attrs);
      return checkShapes(cell, inputs, attrs.transposed);
    },
    aux: {
      gates: ({ x, h }) => ({
        shape: cell === "rnn" ? [0] : [x.shape[0] as number, ...h.shape.slice(0, 1), 4 * (h.shape[1] as number)],
        dtype: "float32",
      }),
      cells: ({ x, h }) => ({
        shape: cell === "lstm" ? [(x.shape[0] as number) + 1, ...h.shape] : [0],
        dtype: "float32",
      }),
    },
    forward: ({ x, weight, bias, h, c, mask }, y, attrs, { gates, cells }) => {
      if (y.size === 0) return;
      const { reverse, transposed } = attrs;
      const [steps, batch, units] = [x.shape[0], ...h.shape] as [number, number, number];
      const constants = recurrentStepConstants(cell, "forward", attrs);
      scope(() =>
        noGrad(() => {
          intoRow(h, y, reverse ? steps : 0);
          if (c) intoRow(c, cells, reverse ? steps : 0);
          for (let s = 0; s < steps; s++) {
            const t = reverse ? steps - 1 - s : s;
            const params = recurrentStepParams({ batch, units, t, reverse, masked: mask !== undefined });
            const before = s === 0 ? h : rowsOf(y, params.from_row, 1, h.shape);
            const g = stateProduct(before, weight, { transposeB: transposed, bias });
            const all = { x, g, mask, h: y, cells, gates };
            launch(kernels[cell].forward, boundOf(kernels[cell].forward, all), params, constants);
            g.dispose();
            if (s > 0) before.dispose();
          }
          if (c)
            copyTensor(
              adopt(cells.alias(h.shape, (reverse ? 0 : steps) * byteSize("float32", h.size))),
              adopt(y.alias(h.shape, (steps + 1) * byteSize("float32", h.size))),
            );
        }),
      );
    },
    vjp: {
      x: row("x"),
      weight: row("weight"),
      bias: row("bias"),
      h: row("h"),
      c: row("c"),
      mask: nonDifferentiable,
    },
    joint: jointVjp(SAVES, (dy, saved, context, wanted) => {
      if (!(context.shapes.y as number[]).includes(0)) return fusedGradients(cell, dy, saved, context, wanted);
      return Object.fromEntries([...wanted].map((name) => [name, zeros(context.shapes[name] as number[])]));
    }),
    batch: asMoreOfTheBatch,
  });
}

/** The recurrence of each cell, given the inputs' part of its sums. */
export const recurrentOps = { lstm: recurrentOp("lstm"), gru: recurrentOp("gru"), rnn: recurrentOp("rnn") };
