// jax.example_libraries.optimizers: triples [init_fun, update_fun, get_params] over an opaque, immutable state.
import * as core from "@facet/autograd";
import { ArgumentError, type HoldsTensors, scope, type Tensor, tensorsOf } from "@facet/autograd";
import { inexact, JaxArray, run } from "../array.js";
import { FlatTree } from "../flat_tree.js";
import { describe } from "../options.js";
import { hostNumber } from "../traced_number.js";
import { register_pytree_node, tree_leaves, tree_map } from "../tree_util.js";

/** A step size, or a function of the step's index. */
export type Schedule = (i: number) => number;

/** Parameters and what the optimiser knows of each, by name. Old states stay valid when newer ones are made. */
export class OptimizerState implements HoldsTensors {
  readonly slots: Readonly<Record<string, FlatTree>>;

  constructor(slots: Readonly<Record<string, FlatTree>>) {
    this.slots = slots;
  }

  *[tensorsOf](): Generator<Tensor> {
    for (const slot of Object.values(this.slots)) yield* slot[tensorsOf]();
  }
}

register_pytree_node(
  OptimizerState,
  ({ slots }) => [Object.values(slots), Object.keys(slots)] as const,
  (names, trees) => new OptimizerState(Object.fromEntries(names.map((name, i) => [name, trees[i] as FlatTree]))),
);

// biome-ignore lint/suspicious/noExplicitAny: parameters are whatever tree the caller has.
export type Optimizer<P = any> = readonly [
  opt_init: (params: P) => OptimizerState,
  opt_update: (i: number, grads: P, opt_state: OptimizerState) => OptimizerState,
  get_params: (opt_state: OptimizerState) => P,
];

/** The triple of an optimiser whose step updates flat tensors in place; it is given copies, so that states are immutable. */
function optimizer(
  fn: string,
  names: readonly string[],
  update: (i: () => number, g: Tensor, slots: Record<string, Tensor>) => void,
): Optimizer {
  return [
    (params) =>
      scope(() => {
        const x = FlatTree.from(params, fn);
        return new OptimizerState({ x, ...Object.fromEntries(names.map((name) => [name, x.zeros()])) });
      }),
    (i, grads, opt_state) =>
      scope(() => {
        if (!(opt_state instanceof OptimizerState))
          throw new ArgumentError({
            op: fn,
            argument: "opt_state",
            expected: "a state made by opt_init or opt_update",
            given: describe(opt_state),
          });
        const index = (): number => {
          const now = hostNumber(i);
          if (Number.isInteger(now) && now >= 0) return now;
          const expected = "the index of the step, from 0";
          throw new ArgumentError({ op: fn, argument: "i", expected, given: describe(i) });
        };
        index();
        const g = (opt_state.slots.x as FlatTree).like(grads, fn, "grads");
        const slots = Object.fromEntries(Object.entries(opt_state.slots).map(([name, slot]) => [name, slot.copy()]));
        update(index, g.flat, Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, slot.flat])));
        return new OptimizerState(slots);
      }),
    (opt_state) => (opt_state.slots.x as FlatTree).tree(),
  ];
}

/** x - step_size(i) g. */
export function sgd(step_size: number | Schedule): Optimizer {
  const schedule = make_schedule(step_size);
  return optimizer("sgd", [], (i, g, { x }) =>
    core.sgdUpdate(x as Tensor, g, undefined, () => ({ lr: schedule(i()), step: i() + 1 })),
  );
}

/** velocity = mass velocity + g; x - step_size(i) velocity. */
export function momentum(step_size: number | Schedule, mass: number): Optimizer {
  return withVelocity("momentum", step_size, mass, false);
}

/** As momentum, along mass velocity + g. */
export function nesterov(step_size: number | Schedule, mass: number): Optimizer {
  return withVelocity("nesterov", step_size, mass, true);
}

function withVelocity(fn: string, step_size: number | Schedule, mass: number, nesterov: boolean): Optimizer {
  const schedule = make_schedule(step_size);
  return optimizer(fn, ["velocity"], (i, g, { x, velocity }) =>
    core.sgdUpdate(x as Tensor, g, velocity, () => ({ lr: schedule(i()), step: i() + 1, momentum: mass, nesterov })),
  );
}

/**
 * Adam. Biases are corrected for i + 1 steps, i being what the caller passes to opt_update, as in the original: a caller who
 * counts epochs instead of steps gets another algorithm. One dispatch for all parameters.
 */
export function adam(step_size: number | Schedule, b1 = 0.9, b2 = 0.999, eps = 1e-8): Optimizer {
  const schedule = make_schedule(step_size);
  return optimizer("adam", ["m", "v"], (i, g, { x, m, v }) => {
    const fixed = { beta1: b1, beta2: b2, eps, epsMode: "torch" } as const;
    const settings = () => ({ ...fixed, lr: schedule(i()), step: i() + 1 });
    core.adamUpdate(x as Tensor, g, m as Tensor, v as Tensor, undefined, settings);
  });
}

export const constant =
  (step_size: number): Schedule =>
  () =>
    step_size;

/** step_size decay_rate^(i / decay_steps). */
export const exponential_decay =
  (step_size: number, decay_steps: number, decay_rate: number): Schedule =>
  (i) =>
    step_size * decay_rate ** (i / decay_steps);

/** step_size / (1 + decay_rate i / decay_steps); with `staircase` in whole steps. */
export const inverse_time_decay =
  (step_size: number, decay_steps: number, decay_rate: number, staircase = false): Schedule =>
  (i) =>
    step_size / (1 + decay_rate * (staircase ? Math.floor(i / decay_steps) : i / decay_steps));

/** From step_size to final_step_size in decay_steps, as a power of what is left. */
export const polynomial_decay =
  (step_size: number, decay_steps: number, final_step_size: number, power = 1): Schedule =>
  (i) =>
    (1 - Math.min(i, decay_steps) / decay_steps) ** power * (step_size - final_step_size) + final_step_size;

/** values[k] once k boundaries are passed. */
export function piecewise_constant(boundaries: readonly number[], values: readonly number[]): Schedule {
  if (boundaries.length !== values.length - 1)
    throw new ArgumentError({
      op: "piecewise_constant",
      argument: "boundaries",
      expected: `${values.length - 1} boundaries for ${values.length} values`,
      given: `${boundaries.length}`,
    });
  return (i) => values[boundaries.filter((boundary) => i > boundary).length] as number;
}

export function make_schedule(scalar_or_schedule: number | Schedule): Schedule {
  if (typeof scalar_or_schedule === "function") return scalar_or_schedule;
  if (typeof scalar_or_schedule === "number") return constant(scalar_or_schedule);
  throw new ArgumentError({
    op: "make_schedule",
    argument: "scalar_or_schedule",
    expected: "a number or a function",
    given: describe(scalar_or_schedule),
  });
}

/** Root of the sum of the squares of all elements of a tree. */
export function l2_norm(tree: unknown): JaxArray {
  return run(() =>
    core.sqrt(
      tree_leaves<JaxArray>(tree)
        .map((leaf, i) => core.sum(core.square(inexact("l2_norm", `leaf ${i}`, leaf))))
        .reduce((total, part) => core.add(total, part), core.zeros([])),
    ),
  );
}

/** Gradients scaled down so that their l2_norm is at most max_norm. */
export function clip_grads<T>(grad_tree: T, max_norm: number): T {
  return scope(() => {
    const norm = l2_norm(grad_tree).core;
    const small = core.less(norm, max_norm);
    const scale = core.div(max_norm, norm);
    return tree_map((g: JaxArray) => new JaxArray(core.where(small, g.core, core.mul(g.core, scale))), grad_tree);
  });
}
