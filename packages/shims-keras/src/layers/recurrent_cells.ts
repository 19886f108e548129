// Cells: one step of a recurrent layer, and several on top of one another.
import {
  ArgumentError,
  add,
  concat,
  dropout,
  type GruOrder,
  matmul,
  mul,
  ones,
  type RecurrentActivation,
  type RecurrentResult,
  type RecurrentWeights,
  recurrent,
  reshape,
  sliceAlong,
  sub,
  zeros,
} from "@facet/autograd";
import { type Args, any, bool, type Kind, listOf, signature } from "@facet/dialect";
import * as activations from "../activations.js";
import { type SeedGenerator, seedGenerator, seedKind } from "../config.js";
import { resolve as resolveInitializer } from "../initializers.js";
import { fraction, positive } from "../kinds.js";
import { asTensor, floats, type Shape, Tensor, type TensorLike } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { activationKind, type CallContext, constraint, initializer, regularizer, withTraining } from "./arguments.js";
import { layerKind } from "./core.js";
import { type BuiltInLayer, layerClass, layerOf } from "./define.js";
import type { Layer } from "./layer.js";

type Core = Tensor["core"];
/** Widths of a cell's states: one, or one for each. */
export type StateSize = number | readonly number[];
export type States = readonly Tensor[];

/** What a recurrent layer needs of a cell. A class of the program's own is a layer whose `call(inputs, states)` gives [output, states]. */
export type Cell = Layer & {
  readonly state_size: StateSize | readonly StateSize[];
  readonly output_size?: number;
  get_initial_state?(options: { batch_size: number }): unknown;
};

/** Arguments of weights, of which `more` stand between initializers and regularizers. */
export const cellWeights = (more: { readonly unit_forget_bias?: unknown } = {}) => ({
  kernel_initializer: initializer.or("glorot_uniform"),
  recurrent_initializer: initializer.or("orthogonal"),
  bias_initializer: initializer.or("zeros"),
  ...("unit_forget_bias" in more ? { unit_forget_bias: bool.or(true) } : ({} as { unit_forget_bias: Kind<boolean> })),
  kernel_regularizer: regularizer,
  recurrent_regularizer: regularizer,
  bias_regularizer: regularizer,
});
export const cellConstraints = {
  kernel_constraint: constraint,
  recurrent_constraint: constraint,
  bias_constraint: constraint,
} as const;
export const rates = { dropout: fraction.or(0), recurrent_dropout: fraction.or(0) } as const;
const call = { states: any, ...withTraining } as const;

/** One step with one state. */
const simpleRules = {
  units: positive,
  activation: activationKind.or("tanh"),
  use_bias: bool.or(true),
  ...cellWeights(),
  ...cellConstraints,
  ...rates,
  seed: seedKind.or(null),
};
const gatedRules = {
  units: positive,
  activation: activationKind.or("tanh"),
  recurrent_activation: activationKind.or("sigmoid"),
  use_bias: bool.or(true),
} as const;
const lstmRules = {
  ...gatedRules,
  ...cellWeights({ unit_forget_bias: true }),
  ...cellConstraints,
  ...rates,
  seed: seedKind.or(null),
};
const gruRules = {
  ...gatedRules,
  ...cellWeights(),
  ...cellConstraints,
  ...rates,
  reset_after: bool.or(true),
  seed: seedKind.or(null),
};

/** The activations that the core's recurrent ops have, by the dialect's functions. */
const KNOWN = new Map<unknown, RecurrentActivation>([
  [activations.tanh, "tanh"],
  [activations.sigmoid, "sigmoid"],
  [activations.relu, "relu"],
  [activations.linear, "linear"],
  [activations.hard_sigmoid, "hard_sigmoid"],
]);

/** The masks of a call in training: the same for all its steps. */
export interface DropoutMasks {
  readonly inputs?: Core | undefined;
  readonly state?: Core | undefined;
}

/** Draws the masks of a cell for inputs and states of so many features. */
export function drawMasks(cell: CoreCell, batch: number, features: number): DropoutMasks {
  const draw = (rate: number, width: number): Core | undefined => {
    if (rate === 0) return undefined;
    const whole = ones([batch, width]);
    return rate === 1 ? mul(whole, 0) : dropout(whole, rate, cell.keys.next());
  };
  return { inputs: draw(cell.dropout, features), state: draw(cell.recurrent_dropout, cell.units) };
}

/** Masks that a layer's steps share, once the first has drawn them. */
const held = new WeakMap<object, { masks?: DropoutMasks }>();

/** Runs the steps of a layer: the cells in it drop the same features in all of them. */
export function holdingMasks<T>(cell: Layer, body: () => T): T {
  const cells = [cell, ...((cell as { cells?: readonly Layer[] }).cells ?? [])];
  for (const each of cells) held.set(each, {});
  try {
    return body();
  } finally {
    for (const each of cells) held.delete(each);
  }
}

function masksOfCall(cell: CoreCell, { shape }: Core): DropoutMasks {
  const shared = held.get(cell) ?? {};
  shared.masks ??= drawMasks(cell, shape[0] as number, shape[1] as number);
  return shared.masks;
}

/** What the cells of the core share with the layers that run them. */
export interface CoreCell extends BuiltInLayer {
  readonly kind: "rnn" | "lstm" | "gru";
  readonly units: number;
  readonly dropout: number;
  readonly recurrent_dropout: number;
  readonly keys: SeedGenerator;
  readonly weightsOfCore: RecurrentWeights;
  /** What the core's op is told, or undefined where it has no such activation. */
  readonly coreOptions:
    | {
        activation: RecurrentActivation;
        recurrentActivation?: RecurrentActivation;
        order?: GruOrder;
        resetAfter?: boolean;
      }
    | undefined;
  /** One step by hand, for activations that the core's op has not and states that are dropped. */
  step(x: Core, states: readonly Core[], masks: DropoutMasks): Core[];
}

const times = (x: Core, mask: Core | undefined): Core => (mask ? mul(x, mask) : x);
const plus = (x: Core, bias: Core | undefined): Core => (bias ? add(x, bias) : x);
const columns = (x: Core, units: number, from: number, to = from + 1): Core =>
  sliceAlong(x, x.rank - 1, from * units, to * units);

type StateArguments = Args<[batch_size: number | null], { batch_size: number | null }>;
/** The batch for which states are asked. */
const initialStates = (name: string) => {
  const read = signature(`keras.layers.${name}.get_initial_state`, { batch_size: positive.or(null) });
  return (args: StateArguments): number => {
    const { batch_size } = read(args);
    if (batch_size !== null) return batch_size;
    throw new ArgumentError({ op: name, argument: "batch_size", expected: "a positive integer", given: "None" });
  };
};
const batchOf = {
  SimpleRNNCell: initialStates("SimpleRNNCell"),
  LSTMCell: initialStates("LSTMCell"),
  GRUCell: initialStates("GRUCell"),
  StackedRNNCells: initialStates("StackedRNNCells"),
};

/** Runs one step of a cell on what a call gave it. */
function callCell(cell: CoreCell, inputs: Tensor, given: unknown, training: boolean): [Tensor, Tensor[] | Tensor] {
  const states = [given].flat().map((state) => floats(state as TensorLike));
  const x = floats(inputs);
  const masks = training ? masksOfCall(cell, x) : {};
  const next = oneStep(cell, x, states, masks).map((state) => new Tensor(state));
  return [next[0] as Tensor, Array.isArray(given) ? next : (next[0] as Tensor)];
}

/** One step: by the core's op where it has what the cell needs. */
export function oneStep(cell: CoreCell, x: Core, states: readonly Core[], masks: DropoutMasks): Core[] {
  const { coreOptions } = cell;
  if (!coreOptions || masks.state) return cell.step(times(x, masks.inputs), states, masks);
  const raised = times(x, masks.inputs);
  const given = { ...coreOptions, weightLayout: "in_out" as const, h: states[0], c: states[1] };
  const { h, c }: RecurrentResult = recurrent(
    cell.kind,
    reshape(raised, [1, ...raised.shape]),
    cell.weightsOfCore,
    given,
  );
  return c ? [h, c] : [h];
}

/** activation(x kernel + h recurrent_kernel + bias). */
class SimpleRNNCellLayer extends layerOf("SimpleRNNCell", simpleRules, ["units", "activation", "use_bias"], { call }) {
  readonly kind = "rnn";
  readonly keys = seedGenerator(this.seed);
  readonly state_size = this.units;
  readonly output_size = this.units;
  kernel: VariableBase | undefined;
  recurrent_kernel: VariableBase | undefined;
  bias: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const { units } = this;
    this.kernel = this.weightOf("kernel", [this.knownExtent(inputShape, -1), units]);
    this.recurrent_kernel = this.weightOf("recurrent", [units, units], { name: "recurrent_kernel" });
    if (this.use_bias) this.bias = this.weightOf("bias", [units]);
  }

  get weightsOfCore(): RecurrentWeights {
    const [input, recurrent] = [this.kernel, this.recurrent_kernel] as [VariableBase, VariableBase];
    return { input: input.core, recurrent: recurrent.core, bias: this.bias?.core };
  }

  get coreOptions() {
    const activation = KNOWN.get(this.activation);
    return activation && { activation };
  }

  step(x: Core, [h]: readonly Core[], { state }: DropoutMasks): Core[] {
    const { input, recurrent, bias } = this.weightsOfCore;
    const total = add(plus(matmul(x, input), bias), matmul(times(h as Core, state), recurrent));
    return [this.activation(new Tensor(total)).core];
  }

  get_initial_state(...args: StateArguments): Tensor[] {
    const batch_size = batchOf.SimpleRNNCell(args);
    return [new Tensor(zeros([batch_size, this.units]))];
  }

  override call(x: Tensor, { states, training }: CallContext): [Tensor, Tensor[] | Tensor] {
    return callCell(this, x, states, training);
  }
}

/** Gates input, forget and output, and a candidate, in this order in the weights; states are output and carry. */
class LSTMCellLayer extends layerOf("LSTMCell", lstmRules, ["units", "activation", "recurrent_activation"], { call }) {
  readonly kind = "lstm";
  readonly keys = seedGenerator(this.seed);
  readonly state_size = [this.units, this.units];
  readonly output_size = this.units;
  kernel: VariableBase | undefined;
  recurrent_kernel: VariableBase | undefined;
  bias: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const { units } = this;
    this.kernel = this.weightOf("kernel", [this.knownExtent(inputShape, -1), 4 * units]);
    this.recurrent_kernel = this.weightOf("recurrent", [units, 4 * units], { name: "recurrent_kernel" });
    if (!this.use_bias) return;
    // What is remembered stays at first.
    const given = this.bias_initializer;
    if (this.unit_forget_bias) this.bias_initializer = forgetOnes(given, units);
    this.bias = this.weightOf("bias", [4 * units]);
    this.bias_initializer = given;
  }

  get weightsOfCore(): RecurrentWeights {
    const [input, recurrent] = [this.kernel, this.recurrent_kernel] as [VariableBase, VariableBase];
    return { input: input.core, recurrent: recurrent.core, bias: this.bias?.core };
  }

  get coreOptions() {
    const [activation, recurrentActivation] = [KNOWN.get(this.activation), KNOWN.get(this.recurrent_activation)];
    return activation && recurrentActivation && { activation, recurrentActivation };
  }

  step(x: Core, [h, c]: readonly Core[], { state }: DropoutMasks): Core[] {
    const { input, recurrent, bias } = this.weightsOfCore;
    const total = add(plus(matmul(x, input), bias), matmul(times(h as Core, state), recurrent));
    const part = (i: number): Tensor => new Tensor(columns(total, this.units, i));
    const [i, f, o] = [0, 1, 3].map((at) => this.recurrent_activation(part(at)).core) as [Core, Core, Core];
    const carry = add(mul(f, c as Core), mul(i, this.activation(part(2)).core));
    return [mul(o, this.activation(new Tensor(carry)).core), carry];
  }

  get_initial_state(...args: StateArguments): Tensor[] {
    const batch_size = batchOf.LSTMCell(args);
    return [0, 1].map(() => new Tensor(zeros([batch_size, this.units])));
  }

  override call(x: Tensor, { states, training }: CallContext): [Tensor, Tensor[] | Tensor] {
    return callCell(this, x, states, training);
  }
}

/** A bias whose part of the forget gate is 1, and whose others are as an initializer says. */
export const forgetOnes = (of: (shape: readonly number[]) => Tensor, units: number) =>
  resolveInitializer(() => new Tensor(concat([of([units]).core, ones([units]), of([2 * units]).core], 0)));

/** Gates update and reset, and a candidate, in this order in the weights. `reset_after`: the reset gate is a factor of the product. */
class GRUCellLayer extends layerOf("GRUCell", gruRules, ["units", "activation", "recurrent_activation"], { call }) {
  readonly kind = "gru";
  readonly keys = seedGenerator(this.seed);
  readonly state_size = this.units;
  readonly output_size = this.units;
  kernel: VariableBase | undefined;
  recurrent_kernel: VariableBase | undefined;
  bias: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const { units } = this;
    this.kernel = this.weightOf("kernel", [this.knownExtent(inputShape, -1), 3 * units]);
    this.recurrent_kernel = this.weightOf("recurrent", [units, 3 * units], { name: "recurrent_kernel" });
    if (this.use_bias) this.bias = this.weightOf("bias", this.reset_after ? [2, 3 * units] : [3 * units]);
  }

  get weightsOfCore(): RecurrentWeights {
    const [input, recurrent] = [this.kernel, this.recurrent_kernel] as [VariableBase, VariableBase];
    const both = { input: input.core, recurrent: recurrent.core };
    if (!this.bias) return both;
    if (!this.reset_after) return { ...both, bias: this.bias.core };
    const [bias, recurrentBias] = [0, 1].map((i) =>
      reshape(sliceAlong((this.bias as VariableBase).core, 0, i, i + 1), [3 * this.units]),
    );
    return { ...both, bias, recurrentBias };
  }

  get coreOptions() {
    const [activation, recurrentActivation] = [KNOWN.get(this.activation), KNOWN.get(this.recurrent_activation)];
    if (!activation || !recurrentActivation) return undefined;
    return { activation, recurrentActivation, order: "zrn" as const, resetAfter: this.reset_after };
  }

  step(x: Core, [before]: readonly Core[], { state }: DropoutMasks): Core[] {
    const { input, recurrent, bias, recurrentBias } = this.weightsOfCore;
    const { units } = this;
    const h = times(before as Core, state);
    const own = plus(matmul(x, input), bias);
    const inner = plus(matmul(h, this.reset_after ? recurrent : columns(recurrent, units, 0, 2)), recurrentBias);
    const gate = (i: number): Core =>
      this.recurrent_activation(new Tensor(add(columns(own, units, i), columns(inner, units, i)))).core;
    const [z, r] = [gate(0), gate(1)];
    const candidate = this.reset_after
      ? mul(r, columns(inner, units, 2))
      : matmul(mul(r, h), columns(recurrent, units, 2));
    const next = this.activation(new Tensor(add(columns(own, units, 2), candidate))).core;
    return [add(mul(z, before as Core), mul(sub(1, z), next))];
  }

  get_initial_state(...args: StateArguments): Tensor[] {
    const batch_size = batchOf.GRUCell(args);
    return [new Tensor(zeros([batch_size, this.units]))];
  }

  override call(x: Tensor, { states, training }: CallContext): [Tensor, Tensor[] | Tensor] {
    return callCell(this, x, states, training);
  }
}

/** Several cells as one: the output of each is the input of the next. */
class StackedRNNCellsLayer extends layerOf("StackedRNNCells", { cells: listOf(layerKind) }, ["cells"], { call }) {
  get #own(): readonly Cell[] {
    return this.cells as unknown as readonly Cell[];
  }

  get state_size(): readonly StateSize[] {
    return this.#own.map((cell) => cell.state_size as StateSize);
  }

  get output_size(): number {
    const last = this.#own.at(-1) as Cell;
    return last.output_size ?? ([last.state_size].flat(2)[0] as number);
  }

  override build(inputShape: Shape): void {
    let shape = inputShape;
    for (const cell of this.#own) {
      cell.ensureBuilt(shape);
      shape = [inputShape[0] ?? null, cell.output_size ?? ([cell.state_size].flat(2)[0] as number)];
    }
  }

  get_initial_state(...args: StateArguments): unknown[] {
    const batch_size = batchOf.StackedRNNCells(args);
    return this.#own.map((cell) => initialState(cell, batch_size));
  }

  override call(x: Tensor, { states, training }: CallContext): [Tensor, unknown[]] {
    let output = x;
    const given = states as readonly unknown[];
    const next = this.#own.map((cell, i) => {
      const own = [given[i]].flat() as Tensor[];
      const [result, after] = stepOf(cell, output, own, training);
      output = result;
      return Array.isArray(given[i]) ? after : (after[0] as Tensor);
    });
    return [output, next];
  }
}

/** States of zeros, or what the cell says. */
export function initialState(cell: Cell, batch: number): unknown[] {
  if (cell.get_initial_state) return [cell.get_initial_state({ batch_size: batch })].flat();
  return [cell.state_size].flat().map((width) => new Tensor(zeros([batch, width as number])));
}

/** One step of any cell: the output and the states after it. */
export function stepOf(cell: Cell, x: Tensor, states: unknown[], training: boolean): [Tensor, unknown[]] {
  const [output, after] = cell.call(x, ...(cellReads(cell) ? [{ states, training }] : [states, { training }])) as [
    Tensor,
    unknown,
  ];
  return [asTensor(output), [after].flat()];
}
/** Whether a cell is one of Keras' own, which take their states by name. */
const cellReads = (cell: Cell): boolean => (cell.constructor as typeof Layer).callReader !== undefined;

export const SimpleRNNCell = /* @__PURE__ */ layerClass(SimpleRNNCellLayer);
export type SimpleRNNCell = SimpleRNNCellLayer;
export const LSTMCell = /* @__PURE__ */ layerClass(LSTMCellLayer);
export type LSTMCell = LSTMCellLayer;
export const GRUCell = /* @__PURE__ */ layerClass(GRUCellLayer);
export type GRUCell = GRUCellLayer;
export const StackedRNNCells = /* @__PURE__ */ layerClass(StackedRNNCellsLayer);
export type StackedRNNCells = StackedRNNCellsLayer;
