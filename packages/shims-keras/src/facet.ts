// keras.facet: what programs of Keras take from their backend.
import { ArgumentError, gradients as coreGradients } from "@facet/autograd";
import { define, Kind, listOf, show } from "@facet/dialect";
import { Tensor } from "./tensor.js";
import { VariableBase } from "./variable.js";

const loss = new Kind<Tensor>("a Tensor", (value) => value instanceof Tensor);
const variable = new Kind<VariableBase>("a Variable", (value) => value instanceof VariableBase);

/**
 * The gradients of a loss by variables, each of its variable's shape and in their order; null for a variable that the loss does
 * not depend on. What TensorFlow's `tape.gradient(loss, variables)` is in a `train_step` of one's own: there is no tape to hold,
 * as everything that is computed of trainable variables is recorded.
 *
 * @throws ArgumentError on a loss of more than one element.
 */
export const gradients: (loss: Tensor, variables: readonly VariableBase[]) => (Tensor | null)[] = define(
  "keras.facet.gradients",
  { loss, variables: listOf(variable) },
  ({ loss, variables }) => {
    if (loss.core.size !== 1) {
      const expected = "a Tensor of one element";
      throw new ArgumentError({ op: "gradients", argument: "loss", expected, given: show(loss) });
    }
    const cores = variables.map(({ core }) => core);
    return coreGradients(loss.core, cores).map((found) => (found ? new Tensor(found) : null));
  },
);
