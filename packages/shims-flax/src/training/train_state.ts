// flax.training.train_state.
import { any, func, required, signature } from "@facet/dialect";
import { apply_updates } from "@facet/shims-jax/optax";
import { type GradientTransformation, increment, tree } from "@facet/shims-jax/parts";
import { field, PyTreeNode, replaced } from "../struct.js";

// biome-ignore lint/suspicious/noExplicitAny: parameters and states are trees of any structure.
type Any = any;

const MADE = { "*": null, apply_fn: func.orNone, params: tree, tx: tree, "**kwargs": null } as const;
const read = {
  make: signature("flax.training.train_state.TrainState", {
    step: required,
    apply_fn: required,
    params: tree,
    tx: tree,
    opt_state: tree,
    "**fields": null,
  }),
  apply_gradients: signature("flax.training.train_state.TrainState.apply_gradients", {
    "*": null,
    grads: any,
    "**kwargs": null,
  }),
  create: signature("flax.training.train_state.TrainState.create", MADE),
  replace: signature("flax.training.train_state.TrainState.replace", { "**updates": null }),
};

interface Made {
  apply_fn: ((...args: Any[]) => Any) | null;
  params: Any;
  tx: GradientTransformation;
  [field: string]: Any;
}

/**
 * TrainState: step, parameters and the optimizer's state, a tree. `TrainState.create({ apply_fn: model.apply, params, tx })`; a
 * subclass has further fields: `class State extends TrainState { declare batch_stats: object }`.
 */
export class TrainState extends PyTreeNode {
  static readonly fields: Readonly<Record<string, unknown>> = { apply_fn: field(false), tx: field(false) };
  declare readonly step: number;
  declare readonly apply_fn: (...args: Any[]) => Any;
  declare readonly params: Any;
  declare readonly tx: GradientTransformation;
  declare readonly opt_state: Any;

  constructor(...args: Any[]) {
    const { fields, ...own } = read.make(args);
    super({ ...own, ...(fields as object) });
  }

  static create<S extends TrainState>(this: new (fields: Any) => S, ...args: [fields: Made]): S {
    const { apply_fn, params, tx, kwargs } = read.create(args);
    const opt_state = (tx as GradientTransformation).init(params);
    return new this({ step: 0, apply_fn, params, tx, opt_state, ...(kwargs as object) });
  }
  /** The state after an update by gradients; further fields are replaced. */
  apply_gradients(...args: [given: { grads: Any; [field: string]: Any }]): this {
    const { grads, kwargs } = read.apply_gradients(args);
    const [updates, opt_state] = this.tx.update(grads, this.opt_state, this.params);
    const params = apply_updates(this.params, updates);
    return replaced(this, { step: increment(this.step), params, opt_state, ...(kwargs as object) });
  }
  override replace(...args: [updates: Any]): this {
    return replaced(this, read.replace(args).updates as object);
  }
}
