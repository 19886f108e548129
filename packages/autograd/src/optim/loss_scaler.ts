import { ArgumentError } from "@facet/kernels-wgsl";
import { outsideCapture } from "../capture/trace.js";
import { copyTensor } from "../define_op.js";
import { full } from "../ops/create.js";
import { add, equal, greater, logicalAnd, mul, where } from "../ops/elementwise.js";
import { logicalNot } from "../ops/elementwise_unary.js";
import { scope, unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";

export interface LossScalerSettings {
  /** Default 2^16, that of torch; Keras has 2^15. */
  initialScale?: number;
  /** Factor after `growthInterval` finite steps in a row. Default 2. */
  growthFactor?: number;
  /** Factor after a step that was not finite. Default 0.5. */
  backoffFactor?: number;
  /** Default 2000. */
  growthInterval?: number;
}

/**
 * A scale on the loss, so that small gradients are not lost in half precision, which adapts on the device: nothing waits for it. An
 * optimiser that is given one divides gradients by it and leaves out steps whose gradients are infinite or NaN. Such steps do not
 * count in bias corrections and their like, though the host does not hear of them.
 */
export class LossScaler {
  /** [1]: the scale now. The loss is multiplied by it. */
  readonly scale: Tensor;
  /** [1]: finite steps in a row. */
  readonly growth: Tensor;
  readonly #settings: Required<LossScalerSettings>;

  /** Throws ArgumentError on settings that are not finite or out of their range. */
  constructor(settings: LossScalerSettings = {}) {
    const { initialScale = 2 ** 16, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000 } = settings;
    this.#settings = { initialScale, growthFactor, backoffFactor, growthInterval };
    const refuse = (argument: string, ok: boolean, expected: string, given: number): void => {
      if (!ok) throw new ArgumentError({ op: "loss_scaler", argument, expected, given: `${given}` });
    };
    refuse("initialScale", initialScale > 0 && Number.isFinite(initialScale), "a finite number above 0", initialScale);
    refuse("growthFactor", growthFactor > 1 && Number.isFinite(growthFactor), "a finite number above 1", growthFactor);
    refuse("backoffFactor", backoffFactor > 0 && backoffFactor < 1, "between 0 and 1", backoffFactor);
    refuse(
      "growthInterval",
      Number.isInteger(growthInterval) && growthInterval > 0,
      "a positive integer",
      growthInterval,
    );
    const lasting = (value: number): Tensor =>
      outsideCapture(() => unscoped(() => full([1], value, "float32", "optimizer")));
    this.scale = lasting(initialScale);
    this.growth = lasting(0);
  }

  /** Adapts the scale: `bad` [1] is above 0 where a gradient was infinite or NaN. */
  update(bad: Tensor): void {
    const { growthFactor, backoffFactor, growthInterval } = this.#settings;
    noGrad(() =>
      scope(() => {
        const wrong = greater(bad, 0);
        const steps = add(this.growth, 1);
        const grows = logicalAnd(logicalNot(wrong), equal(steps, growthInterval));
        const scale = where(
          wrong,
          mul(this.scale, backoffFactor),
          where(grows, mul(this.scale, growthFactor), this.scale),
        );
        const growth = where(wrong, 0, where(grows, 0, steps));
        copyTensor(scale, this.scale);
        copyTensor(growth, this.growth);
      }),
    );
  }

  dispose(): void {
    this.scale.dispose();
    this.growth.dispose();
  }
}
