import { ArgumentError, ema, sgd } from "@facet/kernels-wgsl";
import { everyRun, hostValue, outsideCapture, refuseInCapture, tracing } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import { isHalf } from "../dtype.js";
import { fillWith } from "../ops/create.js";
import type { Tensor } from "../tensor.js";
import { type FlatLayout, flatCopy, flatFull, flatLayout, flatRange, flatView, flatWrite, flatZeros } from "./flat.js";
import { checkGradientSettings, type Factors, type GradientSettings, gradientFactors } from "./gradient_factors.js";
import { HalfCopies } from "./half_copies.js";
import { Segments } from "./segments.js";
import { optimizerUpdate } from "./update.js";

let succeeding = false;

/** Name of the state that `average` keeps. */
const AVERAGE = "average";

/** A stretch of the flat tensors that one dispatch updates. */
export interface Part {
  readonly p: Tensor;
  readonly g: Tensor;
  readonly state: (name: string, initial?: number | "p") => Tensor;
  /** Of this run, counted from 1. */
  readonly step: () => number;
  /** First element in the flat tensors. */
  readonly start: number;
  readonly factors: Factors | undefined;
}

export interface ApplyOptions {
  /** Whether this is an update of the state. Default true. */
  readonly counts?: boolean;
  /** What is done to gradients; asked for in every run. */
  readonly settings?: () => GradientSettings;
  /** What comes after all parts were updated, for what is computed of whole parameters. */
  readonly finish?: (flat: Tensor, each: (body: (part: Part) => void) => void) => void;
}

/** Makes an optimiser that takes the place of another for good, as when parameters are added: in a captured function too. */
export function succeed<T extends FusedOptimizer>(make: () => T): T {
  succeeding = true;
  try {
    return make();
  } finally {
    succeeding = false;
  }
}

/**
 * What fused optimisers share: parameters live side by side in one buffer (their tensors are moved there), gradients are
 * packed likewise, and one dispatch updates all of them. State is as flat as the parameters. Of parameters in half precision
 * float32 masters are updated, which another dispatch rounds.
 */
export abstract class FusedOptimizer {
  readonly parameters: readonly Tensor[];
  protected readonly op: string;
  protected readonly layout: FlatLayout;
  readonly #flat: Tensor;
  readonly #gradients: Tensor;
  readonly #halves: readonly HalfCopies[];
  readonly #state = new Map<string, Tensor>();
  #segments: Segments | undefined;
  /** Calls that gave gradients. */
  #calls = 0;
  /** Updates of its state that each parameter has had; the bias corrections of one that was skipped lag behind, as in torch. */
  readonly steps: number[];

  constructor(op: string, parameters: readonly Tensor[]) {
    if (new Set(parameters).size !== parameters.length) {
      throw new ArgumentError({
        op,
        argument: "params",
        expected: "each parameter once",
        given: "a parameter that appears twice",
      });
    }
    // Another one in every run of the program, it would be one and the same in every run of the plan.
    if (!succeeding) refuseInCapture(op, "an optimiser that was made before the captured function runs");
    this.op = op;
    this.parameters = parameters;
    this.layout = flatLayout(parameters, op, ["float32", "float16", "bfloat16"]);
    this.#flat = outsideCapture(() => flatZeros(this.layout, "parameter"));
    this.#gradients = outsideCapture(() => flatZeros(this.layout, "gradient"));
    this.#halves = HalfCopies.of(parameters, this.layout);
    this.steps = parameters.map(() => 0);
    this.#moveIn();
  }

  /** Takes in parameters whose memory is elsewhere: new ones, and those that something else has moved or assigned since. */
  #moveIn(): void {
    for (const halves of this.#halves) halves.moveIn(this.#flat);
    for (const [i, parameter] of this.parameters.entries()) {
      if (isHalf(parameter.dtype)) continue;
      const start = 4 * (this.layout.starts[i] as number);
      if (parameter.storage === this.#flat.storage && parameter.offset === start) continue;
      const place = flatView(this.#flat, this.layout, i);
      // A trace goes on reading the old place up to here.
      tracing()?.borrowed.push(parameter.storage.retain());
      copyTensor(parameter, place);
      place.dispose();
      everyRun(() => parameter.relocate(this.#flat.storage, start));
    }
  }

  /** A flat state tensor by name; when first asked for, it is made: full of a number, or of the parameters as they are. */
  protected flatState(name: string, initial: number | "p" = 0): Tensor {
    let state = this.#state.get(name);
    if (!state) {
      state = outsideCapture(() =>
        initial === "p" ? flatCopy(this.#flat, "optimizer") : flatFull(this.layout, initial, "optimizer"),
      );
      this.#state.set(name, state);
    }
    return state;
  }

  /** State of every parameter by name, as tensors that share the optimiser's memory: for checkpoints. The caller owns them. */
  state(): Record<string, Tensor[]> {
    return Object.fromEntries(
      [...this.#state].map(([name, flat]) => [name, this.layout.shapes.map((_, i) => flatView(flat, this.layout, i))]),
    );
  }

  /** Puts saved state back. */
  loadState(state: Readonly<Record<string, readonly Tensor[]>>, steps: readonly number[]): void {
    for (const [name, tensors] of Object.entries(state)) flatWrite(this.flatState(name), this.layout, tensors, this.op);
    for (const [i, step] of steps.entries()) this.steps[i] = step;
  }

  /**
   * Updates the parameters in place. One whose gradient is undefined is left alone, state and all.
   */
  protected apply(
    gradients: readonly (Tensor | undefined)[],
    update: (part: Part) => void,
    { counts = true, settings, finish }: ApplyOptions = {},
  ): void {
    if (gradients.length !== this.parameters.length) {
      throw new ArgumentError({
        op: this.op,
        argument: "gradients",
        expected: `${this.parameters.length} gradients`,
        given: `${gradients.length}`,
      });
    }
    this.#moveIn();
    flatWrite(this.#gradients, this.layout, gradients, this.op);
    const updated = [...gradients.keys()].filter((i) => gradients[i]);
    if (settings) everyRun(() => checkGradientSettings(this.op, settings()));
    if (settings && !this.#accumulated(updated, settings)) return;
    const given = gradients.map((gradient) => gradient !== undefined);
    const factors = settings && gradientFactors(this.#gradients, () => this.segments, given, settings);
    if (counts)
      everyRun(() => {
        for (const i of updated) this.steps[i] = (this.steps[i] as number) + 1;
      });
    const parts = hostValue(() => this.#runs(updated));
    const each = (body: (part: Part) => void): void => {
      for (const { first, start, stop } of parts) {
        const borrowed: Tensor[] = [];
        const range = (flat: Tensor): Tensor => {
          const part = flatRange(flat, start, stop);
          borrowed.push(part);
          return part;
        };
        body({
          p: range(this.#flat),
          g: range(this.#gradients),
          state: (name, initial) => range(this.flatState(name, initial)),
          step: () => this.steps[first] as number,
          start,
          factors,
        });
        for (const part of borrowed) part.dispose();
      }
    };
    each(update);
    finish?.(this.#flat, each);
    this.#round();
    factors?.scale.dispose();
  }

  /** Rounds parameters in half precision from what was updated. */
  #round(): void {
    for (const halves of this.#halves) halves.round(this.#flat);
  }

  /** What is updated of each parameter, in float32: the parameter itself, or of halves its master. The caller owns the handles. */
  masters(): Tensor[] {
    return this.layout.shapes.map((_, i) => flatView(this.#flat, this.layout, i));
  }

  /** Adds gradients up where several calls make one update. Whether this call makes one. */
  #accumulated(updated: readonly number[], settings: () => GradientSettings): boolean {
    const isLast = hostValue(() => (this.#calls + 1) % (settings().accumulate ?? 1) === 0);
    const alone = hostValue(() => (settings().accumulate ?? 1) === 1);
    everyRun(() => {
      this.#calls += 1;
    });
    if (alone) return true;
    const sum = this.flatState("accumulated");
    for (const { start, stop } of hostValue(() => this.#runs(updated))) {
      const [into, gradient] = [flatRange(sum, start, stop), flatRange(this.#gradients, start, stop)];
      optimizerUpdate(sgd, into, gradient, {}, () => ({ lr: 1, maximize: true, step: 1 }));
      into.dispose();
      gradient.dispose();
    }
    if (!isLast) return false;
    copyTensor(sum, this.#gradients);
    fillWith(sum, 0);
    return true;
  }

  /** The parameters as segments of the flat tensor. */
  protected get segments(): Segments {
    this.#segments ??= new Segments(this.layout);
    return this.#segments;
  }

  /**
   * Keeps an exponential moving average of the parameters: average += weight (p - average), which begins as the parameters are.
   * The weight is asked for in every run.
   */
  average(weight: () => number): void {
    const average = this.flatState(AVERAGE, "p");
    optimizerUpdate(ema, average, this.#flat, {}, () => ({ lr: weight(), step: 1 }));
  }

  /** Sets the parameters to their average. */
  adoptAverage(): void {
    copyTensor(this.flatState(AVERAGE, "p"), this.#flat);
    this.#round();
  }

  /** Longest stretches of neighbours among the updated parameters with the same number of steps: one, as a rule. */
  #runs(updated: readonly number[]): { first: number; start: number; stop: number }[] {
    const runs: { first: number; start: number; stop: number; last: number }[] = [];
    for (const i of updated) {
      const start = this.layout.starts[i] as number;
      const stop = this.layout.starts[i + 1] ?? this.layout.size;
      const run = runs.at(-1);
      if (run && run.last === i - 1 && this.steps[run.first] === this.steps[i]) {
        run.stop = stop;
        run.last = i;
      } else {
        runs.push({ first: i, start, stop, last: i });
      }
    }
    return runs;
  }

  /** Frees state and gradients; parameters keep their memory. */
  dispose(): void {
    this.#gradients.dispose();
    this.#flat.dispose();
    this.#segments?.dispose();
    for (const halves of this.#halves) halves.dispose();
    for (const state of this.#state.values()) state.dispose();
    this.#state.clear();
  }
}
