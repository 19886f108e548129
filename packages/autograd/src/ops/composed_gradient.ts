// The gradient of an op that is not written as formulas: through the same function made of other ops.
import { adopt } from "../scope.js";
import { innerVariable, isRecording, withRecording } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { gradients } from "../transforms.js";
import { zeros } from "./create.js";

/**
 * The gradient by x of what `composed` makes of it, for a cotangent; for rows of `vjp`. Where the op's gradient is differentiated again, so can
 * this be: by x, the cotangent, and all else that `composed` uses.
 */
export function composedGradient(x: Tensor, composed: (x: Tensor) => Tensor, dy: Tensor): Tensor {
  const createGraph = isRecording();
  return withRecording(true, () => {
    const leaf = adopt(x.alias());
    innerVariable(leaf, x.node);
    const [found] = gradients(composed(leaf), [leaf], { cotangents: dy, createGraph });
    return found ?? zeros(x.shape);
  });
}
