import { isRecording } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { type CompileOptions, compile } from "./compile.js";
import type { CompiledPlan, PlanSummary } from "./compiled_plan.js";
import { groupByStorage, signatureOf } from "./inputs.js";
import { tracing } from "./trace.js";
import { type Body, type Traced, traceBody } from "./trace_body.js";

/** What the function under capture returns: tensors that become the plan's results, and anything else, kept as it is. */
export interface CaptureResult<R> {
  readonly outputs: readonly Tensor[];
  readonly rest: R;
}

export interface CaptureOptions {
  /** Stands in errors. Default "capture". */
  name?: string;
  /**
   * `fresh`: each call gives results in memory of their own. `shared`: results live in the plan's memory and hold until the
   * next call, which costs nothing. Default `fresh`.
   */
  outputs?: "fresh" | "shared";
}

export interface RunOptions<R> {
  /** Everything beside the inputs' shapes that the trace depends on. Default "". */
  key?: string;
  /** Numbers that `body` computes with. A plan is open to others from the second time that one changes. Default none. */
  numbers?: readonly number[];
  /** Inputs (by place) that the caller gives up: results may take their memory. The same ones in every run of a key. */
  donated?: ReadonlySet<number>;
  /** Called with what a trace returned as `rest`, ahead of the question whether its plan serves: to hand over numbers. */
  before?: (rest: R) => void;
}

const NONE: readonly number[] = [];
const NO_INPUTS: ReadonlySet<number> = new Set();

/** Plans that one function keeps. When there are more, the one whose last use is longest ago is freed. */
const PLANS = 32;

/** Plans of one function by the shapes of its inputs: traced when first met, replayed after that. */
export class Captured<R> {
  readonly #options: CaptureOptions;
  readonly #plans = new Map<string, CompiledPlan<R>[]>();
  #calls = 0;

  constructor(options: CaptureOptions = {}) {
    this.#options = options;
  }

  /** Plans made so far. */
  get plans(): PlanSummary[] {
    return this.#all.map((plan) => plan.summary);
  }

  get #all(): CompiledPlan<R>[] {
    return [...this.#plans.values()].flat();
  }

  /**
   * Runs `body` on `inputs`: by replaying a plan when one was made for these shapes and this key and all that its trace relied
   * on still holds, otherwise by tracing. A trace that differs from an earlier one in params alone takes over its plan. Within
   * another capture, or where a gradient flows into an input, `body` simply runs.
   */
  run(inputs: readonly Tensor[], body: Body<R>, options: RunOptions<R> = {}): CaptureResult<R> {
    if (tracing() || (isRecording() && inputs.some(({ node }) => node))) return body([...inputs]);
    const { key = "", numbers = NONE, donated = NO_INPUTS, before } = options;
    const groups = groupByStorage(inputs);
    const signature = `${isRecording()}|${key}|${signatureOf(inputs, groups)}`;
    const list = this.#wholePlans(signature);
    let plan = list.find((plan) => {
      before?.(plan.rest);
      return plan.serves(numbers);
    });
    if (plan) {
      plan.doHostWork();
    } else {
      const traced = traceBody(inputs, groups, body, this.#options);
      plan = this.#planFor(traced, signature, { ...this.#options, groups, donated, numbers });
    }
    plan.lastUse = ++this.#calls;
    return plan.replay(inputs, groups);
  }

  /** A plan of the same signature that can serve the trace, or a new one: in place of that which differs in params only. */
  #planFor(traced: Traced<R>, signature: string, options: Omit<CompileOptions, "dynamic">): CompiledPlan<R> {
    const list = this.#plans.get(signature) as CompiledPlan<R>[];
    for (const [at, known] of list.entries()) {
      const match = known.compare(traced);
      if (!match) continue;
      if (known.take(traced, match, options.numbers)) return known;
      const plan = compile(traced, { ...options, dynamic: known.wouldChange(traced, match) });
      list[at] = plan;
      known.dispose();
      return plan;
    }
    const plan = compile(traced, { ...options, dynamic: new Set() });
    list.push(plan);
    this.#evict();
    return plan;
  }

  #evict(): void {
    const all = this.#all;
    if (all.length <= PLANS) return;
    // The one just made has not been used yet.
    const oldest = all.reduce((old, plan) =>
      plan.lastUse > 0 && plan.lastUse < (old.lastUse || Infinity) ? plan : old,
    );
    oldest.dispose();
    for (const [signature, list] of this.#plans) {
      const rest = list.filter((plan) => plan !== oldest);
      if (rest.length === 0) this.#plans.delete(signature);
      else this.#plans.set(signature, rest);
    }
  }

  /** The plans of a signature; those that have lost memory or kernels are freed first. */
  #wholePlans(signature: string): CompiledPlan<R>[] {
    let list = this.#plans.get(signature);
    if (list?.every((plan) => plan.isWhole)) return list;
    for (const plan of list ?? []) if (!plan.isWhole) plan.dispose();
    list = (list ?? []).filter((plan) => plan.isWhole);
    this.#plans.set(signature, list);
    return list;
  }

  /** Frees all plans and their memory. The function can still be called: it is then traced again. */
  dispose(): void {
    for (const plan of this.#all) plan.dispose();
    this.#plans.clear();
  }
}
