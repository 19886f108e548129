// nnx' recurrent cells, and RNN and Bidirectional, which run them.
import { ArgumentError, UnsupportedError } from "@facet/autograd";
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
import { concatenate, split, tanh } from "@facet/shims-jax/numpy";
import {
  type ArrayLike,
  array,
  arrayLike,
  type Given,
  type Initializer,
  type JaxArray,
  map,
  tree,
} from "@facet/shims-jax/parts";
import { orthogonal, zeros as zerosInit } from "../initializers.js";
import { floats } from "../layers/dense.js";
import { firstOf } from "../layers/dropout.js";
import { stepped, unrolled } from "../layers/recurrent.js";
import {
  dtype,
  extent,
  flag,
  init,
  kernelDefault,
  metadata,
  param_dtype,
  promote_dtype,
  zerosDefault,
} from "../rules.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import { type Keys, keysKind, nextKey, RngStream, type Rngs, rngsKind } from "./rngs.js";

// biome-ignore lint/suspicious/noExplicitAny: carries are trees of any structure.
type Any = any;
type Activation = (x: JaxArray) => JaxArray;
const activation = (f: (x: ArrayLike) => JaxArray): Parameter<Activation> =>
  func.or(f) as unknown as Parameter<Activation>;

const CELL = {
  in_features: extent,
  hidden_features: extent,
  "*": null,
  gate_fn: activation(sigmoid),
  activation_fn: activation(tanh),
  kernel_init: kernelDefault,
  recurrent_kernel_init: init.or(orthogonal()) as Parameter<Initializer>,
  bias_init: zerosDefault,
  dtype,
  param_dtype,
  carry_init: init.or(null),
  promote_dtype,
  keep_rngs: only(false),
  rngs: rngsKind,
  kernel_metadata: metadata,
  recurrent_kernel_metadata: metadata,
  bias_metadata: metadata,
} as const;
const { gate_fn: _gate, dtype: _dtype, ...UNGATED } = CELL;
const SIMPLE = { ...UNGATED, dtype: only("float32", null), residual: bool.or(false) } as const;
const CARRY = {
  input_shape: listOf(int),
  rngs: keysKind.or(null),
  carry_init: init.or(null),
} as const;
const STEP = { carry: tree, inputs: arrayLike } as const;
const readersOf = (name: string) => ({
  call: signature(`flax.nnx.${name}.__call__`, STEP),
  carry: signature(`flax.nnx.${name}.initialize_carry`, CARRY),
});
const readBase = signature("flax.nnx.RNNCellBase", {});
const base = readersOf("RNNCellBase");
const lstm = { make: signature("flax.nnx.LSTMCell", CELL), ...readersOf("LSTMCell") };
const optimized = { make: signature("flax.nnx.OptimizedLSTMCell", CELL), ...readersOf("OptimizedLSTMCell") };
const gru = { make: signature("flax.nnx.GRUCell", CELL), ...readersOf("GRUCell") };
const simple = { make: signature("flax.nnx.SimpleCell", SIMPLE), ...readersOf("SimpleCell") };

type Features = [in_features: number, hidden_features: number];
type CellArgs = Given<Features, [], Omit<Values<typeof CELL>, "*">>;
type CarryArgs = Given<
  [input_shape: readonly number[]],
  [rngs: Keys | null, carry_init: Initializer | null],
  Values<typeof CARRY>
>;
type StepArgs = [carry: Any, inputs: ArrayLike];

/** The base of cells: what RNN asks them for. */
export class RNNCellBase extends Module {
  declare readonly hidden_features: number;
  declare readonly carry_init: Initializer | null;

  constructor(...args: []) {
    super();
    readBase(args);
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
    return begun(this, base.carry(args as unknown[]), 1)[0];
  }
  /** Dimensions of one input. */
  get num_feature_axes(): number {
    return 1;
  }
}

/** Zeros, or what carry_init makes: so many of them. */
function begun(cell: RNNCellBase, given: Values<typeof CARRY>, count: number): JaxArray[] {
  const keys = firstOf(`${cell.constructor.name}.initialize_carry`, "rngs", given.rngs) as Keys;
  const make = given.carry_init ?? cell.carry_init ?? (zerosInit as unknown as Initializer);
  const shape = [...given.input_shape.slice(0, -1), cell.hidden_features];
  return Array.from({ length: count }, () => make(nextKey(keys, "carry"), shape));
}

/** Dense layers of the inputs and of the state. */
interface DenseOptions {
  kernel_init: Initializer;
  recurrent_kernel_init: Initializer;
  bias_init: Initializer;
  rngs: Rngs;
}

/** nnx.LSTMCell: a dense layer for each gate. Carry [c, h]. */
export class LSTMCell extends RNNCellBase {
  declare readonly gate_fn: Activation;
  declare readonly activation_fn: Activation;
  readonly [gate: string]: Any;

  constructor(...args: CellArgs) {
    super();
    const { in_features, hidden_features, gate_fn, activation_fn, carry_init, ...given } = lstm.make(args);
    const { kernel_init, recurrent_kernel_init, bias_init, rngs } = given as DenseOptions;
    Object.assign(this, { in_features, hidden_features, gate_fn, activation_fn, carry_init });
    const gates = ["i", "f", "g", "o"];
    for (const gate of gates) {
      const layer = new Linear(in_features, hidden_features, { use_bias: false, kernel_init, rngs });
      // `if` is a word of Python's.
      Object.assign(this, { [gate === "f" ? "if_" : `i${gate}`]: layer });
    }
    for (const gate of gates)
      Object.assign(this, {
        [`h${gate}`]: new Linear(hidden_features, hidden_features, {
          kernel_init: recurrent_kernel_init,
          bias_init,
          rngs,
        }),
      });
  }

  override __call__(...args: StepArgs): [carry: [JaxArray, JaxArray], y: JaxArray] {
    const { carry, inputs } = lstm.call(args);
    const [c, h] = carry as [JaxArray, JaxArray];
    const gate = (name: string): JaxArray =>
      (this[name === "f" ? "if_" : `i${name}`] as Linear)(inputs).add((this[`h${name}`] as Linear)(h));
    return stepped(c, [gate("i"), gate("f"), gate("g"), gate("o")], this);
  }
  override initialize_carry(...args: CarryArgs): [c: JaxArray, h: JaxArray] {
    return begun(this, lstm.carry(args), 2) as [JaxArray, JaxArray];
  }
}

/** nnx.OptimizedLSTMCell: one dense layer for all gates. Carry [c, h]. */
export class OptimizedLSTMCell extends RNNCellBase {
  declare readonly gate_fn: Activation;
  declare readonly activation_fn: Activation;
  declare readonly dense_i: Linear;
  declare readonly dense_h: Linear;

  constructor(...args: CellArgs) {
    super();
    const { in_features, hidden_features, gate_fn, activation_fn, carry_init, ...given } = optimized.make(args);
    const { kernel_init, recurrent_kernel_init, bias_init, rngs } = given as DenseOptions;
    const dense_i = new Linear(in_features, 4 * hidden_features, { use_bias: false, kernel_init, rngs });
    const dense_h = new Linear(hidden_features, 4 * hidden_features, {
      kernel_init: recurrent_kernel_init,
      bias_init,
      rngs,
    });
    Object.assign(this, { in_features, hidden_features, gate_fn, activation_fn, carry_init, dense_i, dense_h });
  }

  override __call__(...args: StepArgs): [carry: [JaxArray, JaxArray], y: JaxArray] {
    const { carry, inputs } = optimized.call(args);
    const [c, h] = carry as [JaxArray, JaxArray];
    const gates = split(this.dense_i(inputs).add(this.dense_h(h)), 4, -1);
    return stepped(c, gates as [JaxArray, JaxArray, JaxArray, JaxArray], this);
  }
  override initialize_carry(...args: CarryArgs): [c: JaxArray, h: JaxArray] {
    return begun(this, optimized.carry(args), 2) as [JaxArray, JaxArray];
  }
}

/** nnx.GRUCell: reset, update and candidate; the reset gate acts after the product with the state. Carry h. */
export class GRUCell extends RNNCellBase {
  declare readonly gate_fn: Activation;
  declare readonly activation_fn: Activation;
  declare readonly dense_i: Linear;
  declare readonly dense_h: Linear;

  constructor(...args: CellArgs) {
    super();
    const { in_features, hidden_features, gate_fn, activation_fn, carry_init, ...given } = gru.make(args);
    const { kernel_init, recurrent_kernel_init, bias_init, rngs } = given as DenseOptions;
    const dense_i = new Linear(in_features, 3 * hidden_features, { kernel_init, bias_init, rngs });
    const dense_h = new Linear(hidden_features, 3 * hidden_features, {
      use_bias: false,
      kernel_init: recurrent_kernel_init,
      rngs,
    });
    Object.assign(this, { in_features, hidden_features, gate_fn, activation_fn, carry_init, dense_i, dense_h });
  }

  override __call__(...args: StepArgs): [carry: JaxArray, y: JaxArray] {
    const { carry, inputs } = gru.call(args);
    const h = carry as JaxArray;
    const [xr, xz, xn] = split(this.dense_i(inputs), 3, -1) as [JaxArray, JaxArray, JaxArray];
    const [hr, hz, hn] = split(this.dense_h(h), 3, -1) as [JaxArray, JaxArray, JaxArray];
    const r = this.gate_fn(xr.add(hr));
    const z = this.gate_fn(xz.add(hz));
    const n = this.activation_fn(xn.add(r.mul(hn)));
    const next = z.neg().add(1).mul(n).add(z.mul(h));
    return [next, next];
  }
  override initialize_carry(...args: CarryArgs): JaxArray {
    return begun(this, gru.carry(args), 1)[0] as JaxArray;
  }
}

/** nnx.SimpleCell: an activation of dense layers of inputs and state. Carry h. */
export class SimpleCell extends RNNCellBase {
  declare readonly activation_fn: Activation;
  declare readonly residual: boolean;
  declare readonly dense_i: Linear;
  declare readonly dense_h: Linear;

  constructor(...args: Given<Features, [], Omit<Values<typeof SIMPLE>, "*">>) {
    super();
    const { in_features, hidden_features, residual, activation_fn, carry_init, ...given } = simple.make(args);
    const { kernel_init, recurrent_kernel_init, bias_init, rngs } = given as DenseOptions;
    const dense_h = new Linear(hidden_features, hidden_features, {
      use_bias: false,
      kernel_init: recurrent_kernel_init,
      rngs,
    });
    const dense_i = new Linear(in_features, hidden_features, { kernel_init, bias_init, rngs });
    Object.assign(this, { in_features, hidden_features, residual, activation_fn, carry_init, dense_i, dense_h });
  }

  override __call__(...args: StepArgs): [carry: JaxArray, y: JaxArray] {
    const { carry, inputs } = simple.call(args);
    const sum = this.dense_i(inputs).add(this.dense_h(carry as JaxArray));
    const next = this.activation_fn(this.residual ? sum.add(carry as JaxArray) : sum);
    return [next, next];
  }
  override initialize_carry(...args: CarryArgs): JaxArray {
    return begun(this, simple.carry(args), 1)[0] as JaxArray;
  }
}

const cell = instance(() => RNNCellBase, "a cell, as nnx.LSTMCell") as Kind<RNNCellBase>;
const ownKeys = bool.either(keysKind).or(true) as Parameter<boolean | Keys>;
const RUN = {
  "*": null,
  time_major: bool.or(false),
  return_carry: bool.or(false),
  reverse: bool.or(false),
  keep_order: bool.or(false),
  unroll: int.or(1),
  state_axes: only(null),
  broadcast_rngs: only(null),
  rngs: ownKeys,
} as const;
const CALL = {
  inputs: arrayLike,
  "*": null,
  initial_carry: tree.or(null),
  rngs: keysKind.or(null),
  seq_lengths: array.or(null),
  return_carry: flag,
  time_major: flag,
  reverse: flag,
  keep_order: flag,
} as const;
type CallArgs = Given<[inputs: ArrayLike], [], Omit<Values<typeof CALL>, "*">>;
const rnn = {
  make: signature("flax.nnx.RNN", { cell, ...RUN }),
  call: signature("flax.nnx.RNN.__call__", CALL),
};

/** The stream that a layer's carries are drawn of: its own, from 0 on, unless told otherwise. */
function streamFor(fn: string, given: boolean | Keys): RngStream | null {
  if (given === false) return null;
  if (given === true) return new RngStream(0, { tag: "carry" });
  if (given instanceof RngStream) return given;
  if (typeof (given as Rngs).carry === "function") return ((given as Rngs).carry as RngStream).fork();
  throw new ArgumentError({ op: fn, argument: "rngs", expected: "nnx.Rngs, a stream, true or false", given: "a key" });
}

/** nnx.RNN: a cell over the steps of inputs [..., time, features]. Gives outputs, with `return_carry` [carry, outputs]. */
export class RNN extends Module {
  declare readonly cell: RNNCellBase;
  declare readonly time_major: boolean;
  declare readonly return_carry: boolean;
  declare readonly reverse: boolean;
  declare readonly keep_order: boolean;
  declare readonly rngs: RngStream | null;

  constructor(...args: Given<[cell: RNNCellBase], [], Omit<Values<typeof RUN>, "*">>) {
    super();
    const { rngs, state_axes: _axes, broadcast_rngs: _broadcast, ...given } = rnn.make(args);
    Object.assign(this, { ...given, rngs: streamFor("RNN", rngs) });
  }

  override __call__(...args: CallArgs): Any {
    const given = rnn.call(args);
    const inputs = floats("RNN", given.inputs);
    return unrolled("RNN", (carry, x) => this.cell(carry, x), inputs, {
      initial: (shape) =>
        given.initial_carry ??
        this.cell.initialize_carry(shape, firstOf<Keys>("RNN", "rngs", given.rngs, this.rngs as Keys | null)),
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
const both = {
  make: signature("flax.nnx.Bidirectional", {
    forward_rnn: instance(() => Module, "a layer, as nnx.RNN") as Kind<Any>,
    backward_rnn: instance(() => Module, "a layer, as nnx.RNN") as Kind<Any>,
    "*": null,
    merge_fn: func.or(joined),
    time_major: bool.or(false),
    return_carry: bool.or(false),
    rngs: ownKeys,
  }),
  call: signature("flax.nnx.Bidirectional.__call__", CALL),
};
interface Both {
  merge_fn: (a: JaxArray, b: JaxArray) => JaxArray;
  time_major: boolean;
  return_carry: boolean;
  rngs: boolean | Keys;
}

/** nnx.Bidirectional: one layer from the first step on, one from the last; outputs side by side. */
export class Bidirectional extends Module {
  declare readonly forward_rnn: RNN;
  declare readonly backward_rnn: RNN;
  declare readonly merge_fn: Both["merge_fn"];
  declare readonly time_major: boolean;
  declare readonly return_carry: boolean;
  declare readonly rngs: RngStream | null;

  constructor(...args: Given<[forward_rnn: RNN, backward_rnn: RNN], [], Both>) {
    super();
    const { rngs, ...given } = both.make(args);
    Object.assign(this, { ...given, rngs: streamFor("Bidirectional", rngs) });
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
    const rngs = (given.rngs ?? this.rngs) as Keys | null;
    const [forward, backward] = (given.initial_carry ?? [null, null]) as [Any, Any];
    const shared = { rngs, seq_lengths: given.seq_lengths, return_carry: true, time_major };
    const inputs = given.inputs;
    const [a, one] = this.forward_rnn(inputs, { ...shared, initial_carry: forward, reverse: false });
    const [b, other] = this.backward_rnn(inputs, {
      ...shared,
      initial_carry: backward,
      reverse: true,
      keep_order: true,
    });
    const outputs = map(this.merge_fn, one, [other]);
    return (given.return_carry ?? this.return_carry) ? [[a, b], outputs] : outputs;
  }
}
