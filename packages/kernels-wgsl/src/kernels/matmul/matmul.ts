import { formatShape, ShapeError } from "../../errors.js";
import { defineKernel, divideUp, type ParamValues, spread, type Variant, type Workgroups } from "../../kernel.js";
import matmulWgsl from "./matmul.wgsl";
import matmulF16Wgsl from "./matmul_f16.wgsl";
import matmulSharedWgsl from "./matmul_shared.wgsl";
import matmulSubgroupWgsl from "./matmul_subgroup.wgsl";
import matmulSubgroupStridedWgsl from "./matmul_subgroup_strided.wgsl";
import matmulVec4Wgsl from "./matmul_vec4.wgsl";

const params = {
  m: "u32",
  n: "u32",
  k: "u32",
  a_row: "u32",
  a_k: "u32",
  b_k: "u32",
  b_col: "u32",
  has_bias: "u32",
  batch: "vec4<u32>",
  a_batch: "vec4<u32>",
  b_batch: "vec4<u32>",
} as const;

export type MatmulParams = ParamValues<typeof params>;

const batchCount = (p: MatmulParams): number => p.batch.reduce((count, extent) => count * extent, 1);
/** A workgroup for every tile of so many columns and rows, of every matrix of the batch. */
const tiles =
  (columns: number, rows: number) =>
  (p: MatmulParams): Workgroups =>
    spread(divideUp(p.n, columns) * divideUp(p.m, rows) * batchCount(p));

const inFours = (...numbers: number[]): boolean => numbers.every((number) => number % 4 === 0);

/** Which operands are transposed, in the terms of BLAS. */
const forms = (["nn", "tn", "nt", "tt"] as const).map((form) => ({
  form,
  aTransposed: form[0] === "t",
  bTransposed: form[1] === "t",
}));

/** Whether operands of a form can be read by vectors: contiguous along one axis, all else in multiples of four. */
const inVectors =
  ({ aTransposed, bTransposed }: (typeof forms)[number]): NonNullable<Variant<typeof params>["applies"]> =>
  (p, { a, b }) => {
    const [aUnit, aStride, aExtent] = aTransposed ? [p.a_row, p.a_k, p.m] : [p.a_k, p.a_row, p.k];
    const [bUnit, bStride, bExtent] = bTransposed ? [p.b_k, p.b_col, p.k] : [p.b_col, p.b_k, p.n];
    const offsets = [(a?.offset ?? 0) / 4, (b?.offset ?? 0) / 4];
    return (
      aUnit === 1 &&
      bUnit === 1 &&
      inFours(p.k, aExtent, bExtent, aStride, bStride, ...p.a_batch, ...p.b_batch, ...offsets)
    );
  };

/** `subgroup_32x4` and `subgroup_16x4`: rows of a subgroup's tile, columns of a lane. */
const subgroup = [8, 4].flatMap((lanes) =>
  forms.map((form): Variant<typeof params> => {
    const vectors = inVectors(form);
    return {
      name: `subgroup_${4 * lanes}x4_${form.form}`,
      order: "sequential",
      wgsl: matmulSubgroupWgsl,
      constants: {
        LANES: `${lanes}u`,
        A_TRANSPOSED: `${form.aTransposed}`,
        B_TRANSPOSED: `${form.bTransposed}`,
      },
      subgroupSize: lanes,
      applies: (p, views) => p.m > lanes && p.n > 2 * lanes && vectors(p, views),
      workgroups: tiles(4 * lanes, 4 * lanes),
    };
  }),
);

const subgroupStrided = [8, 4].map(
  (lanes): Variant<typeof params> => ({
    name: `subgroup${lanes}_4x12`,
    order: "sequential",
    wgsl: matmulSubgroupStridedWgsl,
    constants: { LANES: `${lanes}u`, FOURS: `${lanes === 4}` },
    subgroupSize: lanes,
    applies: (p) => p.m > 2 * lanes,
    workgroups: tiles(12, 4 * lanes),
  }),
);

const vec4: Variant<typeof params> = {
  name: "vec4_8x8",
  order: "sequential",
  wgsl: matmulVec4Wgsl,
  applies: (p, { a, b }) =>
    p.a_k === 1 &&
    p.b_col === 1 &&
    inFours(p.n, p.k, p.a_row, p.b_k, ...p.a_batch, ...p.b_batch, (a?.offset ?? 0) / 4, (b?.offset ?? 0) / 4),
  workgroups: tiles(64, 8),
};

const strided: Variant<typeof params> = {
  name: "strided_4x4",
  order: "sequential",
  workgroups: tiles(32, 16),
};

const shared: Variant<typeof params> = {
  name: "shared_64x64",
  order: "sequential",
  wgsl: matmulSharedWgsl,
  prefer: "hardware",
  applies: (p) => p.m > 16 && p.n > 16,
  workgroups: tiles(64, 64),
};

const sharedVectors = sharedForms({ type: "vec4<f32>", a: "a[at.x / 4u]", b: "b[at.x / 4u]" });

/** shared_64x64 for each form, given the type of what is bound and how four numbers are read from it. */
function sharedForms(read: { type: string; a: string; b: string }): Variant<typeof params>[] {
  return forms.map((form): Variant<typeof params> => {
    const vectors = inVectors(form);
    return {
      ...shared,
      name: `shared_64x64_${form.form}`,
      constants: {
        A: read.type,
        a_four: read.a,
        A_ALONG_K: `${!form.aTransposed}`,
        B: read.type,
        b_four: read.b,
        B_ALONG_K: `${form.bTransposed}`,
      },
      applies: (p, views) => p.m > 16 && p.n > 16 && vectors(p, views),
    };
  });
}

/** y = activate(a . b + bias), batched. See matmul.wgsl. */
export const matmul = defineKernel({
  name: "matmul",
  folds: { activate: true },
  wgsl: matmulWgsl,
  bindings: {
    a: { access: "read", dtype: "f32" },
    b: { access: "read", dtype: "f32" },
    bias: { access: "read", dtype: "f32", optional: true },
    y: { access: "read_write", dtype: "f32" },
  },
  params,
  variants: [...subgroup, ...subgroupStrided, vec4, strided, ...sharedVectors, shared],
  cost: (p) => ({
    flops: 2 * p.m * p.n * p.k * batchCount(p),
    bytes: 4 * batchCount(p) * (p.m * p.k + p.k * p.n + p.m * p.n),
  }),
});

const halves = (operand: string): string =>
  `vec4(${["x", "y", "z", "w"].map((lane) => `unpack2x16float(${operand}[at.${lane} / 2u])[at.${lane} % 2u]`).join(", ")})`;
const fourHalves = (operand: string): string =>
  `let four = ${operand}[at.x / 4u]; return vec4(unpack2x16float(four.x), unpack2x16float(four.y))`;

/** matmul of operands in half precision, two to a word; sums and result in f32. See matmul_f16.wgsl. */
export const matmulF16 = defineKernel({
  name: "matmul_f16",
  wgsl: matmulF16Wgsl,
  bindings: {
    a: { access: "read", dtype: "f16" },
    b: { access: "read", dtype: "f16" },
    bias: { access: "read", dtype: "f32", optional: true },
    y: { access: "read_write", dtype: "f32" },
  },
  params,
  variants: [
    strided,
    ...sharedForms({ type: "vec2<u32>", a: fourHalves("a"), b: fourHalves("b") }),
    { ...shared, constants: { A: "u32", a_four: halves("a"), B: "u32", b_four: halves("b") } },
  ],
  cost: (p) => ({
    flops: 2 * p.m * p.n * p.k * batchCount(p),
    bytes: batchCount(p) * (2 * p.m * p.k + 2 * p.k * p.n + 4 * p.m * p.n),
  }),
});

export interface MatmulOptions {
  /** Reads a as [..., k, m]. Default false. */
  transposeA?: boolean;
  /** Reads b as [..., n, k]. Default false. */
  transposeB?: boolean;
  /** Whether a bias of n elements is added. Default false. */
  bias?: boolean;
}

/**
 * Output shape and params for contiguous operands of rank 2 or more, batch dimensions broadcast.
 * Throws ShapeError when the inner extents differ or the batches do not broadcast.
 */
export function matmulGeometry(
  aShape: readonly number[],
  bShape: readonly number[],
  options: MatmulOptions = {},
): { shape: number[]; params: MatmulParams } {
  const { transposeA = false, transposeB = false, bias = false } = options;
  for (const [argument, shape] of [
    ["a", aShape],
    ["b", bShape],
  ] as const) {
    if (shape.length < 2)
      throw new ShapeError({ op: "matmul", argument, expected: "rank 2 or more", given: formatShape(shape) });
    if (shape.length > 6)
      throw new ShapeError({
        op: "matmul",
        argument,
        expected: "at most four batch dimensions",
        given: formatShape(shape),
      });
  }
  const [aRows, aCols] = aShape.slice(-2) as [number, number];
  const [bRows, bCols] = bShape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [aCols, aRows] : [aRows, aCols];
  const [inner, n] = transposeB ? [bCols, bRows] : [bRows, bCols];
  if (k !== inner) {
    const given = `a ${formatShape(aShape)}${transposeA ? " transposed" : ""} and b ${formatShape(bShape)}${transposeB ? " transposed" : ""}`;
    throw new ShapeError({ op: "matmul", argument: "b", expected: `${k} rows to meet the columns of a`, given });
  }
  const batch = [1, 1, 1, 1];
  const aBatch = [0, 0, 0, 0];
  const bBatch = [0, 0, 0, 0];
  let aStride = aRows * aCols;
  let bStride = bRows * bCols;
  const shape = [m, n];
  for (let d = 3, i = 3; i <= Math.max(aShape.length, bShape.length); i++, d--) {
    const ea = aShape[aShape.length - i] ?? 1;
    const eb = bShape[bShape.length - i] ?? 1;
    if (ea !== eb && ea !== 1 && eb !== 1) {
      throw new ShapeError({
        op: "matmul",
        argument: "b",
        expected: `batch dimensions that broadcast with ${formatShape(aShape)}`,
        given: formatShape(bShape),
      });
    }
    const extent = ea === 1 ? eb : ea;
    shape.unshift(extent);
    batch[d] = extent;
    aBatch[d] = ea === 1 ? 0 : aStride;
    bBatch[d] = eb === 1 ? 0 : bStride;
    aStride *= ea;
    bStride *= eb;
  }
  return {
    shape,
    params: {
      m,
      n,
      k,
      a_row: transposeA ? 1 : aCols,
      a_k: transposeA ? aCols : 1,
      b_k: transposeB ? 1 : bCols,
      b_col: transposeB ? bCols : 1,
      has_bias: bias ? 1 : 0,
      batch,
      a_batch: aBatch,
      b_batch: bBatch,
    },
  };
}
