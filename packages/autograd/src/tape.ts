import { DisposedError, FacetError, formatShape } from "@facet/kernels-wgsl";
import { adopt } from "./scope.js";
import type { Storage } from "./storage.js";
import type { Tensor } from "./tensor.js";

/** A value in the gradient graph: what a tensor's `node` is. */
export interface Node {
  /** Op that made it, or "variable". */
  readonly op: string;
  readonly shape: readonly number[];
  /** The application it is an output of; undefined where the graph begins. */
  readonly source: Application | undefined;
}

/** A gradient that a pull gives: of the input at this place among the application's. */
export type Part = readonly [input: number, gradient: Tensor];

/**
 * Gradients of the wanted inputs, given those of the outputs (undefined where none arrived). Asked for one after another, so that
 * each can be added up and freed before the next is made. The caller owns what it gets.
 */
export type Pull = (dys: readonly (Tensor | undefined)[], wanted: readonly boolean[]) => Iterable<Part>;

/** One application of an op: the way back from its outputs to those of its inputs that carry a gradient. */
export interface Application {
  readonly op: string;
  /** Layer that applied it, for profiles; empty outside layers. */
  readonly layer: string;
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
  /** How many were made before it. */
  readonly serial: number;
  readonly pull: Pull;
  /** Private handles on what the pull needs, with the version of the memory at the time; undefined when freed. */
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
  tensor.node = { op: VARIABLE, shape: tensor.graphShape, source: undefined };
  return tensor;
}

const VARIABLE = "variable";

/** A variable through which gradients pass on to `outer`, when there is one: for functions of functions. */
export function innerVariable(tensor: Tensor, outer: Node | undefined): void {
  if (!outer) {
    variable(tensor);
    return;
  }
  const pull: Pull = ([dy]) => [[0, passOn(dy as Tensor)]];
  const [node] = enter({ op: VARIABLE, layer: "", inputs: [outer], pull, saved: [] }, [tensor.graphShape]);
  tensor.node = node;
}

function passOn(dy: Tensor): Tensor {
  const same = dy.alias();
  same.node = dy.node;
  return same;
}

/** Whether a gradient flows into the tensor. */
export function isTracked(tensor: Tensor): boolean {
  return tensor.node !== undefined;
}

/** Whether the tensor is no result of a recorded op: a variable, or one into which no gradient flows. */
export function isLeaf(tensor: Tensor): boolean {
  const { node } = tensor;
  return node === undefined || node.op === VARIABLE;
}

/** Whether a gradient could still be pulled back through what made the tensor: backward() frees what it needs. */
export function awaitsBackward({ node }: Tensor): boolean {
  return node?.source?.saved !== undefined;
}

/** Name of the op that made the tensor; empty when no gradient flows through it. */
export function gradientOp({ node }: Tensor): string {
  return node?.op ?? "";
}

/** Cuts the tensor off its gradient graph: it is a value from here on. */
export function detach(tensor: Tensor): void {
  tensor.node = undefined;
}

/** Another handle on the same value, in the scope around: gradients flow through it as through the first. */
export function sameValue(tensor: Tensor): Tensor {
  const same = adopt(tensor.alias());
  same.node = tensor.node;
  return same;
}

/** An application on its way into the graph. */
export type Unentered = Omit<Application, "outputs" | "serial">;

let applications = 0;

/** Number of applications so far: those entered from now on have it as their serial number, or a larger one. */
export const serialNow = (): number => applications;

/** Enters an application into the graph and returns the nodes of its outputs, which have the shapes given. */
export function enter(made: Unentered, shapes: readonly (readonly number[])[]): Node[] {
  const application: Application = Object.assign(made, { outputs: [], serial: applications++ });
  const outputs = shapes.map((shape): Node => ({ op: made.op, shape, source: application }));
  (application.outputs as Node[]).push(...outputs);
  return outputs;
}

/** A private handle on what a pull will need. */
export function save(tensor: Tensor, node: Node | undefined): SavedTensor {
  const copy = tensor.alias();
  copy.node = node;
  return { tensor: copy, storage: tensor.memory, version: tensor.memory.version };
}

/** What an application saved, checked: the graph not yet freed, and no in-place write since. */
export function recall({ op, saved: all }: Pick<Application, "op" | "saved">, index: number): Tensor {
  const saved = all?.[index];
  if (!saved) {
    throw new DisposedError({
      op,
      argument: "graph",
      expected: "a graph whose saved tensors are still there (keep them with retainGraph)",
      given: "a second backward pass through a graph that was freed by the first",
    });
  }
  if (saved.storage.version !== saved.version) {
    throw new FacetError({
      op,
      argument: `saved tensor ${formatShape(saved.tensor.shape)}`,
      expected: `version ${saved.version} of its memory`,
      given: `version ${saved.storage.version}: it was modified in place after the forward pass used it`,
    });
  }
  return saved.tensor;
}

/** Frees what the op that made the tensor saved. Gradients can no longer be pulled back through it. */
export function releaseSaved({ node }: Tensor): void {
  if (node?.source) releaseApplication(node.source);
}

export function releaseApplication(application: Application): void {
  for (const { tensor } of application.saved ?? []) tensor.dispose("freed with its graph");
  application.saved = undefined;
}

/** Frees what the tensor and all it was computed from saved. */
export function releaseGraph({ node }: Tensor): void {
  for (const application of applicationsBefore(node ? [node] : [])) releaseApplication(application);
}

/** What a computation since `serial` was made of: its applications, and the nodes from before it that gradients would flow on to. */
export function madeSince(serial: number, outputs: readonly Tensor[]): { inside: Application[]; borders: Node[] } {
  const inside = new Set<Application>();
  const borders = new Set<Node>();
  const waiting = outputs.flatMap(({ node }) => (node ? [node] : []));
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const { source } = node;
    if (!source || source.serial < serial) borders.add(node);
    else if (!inside.has(source)) {
      inside.add(source);
      waiting.push(...source.inputs);
    }
  }
  return { inside: [...inside], borders: [...borders] };
}

/** Whether gradients of the outputs flow on to leaves other than these variables. */
export function reachesBeyond(outputs: readonly Tensor[], variables: readonly Tensor[]): boolean {
  const own = new Set(variables.map(({ node }) => node));
  const seen = new Set<Node>();
  const waiting = outputs.flatMap(({ node }) => (node ? [node] : []));
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.source) waiting.push(...node.source.inputs);
    else if (!own.has(node)) return true;
  }
  return false;
}

/** Every application since `serial` that `starts` are computed from: those that make inputs before those that use them. */
export function applicationsBefore(starts: readonly Node[], serial = 0): Application[] {
  const order: Application[] = [];
  const seen = new Set<Application>();
  const stack: { application: Application; next: number }[] = [];
  const visit = ({ source }: Node): void => {
    if (!source || source.serial < serial || seen.has(source)) return;
    seen.add(source);
    stack.push({ application: source, next: 0 });
  };
  for (const start of starts) {
    visit(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.application.inputs[top.next++];
      if (input) visit(input);
      else order.push((stack.pop() as { application: Application }).application);
    }
  }
  return order;
}
