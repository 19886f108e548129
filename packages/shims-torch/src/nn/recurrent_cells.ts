// One step of recurrent layers.
import * as core from "@facet/autograd";
import { type Args, bool, int, listOf, oneOf, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement, tensor } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { requireFloat } from "../ops/scalar.js";
import { squeeze, unsqueeze } from "../ops/shape.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { uniform_ } from "./init.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";
import { requireExtents } from "./size.js";

export interface CellArguments {
  input_size: number;
  hidden_size: number;
  bias: boolean;
  device: Device | string | null;
  dtype: Dtype | null;
}
const sizes = { input_size: int, hidden_size: int } as const;
const readBase = signature("torch.nn.RNNCellBase", { ...sizes, bias: bool, num_chunks: int, ...placement });
const readReset = signature("torch.nn.RNNCellBase.reset_parameters", {});

/** What cells hold: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, as recurrent layers of one layer. */
export class RNNCellBase extends Module {
  readonly input_size: number;
  readonly hidden_size: number;
  readonly bias: boolean;
  weight_ih: Parameter;
  weight_hh: Parameter;
  declare bias_ih: Parameter | null;
  declare bias_hh: Parameter | null;

  constructor(
    ...args: Args<
      [input_size: number, hidden_size: number, bias: boolean, num_chunks: number],
      CellArguments & { num_chunks: number }
    >
  ) {
    super();
    const { input_size, hidden_size, bias, num_chunks, ...place } = readBase(args);
    placed(this._get_name(), place);
    requireExtents(this._get_name(), { input_size, hidden_size }, 1);
    this.input_size = input_size;
    this.hidden_size = hidden_size;
    this.bias = bias;
    const rows = num_chunks * hidden_size;
    this.weight_ih = new Parameter(zeros(rows, input_size));
    this.weight_hh = new Parameter(zeros(rows, hidden_size));
    for (const name of ["bias_ih", "bias_hh"]) this.register_parameter(name, bias ? new Parameter(zeros(rows)) : null);
    this.reset_parameters();
  }
  /** Draws new initial values. */
  reset_parameters(...args: []): void {
    readReset(args);
    const bound = 1 / Math.sqrt(this.hidden_size);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }
  override extra_repr(): string {
    const { nonlinearity } = this as { nonlinearity?: string };
    const parts = [`${this.input_size}, ${this.hidden_size}`];
    if (!this.bias) parts.push("bias=False");
    if (nonlinearity && nonlinearity !== "tanh") parts.push(`nonlinearity=${nonlinearity}`);
    return parts.join(", ");
  }
}

/** Throws unless a tensor is a batch of vectors of this width, or one vector. */
function requireVectors(self: RNNCellBase, argument: string, what: string, x: Tensor, width: number): void {
  const op = self._get_name();
  requireFloat(op, argument, x.core.dtype);
  if (x.rank !== 1 && x.rank !== 2)
    complain(core.ShapeError, `${op}: Expected ${what} to be 1D or 2D, got ${x.rank}D instead`, {
      op,
      argument,
      expected: "rank 1 or 2",
      given: sizeText(x.shape),
    });
  if (x.shape.at(-1) !== width)
    complain(
      core.ShapeError,
      `${argument} has inconsistent ${argument === "input" ? "input_size" : "hidden_size"}: got ${x.shape.at(-1)} expected ${width}`,
      { op, argument, expected: `${width} in the last dimension`, given: sizeText(x.shape) },
    );
}

/** One step, of a batch or of a single vector. */
function step(
  self: RNNCellBase,
  cell: core.RecurrentCell,
  input: Tensor,
  hx: readonly Tensor[],
  activation: "tanh" | "relu" = "tanh",
): Tensor[] {
  requireVectors(self, "input", "input", input, self.input_size);
  for (const [i, state] of hx.entries()) {
    requireVectors(self, "hx", hx.length > 1 ? `hx[${i}]` : "hidden", state, self.hidden_size);
    if (state.rank === input.rank && (input.rank === 1 || state.shape[0] === input.shape[0])) continue;
    complain(core.ShapeError, `Input batch size ${input.shape[0]} doesn't match hidden batch size ${state.shape[0]}`, {
      op: self._get_name(),
      argument: "hx",
      expected: "as many states as inputs",
      given: sizeText(state.shape),
    });
  }
  const alone = input.rank === 1;
  const batch = (x: Tensor): core.Tensor => (alone ? unsqueeze(x, 0) : x).core;
  const weights = {
    input: self.weight_ih.core,
    recurrent: self.weight_hh.core,
    bias: self.bias_ih?.core,
    recurrentBias: self.bias_hh?.core,
  };
  return core.scope(() => {
    const [h, c] = hx.map(batch);
    const next = core.recurrentCell(cell, batch(input), weights, { activation, h, c });
    return [next.h, ...(next.c ? [next.c] : [])].map((state) => (alone ? squeeze(wrap(state), 0) : wrap(state)));
  });
}

type OneState = Args<[input: Tensor, hx: Tensor | null], { input: Tensor; hx: Tensor | null }>;
const oneState = { input: tensor, hx: tensor.or(null) } as const;
const rules = { ...sizes, bias: bool.or(true) } as const;
const nonlinearityKind = oneOf("tanh", "relu");
const readRnn = signature("torch.nn.RNNCell", {
  ...rules,
  nonlinearity: nonlinearityKind.or("tanh"),
  ...placement,
});
const readGru = signature("torch.nn.GRUCell", { ...rules, ...placement });
const readLstm = signature("torch.nn.LSTMCell", { ...rules, ...placement });
const rnnInputs = signature("torch.nn.RNNCell.forward", oneState);
const gruInputs = signature("torch.nn.GRUCell.forward", oneState);
const lstmInputs = signature("torch.nn.LSTMCell.forward", { input: tensor, hx: listOf(tensor, 2).or(null) });

/** h' = tanh(W x + b + R h + b'), or relu of it: input [batch, features] or [features]. */
export class RNNCell extends RNNCellBase {
  readonly nonlinearity: "tanh" | "relu";
  constructor(
    ...args: Args<
      [input_size: number, hidden_size: number, bias: boolean, nonlinearity: "tanh" | "relu"],
      CellArguments & { nonlinearity: "tanh" | "relu" }
    >
  ) {
    const { nonlinearity, ...given } = readRnn(args);
    super({ ...given, num_chunks: 1 });
    this.nonlinearity = nonlinearity;
  }
  override forward(...args: OneState): Tensor {
    const { input, hx } = rnnInputs(args);
    return step(this, "rnn", input, hx ? [hx] : [], this.nonlinearity)[0] as Tensor;
  }
}

/** One step of gated recurrent units. */
export class GRUCell extends RNNCellBase {
  constructor(...args: Args<[input_size: number, hidden_size: number, bias: boolean], CellArguments>) {
    super({ ...readGru(args), num_chunks: 3 });
  }
  override forward(...args: OneState): Tensor {
    const { input, hx } = gruInputs(args);
    return step(this, "gru", input, hx ? [hx] : [])[0] as Tensor;
  }
}

/** One step of long short-term memory: h and c to the next ones. */
export class LSTMCell extends RNNCellBase {
  constructor(...args: Args<[input_size: number, hidden_size: number, bias: boolean], CellArguments>) {
    super({ ...readLstm(args), num_chunks: 4 });
  }
  override forward(
    ...args: Args<
      [input: Tensor, hx: readonly [h: Tensor, c: Tensor] | null],
      { input: Tensor; hx: readonly [h: Tensor, c: Tensor] | null }
    >
  ): [h: Tensor, c: Tensor] {
    const { input, hx } = lstmInputs(args);
    return step(this, "lstm", input, hx ?? []) as [Tensor, Tensor];
  }
}
