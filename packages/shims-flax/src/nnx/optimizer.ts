// nnx.Optimizer: parameters of a module and the state of a transformation of optax.

import { ArgumentError } from "@facet/autograd";
import { type Keywords, Kind, only, show, signature } from "@facet/dialect";
import { apply_updates } from "@facet/shims-jax/optax";
import { type GradientTransformation, increment, tree } from "@facet/shims-jax/parts";
import { type Filter, filter } from "./filters.js";
import { Pytree, state, updateNode } from "./graph.js";
import type { Module } from "./module.js";
import { State } from "./state.js";
import { Param, Variable } from "./variable.js";

/** State of optimizers. */
export class OptState<T = unknown> extends Variable<T> {}
export class OptArray<T = unknown> extends OptState<T> {}
export class OptVariable<T = unknown> extends OptState<T> {}

// biome-ignore lint/suspicious/noExplicitAny: updates are trees like the parameters.
type Any = any;

const transformation = new Kind<GradientTransformation>(
  "a gradient transformation of optax, { init, update }",
  (x) => typeof (x as Partial<GradientTransformation> | null)?.update === "function",
  true,
);
const read = signature("flax.nnx.Optimizer", {
  model: tree,
  tx: transformation,
  "*": null,
  wrt: filter,
  graph: only(null),
});
const readBoth = signature("flax.nnx.ModelAndOptimizer", {
  model: tree,
  tx: transformation,
  "*": null,
  wrt: filter.or(Param),
});
const readers = {
  update: signature("flax.nnx.Optimizer.update", { model: tree, grads: tree, "/": null, "**kwargs": null }),
  updateBoth: signature("flax.nnx.ModelAndOptimizer.update", { grads: tree, "/": null, "**kwargs": null }),
};

/** One step: updates of the gradients go into the model's variables. Gives the updates. */
function step(self: Optimizer, model: unknown, grads: unknown, kwargs: object): Any {
  if (!(grads instanceof State))
    throw new ArgumentError({
      op: "Optimizer.update",
      argument: "grads",
      expected: "the State that nnx.grad gives",
      given: show(grads),
    });
  const params = state(model, self.wrt);
  const more = Object.keys(kwargs).length > 0 ? [kwargs] : [];
  const [updates, next] = self.tx.update(state(grads, self.wrt), self.opt_state.value, params, ...(more as []));
  updateNode(model, apply_updates(params, updates) as object);
  self.opt_state.value = next;
  self.step.value = increment(self.step.value);
  return updates;
}

/**
 * nnx.Optimizer: `new nnx.Optimizer(model, optax.adam(1e-3), { wrt: nnx.Param })`, then `optimizer.update(model, grads)` with the
 * gradients that nnx.grad gives.
 */
export class Optimizer extends Pytree {
  declare readonly step: OptState<number>;
  declare readonly tx: GradientTransformation;
  /** The transformation's state, whole. */
  declare readonly opt_state: OptState;
  declare readonly wrt: Filter;

  constructor(model: Module, tx: GradientTransformation, options: Keywords<{ wrt: Filter }>) {
    super();
    const given = read([model, tx, options]);
    begin(this, given.model, given.tx, given.wrt);
  }

  /** Changes the model's variables by their gradients. Further keywords go to the transformation. */
  update(...args: [model: Module, grads: State, more?: object] | [grads: State, more?: object]): Any {
    const { model, grads, kwargs } = readers.update(args);
    return step(this, model, grads, kwargs as object);
  }
}

function begin(self: Any, model: unknown, tx: GradientTransformation, wrt: Filter): void {
  self.step = new OptState(0);
  self.tx = tx;
  self.opt_state = new OptState(tx.init(state(model, wrt)));
  self.wrt = wrt;
}

/** nnx.ModelAndOptimizer: an optimizer that holds its model; `update(grads)`. */
export class ModelAndOptimizer extends Optimizer {
  declare readonly model: Module;

  constructor(model: Module, tx: GradientTransformation, options: Keywords<{ wrt: Filter }> = {}) {
    const given = readBoth([model, tx, options]);
    super(given.model as Module, given.tx, { wrt: given.wrt });
    (this as Any).model = given.model;
  }

  override update(...args: [grads: State, more?: object]): Any {
    const { grads, kwargs } = readers.updateBoth(args);
    return step(this, this.model, grads, kwargs as object);
  }
}
