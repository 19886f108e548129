// LAMB and LARS: steps scaled by the norm of each parameter over that of its step.
import { type LambSettings, lambDirection, optimizerParams, type SgdSettings, sgd } from "@facet/kernels-wgsl";
import { hostValue } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import { hostScalar } from "../ops/create.js";
import { add, div, greater, logicalAnd, mul, where } from "../ops/elementwise.js";
import { sqrt } from "../ops/elementwise_unary.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { type DecayOptions, decayKinds, UNDECAYED } from "./decay.js";
import { FusedOptimizer, type Part } from "./fused.js";
import type { GradientSettings } from "./gradient_factors.js";
import { optimizerUpdate } from "./update.js";

type Changes<S> = () => Partial<S & { step: number }>;

/** What those have in common: a direction for each parameter, and the ratio of norms that it is multiplied by. */
abstract class TrustOptimizer<S extends { lr: number }> extends FusedOptimizer {
  settings: S;

  constructor(op: string, parameters: readonly Tensor[], settings: S, { decays }: DecayOptions = {}) {
    super(op, parameters, decayKinds(op, parameters, decays));
    this.settings = settings;
  }

  /** Ratios [parameters]: coefficient |p| / (|direction| + eps), 1 where a norm is 0; below 0 where the step is left out. */
  protected ratios(flat: Tensor, coefficient: () => number, eps: () => number, bad: Tensor | undefined): Tensor {
    return noGrad(() =>
      scope(() => {
        const norm = (x: Tensor): Tensor => sqrt(this.segments.sums(x, "square"));
        const [weights, steps] = [norm(flat), norm(this.flatState(DIRECTION))];
        const ratio = div(mul(weights, hostScalar(coefficient)), add(steps, hostScalar(eps)));
        const trust = where(logicalAnd(greater(weights, 0), greater(steps, 0)), ratio, 1);
        return bad ? where(greater(bad, 0), -1, trust) : trust;
      }),
    );
  }

  /** One update from directions that `direct` writes, along a velocity or not. */
  protected follow(
    gradients: readonly (Tensor | undefined)[],
    settings: () => S & Partial<{ step: number }>,
    trust: {
      coefficient: () => number;
      eps: () => number;
      moves: (part: Part) => () => SgdSettings & { step: number };
    },
    direct: (part: Part, direction: Tensor) => void,
    gradientSettings?: () => GradientSettings,
  ): void {
    hostValue(() => settings().lr >= 0);
    this.apply(gradients, (part) => direct(part, part.state(DIRECTION)), {
      ...(gradientSettings && { settings: gradientSettings }),
      finish: (flat, each, bad) => {
        const scale = this.ratios(flat, trust.coefficient, trust.eps, bad);
        each((part) => {
          const factors = { scale, segments: this.segments, start: part.start };
          optimizerUpdate(sgd, part.p, part.state(DIRECTION), part.state, trust.moves(part), factors);
        });
        scale.dispose();
      },
    });
  }
}

const DIRECTION = "direction";

/** LAMB: Adam's direction, each parameter's scaled to the size of the parameter. */
export class Lamb extends TrustOptimizer<LambSettings> {
  constructor(parameters: readonly Tensor[], settings: LambSettings, options: DecayOptions = {}) {
    super("lamb", parameters, settings, options);
    optimizerParams(lambDirection, settings, { step: 1, count: 1 });
  }

  /** One update; see `FlatOptimizer.step`. */
  step(
    gradients: readonly (Tensor | undefined)[],
    changes: Changes<LambSettings> = () => ({}),
    gradientSettings?: () => GradientSettings,
  ): void {
    const settings = () => ({ ...this.settings, ...changes() });
    this.follow(
      gradients,
      settings,
      { coefficient: () => 1, eps: () => 0, moves: () => () => ({ lr: settings().lr, step: 1 }) },
      ({ p, g, state, step, kind, factors }, direction) => {
        const states = (name: string): Tensor => (name === "w" ? p : state(name));
        const own = () => ({ step: step(), ...settings(), ...(kind === UNDECAYED && { trustDecay: 0 }) });
        optimizerUpdate(lambDirection, direction, g, states, own, factors);
      },
      gradientSettings,
    );
  }
}

export interface LarsSettings {
  lr: number;
  /** Default 0. */
  weightDecay?: number;
  /** Default 0.001. */
  trustCoefficient?: number;
  /** Added to the norm of the step. Default 0. */
  eps?: number;
  /** Default 0.9. */
  momentum?: number;
  /** Default false. */
  nesterov?: boolean;
}

/** LARS: gradient descent with momentum, each parameter's gradient scaled to the size of the parameter; the rate is in the velocity. */
export class Lars extends TrustOptimizer<LarsSettings> {
  constructor(parameters: readonly Tensor[], settings: LarsSettings, options: DecayOptions = {}) {
    super("lars", parameters, settings, options);
    optimizerParams(sgd, larsMoves(settings), { step: 1, count: 1 });
  }

  /** One update; see `FlatOptimizer.step`. */
  step(
    gradients: readonly (Tensor | undefined)[],
    changes: Changes<LarsSettings> = () => ({}),
    gradientSettings?: () => GradientSettings,
  ): void {
    const settings = () => ({ ...this.settings, ...changes() });
    this.follow(
      gradients,
      settings,
      {
        coefficient: () => settings().trustCoefficient ?? 0.001,
        eps: () => settings().eps ?? 0,
        moves: () => () => ({ ...larsMoves(settings()), step: 1 }),
      },
      ({ p, g, kind, factors }, direction) => {
        // direction = factors g + decay p: a step of rate 1 up the gradient, from decay p.
        const decay = (): number => (kind === UNDECAYED ? 0 : (settings().weightDecay ?? 0));
        noGrad(() => scope(() => copyTensor(mul(p, hostScalar(decay)), direction)));
        const up = () => ({ lr: 1, maximize: true, step: 1 });
        optimizerUpdate(sgd, direction, g, {}, up, factors);
      },
      gradientSettings,
    );
  }
}

const larsMoves = ({ lr, momentum = 0.9, nesterov = false }: LarsSettings): SgdSettings => ({
  lr,
  momentum,
  nesterov,
  velocityMode: "keras",
});
