import {
  ArgumentError,
  type LbfgsSettings as CoreSettings,
  Lbfgs,
  UnsupportedError,
  withRecording,
} from "@facet/autograd";
import { type Args, func, int, type Keywords, number, oneOf, required, show, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { Tensor } from "../tensor.js";
import { gradientOf } from "./fused.js";
import { isAmount, Optimizer, type ParamGroup, type Params, requireSetting } from "./optimizer.js";

export interface LBFGSSettings {
  lr: number;
  max_iter: number;
  /** null for 1.25 max_iter. */
  max_eval: number | null;
  tolerance_grad: number;
  tolerance_change: number;
  history_size: number;
  line_search_fn: "strong_wolfe" | null;
}

const settings = {
  lr: number.or(1),
  max_iter: int.or(20),
  max_eval: int.or(null),
  tolerance_grad: number.or(1e-7),
  tolerance_change: number.or(1e-9),
  history_size: int.or(100),
  line_search_fn: oneOf("strong_wolfe").or(null),
} as const;
const read = signature("torch.optim.LBFGS", { params: required, ...settings });
const readKinds = signature("torch.optim.LBFGS.param_groups", settings);
const readStep = signature("torch.optim.LBFGS.step", { closure: func });

/** What updates each group. Kept outside the objects, as groups come while the base's constructor runs. */
const engines = new WeakMap<object, Lbfgs>();

/**
 * L-BFGS: lr 1, at most max_iter (20) iterations a step, history_size (100) pairs. `await optimizer.step(closure)`: a step evaluates
 * the closure several times and reads its loss, so it is a promise and cannot be compiled.
 */
export class LBFGS extends Optimizer<LBFGSSettings> {
  constructor(
    ...args: [
      params: Params<LBFGSSettings>,
      ...Args<
        [
          lr: number,
          max_iter: number,
          max_eval: number | null,
          tolerance_grad: number,
          tolerance_change: number,
          history_size: number,
          line_search_fn: "strong_wolfe" | null,
        ],
        LBFGSSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    const max_eval = (defaults.max_eval as number | null) ?? Math.floor((5 * (defaults.max_iter as number)) / 4);
    super(params as Params<LBFGSSettings>, { ...(defaults as unknown as LBFGSSettings), max_eval });
  }

  protected override checkKinds(given: Partial<LBFGSSettings>): void {
    readKinds([given]);
  }

  protected override check({ lr, max_iter, max_eval, history_size }: LBFGSSettings): void {
    requireSetting("LBFGS", "lr", isAmount(lr), "learning rate", lr);
    for (const [name, value] of Object.entries({ max_iter, max_eval: max_eval ?? 1, history_size }))
      requireSetting("LBFGS", name, value >= 1, name, value, "1 or more");
  }

  protected override taken(group: ParamGroup<LBFGSSettings>): void {
    if (this.param_groups.length > 0)
      complain(ArgumentError, "LBFGS doesn't support per-parameter options (parameter groups)", {
        op: "LBFGS",
        argument: "params",
        expected: "one group",
        given: "several",
      });
    engines.set(
      group,
      new Lbfgs(
        group.params.map(({ core }) => core),
        toCore(group),
      ),
    );
  }

  /** One step; a promise of what the closure gave first. The closure clears gradients, computes the loss and its gradients, returns it. */
  // biome-ignore lint/suspicious/noExplicitAny: a step of the base class gives what the closure does, not a promise.
  override step(...args: [closure?: (() => Tensor) | Keywords<{ closure: () => Tensor }>]): any {
    const { closure } = readStep(args);
    const group = this.param_groups[0] as ParamGroup<LBFGSSettings>;
    const engine = engines.get(group) as Lbfgs;
    this.check(group);
    engine.settings = toCore(group);
    let first: Tensor | undefined;
    const evaluate = () => {
      const loss: unknown = withRecording(true, closure);
      if (!(loss instanceof Tensor)) {
        const expected = "a function that returns the loss, a tensor";
        throw new ArgumentError({ op: "LBFGS.step", argument: "closure", expected, given: show(loss) });
      }
      first ??= loss;
      return { loss: loss.core, gradients: group.params.map(gradientOf) };
    };
    return engine.step(evaluate).then(() => first);
  }

  /** Counts of iterations and evaluations, under the first parameter; the history of gradients stays inside. */
  override get state(): Map<Tensor, Record<string, unknown>> {
    const group = this.param_groups[0] as ParamGroup<LBFGSSettings>;
    const { iterations, evaluations } = engines.get(group) as Lbfgs;
    const counts = { func_evals: evaluations, n_iter: iterations };
    return new Map(evaluations === 0 ? [] : [[group.params[0] as Tensor, counts]]);
  }

  protected override stateOf(): never {
    return refuseState("state_dict");
  }
  protected override checkState(): void {
    refuseState("load_state_dict");
  }
}

const refuseState = (argument: string): never => {
  const expected = "nothing: the history of gradients and steps cannot be saved; save the parameters";
  throw new UnsupportedError({ op: "LBFGS", argument, expected, given: "a call" });
};

const toCore = (group: LBFGSSettings): CoreSettings => ({
  lr: group.lr,
  maxIter: group.max_iter,
  maxEval: group.max_eval ?? Math.floor((5 * group.max_iter) / 4),
  toleranceGrad: group.tolerance_grad,
  toleranceChange: group.tolerance_change,
  historySize: group.history_size,
  lineSearch: group.line_search_fn ?? "none",
});
