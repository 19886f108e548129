// Gradients of leaves, backward() and autograd.grad().
import * as core from "@facet/autograd";
import { complain } from "./errors.js";
import { sizeText } from "./python.js";
import { type Args, signature } from "./signature.js";
import { Tensor, wrap } from "./tensor.js";

/** Where the gradient of a leaf collects. */
interface Slot {
  grad: Tensor | null;
  /** Whether a program has looked at the gradient: it may then hold on to it, and only the collector may free it. */
  seen: boolean;
}

const slots = new WeakMap<core.Node, Slot>();

/** The place of a leaf's gradient. */
export function slotOf(node: core.Node): Slot {
  let slot = slots.get(node);
  if (!slot) {
    slot = { grad: null, seen: false };
    slots.set(node, slot);
  }
  return slot;
}

/** In a compiled function: what it relies on must be there again in the next call, or it is traced anew. */
function relyOn(slot: Slot): void {
  const trace = core.tracing();
  if (!trace || trace.seen.has(slot)) return;
  trace.seen.add(slot);
  const { grad } = slot;
  core.guard(() => slot.grad === grad);
}

/** Gradients that plans write: every run shows the same handle again, so that it must not be freed. */
const planned = new WeakSet<Tensor>();

/** Sets a gradient, in every run of a compiled function. */
export function assignGradient(node: core.Node, grad: Tensor | null, seen: boolean): void {
  const slot = slotOf(node);
  core.tracing()?.seen.add(slot);
  if (grad && core.tracing()) planned.add(grad);
  core.everyRun(() => {
    slot.grad = grad;
    slot.seen = seen;
  });
}

/** The gradient of a leaf, for callers that keep no handle on it. */
export function peekGradient(node: core.Node): Tensor | null {
  const slot = slotOf(node);
  relyOn(slot);
  return slot.grad;
}

/** Forgets a gradient; frees it at once when no program can hold it. */
export function dropGradient(node: core.Node): void {
  const { grad, seen } = slotOf(node);
  if (grad && !seen && !planned.has(grad)) grad.core.dispose("freed by zero_grad()");
  assignGradient(node, null, false);
}

function accumulate(node: core.Node, part: core.Tensor, createGraph: boolean): void {
  const before = peekGradient(node)?.core;
  if (!before) {
    assignGradient(node, wrap(part), false);
    return;
  }
  const total = core.unscoped(() => (createGraph ? core.add(before, part) : core.noGrad(() => core.add(before, part))));
  part.dispose();
  if (createGraph || before.node) {
    assignGradient(node, wrap(total), false);
    return;
  }
  // The handle a program may hold shows the sum, as PyTorch's in-place addition does.
  if (core.tracing()) core.copyTensor(total, before);
  else before.relocate(total.storage, total.offset);
  total.dispose();
}

export interface BackwardArguments {
  /** Gradient of the tensor; may be left out when it has one element. */
  gradient: Tensor | null;
  /** Keeps the graph for another pass. Default: create_graph. */
  retain_graph: boolean | null;
  /** Records the backward pass too, for second derivatives. Default false. */
  create_graph: boolean;
}
export type BackwardArgs = Args<
  [gradient: Tensor | null, retain_graph: boolean | null, create_graph: boolean],
  BackwardArguments
>;
const readBackward = signature<BackwardArguments>("backward", {
  gradient: null,
  retain_graph: null,
  create_graph: false,
});

function requireGraph(tensor: Tensor, op: string, i = 0): void {
  if (tensor.core.node) return;
  complain(core.FacetError, `element ${i} of tensors does not require grad and does not have a grad_fn`, {
    op,
    argument: "tensor",
    expected: "one computed from a tensor that requires grad, with gradients enabled",
    given: "one with no gradient graph",
  });
}

function requireScalar(tensor: Tensor, op: string): void {
  if (tensor.core.size === 1) return;
  complain(core.ShapeError, "grad can be implicitly created only for scalar outputs", {
    op,
    argument: "gradient",
    expected: `a gradient of shape ${sizeText(tensor.shape)}`,
    given: "none",
  });
}

/** Says in PyTorch's words that the graph has been freed. */
function walk<T>(op: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof core.DisposedError) || error.argument !== "graph") throw error;
    return complain(
      core.DisposedError,
      "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.",
      { op, argument: "graph", expected: error.expected, given: error.given ?? "a freed graph" },
    );
  }
}

/** `tensor.backward()`: adds the gradient of every leaf to its `.grad`. */
export function backward(tensor: Tensor, args: readonly unknown[]): void {
  const { gradient, retain_graph, create_graph } = readBackward(args);
  requireGraph(tensor, "backward");
  if (!gradient) requireScalar(tensor, "backward");
  const found = walk("backward", () =>
    core.backward(tensor.core, undefined, {
      cotangent: gradient?.core,
      createGraph: create_graph,
      retainGraph: retain_graph ?? create_graph,
    }),
  );
  // Where two leaves were added, both get the same memory; writing to one gradient in place must not change the other.
  const taken = new Set<unknown>(gradient ? [gradient.core.storage] : []);
  for (const [node, part] of found) {
    let own = core.keep(part);
    if (taken.has(part.storage)) {
      own = core.unscoped(() => copied(part, create_graph));
      part.dispose();
    }
    taken.add(own.storage);
    accumulate(node, own, create_graph);
  }
}

function copied(x: core.Tensor, track: boolean): core.Tensor {
  const flat = () => core.reshape(core.transpose(core.reshape(x, [x.size]), [0]), x.shape);
  return core.unscoped(() => core.keep(core.scope(() => (track ? flat() : core.noGrad(flat)))));
}

export interface GradArguments {
  grad_outputs: Tensor | readonly (Tensor | null)[] | null;
  retain_graph: boolean | null;
  create_graph: boolean;
  /** Gives null for an input the outputs do not depend on, instead of throwing. */
  allow_unused: boolean;
}
const readGrad = signature<GradArguments>("grad", {
  grad_outputs: null,
  retain_graph: null,
  create_graph: false,
  allow_unused: false,
});

/** Gradients of the sum of the outputs by each input, without touching any `.grad`. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  ...args: Args<[grad_outputs: GradArguments["grad_outputs"]], GradArguments>
): Tensor[] {
  const { grad_outputs, retain_graph, create_graph, allow_unused } = readGrad(args);
  const outs = outputs instanceof Tensor ? [outputs] : outputs;
  const ins = inputs instanceof Tensor ? [inputs] : inputs;
  const weights = grad_outputs instanceof Tensor ? [grad_outputs] : (grad_outputs ?? []);
  for (const [i, output] of outs.entries()) {
    requireGraph(output, "autograd.grad", i);
    if (!weights[i]) requireScalar(output, "autograd.grad");
  }
  for (const [i, input] of ins.entries()) {
    if (input.core.node) continue;
    complain(core.FacetError, "One of the differentiated Tensors does not require grad", {
      op: "autograd.grad",
      argument: `inputs[${i}]`,
      expected: "a tensor that requires grad",
      given: "one that does not",
    });
  }
  return walk("autograd.grad", () =>
    core.scope(() => {
      const [first] = outs as [Tensor];
      const single = outs.length === 1;
      const target = single ? first.core : combine(outs, weights);
      const found = core.gradients(
        target,
        ins.map((input) => input.core),
        {
          cotangent: single ? (weights[0]?.core ?? undefined) : undefined,
          createGraph: create_graph,
          retainGraph: retain_graph ?? create_graph,
        },
      );
      return found.map((gradient, i) => {
        if (gradient) return wrap(gradient);
        if (allow_unused) return null as unknown as Tensor;
        return complain(
          core.FacetError,
          "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.",
          {
            op: "autograd.grad",
            argument: `inputs[${i}]`,
            expected: "an input the outputs depend on",
            given: "one they do not",
          },
        );
      });
    }),
  );
}

/** Sum of the outputs, each weighted by its own gradient: its derivative is the one asked for. */
function combine(outputs: readonly Tensor[], weights: readonly (Tensor | null)[]): core.Tensor {
  const parts = outputs.map((output, i) =>
    core.sum(weights[i] ? core.mul(output.core, (weights[i] as Tensor).core) : output.core),
  );
  return parts.reduce((total, part) => core.add(total, part));
}
