// jax.example_libraries.optimizers: triples [init_fun, update_fun, get_params] over an opaque, immutable state.
import "../start.js";
import * as core from "@facet/autograd";
import { ArgumentError, type HoldsTensors, scope, type Tensor, tensorsOf } from "@facet/autograd";
import { bool, define, instance, isKeywords, listOf, number, show, signature } from "@facet/dialect";
import { arrayLike, type Given, tree as treeKind } from "../arguments.js";
import { type ArrayLike, inexact, type JaxArray, run } from "../array.js";
import { scalar, scalarOrSchedule, valueAt } from "../optax/schedules.js";
import { derived, hostNumber } from "../traced_number.js";
import { FlatTree } from "../tree/flat_tree.js";
import { norm } from "../tree/norm.js";
import { map, register } from "../tree/pytree.js";
import { treeScope } from "../tree/scope.js";

/** A step size, or a function of the step's index. */
export type Schedule = (i: number) => number;

/** Parameters and what the optimiser knows of each, by name. Old states stay valid when newer ones are made. */
export class OptimizerState implements HoldsTensors {
  readonly slots: Readonly<Record<string, FlatTree>>;

  constructor(slots: Readonly<Record<string, FlatTree>>) {
    if (!(isKeywords(slots) && Object.values(slots).every((slot) => slot instanceof FlatTree)))
      throw new ArgumentError({
        op: "OptimizerState",
        argument: "slots",
        expected: "to be made by opt_init or opt_update",
        given: show(slots),
      });
    this.slots = slots;
  }

  *[tensorsOf](): Generator<Tensor> {
    for (const slot of Object.values(this.slots)) yield* slot[tensorsOf]();
  }
}

register(
  OptimizerState,
  ({ slots }) => [Object.values(slots), Object.keys(slots)] as const,
  (names, trees) => new OptimizerState(Object.fromEntries(names.map((name, i) => [name, trees[i] as FlatTree]))),
);

// biome-ignore lint/suspicious/noExplicitAny: parameters are whatever tree the caller has.
export type Optimizer<P = any> = readonly [
  opt_init: (x0_tree: P) => OptimizerState,
  opt_update: (i: number, grad_tree: P, opt_state: OptimizerState) => OptimizerState,
  get_params: (opt_state: OptimizerState) => P,
];

const NAME = "jax.example_libraries.optimizers";
const state = instance(() => OptimizerState, "a state made by opt_init or opt_update");
const readInit = signature(`${NAME}.Optimizer.init_fn`, { x0_tree: treeKind });
const readUpdate = signature(`${NAME}.Optimizer.update_fn`, { i: scalar, grad_tree: treeKind, opt_state: state });
const readParams = signature(`${NAME}.Optimizer.params_fn`, { opt_state: state });

/** The triple of an optimiser whose step updates flat tensors in place; it is given copies, so that states are immutable. */
function optimizer(
  fn: string,
  names: readonly string[],
  update: (i: () => number, g: Tensor, slots: Record<string, Tensor>) => void,
): Optimizer {
  return [
    (...args) =>
      scope(() => {
        const x = FlatTree.from(readInit(args).x0_tree, fn);
        return new OptimizerState({ x, ...Object.fromEntries(names.map((name) => [name, x.zeros()])) });
      }),
    (...args) =>
      scope(() => {
        const { i, grad_tree, opt_state } = readUpdate(args);
        if (!["x", ...names].every((name) => Object.hasOwn(opt_state.slots, name)))
          throw new ArgumentError({
            op: fn,
            argument: "opt_state",
            expected: "a state made by this optimiser",
            given: `one of ${Object.keys(opt_state.slots).join(", ")}`,
          });
        const index = (): number => {
          const now = hostNumber(i);
          if (Number.isInteger(now) && now >= 0) return now;
          const expected = "the index of the step, from 0";
          throw new ArgumentError({ op: fn, argument: "i", expected, given: show(now) });
        };
        index();
        const g = (opt_state.slots.x as FlatTree).like(grad_tree, fn, "grad_tree");
        const slots = Object.fromEntries(Object.entries(opt_state.slots).map(([name, slot]) => [name, slot.copy()]));
        update(index, g.flat, Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, slot.flat])));
        return new OptimizerState(slots);
      }),
    (...args) => (readParams(args).opt_state.slots.x as FlatTree).tree(),
  ];
}

type StepSize = number | Schedule;
const step_size = scalarOrSchedule;

/** The step size at an index. */
const rateOf = (fn: string, size: StepSize, i: () => number): number => valueAt(fn, "step_size", size, i());

/** x - step_size(i) g. */
export const sgd: (...args: Given<[step_size: StepSize], [], { step_size: StepSize }>) => Optimizer = define(
  `${NAME}.sgd`,
  { step_size },
  ({ step_size }) =>
    optimizer("sgd", [], (i, g, { x }) =>
      core.optimizerUpdate(core.sgd, x as Tensor, g, {}, () => ({ lr: rateOf("sgd", step_size, i), step: i() + 1 })),
    ),
);

type Momentum = (
  ...args: Given<[step_size: StepSize, mass: number], [], { step_size: StepSize; mass: number }>
) => Optimizer;
const withVelocity = (fn: string, nesterov: boolean): Momentum =>
  define(`${NAME}.${fn}`, { step_size, mass: number }, ({ step_size, mass }) =>
    optimizer(fn, ["velocity"], (i, g, { x, velocity }) =>
      core.optimizerUpdate(core.sgd, x as Tensor, g, { velocity }, () => ({
        lr: rateOf(fn, step_size, i),
        step: i() + 1,
        momentum: mass,
        nesterov,
      })),
    ),
  );

/** velocity = mass velocity + g; x - step_size(i) velocity. */
export const momentum = withVelocity("momentum", false);
/** As momentum, along mass velocity + g. */
export const nesterov = withVelocity("nesterov", true);

interface AdamNamed {
  step_size: StepSize;
  b1: number;
  b2: number;
  eps: number;
}
/**
 * Adam. Biases are corrected for i + 1 steps, i being what the caller passes to opt_update, as in the original: a caller who
 * counts epochs instead of steps gets another algorithm. One dispatch for all parameters.
 */
export const adam: (
  ...args: Given<[step_size: StepSize], [b1: number, b2: number, eps: number], AdamNamed>
) => Optimizer = define(
  `${NAME}.adam`,
  { step_size, b1: number.or(0.9), b2: number.or(0.999), eps: number.or(1e-8) },
  ({ step_size, b1, b2, eps }) =>
    optimizer("adam", ["m", "v"], (i, g, { x, m, v }) => {
      const fixed = { beta1: b1, beta2: b2, eps, epsMode: "torch" } as const;
      const settings = () => ({ ...fixed, lr: rateOf("adam", step_size, i), step: i() + 1 });
      core.optimizerUpdate(core.adam, x as Tensor, g, { m, v }, settings);
    }),
);

const readIndex = signature(`${NAME}.Schedule`, { i: scalar });
/** A schedule that reads its argument, and follows one that a jitted function was called with. */
const schedule =
  (valueAfter: (i: number) => number): Schedule =>
  (...args) =>
    derived(readIndex(args).i, valueAfter);

export const constant: (...args: Given<[step_size: number], [], { step_size: number }>) => Schedule = define(
  `${NAME}.constant`,
  { step_size: number },
  ({ step_size }) => schedule(() => step_size),
);

interface DecayNamed {
  step_size: number;
  decay_steps: number;
  decay_rate: number;
}
type DecayRequired = [step_size: number, decay_steps: number, decay_rate: number];
const decay = { step_size: number, decay_steps: number, decay_rate: number } as const;
/** step_size decay_rate^(i / decay_steps). */
export const exponential_decay: (...args: Given<DecayRequired, [], DecayNamed>) => Schedule = define(
  `${NAME}.exponential_decay`,
  decay,
  ({ step_size, decay_steps, decay_rate }) => schedule((i) => step_size * decay_rate ** (i / decay_steps)),
);

/** step_size / (1 + decay_rate i / decay_steps); with `staircase` in whole steps. */
export const inverse_time_decay: (
  ...args: Given<DecayRequired, [staircase: boolean], DecayNamed & { staircase: boolean }>
) => Schedule = define(
  `${NAME}.inverse_time_decay`,
  { ...decay, staircase: bool.or(false) },
  ({ step_size, decay_steps, decay_rate, staircase }) =>
    schedule((i) => step_size / (1 + decay_rate * (staircase ? Math.floor(i / decay_steps) : i / decay_steps))),
);

interface PolynomialNamed {
  step_size: number;
  decay_steps: number;
  final_step_size: number;
  power: number;
}
/** From step_size to final_step_size in decay_steps, as a power of what is left. */
export const polynomial_decay: (
  ...args: Given<[step_size: number, decay_steps: number, final_step_size: number], [power: number], PolynomialNamed>
) => Schedule = define(
  `${NAME}.polynomial_decay`,
  { step_size: number, decay_steps: number, final_step_size: number, power: number.or(1) },
  ({ step_size, decay_steps, final_step_size, power }) =>
    schedule(
      (i) => (1 - Math.min(i, decay_steps) / decay_steps) ** power * (step_size - final_step_size) + final_step_size,
    ),
);

type Numbers = readonly number[];
/** values[k] once k boundaries are passed. */
export const piecewise_constant: (
  ...args: Given<[boundaries: Numbers, values: Numbers], [], { boundaries: Numbers; values: Numbers }>
) => Schedule = define(
  `${NAME}.piecewise_constant`,
  { boundaries: listOf(number), values: listOf(number) },
  ({ boundaries, values }) => {
    if (boundaries.length !== values.length - 1)
      throw new ArgumentError({
        op: "piecewise_constant",
        argument: "boundaries",
        expected: `${values.length - 1} boundaries for ${values.length} values`,
        given: `${boundaries.length}`,
      });
    return schedule((i) => values[boundaries.filter((boundary) => i > boundary).length] as number);
  },
);

/** A schedule as it is, or one that always gives a number. */
export const make_schedule: (
  ...args: Given<[scalar_or_schedule: StepSize], [], { scalar_or_schedule: StepSize }>
) => Schedule = define(`${NAME}.make_schedule`, { scalar_or_schedule: scalarOrSchedule }, ({ scalar_or_schedule }) =>
  typeof scalar_or_schedule === "function" ? scalar_or_schedule : schedule(() => hostNumber(scalar_or_schedule)),
);

/** Root of the sum of the squares of all elements of a tree. */
export const l2_norm: (tree: unknown) => JaxArray = define(`${NAME}.l2_norm`, { tree: treeKind }, ({ tree }) =>
  norm("l2_norm", tree),
);

/** Gradients scaled down so that their l2_norm is at most max_norm. */
export const clip_grads: <T>(grad_tree: T, max_norm: ArrayLike) => T = define(
  `${NAME}.clip_grads`,
  { grad_tree: treeKind, max_norm: arrayLike },
  ({ grad_tree, max_norm }) =>
    treeScope("clip_grads", () => {
      const size = norm("clip_grads", grad_tree).core;
      const most = inexact("clip_grads", "max_norm", max_norm);
      const small = core.less(size, most);
      const scale = core.div(most, size);
      const cut = (g: Tensor) => core.where(small, g, core.mul(g, scale));
      return map((g: ArrayLike) => run(() => cut(inexact("clip_grads", "grad_tree", g))), grad_tree);
    }),
) as <T>(grad_tree: T, max_norm: ArrayLike) => T;
