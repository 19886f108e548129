import { FacetError } from "@facet/kernels-wgsl";
import { type BackwardOptions, backward } from "./backward.js";
import { zeros } from "./ops/create.js";
import { adopt } from "./scope.js";
import { innerVariable } from "./tape.js";
import type { Tensor } from "./tensor.js";

export interface GradientOptions extends Omit<BackwardOptions, "cotangents"> {
  /** Gradient of each output, in its shape; may be left out for an output of one element. */
  cotangents?: Tensor | readonly (Tensor | undefined)[] | undefined;
}

/**
 * Gradients of the sum of the outputs, each weighted by its cotangent, by each tensor of `wrt`, which must carry a node (a variable, or
 * anything computed from one). A tensor that no output depends on gives undefined. The results belong to the scope around.
 */
export function gradients(
  outputs: Tensor | readonly Tensor[],
  wrt: readonly Tensor[],
  { cotangents, ...options }: GradientOptions = {},
): (Tensor | undefined)[] {
  const nodes = wrt.map((tensor, i) => {
    if (!tensor.node)
      throw new FacetError({
        op: "gradients",
        argument: `wrt[${i}]`,
        expected: "a variable or a result computed from one",
        given: "a tensor with no gradient graph",
      });
    return tensor.node;
  });
  const weights = isList(cotangents) ? cotangents : [cotangents];
  const reached = (isList(outputs) ? outputs : [outputs]).flatMap((output, i) =>
    output.node ? [{ output, cotangent: weights[i] }] : [],
  );
  const found = backward(
    reached.map(({ output }) => output),
    new Set(nodes),
    { ...options, cotangents: reached.map(({ cotangent }) => cotangent) },
  );
  return nodes.map((node) => {
    const gradient = found.get(node);
    return gradient && adopt(gradient);
  });
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** How many calls of withVariables are under way: inside one, gradients must be differentiable themselves. */
let depth = 0;

/** Whether the code that asks runs inside withVariables or valueAndGradients. */
export function isDifferentiating(): boolean {
  return depth > 0;
}

/** A fresh variable with x's value; when x itself is tracked, gradients pass through to it. */
function inner(x: Tensor): Tensor {
  const leaf = adopt(x.alias());
  innerVariable(leaf, x.node);
  return leaf;
}

/** Calls `f` with fresh variables in place of `inputs` and returns both, for gradients() to be asked of. Calls may nest. */
export function withVariables<R>(
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => R,
): { result: R; variables: Tensor[] } {
  const variables = inputs.map(inner);
  depth += 1;
  try {
    return { result: f(variables), variables };
  } finally {
    depth -= 1;
  }
}

/**
 * Calls `f` with fresh variables in place of `inputs` and returns what it returned and the gradient of `lossOf` it by each
 * input, zeros where it does not depend on one. Calls may nest, to any order.
 */
export function valueAndGradients<R>(
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => R,
  lossOf: (result: R) => Tensor,
): { result: R; gradients: Tensor[] } {
  const { result, variables } = withVariables(inputs, f);
  const loss = lossOf(result);
  const found = gradients(loss, variables, { createGraph: isDifferentiating() });
  return { result, gradients: variables.map((variable, i) => found[i] ?? zeros(variable.shape)) };
}
