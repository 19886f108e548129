// Values to give to arguments: of every kind that a dialect's signatures have, one that it accepts.
import { Tensor } from "@facet/autograd";
import { type Declared, Kind, Only, Parameter } from "@facet/dialect";
import { classesOf, roots } from "./exports.js";
import { dialects } from "./golden.js";

const numbers = [1, 0, 2, 0.5, 8];
const texts = [
  ...[
    "sum",
    "mean",
    "none",
    "same",
    "valid",
    "PR",
    "majoring",
    "nearest",
    "dot",
    "horizontal",
    "one_hot",
    "int",
    "int64",
    "linear",
    "reflect",
    "constant",
    "channels_last",
    "relu",
    "float32",
    "int32",
    "x",
    "ij",
    "xy",
  ],
  ...[
    "uniform",
    "normal",
    "fan_in",
    "NHWC",
    "F",
    "C",
    "right",
    "mul",
    "min",
    "auto",
    "webgpu",
    "default",
    "add",
    "train",
    "clip",
    "ortho",
    "floor",
    "pre",
    "strong_wolfe",
    "original",
    "xy",
    "scan",
    "reduced",
    "safe",
    "stable",
    "L",
    "sps",
    "use_mm_for_euclid_dist",
    "max",
    "abs",
    "triangular2",
    "iterations",
    "cos",
    "forward-mode",
    "different",
    "high",
    "bilinear",
    "zeros",
    "LSTM",
  ],
];

let candidates: readonly unknown[] | undefined;

/** Plain values first, then objects: of each exported class one that has its methods and nothing else. */
function values(): readonly unknown[] {
  if (candidates) return candidates;
  const plain: unknown[] = [...numbers, true, false, ...texts, null, (x: unknown) => x];
  const objects: unknown[] = [Object.create(Tensor.prototype)];
  for (const dialect of dialects) {
    // Not namespaces: reading a name that one has not throws, which no kind expects.
    const found = Object.values(roots[dialect]).filter(
      (each) => typeof each === "object" && each !== null && Object.getPrototypeOf(each) !== Object.prototype,
    );
    objects.push(...found, ...[...classesOf(dialect).keys()].map((each) => Object.create(each.prototype as object)));
    objects.push(...classesOf(dialect).keys());
  }
  const base = [...plain, ...objects];
  const lists = base.flatMap((each) => [[each], [each, each], [each, each, each], [each, each, each, each]]);
  const pairs = [
    [[1, 1]],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
    [[1], [1]],
    [
      [[1], [0]],
      [[], []],
    ],
    { init: () => 1, update: () => 1 },
    ["x", { init: () => 1, update: () => 1 }],
  ];
  candidates = [
    ...base,
    [],
    {},
    { state: {}, param_groups: [] },
    ...lists,
    ...pairs,
    new Float32Array(2),
    new Uint8Array(2),
    { images: [], labels: [], count: 0 },
    new Map(),
    new Set(),
    1n,
  ];
  return candidates;
}

/** A value that the parameter takes and that is not its default if there is another; undefined if none is known. */
export function sampleOf({ rule, kind, otherwise }: Declared): unknown {
  if (rule instanceof Only) return rule.value;
  if (!(kind instanceof Kind)) return rule instanceof Parameter ? otherwise : 1;
  const accepted = (each: unknown): boolean => each !== undefined && kind.accepts(each);
  return values().find((each) => accepted(each) && !Object.is(each, otherwise)) ?? values().find(accepted);
}
