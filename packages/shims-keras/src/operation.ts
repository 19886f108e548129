// Calls on placeholders: what they add to the graph of a functional model, and the shapes of what they give.
import { abstractly, type Dtype } from "@facet/autograd";
import { define, type Rules, type Values } from "@facet/dialect";
import { automaticName } from "./config.js";
import {
  KerasTensor,
  type Node,
  type Operation,
  placeholdersIn,
  replaced,
  type Shape,
  Tensor,
  type TensorDtype,
} from "./tensor.js";

/** Shape and dtype of a result to come. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: TensorDtype;
  /** Of the placeholder; counted up where none is given. */
  readonly name?: string | null;
}

/** Adds a call to the graph: placeholders for its results. */
export function addNode(
  layer: Operation,
  args: readonly unknown[],
  keywords: Readonly<Record<string, unknown>>,
  specs: readonly Spec[],
): KerasTensor[] {
  const outputs: KerasTensor[] = [];
  const inputs = placeholdersIn([...args, ...Object.values(keywords)]);
  const node: Node = { layer, args, keywords, inputs, outputs, index: layer.nodes.length };
  for (const [i, { shape, dtype, name }] of specs.entries())
    outputs.push(new KerasTensor(shape, dtype, name ?? automaticName("KerasTensor"), node, i));
  layer.nodes.push(node);
  return outputs;
}

/**
 * Extents that stand for unknown ones: what differs in the results for two of them is unknown too. They can be split into equal parts;
 * small ones and those of the other arguments follow, for calls that these do not fit.
 */
const STAND_INS = [24, 36, 2, 3];

/**
 * Shapes and dtypes of what `body` gives for arguments with placeholders among them, by running it on tensors that are not
 * there. Unknown extents are tried as two numbers; where only one fits the others, it must be that one.
 */
export function infer(args: readonly unknown[], body: (args: readonly unknown[]) => readonly Tensor[]): Spec[] {
  const placeholders = placeholdersIn(args);
  const shapes = placeholders.map(({ shape }) => shape);
  const tried = (extent: number): Spec[] =>
    abstractly(
      placeholders.map(({ shape, dtype }) => ({ shape: shape.map((each) => each ?? extent), dtype: dtype as Dtype })),
      (standIns) => {
        let at = 0;
        const given = args.map((arg) => replaced(arg, () => new Tensor(standIns[at++] as Tensor["core"])));
        return body(given).map(({ shape, dtype }) => ({ shape, dtype: dtype as TensorDtype }));
      },
    );
  if (!shapes.some((shape) => shape.includes(null))) return tried(STAND_INS[0] as number);
  const extents = new Set([...STAND_INS, ...shapes.flat().filter((extent) => extent !== null)]);
  const found: Spec[][] = [];
  let failure: unknown;
  for (const extent of extents) {
    try {
      found.push(tried(extent));
    } catch (error) {
      failure ??= error;
    }
    if (found.length === 2) break;
  }
  const [first, second] = found;
  if (!first) throw failure;
  return first.map(({ shape, dtype }, i) => ({
    shape: second ? shape.map((extent, axis) => (extent === second[i]?.shape[axis] ? extent : null)) : shape,
    dtype,
  }));
}

/** A function of `keras.ops` in a graph. */
class FunctionOperation implements Operation {
  readonly name: string;
  readonly className: string;
  readonly nodes: Node[] = [];
  readonly #compute: (values: Record<string, unknown>) => Result;

  constructor(className: string, compute: (values: Record<string, unknown>) => Result) {
    this.className = className;
    this.name = automaticName(className);
    this.#compute = compute;
  }

  invoke(_args: readonly unknown[], keywords: Readonly<Record<string, unknown>>): Tensor[] {
    return listed(this.#compute({ ...keywords }));
  }
}

/** What an op gives: a tensor, or a list of them. */
export type Result = Tensor | readonly Tensor[];

const listed = (result: Result): Tensor[] => (result instanceof Tensor ? [result] : [...result]);

/** What an op is beside its arguments. */
export interface OpDefinition<V> {
  /** The class that Keras has for it, which summaries show: default the name in CamelCase. */
  readonly className?: string;
  /** The result for arrays. */
  readonly compute: (values: V) => Result;
  /** Shape and dtype of the only result where some arguments are placeholders: default by running `compute` on stand-ins. */
  readonly spec?: (values: V) => Spec;
}

const camelCase = (name: string): string =>
  name.replace(/(^|_)([a-z])/g, (_, _before: string, letter: string) => letter.toUpperCase());

/**
 * Applies an op to arguments that have been read: on placeholders it adds a call to the graph of a functional model, otherwise it
 * computes.
 */
export function applyOp<V extends object>(
  className: string,
  { compute, spec }: Omit<OpDefinition<V>, "className">,
  values: V,
): Result | KerasTensor | KerasTensor[] {
  const given = Object.values(values);
  if (placeholdersIn(given).length === 0) return compute(values);
  const names = Object.keys(values);
  let several = false;
  const run = (replacements: readonly unknown[]): Tensor[] => {
    const result = compute(Object.fromEntries(names.map((key, i) => [key, replacements[i]])) as V);
    several = !(result instanceof Tensor);
    return listed(result);
  };
  const specs = spec ? [spec(values)] : infer(given, run);
  const operation = new FunctionOperation(className, (filled) => compute(filled as V));
  const outputs = addNode(operation, [], values as Readonly<Record<string, unknown>>, specs);
  return several ? outputs : (outputs[0] as KerasTensor);
}

/** A function of arrays and of placeholders, under its public name. */
export function defineOp<const R extends Rules>(
  name: string,
  rules: R,
  { className = camelCase(name.slice(name.lastIndexOf(".") + 1)), ...definition }: OpDefinition<Values<R>>,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what it takes.
): (...args: any[]) => any {
  return define(name, rules, (values) => applyOp(className, definition, values));
}
