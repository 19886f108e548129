// Numbers that depend on how many steps there have been, where only the device knows that: a loss scaler has left some out.
import { hostValue, outsideCapture } from "../capture/trace.js";
import { hostScalar } from "../ops/create.js";
import { cast, sub } from "../ops/elementwise.js";
import { gather } from "../ops/gather.js";
import { reshape, sliceAlong } from "../ops/shape.js";
import { scope, unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import { fromData, type Tensor } from "../tensor.js";

/** Steps that a table has at first; it doubles with the steps. */
const LEAST = 1024;
/** Tables kept: those of other settings, as when decay rates change from step to step, are made again. */
const KEPT = 8;

/** Where an update finds its numbers. */
export interface LateSteps {
  readonly tables: StepTables;
  /** [parameters]: how many steps of each were left out. */
  readonly skipped: Tensor;
  /** The parameter whose count it is. */
  readonly first: number;
}

/** Tables of numbers by step, computed on the host in double precision and looked up on the device. */
export class StepTables {
  readonly #tables = new Map<string, Tensor>();

  /**
   * `numbers` of the step `step` less those skipped, [their count]. `step` counts from 1 and is asked for in every run; `key` says
   * what the numbers depend on besides.
   */
  at(
    key: () => string,
    step: () => number,
    numbers: (step: number) => readonly number[],
    { skipped, first }: Pick<LateSteps, "skipped" | "first">,
  ): Tensor {
    const length = (): number => Math.max(LEAST, 2 ** Math.ceil(Math.log2(step())));
    const table = this.#table(
      hostValue(() => `${length()} ${key()}`),
      length(),
      numbers,
    );
    return noGrad(() =>
      scope(() => {
        const index = cast(
          sub(
            hostScalar(() => step() - 1),
            sliceAlong(skipped, 0, first, first + 1),
          ),
          "int32",
        );
        return reshape(gather(table, index), [table.shape[1] as number]);
      }),
    );
  }

  #table(name: string, length: number, numbers: (step: number) => readonly number[]): Tensor {
    let table = this.#tables.get(name);
    if (!table) {
      const rows = Array.from({ length }, (_, i) => numbers(i + 1));
      const shape = [length, (rows[0] as readonly number[]).length];
      table = outsideCapture(() => unscoped(() => fromData(Float32Array.from(rows.flat()), shape)));
      for (const [old, least] of this.#tables) {
        if (this.#tables.size < KEPT) break;
        least.dispose();
        this.#tables.delete(old);
      }
    }
    // The last used comes last.
    this.#tables.delete(name);
    this.#tables.set(name, table);
    return table;
  }

  dispose(): void {
    for (const table of this.#tables.values()) table.dispose();
    this.#tables.clear();
  }
}
