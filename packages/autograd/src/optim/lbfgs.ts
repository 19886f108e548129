// L-BFGS: steps by an approximate inverse Hessian that is made of the last gradients and steps.
import { ArgumentError } from "@facet/kernels-wgsl";
import { refuseInCapture } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import { add, mul, sub } from "../ops/elementwise.js";
import { abs, neg } from "../ops/elementwise_unary.js";
import { max, sum } from "../ops/reduce.js";
import { reshape, stack } from "../ops/shape.js";
import { scope, unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { flatCopy } from "./flat.js";
import { FusedOptimizer } from "./fused.js";
import { type Point, strongWolfe } from "./strong_wolfe.js";

export interface LbfgsSettings {
  /** 0 or more. Default 1. */
  lr?: number;
  /** Iterations of one step at most. Default 20. */
  maxIter?: number;
  /** Evaluations of one step at most. Default 1.25 maxIter. */
  maxEval?: number;
  /** A step ends where no gradient is larger. Default 1e-7. */
  toleranceGrad?: number;
  /** A step ends where loss and parameters change by less. Default 1e-9. */
  toleranceChange?: number;
  /** Pairs of gradients and steps that are kept. Default 100. */
  historySize?: number;
  /** Default `none`: steps of lr. */
  lineSearch?: "none" | "strong_wolfe";
}

/** What a closure gives: the loss, a scalar, and a gradient of each parameter. */
export interface Evaluation {
  readonly loss: Tensor;
  readonly gradients: readonly (Tensor | undefined)[];
}

/** A step and the change of the gradient along it. */
interface Pair {
  readonly step: Tensor;
  readonly change: Tensor;
  /** One over the product of both. */
  readonly weight: number;
}

/** Pairs whose product is no larger say nothing of curvature. */
const LEAST_CURVATURE = 1e-10;

const lasting = <R>(body: () => R): R => unscoped(() => noGrad(() => scope(body)));
const dot = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));
const largest = (x: Tensor): Tensor => max(abs(x));

/** Reads scalars that `compute` gives, all at once. */
async function numbers(compute: () => Tensor[]): Promise<number[]> {
  const made = lasting(() =>
    stack(
      compute().map((each) => reshape(each, [])),
      0,
    ),
  );
  const values = [...(await made.data())];
  made.dispose();
  return values as number[];
}

/** L-BFGS as torch has it. A step evaluates the loss several times and reads it, so it is a promise and cannot be captured. */
export class Lbfgs extends FusedOptimizer {
  settings: LbfgsSettings;
  /** Iterations of all steps. */
  iterations = 0;
  /** Evaluations of all steps. */
  evaluations = 0;
  readonly #pairs: Pair[] = [];
  #scale = 1;
  #direction: Tensor | undefined;
  #length = 0;
  #previous: Tensor | undefined;

  /** Throws ArgumentError on settings out of their range. */
  constructor(parameters: readonly Tensor[], settings: LbfgsSettings = {}) {
    super("lbfgs", parameters);
    checkLbfgs(settings);
    this.settings = settings;
  }

  /** One step: up to maxIter iterations. `evaluate` computes loss and gradients where the parameters are then. */
  async step(evaluate: () => Evaluation | Promise<Evaluation>): Promise<void> {
    refuseInCapture("lbfgs", "a step outside of captured functions, as it reads the loss");
    checkLbfgs(this.settings);
    const { lr = 1, maxIter = 20, maxEval = Math.floor(1.25 * maxIter), toleranceGrad = 1e-7 } = this.settings;
    const { toleranceChange = 1e-9, lineSearch = "none" } = this.settings;
    let evaluated = 0;
    const measure = async (direction?: Tensor): Promise<Point & { top: number }> => {
      const { loss, gradients } = await evaluate();
      const gradient = lasting(() => flatCopy(this.gradientsTogether(gradients), "optimizer"));
      evaluated += 1;
      this.evaluations += 1;
      const [value, top, slope] = await numbers(() => [
        loss,
        largest(gradient),
        ...(direction ? [dot(gradient, direction)] : []),
      ]);
      return { value: value as number, top: top as number, slope: slope ?? 0, gradient };
    };
    let now = await measure();
    for (let i = 1; now.top > toleranceGrad && i <= maxIter; i++) {
      this.iterations += 1;
      const direction = await this.#next(now.gradient);
      const previous = now;
      const [slope, size, reach] = (await numbers(() => [
        dot(now.gradient, direction),
        sum(abs(now.gradient)),
        largest(direction),
      ])) as [number, number, number];
      this.#length = this.iterations === 1 ? Math.min(1, 1 / size) * lr : lr;
      if (slope > -toleranceChange) break;
      if (lineSearch === "strong_wolfe") {
        const start = lasting(() => flatCopy(this.together, "optimizer"));
        const at = async (length: number): Promise<Point> => {
          this.#move(start, direction, length);
          const point = await measure(direction);
          this.#move(start, direction, 0);
          return point;
        };
        const found = await strongWolfe(at, this.#length, { ...now, slope }, reach, {
          most: maxEval - evaluated,
          toleranceChange,
        });
        this.#length = found.length;
        this.#move(start, direction, found.length);
        start.dispose();
        const [top] = await numbers(() => [largest(found.point.gradient)]);
        now = { ...found.point, top: top as number };
      } else {
        this.#move(this.together, direction, this.#length);
        if (i < maxIter) now = await measure();
      }
      if (evaluated >= maxEval || reach * Math.abs(this.#length) <= toleranceChange) break;
      if (i < maxIter && Math.abs(now.value - previous.value) < toleranceChange) break;
    }
    if (now.gradient !== this.#previous) now.gradient.dispose();
  }

  /** Parameters = start + length direction. */
  #move(start: Tensor, direction: Tensor, length: number): void {
    lasting(() => copyTensor(length === 0 ? start : add(start, mul(direction, length)), this.together));
    this.moved();
  }

  /** The direction at a gradient, which becomes the one before. */
  async #next(gradient: Tensor): Promise<Tensor> {
    const [before, along] = [this.#previous, this.#direction];
    if (before && along) await this.#learn(gradient, before, along);
    this.#previous = gradient;
    if (before !== gradient) before?.dispose();
    along?.dispose();
    this.#direction = lasting(() => {
      let q = neg(gradient);
      const shares: Tensor[] = [];
      for (const { step, change, weight } of this.#pairs.toReversed()) {
        const share = mul(dot(step, q), weight);
        shares.unshift(share);
        q = sub(q, mul(change, share));
      }
      let r = mul(q, this.#scale);
      for (const [i, { step, change, weight }] of this.#pairs.entries())
        r = add(r, mul(step, sub(shares[i] as Tensor, mul(dot(change, r), weight))));
      return r;
    });
    return this.#direction;
  }

  /** Takes in the step that was made and what it did to the gradient. */
  async #learn(gradient: Tensor, before: Tensor, direction: Tensor): Promise<void> {
    const [change, step] = lasting(() => [sub(gradient, before), mul(direction, this.#length)] as const);
    const [product, square] = (await numbers(() => [dot(change, step), dot(change, change)])) as [number, number];
    if (!(product > LEAST_CURVATURE)) {
      change.dispose();
      step.dispose();
      return;
    }
    const { historySize = 100 } = this.settings;
    while (this.#pairs.length >= Math.max(1, historySize)) {
      const old = this.#pairs.shift();
      old?.change.dispose();
      old?.step.dispose();
    }
    this.#pairs.push({ step, change, weight: 1 / product });
    this.#scale = product / square;
  }

  override dispose(): void {
    for (const { step, change } of this.#pairs) for (const each of [step, change]) each.dispose();
    this.#direction?.dispose();
    this.#previous?.dispose();
    super.dispose();
  }
}

function checkLbfgs(settings: LbfgsSettings): void {
  const { lr = 1, maxIter = 20, maxEval = 1, toleranceGrad = 0, toleranceChange = 0, historySize = 1 } = settings;
  const require = (argument: string, ok: boolean, expected: string, given: number): void => {
    if (!ok) throw new ArgumentError({ op: "lbfgs", argument, expected, given: `${given}` });
  };
  require("lr", lr >= 0 && Number.isFinite(lr), "a finite number of 0 or more", lr);
  for (const [name, value] of Object.entries({ maxIter, maxEval, historySize }))
    require(name, Number.isInteger(value) && value >= 1, "an integer of 1 or more", value);
  require("toleranceGrad", toleranceGrad >= 0, "0 or more", toleranceGrad);
  require("toleranceChange", toleranceChange >= 0, "0 or more", toleranceChange);
}
