// Gradients of leaves, backward() and autograd.grad().
import * as core from "@facet/autograd";
import { type Args, bool, define, defineMethod, listOf, only, signature } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import { complain } from "../errors.js";
import { assignGradient, peekGradient } from "../gradient_slots.js";
import { iterable, tensor as tensorKind } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import { afterAccumulation } from "./hooks.js";

function accumulate(node: core.Node, part: core.Tensor, createGraph: boolean): void {
  const before = peekGradient(node)?.core;
  if (!before) {
    assignGradient(node, wrap(part), false);
    return;
  }
  const total = core.unscoped(() => core.withRecording(createGraph, () => core.add(before, part)));
  part.dispose();
  if (createGraph || core.isTracked(before)) {
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
  /** Leaves whose gradients are collected; null for all that are reached. */
  inputs: Tensor | readonly Tensor[] | null;
}
export type BackwardArgs = Args<
  [
    gradient: Tensor | null,
    retain_graph: boolean | null,
    create_graph: boolean,
    inputs: Tensor | readonly Tensor[] | null,
  ],
  BackwardArguments
>;

function requireGraph(tensor: Tensor, op: string, i = 0): void {
  if (core.isTracked(tensor.core)) return;
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

/** A gradient given for a result, in the dtype of results. */
const givenGradient = (gradient: Tensor): core.Tensor => convertCore(gradient.core, "float32");

const inputsKind = tensorKind.either(listOf(tensorKind)).or(null);
const graphRules = { retain_graph: bool.or(null), create_graph: false } as const;

interface Pass {
  readonly retain_graph: boolean | null;
  readonly create_graph: boolean;
  readonly inputs: Tensor | readonly Tensor[] | null;
}

/** Adds the gradient of every leaf, or of those that are asked for, to its `.grad`. */
function collect(tensors: readonly Tensor[], gradients: readonly (Tensor | null)[], pass: Pass): void {
  const { create_graph, retain_graph, inputs } = pass;
  for (const [i, tensor] of tensors.entries()) {
    requireGraph(tensor, "backward", i);
    if (!gradients[i]) requireScalar(tensor, "backward");
  }
  const wanted = inputs === null ? undefined : leavesOf(inputs instanceof Tensor ? [inputs] : inputs);
  const found = walk("backward", () =>
    core.backward(
      tensors.map((tensor) => tensor.core),
      wanted,
      {
        cotangents: tensors.map((_, i) => (gradients[i] ? givenGradient(gradients[i]) : undefined)),
        createGraph: create_graph,
        retainGraph: retain_graph ?? create_graph,
      },
    ),
  );
  // Where two leaves were added, both get the same memory; writing to one gradient in place must not change the other.
  const taken = new Set<unknown>(gradients.flatMap((gradient) => (gradient ? [gradient.core.storage] : [])));
  for (const [node, part] of found) {
    let own = core.keep(part);
    if (taken.has(part.storage)) {
      own = core.unscoped(() => core.withRecording(create_graph, () => copyOf(part)));
      part.dispose();
    }
    taken.add(own.storage);
    accumulate(node, own, create_graph);
    afterAccumulation(node);
  }
}

function leavesOf(inputs: readonly Tensor[]): Set<core.Node> {
  if (inputs.length === 0)
    complain(core.ArgumentError, "`inputs` argument to `backward()` cannot be empty.", {
      ...{ op: "backward", argument: "inputs", expected: "one Tensor or more", given: "none" },
    });
  return new Set(
    inputs.map((input, i) => {
      const { node } = input.core;
      if (node && input.is_leaf) return node;
      return complain(core.FacetError, "One of the differentiated Tensors is not a leaf that requires grad", {
        op: "backward",
        argument: `inputs[${i}]`,
        expected: "a leaf that requires grad",
        given: "another tensor",
      });
    }),
  );
}

/** `tensor.backward()`: adds the gradient of every leaf to its `.grad`. */
export const backwardMethod: (self: Tensor, ...args: BackwardArgs) => void = defineMethod(
  "torch.Tensor.backward",
  { gradient: tensorKind.or(null), ...graphRules, inputs: inputsKind },
  (self: Tensor, { gradient, ...pass }) => collect([self], [gradient], pass as Pass),
);

type OneOrMore = Tensor | readonly Tensor[];
type Weights = Tensor | readonly (Tensor | null)[] | null;
export interface BackwardAllArguments {
  tensors: OneOrMore;
  grad_tensors: Weights;
  retain_graph: boolean | null;
  create_graph: boolean;
  inputs: OneOrMore | null;
}
type BackwardAll = (
  ...args: Args<
    [tensors: OneOrMore, grad_tensors: Weights, retain_graph: boolean | null, create_graph: boolean],
    BackwardAllArguments
  >
) => void;

/** Adds the gradients of the sum of several tensors, each weighted by its `grad_tensors`, to the `.grad` of every leaf. */
export const backward: BackwardAll = define(
  "torch.autograd.backward",
  {
    tensors: tensorKind.either(listOf(tensorKind)),
    grad_tensors: tensorKind.either(listOf(tensorKind.orNone)).or(null),
    ...graphRules,
    grad_variables: only(null),
    inputs: inputsKind,
  },
  ({ tensors, grad_tensors, ...pass }) => {
    const list = tensors instanceof Tensor ? [tensors] : (tensors as readonly Tensor[]);
    const weights =
      grad_tensors instanceof Tensor ? [grad_tensors] : ((grad_tensors ?? []) as readonly (Tensor | null)[]);
    if (grad_tensors !== null && weights.length !== list.length)
      complain(core.ArgumentError, `got ${list.length} tensors and ${weights.length} gradients`, {
        op: "autograd.backward",
        argument: "grad_tensors",
        expected: `${list.length} gradients`,
        given: `${weights.length}`,
      });
    collect(list, weights, pass as Pass);
  },
);

export interface GradArguments {
  outputs: Tensor | Iterable<Tensor>;
  inputs: Tensor | Iterable<Tensor>;
  grad_outputs: Tensor | readonly (Tensor | null)[] | null;
  retain_graph: boolean | null;
  create_graph: boolean;
  /** Gives null for an input the outputs do not depend on, instead of throwing. */
  allow_unused: boolean | null;
  /** Whether grad_outputs have a first dimension of examples, which the gradients then have too. */
  is_grads_batched: boolean;
  /** Gives zeros for an input the outputs do not depend on. */
  materialize_grads: boolean;
}
type GradArgs = Args<
  [
    outputs: GradArguments["outputs"],
    inputs: GradArguments["inputs"],
    grad_outputs: GradArguments["grad_outputs"],
    retain_graph: boolean | null,
    create_graph: boolean,
  ],
  GradArguments
>;
const oneOrMoreTensors = tensorKind.either(iterable<Tensor>("an iterable of Tensors"));
const readGrad = signature("torch.autograd.grad", {
  outputs: oneOrMoreTensors,
  inputs: oneOrMoreTensors,
  grad_outputs: tensorKind.either(listOf(tensorKind.orNone)).or(null),
  retain_graph: bool.or(null),
  create_graph: false,
  only_inputs: only(true),
  allow_unused: bool.or(null),
  is_grads_batched: bool.or(false),
  materialize_grads: bool.or(false),
});

/** Gradients for each of the examples that cotangents have along their first dimension, all at once. */
function ofExamples(
  cotangents: readonly (core.Tensor | undefined)[],
  pulled: (cotangents: readonly (core.Tensor | undefined)[]) => (core.Tensor | undefined)[],
): (core.Tensor | undefined)[] {
  const given = cotangents.flatMap((each) => (each ? [each] : []));
  const { outputs, rest } = core.vmap(
    given,
    given.map(() => 0),
    (examples) => {
      let next = 0;
      const found = pulled(cotangents.map((each) => (each ? examples[next++] : undefined)));
      const outputs = found.flatMap((gradient) => (gradient ? [gradient] : []));
      return { outputs, axes: outputs.map(() => 0), rest: found.map((gradient) => gradient !== undefined) };
    },
  );
  let next = 0;
  return rest.map((reached) => (reached ? outputs[next++] : undefined));
}

/** Gradients of the sum of the outputs by each input, without touching any `.grad`. */
export function grad(...args: GradArgs): Tensor[] {
  const { grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads, ...given } = readGrad(args);
  const batched = given.is_grads_batched;
  const listed = (argument: string, tensors: Tensor | Iterable<Tensor>): Tensor[] => {
    const list = tensors instanceof Tensor ? [tensors] : [...tensors];
    if (list.length > 0 && list.every((each) => each instanceof Tensor)) return list;
    throw new core.ArgumentError({
      op: "autograd.grad",
      argument,
      expected: "one Tensor or more",
      given: list.length === 0 ? "none" : "others among them",
    });
  };
  const outs = listed("outputs", given.outputs);
  const ins = listed("inputs", given.inputs);
  const weights = grad_outputs instanceof Tensor ? [grad_outputs] : (grad_outputs ?? []);
  if (weights.length > 0 && weights.length !== outs.length)
    complain(core.ArgumentError, `got ${outs.length} tensors and ${weights.length} gradients`, {
      op: "autograd.grad",
      argument: "grad_outputs",
      expected: `${outs.length} gradients`,
      given: `${weights.length}`,
    });
  if (materialize_grads && allow_unused === false)
    complain(
      core.ArgumentError,
      "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.",
      { op: "autograd.grad", argument: "allow_unused", expected: "true, or left out", given: "false" },
    );
  for (const [i, output] of outs.entries()) {
    requireGraph(output, "autograd.grad", i);
    const weight = weights[i];
    if (!weight) requireScalar(output, "autograd.grad");
    else if (batched ? weight.rank === 0 : false)
      complain(
        core.ShapeError,
        "If `is_grads_batched=True`, then the first dimension of `grad_output` must be that of examples",
        { op: "autograd.grad", argument: `grad_outputs[${i}]`, expected: "one dimension or more", given: "none" },
      );
    else if (`${batched ? weight.shape.slice(1) : weight.shape}` !== `${output.shape}`)
      complain(
        core.ShapeError,
        `Mismatch in shape: grad_output[${i}] has a shape of torch.Size(${sizeText(weight.shape)}) and output[${i}] has a shape of torch.Size(${sizeText(output.shape)}).`,
        {
          op: "autograd.grad",
          argument: `grad_outputs[${i}]`,
          expected: sizeText(output.shape),
          given: sizeText(weight.shape),
        },
      );
  }
  for (const [i, input] of ins.entries()) {
    if (core.isTracked(input.core)) continue;
    complain(core.FacetError, "One of the differentiated Tensors does not require grad", {
      op: "autograd.grad",
      argument: `inputs[${i}]`,
      expected: "a tensor that requires grad",
      given: "one that does not",
    });
  }
  return walk("autograd.grad", () =>
    core.scope(() => {
      const given = weights.map((weight) => (weight ? givenGradient(weight) : undefined));
      const pass = { createGraph: create_graph, retainGraph: retain_graph ?? create_graph };
      const pulled = (cotangents: readonly (core.Tensor | undefined)[]) =>
        core.gradients(
          outs.map((output) => output.core),
          ins.map((input) => input.core),
          { cotangents, ...pass },
        );
      const found = batched ? ofExamples(given, pulled) : pulled(given);
      return found.map((gradient, i) => {
        if (gradient) return wrap(gradient);
        const examples = batched ? (given[0]?.shape.slice(0, 1) ?? []) : [];
        if (materialize_grads) return wrap(core.zeros([...examples, ...(ins[i] as Tensor).shape]));
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
