import { DisposedError, FacetError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import type { Storage } from "./storage.js";
import type { Tensor } from "./tensor.js";

/** Gradient of one input, given the gradient of the output. Run only when somebody wants it. */
export type GradientThunk = (dy: Tensor) => Tensor;

/** One application of an op: the way back from its output to those of its inputs that carry a gradient. */
export interface Node {
  readonly op: string;
  /** Layer that applied it, for profiles; empty outside layers. */
  readonly layer: string;
  readonly shape: readonly number[];
  /** Inputs that carry a gradient, with the thunk that computes it. Empty for a leaf. */
  readonly edges: readonly { readonly input: Node; readonly gradient: GradientThunk }[];
  /** Private handles on what the thunks need, with the version of the memory at the time. */
  saved: SavedTensor[] | undefined;
}

export interface SavedTensor {
  readonly tensor: Tensor;
  readonly storage: Storage;
  readonly version: number;
}

let recording = true;

/** Whether ops record how to differentiate them. */
export function isRecording(): boolean {
  return recording;
}

/** Switches recording on or off and returns what it was before. Prefer withRecording(); this is for dialects with `using`. */
export function setRecording(on: boolean): boolean {
  const before = recording;
  recording = on;
  return before;
}

/** Runs `body` without recording. */
export function noGrad<T>(body: () => T): T {
  return withRecording(false, body);
}

/** Runs `body` with recording on or off, as `on` says. */
export function withRecording<T>(on: boolean, body: () => T): T {
  const before = setRecording(on);
  try {
    return body();
  } finally {
    recording = before;
  }
}

/** Makes a tensor a leaf: gradients stop here and can be asked for. Returns the same tensor. */
export function variable(tensor: Tensor): Tensor {
  tensor.node = { op: "variable", layer: "", shape: tensor.shape, edges: [], saved: [] };
  return tensor;
}

/** Whether a gradient flows into the tensor. */
export function isTracked(tensor: Tensor): boolean {
  return tensor.node !== undefined;
}

/** What a thunk saved, checked: the graph not yet freed, and no in-place write since. */
export function recall(node: Node, index: number): Tensor {
  const saved = node.saved?.[index];
  if (!saved) {
    throw new DisposedError({
      op: node.op,
      argument: "graph",
      expected: "a graph whose saved tensors are still there (keep them with retainGraph)",
      given: "a second backward pass through a graph that was freed by the first",
    });
  }
  if (saved.storage.version !== saved.version) {
    throw new FacetError({
      op: node.op,
      argument: `saved tensor ${formatShape(saved.tensor.shape)}`,
      expected: `version ${saved.version} of its memory`,
      given: `version ${saved.storage.version}: it was modified in place after the forward pass used it`,
    });
  }
  return saved.tensor;
}

/** Frees what a node saved. Its thunks can no longer run. */
export function releaseNode(node: Node): void {
  for (const { tensor } of node.saved ?? []) tensor.dispose("freed with its graph");
  if (node.edges.length > 0) node.saved = undefined;
}

/** Frees what a node and all it was computed from saved. */
export function releaseGraph(start: Node): void {
  for (const node of topological(start)) releaseNode(node);
}

/** Every node that `start` is computed from, and itself: inputs before the nodes that use them. */
function topological(start: Node): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>([start]);
  const stack: { node: Node; next: number }[] = [{ node: start, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const edge = top.node.edges[top.next++];
    if (!edge) {
      order.push(top.node);
      stack.pop();
    } else if (!seen.has(edge.input)) {
      seen.add(edge.input);
      stack.push({ node: edge.input, next: 0 });
    }
  }
  return order;
}

export interface BackwardOptions {
  /** Gradient of the output; may be left out when the output has one element. */
  cotangent?: Tensor | undefined;
  /** Records the backward pass too, so that gradients can be differentiated again. Default false. */
  createGraph?: boolean;
  /** Keeps what the tape saved for another pass. Default: createGraph. */
  retainGraph?: boolean;
}

/** What the walk needs of ops, given by ops/index.ts: the tape itself does no mathematics. */
export interface TapeArithmetic {
  add(a: Tensor, b: Tensor): Tensor;
  onesLike(shape: readonly number[]): Tensor;
}

let arithmetic: TapeArithmetic;

export function setTapeArithmetic(given: TapeArithmetic): void {
  arithmetic = given;
}

/**
 * Walks back from `output` and returns the gradient of every node in `wanted` that it reaches, or of every leaf when
 * `wanted` is undefined. Only nodes between the two are visited; gradients add up where paths meet.
 */
export function backward(
  output: Tensor,
  wanted: ReadonlySet<Node> | undefined,
  options: BackwardOptions = {},
): Map<Node, Tensor> {
  const { createGraph = false, retainGraph = createGraph } = options;
  const start = output.node;
  if (!start) {
    throw new FacetError({
      op: "backward",
      argument: "output",
      expected: "a tensor that depends on a variable",
      given: "one with no gradient graph",
    });
  }
  const cotangent = options.cotangent;
  if (!cotangent && output.size !== 1) {
    throw new ShapeError({
      op: "backward",
      argument: "output",
      expected: "one element, or a cotangent",
      given: formatShape(output.shape),
    });
  }
  if (cotangent && `${cotangent.shape}` !== `${output.shape}`) {
    throw new ShapeError({
      op: "backward",
      argument: "cotangent",
      expected: formatShape(output.shape),
      given: formatShape(cotangent.shape),
    });
  }
  const order = topological(start);
  const useful = new Set<Node>();
  for (const node of order) {
    const leaf = node.edges.length === 0;
    if ((wanted ? wanted.has(node) : leaf) || node.edges.some(({ input }) => useful.has(input))) useful.add(node);
  }
  const gradients = new Map<Node, Tensor>();
  const found = new Map<Node, Tensor>();
  withRecording(createGraph, () => {
    gradients.set(start, cotangent ? cotangent.alias() : arithmetic.onesLike(output.shape));
    if (cotangent && createGraph) (gradients.get(start) as Tensor).node = cotangent.node;
    for (const node of order.reverse()) {
      const dy = gradients.get(node);
      if (!dy) continue;
      for (const { input, gradient } of node.edges) {
        if (!useful.has(input)) continue;
        const part = gradient(dy);
        const sum = gradients.get(input);
        if (!sum) {
          gradients.set(input, part);
          continue;
        }
        gradients.set(input, arithmetic.add(sum, part));
        sum.dispose();
        part.dispose();
      }
      const isWanted = wanted ? wanted.has(node) : node.edges.length === 0;
      if (isWanted) found.set(node, dy);
      else dy.dispose();
      gradients.delete(node);
    }
  });
  if (!retainGraph) for (const node of order) releaseNode(node);
  return found;
}
