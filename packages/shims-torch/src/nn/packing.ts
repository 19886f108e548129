// torch.nn.utils.rnn: sequences of several lengths in one tensor, padded or packed step by step.
import "../start.js";
import * as core from "@facet/autograd";
import { type Args, define, instance, int, type Kind, listOf, number, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { iterable, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import {
  batchSizes,
  gathered,
  hostInts,
  known,
  PackedSequence,
  placesOf,
  spread,
  withSizes,
} from "./packed_sequence.js";

export { PackedSequence } from "./packed_sequence.js";

const named = (name: string): string => `torch.nn.utils.rnn.${name}`;
type Lengths = Tensor | readonly number[];
const lengthsKind: Kind<Lengths> = tensor.either(listOf(int));
const packedKind = instance(() => PackedSequence, "a PackedSequence");

/** Sequences and steps change places. */
const turned = (x: core.Tensor): core.Tensor => core.transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)]);

/** The permutation that undoes one. */
export const invert_permutation: (
  ...args: [permutation: Tensor | null] | [{ permutation: Tensor | null }]
) => Tensor | null = define(
  named("invert_permutation"),
  { permutation: tensor.orNone },
  ({ permutation }) => permutation && wrap(core.argsort(permutation.core)),
);

export interface PackPaddedArguments {
  /** Of each sequence: a list, or a tensor whose values the host knows. */
  lengths: Lengths;
  /** Whether the input is [batch, steps, ...] and not [steps, batch, ...]. */
  batch_first: boolean;
  /** Whether the longest comes first already; else they are sorted. */
  enforce_sorted: boolean;
}
/** Packs padded sequences [steps, batch, ...]. */
export const pack_padded_sequence: (
  input: Tensor,
  ...args: Args<[lengths: Lengths, batch_first: boolean, enforce_sorted: boolean], PackPaddedArguments>
) => PackedSequence = define(
  named("pack_padded_sequence"),
  { input: tensor, lengths: lengthsKind, batch_first: false, enforce_sorted: true },
  ({ input, lengths: given, batch_first, enforce_sorted }) => {
    const op = "pack_padded_sequence";
    const wrong = (sentence: string, expected: string, shown: string): never =>
      complain(core.ArgumentError, sentence, { op, argument: "lengths", expected, given: shown });
    if (input.rank < 2)
      throw new core.ShapeError({
        op,
        argument: "input",
        expected: "steps and sequences",
        given: sizeText(input.shape),
      });
    const lengths = known(op, "lengths", given);
    const [steps, count] = (batch_first ? [input.shape[1], input.shape[0]] : input.shape) as [number, number];
    if (lengths.length !== count)
      wrong(
        `Expected \`len(lengths)\` to be equal to batch_size, but got ${lengths.length} (batch_size=${count})`,
        `${count} numbers`,
        `${lengths.length}`,
      );
    if (count === 0) wrong("Cannot pack empty tensors.", "one sequence or more", "none");
    if (lengths.some((length) => length <= 0))
      wrong(
        "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0",
        "1 or more",
        sizeText(lengths),
      );
    if (lengths.some((length) => length > steps))
      wrong(`Expected lengths of at most ${steps}, the steps of the input`, `at most ${steps}`, sizeText(lengths));
    const order = lengths.map((_, b) => b).sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
    if (enforce_sorted && order.some((b, i) => lengths[b] !== lengths[i]))
      wrong(
        "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement",
        "the longest first",
        sizeText(lengths),
      );
    const longest = lengths[order[0] as number] as number;
    const sizes = Array.from({ length: longest }, (_, t) => lengths.filter((length) => length > t).length);
    return core.scope(() => {
      const rows = batch_first ? turned(input.core) : input.core;
      const sorted = enforce_sorted ? rows : core.take(rows, hostInts(order), { axis: 1 });
      const packed = new PackedSequence(
        wrap(gathered(sorted, sizes)),
        wrap(hostInts(sizes)),
        enforce_sorted ? null : wrap(hostInts(order)),
      );
      return withSizes(packed, sizes);
    });
  },
);

export interface PadPackedArguments {
  batch_first: boolean;
  /** Behind the end of a sequence. */
  padding_value: number;
  /** Steps of the result; null for those of the longest. */
  total_length: number | null;
}
/** Padded sequences [steps, batch, ...] in their own order, and their lengths (int64). */
export const pad_packed_sequence: (
  sequence: PackedSequence,
  ...args: Args<[batch_first: boolean, padding_value: number, total_length: number | null], PadPackedArguments>
) => [padded: Tensor, lengths: Tensor] = define(
  named("pad_packed_sequence"),
  { sequence: packedKind, batch_first: false, padding_value: number.or(0), total_length: int.or(null) },
  ({ sequence, batch_first, padding_value, total_length }) => {
    const sizes = batchSizes(sequence);
    if (total_length !== null && total_length < sizes.length)
      complain(
        core.ArgumentError,
        `Expected total_length to be at least the length of the longest sequence in input, but got total_length=${total_length} and max sequence length being ${sizes.length}`,
        {
          op: "pad_packed_sequence",
          argument: "total_length",
          expected: `${sizes.length} or more`,
          given: `${total_length}`,
        },
      );
    const steps = total_length ?? sizes.length;
    const places = placesOf(sizes);
    return core.scope((): [Tensor, Tensor] => {
      const rows = spread(sequence.data.core, places, steps);
      const mask = core.sequenceMask(hostInts(places.lengths), steps);
      const own = core.reshape(mask, [...mask.shape, ...rows.shape.slice(2).map(() => 1)]);
      const padded = core.where(own, rows, padding_value);
      const { unsorted_indices } = sequence;
      const restored = unsorted_indices ? core.take(padded, unsorted_indices.core, { axis: 1 }) : padded;
      const lengths = hostInts(originalOrder(sequence, places.lengths));
      return [wrap(batch_first ? turned(restored) : restored), wrap(lengths)];
    });
  },
);

/** Lengths in the order in which the sequences were given. */
function originalOrder({ sorted_indices }: PackedSequence, lengths: readonly number[]): readonly number[] {
  if (!sorted_indices) return lengths;
  const made: number[] = [];
  for (const [i, b] of known("pad_packed_sequence", "sorted_indices", sorted_indices).entries())
    made[b] = lengths[i] as number;
  return made;
}

type Sequences = Tensor | Iterable<Tensor>;
const sequencesKind: Kind<Sequences> = tensor.either(iterable<Tensor>("an iterable of Tensors"));

function listOfSequences(op: string, given: Sequences): Tensor[] {
  const list = [...given];
  const [first] = list;
  if (!first)
    return complain(core.ArgumentError, "received an empty list of sequences", {
      op,
      argument: "sequences",
      expected: "one Tensor or more",
      given: "none",
    });
  for (const each of list)
    if (!(each instanceof Tensor) || each.rank < 1 || `${each.shape.slice(1)}` !== `${first.shape.slice(1)}`)
      throw new core.ShapeError({
        op,
        argument: "sequences",
        expected: "Tensors that differ in their first extent alone",
        given: list.map((one) => (one instanceof Tensor ? sizeText(one.shape) : typeof one)).join(", "),
      });
  return list;
}

export interface PadSequenceArguments {
  batch_first: boolean;
  padding_value: number;
  /** Where padding stands: behind ("right") or before the sequence. */
  padding_side: "left" | "right";
}
/** Sequences [length, ...] of several lengths as [longest, count, ...]. */
export const pad_sequence: (
  sequences: Sequences,
  ...args: Args<[batch_first: boolean, padding_value: number, padding_side: "left" | "right"], PadSequenceArguments>
) => Tensor = define(
  named("pad_sequence"),
  {
    sequences: sequencesKind,
    batch_first: false,
    padding_value: number.or(0),
    padding_side: oneOf("right", "left").or("right"),
  },
  ({ sequences, batch_first, padding_value, padding_side }) => {
    const list = listOfSequences("pad_sequence", sequences);
    const longest = Math.max(...list.map(({ length }) => length));
    return core.scope(() => {
      const padded = list.map((each) => {
        const missing = longest - each.length;
        const edge: [number, number] = padding_side === "left" ? [missing, 0] : [0, missing];
        return core.pad(each.core, [edge, ...each.shape.slice(1).map((): [number, number] => [0, 0])], padding_value);
      });
      return wrap(core.stack(padded, batch_first ? 0 : 1));
    });
  },
);

/** The sequences of a padded tensor [steps, batch, ...], each in its own length. */
export const unpad_sequence: (
  padded_sequences: Tensor,
  ...args: Args<[lengths: Lengths, batch_first: boolean], { lengths: Lengths; batch_first: boolean }>
) => Tensor[] = define(
  named("unpad_sequence"),
  { padded_sequences: tensor, lengths: lengthsKind, batch_first: false },
  ({ padded_sequences, lengths: given, batch_first }) => {
    const op = "unpad_sequence";
    const lengths = known(op, "lengths", given);
    const [axis, along] = batch_first ? [0, 1] : [1, 0];
    if (padded_sequences.rank < 2 || padded_sequences.shape[axis] !== lengths.length)
      throw new core.ArgumentError({
        op,
        argument: "lengths",
        expected: `a length for each of ${padded_sequences.shape[axis] ?? 0} sequences`,
        given: `${lengths.length}`,
      });
    const x = padded_sequences.core;
    return core.scope(() =>
      lengths.map((length, b) => {
        const most = Math.min(Math.max(0, length), padded_sequences.shape[along] as number);
        const own = core.sliceAlong(core.sliceAlong(x, axis, b, b + 1), along, 0, most);
        return wrap(core.reshape(own, [most, ...x.shape.slice(2)]));
      }),
    );
  },
);

/** Packs sequences [length, ...] of several lengths. */
export const pack_sequence: (
  sequences: Iterable<Tensor>,
  ...args: Args<[enforce_sorted: boolean], { enforce_sorted: boolean }>
) => PackedSequence = define(
  named("pack_sequence"),
  { sequences: sequencesKind, enforce_sorted: true },
  ({ sequences, enforce_sorted }) => {
    const list = listOfSequences("pack_sequence", sequences);
    const lengths = list.map(({ length }) => length);
    return core.scope(() => pack_padded_sequence(pad_sequence(list), lengths, { enforce_sorted }));
  },
);

/** The sequences of packed ones, in their own order. */
export const unpack_sequence: (packed_sequences: PackedSequence) => Tensor[] = define(
  named("unpack_sequence"),
  { packed_sequences: packedKind },
  ({ packed_sequences }) =>
    core.scope(() => {
      const [padded, lengths] = pad_packed_sequence(packed_sequences);
      return unpad_sequence(padded, lengths);
    }),
);
