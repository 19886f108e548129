import { FacetError } from "@facet/kernels-wgsl";
import { type BackwardOptions, backward } from "./backward.js";
import { gradientZeros } from "./ops/create.js";
import { adopt } from "./scope.js";
import { innerVariable, isTracked } from "./tape.js";
import type { Tensor } from "./tensor.js";
import { fromGraph, spread } from "./vmap/levels.js";

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
  return nodes.map((node, i) => {
    const gradient = found.get(node);
    return gradient && fromGraph(adopt(gradient), wrt[i] as Tensor);
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

/** A fresh variable with x's value, for each example of a vmap; when x itself is tracked, gradients pass through to it. */
function inner(x: Tensor): Tensor {
  const own = spread(x);
  const leaf = adopt(own.alias());
  innerVariable(leaf, own.node);
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
  return { result, gradients: variables.map((variable, i) => found[i] ?? gradientZeros(variable)) };
}

/** A function of tensors that transforms take, and where its outputs are in what it returns. */
export type Outputs<R> = (result: R) => readonly Tensor[];

/** The derivative of a function at a point, as a linear function of tangents: one for each input, in its shape. */
export interface Linearized<R> {
  readonly result: R;
  /** Directional derivatives of the outputs. May be called again and again. */
  readonly pushforward: (tangents: readonly Tensor[]) => Tensor[];
}

/**
 * Calls `f` with fresh variables in place of `inputs` and returns its result with its derivative. There are no rules for going
 * forward: the gradient is linear in the cotangent, so the gradient of the gradient by the cotangent is the way forward.
 */
export function linearize<R>(
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => R,
  outputsOf: Outputs<R>,
): Linearized<R> {
  const { result, variables } = withVariables(inputs, f);
  const outputs = outputsOf(result);
  // What is pulled back is never looked at: only how it depends on these.
  const cotangents = outputs.map((output) => inner(gradientZeros(output)));
  const tracked = outputs.flatMap((output, i) => (isTracked(output) ? [i] : []));
  const pulled = gradients(
    tracked.map((i) => outputs[i] as Tensor),
    variables,
    { cotangents: tracked.map((i) => cotangents[i]), createGraph: true },
  );
  const pushforward = (tangents: readonly Tensor[]): Tensor[] => {
    const along = pulled.flatMap((gradient, i) => (gradient ? [{ gradient, tangent: tangents[i] }] : []));
    const found = gradients(
      along.map(({ gradient }) => gradient),
      cotangents,
      { cotangents: along.map(({ tangent }) => tangent), createGraph: isDifferentiating(), retainGraph: true },
    );
    return outputs.map((output, i) => found[i] ?? gradientZeros(output));
  };
  return { result, pushforward };
}

/** Calls `f` and returns its result and the directional derivatives of its outputs along `tangents`, one for each input. */
export function jvp<R>(
  inputs: readonly Tensor[],
  tangents: readonly Tensor[],
  f: (inputs: Tensor[]) => R,
  outputsOf: Outputs<R>,
): { result: R; tangents: Tensor[] } {
  const { result, pushforward } = linearize(inputs, f, outputsOf);
  return { result, tangents: pushforward(tangents) };
}

/**
 * Calls `f` and returns its result and the function from cotangents of its outputs (undefined where none arrives) to gradients of its inputs, zeros
 * where there are none. It may be called again and again, as long as the variables live that `f` was called with: what `f`
 * computes again on the way back (see checkpoint) reads them.
 */
export function vjpOf<R>(
  inputs: readonly Tensor[],
  f: (inputs: Tensor[]) => R,
  outputsOf: Outputs<R>,
): { result: R; variables: readonly Tensor[]; pullback: (cotangents: readonly (Tensor | undefined)[]) => Tensor[] } {
  const { result, variables } = withVariables(inputs, f);
  const outputs = outputsOf(result);
  const pullback = (cotangents: readonly (Tensor | undefined)[]): Tensor[] => {
    const given = outputs.flatMap((output, i) => (cotangents[i] ? [{ output, cotangent: cotangents[i] }] : []));
    const found = gradients(
      given.map(({ output }) => output),
      variables,
      { cotangents: given.map(({ cotangent }) => cotangent), createGraph: isDifferentiating(), retainGraph: true },
    );
    return variables.map((variable, i) => found[i] ?? gradientZeros(variable));
  };
  return { result, variables, pullback };
}
