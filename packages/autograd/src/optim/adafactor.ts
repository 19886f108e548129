import { ArgumentError, type DecayMode, optimizerParams, type SgdSettings, sgd } from "@facet/kernels-wgsl";
import { everyRunsParams, hostValue, outsideCapture } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import { fillWith, hostScalar, zeros } from "../ops/create.js";
import { div, greater, maximum, minimum, mul, sub, where } from "../ops/elementwise.js";
import { sqrt } from "../ops/elementwise_unary.js";
import { reshape, sliceAlong } from "../ops/shape.js";
import { scope, unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import { fromData, type Tensor } from "../tensor.js";
import { type DecayOptions, decayKinds, UNDECAYED } from "./decay.js";
import { type FactoredEps, factoredShapes, factoredStep, lastAxes, type SecondMoment } from "./factored.js";
import { flatView } from "./flat.js";
import { FusedOptimizer, type Part } from "./fused.js";
import type { GradientSettings } from "./gradient_factors.js";
import { optimizerUpdate } from "./update.js";

export interface AdafactorSettings {
  /** The largest rate; that of a step is min(lr, 1 / sqrt(step)) max(eps2, the root of the mean square of the parameter). */
  lr: number;
  /** Gradients weigh step^beta2Decay in the second moment; 0 or less. Default -0.8. */
  beta2Decay?: number;
  /** Default 2^-23, float32's own; Keras has 1e-30. */
  eps1?: number;
  /** Default `clamped`. */
  epsMode?: FactoredEps;
  /** Default 1e-3. */
  eps2?: number;
  /** The root of the mean square of an update is at most this. Default 1. */
  clipThreshold?: number;
  /** Default 0. */
  weightDecay?: number;
  /** `decoupled` (torch) goes by the size of the parameter before its decay, `keras` by that after. Default `decoupled`. */
  decayMode?: Exclude<DecayMode, "l2">;
  /** Goes up the gradient. Default false. */
  maximize?: boolean;
  /** Elements of gradients are cut to [-clipValue, clipValue]. Default: they are not. */
  clipValue?: number;
}

const UPDATE = "update";
type Settings = () => AdafactorSettings & { step?: number };

/**
 * Adafactor: of arrays of two and more dimensions the second moment is kept as the means over either of the last two, of others as
 * it is. No first moment.
 */
export class Adafactor extends FusedOptimizer {
  settings: AdafactorSettings;
  readonly #kinds: readonly number[];
  readonly #moments: readonly SecondMoment[];

  /** Throws ArgumentError on settings out of their range. */
  constructor(parameters: readonly Tensor[], settings: AdafactorSettings, { decays }: DecayOptions = {}) {
    const kinds = decayKinds("adafactor", parameters, decays);
    super("adafactor", parameters, kinds);
    checkAdafactor(settings);
    this.settings = settings;
    this.#kinds = kinds;
    this.#moments = parameters.map(({ shape }) => {
      const shapes = Object.entries(factoredShapes(shape, lastAxes(shape)));
      const made = shapes.map(([name, own]) => [name, outsideCapture(() => unscoped(() => zeros(own)))] as const);
      return Object.fromEntries(made) as unknown as SecondMoment;
    });
  }

  /** `row` and `column` of each array of two and more dimensions, `variance` of the others. The caller owns the handles. */
  override state(): Record<string, Tensor[]> {
    const state: Record<string, Tensor[]> = { row: [], column: [], variance: [] };
    for (const [i, moment] of this.#moments.entries())
      for (const [name, tensor] of Object.entries(moment)) (state[name] as Tensor[])[i] = tensor.alias();
    return state;
  }

  override loadState(state: Readonly<Record<string, readonly Tensor[]>>, steps: readonly number[]): void {
    super.loadState({}, steps);
    for (const [name, tensors] of Object.entries(state))
      for (const [i, tensor] of tensors.entries()) {
        const own = (this.#moments[i] as unknown as Record<string, Tensor | undefined>)[name];
        if (own && tensor) copyTensor(tensor, own);
      }
  }

  /** One update; see `FlatOptimizer.step`. */
  step(
    gradients: readonly (Tensor | undefined)[],
    changes: () => Partial<AdafactorSettings & { step: number }> = () => ({}),
    gradientSettings?: () => GradientSettings,
  ): void {
    const settings = () => ({ ...this.settings, ...changes() });
    everyRunsParams(() => checkAdafactor(settings()));
    this.apply(gradients, (part) => this.#scale(part, settings), {
      ...(gradientSettings && { settings: gradientSettings }),
      finish: (flat, each, bad) => {
        each((part) => {
          const scale = this.#rates(part, flat, settings, bad);
          const moves = (): SgdSettings & { step: number } => {
            const { lr, weightDecay = 0, decayMode = "decoupled" } = settings();
            return { lr: 1, weightDecay: part.kind === UNDECAYED ? 0 : lr * weightDecay, decayMode, step: 1 };
          };
          const factors = { scale, segments: this.segments, start: part.start };
          optimizerUpdate(sgd, part.p, part.state(UPDATE), {}, moves, factors);
          scale.dispose();
        });
      },
    });
  }

  /** Writes gradients over the roots of second moments. */
  #scale({ g, state, members, step, factors }: Part, settings: Settings): void {
    const all = state(UPDATE);
    fillWith(all, 0);
    const up = (): SgdSettings & { step: number } => {
      const { maximize = false, clipValue } = settings();
      return { lr: 1, maximize: !maximize, step: 1, ...(clipValue !== undefined && { clipValue }) };
    };
    optimizerUpdate(sgd, all, g, {}, up, factors);
    const mode = hostValue(() => settings().epsMode ?? "clamped");
    for (const i of members)
      noGrad(() =>
        scope(() => {
          const update = flatView(this.flatState(UPDATE), this.layout, i);
          const weight = this.#byStep(step, settings, factors).weight;
          const eps = hostScalar(() => settings().eps1 ?? 2 ** -23);
          const moment = this.#moments[i] as SecondMoment;
          const made = factoredStep(update, moment, lastAxes(update.shape), weight, eps, mode);
          copyTensor(made.update, update);
          for (const [name, next] of Object.entries(made.next) as [string, Tensor][]) {
            const old = (moment as unknown as Record<string, Tensor>)[name] as Tensor;
            copyTensor(factors?.bad ? where(greater(factors.bad, 0), old, next) : next, old);
          }
        }),
      );
  }

  /** Numbers of this step: what gradients weigh, and the bound of the rate. */
  #byStep(step: () => number, settings: Settings, factors: Part["factors"]): { weight: Tensor; bound: Tensor } {
    const now = (): number => settings().step ?? step();
    const numbers = (at: number): number[] => [at ** (settings().beta2Decay ?? -0.8), 1 / Math.sqrt(at)];
    if (!factors?.late) {
      const [weight, bound] = [0, 1].map((k) => hostScalar(() => numbers(now())[k] as number));
      return { weight: weight as Tensor, bound: bound as Tensor };
    }
    const { late } = factors;
    const found = late.tables.at(() => `adafactor ${settings().beta2Decay}`, now, numbers, late);
    const [weight, bound] = [0, 1].map((k) => reshape(sliceAlong(found, 0, k, k + 1), []));
    return { weight: weight as Tensor, bound: bound as Tensor };
  }

  /** What updates are multiplied by, [parameters]; below 0 where the step is left out. */
  #rates({ step, factors }: Part, flat: Tensor, settings: Settings, bad: Tensor | undefined): Tensor {
    const number = (value: (now: AdafactorSettings) => number): Tensor => hostScalar(() => value(settings()));
    const isKeras = hostValue(() => settings().decayMode === "keras");
    return noGrad(() =>
      scope(() => {
        const { sizes } = this.layout;
        const count = fromData(
          sizes.map((size) => Math.max(1, size)),
          [sizes.length],
        );
        const root = (x: Tensor): Tensor => sqrt(div(this.segments.sums(x, "square"), count));
        const decays = fromData(
          this.#kinds.map((kind) => (isKeras && kind !== UNDECAYED ? 1 : 0)),
          [sizes.length],
        );
        const kept = sub(
          1,
          mul(
            decays,
            number(({ lr, weightDecay = 0 }) => lr * weightDecay),
          ),
        );
        const size = maximum(
          mul(root(flat), kept),
          number(({ eps2 = 1e-3 }) => eps2),
        );
        const rate = minimum(
          number(({ lr }) => lr),
          this.#byStep(step, settings, factors).bound,
        );
        const excess = div(
          root(this.flatState(UPDATE)),
          number(({ clipThreshold = 1 }) => clipThreshold),
        );
        const scale = div(mul(size, rate), maximum(excess, 1));
        return bad ? where(greater(bad, 0), -1, scale) : scale;
      }),
    );
  }

  override dispose(): void {
    for (const moment of this.#moments) for (const tensor of Object.values(moment)) tensor.dispose();
    super.dispose();
  }
}

function checkAdafactor(settings: AdafactorSettings): void {
  const { lr, weightDecay = 0, clipValue, beta2Decay = -0.8, eps1 = 0, eps2 = 0, clipThreshold = 1 } = settings;
  optimizerParams(sgd, { lr, weightDecay, ...(clipValue !== undefined && { clipValue }) }, { step: 1, count: 1 });
  const require = (argument: string, ok: boolean, expected: string, given: number): void => {
    if (!ok) throw new ArgumentError({ op: "adafactor", argument, expected, given: `${given}` });
  };
  require("beta2Decay", beta2Decay <= 0 && Number.isFinite(beta2Decay), "0 or less", beta2Decay);
  require("eps1", eps1 >= 0 && Number.isFinite(eps1), "a finite number of 0 or more", eps1);
  require("eps2", eps2 >= 0 && Number.isFinite(eps2), "a finite number of 0 or more", eps2);
  require("clipThreshold", clipThreshold > 0, "above 0", clipThreshold);
}
