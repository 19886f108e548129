// How recurrent layers run: their weights by name, sequences padded or packed, states checked.
import * as core from "@facet/autograd";
import { complain } from "../errors.js";
import { squeeze, unsqueeze } from "../ops/shape.js";
import { sizeText } from "../python.js";
import { nextKey } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";
import { batchSizes, gathered, hostInts, PackedSequence, placesOf, repacked, spread } from "./packed_sequence.js";
import type { RNNBase } from "./recurrent.js";

/** What PyTorch calls a mode, in the core's words. */
export const CELLS = {
  LSTM: { cell: "lstm", gates: 4, activation: "tanh" },
  GRU: { cell: "gru", gates: 3, activation: "tanh" },
  RNN_TANH: { cell: "rnn", gates: 1, activation: "tanh" },
  RNN_RELU: { cell: "rnn", gates: 1, activation: "relu" },
} as const;
export type RecurrentMode = keyof typeof CELLS;

/** States before a run: h, and c of an LSTM. */
interface Run {
  readonly h: core.Tensor | undefined;
  readonly c: core.Tensor | undefined;
}
type Held = Pick<RNNBase, "bidirectional" | "bias" | "proj_size">;

/** Names of a layer's weights, by what they are to the core, in each direction. */
export function namesOf(self: Held, layer: number): Partial<Record<keyof core.RecurrentWeights, string>>[] {
  return ["", "_reverse"].slice(0, self.bidirectional ? 2 : 1).map((way) => ({
    input: `weight_ih_l${layer}${way}`,
    recurrent: `weight_hh_l${layer}${way}`,
    ...(self.bias ? { bias: `bias_ih_l${layer}${way}`, recurrentBias: `bias_hh_l${layer}${way}` } : {}),
    ...(self.proj_size > 0 ? { projection: `weight_hr_l${layer}${way}` } : {}),
  }));
}
function weightsOf(self: RNNBase, layer: number): core.RecurrentWeights[] {
  const own = self as unknown as Record<string, Tensor>;
  return namesOf(self, layer).map(
    (names) =>
      Object.fromEntries(
        Object.entries(names).map(([part, name]) => [part, (own[name] as Tensor).core]),
      ) as unknown as core.RecurrentWeights,
  );
}
function wrong(self: RNNBase, argument: string, sentence: string, expected: string, given: string): never {
  return complain(core.ShapeError, sentence, { op: self._get_name(), argument, expected, given });
}
function requireStates(self: RNNBase, hx: readonly Tensor[], batch: number): void {
  const widths = [self.proj_size || self.hidden_size, self.hidden_size];
  for (const [i, state] of hx.entries()) {
    const expected = [self.num_layers * (self.bidirectional ? 2 : 1), batch, widths[i] as number];
    if (`${state.shape}` === `${expected}`) continue;
    const which = hx.length > 1 ? `hidden[${i}]` : "hidden";
    const sentence = `Expected ${which} size (${expected.join(", ")}), got ${sizeText(state.shape)}`;
    wrong(self, "hx", sentence, sizeText(expected), sizeText(state.shape));
  }
}
function requireInput(self: RNNBase, input: Tensor): void {
  if (input.core.dtype !== "float32")
    complain(core.DtypeError, `RNN input dtype (${input.dtype}) does not match weight dtype (torch.float32)`, {
      op: self._get_name(),
      argument: "input",
      expected: "torch.float32",
      given: `${input.dtype}`,
    });
  if (input.shape.at(-1) !== self.input_size)
    wrong(
      self,
      "input",
      `input.size(-1) must be equal to input_size. Expected ${self.input_size}, got ${input.shape.at(-1)}`,
      `${self.input_size} features`,
      sizeText(input.shape),
    );
}

/** All layers over x [steps, batch, features]. */
function layers(self: RNNBase, x: core.Tensor, { h, c }: Run, mask?: core.Tensor): core.RecurrentResult {
  const { cell, activation } = CELLS[self.mode];
  const weights = Array.from({ length: self.num_layers }, (_, layer) => weightsOf(self, layer));
  const drops = self.training && self.dropout > 0 && self.num_layers > 1;
  const keys = drops ? weights.slice(1).map(() => nextKey(null)) : [];
  const dropout = drops ? { rate: self.dropout, keys } : undefined;
  return core.recurrentLayers(cell, x, weights, { activation, h, c, mask, dropout });
}

/** Outputs and last states, of sequences as they were given. */
export function runRecurrent(
  self: RNNBase,
  input: Tensor | PackedSequence,
  hx: readonly Tensor[],
): [Tensor | PackedSequence, Tensor[]] {
  return core.scope(() => (input instanceof PackedSequence ? packed(self, input, hx) : padded(self, input, hx)));
}
function padded(self: RNNBase, input: Tensor, hx: readonly Tensor[]): [Tensor, Tensor[]] {
  const name = self._get_name();
  if (input.rank !== 2 && input.rank !== 3)
    wrong(
      self,
      "input",
      `${name}: Expected input to be 2D or 3D, got ${input.rank}D instead`,
      "rank 2 or 3",
      sizeText(input.shape),
    );
  const alone = input.rank === 2;
  const ranks = hx.map(({ rank }) => rank);
  if (ranks.some((rank) => rank !== input.rank)) {
    const what = hx.length > 1 ? "hx and cx" : "hx";
    const sentence = `For ${alone ? "unbatched 2-D" : "batched 3-D"} input, ${what} should also be ${input.rank}-D but got ${ranks.map((rank) => `${rank}-D`).join(", ")} tensor${hx.length > 1 ? "s" : ""}`;
    wrong(self, "hx", sentence, `rank ${input.rank}`, ranks.map((rank) => `rank ${rank}`).join(", "));
  }
  requireInput(self, input);
  const batchDim = self.batch_first ? 0 : 1;
  const whole = alone ? unsqueeze(input, batchDim) : input;
  const states = alone ? hx.map((state) => unsqueeze(state, 1)) : hx;
  requireStates(self, states, whole.shape[batchDim] as number);
  const turn = (x: core.Tensor): core.Tensor => (self.batch_first ? core.transpose(x, [1, 0, 2]) : x);
  const { y, h, c } = layers(self, turn(whole.core), { h: states[0]?.core, c: states[1]?.core });
  const last = [h, ...(c ? [c] : [])].map(wrap);
  const output = wrap(turn(y));
  return alone ? [squeeze(output, batchDim), last.map((state) => squeeze(state, 1))] : [output, last];
}
function packed(self: RNNBase, input: PackedSequence, hx: readonly Tensor[]): [PackedSequence, Tensor[]] {
  if (input.data.rank !== 2)
    wrong(
      self,
      "input",
      `input must have 2 dimensions, got ${input.data.rank}`,
      "data of rank 2",
      sizeText(input.data.shape),
    );
  requireInput(self, input.data);
  const sizes = batchSizes(input);
  const places = placesOf(sizes);
  requireStates(self, hx, places.lengths.length);
  const ordered = (x: core.Tensor, order: Tensor | null): core.Tensor =>
    order ? core.take(x, order.core, { axis: 1 }) : x;
  const [before, beforeCell] = hx.map((state) => ordered(state.core, input.sorted_indices));
  const { y, h, c } = layers(
    self,
    spread(input.data.core, places, sizes.length),
    { h: before, c: beforeCell },
    core.sequenceMask(hostInts(places.lengths), sizes.length),
  );
  const last = [h, ...(c ? [c] : [])].map((state) => wrap(ordered(state, input.unsorted_indices)));
  return [repacked(input, wrap(gathered(y, sizes))), last];
}
