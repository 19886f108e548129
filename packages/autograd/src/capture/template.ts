import { Tensor } from "../tensor.js";

/** Nested arrays and plain objects with tensors left out: what stays the same from call to call. */
export type Template =
  | { readonly tensor: number }
  | { readonly list: readonly Template[] }
  | { readonly object: Readonly<Record<string, Template>> }
  | { readonly value: unknown };

/** Numbers for values that are told apart by identity. */
export class Identities {
  readonly #numbers = new Map<unknown, number>();

  /** Text that is the same for equal primitive values, and for the same object or function. */
  describe(value: unknown): string {
    if (value === null || (typeof value !== "object" && typeof value !== "function")) return `${typeof value} ${value}`;
    const number = this.#numbers.get(value) ?? this.#numbers.size;
    this.#numbers.set(value, number);
    return `#${number}`;
  }
}

/** How a dialect's tensors are recognised; undefined for what is none. */
export type AsTensor = (value: unknown) => Tensor | undefined;

const asTensor: AsTensor = (value) => (value instanceof Tensor ? value : undefined);

/** Takes nested values apart; tensors are appended to `tensors`. */
export function takeApart(value: unknown, tensors: Tensor[], recognise: AsTensor = asTensor): Template {
  const tensor = recognise(value);
  if (tensor) return { tensor: tensors.push(tensor) - 1 };
  if (Array.isArray(value)) return { list: value.map((part) => takeApart(part, tensors, recognise)) };
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return { value };
  const parts = Object.entries(value).map(([name, part]) => [name, takeApart(part, tensors, recognise)] as const);
  return { object: Object.fromEntries(parts) };
}

/** The opposite: `leaf` gives what stands for each tensor. */
export function putTogether(template: Template, leaf: (index: number) => unknown): unknown {
  if ("tensor" in template) return leaf(template.tensor);
  if ("list" in template) return template.list.map((part) => putTogether(part, leaf));
  if ("object" in template)
    return Object.fromEntries(Object.entries(template.object).map(([name, part]) => [name, putTogether(part, leaf)]));
  return template.value;
}

/** Text that tells templates apart. */
export function templateKey(template: Template, identities: Identities): string {
  if ("tensor" in template) return "t";
  if ("list" in template) return `[${template.list.map((part) => templateKey(part, identities))}]`;
  if ("object" in template)
    return `{${Object.entries(template.object).map(([name, part]) => `${JSON.stringify(name)}:${templateKey(part, identities)}`)}}`;
  return identities.describe(template.value);
}
