// Muon: the velocity of each matrix, its singular values made alike.
import {
  type AdamSettings,
  ArgumentError,
  adam,
  type DecayMode,
  formatShape,
  type MuonAverage,
  type MuonDirectionSettings,
  muonDirection,
  optimizerParams,
  sgd,
} from "@facet/kernels-wgsl";
import { everyRunsParams, hostValue } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import { hostScalar } from "../ops/create.js";
import { add, cast, div, greater, maximum, mul, where } from "../ops/elementwise.js";
import { sqrt } from "../ops/elementwise_unary.js";
import { matmul } from "../ops/matmul.js";
import { sum } from "../ops/reduce.js";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import { fromData, type Tensor } from "../tensor.js";
import { type DecayOptions, decayKinds, UNDECAYED } from "./decay.js";
import { flatView } from "./flat.js";
import { FusedOptimizer, type Part } from "./fused.js";
import type { GradientSettings } from "./gradient_factors.js";
import { optimizerUpdate } from "./update.js";

export interface NewtonSchulzSettings {
  /** Of x, (x x') x and (x x')^2 x in each iteration. Default [3.4445, -4.775, 2.0315]. */
  coefficients?: readonly [number, number, number];
  /** Iterations. Default 5. */
  steps?: number;
  /** Default 1e-7. */
  eps?: number;
  /** `clamped` (torch) divides by the norm, at least eps; `added` (Keras, optax) by the norm plus eps. Default `clamped`. */
  epsMode?: "clamped" | "added";
  /** What each product, with what is added to it, is rounded to. Default `float32`; that of torch is `bfloat16`. */
  precision?: "float32" | "bfloat16";
}

/**
 * A matrix with its singular values brought near 1 by the Newton-Schulz iteration: x = x / |x|, then
 * x = a x + b (x x') x + c (x x')^2 x. Settings are asked for in every run. In the current scope; float32; not differentiated.
 */
export function orthogonalised(matrix: Tensor, settings: () => NewtonSchulzSettings): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  const steps = hostValue(() => settings().steps ?? 5);
  const clamped = hostValue(() => (settings().epsMode ?? "clamped") === "clamped");
  const halves = hostValue(() => settings().precision === "bfloat16");
  const rounded = (x: Tensor): Tensor => (halves ? cast(cast(x, "bfloat16"), "float32") : x);
  const factor = (i: 0 | 1 | 2): Tensor => hostScalar(() => (settings().coefficients ?? [3.4445, -4.775, 2.0315])[i]);
  return noGrad(() =>
    scope(() => {
      const [a, b, c, eps] = [factor(0), factor(1), factor(2), hostScalar(() => settings().eps ?? 1e-7)];
      const start = rounded(matrix);
      const norm = rounded(sqrt(sum(mul(start, start))));
      let x = rounded(div(start, clamped ? maximum(norm, eps) : add(norm, eps)));
      const isTall = rows > columns;
      for (let i = 0; i < steps; i++) {
        // The smaller of both products: f(x') = f(x)'.
        const gram = rounded(matmul(x, x, { transposeA: isTall, transposeB: !isTall }));
        const power = rounded(add(mul(gram, b), mul(matmul(gram, gram), c)));
        x = rounded(add(mul(x, a), isTall ? matmul(x, power) : matmul(power, x)));
      }
      return x;
    }),
  );
}

export interface MuonSettings extends NewtonSchulzSettings {
  /** 0 or more. */
  lr: number;
  /** Below 1. Default 0.95. */
  momentum?: number;
  /** Default true. */
  nesterov?: boolean;
  /** Default `torch`. */
  average?: MuonAverage;
  /** What the rate is multiplied by, of the rows and columns of a matrix. Default sqrt(max(1, rows / columns)), that of torch. */
  scale?: (rows: number, columns: number) => number;
  /** Default 0. */
  weightDecay?: number;
  /** Default `decoupled`; gradients are not decayed. */
  decayMode?: Exclude<DecayMode, "l2">;
  /** Elements of gradients are cut to [-clipValue, clipValue]. Default: they are not. */
  clipValue?: number;
  /** What is done to parameters that are not orthogonalised. Default Adam's defaults with this learning rate. */
  adam?: AdamSettings;
}

export interface MuonOptions extends DecayOptions {
  /** Which parameters are orthogonalised; the others are Adam's. Default: all, which must be matrices then. */
  readonly orthogonal?: readonly boolean[] | undefined;
}

const DIRECTION = "direction";
/** Added to the kind of parameters that are Adam's. */
const ADAM = 2;

/** Muon on matrices, Adam on what else there is. */
export class Muon extends FusedOptimizer {
  settings: MuonSettings;

  /** Throws ArgumentError on settings out of their range and on a parameter to be orthogonalised that is no matrix. */
  constructor(parameters: readonly Tensor[], settings: MuonSettings, { decays, orthogonal }: MuonOptions = {}) {
    const isOrthogonal = (i: number): boolean => orthogonal?.[i] ?? true;
    for (const [i, { shape }] of parameters.entries())
      if (isOrthogonal(i) && shape.length !== 2) {
        const expected = "matrices, but for those that are Adam's";
        throw new ArgumentError({ op: "muon", argument: `params[${i}]`, expected, given: formatShape(shape) });
      }
    const kinds = decayKinds("muon", parameters, decays).map((kind, i) => kind + (isOrthogonal(i) ? 0 : ADAM));
    super("muon", parameters, kinds);
    checkMuon(settings);
    this.settings = settings;
  }

  /** One update; see `FlatOptimizer.step`. */
  step(
    gradients: readonly (Tensor | undefined)[],
    changes: () => Partial<MuonSettings & { step: number }> = () => ({}),
    gradientSettings?: () => GradientSettings,
  ): void {
    const settings = () => ({ ...this.settings, ...changes() });
    everyRunsParams(() => checkMuon(settings()));
    this.apply(gradients, (part) => this.#direct(part, settings), {
      ...(gradientSettings && { settings: gradientSettings }),
      finish: (_, each, bad) => this.#follow(each, bad, settings),
    });
  }

  #direct({ p, g, state, step, kind, factors }: Part, settings: () => MuonSettings & { step?: number }): void {
    const decays = kind % ADAM !== UNDECAYED;
    if (kind >= ADAM) {
      const own = () => {
        const { lr, clipValue, step: given = step(), adam: others = { lr } } = settings();
        const cut = clipValue === undefined ? {} : { clipValue };
        return { ...others, ...cut, ...(!decays && { weightDecay: 0 }), step: given };
      };
      optimizerUpdate(adam, p, g, state, own, factors);
      return;
    }
    const own = (): MuonDirectionSettings & { step: number } => {
      const { step: given = step() } = settings();
      return { ...directionSettings(settings()), step: given };
    };
    optimizerUpdate(muonDirection, state(DIRECTION), g, state, own, factors);
  }

  /** Orthogonalises the directions of matrices and goes along them. */
  #follow(each: (body: (part: Part) => void) => void, bad: Tensor | undefined, settings: () => MuonSettings): void {
    const { shapes } = this.layout;
    const scales = hostValue(() => {
      const { scale = muonScale } = settings();
      return shapes.map(([rows = 1, columns = 1]) => scale(rows, columns));
    });
    const scale = noGrad(() =>
      scope(() => {
        const made = fromData(scales, [scales.length]);
        return bad ? where(greater(bad, 0), -1, made) : made;
      }),
    );
    each(({ p, state, kind, members, start }) => {
      if (kind >= ADAM) return;
      for (const i of members) {
        const direction = flatView(this.flatState(DIRECTION), this.layout, i);
        const made = orthogonalised(direction, settings);
        copyTensor(made, direction);
        made.dispose();
        direction.dispose();
      }
      const moves = () => {
        const { lr, weightDecay = 0, decayMode = "decoupled" } = settings();
        return { lr, weightDecay: kind === UNDECAYED ? 0 : weightDecay, decayMode, step: 1 };
      };
      optimizerUpdate(sgd, p, state(DIRECTION), {}, moves, { scale, segments: this.segments, start });
    });
    scale.dispose();
  }
}

/** torch's: taller matrices take larger steps. */
const muonScale = (rows: number, columns: number): number => Math.sqrt(Math.max(1, rows / columns));

const directionSettings = ({ lr, momentum, nesterov, average, clipValue }: MuonSettings): MuonDirectionSettings => ({
  lr,
  ...(momentum !== undefined && { momentum }),
  ...(nesterov !== undefined && { nesterov }),
  ...(average !== undefined && { average }),
  ...(clipValue !== undefined && { clipValue }),
});

function checkMuon(settings: MuonSettings): void {
  const { weightDecay = 0, steps = 5, eps = 1e-7 } = settings;
  optimizerParams(muonDirection, { ...directionSettings(settings), weightDecay }, { step: 1, count: 1 });
  if (!(Number.isInteger(steps) && steps >= 0 && steps < 100))
    throw new ArgumentError({ op: "muon", argument: "steps", expected: "an integer, 0 to 99", given: `${steps}` });
  if (!(eps >= 0 && Number.isFinite(eps)))
    throw new ArgumentError({ op: "muon", argument: "eps", expected: "a finite number of 0 or more", given: `${eps}` });
}
