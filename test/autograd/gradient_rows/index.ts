// One row for every op: inputs in a safe domain (away from kinks and ties) and a call. gradients*.test.ts differentiate
// each against finite differences, once and twice, and fails when an op has no row.

import { attentionRows } from "./attention.js";
import { conv2dRows } from "./conv2d.js";
import { einsumRows } from "./einsum.js";
import { elementwiseRows } from "./elementwise.js";
import { embeddingRows } from "./embedding.js";
import { fftRows } from "./fft.js";
import { functionRows, functionsWithoutGradient } from "./functions.js";
import { gatherRows } from "./gather.js";
import { linalgRows } from "./linalg.js";
import { lossRows } from "./losses.js";
import { matmulRows } from "./matmul.js";
import { normalizeRows } from "./normalize.js";
import { pool2dRows } from "./pool2d.js";
import { randomRows } from "./random.js";
import { recurrentRows } from "./recurrent.js";
import { reduceRows } from "./reduce.js";
import type { GradientRow } from "./row.js";
import { scanRows } from "./scan.js";
import { shapeRows } from "./shape.js";
import { softmaxRows } from "./softmax.js";
import { spatialRows } from "./spatial.js";

export type { GradientRow } from "./row.js";

export const elementwiseFamily: readonly GradientRow[] = [...elementwiseRows, ...functionRows];

export const arrayFamily: readonly GradientRow[] = [
  ...reduceRows,
  ...scanRows,
  ...gatherRows,
  ...shapeRows,
  ...matmulRows,
  ...einsumRows,
  ...softmaxRows,
  ...lossRows,
  ...randomRows,
];

export const linearFamily: readonly GradientRow[] = [...linalgRows, ...fftRows];

export const layerFamily: readonly GradientRow[] = [
  ...conv2dRows,
  ...spatialRows,
  ...embeddingRows,
  ...attentionRows,
  ...pool2dRows,
  ...normalizeRows,
];

export const gradientRows: readonly GradientRow[] = [
  ...elementwiseFamily,
  ...arrayFamily,
  ...linearFamily,
  ...layerFamily,
  ...recurrentRows,
];

export { recurrentRows };

/** Ops through which no gradient flows at all; each must say so of every input. */
export const withoutGradient: readonly string[] = [
  ...[
    "add",
    "sub",
    "mul",
    "pow",
    "floor_divide",
    "trunc_divide",
    "fmod",
    "remainder",
    "shift_left",
    "neg",
    "abs",
    "from_f32",
    "unless_wrapped",
    "bernoulli",
  ].map((check) => `${check}_checked`),
  "equal",
  "not_equal",
  "less",
  "less_equal",
  "greater",
  "greater_equal",
  "logical_and",
  "logical_or",
  "logical_not",
  "square_scale",
  ...functionsWithoutGradient,
  "cast",
  "any",
  "all",
  "argmax",
  "argmin",
  "lu",
  "one_hot",
  "ravel_index",
  "argsort",
  "search_sorted",
  "u8_to_f32",
  "gather_u8",
];
