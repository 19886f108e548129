// Sequences of several lengths, step by step: what nn.utils.rnn packs and recurrent layers take.
import * as core from "@facet/autograd";
import { type Args, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";

/** The int64 tensor of whole numbers that the host has. */
export const hostInts = (values: readonly number[]): core.Tensor => core.fromData(values, [values.length], "int32");

/** The numbers of a list, or of a tensor of one dimension whose values the host knows: shapes depend on them. */
export function known(op: string, argument: string, given: Tensor | readonly number[]): readonly number[] {
  if (!(given instanceof Tensor)) return given;
  if (given.rank !== 1 || given.core.dtype !== "int32")
    throw new core.ArgumentError({
      op,
      argument,
      expected: "whole numbers in one dimension",
      given: `${given.dtype} ${sizeText(given.shape)}`,
    });
  return Array.from({ length: given.length }, (_, i) => {
    const value = core.knownValue(given.core, i);
    if (value !== undefined) return value;
    throw new core.UnsupportedError({
      op,
      argument,
      expected: "a list of numbers, or a tensor made of one or read before (await lengths.tolist())",
      given: "values that only the device knows",
    });
  });
}

interface Parts {
  data: Tensor;
  batch_sizes: Tensor | null;
  sorted_indices: Tensor | null;
  unsorted_indices: Tensor | null;
}
const read = signature("torch.nn.utils.rnn.PackedSequence", {
  data: tensor,
  batch_sizes: tensor.or(null),
  sorted_indices: tensor.or(null),
  unsorted_indices: tensor.or(null),
});
/** Batch sizes that the host has beside the tensor of them. */
const sizesOf = new WeakMap<PackedSequence, readonly number[]>();

/**
 * Steps of all sequences behind one another, the longest sequence first: `data` [all steps, ...] holds the first step of each, the second
 * of those that have one, and so on; `batch_sizes` says how many each step has. Made by pack_padded_sequence and pack_sequence.
 */
export class PackedSequence implements core.HoldsTensors {
  readonly data: Tensor;
  /** int64, one number a step. */
  readonly batch_sizes: Tensor;
  /** Numbers of the sequences in the order of their lengths; null where they were given so. */
  readonly sorted_indices: Tensor | null;
  /** Where each sequence is in that order. */
  readonly unsorted_indices: Tensor | null;

  constructor(
    ...args: Args<
      [data: Tensor, batch_sizes: Tensor, sorted_indices: Tensor | null, unsorted_indices: Tensor | null],
      Parts
    >
  ) {
    const { data, batch_sizes, sorted_indices, unsorted_indices } = read(args);
    if (batch_sizes === null)
      complain(core.ArgumentError, "Expected data to be a list or tuple of length 2", {
        op: "PackedSequence",
        argument: "batch_sizes",
        expected: "a Tensor",
        given: "null",
      });
    this.data = data;
    this.batch_sizes = batch_sizes;
    this.sorted_indices = sorted_indices;
    this.unsorted_indices = unsorted_indices ?? (sorted_indices && wrap(core.argsort(sorted_indices.core)));
  }

  [core.tensorsOf](): Iterable<core.Tensor> {
    return [...this].flatMap((each) => (each ? [each.core] : []));
  }
  /** data, batch_sizes, sorted_indices, unsorted_indices: the named tuple of PyTorch. */
  *[Symbol.iterator](): IterableIterator<Tensor | null> {
    yield* [this.data, this.batch_sizes, this.sorted_indices, this.unsorted_indices];
  }
}

/** Other data in the same order. */
export function repacked(like: PackedSequence, data: Tensor): PackedSequence {
  const made = new PackedSequence(data, like.batch_sizes, like.sorted_indices, like.unsorted_indices);
  return withSizes(made, batchSizes(like));
}
export function withSizes(packed: PackedSequence, sizes: readonly number[]): PackedSequence {
  sizesOf.set(packed, sizes);
  return packed;
}
export function batchSizes(packed: PackedSequence): readonly number[] {
  return sizesOf.get(packed) ?? known("PackedSequence", "batch_sizes", packed.batch_sizes);
}

/** Where the steps of packed sequences lie, in the order of their lengths. */
export interface Places {
  /** Of each sequence. */
  readonly lengths: readonly number[];
  /** Number of the first row of each step. */
  readonly starts: readonly number[];
}
export function placesOf(sizes: readonly number[]): Places {
  let next = 0;
  const starts = sizes.map((size) => {
    next += size;
    return next - size;
  });
  return { lengths: Array.from({ length: sizes[0] ?? 0 }, (_, b) => sizes.filter((size) => size > b).length), starts };
}

/** Rows of packed data as [steps, sequences, ...]; rows behind the end of a sequence are its first. */
export function spread(data: core.Tensor, { lengths, starts }: Places, steps: number): core.Tensor {
  const rows = Array.from({ length: steps }, (_, t) =>
    lengths.map((length, b) => (t < length ? (starts[t] as number) + b : b)),
  );
  const index = core.reshape(hostInts(rows.flat()), [steps, lengths.length]);
  return core.gather(data, index);
}

/** Rows [steps, sequences, ...] as packed data. */
export function gathered(padded: core.Tensor, sizes: readonly number[]): core.Tensor {
  const [steps, sequences, ...rest] = padded.shape as [number, number, ...number[]];
  const rows = sizes.flatMap((size, t) => Array.from({ length: size }, (_, b) => t * sequences + b));
  return core.gather(core.reshape(padded, [steps * sequences, ...rest]), hostInts(rows));
}
