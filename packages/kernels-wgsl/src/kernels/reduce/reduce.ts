import { ArgumentError, DtypeError, formatShape, UnsupportedError } from "../../errors.js";
import {
  type BindingDtype,
  type Constants,
  defineKernel,
  divideUp,
  narrowed,
  type ParamValues,
  spread,
  type Variant,
} from "../../kernel.js";
import reduceWgsl from "./reduce.wgsl";
import reduceRowsWgsl from "./reduce_rows.wgsl";

/** Kept axes, and reduced axes, that the kernel can walk after merging. */
const MAX_AXES = 12;
/** Elements that one thread goes through before the work is split into parts: 128 additions per accumulator. */
const PER_THREAD = 512;
const LANES = 64;

const params = {
  outputs: "u32",
  count: "u32",
  parts: "u32",
  steps: "u32",
  lanes: "u32",
  by_part: "u32",
  kept_rank: "u32",
  reduced_rank: "u32",
  total: "u32",
  axes: "array<vec4<u32>, 12>",
} as const;

export type ReduceParams = ParamValues<typeof params>;

const strides = (p: ReduceParams, at: 1 | 3): number[] =>
  Array.from({ length: at === 1 ? p.kept_rank : p.reduced_rank }, (_, d) => p.axes[4 * d + at] as number);
const inFours = (numbers: readonly number[]): boolean => numbers.every((number) => number % 4 === 0);

const rows: Variant<typeof params> = {
  name: "rows_vec4",
  order: "four accumulators",
  wgsl: reduceRowsWgsl,
  applies: (p) => p.axes[3] === 1 && inFours([p.axes[2] as number, ...strides(p, 3).slice(1), ...strides(p, 1)]),
  workgroups: (p) => spread(divideUp(p.outputs * p.parts, LANES)),
};

const columns: Variant<typeof params> = {
  name: "columns_vec4",
  order: "four accumulators",
  constants: {
    WIDTH: "4u",
    V: "vec4<Y>",
    join: "V(combine(a.x, b.x), combine(a.y, b.y), combine(a.z, b.z), combine(a.w, b.w))",
    done: "V(finish(v.x), finish(v.y), finish(v.z), finish(v.w))",
  },
  applies: (p) =>
    p.by_part === 0 && p.axes[1] === 1 && inFours([p.axes[0] as number, ...strides(p, 1).slice(1), ...strides(p, 3)]),
  workgroups: (p) => spread(divideUp((p.outputs / 4) * p.parts, LANES)),
};

const scalar: Variant<typeof params> = {
  name: "scalar",
  order: "four accumulators",
  workgroups: (p) => spread(divideUp(p.outputs * p.parts, LANES)),
};

/** Without divisions, by these constants, for so many reduced axes; as it is for more. */
const byAxes = (variant: Variant<typeof params>, most: number, constants: Constants): Variant<typeof params>[] => [
  narrowed(variant, (p) => p.reduced_rank <= most, { constants: { ...variant.constants, ...constants } }),
  narrowed(variant, (p) => p.reduced_rank > most, { name: `${variant.name}_axes` }),
];
const oneAxis = { reduced_at: "r * (params.axes[0].w / WIDTH)" };

/** One pass of a reduction. See reduce.wgsl, `reducePlan` and `reduceConstants`. */
export const reduce = defineKernel({
  name: "reduce",
  wgsl: reduceWgsl,
  bindings: {
    x: { access: "read", dtype: ["f32", "i32", "u32"] },
    y: { access: "read_write", dtype: ["f32", "i32", "u32"] },
  },
  halves: ["x", "y"],
  params,
  variants: [
    ...byAxes(rows, 2, { locate: "place_two(block)", next: "advance(p, by)" }),
    ...byAxes(columns, 1, oneAxis),
    ...byAxes(scalar, 1, oneAxis),
  ],
  cost: (p) => ({ flops: p.outputs * p.count, bytes: 4 * p.outputs * (p.count + p.parts) }),
});

interface Reduction {
  readonly dtypes: readonly BindingDtype[];
  readonly initial: (dtype: BindingDtype) => string;
  readonly combine: (dtype: BindingDtype) => string;
  readonly finish?: string;
}

const number = ["f32", "i32", "u32"] as const;
const lowest = { f32: "from_bits(0xff800000u)", i32: "-2147483648", u32: "0u" } as const;
const highest = { f32: "from_bits(0x7f800000u)", i32: "2147483647", u32: "4294967295u" } as const;

const reductions = {
  sum: { dtypes: number, initial: () => "Y(0)", combine: () => "a + b" },
  mean: { dtypes: ["f32"], initial: () => "Y(0)", combine: () => "a + b", finish: "v / f32(params.total)" },
  prod: { dtypes: number, initial: () => "Y(1)", combine: () => "a * b" },
  max: {
    dtypes: number,
    initial: (dtype) => lowest[dtype],
    combine: (dtype) => (dtype === "f32" ? "maximum_f32(a, b)" : "max(a, b)"),
  },
  min: {
    dtypes: number,
    initial: (dtype) => highest[dtype],
    combine: (dtype) => (dtype === "f32" ? "minimum_f32(a, b)" : "min(a, b)"),
  },
  any: { dtypes: ["u32"], initial: () => "0u", combine: () => "u32(a != 0u || b != 0u)" },
  all: { dtypes: ["u32"], initial: () => "1u", combine: () => "u32(a != 0u && b != 0u)" },
} as const satisfies Record<string, Reduction>;

export type ReductionName = keyof typeof reductions;

const cache = new Map<string, Constants>();

/**
 * What turns `reduce` into one reduction, for `RunOptions.constants`; the same for every pass. max and min give NaN when
 * there is one; any and all take and give u32 0 or 1. The same arguments give the same object.
 *
 * @throws DtypeError for a dtype that the reduction does not take: mean is of f32, any and all are of u32.
 */
export function reduceConstants(name: ReductionName, dtype: BindingDtype): Constants {
  const key = `${name} ${dtype}`;
  let constants = cache.get(key);
  if (constants) return constants;
  const { dtypes, initial, combine, finish = "v" }: Reduction = reductions[name];
  if (!dtypes.includes(dtype)) {
    throw new DtypeError({ op: name, argument: "dtype", expected: dtypes.join(" or "), given: dtype });
  }
  constants = { Y: dtype, initial: initial(dtype), combine: combine(dtype), finish };
  cache.set(key, constants);
  return constants;
}

interface Axis {
  extent: number;
  stride: number;
}

export interface ReducePass {
  params: ReduceParams;
  /** Elements the pass writes. */
  elements: number;
}

/**
 * Output shape, and the kernel calls that lead there from a contiguous operand: each pass reads what the one before it
 * wrote, the last writes the result. There is one pass up to 512 elements per output, another for each factor of 512
 * beyond: a rule on the shape alone, so a shape always adds in one order.
 *
 * @param axes Axes to reduce; negative ones count from the last. None reduces nothing.
 * @param keepdims Whether reduced axes stay, with extent 1.
 * @param op Name that errors carry. Default "reduce".
 * @throws ArgumentError for an axis out of range or given twice; UnsupportedError when more than twelve kept or twelve reduced
 * axes remain after merging.
 */
export function reducePlan(
  shape: readonly number[],
  axes: readonly number[],
  keepdims: boolean,
  op = "reduce",
): { shape: number[]; passes: ReducePass[] } {
  const first = reduceGeometry(shape, axes, keepdims, op);
  const passes: ReducePass[] = [];
  let pass = first.params;
  while (pass.count > PER_THREAD) {
    const wanted = divideUp(pass.count, PER_THREAD);
    // Parts of one output that read side by side; where outputs do, each part has a stretch of its own.
    const lanes = pass.by_part ? Math.min(wanted, LANES) : 1;
    const parts = divideUp(wanted, lanes) * lanes;
    const { outputs, by_part } = pass;
    const params = { ...pass, parts, lanes, steps: divideUp(pass.count, 4 * parts), total: 0 };
    passes.push({ params, elements: outputs * parts });
    pass = {
      ...pass,
      count: parts,
      steps: divideUp(parts, 4),
      kept_rank: 1,
      reduced_rank: 1,
      axes: by_part
        ? table([{ extent: outputs, stride: parts }], [{ extent: parts, stride: 1 }])
        : table([{ extent: outputs, stride: 1 }], [{ extent: parts, stride: outputs }]),
    };
  }
  passes.push({ params: pass, elements: pass.outputs });
  return { shape: first.shape, passes };
}

/**
 * As `reducePlan`, but in a single pass whatever the extents: slow and less accurate beyond some thousand elements per
 * output.
 */
export function reduceGeometry(
  shape: readonly number[],
  axes: readonly number[],
  keepdims: boolean,
  op = "reduce",
): { shape: number[]; params: ReduceParams } {
  const reduced = checkAxes(shape, axes, op);
  const keptAxes: Axis[] = [];
  const reducedAxes: Axis[] = [];
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const extent = shape[d] as number;
    if (extent !== 1) pushMerged(reduced.has(d) ? reducedAxes : keptAxes, { extent, stride });
    stride *= extent;
  }
  if (keptAxes.length > MAX_AXES || reducedAxes.length > MAX_AXES) {
    throw new UnsupportedError({
      op,
      argument: "axes",
      expected: `at most ${MAX_AXES} runs of kept and ${MAX_AXES} runs of reduced axes`,
      given: `[${axes.join(", ")}] of ${formatShape(shape)}`,
    });
  }
  const outputs = keptAxes.reduce((product, axis) => product * axis.extent, 1);
  const count = reducedAxes.reduce((product, axis) => product * axis.extent, 1);
  return {
    shape: shape.flatMap((extent, d) => (reduced.has(d) ? (keepdims ? [1] : []) : [extent])),
    params: {
      outputs,
      count,
      parts: 1,
      steps: divideUp(count, 4),
      lanes: 1,
      // Lanes run along what is innermost in x.
      by_part: reducedAxes[0]?.stride === 1 ? 1 : 0,
      kept_rank: Math.max(1, keptAxes.length),
      reduced_rank: Math.max(1, reducedAxes.length),
      total: count,
      axes: table(keptAxes, reducedAxes),
    },
  };
}

function checkAxes(shape: readonly number[], axes: readonly number[], op: string): Set<number> {
  const reduced = new Set<number>();
  for (const axis of axes) {
    const d = axis < 0 ? axis + shape.length : axis;
    if (!Number.isInteger(axis) || d < 0 || d >= shape.length) {
      throw new ArgumentError({
        op,
        argument: "axis",
        expected: `an axis of ${formatShape(shape)}`,
        given: `${axis}`,
      });
    }
    if (reduced.has(d)) {
      throw new ArgumentError({ op, argument: "axes", expected: "each axis once", given: `[${axes.join(", ")}]` });
    }
    reduced.add(d);
  }
  return reduced;
}

/** Appends an axis outside the others, or lengthens the outermost when that one ends where the new one begins. */
function pushMerged(axes: Axis[], axis: Axis): void {
  const inner = axes.at(-1);
  if (inner && axis.stride === inner.stride * inner.extent) inner.extent *= axis.extent;
  else axes.push(axis);
}

function table(kept: readonly Axis[], reduced: readonly Axis[]): number[] {
  return Array.from({ length: MAX_AXES }, (_, d) => [
    kept[d]?.extent ?? 1,
    kept[d]?.stride ?? 0,
    reduced[d]?.extent ?? 1,
    reduced[d]?.stride ?? 0,
  ]).flat();
}
