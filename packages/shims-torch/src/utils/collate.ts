import { ArgumentError, ShapeError, UnsupportedError } from "@facet/autograd";
import { any, define, isKeywords, listOf } from "@facet/dialect";
import { float32, int64 } from "../dtype.js";
import { complain } from "../errors.js";
import { anything } from "../kinds.js";
import { tensor } from "../ops/creation.js";
import { stack } from "../ops/joining.js";
import { Tensor } from "../tensor.js";

/**
 * A batch of samples as PyTorch makes it: tensors are stacked, numbers become a tensor (int64 when all are whole), lists and
 * objects are gone through element by element, strings stay a list.
 */
export const default_collate: (batch: readonly unknown[]) => unknown = define(
  "torch.utils.data.default_collate",
  { batch: listOf(any) },
  ({ batch }) => collate(batch),
);

function collate(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (samples.length === 0)
    throw new ArgumentError({
      op: "default_collate",
      argument: "batch",
      expected: "at least one sample",
      given: "none",
    });
  const odd = samples.find((sample) => kindOf(sample) !== kindOf(first));
  if (odd !== undefined)
    throw new ArgumentError({
      op: "default_collate",
      argument: "batch",
      expected: `samples of one kind (${kindOf(first)})`,
      given: kindOf(odd),
    });
  if (first instanceof Tensor) return stack(samples as Tensor[]);
  if (typeof first === "boolean") return tensor(samples as boolean[]);
  if (typeof first === "number")
    return tensor(samples as number[], { dtype: samples.every(Number.isInteger) ? int64 : float32 });
  if (typeof first === "string") return [...samples];
  if (Array.isArray(first)) {
    const lists = samples as readonly unknown[][];
    if (lists.some(({ length }) => length !== first.length))
      complain(ShapeError, "each element in list of batch should be of equal size", {
        op: "default_collate",
        argument: "batch",
        expected: `lists of ${first.length}`,
        given: `lists of ${lists.map(({ length }) => length).join(", ")}`,
      });
    return first.map((_, i) => collate(lists.map((list) => list[i])));
  }
  if (isKeywords(first)) {
    const rows = samples as readonly Record<string, unknown>[];
    return Object.fromEntries(
      Object.keys(first).map((key) => {
        if (rows.every((row) => Object.hasOwn(row, key))) return [key, collate(rows.map((row) => row[key]))];
        throw new ArgumentError({
          op: "default_collate",
          argument: "batch",
          expected: `${key} in every sample`,
          given: "a sample without it",
        });
      }),
    );
  }
  throw new UnsupportedError({
    op: "default_collate",
    argument: "batch",
    expected:
      "tensors, numbers, booleans, strings, and lists or objects of them (an image needs a transform: ToTensor)",
    given: kindOf(first),
  });
}

/** Typed arrays become tensors, inside lists and objects too; all else stays as it is. */
export const default_convert: (data: unknown) => unknown = define(
  "torch.utils.data.default_convert",
  { data: anything("data") },
  ({ data }) => converted(data),
);

function converted(value: unknown): unknown {
  if (value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array) return tensor(value);
  if (Array.isArray(value)) return value.map(converted);
  if (!isKeywords(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, converted(each)]));
}

const kindOf = (sample: unknown): string =>
  sample === null
    ? "null"
    : typeof sample === "object"
      ? isKeywords(sample)
        ? "object"
        : (sample.constructor?.name ?? "object")
      : typeof sample;
