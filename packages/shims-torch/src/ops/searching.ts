// Places in what is sorted, distinct elements, and whether elements are among others.
import * as core from "@facet/autograd";
import { type Args, int, oneOf } from "@facet/dialect";
import { complain, dimension } from "../errors.js";
import { forms, native, type Operand, operand, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { commonDtype, tensorOf } from "./operands.js";

export interface BucketArguments extends Out {
  /** Taken; there is one type of integers. */
  out_int32: boolean;
  /** Whether a value is put behind those equal to it; default false. */
  right: boolean;
}
export interface SearchArguments extends BucketArguments {
  /** "right" is another way to say `right`. */
  side: "left" | "right" | null;
  /** Places that bring the sequence into order, where it is not. */
  sorter: Tensor | null;
}

function searched(op: string, sequence: Tensor, input: Operand, right: boolean, sorter: Tensor | null): Tensor {
  const { dtype } = sequence.core;
  if (sequence.rank === 0)
    complain(core.ShapeError, `torch.${op}(): the boundaries tensor should have positive dimension`, {
      op,
      argument: op === "bucketize" ? "boundaries" : "sorted_sequence",
      expected: "rank 1 or more",
      given: "[]",
    });
  if (input instanceof Tensor && input.core.dtype !== dtype && input.rank > 0)
    complain(
      core.DtypeError,
      `torch.${op}(): boundary tensor and input value tensor should have same dtype, but got boundary tensor's dtype ${dtype} and input value tensor's dtype ${input.core.dtype}`,
      { op, argument: "input", expected: `${sequence.dtype}`, given: `${input.dtype}` },
    );
  return core.noGrad(() =>
    core.scope(() => {
      const [line, values] = [sequence.core, tensorOf(input, dtype)].map((x) =>
        x.dtype === "bool" ? core.cast(x, "int32") : x,
      ) as [core.Tensor, core.Tensor];
      return wrap(core.searchSorted(line, values, { right, sorter: sorter?.core }));
    }),
  );
}

/** How many elements of the last dimension of a sorted sequence go before each value. */
export const searchsorted: (
  sorted_sequence: Tensor,
  ...args: Args<[input: Operand], SearchArguments & { input: Operand }>
) => Tensor = native(
  "searchsorted",
  {
    sorted_sequence: tensor,
    input: operand,
    "*": null,
    out_int32: false,
    right: false,
    side: oneOf("left", "right").or(null),
    sorter: tensor.or(null),
    out,
  },
  ({ sorted_sequence, input, right, side, sorter }) => {
    if (side === "left" && right)
      complain(
        core.ArgumentError,
        "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True",
        {
          op: "searchsorted",
          argument: "side",
          expected: '"right" where right is true',
          given: "left",
        },
      );
    return searched("searchsorted", sorted_sequence, input, right || side === "right", sorter);
  },
);
/** The number of the bucket, between sorted boundaries, that each value falls into. */
export const bucketize: (
  input: Operand,
  ...args: Args<[boundaries: Tensor], BucketArguments & { boundaries: Tensor }>
) => Tensor = native(
  "bucketize",
  { input: operand, boundaries: tensor, "*": null, out_int32: false, right: false, out },
  ({ input, boundaries, right }) => {
    if (boundaries.rank !== 1)
      complain(core.ShapeError, `boundaries tensor must be 1 dimension, but got dim(${boundaries.rank})`, {
        op: "bucketize",
        argument: "boundaries",
        expected: "rank 1",
        given: sizeText(boundaries.shape),
      });
    return searched("bucketize", boundaries, input, right, null);
  },
);

export interface UniqueArguments {
  /** Taken; they always are. */
  sorted: boolean;
  /** Whether the place of each element's like is given too. */
  return_inverse: boolean;
  /** Whether it is told how often each occurs. */
  return_counts: boolean;
  /** Slices along it are compared; default null: elements. */
  dim: number | null;
}

async function distinct(
  name: string,
  input: Tensor,
  { return_inverse, return_counts, dim }: Omit<UniqueArguments, "sorted">,
  consecutive: boolean,
): Promise<Tensor | Tensor[]> {
  const axis = dim === null ? undefined : dimension(name, dim, input.rank);
  const { dtype } = input.core;
  const x = core.scope(() =>
    dtype === "bool" ? core.cast(input.core, "int32") : core.reshape(input.core, input.shape),
  );
  const found = await core.unique(x, { axis, consecutive });
  return core.scope(() => {
    const values = wrap(core.cast(found.values, dtype));
    if (!return_inverse && !return_counts) return values;
    return [values, ...(return_inverse ? [wrap(found.inverse)] : []), ...(return_counts ? [wrap(found.counts)] : [])];
  });
}
/** Distinct elements, ascending, or distinct slices; with what else is asked for, a list. A promise: their number is read. */
export const unique: (
  input: Tensor,
  ...args: Args<[sorted: boolean, return_inverse: boolean, return_counts: boolean, dim: number | null], UniqueArguments>
) => Promise<Tensor | Tensor[]> = native(
  "unique",
  { input: tensor, sorted: true, return_inverse: false, return_counts: false, dim: int.or(null) },
  ({ input, ...given }) => distinct("unique", input, given, false),
);
/** Elements without those that are equal to the one before; with what else is asked for, a list. A promise. */
export const unique_consecutive: (
  input: Tensor,
  ...args: Args<[return_inverse: boolean, return_counts: boolean, dim: number | null], Omit<UniqueArguments, "sorted">>
) => Promise<Tensor | Tensor[]> = native(
  "unique_consecutive",
  { input: tensor, return_inverse: false, return_counts: false, dim: int.or(null), "*": null, out },
  ({ input, ...given }) => distinct("unique_consecutive", input, given, true),
);

const among = { "*": null, assume_unique: false, invert: false, out } as const;
const readIsin = forms(
  "isin",
  { elements: tensor, test_elements: tensor, ...among },
  { element: operand, test_elements: tensor, ...among },
  { elements: tensor, test_element: operand, ...among },
);
export interface IsinArguments extends Out {
  /** A tensor or a number. */
  test_elements: Operand;
  /** Taken; it changes nothing. */
  assume_unique: boolean;
  /** Whether it is not. */
  invert: boolean;
}
/** Whether an element is among others. */
export const isin = (elements: Operand, ...args: Args<[test_elements: Operand], IsinArguments>): Tensor => {
  const { form, values } = readIsin([elements, ...args]);
  const own = form === "1" ? values.element : values.elements;
  const others = form === "2" ? values.test_element : values.test_elements;
  return core.noGrad(() =>
    core.scope(() => {
      const dtype = commonDtype(own, others);
      const [x, y] = [tensorOf(own, dtype), tensorOf(others, dtype)];
      const same = core.equal(core.reshape(x, [...x.shape, 1]), core.reshape(y, [y.size]));
      const found = core.any(same, { axes: -1 });
      return wrap(values.invert ? core.logicalNot(found) : found);
    }),
  );
};
