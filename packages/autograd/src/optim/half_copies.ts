// Parameters in half precision: what an optimiser updates are float32 masters of them, from which they are rounded after each step.
import { everyRun, hostValue, outsideCapture, tracing } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import type { Half } from "../dtype.js";
import { full } from "../ops/create.js";
import { cast } from "../ops/elementwise.js";
import { convertHalves } from "../ops/elementwise_op.js";
import { scope, unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { type FlatLayout, flatView } from "./flat.js";

/** The parameters of one dtype of halves, side by side as their masters are, so that one dispatch rounds them all. */
export class HalfCopies {
  readonly #parameters: readonly Tensor[];
  readonly #members: readonly number[];
  readonly #layout: FlatLayout;
  readonly #flat: Tensor;
  /** Version of the memory after the last step, and what a plan that made it adds at its end: any other tells of a write. */
  #noted = { version: -1, ahead: 0 };

  private constructor(dtype: Half, parameters: readonly Tensor[], members: readonly number[], layout: FlatLayout) {
    this.#parameters = parameters;
    this.#members = members;
    this.#layout = layout;
    this.#flat = outsideCapture(() => unscoped(() => full([layout.size], 0, dtype, "parameter")));
  }

  /** One for each dtype of halves among the parameters. */
  static of(parameters: readonly Tensor[], layout: FlatLayout): HalfCopies[] {
    return (["float16", "bfloat16"] as const).flatMap((dtype) => {
      const members = [...parameters.keys()].filter((i) => (parameters[i] as Tensor).dtype === dtype);
      return members.length > 0 ? [new HalfCopies(dtype, parameters, members, layout)] : [];
    });
  }

  /** Takes in parameters whose memory is elsewhere, and into the masters what was written to any since the last step. */
  moveIn(masters: Tensor): void {
    const { storage } = this.#flat;
    const written = hostValue(() => {
      const since = storage.version - this.#noted.version;
      return since !== 0 && since !== this.#noted.ahead;
    });
    for (const i of this.#members) {
      const parameter = this.#parameters[i] as Tensor;
      const start = 2 * (this.#layout.starts[i] as number);
      const isHere = parameter.storage === storage && parameter.offset === start;
      if (isHere && !written) continue;
      noGrad(() =>
        scope(() => {
          const value = parameter.alias();
          copyTensor(cast(value, "float32"), flatView(masters, this.#layout, i));
          if (!isHere) copyTensor(value, this.#flat.alias(parameter.shape, start));
        }),
      );
      if (isHere) continue;
      // A trace goes on reading the old place up to here.
      tracing()?.borrowed.push(parameter.storage.retain());
      everyRun(() => parameter.relocate(storage, start));
    }
    this.#noteVersion();
  }

  /** Rounds all parameters from their masters. */
  round(masters: Tensor): void {
    convertHalves(masters, this.#flat);
    this.#noteVersion();
  }

  #noteVersion(): void {
    const ahead = tracing() ? 1 : 0;
    everyRun(() => {
      this.#noted = { version: this.#flat.storage.version, ahead };
    });
  }

  dispose(): void {
    this.#flat.dispose();
  }
}
