import { type BindingSpec, type Constants, defineKernel, divideUp, spread, type Variant } from "../../kernel.js";
import backwardCombineWgsl from "./normalize_backward_combine.wgsl";
import backwardInputWgsl from "./normalize_backward_input.wgsl";
import backwardSumsWgsl from "./normalize_backward_sums.wgsl";
import forwardWgsl from "./normalize_forward.wgsl";
import {
  type ApplyParams,
  applyParams,
  backwardCombineParams,
  combineParams,
  type MomentsParams,
  momentsParams,
  type RowsParams,
  rowsParams,
  type SumsParams,
  sumsParams,
} from "./normalize_geometry.js";
import momentsWgsl from "./normalize_moments.wgsl";
import momentsCombineWgsl from "./normalize_moments_combine.wgsl";
import rowsBackwardInputWgsl from "./normalize_rows_backward_input.wgsl";
import rowsForwardWgsl from "./normalize_rows_forward.wgsl";

const LANES = 64;
const ROW_LANES = 32;
/** Elements, or vectors, of a channel that a thread of the passes over all elements takes: `STEPS` in the shaders. */
const STEPS = 16;

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const maybe = { access: "read", dtype: "f32", optional: true } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;

const FOUR = "vec4<f32>";
const each = { each: "vec4(activate(v.x), activate(v.y), activate(v.z), activate(v.w))" };
/** The four lanes of a vector as one: their means, then their squares and what the means are apart. */
const joinLanes = {
  mean_of: "dot(m.mean, vec4(0.25))",
  squares_of: "let d = m.mean - dot(m.mean, vec4(0.25)); return dot(m.squares, vec4(1.0)) + m.count * dot(d, d)",
};

/** Constants of normalize_moments and the kernels over rows that leave the mean out: root mean squares. */
export const withoutMean: Constants = { centre: "V()" };
/** The same of normalize_rows_backward_input. */
export const withoutMeanBackward: Constants = { centre: "0.0" };

const alongRuns = (p: MomentsParams): boolean => p.run > 1;
const inFours = (...numbers: number[]): boolean => numbers.every((number) => number % 4 === 0);

/** Mean and squared deviations of parts. See normalize_moments.wgsl. */
export const normalizeMoments = defineKernel({
  name: "normalize_moments",
  wgsl: momentsWgsl,
  bindings: { x: read, partial: write },
  halves: ["x"],
  params: momentsParams,
  variants: [
    {
      name: "runs_vec4",
      order: "runs in vectors",
      constants: { V: FOUR, LONG: "4u", ...joinLanes },
      applies: (p) => alongRuns(p) && inFours(p.run, p.run_step, p.run_stride, p.outer_stride, p.group_stride),
      workgroups: (p) => spread(divideUp(p.stats * p.parts, LANES)),
    },
    {
      name: "columns_vec4",
      order: "one by one",
      constants: { V: FOUR, S: FOUR, WIDE: "4u" },
      applies: (p) => p.run === 1 && p.group_stride === 1 && inFours(p.groups, p.run_stride, p.outer_stride),
      workgroups: (p) => spread(divideUp((p.stats / 4) * p.parts, LANES)),
    },
    { name: "scalar", order: "one by one", workgroups: (p) => spread(divideUp(p.stats * p.parts, LANES)) },
  ],
  cost: (p) => ({ flops: 4 * p.stats * p.runs * p.run, bytes: 4 * p.stats * (p.runs * p.run + 2 * p.parts) }),
});

/** Mean, variance and inverse deviation from those of parts. See normalize_moments_combine.wgsl. */
export const normalizeMomentsCombine = defineKernel({
  name: "normalize_moments_combine",
  wgsl: momentsCombineWgsl,
  bindings: { partial: read, mean: write, variance: write, inverse: write },
  params: combineParams,
  variants: [{ name: "groups", order: "parts", workgroups: (p) => spread(divideUp(p.stats, LANES)) }],
  cost: (p) => ({ flops: 8 * p.stats * p.parts, bytes: 4 * p.stats * (2 * p.parts + 3) }),
});

type Shape = Pick<ApplyParams, "n" | "spatial" | "channels" | "groups" | "last">;

/** How elements are taken: four channels side by side, each of a group of its own or all of one, or four of one channel. */
function byChannel<P extends Shape>(
  params: Record<"P" | "S", boolean>,
  workgroups: (long: number, wide: number) => Variant<never>["workgroups"] | ((p: P) => ReturnType<typeof spread>),
): Omit<Variant<typeof applyParams>, "params">[] {
  const wide = (m: boolean): Constants => ({
    V: FOUR,
    WIDTH: "4u",
    ...(m ? { M: FOUR, M_WIDTH: "4u" } : {}),
    ...(params.P ? { P: FOUR, P_WIDTH: "4u" } : {}),
    ...(params.S ? { S: FOUR } : {}),
  });
  const long: Constants = {
    LAST: "false",
    V: FOUR,
    LONG: "4u",
    ...(params.S ? { total: "(v.x + v.y) + (v.z + v.w)" } : {}),
  };
  const groups = (l: number, w: number) => workgroups(l, w) as Variant<typeof applyParams>["workgroups"];
  return [
    {
      name: "last_vec4_own",
      order: "elements",
      constants: wide(true),
      applies: (p) => p.last === 1 && p.groups === p.channels && inFours(p.channels),
      workgroups: groups(1, 4),
    },
    {
      name: "last_vec4",
      order: "elements",
      constants: wide(false),
      applies: (p) => p.last === 1 && inFours(p.channels / p.groups),
      workgroups: groups(1, 4),
    },
    { name: "last", order: "elements", applies: (p) => p.last === 1, workgroups: groups(1, 1) },
    {
      name: "first_vec4",
      order: params.S ? "vectors" : "elements",
      constants: long,
      applies: (p) => p.last === 0 && inFours(p.spatial),
      workgroups: groups(4, 1),
    },
    {
      name: "first",
      order: "elements",
      constants: { LAST: "false" },
      applies: (p) => p.last === 0,
      workgroups: groups(1, 1),
    },
  ];
}

const steps = (long: number, wide: number) => (p: Shape) =>
  spread(divideUp(p.n * (p.channels / wide) * divideUp(p.spatial / long, STEPS), LANES));
const elements = (p: Shape): number => p.n * p.spatial * p.channels;

/** y from x and the means and inverse deviations of its groups. See normalize_forward.wgsl. */
export const normalizeForward = defineKernel({
  name: "normalize_forward",
  folds: { activate: true },
  wgsl: forwardWgsl,
  bindings: { x: read, mean: read, inverse: read, scale: maybe, bias: maybe, y: write },
  halves: ["x", "scale", "bias", "y"],
  params: applyParams,
  variants: byChannel({ P: true, S: false }, steps).map((variant) =>
    variant.constants?.V ? { ...variant, constants: { ...variant.constants, ...each } } : variant,
  ),
  cost: (p) => ({ flops: 3 * elements(p), bytes: 8 * elements(p) }),
});

/** dx from the means of what stands before it. See normalize_backward_input.wgsl. */
export const normalizeBackwardInput = defineKernel({
  name: "normalize_backward_input",
  wgsl: backwardInputWgsl,
  bindings: { x: read, dy: read, mean: read, inverse: read, scale: maybe, mean_dy: read, mean_dot: read, dx: write },
  halves: ["x", "dy", "scale", "dx"],
  params: applyParams,
  variants: byChannel({ P: true, S: false }, steps),
  cost: (p) => ({ flops: 5 * elements(p), bytes: 12 * elements(p) }),
});

/** Sums of dy and of dy times the normalised x, by channel. See normalize_backward_sums.wgsl. */
export const normalizeBackwardSums = defineKernel({
  name: "normalize_backward_sums",
  wgsl: backwardSumsWgsl,
  bindings: { x: read, dy: read, mean: read, inverse: read, sums: write },
  halves: ["x", "dy"],
  params: sumsParams,
  variants: byChannel(
    { P: false, S: true },
    (_, wide) => (p: SumsParams) => spread(divideUp((p.last ? p.channels / wide : p.n * p.channels) * p.parts, LANES)),
  ) as unknown as Variant<typeof sumsParams>[],
  cost: (p) => ({ flops: 4 * elements(p), bytes: 8 * elements(p) + 8 * p.parts * p.channels * (p.last ? 1 : p.n) }),
});

/** Gradients of scale and bias, and the means that normalize_backward_input takes off. See normalize_backward_combine.wgsl. */
export const normalizeBackwardCombine = defineKernel({
  name: "normalize_backward_combine",
  wgsl: backwardCombineWgsl,
  bindings: { sums: read, scale: maybe, dbias: write, dscale: write, mean_dy: write, mean_dot: write },
  halves: ["scale"],
  params: backwardCombineParams,
  variants: [{ name: "channels", order: "parts", workgroups: (p) => spread(divideUp(p.channels, LANES)) }],
  cost: (p) => ({ flops: 2 * p.channels * (p.parts + 2), bytes: 4 * p.channels * (2 * p.parts + 4 + p.has_scale) }),
});

const rows = (constants: Constants): Variant<typeof rowsParams>[] => [
  {
    name: "rows_vec4",
    order: "vectors",
    constants: { V: FOUR, LONG: "4u", ...constants },
    applies: (p) => p.size % 4 === 0,
    workgroups: (p) => spread(divideUp(p.rows, ROW_LANES)),
  },
  { name: "rows", order: "one by one", workgroups: (p) => spread(divideUp(p.rows, ROW_LANES)) },
];
const rowBytes = (tensors: number) => (p: RowsParams) => ({
  flops: 7 * p.rows * p.size,
  bytes: 4 * (tensors * p.rows * p.size + 2 * p.rows + p.size * (p.has_scale + p.has_bias)),
});

/** y, mean and inverse deviation of rows. See normalize_rows_forward.wgsl. */
export const normalizeRowsForward = defineKernel({
  name: "normalize_rows_forward",
  folds: { activate: true },
  wgsl: rowsForwardWgsl,
  bindings: { x: read, scale: maybe, bias: maybe, y: write, mean: write, inverse: write },
  halves: ["x", "scale", "bias", "y"],
  params: rowsParams,
  variants: rows({ ...each, ...joinLanes }),
  cost: rowBytes(2),
});

/** dx of rows. See normalize_rows_backward_input.wgsl. */
export const normalizeRowsBackwardInput = defineKernel({
  name: "normalize_rows_backward_input",
  wgsl: rowsBackwardInputWgsl,
  bindings: { x: read, dy: read, mean: read, inverse: read, scale: maybe, dx: write },
  halves: ["x", "dy", "scale", "dx"],
  params: rowsParams,
  variants: rows({ total: "(v.x + v.y) + (v.z + v.w)" }),
  cost: rowBytes(3),
});
