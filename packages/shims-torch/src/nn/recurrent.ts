// LSTM, GRU and simple recurrent layers over whole sequences.
import { ArgumentError } from "@facet/autograd";
import { type Args, bool, instance, int, listOf, number, oneOf, type Rules, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement, tensor } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { pythonFloat, pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { uniform_ } from "./init.js";
import { Module } from "./module.js";
import { PackedSequence } from "./packed_sequence.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { CELLS, namesOf, type RecurrentMode, runRecurrent } from "./recurrent_run.js";

export interface RecurrentArguments {
  input_size: number;
  hidden_size: number;
  num_layers: number;
  /** Whether there are biases. */
  bias: boolean;
  /** Whether sequences are [batch, steps, features] and not [steps, batch, features]. States are not turned. */
  batch_first: boolean;
  /** Probability with which outputs between layers become zero, when training. */
  dropout: number;
  bidirectional: boolean;
  device: Device | string | null;
  dtype: Dtype | null;
}
export interface ProjectedArguments extends RecurrentArguments {
  /** Of the LSTM: width of the states, which are then products of the cell's outputs; 0 for none. */
  proj_size: number;
}
const sizes = { input_size: int, hidden_size: int, num_layers: int.or(1) } as const;
const ways = {
  bias: bool.or(true),
  batch_first: bool.or(false),
  dropout: number.or(0),
  bidirectional: bool.or(false),
} as const;

function requireSizes(op: string, given: ProjectedArguments): void {
  const wrong = (argument: keyof ProjectedArguments, sentence: string, expected: string): never =>
    complain(ArgumentError, sentence, { op, argument, expected, given: `${given[argument]}` });
  if (!(given.dropout >= 0 && given.dropout <= 1))
    wrong(
      "dropout",
      "dropout should be a number in range [0, 1] representing the probability of an element being zeroed",
      "a number from 0 to 1",
    );
  for (const argument of ["input_size", "hidden_size", "num_layers"] as const)
    if (given[argument] <= 0) wrong(argument, `${argument} must be greater than zero`, "1 or more");
  if (given.proj_size < 0)
    wrong("proj_size", "proj_size should be a positive integer or zero to disable projections", "0 or more");
  if (given.proj_size >= given.hidden_size)
    wrong("proj_size", "proj_size has to be smaller than hidden_size", `less than ${given.hidden_size}`);
}

const readBase = signature("torch.nn.RNNBase", {
  mode: oneOf("LSTM", "GRU", "RNN_TANH", "RNN_RELU"),
  ...sizes,
  ...ways,
  proj_size: int.or(0),
  ...placement,
});
const readReset = signature("torch.nn.RNNBase.reset_parameters", {});
const readFlatten = signature("torch.nn.RNNBase.flatten_parameters", {});

/**
 * What recurrent layers hold: weights `weight_ih_l0` [gates hidden, inputs], `weight_hh_l0` [gates hidden, states], `bias_ih_l0`,
 * `bias_hh_l0`, of an LSTM with projections `weight_hr_l0` [proj_size, hidden], of each layer, and with `_reverse` behind it of the way back;
 * initially U(+-1 / sqrt(hidden_size)).
 */
export class RNNBase extends Module {
  readonly mode: RecurrentMode;
  readonly input_size: number;
  readonly hidden_size: number;
  readonly num_layers: number;
  readonly bias: boolean;
  readonly batch_first: boolean;
  dropout: number;
  readonly bidirectional: boolean;
  readonly proj_size: number;

  constructor(
    ...args: Args<
      [mode: RecurrentMode, input_size: number, hidden_size: number, num_layers: number],
      ProjectedArguments & { mode: RecurrentMode }
    >
  ) {
    super();
    const { mode, device, dtype, ...given } = readBase(args);
    const op = mode.startsWith("RNN") ? "RNN" : mode;
    placed(op, { device, dtype });
    requireSizes(op, { ...given, device, dtype });
    this.mode = mode;
    this.input_size = given.input_size;
    this.hidden_size = given.hidden_size;
    this.num_layers = given.num_layers;
    this.bias = given.bias;
    this.batch_first = given.batch_first;
    this.dropout = given.dropout;
    this.bidirectional = given.bidirectional;
    this.proj_size = given.proj_size;
    const rows = CELLS[mode].gates * this.hidden_size;
    const state = this.proj_size || this.hidden_size;
    for (let layer = 0; layer < this.num_layers; layer++)
      for (const names of namesOf(this, layer)) {
        const inputs = layer === 0 ? this.input_size : state * (this.bidirectional ? 2 : 1);
        const extents = {
          input: [rows, inputs],
          recurrent: [rows, state],
          bias: [rows],
          recurrentBias: [rows],
          projection: [this.proj_size, this.hidden_size],
        };
        for (const [part, name] of Object.entries(names))
          this.register_parameter(name, new Parameter(zeros(extents[part as keyof typeof extents])));
      }
    this.reset_parameters();
  }

  /** The weights of each layer and direction. */
  get all_weights(): Parameter[][] {
    const own = this as unknown as Record<string, Parameter>;
    return Array.from({ length: this.num_layers }, (_, layer) => namesOf(this, layer))
      .flat()
      .map((names) => Object.values(names).map((name) => own[name] as Parameter));
  }

  /** Draws new initial values. */
  reset_parameters(...args: []): void {
    readReset(args);
    const bound = 1 / Math.sqrt(this.hidden_size);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }
  /** Of cuDNN: nothing is to be done here. */
  flatten_parameters(...args: []): void {
    readFlatten(args);
  }

  override extra_repr(): string {
    const { num_layers, bias, batch_first, dropout, bidirectional, proj_size } = this;
    const parts = [`${this.input_size}, ${this.hidden_size}`];
    if (proj_size !== 0) parts.push(`proj_size=${proj_size}`);
    if (num_layers !== 1) parts.push(`num_layers=${num_layers}`);
    if (!bias) parts.push(`bias=${pythonRepr(bias)}`);
    if (batch_first) parts.push(`batch_first=${pythonRepr(batch_first)}`);
    if (dropout !== 0) parts.push(`dropout=${pythonFloat(dropout)}`);
    if (bidirectional) parts.push(`bidirectional=${pythonRepr(bidirectional)}`);
    return parts.join(", ");
  }
}

const packedOrNot = tensor.either(instance(() => PackedSequence, "a PackedSequence"));
const oneState = { input: packedOrNot, hx: tensor.or(null) } satisfies Rules;
type OneState<I> = Args<[input: I, hx: Tensor | null], { input: I; hx: Tensor | null }>;
type Outputs<I, S> = [output: I, states: S];

const readGru = signature("torch.nn.GRU", { ...sizes, ...ways, ...placement });
const gruInputs = signature("torch.nn.GRU.forward", oneState);

/** Calls, of packed sequences and of padded ones. */
export interface GRU {
  (...args: OneState<PackedSequence>): Outputs<PackedSequence, Tensor>;
  (...args: OneState<Tensor>): Outputs<Tensor, Tensor>;
}
/** Gated recurrent units: input [steps, batch, features] to output [steps, batch, directions hidden] and the last states. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a call signature can only be merged in.
export class GRU extends RNNBase {
  constructor(
    ...args: Args<
      [
        input_size: number,
        hidden_size: number,
        num_layers: number,
        bias: boolean,
        batch_first: boolean,
        dropout: number,
        bidirectional: boolean,
      ],
      RecurrentArguments
    >
  ) {
    super({ mode: "GRU", ...readGru(args) });
  }
  override forward(...args: OneState<PackedSequence>): Outputs<PackedSequence, Tensor>;
  override forward(...args: OneState<Tensor>): Outputs<Tensor, Tensor>;
  override forward(...args: unknown[]): Outputs<Tensor | PackedSequence, Tensor> {
    const { input, hx } = gruInputs(args);
    const [output, [last]] = runRecurrent(this, input, hx ? [hx] : []);
    return [output, last as Tensor];
  }
}

const nonlinearity = oneOf("tanh", "relu");
const readRnn = signature("torch.nn.RNN", {
  ...sizes,
  nonlinearity: nonlinearity.or("tanh"),
  ...ways,
  ...placement,
});
const rnnInputs = signature("torch.nn.RNN.forward", oneState);
export interface RNNArguments extends RecurrentArguments {
  nonlinearity: "tanh" | "relu";
}

export interface RNN {
  (...args: OneState<PackedSequence>): Outputs<PackedSequence, Tensor>;
  (...args: OneState<Tensor>): Outputs<Tensor, Tensor>;
}
/** h' = tanh(W x + b + R h + b'), or relu of it; as GRU otherwise. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a call signature can only be merged in.
export class RNN extends RNNBase {
  readonly nonlinearity: "tanh" | "relu";
  constructor(
    ...args: Args<
      [
        input_size: number,
        hidden_size: number,
        num_layers: number,
        nonlinearity: "tanh" | "relu",
        bias: boolean,
        batch_first: boolean,
        dropout: number,
        bidirectional: boolean,
      ],
      RNNArguments
    >
  ) {
    const { nonlinearity, ...given } = readRnn(args);
    super({ mode: nonlinearity === "tanh" ? "RNN_TANH" : "RNN_RELU", ...given });
    this.nonlinearity = nonlinearity;
  }
  override forward(...args: OneState<PackedSequence>): Outputs<PackedSequence, Tensor>;
  override forward(...args: OneState<Tensor>): Outputs<Tensor, Tensor>;
  override forward(...args: unknown[]): Outputs<Tensor | PackedSequence, Tensor> {
    const { input, hx } = rnnInputs(args);
    const [output, [last]] = runRecurrent(this, input, hx ? [hx] : []);
    return [output, last as Tensor];
  }
}

const readLstm = signature("torch.nn.LSTM", { ...sizes, ...ways, proj_size: int.or(0), ...placement });
const lstmInputs = signature("torch.nn.LSTM.forward", { input: packedOrNot, hx: listOf(tensor, 2).or(null) });
type States = readonly [h: Tensor, c: Tensor];
type TwoStates<I> = Args<[input: I, hx: States | null], { input: I; hx: States | null }>;

export interface LSTM {
  (...args: TwoStates<PackedSequence>): Outputs<PackedSequence, [h: Tensor, c: Tensor]>;
  (...args: TwoStates<Tensor>): Outputs<Tensor, [h: Tensor, c: Tensor]>;
}
/** Long short-term memory; the states are h and c. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a call signature can only be merged in.
export class LSTM extends RNNBase {
  constructor(
    ...args: Args<
      [
        input_size: number,
        hidden_size: number,
        num_layers: number,
        bias: boolean,
        batch_first: boolean,
        dropout: number,
        bidirectional: boolean,
        proj_size: number,
      ],
      ProjectedArguments
    >
  ) {
    super({ mode: "LSTM", ...readLstm(args) });
  }
  override forward(...args: TwoStates<PackedSequence>): Outputs<PackedSequence, [h: Tensor, c: Tensor]>;
  override forward(...args: TwoStates<Tensor>): Outputs<Tensor, [h: Tensor, c: Tensor]>;
  override forward(...args: unknown[]): Outputs<Tensor | PackedSequence, [h: Tensor, c: Tensor]> {
    const { input, hx } = lstmInputs(args);
    const [output, last] = runRecurrent(this, input, hx ?? []);
    return [output, last as [Tensor, Tensor]];
  }
}
