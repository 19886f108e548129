import { ArgumentError, ema, sgd } from "@facet/kernels-wgsl";
import { everyRun, hostValue, outsideCapture, refuseInCapture, tracing } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import { isHalf } from "../dtype.js";
import { fillWith, full } from "../ops/create.js";
import { add, cast, greater, logicalAnd } from "../ops/elementwise.js";
import { scope, unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import { fromData, type Tensor } from "../tensor.js";
import { type FlatLayout, flatCopy, flatFull, flatLayout, flatRange, flatView, flatWrite, flatZeros } from "./flat.js";
import { checkGradientSettings, type GradientSettings, gradientFactors, type PartFactors } from "./gradient_factors.js";
import { HalfCopies } from "./half_copies.js";
import { Segments } from "./segments.js";
import { StepTables } from "./step_tables.js";
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
  readonly kind: number;
  /** First element in the flat tensors. */
  readonly start: number;
  /** Numbers of its parameters. */
  readonly members: readonly number[];
  readonly factors: PartFactors | undefined;
}

export interface ApplyOptions {
  /** Whether this is an update of the state. Default true. */
  readonly counts?: boolean;
  /** What is done to gradients; asked for in every run. */
  readonly settings?: () => GradientSettings;
  /** What comes after all parts were updated, for what is computed of whole parameters. */
  readonly finish?: (flat: Tensor, each: (body: (part: Part) => void) => void, bad: Tensor | undefined) => void;
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
  readonly #kinds: readonly number[];
  readonly #tables = new StepTables();
  /** Parameters that had their gradients in the same calls under a loss scaler have a number: the same steps of them were left out. */
  #cohorts: number[];
  #skipped: Tensor | undefined;
  #segments: Segments | undefined;
  /** Calls that gave gradients. */
  #calls = 0;
  /**
   * Updates of its state that each parameter has had; the bias corrections of one that had no gradient lag behind, as in torch. Those
   * that a loss scaler left out are among them: see `skipped`.
   */
  readonly steps: number[];

  /** @param kinds Of each parameter: those of one kind are updated together, by default all. */
  constructor(op: string, parameters: readonly Tensor[], kinds: readonly number[] = parameters.map(() => 0)) {
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
    this.#kinds = kinds;
    this.layout = flatLayout(parameters, op, ["float32", "float16", "bfloat16"], kinds);
    this.#flat = outsideCapture(() => flatZeros(this.layout, "parameter"));
    this.#gradients = outsideCapture(() => flatZeros(this.layout, "gradient"));
    this.#halves = HalfCopies.of(parameters, this.layout);
    this.steps = parameters.map(() => 0);
    this.#cohorts = parameters.map(() => 0);
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
    if (this.#skipped) fillWith(this.#skipped, 0);
  }

  /** [parameters]: how many of the `steps` of each a loss scaler has left out; undefined where there was none. */
  get skipped(): Tensor | undefined {
    return this.#skipped;
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
    const bad = counts ? factors?.bad : undefined;
    if (bad) everyRun(() => this.#divide(updated));
    const skipped = bad && this.#skippedTensor();
    const parts = hostValue(() => this.#runs(updated));
    const each = (body: (part: Part) => void): void => {
      for (const { members, start, stop } of parts) {
        const first = members[0] as number;
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
          kind: this.#kinds[first] as number,
          start,
          members,
          factors: factors && { ...factors, start, ...(skipped && { late: { tables: this.#tables, skipped, first } }) },
        });
        for (const part of borrowed) part.dispose();
      }
    };
    each(update);
    finish?.(this.#flat, each, factors?.bad);
    if (bad && skipped) this.#countSkipped(bad, skipped, given);
    this.#round();
    factors?.scale.dispose();
    factors?.bad?.dispose();
  }

  #skippedTensor(): Tensor {
    this.#skipped ??= outsideCapture(() => unscoped(() => full([this.parameters.length], 0, "float32", "optimizer")));
    return this.#skipped;
  }

  #countSkipped(bad: Tensor, skipped: Tensor, given: readonly boolean[]): void {
    noGrad(() =>
      scope(() => {
        const wrong = greater(bad, 0);
        const left = given.every(Boolean)
          ? wrong
          : logicalAnd(wrong, fromData(given.map(Number), [given.length], "bool"));
        copyTensor(add(skipped, cast(left, "float32")), skipped);
      }),
    );
  }

  /** A cohort of which some are updated and some not becomes two. */
  #divide(updated: readonly number[]): void {
    const cohorts = [...this.#cohorts];
    const others = cohorts.filter((_, i) => !updated.includes(i));
    for (const cohort of new Set(others)) {
      const left = updated.filter((i) => cohorts[i] === cohort);
      const next = Math.max(...this.#cohorts) + 1;
      for (const i of left) this.#cohorts[i] = next;
    }
  }

  /** Rounds parameters in half precision from what was updated. */
  #round(): void {
    for (const halves of this.#halves) halves.round(this.#flat);
  }

  /** What is updated of each parameter, in float32: the parameter itself, or of halves its master. The caller owns the handles. */
  masters(): Tensor[] {
    return this.layout.shapes.map((_, i) => flatView(this.#flat, this.layout, i));
  }

  /** The parameters as one tensor, taken in: for optimisers that compute with all of them together, and call `moved` afterwards. */
  protected get together(): Tensor {
    this.#moveIn();
    return this.#flat;
  }

  /** Gradients as one tensor, 0 where there is none; the next call overwrites it. */
  protected gradientsTogether(gradients: readonly (Tensor | undefined)[]): Tensor {
    fillWith(this.#gradients, 0);
    flatWrite(this.#gradients, this.layout, gradients, this.op);
    return this.#gradients;
  }

  /** The parameters were written to, as one tensor. */
  protected moved(): void {
    this.#round();
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

  /** Longest stretches of neighbours among the updated parameters with the same number of steps: one of each kind, as a rule. */
  #runs(updated: readonly number[]): { members: number[]; start: number; stop: number }[] {
    const { order, starts, size } = this.layout;
    const given = new Set(updated);
    const runs: { members: number[]; start: number; stop: number }[] = [];
    for (const [place, i] of order.entries()) {
      if (!given.has(i)) continue;
      const start = starts[i] as number;
      const next = order[place + 1];
      const stop = next === undefined ? size : (starts[next] as number);
      const run = runs.at(-1);
      const first = run?.members[0] as number;
      const alike = [this.steps, this.#kinds, this.#cohorts].every((each) => each[first] === each[i]);
      if (run && run.stop === start && alike) {
        run.stop = stop;
        run.members.push(i);
      } else {
        runs.push({ members: [i], start, stop });
      }
    }
    return runs;
  }

  /** Frees state and gradients; parameters keep their memory. */
  dispose(): void {
    this.#gradients.dispose();
    this.#flat.dispose();
    this.#segments?.dispose();
    this.#tables.dispose();
    this.#skipped?.dispose();
    for (const halves of this.#halves) halves.dispose();
    for (const state of this.#state.values()) state.dispose();
    this.#state.clear();
  }
}
