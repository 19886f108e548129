import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  narrowed,
  type ParamValues,
  spread,
  type Variant,
} from "../../kernel.js";
import softmaxCrossEntropyBackwardWgsl from "./softmax_cross_entropy_backward.wgsl";
import softmaxCrossEntropyForwardWgsl from "./softmax_cross_entropy_forward.wgsl";
import softmaxCrossEntropySummaryWgsl from "./softmax_cross_entropy_summary.wgsl";

const params = {
  n: "u32",
  /** Equal parts of the rows, each with a loss of its own. */
  examples: "u32",
  c: "u32",
  has_targets: "u32",
  has_weights: "u32",
  has_ignore: "u32",
  ignore_index: "i32",
  /** 0 none, 1 mean, 2 sum. */
  reduction: "u32",
  count_rows: "u32",
  keep: "f32",
  share: "f32",
  fault_slot: "u32",
} as const;

export type SoftmaxCrossEntropyParams = ParamValues<typeof params>;

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;
const optional = { ...read, optional: true } as const;
const given = {
  logits: read,
  labels: { access: "read", dtype: "i32", optional: true },
  targets: optional,
  class_weights: optional,
} as const;

/** The operands, each once, and one pass over logits more where `passes` says so. */
const bytes = (p: SoftmaxCrossEntropyParams, passes: number): number =>
  4 * (p.n * p.c * (passes + p.has_targets) + p.n * (p.has_targets ? 0 : 1) + (p.has_weights ? p.c : 0));

/** A row per thread, its classes one, two or four at a time; `lanes` are the components of a vector of classes. */
function rowVariants(functions: (lanes: readonly string[]) => Constants): Variant<typeof params>[] {
  const order = "chunks_of_64";
  const workgroups = (p: SoftmaxCrossEntropyParams) => spread(divideUp(p.n, 32));
  const vector = (size: 2 | 4): Variant<typeof params> => ({
    name: `rows_vec${size}`,
    order,
    constants: {
      V: `vec${size}<f32>`,
      U: `vec${size}<u32>`,
      I: `vec${size}<i32>`,
      B: `vec${size}<bool>`,
      LONG: `${size}u`,
      add: ["part", "v.x", "v.y", "v.z", "v.w"].slice(0, size + 1).join(" + "),
      classes: `U(${["j", "j + 1u", "j + 2u", "j + 3u"].slice(0, size).join(", ")})`,
      ...functions(["x", "y", "z", "w"].slice(0, size)),
    },
    applies: (p) => p.c % size === 0,
    workgroups,
  });
  return [vector(4), vector(2), { name: "rows", order, workgroups }];
}

/** For labels without class weights: some adapters on a CPU step through loads and branches that no lane needs. */
const labelsOnly = (variant: Variant<typeof params>): Variant<typeof params> =>
  narrowed(variant, (p) => !p.has_targets && !p.has_weights, {
    name: `${variant.name}_labels`,
    constants: { ...variant.constants, has_targets: "false", has_weights: "false" },
  });

/** For labels without smoothing either. */
const hardLabels = (variant: Variant<typeof params>, constants: Constants): Variant<typeof params> =>
  narrowed(labelsOnly(variant), (p) => p.share === 0, {
    name: `${variant.name}_hard`,
    constants: { ...labelsOnly(variant).constants, ...constants },
  });

const forwardVariants = rowVariants((lanes) => ({
  pick: "v[i]",
  join: lanes.map((lane) => `Top(value.${lane}, at.${lane})`).reduce((a, b) => `either(${a}, ${b})`),
  highest: lanes.reduce((top, lane, i) => `higher(${top}, v.${lane}, j + ${i}u)`, "top"),
}));

/**
 * What every row adds to the loss, in `rows` [n, 4]; softmaxCrossEntropySummary adds it up.
 * See softmax_cross_entropy_forward.wgsl. Labels that are no class are reported by the device's next read.
 */
export const softmaxCrossEntropyForward = defineKernel({
  name: "softmax_cross_entropy_forward",
  wgsl: softmaxCrossEntropyForwardWgsl,
  bindings: {
    ...given,
    // The runtime binds its own.
    faults: { access: "read_write", dtype: "u32", optional: true },
    rows: write,
  },
  halves: ["logits", "targets", "class_weights"],
  params,
  variants: [...forwardVariants.map((variant) => hardLabels(variant, { smoothed: "false" })), ...forwardVariants],
  cost: (p) => ({ flops: 3 * p.n * p.c, exps: p.n * p.c, bytes: bytes(p, 1) + 16 * p.n }),
});

/**
 * From the rows of softmaxCrossEntropyForward: `losses` [n], needed without reduction only, and `summary`: [reduced loss,
 * denominator, rows classified right, rows kept] of every example. See softmax_cross_entropy_summary.wgsl.
 */
export const softmaxCrossEntropySummary = defineKernel({
  name: "softmax_cross_entropy_summary",
  wgsl: softmaxCrossEntropySummaryWgsl,
  bindings: { rows: read, losses: { ...write, optional: true }, summary: write },
  params,
  variants: [
    {
      // A barrier of 256 lanes costs SwiftShader a millisecond, many times what few rows take.
      name: "lanes_64",
      order: "lanes_64",
      constants: { LANES: "64u" },
      applies: (p) => p.n <= 512 * p.examples,
      workgroups: (p) => spread(p.examples),
    },
    { name: "lanes_256", order: "lanes_256", workgroups: (p) => spread(p.examples) },
  ],
  cost: (p) => ({ flops: 4 * p.n, bytes: 16 * p.n + (p.reduction === 0 ? 4 * p.n : 0) + 16 * p.examples }),
});

const backwardVariants = rowVariants((lanes) => ({
  first: "v.x",
  peak: lanes.reduce((top, lane) => `max(${top}, v.${lane})`, "top"),
}));

/** Gradient of the reduced loss, or of the losses, with respect to logits. See softmax_cross_entropy_backward.wgsl. */
export const softmaxCrossEntropyBackward = defineKernel({
  name: "softmax_cross_entropy_backward",
  wgsl: softmaxCrossEntropyBackwardWgsl,
  bindings: { ...given, summary: read, dy: read, dlogits: write },
  halves: ["logits", "targets", "class_weights", "dy", "dlogits"],
  params,
  variants: [
    ...backwardVariants.map((variant) => hardLabels(variant, { HARD: "true" })),
    ...backwardVariants.map(labelsOnly),
    ...backwardVariants,
  ],
  cost: (p) => ({
    flops: 6 * p.n * p.c,
    exps: p.n * p.c,
    bytes: bytes(p, 2) + 16 * p.examples + 4 * (p.reduction === 0 ? p.n : p.examples),
  }),
});

export interface CrossEntropyOptions {
  /** `index`: one i32 class per row, bound as `labels`. `target`: one-hot rows or probabilities, bound as `targets`. */
  labels: "index" | "target";
  reduction: "none" | "mean" | "sum";
  /** Part of every row's target that is spread evenly over the classes, 0 to 1. */
  labelSmoothing: number;
  /** Rows of this label contribute nothing; index labels only. */
  ignoreIndex?: number | undefined;
  /** Whether `class_weights` is bound. */
  classWeights: boolean;
  /**
   * What the mean divides by: `weights`, as PyTorch, the sum of the class weights of the rows kept (their number without
   * class weights), which for targets is n; `rows`, as Keras, always n. Default `weights`.
   */
  denominator?: "weights" | "rows";
  /** The rows are equal parts of so many examples, each reduced by itself: [examples]. Default: all to a scalar. */
  examples?: number | undefined;
}

const reductions = { none: 0, mean: 1, sum: 2 } as const;

/**
 * Shape of the loss, [n] without reduction and else [] or [examples], and the params of all three kernels, after PyTorch's CrossEntropyLoss.
 * A mean over no rows, or over rows that are all ignored, is NaN. The gradient of an ignored row is 0, or NaN where its softmax
 * is NaN, as there. `faultSlot` comes from `device.faults.slot`.
 *
 * Throws ShapeError when logits are not [n, c], c is 0, or the labels do not fit them; ArgumentError for a smoothing
 * outside [0, 1], an ignored label that is no i32 and an ignored label together with targets.
 */
export function softmaxCrossEntropyGeometry(
  logitsShape: readonly number[],
  labelShape: readonly number[],
  options: CrossEntropyOptions,
  faultSlot: number,
): { shape: number[]; params: SoftmaxCrossEntropyParams } {
  const op = "softmax_cross_entropy";
  const { labels, reduction, labelSmoothing, ignoreIndex, classWeights, denominator = "weights", examples } = options;
  const choices: [argument: string, value: string, allowed: string[]][] = [
    ["labels", labels, ["index", "target"]],
    ["reduction", reduction, Object.keys(reductions)],
    ["denominator", denominator, ["weights", "rows"]],
  ];
  for (const [argument, value, allowed] of choices) {
    if (!allowed.includes(value))
      throw new ArgumentError({ op, argument, expected: `one of ${allowed.join(", ")}`, given: `${value}` });
  }
  const [n, c] = logitsShape;
  if (logitsShape.length !== 2 || n === undefined || !c) {
    throw new ShapeError({
      op,
      argument: "logits",
      expected: "[rows, classes], at least one class",
      given: formatShape(logitsShape),
    });
  }
  const fitting = labels === "index" ? [n] : [n, c];
  if (formatShape(labelShape) !== formatShape(fitting)) {
    throw new ShapeError({
      op,
      argument: labels === "index" ? "labels" : "targets",
      expected: `${formatShape(fitting)} for logits ${formatShape(logitsShape)}`,
      given: formatShape(labelShape),
    });
  }
  if (examples !== undefined && !(Number.isInteger(examples) && examples > 0 && n % examples === 0)) {
    const expected = `a divisor of ${n} rows`;
    throw new ArgumentError({ op, argument: "examples", expected, given: `${examples}` });
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ArgumentError({
      op,
      argument: "labelSmoothing",
      expected: "a number from 0 to 1",
      given: `${labelSmoothing}`,
    });
  }
  if (ignoreIndex !== undefined && (labels === "target" || ignoreIndex !== (ignoreIndex | 0))) {
    throw new ArgumentError({
      op,
      argument: "ignoreIndex",
      expected: labels === "target" ? "none, as targets are no indices" : "a 32-bit integer",
      given: `${ignoreIndex}`,
    });
  }
  return {
    shape: reduction === "none" ? [n] : examples === undefined ? [] : [examples],
    params: {
      n,
      examples: examples ?? 1,
      c,
      has_targets: labels === "target" ? 1 : 0,
      has_weights: classWeights ? 1 : 0,
      has_ignore: ignoreIndex === undefined ? 0 : 1,
      ignore_index: ignoreIndex ?? 0,
      reduction: reductions[reduction],
      count_rows: denominator === "rows" ? 1 : 0,
      keep: 1 - labelSmoothing,
      share: labelSmoothing / c,
      fault_slot: faultSlot,
    },
  };
}
