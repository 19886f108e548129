// What convolutions of JAX are told by: paddings and layouts, for one to three spatial dimensions.
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { int, Kind, listOf, show, signature } from "@facet/dialect";
import { permuted } from "../numpy/axes.js";

/** "SAME" and "VALID" as TensorFlow defines them ("SAME_LOWER" puts what is odd in front), or [before, after] for every spatial dimension. */
export type Padding = "SAME" | "SAME_LOWER" | "VALID" | readonly (readonly [number, number])[];

/** Layouts of input, filter and output, as letters in the order of the dimensions: ["NHWC", "HWIO", "NHWC"], or as numbers. */
export type Letters = readonly [lhs: string, rhs: string, out: string];
export type DimensionNumbers = Letters | ConvDimensionNumbers;

export const padding = new Kind<Padding>(
  "SAME, SAME_LOWER, VALID or pairs",
  (x) => typeof x === "string" || listOf(listOf(int, 2)).accepts(x),
);

/** [before, after] of every spatial dimension, one after another, in the meaning of lax.padtype_to_pads. */
export function paddingOf(
  fn: string,
  padding: Padding,
  extents: readonly number[],
  window: readonly number[],
  strides: readonly number[],
): number[] {
  if (typeof padding !== "string") {
    if (padding.length !== extents.length || padding.some((pair) => pair.length !== 2))
      throw new ArgumentError({
        op: fn,
        argument: "padding",
        expected: `${extents.length} pairs`,
        given: show(padding),
      });
    return padding.flat();
  }
  const kind = (padding as string).toUpperCase();
  if (kind === "VALID") return extents.flatMap(() => [0, 0]);
  if (kind !== "SAME" && kind !== "SAME_LOWER")
    throw new ArgumentError({
      op: fn,
      argument: "padding",
      expected: "SAME, SAME_LOWER, VALID or pairs",
      given: show(padding),
    });
  return extents.flatMap((extent, i) => {
    const stride = strides[i] as number;
    const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + (window[i] as number) - extent);
    const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
    return kind === "SAME" ? [less, more] : [more, less];
  });
}

/** Two numbers, both at least 1. */
export function pairOf(fn: string, argument: string, given: readonly number[] | null): [number, number] {
  const pair = given ?? [1, 1];
  if (pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 1)) return [...pair] as [number, number];
  throw new ArgumentError({ op: fn, argument, expected: "two whole numbers of 1 or more", given: show(given) });
}

/** Letters of spatial dimensions, and layouts that the kernels read as they are, by how many there are. */
const SPATIAL = ["W", "HW", "DHW"] as const;
type Layout = core.ConvAttrs["layout"];
type FilterLayout = core.ConvAttrs["filterLayout"];

/** The tensor with its dimensions in the order of `wanted`, which has the letters that `given` has. */
function arranged(fn: string, argument: string, x: Tensor, given: string, wanted: string): Tensor {
  if ([...given].sort().join("") === [...wanted].sort().join(""))
    return permuted(
      x,
      [...wanted].map((letter) => given.indexOf(letter)),
    );
  throw new UnsupportedError({
    op: fn,
    argument: "dimension_numbers",
    expected: `an order of the letters ${wanted} for ${argument}`,
    given: show(given),
  });
}

/** Which dimensions are batch, channels and space: of lhs and the result [batch, channels, ...space], of rhs [out, in, ...space]. */
export class ConvDimensionNumbers {
  readonly lhs_spec: readonly number[];
  readonly rhs_spec: readonly number[];
  readonly out_spec: readonly number[];
  constructor(...args: [lhs_spec: readonly number[], rhs_spec: readonly number[], out_spec: readonly number[]]) {
    const { lhs_spec, rhs_spec, out_spec } = readNumbers(args);
    this.lhs_spec = lhs_spec;
    this.rhs_spec = rhs_spec;
    this.out_spec = out_spec;
  }
}
const readNumbers = signature("jax.lax.ConvDimensionNumbers", {
  lhs_spec: listOf(int),
  rhs_spec: listOf(int),
  out_spec: listOf(int),
});

/** Layouts as letters, the spatial ones those of SPATIAL in the order in which the layout of lhs has them. */
function lettersOf(fn: string, rank: number, given: DimensionNumbers | null): [lhs: string, rhs: string, out: string] {
  const count = rank - 2;
  const spatial = SPATIAL[count - 1];
  if (!spatial)
    throw new UnsupportedError({
      op: fn,
      argument: "lhs",
      expected: "one to three spatial dimensions",
      given: `${count}`,
    });
  if (given === null) return [`NC${spatial}`, `OI${spatial}`, `NC${spatial}`];
  if (given instanceof ConvDimensionNumbers) {
    const text = (spec: readonly number[], names: string): string =>
      [...spec.keys()].map((d) => names[spec.indexOf(d)]).join("");
    return [
      text(given.lhs_spec, `NC${spatial}`),
      text(given.rhs_spec, `OI${spatial}`),
      text(given.out_spec, `NC${spatial}`),
    ];
  }
  const own = [...given[0]].filter((letter) => letter !== "N" && letter !== "C");
  const renamed = (text: string): string =>
    [...text].map((letter) => (own.includes(letter) ? (spatial[own.indexOf(letter)] as string) : letter)).join("");
  const [lhs, rhs, out] = given.map(renamed) as [string, string, string];
  for (const [argument, text, names] of [
    ["lhs", lhs, "NC"],
    ["rhs", rhs, "OI"],
    ["out", out, "NC"],
  ] as const)
    if ([...text].sort().join("") !== [...names, ...spatial].sort().join(""))
      throw new UnsupportedError({
        op: fn,
        argument: "dimension_numbers",
        expected: `an order of the letters ${names}${own.join("")} for ${argument} (${count} spatial dimensions)`,
        given: show(given),
      });
  return [lhs, rhs, out];
}

export interface ConvOptions {
  rhs_dilation: readonly number[] | null;
  dimension_numbers: DimensionNumbers | null;
  feature_group_count: number;
  batch_group_count?: number;
  lhs_dilation?: readonly number[] | null;
}

/** Whole numbers of 1 or more, one for each spatial dimension. */
function numbersOf(fn: string, argument: string, given: readonly number[] | null, count: number): readonly number[] {
  const list = given ?? Array<number>(count).fill(1);
  if (list.length === count && list.every((n) => n >= 1)) return list;
  throw new ArgumentError({ op: fn, argument, expected: `${count} whole numbers of 1 or more`, given: show(given) });
}

/** The core's convolution of all ranks, or that of images, with which a page carries no other. */
export type Convolve = typeof core.conv;
/** Of images, neither spread nor with a batch in groups. */
export const ofImages: Convolve = (x, w, bias, { inputDilation: _spread, batchGroups: _runs, ...attrs }) =>
  core.conv2d(x, w, bias, attrs as core.Conv2dAttrs);

/** Convolution with a bias of one value per output channel: what stax's Conv denotes, in one kernel. */
export function convolution(
  op: Convolve,
  fn: string,
  lhs: Tensor,
  rhs: Tensor,
  bias: Tensor | undefined,
  window_strides: readonly number[],
  padding: Padding,
  { rhs_dilation, lhs_dilation = null, dimension_numbers, feature_group_count, batch_group_count = 1 }: ConvOptions,
): Tensor {
  const count = lhs.rank - 2;
  if (rhs.rank !== lhs.rank || count < 1)
    throw new ShapeError({
      op: fn,
      argument: count < 1 ? "lhs" : "rhs",
      expected: count < 1 ? "rank 3 or more" : `rank ${lhs.rank}, as lhs`,
      given: show(count < 1 ? lhs.shape : rhs.shape),
    });
  const [lhsSpec, rhsSpec, outSpec] = lettersOf(fn, lhs.rank, dimension_numbers);
  const spatial = SPATIAL[count - 1] as string;
  const layout = (lhsSpec === `NC${spatial}` ? lhsSpec : `N${spatial}C`) as Layout;
  const filterLayout = (rhsSpec === `OI${spatial}` ? rhsSpec : `${spatial}IO`) as FilterLayout;
  const [x, w] = [arranged(fn, "lhs", lhs, lhsSpec, layout), arranged(fn, "rhs", rhs, rhsSpec, filterLayout)];
  const stride = numbersOf(fn, "window_strides", window_strides, count);
  const dilation = numbersOf(fn, "rhs_dilation", rhs_dilation, count);
  const inputDilation = numbersOf(fn, "lhs_dilation", lhs_dilation, count);
  if (typeof padding === "string" && inputDilation.some((n) => n !== 1))
    throw new ArgumentError({
      op: fn,
      argument: "padding",
      expected: "pairs beside lhs_dilation (or lax.conv_transpose)",
      given: show(padding),
    });
  const extents = (tensor: Tensor, spec: string) =>
    [...spatial].map((letter) => tensor.shape[spec.indexOf(letter)] as number);
  const reach = extents(w, filterLayout).map((extent, i) => (extent - 1) * (dilation[i] as number) + 1);
  const y = op(x, w, bias, {
    stride,
    dilation,
    padding: paddingOf(fn, padding, extents(x, layout), reach, stride),
    groups: feature_group_count,
    layout,
    filterLayout,
    inputDilation,
    batchGroups: batch_group_count,
  });
  return permuted(
    y,
    [...outSpec].map((letter) => layout.indexOf(letter)),
  );
}

export const letters = new Kind<Letters>(
  'three layouts, as ["NHWC", "HWIO", "NHWC"]',
  (x) => Array.isArray(x) && x.length === 3 && x.every((layout) => typeof layout === "string"),
);
export const layouts = letters.either(
  new Kind<ConvDimensionNumbers>("ConvDimensionNumbers", (x) => x instanceof ConvDimensionNumbers),
);
