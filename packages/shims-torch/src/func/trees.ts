// Nested lists and objects with tensors: what transforms take apart and put together.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { show } from "@facet/dialect";
import { Tensor, wrap } from "../tensor.js";

/** The tensors of nested lists and objects, in their order, and the rest. */
export interface Tree {
  readonly tensors: readonly core.Tensor[];
  readonly template: core.Template;
}

export function takeTree(value: unknown): Tree {
  const tensors: core.Tensor[] = [];
  const template = core.takeApart(value, tensors, (part) => (part instanceof Tensor ? part.core : undefined));
  return { tensors, template };
}

/** A tree with other tensors in the places of its own. */
export const buildTree = (template: core.Template, tensors: readonly (core.Tensor | undefined)[]): unknown =>
  core.putTogether(template, (i) => {
    const tensor = tensors[i];
    return tensor ? wrap(tensor) : null;
  });

/** The tree with what `change` makes of each tensor. */
export function mapTree<T>(value: T, change: (tensor: core.Tensor) => core.Tensor): T {
  const { tensors, template } = takeTree(value);
  return buildTree(template, tensors.map(change)) as T;
}

/** The tensors of a tree in which nothing else is; errors call it `argument`. */
export function onlyTensors(op: string, argument: string, value: unknown): Tree {
  const tree = takeTree(value);
  const other = firstValue(tree.template);
  if (other)
    throw new ArgumentError({
      op,
      argument,
      expected: "a Tensor, or lists and objects of Tensors",
      given: `${show(other.value)} among them`,
    });
  return tree;
}

function firstValue(template: core.Template): { readonly value: unknown } | undefined {
  if ("value" in template) return template;
  const parts =
    "list" in template
      ? template.list
      : "object" in template
        ? Object.values(template.object)
        : ([] as core.Template[]);
  for (const part of parts) {
    const found = firstValue(part);
    if (found) return found;
  }
  return undefined;
}

/** Throws unless two trees of tensors are alike in structure and shapes. */
export function requireAlike(op: string, argument: string, given: Tree, expected: Tree): void {
  const text = ({ template, tensors }: Tree): string =>
    JSON.stringify(template, (key, value) => (key === "tensor" ? `[${tensors[value as number]?.shape}]` : value));
  if (text(given) === text(expected)) return;
  throw new core.ShapeError({ op, argument, expected: text(expected), given: text(given) });
}
