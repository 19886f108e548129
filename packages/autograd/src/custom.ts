// Functions whose gradient is given by the caller, and functions whose intermediate results are computed again.
import { ArgumentError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { backward } from "./backward.js";
import { isFloating } from "./dtype.js";
import { currentLayer } from "./layer.js";
import { gradientZeros } from "./ops/create.js";
import { adopt, scope } from "./scope.js";
import {
  enter,
  isRecording,
  madeSince,
  noGrad,
  type Part,
  recall,
  releaseApplication,
  type SavedTensor,
  sameValue,
  save,
  serialNow,
  type Unentered,
  withRecording,
} from "./tape.js";
import type { Tensor } from "./tensor.js";
import { gradients, withVariables } from "./transforms.js";
import { fromGraph, toGraph } from "./vmap/levels.js";

/** Gradients of a function's inputs, undefined where there is none; `wanted` says which are asked for. */
export type CustomPull = (
  cotangents: readonly (Tensor | undefined)[],
  saved: readonly Tensor[],
  wanted: readonly boolean[],
) => readonly (Tensor | undefined)[];

/**
 * Enters outputs that were computed without recording as results of `inputs`, with `pull` as their gradient. What `pull` needs of
 * tensors is given in `saved`; a gradient of a gradient flows through these and through what `pull` computes. Outputs through which no gradient
 * flows (`differentiable` false) get none. `along` is what else is freed with the graph. Returns handles on the outputs.
 */
export function recordCustom(
  op: string,
  inputs: readonly (Tensor | undefined)[],
  outputs: readonly Tensor[],
  saved: readonly Tensor[],
  pull: CustomPull,
  differentiable: readonly boolean[] = outputs.map(({ dtype }) => isFloating(dtype)),
  along: readonly SavedTensor[] = [],
): Tensor[] {
  const results = outputs.map((output) => adopt(output.alias()));
  const tracked = inputs.flatMap((input, i) => (input?.node ? [{ i, input, node: input.node }] : []));
  if (tracked.length === 0 || !isRecording()) return results;
  const flowing = results.flatMap((result, i) => (differentiable[i] ? [{ i, result }] : []));
  const made: Unentered = {
    op,
    layer: currentLayer(),
    inputs: tracked.map(({ node }) => node),
    saved: [...saved.map((tensor) => save(tensor, tensor.node)), ...along],
    *pull(dys, wanted) {
      if (along.length > 0) recall(made, saved.length);
      const parts = scope(() => {
        const cotangents: (Tensor | undefined)[] = results.map(() => undefined);
        for (const [k, { i, result }] of flowing.entries()) {
          const dy = dys[k];
          if (dy) cotangents[i] = fromGraph(dy, result);
        }
        const asked = inputs.map((_, i) => wanted[tracked.findIndex((one) => one.i === i)] === true);
        const found = pull(
          cotangents,
          saved.map((_, k) => recall(made, k)),
          asked,
        );
        return tracked.flatMap(({ i, input }, k): Part[] => {
          const part = found[i];
          if (!part || !wanted[k]) return [];
          expectShape(op, i, part, input);
          return [[k, sameValue(toGraph(part, input))]];
        });
      });
      for (const [k, part] of parts) yield [k, owned(part)];
    },
  };
  const nodes = enter(
    made,
    flowing.map(({ result }) => result.graphShape),
  );
  for (const [k, { result }] of flowing.entries()) result.node = nodes[k];
  return results;
}

/** Takes a part out of the scope that its pull ran in. */
function owned(part: Tensor): Tensor {
  const own = part.alias();
  own.node = part.node;
  part.dispose();
  return own;
}

function expectShape(op: string, i: number, part: Tensor, { shape }: Tensor): void {
  if (`${part.shape}` === `${shape}`) return;
  const [expected, given] = [formatShape(shape), formatShape(part.shape)];
  throw new ShapeError({ op, argument: `gradient of input ${i}`, expected, given });
}

/** What a forward function gives beside its outputs: what its backward function will need. */
export interface CustomForward<R> {
  readonly outputs: readonly Tensor[];
  readonly residuals: readonly Tensor[];
  readonly rest: R;
}

/**
 * Calls `forward`, and lets `pull` be the gradient of its outputs: cotangents (undefined where none arrives) and residuals to gradients
 * of `inputs`. `forward` is recorded for the sake of its residuals, so that the gradient can be differentiated again through them.
 */
export function customVjp<R>(
  op: string,
  inputs: readonly Tensor[],
  forward: (inputs: Tensor[]) => CustomForward<R>,
  pull: CustomPull,
): { outputs: Tensor[]; rest: R } {
  const { outputs, residuals, rest } = forward([...inputs]);
  return { outputs: recordCustom(op, inputs, outputs, residuals, pull), rest };
}

/**
 * Calls `f`, and lets `tangentsOf` be its derivative: inputs and their tangents to tangents of the outputs, linear in the tangents. Gradients are
 * its transpose.
 */
export function customJvp<R>(
  op: string,
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => { outputs: readonly Tensor[]; rest: R },
  tangentsOf: (inputs: readonly Tensor[], tangents: readonly Tensor[]) => readonly Tensor[],
): { outputs: Tensor[]; rest: R } {
  const { outputs, rest } = noGrad(() => f([...inputs]));
  const pull: CustomPull = (cotangents, saved) => {
    const differentiableAgain = isRecording();
    return withRecording(true, () => {
      const at = differentiableAgain ? saved : saved.map(detached);
      const { result, variables } = withVariables(
        at.map((x) => fromGraph(gradientZeros({ shape: x.graphShape, dtype: x.dtype }), x)),
        (tangents) => tangentsOf(at, tangents),
      );
      if (result.length !== outputs.length)
        throw new ArgumentError({
          op,
          argument: "jvp",
          expected: `${outputs.length} tangents, as there are outputs`,
          given: `${result.length}`,
        });
      const given = result.map((x, i) => cotangents[i] ?? gradientZeros(x));
      return gradients(result, variables, { cotangents: given, createGraph: differentiableAgain, retainGraph: true });
    });
  };
  return { outputs: recordCustom(op, inputs, outputs, inputs, pull), rest };
}

const detached = (x: Tensor): Tensor => adopt(x.alias());

/** The same value as a constant: no gradient flows through it. */
export const stopGradient = (x: Tensor): Tensor => detached(x);

/**
 * Calls `f` and frees what its gradient would need: the backward pass calls it again. Gradients flow to `inputs` and to every other tensor that
 * `f` uses. The second call must do as the first did; the caller sees to random keys.
 */
export function checkpoint<R>(
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => { outputs: readonly Tensor[]; rest: R },
): { outputs: Tensor[]; rest: R } {
  if (!isRecording()) {
    const { outputs, rest } = f([...inputs]);
    return { outputs: [...outputs], rest };
  }
  const serial = serialNow();
  const { outputs, rest } = f([...inputs]);
  const { inside, borders } = madeSince(serial, outputs);
  const made: Unentered = {
    op: "checkpoint",
    layer: currentLayer(),
    inputs: borders,
    saved: inputs.map((input) => save(input, input.node)),
    *pull(dys, wanted) {
      const found = scope(() => {
        const since = serialNow();
        const again = withRecording(true, () => f(inputs.map((_, i) => sameValue(recall(made, i)))).outputs);
        const reached = again.flatMap((output, i) => (output.node && dys[i] ? [{ output, dy: dys[i] as Tensor }] : []));
        const asked = new Set(borders.filter((_, k) => wanted[k]));
        const parts = backward(
          reached.map(({ output }) => output),
          asked,
          { cotangents: reached.map(({ output, dy }) => fromGraph(dy, output)), createGraph: isRecording(), since },
        );
        return [...parts].map(([node, part]): Part => [borders.indexOf(node), part]);
      });
      yield* found;
    },
  };
  if (borders.length === 0) return { outputs: [...outputs], rest };
  const nodes = enter(
    made,
    outputs.map(({ graphShape }) => graphShape),
  );
  for (const application of inside) releaseApplication(application);
  const results = outputs.map((output, i) => {
    const result = adopt(output.alias());
    if (output.node) result.node = nodes[i];
    return result;
  });
  return { outputs: results, rest };
}
