// Padding.
import * as core from "@facet/autograd";
import { ArgumentError, type Tensor, UnsupportedError } from "@facet/autograd";
import { define, Kind, listOf, number, show } from "@facet/dialect";
import { arrayLike, type Given } from "../arguments.js";
import { type ArrayLike, computable, type JaxArray, run } from "../array.js";

type Pair = readonly [number, number];
type PadWidth = number | readonly number[] | readonly (readonly number[])[];

/** One value for all edges, [before, after] for all dimensions, or a pair for each dimension. */
const edges = number.either(listOf(number)).either(listOf(listOf(number)));

/** What stands before and after each dimension, however few values were given. */
function pairsOf(argument: string, given: PadWidth, rank: number): Pair[] {
  const list = typeof given === "number" ? [given] : given;
  const flat = list.every((row) => typeof row === "number");
  const rows = flat ? [list.length === 1 ? [list[0], list[0]] : list] : (list as readonly (readonly number[])[]);
  const whole = rows.every((row) => row.length === 2) && (rows.length === rank || rows.length === 1);
  if (whole) return Array.from({ length: rank }, (_, i) => (rows[i] ?? rows[0]) as Pair);
  throw new ArgumentError({
    op: "pad",
    argument,
    expected: `one or two values, or ${rank} pairs of them`,
    given: show(given),
  });
}

interface PadNamed {
  array: ArrayLike;
  pad_width: PadWidth;
  mode: string;
  constant_values: PadWidth;
}
const MODES = ["edge", "empty", "linear_ramp", "maximum", "mean", "median", "minimum", "reflect", "symmetric", "wrap"];
const mode = new Kind<string>('"constant"', (x) => typeof x === "string");
/** Pads with a constant (default 0): one width for all edges, [before, after] for all dimensions, or a pair for each. */
export const pad: (...args: Given<[array: ArrayLike, pad_width: PadWidth], [mode: string], PadNamed>) => JaxArray =
  define(
    "jax.numpy.pad",
    { array: arrayLike, pad_width: edges, mode: mode.or("constant"), "*": null, constant_values: edges.or(0) },
    ({ array, pad_width, mode, constant_values }) => {
      if (mode !== "constant") {
        const Refusal = MODES.includes(mode) ? UnsupportedError : ArgumentError;
        throw new Refusal({
          op: "pad",
          argument: "mode",
          expected: '"constant": others are not supported',
          given: show(mode),
        });
      }
      return run(() => {
        const x = computable("pad", "array", array);
        const widths = pairsOf("pad_width", pad_width, x.rank);
        if (widths.flat().some((n) => !Number.isInteger(n) || n < 0))
          throw new ArgumentError({
            op: "pad",
            argument: "pad_width",
            expected: "whole numbers of 0 or more",
            given: show(pad_width),
          });
        const values = pairsOf("constant_values", constant_values, x.rank);
        const [value] = values[0] ?? [0];
        if (values.flat().every((each) => each === value)) return core.pad(x, widths, value);
        // One edge after the other: later dimensions fill the corners, as in NumPy.
        return values.reduce<Tensor>(
          (padded, both, axis) =>
            both.reduce(
              (y, value, side) =>
                core.pad(
                  y,
                  y.shape.map((_, i) =>
                    i !== axis ? [0, 0] : side === 0 ? [widths[axis]?.[0] ?? 0, 0] : [0, widths[axis]?.[1] ?? 0],
                  ),
                  value,
                ),
              padded,
            ),
          x,
        );
      });
    },
  );
