// Rows of tables by number, as functions.
import * as core from "@facet/autograd";
import { type Args, define, int, number, oneOf, only } from "@facet/dialect";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";

const named = (name: string): string => `torch.nn.functional.${name}`;

/** What both functions take beside the table. */
export interface RowArguments {
  /** Row without a gradient; negative numbers count from the end. */
  padding_idx: number | null;
  /** Rows that are looked up are first scaled down to this norm where theirs is larger, in the table itself. */
  max_norm: number | null;
  /** Of max_norm. */
  norm_type: number;
  /** Whether gradients are divided by how often a row is named. */
  scale_grad_by_freq: boolean;
  /** Gradients are never sparse. */
  sparse: false;
}
const rows = {
  max_norm: number.or(null),
  norm_type: number.or(2),
  scale_grad_by_freq: false,
} as const;

/** A row from 0, of one that may count from the end. */
export function paddingRow(op: string, padding_idx: number | null, count: number): number | undefined {
  if (padding_idx === null) return undefined;
  if (padding_idx < count && padding_idx >= -count) return padding_idx < 0 ? padding_idx + count : padding_idx;
  return complain(core.ArgumentError, "Padding_idx must be within num_embeddings", {
    op,
    argument: "padding_idx",
    expected: `${-count} to ${count - 1}`,
    given: `${padding_idx}`,
  });
}

function requireTable(op: string, input: Tensor, weight: Tensor): void {
  requireFloat(op, "weight", weight.core.dtype);
  if (input.core.dtype !== "int32")
    complain(
      core.DtypeError,
      `Expected tensor for argument 'indices' to have one of the following scalar types: Long, Int; but got ${input.dtype}`,
      { op, argument: "input", expected: "torch.int64", given: `${input.dtype}` },
    );
  if (weight.rank !== 2)
    complain(core.ShapeError, "'weight' must be 2-D", {
      op,
      argument: "weight",
      expected: "[rows, width]",
      given: sizeText(weight.shape),
    });
}

function renorm(op: string, input: Tensor, weight: Tensor, most: number | null, order: number): void {
  if (most === null) return;
  core.noGrad(() => write(op, weight, () => core.renormRows(weight.core, input.core, most, order)));
}

/** Rows of weight [rows, width] by int64 numbers of any shape. A number that is no row throws at the next read. */
export const embedding: (
  input: Tensor,
  weight: Tensor,
  ...args: Args<
    [
      padding_idx: number | null,
      max_norm: number | null,
      norm_type: number,
      scale_grad_by_freq: boolean,
      sparse: false,
    ],
    RowArguments
  >
) => Tensor = define(
  named("embedding"),
  { input: tensor, weight: tensor, padding_idx: int.or(null), ...rows, sparse: only(false) },
  ({ input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq }) => {
    requireTable("embedding", input, weight);
    const paddingIndex = paddingRow("embedding", padding_idx, weight.shape[0] as number);
    renorm("embedding", input, weight, max_norm, norm_type);
    return core.scope(() =>
      wrap(core.embedding(weight.core, input.core, { paddingIndex, scaleByFrequency: scale_grad_by_freq })),
    );
  },
);

export interface BagArguments extends Omit<RowArguments, "scale_grad_by_freq"> {
  /** Where bags begin in an input of one dimension. */
  offsets: Tensor | null;
  scale_grad_by_freq: false;
  /** How a bag becomes one row. */
  mode: "sum" | "mean" | "max";
  /** Factors of the rows, of the input's shape; for sums. */
  per_sample_weights: Tensor | null;
  /** Whether the last offset is the end. */
  include_last_offset: boolean;
}
/** The sum, mean or maximum of the rows in each bag: of input [bags, length], or of bags in one line that begin at `offsets`. */
export const embedding_bag: (
  input: Tensor,
  weight: Tensor,
  ...args: Args<
    [
      offsets: Tensor | null,
      max_norm: number | null,
      norm_type: number,
      scale_grad_by_freq: false,
      mode: "sum" | "mean" | "max",
      sparse: false,
      per_sample_weights: Tensor | null,
      include_last_offset: boolean,
      padding_idx: number | null,
    ],
    BagArguments
  >
) => Tensor = define(
  named("embedding_bag"),
  {
    input: tensor,
    weight: tensor,
    offsets: tensor.or(null),
    max_norm: rows.max_norm,
    norm_type: rows.norm_type,
    scale_grad_by_freq: only(false),
    mode: oneOf("sum", "mean", "max").or("mean"),
    sparse: only(false),
    per_sample_weights: tensor.or(null),
    include_last_offset: false,
    padding_idx: int.or(null),
  },
  (given) => {
    const op = "embedding_bag";
    const { input, weight, offsets, per_sample_weights, mode, include_last_offset, padding_idx } = given;
    const wrong = (argument: string, sentence: string, expected: string, shown: string): never =>
      complain(core.ArgumentError, sentence, { op, argument, expected, given: shown });
    requireTable(op, input, weight);
    if (per_sample_weights && `${per_sample_weights.shape}` !== `${input.shape}`)
      wrong(
        "per_sample_weights",
        `embedding_bag: If per_sample_weights (${sizeText(per_sample_weights.shape)}) is not None, then it must have the same shape as the input (${sizeText(input.shape)})`,
        sizeText(input.shape),
        sizeText(per_sample_weights.shape),
      );
    if (input.rank !== 1 && input.rank !== 2)
      wrong(
        "input",
        `input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.rank}`,
        "rank 1 or 2",
        sizeText(input.shape),
      );
    if (input.rank === 2 && offsets)
      wrong(
        "offsets",
        "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences.",
        "null",
        "a Tensor",
      );
    if (input.rank === 1 && offsets?.rank !== 1)
      wrong(
        "offsets",
        `offsets has to be a 1D Tensor${offsets ? "" : " but got None"}`,
        "rank 1",
        offsets ? sizeText(offsets.shape) : "null",
      );
    if (per_sample_weights && mode !== "sum")
      wrong(
        "per_sample_weights",
        `embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='${mode}').`,
        "mode 'sum'",
        `'${mode}'`,
      );
    const paddingIndex = paddingRow(op, padding_idx, weight.shape[0] as number);
    renorm(op, input, weight, given.max_norm, given.norm_type);
    return core.scope(() =>
      wrap(
        core.embeddingBag(weight.core, input.core, {
          offsets: offsets?.core,
          // Of rows in two dimensions each is a bag.
          includeLastOffset: include_last_offset && offsets !== null,
          mode,
          sampleWeights: per_sample_weights?.core,
          paddingIndex,
        }),
      ),
    );
  },
);
