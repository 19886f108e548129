import { isRecording } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { compile } from "./compile.js";
import type { CompiledPlan, PlanSummary } from "./compiled_plan.js";
import { groupByStorage, signatureOf } from "./inputs.js";
import { tracing } from "./trace.js";

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
  /** Inputs (by place) that the caller gives up: results may take their memory. The same ones in every run of a key. */
  donated?: ReadonlySet<number>;
  /** Called ahead of each replay with what the trace returned as `rest`: to hand over numbers. */
  before?: (rest: R) => void;
}

/** Traces kept for one signature, told apart by guards: as many as torch.compile's recompile_limit. */
const PLANS_PER_SIGNATURE = 8;

/** Plans of one function by the shapes of its inputs: traced when first met, replayed after that. */
export class Captured<R> {
  readonly #options: CaptureOptions;
  readonly #plans = new Map<string, CompiledPlan<R>[]>();

  constructor(options: CaptureOptions = {}) {
    this.#options = options;
  }

  /** Plans made so far. */
  get plans(): PlanSummary[] {
    return [...this.#plans.values()].flat().map((plan) => plan.summary);
  }

  /**
   * Runs `body` on `inputs`: by tracing it when these shapes (and the key) are new, otherwise by replaying. Within another
   * capture, or where a gradient flows into an input, `body` simply runs.
   */
  run(
    inputs: readonly Tensor[],
    body: (inputs: Tensor[]) => CaptureResult<R>,
    { key = "", donated = new Set(), before }: RunOptions<R> = {},
  ): CaptureResult<R> {
    if (tracing() || (isRecording() && inputs.some(({ node }) => node))) return body([...inputs]);
    const groups = groupByStorage(inputs);
    const signature = `${key}|${signatureOf(inputs, groups)}`;
    const list = this.#wholePlans(signature);
    const known = list.find((plan) => plan.holds());
    if (known) {
      before?.(known.rest);
      known.doHostWork();
      return known.replay(groups);
    }
    const plan = compile(inputs, groups, body, donated, this.#options);
    if (list.length >= PLANS_PER_SIGNATURE) list.shift()?.dispose();
    list.push(plan);
    return plan.replay(groups);
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
    for (const plan of [...this.#plans.values()].flat()) plan.dispose();
    this.#plans.clear();
  }
}
