import { FacetError } from "@facet/kernels-wgsl";
import { zeros } from "./ops/create.js";
import { adopt } from "./scope.js";
import { type BackwardOptions, backward, type Node } from "./tape.js";
import type { Tensor } from "./tensor.js";

/**
 * Gradients of `output` by each tensor of `wrt`, which must carry a node (a variable, or anything computed from one).
 * A tensor that the output does not depend on gives undefined. The results belong to the scope around.
 */
export function gradients(
  output: Tensor,
  wrt: readonly Tensor[],
  options: BackwardOptions = {},
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
  if (!output.node) return wrt.map(() => undefined);
  const found = backward(output, new Set(nodes), options);
  return nodes.map((node) => {
    const gradient = found.get(node);
    return gradient && adopt(gradient);
  });
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
  const edges = x.node ? [{ input: x.node, gradient: (dy: Tensor) => passOn(dy) }] : [];
  const node: Node = { op: "variable", layer: "", shape: x.shape, edges, saved: [] };
  leaf.node = node;
  return leaf;
}

function passOn(dy: Tensor): Tensor {
  const same = dy.alias();
  same.node = dy.node;
  return same;
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
  const found = loss.node ? gradients(loss, variables, { createGraph: isDifferentiating() }) : [];
  return { result, gradients: variables.map((variable, i) => found[i] ?? zeros(variable.shape)) };
}
