// Layers that go over steps: RNN around any cell, and SimpleRNN, LSTM and GRU, which are one op of the core where it has what they
// need.
import {
  ArgumentError,
  add,
  type Tensor as CoreTensor,
  cast,
  flip,
  mul,
  noGrad,
  recurrent,
  reshape,
  sliceAlong,
  stack,
  transpose,
  where,
  zeros,
} from "@facet/autograd";
import { any, bool, listOf, oneOf, type Rules, signature, type Values } from "@facet/dialect";
import type { WithoutNew } from "../callable.js";
import { seedKind } from "../config.js";
import { array, positive } from "../kinds.js";
import type { Spec } from "../operation.js";
import { asTensor, floats, type KerasTensor, type Shape, Tensor, type TensorLike } from "../tensor.js";
import { VariableBase } from "../variable.js";
import { activationKind, type CallContext, type LayerInput, regularizer, withTraining } from "./arguments.js";
import { layerKind } from "./core.js";
import { type LayerClass, layerClass, layerOf } from "./define.js";
import type { Layer } from "./layer.js";
import type { Masks } from "./masks.js";
import {
  type Cell,
  type CoreCell,
  cellConstraints,
  cellWeights,
  drawMasks,
  GRUCell,
  holdingMasks,
  initialState,
  LSTMCell,
  rates,
  SimpleRNNCell,
  StackedRNNCells,
  stepOf,
} from "./recurrent_cells.js";

export const sequences = {
  return_sequences: bool.or(false),
  return_state: bool.or(false),
  go_backwards: bool.or(false),
} as const;
export const recurrentCall = {
  initial_state: any.or(null),
  mask: array.orNone.either(listOf(array.orNone)).or(null),
  ...withTraining,
} as const;

/** What a recurrent layer has beside its arguments. */
export interface RecurrentMembers {
  readonly cell: Cell;
  readonly states: readonly VariableBase[] | undefined;
  reset_state(): void;
  reset_states(): void;
}
interface Switches {
  readonly return_sequences: boolean;
  readonly return_state: boolean;
  readonly go_backwards: boolean;
  readonly stateful: boolean;
  readonly zero_output_for_mask: boolean;
}

/** States, nested as cells in cells are, through a function of each. */
const mapStates = (states: unknown, f: (state: Tensor) => Tensor): unknown =>
  Array.isArray(states) ? states.map((state) => mapStates(state, f)) : f(states as Tensor);

/** The states where a mask [n] counts, else those before. */
function kept(mask: CoreTensor, next: unknown, before: unknown): unknown {
  if (Array.isArray(next)) return next.map((state, i) => kept(mask, state, (before as unknown[])[i]));
  const [now, then] = [(next as Tensor).core, (before as Tensor).core];
  return new Tensor(where(reshape(mask, [mask.size, ...new Array<number>(now.rank - 1).fill(1)]), now, then));
}

interface Ran {
  /** Outputs of all steps, [n, steps, ...], in the order in which they were made. */
  readonly outputs: CoreTensor;
  readonly last: CoreTensor;
  readonly states: unknown[];
}

/** Step by step, for any cell. */
function runSteps(
  layer: { cell: Cell } & Switches,
  x: CoreTensor,
  first: unknown[],
  mask: CoreTensor | undefined,
  training: boolean,
): Ran {
  const [n, steps] = x.shape as [number, number];
  let states = first;
  let last: CoreTensor | undefined;
  const outputs: CoreTensor[] = [];
  const at = (tensor: CoreTensor, t: number): CoreTensor =>
    reshape(sliceAlong(tensor, 1, t, t + 1), [n, ...tensor.shape.slice(2)]);
  holdingMasks(layer.cell, () => {
    for (let i = 0; i < steps; i++) {
      const t = layer.go_backwards ? steps - 1 - i : i;
      const [output, next] = stepOf(layer.cell, new Tensor(at(x, t)), states, training);
      if (!mask) [last, states] = [output.core, next];
      else {
        const counts = at(mask, t);
        const otherwise = layer.zero_output_for_mask || !last ? zeros(output.shape) : last;
        last = (kept(counts, output, new Tensor(otherwise)) as Tensor).core;
        states = kept(counts, next, states) as unknown[];
      }
      outputs.push(last as CoreTensor);
    }
  });
  return { outputs: stack(outputs, 1), last: last as CoreTensor, states };
}

/** In one op: undefined where the core has not what the cell needs. */
function runFused(
  layer: { cell: Cell } & Switches,
  x: CoreTensor,
  first: unknown[],
  mask: CoreTensor | undefined,
  training: boolean,
): Ran | undefined {
  const cell = layer.cell as unknown as CoreCell;
  if (!cell.kind || !cell.coreOptions || (training && cell.recurrent_dropout > 0)) return undefined;
  const [n, steps, features] = x.shape as [number, number, number];
  const dropped = training ? drawMasks(cell, n, features).inputs : undefined;
  const given = dropped ? mul(x, reshape(dropped, [n, 1, features])) : x;
  const [h, c] = first.map((state) => (state as Tensor).core);
  const {
    y,
    h: lastH,
    c: lastC,
  } = recurrent(cell.kind, transpose(given, [1, 0, 2]), cell.weightsOfCore, {
    ...cell.coreOptions,
    weightLayout: "in_out",
    reverse: layer.go_backwards,
    h,
    c,
    mask: mask && transpose(mask, [1, 0]),
    beyond: layer.zero_output_for_mask ? "zero" : "hold",
  });
  const end = layer.go_backwards ? 0 : steps - 1;
  const made = layer.go_backwards ? flip(y, [0]) : y;
  return {
    outputs: transpose(made, [1, 0, 2]),
    last: reshape(sliceAlong(y, 0, end, end + 1), [n, y.shape[2] as number]),
    states: (lastC ? [lastH, lastC] : [lastH]).map((state) => new Tensor(state)),
  };
}

const widths = (cell: Cell): number[] => [cell.state_size].flat(2) as number[];
const outputWidth = (cell: Cell): number => cell.output_size ?? (widths(cell)[0] as number);

type RecurrentClass<R, O extends readonly (keyof Values<R>)[]> = WithoutNew<LayerClass<R, O, RecurrentMembers>>;

/** How a layer's states are set to zeros. */
export const resetSignatures = (name: string) => ({
  state: signature(`keras.layers.${name}.reset_state`, {}),
  states: signature(`keras.layers.${name}.reset_states`, {}),
});

/** A layer over steps [n, steps, ...]; `cellOf` makes its cell of its arguments. */
function recurrentLayer<const R extends Rules, const O extends readonly (keyof Values<R>)[]>(
  name: string,
  rules: R,
  order: O,
  cellOf: (given: Record<string, unknown>) => Cell,
): RecurrentClass<R, O> {
  const readReset = resetSignatures(name);
  const options = { call: recurrentCall, first: "sequences", masks: true, unsaved: ["use_cudnn", "implementation"] };
  class Recurrent extends layerOf(name, rules as Rules, [], options) {
    cell: Cell = cellOf(this as unknown as Record<string, unknown>);
    states: readonly VariableBase[] | undefined;

    get #switches(): { cell: Cell } & Switches {
      return this as unknown as { cell: Cell } & Switches;
    }

    override build(shape: Shape): void {
      this.expectRank(shape, 3, true);
      this.cell.ensureBuilt([shape[0] ?? null, ...shape.slice(2)]);
      if (!this.#switches.stateful) return;
      const batch = shape[0] ?? null;
      if (batch === null) {
        const expected = "a batch of known size, as a layer with states of its own needs";
        throw new ArgumentError({ op: name, argument: "sequences", expected, given: "one of any size" });
      }
      this.states = (initialState(this.cell, batch).flat(2) as Tensor[]).map(
        ({ core }) => new VariableBase(() => zeros(core.shape), "rnn_state", this.name, false),
      );
    }

    /** Sets the states that a stateful layer keeps to zeros. */
    reset_state(...args: []): void {
      readReset.state(args);
      for (const state of this.states ?? []) state.assign(new Tensor(zeros(state.shape)));
    }

    reset_states(...args: []): void {
      readReset.states(args);
      this.reset_state();
    }

    #shapes(shape: Shape): Shape[] {
      const { return_sequences, return_state, cell } = this.#switches;
      const batch = shape[0] ?? null;
      const own = return_sequences ? [batch, shape[1] ?? null, outputWidth(cell)] : [batch, outputWidth(cell)];
      return return_state ? [own, ...widths(cell).map((width) => [batch, width])] : [own];
    }

    override compute_output_shape(shape: Shape): Shape {
      this.expectRank(shape, 3, true);
      const shapes = this.#shapes(shape);
      return (shapes.length === 1 ? shapes[0] : shapes) as Shape;
    }

    protected override specs(
      _args: readonly unknown[],
      _keywords: Readonly<Record<string, unknown>>,
      shapes: Shape | readonly Shape[],
      _first: KerasTensor,
    ): readonly Spec[] {
      return this.#shapes(shapes as Shape).map((shape) => ({ shape, dtype: "float32" }));
    }

    override compute_mask(_: unknown, masks: Masks): Masks {
      const { return_sequences, return_state, cell } = this.#switches;
      const own = return_sequences ? ([masks].flat()[0] as Tensor | null) : null;
      return return_state ? [own, ...widths(cell).map(() => null)] : own;
    }

    override call(x: Tensor, { initial_state = null, mask = null, training }: CallContext): LayerInput<Tensor> {
      const layer = this.#switches;
      this.expectRank(x.shape, 3, true);
      const first = this.#initial(initial_state, x.shape[0] as number);
      const given = [mask].flat()[0] as TensorLike | null;
      const counts = given === null ? undefined : cast(asTensor(given).core, "bool");
      const core = floats(x);
      const ran = runFused(layer, core, first, counts, training) ?? runSteps(layer, core, first, counts, training);
      const after = ran.states.flat(2) as Tensor[];
      if (layer.stateful)
        noGrad(() => {
          for (const [i, state] of (this.states ?? []).entries()) state.assign(after[i] as Tensor);
        });
      const output = new Tensor(layer.return_sequences ? ran.outputs : ran.last);
      return layer.return_state ? [output, ...after] : output;
    }

    #initial(given: unknown, batch: number): unknown[] {
      if (given !== null)
        return mapStates([given].flat(), (state) => new Tensor(floats(state as TensorLike))) as unknown[];
      const fresh = initialState(this.cell, batch);
      if (!this.states) return fresh;
      const [state] = this.states;
      if (state && state.shape[0] !== batch) {
        const expected = `a batch of ${state.shape[0]}, as that of the states it keeps`;
        throw new ArgumentError({ op: name, argument: "sequences", expected, given: `${batch}` });
      }
      let at = 0;
      // Copies: the states are overwritten before a gradient may need them.
      const copy = ({ core }: Tensor): Tensor => new Tensor(noGrad(() => add(core, 0)));
      return mapStates(fresh, () => copy((this.states as readonly VariableBase[])[at++] as Tensor)) as unknown[];
    }
  }
  void order;
  return layerClass(Recurrent) as unknown as RecurrentClass<R, O>;
}

/** A cell, or several as one. */
function cellFrom(given: unknown): Cell {
  const all = [given].flat() as readonly Layer[];
  const misfit = all.find((each) => !("state_size" in each));
  if (all.length === 0 || misfit) {
    const expected = "layers whose class has state_size and call(inputs, states), at least one";
    throw new ArgumentError({ op: "RNN", argument: "cell", expected, given: misfit?.className ?? "none" });
  }
  return (Array.isArray(given) ? new StackedRNNCells({ cells: all }) : given) as unknown as Cell;
}
const rnnRules = {
  cell: layerKind.either(listOf(layerKind)),
  ...sequences,
  stateful: bool.or(false),
  unroll: bool.or(false),
  zero_output_for_mask: bool.or(false),
} as const;
/** A cell, or several on top of one another, over steps [n, steps, features]. */
export const RNN = recurrentLayer("RNN", rnnRules, ["cell", "return_sequences", "return_state"], ({ cell }) =>
  cellFrom(cell),
);
export type RNN = InstanceType<typeof RNN>;

const tail = { stateful: bool.or(false), unroll: bool.or(false) } as const;
const last = { "*": null, zero_output_for_mask: bool.or(false) } as const;
/** Both of the original's ways to multiply give the same here. */
const ways = { implementation: oneOf(0, 1, 2).or(2) } as const;
const gated = {
  units: positive,
  activation: activationKind.or("tanh"),
  recurrent_activation: activationKind.or("sigmoid"),
  use_bias: bool.or(true),
} as const;
/** cuDNN is not there: "auto" does without. */
const cudnn = { use_cudnn: oneOf("auto", false).or("auto" as "auto" | false) } as const;
const limits = { activity_regularizer: regularizer, ...cellConstraints, ...rates } as const;
const seed = { seed: seedKind.or(null) };

/** The arguments of a layer that are its cell's. */
function cellArguments(given: Record<string, unknown>, names: readonly string[]): never {
  return Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]])) as never;
}
const CELL = [
  ...["units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer"],
  ...["kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint", "recurrent_constraint"],
  ...["bias_constraint", "dropout", "recurrent_dropout", "seed"],
];

/** h' = activation(x kernel + h recurrent_kernel + bias) over steps. */
export const SimpleRNN = recurrentLayer(
  "SimpleRNN",
  {
    units: positive,
    activation: activationKind.or("tanh"),
    use_bias: bool.or(true),
    ...cellWeights(),
    ...limits,
    ...sequences,
    ...tail,
    ...seed,
    ...last,
  },
  ["units", "activation", "use_bias"],
  (given) => new SimpleRNNCell(cellArguments(given, CELL)) as unknown as Cell,
);
export type SimpleRNN = InstanceType<typeof SimpleRNN>;

/** Long short-term memory over steps; weights have the gates input, forget, candidate, output. */
export const LSTM = recurrentLayer(
  "LSTM",
  {
    ...gated,
    ...cellWeights({ unit_forget_bias: true }),
    ...limits,
    ...seed,
    ...sequences,
    ...tail,
    ...cudnn,
    ...last,
    ...ways,
  },
  ["units", "activation", "recurrent_activation", "use_bias"],
  (given) =>
    new LSTMCell(cellArguments(given, [...CELL, "recurrent_activation", "unit_forget_bias"])) as unknown as Cell,
);
export type LSTM = InstanceType<typeof LSTM>;

/** Gated recurrent units over steps; weights have the gates update, reset, candidate. */
export const GRU = recurrentLayer(
  "GRU",
  {
    ...gated,
    ...cellWeights(),
    ...limits,
    ...seed,
    ...sequences,
    ...tail,
    reset_after: bool.or(true),
    ...cudnn,
    ...last,
    ...ways,
  },
  ["units", "activation", "recurrent_activation", "use_bias"],
  (given) => new GRUCell(cellArguments(given, [...CELL, "recurrent_activation", "reset_after"])) as unknown as Cell,
);
export type GRU = InstanceType<typeof GRU>;
