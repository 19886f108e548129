// Recurrent layers' parts that nnx and linen share: sequences turned round, the carry of the last step, the loop over steps.
import { ArgumentError } from "@facet/autograd";
import { scan } from "@facet/shims-jax/lax";
import { arange, expand_dims, flip, mod, moveaxis, reshape, take, take_along_axis } from "@facet/shims-jax/numpy";
import { type JaxArray, map } from "@facet/shims-jax/parts";

// biome-ignore lint/suspicious/noExplicitAny: carries are trees of any structure.
type Any = any;

type Activation = (x: JaxArray) => JaxArray;
/** The carry and output of an LSTM by its gates before their activations. */
export function stepped(
  c: JaxArray,
  [i, f, g, o]: readonly [JaxArray, JaxArray, JaxArray, JaxArray],
  { gate_fn, activation_fn }: { gate_fn: Activation; activation_fn: Activation },
): [carry: [JaxArray, JaxArray], y: JaxArray] {
  const cell = gate_fn(f)
    .mul(c)
    .add(gate_fn(i).mul(activation_fn(g)));
  const state = gate_fn(o).mul(activation_fn(cell));
  return [[cell, state], state];
}

/** A cell's step: [carry, output]. */
export type Step = (carry: Any, x: JaxArray) => [carry: Any, y: Any];

export interface RnnSettings {
  initial: (shape: readonly number[]) => Any;
  /** Whether a first step is made outside of the loop, for what it leaves behind. */
  first?: boolean;
  /** Dimensions of one input at the end: 1 but for images. */
  feature_axes: number;
  seq_lengths: JaxArray | null;
  return_carry: boolean;
  time_major: boolean;
  reverse: boolean;
  keep_order: boolean;
}

/** Sequences from their ends on; behind their ends stands what stood there. */
export function flipped(inputs: JaxArray, lengths: JaxArray | null, time_axis: number): JaxArray {
  if (lengths === null) return flip(inputs, time_axis);
  const steps = inputs.shape[time_axis] as number;
  const places = reshape(
    arange(steps - 1, -1, -1),
    [...lengths.shape, 1].map((_, i) => (i === time_axis ? steps : 1)),
  );
  const shifted = mod(places.add(expand_dims(lengths, time_axis)), steps);
  const spread = reshape(shifted, [...shifted.shape, ...new Array<number>(inputs.ndim - shifted.ndim).fill(1)]);
  return take_along_axis(inputs, spread, time_axis);
}

/** Of carries [steps, batch, ...] that of each sequence's last step. */
const last = (carries: Any, lengths: JaxArray): Any =>
  map((each: JaxArray) => {
    const at = reshape(lengths.sub(1), [1, lengths.size, ...new Array<number>(each.ndim - 2).fill(1)]);
    return take_along_axis(each, at, 0).squeeze(0);
  }, carries);

/** A cell over the steps of inputs [..., time, features] (or time first). Gives outputs, or [carry, outputs]. */
export function unrolled(fn: string, step: Step, inputs: JaxArray, settings: RnnSettings): Any {
  const { feature_axes, seq_lengths, return_carry, time_major, reverse, keep_order } = settings;
  const time_axis = time_major ? 0 : inputs.ndim - (feature_axes + 1);
  if (inputs.ndim < feature_axes + 1)
    throw new ArgumentError({
      op: fn,
      argument: "inputs",
      expected: `rank ${feature_axes + 1} or more`,
      given: `${inputs.ndim}`,
    });
  const xs = reverse ? flipped(inputs, seq_lengths, time_axis) : inputs;
  const carry = settings.initial(xs.shape.filter((_, i) => i !== time_axis));
  const rows = moveaxis(xs, time_axis, 0);
  if (settings.first && (rows.shape[0] as number) > 0) step(carry, take(rows, 0, 0));
  const wanted = seq_lengths !== null && return_carry;
  const [after, ys] = scan(
    (now: Any, x: JaxArray) => {
      const [next, y] = step(now, x);
      return [next, wanted ? [next, y] : y];
    },
    carry,
    rows,
  );
  let outputs = moveaxis(wanted ? ys[1] : ys, 0, time_axis);
  if (reverse && keep_order) outputs = flipped(outputs, seq_lengths, time_axis);
  if (!return_carry) return outputs;
  return [wanted ? last(ys[0], seq_lengths as JaxArray) : after, outputs];
}
