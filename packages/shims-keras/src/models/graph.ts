// The graph of a functional model: which calls lead from its inputs to its outputs, in which order.
import { ArgumentError } from "@facet/autograd";
import { Layer } from "../layers/layer.js";
import { type KerasTensor, type Node, type Operation, replaced, type Tensor } from "../tensor.js";

export interface Graph {
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** Calls in an order in which they can be computed. */
  readonly nodes: readonly Node[];
  /** Layers and functions in Keras' order: from the inputs on, by distance to the outputs. */
  readonly operations: readonly Operation[];
  /** The layers among them. */
  readonly layers: readonly Layer[];
  /** Whether every layer has one input, one call and one consumer. */
  readonly linear: boolean;
}

/** The call that made a placeholder. Throws ArgumentError for one that no call made. */
function historyOf(placeholder: KerasTensor): Node {
  if (placeholder.history) return placeholder.history;
  const expected = "placeholders made by keras.Input, layers and keras.ops";
  throw new ArgumentError({ op: "Model", argument: "inputs", expected, given: `${placeholder}` });
}

/** Finds the graph between placeholders. Throws ArgumentError when an output depends on a placeholder that is no input. */
export function findGraph(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): Graph {
  const entries = new Set(inputs.map(historyOf));
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
      for (const input of node.inputs) visit(historyOf(input));
    }
    order.push(node);
  };
  for (const output of outputs) visit(historyOf(output));
  const depths = new Map<Node, number>();
  for (const node of [...order].reverse()) {
    const depth = depths.get(node) ?? 0;
    depths.set(node, depth);
    if (entries.has(node)) continue;
    for (const input of node.inputs) {
      const history = historyOf(input);
      depths.set(history, Math.max(depths.get(history) ?? 0, depth + 1));
    }
  }
  const operationDepths = new Map<Operation, number>();
  for (const [node, depth] of depths)
    operationDepths.set(node.layer, Math.max(operationDepths.get(node.layer) ?? 0, depth));
  const first = new Map<Operation, number>();
  for (const [node, index] of seen) first.set(node.layer, Math.min(first.get(node.layer) ?? index, index));
  const operations = [...operationDepths.keys()].sort(
    (a, b) =>
      (operationDepths.get(b) as number) - (operationDepths.get(a) as number) ||
      (first.get(a) ?? 0) - (first.get(b) ?? 0),
  );
  const linear =
    new Set(depths.values()).size === order.length &&
    order.every((node) => node.inputs.length <= 1) &&
    operations.length === order.length;
  const layers = operations.filter((operation): operation is Layer => operation instanceof Layer);
  return { inputs, outputs, nodes: order, operations, layers, linear };
}

/** Computes the outputs. */
export function runGraph({ inputs, outputs, nodes }: Graph, values: readonly Tensor[], training: boolean): Tensor[] {
  const known = new Map<KerasTensor, Tensor>(inputs.map((input, i) => [input, values[i] as Tensor]));
  const fill = (value: unknown): unknown => replaced(value, (placeholder) => known.get(placeholder));
  for (const node of nodes) {
    if (node.outputs.every((output) => known.has(output))) continue;
    const keywords = Object.fromEntries(Object.entries(node.keywords).map(([name, value]) => [name, fill(value)]));
    const results = node.layer.invoke(node.args.map(fill), keywords, training);
    for (const [i, output] of node.outputs.entries()) known.set(output, results[i] as Tensor);
  }
  return outputs.map((output) => known.get(output) as Tensor);
}
