import { eye, gradientZeros } from "./ops/create.js";
import { reshape } from "./ops/shape.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";
import { linearize, type Outputs, vjpOf } from "./transforms.js";
import { vmap } from "./vmap/vmap.js";

/** Derivatives of every output by every input: `jacobian[o][i]` has the shape of output o, then that of input i. */
export interface Jacobian<R> {
  readonly result: R;
  readonly jacobian: readonly (readonly Tensor[])[];
}

/** One tensor of this shape for each of its elements: 1 there, 0 elsewhere. */
const basis = ({ shape, size, dtype }: Tensor): Tensor => reshape(eye(size, size, 0, dtype), [size, ...shape]);

/** Row by row, by pulling back: for more inputs than outputs. */
export function jacrev<R>(inputs: readonly Tensor[], f: (inputs: Tensor[]) => R, outputsOf: Outputs<R>): Jacobian<R> {
  return scope(() => {
    const { result, pullback } = vjpOf(inputs, f, outputsOf);
    const outputs = outputsOf(result);
    const jacobian = outputs.map((output, o) => {
      const rows = vmap([basis(output)], [0], ([row]) => {
        const parts = pullback(outputs.map((_, other) => (other === o ? row : undefined)));
        return { outputs: parts, axes: parts.map(() => 0), rest: undefined };
      });
      return rows.outputs.map((part, i) => reshape(part, [...output.shape, ...(inputs[i] as Tensor).shape]));
    });
    return { result, jacobian };
  });
}

/** Column by column, by pushing forward: for more outputs than inputs. */
export function jacfwd<R>(inputs: readonly Tensor[], f: (inputs: Tensor[]) => R, outputsOf: Outputs<R>): Jacobian<R> {
  return scope(() => {
    const { result, pushforward } = linearize(inputs, f, outputsOf);
    const outputs = outputsOf(result);
    const columns = inputs.map((input, i) => {
      const along = vmap([basis(input)], [0], ([column]) => {
        const tangents = inputs.map((other, at) => (at === i ? (column as Tensor) : gradientZeros(other)));
        const parts = pushforward(tangents);
        return { outputs: parts, axes: parts.map(() => -1), rest: undefined };
      });
      return along.outputs.map((part, o) => reshape(part, [...(outputs[o] as Tensor).shape, ...input.shape]));
    });
    return { result, jacobian: outputs.map((_, o) => columns.map((parts) => parts[o] as Tensor)) };
  });
}
