// linen's recurrent cells, and RNN and Bidirectional, which run them.
import { UnsupportedError } from "@facet/autograd";
import {
  bool,
  func,
  instance,
  int,
  type Kind,
  listOf,
  only,
  type Parameter,
  signature,
  type Values,
} from "@facet/dialect";
import { sigmoid } from "@facet/shims-jax/nn";
import { concatenate, tanh } from "@facet/shims-jax/numpy";
import {
  type ArrayLike,
  array,
  arrayLike,
  type Given,
  type Initializer,
  type JaxArray,
  map,
  type PRNGKeyArray,
  tree,
} from "@facet/shims-jax/parts";
import { key as keyOf, split as splitKey } from "@facet/shims-jax/random";
import { orthogonal } from "../initializers.js";
import { floats } from "../layers/dense.js";
import { stepped, unrolled } from "../layers/recurrent.js";
import {
  dtype,
  extent,
  flag,
  kernelDefault,
  key as keyKind,
  onesDefault,
  param_dtype,
  zerosDefault,
} from "../rules.js";
import { Dense } from "./linear.js";
import { Module, STANDING } from "./module.js";

// biome-ignore lint/suspicious/noExplicitAny: carries are trees of any structure.
type Any = any;
type Activation = (x: JaxArray) => JaxArray;
const activation = (f: (x: ArrayLike) => JaxArray): Parameter<Activation> =>
  func.or(f) as unknown as Parameter<Activation>;

const STORED = { dtype, param_dtype, carry_init: zerosDefault } as const;
const INITS = {
  kernel_init: kernelDefault,
  recurrent_kernel_init: func.or(orthogonal()) as unknown as Parameter<Initializer>,
} as const;
const CELL = {
  features: extent,
  gate_fn: activation(sigmoid),
  activation_fn: activation(tanh),
  ...INITS,
  bias_init: zerosDefault,
  ...STORED,
  ...STANDING,
} as const;
const SIMPLE = {
  features: extent,
  activation_fn: activation(tanh),
  ...INITS,
  bias_init: zerosDefault,
  ...STORED,
  residual: bool.or(false),
  ...STANDING,
} as const;
const MGU = {
  features: extent,
  gate_fn: activation(sigmoid),
  activation_fn: activation(tanh),
  ...INITS,
  forget_bias_init: onesDefault,
  activation_bias_init: zerosDefault,
  ...STORED,
  reset_gate: bool.or(true),
  ...STANDING,
} as const;
const CARRY = { rng: keyKind, input_shape: listOf(int) } as const;
const readersOf = (name: string) => ({
  call: signature(`flax.linen.${name}.__call__`, { carry: tree, inputs: arrayLike }),
  carry: signature(`flax.linen.${name}.initialize_carry`, CARRY),
});
const base = { make: signature("flax.linen.RNNCellBase", STANDING), ...readersOf("RNNCellBase") };
const lstm = { make: signature("flax.linen.LSTMCell", CELL), ...readersOf("LSTMCell") };
const optimized = { make: signature("flax.linen.OptimizedLSTMCell", CELL), ...readersOf("OptimizedLSTMCell") };
const gru = { make: signature("flax.linen.GRUCell", CELL), ...readersOf("GRUCell") };
const mgu = { make: signature("flax.linen.MGUCell", MGU), ...readersOf("MGUCell") };
const simple = { make: signature("flax.linen.SimpleCell", SIMPLE), ...readersOf("SimpleCell") };
type CarryArgs = [rng: PRNGKeyArray, input_shape: readonly number[]];
type StepArgs = [carry: Any, inputs: ArrayLike];
type CellArgs = Given<[features: number], [], Values<typeof CELL>>;

/** The base of cells: what RNN asks them for. */
export class RNNCellBase extends Module {
  static override readonly nowrap: readonly string[] = ["initialize_carry"];
  declare readonly features: number;
  declare readonly carry_init: Initializer;
  declare readonly kernel_init: Initializer;
  declare readonly recurrent_kernel_init: Initializer;
  declare readonly bias_init: Initializer;
  declare readonly gate_fn: Activation;
  declare readonly activation_fn: Activation;

  constructor(...args: [fields?: object]) {
    super(new.target === RNNCellBase ? base.make(args) : args[0]);
  }
  override __call__(...args: Any[]): Any {
    base.call(args);
    throw new UnsupportedError({
      op: this.constructor.name,
      argument: "__call__",
      expected: "a step of the cell's own: [carry, output]",
      given: "none",
    });
  }
  /** The carry before the first step of inputs of this shape [..., features]. */
  initialize_carry(...args: CarryArgs): Any {
    return begun(this, base.carry(args));
  }
  /** Dimensions of one input. */
  get num_feature_axes(): number {
    return 1;
  }
}

const begun = (cell: RNNCellBase, { rng, input_shape }: Values<typeof CARRY>): JaxArray =>
  cell.carry_init(rng, [...input_shape.slice(0, -1), cell.features]);
/** Two of them, with a key each. */
const begunTwice = (cell: RNNCellBase, { rng, input_shape }: Values<typeof CARRY>): [JaxArray, JaxArray] =>
  splitKey(rng).map((own) => begun(cell, { rng: own, input_shape })) as [JaxArray, JaxArray];

/** Dense layers of the inputs and of the state, by name. */
function layersOf(
  cell: RNNCellBase,
  width: number,
  biased: "inputs" | "state" | "none",
  bias_init: Initializer = cell.bias_init,
) {
  const { kernel_init, recurrent_kernel_init } = cell;
  return {
    ofInputs: (name: string, options: object = {}): Dense =>
      new Dense(width, { use_bias: biased === "inputs", kernel_init, bias_init, name, ...options }),
    ofState: (name: string, options: object = {}): Dense =>
      new Dense(width, {
        use_bias: biased === "state",
        kernel_init: recurrent_kernel_init,
        bias_init,
        name,
        ...options,
      }),
  };
}

/** The step of both LSTM cells, whose parameters have the same names. */
function lstmStep(cell: RNNCellBase, carry: unknown, inputs: ArrayLike): [carry: [JaxArray, JaxArray], y: JaxArray] {
  const [c, h] = carry as [JaxArray, JaxArray];
  const { ofInputs, ofState } = layersOf(cell, h.shape.at(-1) as number, "state");
  const gate = (name: string): JaxArray => ofInputs(`i${name}`)(inputs).add(ofState(`h${name}`)(h));
  return stepped(c, [gate("i"), gate("f"), gate("g"), gate("o")], cell);
}

/** linen.LSTMCell: dense layers ii, if, ig, io of inputs and hi, hf, hg, ho of the state. Carry [c, h]. */
export class LSTMCell extends RNNCellBase {
  constructor(...args: CellArgs) {
    super(lstm.make(args));
  }
  override __call__(...args: StepArgs): [carry: [JaxArray, JaxArray], y: JaxArray] {
    const { carry, inputs } = lstm.call(args);
    return lstmStep(this, carry, inputs);
  }
  override initialize_carry(...args: CarryArgs): [c: JaxArray, h: JaxArray] {
    return begunTwice(this, lstm.carry(args));
  }
  static override readonly nowrap: readonly string[] = ["initialize_carry"];
}
/** linen.OptimizedLSTMCell: the same parameters and results. */
export class OptimizedLSTMCell extends RNNCellBase {
  constructor(...args: CellArgs) {
    super(optimized.make(args));
  }
  override __call__(...args: StepArgs): [carry: [JaxArray, JaxArray], y: JaxArray] {
    const { carry, inputs } = optimized.call(args);
    return lstmStep(this, carry, inputs);
  }
  override initialize_carry(...args: CarryArgs): [c: JaxArray, h: JaxArray] {
    return begunTwice(this, optimized.carry(args));
  }
  static override readonly nowrap: readonly string[] = ["initialize_carry"];
}
/** linen.GRUCell: dense layers ir, iz, in of inputs and hr, hz, hn of the state. Carry h. */
export class GRUCell extends RNNCellBase {
  constructor(...args: CellArgs) {
    super(gru.make(args));
  }
  override __call__(...args: StepArgs): [carry: JaxArray, y: JaxArray] {
    const { carry, inputs } = gru.call(args);
    const h = carry as JaxArray;
    const { ofInputs, ofState } = layersOf(this, h.shape.at(-1) as number, "inputs");
    const r = this.gate_fn(ofInputs("ir")(inputs).add(ofState("hr")(h)));
    const z = this.gate_fn(ofInputs("iz")(inputs).add(ofState("hz")(h)));
    const n = this.activation_fn(ofInputs("in")(inputs).add(r.mul(ofState("hn", { use_bias: true })(h))));
    const next = z.neg().add(1).mul(n).add(z.mul(h));
    return [next, next];
  }
  override initialize_carry(...args: CarryArgs): JaxArray {
    return begun(this, gru.carry(args));
  }
  static override readonly nowrap: readonly string[] = ["initialize_carry"];
}
/** linen.MGUCell: a GRU with one gate. Carry h. */
export class MGUCell extends RNNCellBase {
  declare readonly forget_bias_init: Initializer;
  declare readonly activation_bias_init: Initializer;
  declare readonly reset_gate: boolean;
  constructor(...args: Given<[features: number], [], Values<typeof MGU>>) {
    super(mgu.make(args));
  }
  override __call__(...args: StepArgs): [carry: JaxArray, y: JaxArray] {
    const { carry, inputs } = mgu.call(args);
    const h = carry as JaxArray;
    const { ofInputs, ofState } = layersOf(this, h.shape.at(-1) as number, "inputs", this.activation_bias_init);
    const f = this.gate_fn(ofInputs("if", { bias_init: this.forget_bias_init })(inputs).add(ofState("hf")(h)));
    const state = ofState("hn", { use_bias: this.reset_gate })(h);
    const n = this.activation_fn(ofInputs("in")(inputs).add(this.reset_gate ? state.mul(f) : state));
    const next = f.neg().add(1).mul(n).add(f.mul(h));
    return [next, next];
  }
  override initialize_carry(...args: CarryArgs): JaxArray {
    return begun(this, mgu.carry(args));
  }
  static override readonly nowrap: readonly string[] = ["initialize_carry"];
}
/** linen.SimpleCell: an activation of dense layers i of inputs and h of the state. Carry h. */
export class SimpleCell extends RNNCellBase {
  declare readonly residual: boolean;
  constructor(...args: Given<[features: number], [], Values<typeof SIMPLE>>) {
    super(simple.make(args));
  }
  override __call__(...args: StepArgs): [carry: JaxArray, y: JaxArray] {
    const { carry, inputs } = simple.call(args);
    const h = carry as JaxArray;
    const { ofInputs, ofState } = layersOf(this, h.shape.at(-1) as number, "inputs");
    const sum = ofInputs("i")(inputs).add(ofState("h")(h));
    const next = this.activation_fn(this.residual ? sum.add(h) : sum);
    return [next, next];
  }
  override initialize_carry(...args: CarryArgs): JaxArray {
    return begun(this, simple.carry(args));
  }
  static override readonly nowrap: readonly string[] = ["initialize_carry"];
}

const cell = instance(() => RNNCellBase, "a cell, as linen.LSTMCell") as Kind<RNNCellBase>;
const RUN = {
  cell,
  time_major: bool.or(false),
  return_carry: bool.or(false),
  reverse: bool.or(false),
  keep_order: bool.or(false),
  unroll: int.or(1),
  variable_axes: only(null),
  variable_broadcast: only("params"),
  variable_carry: only(false),
  split_rngs: only(null),
  ...STANDING,
} as const;
const CALL = {
  inputs: arrayLike,
  "*": null,
  initial_carry: tree.or(null),
  init_key: keyKind.or(null),
  seq_lengths: array.or(null),
  return_carry: flag,
  time_major: flag,
  reverse: flag,
  keep_order: flag,
} as const;
type CallArgs = Given<[inputs: ArrayLike], [], Omit<Values<typeof CALL>, "*">>;
const rnn = { make: signature("flax.linen.RNN", RUN), call: signature("flax.linen.RNN.__call__", CALL) };

/** linen.RNN: a cell over the steps of inputs [..., time, features]. Gives outputs, with `return_carry` [carry, outputs]. */
export class RNN extends Module {
  declare readonly cell: RNNCellBase;
  declare readonly time_major: boolean;
  declare readonly return_carry: boolean;
  declare readonly reverse: boolean;
  declare readonly keep_order: boolean;

  constructor(
    ...args: Given<
      [cell: RNNCellBase],
      [time_major: boolean, return_carry: boolean, reverse: boolean, keep_order: boolean],
      Values<typeof RUN>
    >
  ) {
    super(rnn.make(args));
  }
  override __call__(...args: CallArgs): Any {
    const given = rnn.call(args);
    const inputs = floats("RNN", given.inputs);
    const step = (carry: Any, x: JaxArray): [Any, Any] => this.cell(carry, x);
    return unrolled("RNN", step, inputs, {
      initial: (shape) => given.initial_carry ?? this.cell.initialize_carry(given.init_key ?? keyOf(0), shape),
      // Variables are made outside of the loop, whose arrays die with a step.
      first: this.is_initializing(),
      feature_axes: this.cell.num_feature_axes,
      seq_lengths: given.seq_lengths,
      return_carry: given.return_carry ?? this.return_carry,
      time_major: given.time_major ?? this.time_major,
      reverse: given.reverse ?? this.reverse,
      keep_order: given.keep_order ?? this.keep_order,
    });
  }
}

const joined = (a: JaxArray, b: JaxArray): JaxArray => concatenate([a, b], -1);
const layer = instance(() => Module, "a layer, as linen.RNN") as Kind<Any>;
const both = {
  make: signature("flax.linen.Bidirectional", {
    forward_rnn: layer,
    backward_rnn: layer,
    merge_fn: func.or(joined),
    time_major: bool.or(false),
    return_carry: bool.or(false),
    ...STANDING,
  }),
  call: signature("flax.linen.Bidirectional.__call__", CALL),
};

/** linen.Bidirectional: one layer from the first step on, one from the last; outputs side by side. */
export class Bidirectional extends Module {
  declare readonly forward_rnn: RNN;
  declare readonly backward_rnn: RNN;
  declare readonly merge_fn: (a: JaxArray, b: JaxArray) => JaxArray;
  declare readonly time_major: boolean;
  declare readonly return_carry: boolean;

  constructor(
    ...args: Given<
      [forward_rnn: RNN, backward_rnn: RNN],
      [merge_fn: (a: JaxArray, b: JaxArray) => JaxArray, time_major: boolean, return_carry: boolean],
      {
        merge_fn: (a: JaxArray, b: JaxArray) => JaxArray;
        time_major: boolean;
        return_carry: boolean;
        name: string | null;
      }
    >
  ) {
    super(both.make(args));
  }
  override __call__(...args: CallArgs): Any {
    const given = both.call(args);
    for (const name of ["reverse", "keep_order"] as const)
      if (given[name] !== null)
        throw new UnsupportedError({
          op: "Bidirectional",
          argument: name,
          expected: "null: both directions are run",
          given: `${given[name]}`,
        });
    const time_major = given.time_major ?? this.time_major;
    const [forward, backward] = (given.initial_carry ?? [null, null]) as [Any, Any];
    const [one, other] =
      given.init_key === null ? [null, null] : (splitKey(given.init_key) as [PRNGKeyArray, PRNGKeyArray]);
    const shared = { seq_lengths: given.seq_lengths, return_carry: true, time_major };
    const [a, ahead] = this.forward_rnn(given.inputs, {
      ...shared,
      initial_carry: forward,
      init_key: one,
      reverse: false,
    });
    const [b, back] = this.backward_rnn(given.inputs, {
      ...shared,
      ...{ initial_carry: backward, init_key: other, reverse: true, keep_order: true },
    });
    const outputs = map(this.merge_fn, ahead, [back]);
    return (given.return_carry ?? this.return_carry) ? [[a, b], outputs] : outputs;
  }
}
