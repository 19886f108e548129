import { DtypeError, FacetError, formatShape, ShapeError, UnsupportedError } from "@facet/kernels-wgsl";
import { type Dtype, isFloating } from "./dtype.js";
import {
  type Application,
  applicationsBefore,
  type Node,
  releaseApplication,
  sameValue,
  withRecording,
} from "./tape.js";
import type { Tensor } from "./tensor.js";
import { innermostOf } from "./vmap/batched_tensor.js";
import { toGraph } from "./vmap/levels.js";

export interface BackwardOptions {
  /** Gradients of the outputs, one for each; may be left out for an output of one element. */
  cotangents?: readonly (Tensor | undefined)[] | undefined;
  /** Records the backward pass too, so that gradients can be differentiated again. Default false. */
  createGraph?: boolean;
  /** Keeps what the tape saved for another pass. Default: createGraph. */
  retainGraph?: boolean;
  /** Serial number of the first application to walk through, and to free: what was made before stays as it is. Default: all. */
  since?: number;
}

/** What the walk needs of ops, given by ops/index.ts: the tape itself does no mathematics. */
export interface TapeArithmetic {
  add(a: Tensor, b: Tensor): Tensor;
  onesLike(shape: readonly number[], dtype: Dtype): Tensor;
  /** Sums a gradient over the dimensions along which an input of this shape was broadcast. */
  sumTo(dy: Tensor, shape: readonly number[]): Tensor;
  cast(x: Tensor, dtype: Dtype): Tensor;
  /** Fills `y`, of any dtype of floats, with the numbers of x. */
  convert(x: Tensor, y: Tensor): void;
}

export let arithmetic: TapeArithmetic;

export function setTapeArithmetic(given: TapeArithmetic): void {
  arithmetic = given;
}

/** Gradients that have arrived so far, by node. They add up where paths meet. */
class Arrived {
  readonly #sums = new Map<Node, Tensor>();

  /** Takes over `part`. */
  add(node: Node, part: Tensor): void {
    const sum = this.#sums.get(node);
    if (!sum) {
      this.#sums.set(node, part);
      return;
    }
    this.#sums.set(node, arithmetic.add(sum, part));
    sum.dispose();
    part.dispose();
  }

  take(node: Node): Tensor | undefined {
    const sum = this.#sums.get(node);
    this.#sums.delete(node);
    return sum;
  }

  nodes(): Node[] {
    return [...this.#sums.keys()];
  }
}

/** What hears of a node's whole gradient, and may give another in its place; undefined leaves it as it is. */
export type GradientHook = (gradient: Tensor) => Tensor | undefined;

/** Hooks by node, in the order in which they are called: those that see what the others have left are a set of their own. */
const hooks = new WeakMap<Node, { readonly own: Set<GradientHook>; readonly last: Set<GradientHook> }>();
let anyHooks = false;

/**
 * Calls `hook` with the gradient of the node in every backward pass that reaches it, after all others if `last`. Returns what takes it
 * out again.
 */
export function hookGradient(node: Node, hook: GradientHook, last = false): () => void {
  const found = hooks.get(node) ?? { own: new Set(), last: new Set() };
  hooks.set(node, found);
  const list = last ? found.last : found.own;
  list.add(hook);
  anyHooks = true;
  return () => {
    list.delete(hook);
  };
}

/** What is told of every gradient that an application gives: of which of its inputs, counted from 0. */
export type PullListener = (application: Application, input: number, gradient: Tensor) => void;
let listener: PullListener | undefined;

/** Lets `heard`, or nobody, hear of every gradient of backward passes from now on. Returns who did before. */
export function setPullListener(heard: PullListener | undefined): PullListener | undefined {
  const before = listener;
  listener = heard;
  return before;
}

/** The gradient as the node's hooks leave it. The caller owns what it gets, as it did what it gave. */
function throughHooks(node: Node, gradient: Tensor): Tensor {
  const found = hooks.get(node);
  if (!found) return gradient;
  let current = gradient;
  for (const hook of [...found.own, ...found.last]) {
    const shown = sameValue(current);
    const changed = hook(shown);
    if (!changed) continue;
    if (`${changed.shape}` !== `${current.shape}`)
      throw new ShapeError({
        op: "hook",
        argument: "gradient",
        expected: formatShape(current.shape),
        given: formatShape(changed.shape),
      });
    const own = changed.alias();
    own.node = changed.node;
    current.dispose();
    current = own;
  }
  return current;
}

/**
 * Walks back from `outputs`, of which each must carry a gradient, and returns the gradient of every node in `wanted` that it reaches, or
 * of every leaf when `wanted` is undefined: of sum(output * cotangent) over all outputs. Only what lies between the two is visited. The caller owns
 * what it gets.
 */
export function backward(
  outputs: readonly Tensor[],
  wanted: ReadonlySet<Node> | undefined,
  { cotangents, createGraph = false, retainGraph = createGraph, since = 0 }: BackwardOptions = {},
): Map<Node, Tensor> {
  if (!wanted && innermostOf(outputs))
    throw new UnsupportedError({
      op: "backward",
      argument: "outputs",
      expected: "gradients by tensors that are named, as a transform gives them",
      given: "gradients of leaves inside vmap",
    });
  const starts = outputs.map((output, i) => startOf(output, cotangents?.[i], i));
  const order = applicationsBefore(starts, since);
  const isWanted = (node: Node): boolean => (wanted ? wanted.has(node) : node.source === undefined);
  // Applications on the way to something wanted.
  const leading = new Set<Application>();
  const isUseful = (node: Node): boolean => isWanted(node) || (node.source !== undefined && leading.has(node.source));
  for (const application of order) if (application.inputs.some(isUseful)) leading.add(application);
  const found = new Map<Node, Tensor>();
  const arrived = new Arrived();
  const settle = (node: Node, gradient: Tensor): void => {
    if (isWanted(node)) found.set(node, gradient);
    else gradient.dispose();
  };
  withRecording(createGraph, () => {
    for (const [i, node] of starts.entries()) {
      const given = cotangents?.[i];
      const cotangent = given && toGraph(given, outputs[i] as Tensor);
      const own = cotangent ? cotangent.alias() : arithmetic.onesLike(node.shape, (outputs[i] as Tensor).dtype);
      if (cotangent && createGraph) own.node = cotangent.node;
      arrived.add(node, own);
    }
    for (const application of order.reverse()) {
      let some = false;
      const dys = application.outputs.map((node) => {
        const dy = arrived.take(node);
        if (dy) some = true;
        return dy && anyHooks ? throughHooks(node, dy) : dy;
      });
      if (some && leading.has(application)) {
        const { inputs } = application;
        for (const [i, part] of application.pull(dys, inputs.map(isUseful))) {
          listener?.(application, i, part);
          arrived.add(inputs[i] as Node, part);
        }
      }
      for (const [i, dy] of dys.entries()) if (dy) settle(application.outputs[i] as Node, dy);
    }
    for (const node of arrived.nodes()) {
      const dy = arrived.take(node) as Tensor;
      settle(node, anyHooks && isWanted(node) ? throughHooks(node, dy) : dy);
    }
  });
  if (!retainGraph) for (const application of order) releaseApplication(application);
  return found;
}

function startOf({ node, shape, dtype }: Tensor, cotangent: Tensor | undefined, i: number): Node {
  if (!node) {
    throw new FacetError({
      op: "backward",
      argument: `outputs[${i}]`,
      expected: "a tensor that depends on a variable",
      given: "one with no gradient graph",
    });
  }
  if (cotangent && isFloating(cotangent.dtype) && cotangent.dtype !== dtype)
    throw new DtypeError({
      op: "backward",
      argument: `cotangents[${i}]`,
      expected: `${dtype}, as its output`,
      given: cotangent.dtype,
    });
  if (cotangent ? `${cotangent.shape}` !== `${shape}` : shape.some((extent) => extent !== 1)) {
    throw new ShapeError({
      op: "backward",
      argument: cotangent ? `cotangents[${i}]` : `outputs[${i}]`,
      expected: cotangent ? formatShape(shape) : "one element, or a cotangent",
      given: formatShape(cotangent?.shape ?? shape),
    });
  }
  return node;
}
