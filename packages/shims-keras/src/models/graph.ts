// The graph of a functional model: which calls lead from its inputs to its outputs, in which order.
import { ArgumentError } from "@facet/autograd";
import type { Layer } from "../layers/layer.js";
import type { KerasTensor, Node, Tensor } from "../tensor.js";

export interface Graph {
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** Calls in an order in which they can be computed. */
  readonly nodes: readonly Node[];
  /** Layers in Keras' order: from the inputs on, by distance to the outputs. */
  readonly layers: readonly Layer[];
  /** Whether every layer has one input, one call and one consumer. */
  readonly linear: boolean;
}

/** Finds the graph between placeholders. Throws ArgumentError when an output depends on a placeholder that is no input. */
export function findGraph(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): Graph {
  const entries = new Set(inputs.map(({ history }) => history));
  const order: Node[] = [];
  const seen = new Map<Node, number>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.set(node, seen.size);
    if (!entries.has(node)) {
      if (node.inputs.length === 0) {
        const expected = "inputs from which every output can be computed";
        const given = `outputs that also depend on "${node.layer.name}"`;
        throw new ArgumentError({ op: "Model", argument: "inputs", expected, given });
      }
      for (const input of node.inputs) visit(input.history);
    }
    order.push(node);
  };
  for (const output of outputs) visit(output.history);
  const depths = new Map<Node, number>();
  for (const node of [...order].reverse()) {
    const depth = depths.get(node) ?? 0;
    depths.set(node, depth);
    if (entries.has(node)) continue;
    for (const { history } of node.inputs) depths.set(history, Math.max(depths.get(history) ?? 0, depth + 1));
  }
  const layerDepths = new Map<Node["layer"], number>();
  for (const [node, depth] of depths) layerDepths.set(node.layer, Math.max(layerDepths.get(node.layer) ?? 0, depth));
  const first = new Map<Node["layer"], number>();
  for (const [node, index] of seen) first.set(node.layer, Math.min(first.get(node.layer) ?? index, index));
  const layers = [...layerDepths.keys()].sort(
    (a, b) =>
      (layerDepths.get(b) as number) - (layerDepths.get(a) as number) || (first.get(a) ?? 0) - (first.get(b) ?? 0),
  );
  const linear =
    new Set(depths.values()).size === order.length &&
    order.every((node) => node.inputs.length <= 1) &&
    layers.length === order.length;
  return { inputs, outputs, nodes: order, layers: layers as unknown as Layer[], linear };
}

/** Computes the outputs. */
export function runGraph({ inputs, outputs, nodes }: Graph, values: readonly Tensor[], training: boolean): Tensor[] {
  const known = new Map<KerasTensor, Tensor>(inputs.map((input, i) => [input, values[i] as Tensor]));
  for (const node of nodes) {
    if (node.outputs.every((output) => known.has(output))) continue;
    const given = node.inputs.map((input) => known.get(input) as Tensor);
    const layer = node.layer as Layer & { runAll?: (inputs: readonly Tensor[], training: boolean) => Tensor[] };
    const results = layer.runAll
      ? layer.runAll(given, training)
      : [layer.run(given.length === 1 ? (given[0] as Tensor) : given, training)];
    for (const [i, output] of node.outputs.entries()) known.set(output, results[i] as Tensor);
  }
  return outputs.map((output) => known.get(output) as Tensor);
}
