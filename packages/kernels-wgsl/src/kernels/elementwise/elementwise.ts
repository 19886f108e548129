import { formatShape, ShapeError, UnsupportedError } from "../../errors.js";
import {
  type BindingSpec,
  defineKernel,
  divideUp,
  FAT_LANES,
  isSameShape,
  type ParamType,
  type ParamValues,
  sizeOf,
  spread,
  TILE,
  type Variant,
} from "../../kernel.js";
import elementwiseBesselWgsl from "./elementwise_bessel.wgsl";
import elementwiseBinaryWgsl from "./elementwise_binary.wgsl";
import elementwiseBinarySpecialWgsl from "./elementwise_binary_special.wgsl";
import elementwiseIncompleteGammaWgsl from "./elementwise_incomplete_gamma.wgsl";
import elementwisePolynomialWgsl from "./elementwise_polynomial.wgsl";
import elementwiseSpecialWgsl from "./elementwise_special.wgsl";
import elementwiseTernaryWgsl from "./elementwise_ternary.wgsl";
import elementwiseTranscendentalWgsl from "./elementwise_transcendental.wgsl";
import elementwiseUnaryWgsl from "./elementwise_unary.wgsl";
import { expsIn } from "./expressions.js";

/** Axes that a kernel can walk after merging. */
const MAX_AXES = 12;

const unaryParams = { count: "u32", tile: "u32", s0: "f32", s1: "f32" } as const;
const params = { ...unaryParams, rank: "u32", axes: "array<vec4<u32>, 12>" } as const;

/** Also the params of `elementwiseUnary`, which reads only the first four. */
export type ElementwiseParams = ParamValues<typeof params>;

type Walk = "by four" | "repeated";

/** How an operand goes through `width` neighbours of y; undefined when they are not so many words in a row. */
function walk(p: ElementwiseParams, operand: number, width: number): Walk | undefined {
  const strides = Array.from({ length: p.rank }, (_, d) => p.axes[4 * d + 1 + operand] as number);
  if (strides[0] === 0) return "repeated";
  return strides[0] === 1 && strides.slice(1).every((stride) => stride % width === 0) ? "by four" : undefined;
}

/** A place that needs no coordinates. */
const place = (at: string): string => `Place(${at}, 0u, 0u)`;
const THREE_AXES = { locate: "place_three(i)", next: "advance(p, by)" };

/** Few enough axes to walk without a loop. Axes beyond the rank have extent 1. */
const uptoThree = (p: ElementwiseParams): boolean => p.rank > 1 && p.rank <= 3;

/** Elements from which software adapters take four vectors at once: it is quicker there, but for compiling. */
export const FOUR_VECTORS_FROM = 2 ** 16;

/**
 * The variant that computes four neighbours of y at once from operands of the given walks, or sixteen, in four vectors that are
 * one access: SwiftShader takes longer to find out where an array ends than to read it. View offsets need no check: WebGPU
 * binds storage at multiples of 32 bytes or more.
 */
function inFours<P extends Record<string, ParamType>>(
  walks: readonly Walk[],
  flat: boolean,
  vectors: 1 | 4 = 1,
): Variant<P> {
  const names = ["a", "b", "c"].slice(0, walks.length);
  const pick = (byFour: string[], repeated: string[]) =>
    walks.map((kind, i) => (kind === "by four" ? byFour[i] : repeated[i]) as string);
  const vectorOf = (type: string): string => (vectors === 1 ? `vec4<${type}>` : `array<vec4<${type}>, ${vectors}>`);
  const types = pick(["A", "B", "C"].map(vectorOf), ["A", "B", "C"]);
  const call = (element: string): string => {
    const byFour = names.map((name) => `${name}${element}`);
    return `f(${pick(byFour, names).join(", ")})`;
  };
  const calls = (part: string): string => ["x", "y", "z", "w"].map((lane) => call(`${part}.${lane}`)).join(", ");
  const parts = vectors === 1 ? [calls("")] : ["[0]", "[1]", "[2]", "[3]"].map((part) => `vec4<Y>(${calls(part)})`);
  const width = 4 * vectors;
  const vector = `vec${names.length}`;
  const places = flat
    ? { locate: place(`${vector}(${pick(["i", "i", "i"], ["0u", "0u", "0u"]).join(", ")})`) }
    : {
        ...THREE_AXES,
        locate: `place_three(i * ${width}u)`,
        units: `at / ${vector}(${walks.map((kind) => (kind === "by four" ? `${width}u` : "1u")).join(", ")})`,
      };
  const repeated = names.filter((_, i) => walks[i] === "repeated").map((name) => `repeat_${name}`);
  return {
    name: [...(flat ? [] : ["broadcast"]), vectors === 1 ? "vec4" : "four_vec4", ...repeated].join("_"),
    order: "elementwise",
    // With places to find, lavapipe is slower by sixteen.
    ...(vectors === 1 ? {} : { prefer: flat ? "software" : "swiftshader" }),
    constants: {
      WIDTH: `${width}u`,
      ...Object.fromEntries(types.map((type, i) => [`V${"ABC"[i]}`, type])),
      VY: vectorOf("Y"),
      apply: `VY(${parts.join(", ")})`,
      ...(names.length > 1 ? places : {}),
    },
    applies: (given) => {
      const p = given as unknown as ElementwiseParams;
      if (p.count % width !== 0 || (vectors > 1 && p.count < FOUR_VECTORS_FROM)) return false;
      if (names.length === 1) return true;
      return (
        (flat ? p.rank === 1 : uptoThree(p)) &&
        (p.axes[0] as number) % width === 0 &&
        walks.every((kind, i) => walk(p, i, width) === kind)
      );
    },
    workgroups: (p) => spread(divideUp(p.count as number, width * (p.tile as number))),
  };
}

/** A mix of walks: for adapters that run on a processor, and for any. */
const mix = <P extends Record<string, ParamType>>(walks: readonly Walk[], flat: boolean): Variant<P>[] => [
  inFours<P>(walks, flat, 4),
  inFours<P>(walks, flat),
];

const scalar = { name: "scalar", order: "elementwise" } as const;
const singly = (p: Readonly<Record<"count" | "tile", number>>) => spread(divideUp(p.count, p.tile));

/** What takes any operands, one element at a time: for a single axis, for up to three, for more. */
const scalars: { [Shape in "flat" | "three" | "many"]: Variant<typeof params> } = {
  flat: { ...scalar, workgroups: singly, applies: (p) => p.rank === 1 },
  three: {
    ...scalar,
    workgroups: singly,
    name: "broadcast_scalar",
    constants: THREE_AXES,
    applies: uptoThree,
  },
  many: { ...scalar, workgroups: singly, name: "broadcast_scalar_many_axes", applies: (p) => p.rank > 1 },
};
const flatScalar = (operands: number): Variant<typeof params> => ({
  ...scalars.flat,
  constants: { locate: place(`i * params.axes[0].${operands === 2 ? "yz" : "yzw"}`) },
});

/** Every mix of walks with at least one operand read by four. */
const mixesOf = (operands: number): Walk[][] =>
  Array.from({ length: 2 ** operands - 1 }, (_, mix) =>
    Array.from({ length: operands }, (_, i): Walk => ((mix >> i) & 1 ? "repeated" : "by four")),
  );

/** Every mix of walks for a single axis and for up to three; then what takes any. */
const variants = (operands: number): Variant<typeof params>[] => [
  ...mixesOf(operands).flatMap((walks) => mix<typeof params>(walks, true)),
  flatScalar(operands),
  // Of three operands, few programs broadcast enough to compile as many shaders.
  ...mixesOf(operands).flatMap((walks) => mix<typeof params>(walks, false).slice(operands === 2 ? 0 : 1)),
  scalars.three,
  scalars.many,
];
const unaryScalar: Variant<typeof unaryParams> = { ...scalar, workgroups: singly };

const any = ["f32", "i32", "u32"] as const;
const input = { access: "read", dtype: any } as const satisfies BindingSpec;
const output = { access: "read_write", dtype: any } as const satisfies BindingSpec;

/** Distinct words that operand `i` is read from, for the cost. */
const words = (p: ElementwiseParams, i: number): number =>
  Array.from({ length: p.rank }, (_, d) =>
    (p.axes[4 * d + 1 + i] as number) === 0 ? 1 : (p.axes[4 * d] as number),
  ).reduce((product, extent) => product * extent, 1);

/** y = f(a), any shape. See elementwise_unary.wgsl and `elementwiseConstants`. */
export const elementwiseUnary = defineKernel({
  name: "elementwise_unary",
  wgsl: elementwiseUnaryWgsl,
  software: FAT_LANES,
  bindings: { a: input, y: output },
  params: unaryParams,
  variants: [...mix<typeof unaryParams>(["by four"], true), unaryScalar],
  cost: (p, f) => ({ flops: p.count, exps: expsIn(f) * p.count, bytes: 8 * p.count }),
});

/** y = f(a, b), broadcast. See elementwise_binary.wgsl and `elementwiseConstants`. */
export const elementwiseBinary = defineKernel({
  name: "elementwise_binary",
  wgsl: elementwiseBinaryWgsl,
  software: FAT_LANES,
  bindings: { a: input, b: input, y: output },
  params,
  variants: variants(2),
  cost: (p, f) => ({
    flops: p.count,
    exps: expsIn(f) * p.count,
    bytes: 4 * (words(p, 0) + words(p, 1) + p.count),
  }),
});

/** y = f(a, b, c), broadcast. See elementwise_ternary.wgsl and `elementwiseConstants`. */
export const elementwiseTernary = defineKernel({
  name: "elementwise_ternary",
  wgsl: elementwiseTernaryWgsl,
  software: FAT_LANES,
  bindings: { a: input, b: input, c: input, y: output },
  params,
  variants: variants(3),
  cost: (p) => ({ flops: p.count, bytes: 4 * (words(p, 0) + words(p, 1) + words(p, 2) + p.count) }),
});

/** A kernel as `elementwiseUnary` of functions that take long: one element at a time, as shaders of four compile long. */
const unaryOf = (name: string, wgsl: string) =>
  defineKernel({ ...elementwiseUnary, name, wgsl, variants: [unaryScalar] });
/** The same as `elementwiseBinary`. */
const binaryOf = (name: string, wgsl: string) =>
  defineKernel({ ...elementwiseBinary, name, wgsl, variants: [flatScalar(2), scalars.three, scalars.many] });

/** y = f(a): inverse and hyperbolic functions, roots, other bases. See elementwise_transcendental.wgsl. */
export const elementwiseTranscendental = /* @__PURE__ */ unaryOf(
  "elementwise_transcendental",
  elementwiseTranscendentalWgsl,
);
/** y = f(a): functions of the error and gamma families. See elementwise_special.wgsl. */
export const elementwiseSpecial = /* @__PURE__ */ unaryOf("elementwise_special", elementwiseSpecialWgsl);
/** y = f(a): Bessel functions. See elementwise_bessel.wgsl. */
export const elementwiseBessel = /* @__PURE__ */ unaryOf("elementwise_bessel", elementwiseBesselWgsl);
/** y = f(a, b), broadcast: special functions of two operands. See elementwise_binary_special.wgsl. */
export const elementwiseBinarySpecial = /* @__PURE__ */ binaryOf(
  "elementwise_binary_special",
  elementwiseBinarySpecialWgsl,
);
/** y = f(a, b), broadcast: the incomplete gamma functions. See elementwise_incomplete_gamma.wgsl. */
export const elementwiseIncompleteGamma = /* @__PURE__ */ binaryOf(
  "elementwise_incomplete_gamma",
  elementwiseIncompleteGammaWgsl,
);
/** y = f(a, b), broadcast: orthogonal polynomials of degree b. See elementwise_polynomial.wgsl. */
export const elementwisePolynomial = /* @__PURE__ */ binaryOf("elementwise_polynomial", elementwisePolynomialWgsl);

interface Axis {
  extent: number;
  strides: number[];
}

/**
 * Output shape and params for one to three contiguous operands, broadcast by numpy's rules: shapes are aligned at their
 * last axes, and an extent of 1 is repeated. The params fit the kernel of as many operands.
 *
 * @param s0 First scalar of the expression, e.g. the slope of `leaky_relu`. Default 0.
 * @param s1 Second scalar. Default 0.
 * @param op Name that errors carry. Default "elementwise".
 * @throws ShapeError when the shapes do not broadcast, UnsupportedError when more than twelve axes remain after merging those
 * that every operand walks alike.
 */
export function elementwiseGeometry(
  shapes: readonly (readonly number[])[],
  s0 = 0,
  s1 = 0,
  op = "elementwise",
): { shape: number[]; params: ElementwiseParams } {
  const first = shapes[0] ?? [];
  // Nearly all calls: nothing to broadcast, one axis of all elements.
  if (shapes.every((operand) => isSameShape(operand, first))) {
    const count = sizeOf(first);
    const strides = shapes.map(() => (count === 1 ? 0 : 1));
    return { shape: [...first], params: paramsOf([{ extent: count, strides }], count, s0, s1) };
  }
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const shape: number[] = [];
  const axes: Axis[] = [];
  const steps = shapes.map(() => 1);
  for (let d = 1; d <= rank; d++) {
    const extents = shapes.map((operand) => operand[operand.length - d] ?? 1);
    const extent = extents.find((size) => size !== 1) ?? 1;
    if (extents.some((size) => size !== extent && size !== 1)) {
      throw new ShapeError({
        op,
        argument: "shapes",
        expected: "shapes that broadcast: each extent equal or 1, counted from the last axis",
        given: shapes.map(formatShape).join(" and "),
      });
    }
    shape.unshift(extent);
    const strides = extents.map((size, i) => (size === 1 ? 0 : (steps[i] as number)));
    for (const [i, size] of extents.entries()) steps[i] = (steps[i] as number) * size;
    if (extent !== 1) pushMerged(axes, { extent, strides });
  }
  if (axes.length === 0) axes.push({ extent: 1, strides: shapes.map(() => 0) });
  if (axes.length > MAX_AXES) {
    throw new UnsupportedError({
      op,
      argument: "shapes",
      expected: `at most ${MAX_AXES} axes that are broadcast in turn`,
      given: shapes.map(formatShape).join(" and "),
    });
  }
  return { shape, params: paramsOf(axes, sizeOf(shape), s0, s1) };
}

function paramsOf(axes: readonly Axis[], count: number, s0: number, s1: number): ElementwiseParams {
  const table = [...NO_AXES];
  for (let d = 0; d < axes.length; d++) {
    const { extent, strides } = axes[d] as Axis;
    table[4 * d] = extent;
    for (let i = 0; i < strides.length; i++) table[4 * d + 1 + i] = strides[i] as number;
  }
  return { count, tile: TILE, s0, s1, rank: axes.length, axes: table };
}

/** The table of axes where there is none: extents of 1, and no strides. */
const NO_AXES: readonly number[] = Array.from({ length: 4 * MAX_AXES }, (_, i) => (i % 4 === 0 ? 1 : 0));

/** Appends an axis outside the others, or lengthens the outermost when every operand goes on from it in the same step. */
function pushMerged(axes: Axis[], axis: Axis): void {
  const inner = axes.at(-1);
  if (inner?.strides.every((stride, i) => axis.strides[i] === stride * inner.extent)) inner.extent *= axis.extent;
  else axes.push(axis);
}
