import { Tensor } from "../tensor.js";
import { isObserved } from "./observe.js";

/** Nested arrays and plain objects with tensors, and where asked for numbers, left out: what stays the same from call to call. */
export type Template =
  | { readonly tensor: number }
  | { readonly number: number }
  | { readonly list: readonly Template[] }
  | { readonly object: Readonly<Record<string, Template>> }
  | { readonly value: unknown };

/** Numbers for values that are told apart by identity. */
export class Identities {
  readonly #numbers = new WeakMap<object, number>();
  #next = 0;

  /**
   * Text that is the same for equal primitive values, and for the same object or function: with what its own fields hold, which a
   * trace may have read. Observed objects are guarded by what a trace does read.
   */
  describe(value: unknown, depth = 3): string {
    if (value === null || (typeof value !== "object" && typeof value !== "function"))
      return `${typeof value} ${String(value)}`;
    const number = this.#numbers.get(value) ?? this.#next++;
    this.#numbers.set(value, number);
    if (depth === 0 || typeof value === "function" || isObserved(value) || value instanceof Tensor) return `#${number}`;
    const parts = value instanceof Map ? value : value instanceof Set ? value.entries() : Object.entries(value);
    let text = `#${number}(`;
    for (const [name, part] of parts) text += `${String(name)}:${this.describe(part, depth - 1)},`;
    return `${text})`;
  }
}

/** How a dialect's tensors are recognised; undefined for what is none. */
export type AsTensor = (value: unknown) => Tensor | undefined;

const asTensor: AsTensor = (value) => (value instanceof Tensor ? value : undefined);

/** Takes nested values apart; tensors are appended to `tensors`, and numbers to `numbers` when it is given. */
export function takeApart(
  value: unknown,
  tensors: Tensor[],
  recognise: AsTensor = asTensor,
  numbers?: number[],
): Template {
  const tensor = recognise(value);
  if (tensor) return { tensor: tensors.push(tensor) - 1 };
  if (numbers && typeof value === "number") return { number: numbers.push(value) - 1 };
  const inner = (part: unknown): Template => takeApart(part, tensors, recognise, numbers);
  if (Array.isArray(value)) return { list: value.map(inner) };
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return { value };
  const parts = Object.entries(value).map(([name, part]) => [name, inner(part)] as const);
  return { object: Object.fromEntries(parts) };
}

/** The opposite: `leaf` gives what stands for each tensor. */
export function putTogether(
  template: Template,
  leaf: (index: number) => unknown,
  numbers: readonly number[] = [],
): unknown {
  if ("tensor" in template) return leaf(template.tensor);
  if ("number" in template) return numbers[template.number];
  const inner = (part: Template): unknown => putTogether(part, leaf, numbers);
  if ("list" in template) return template.list.map(inner);
  if ("object" in template)
    return Object.fromEntries(Object.entries(template.object).map(([name, part]) => [name, inner(part)]));
  return template.value;
}

/** Text that tells templates apart. */
export function templateKey(template: Template, identities: Identities): string {
  if ("tensor" in template) return "t";
  if ("number" in template) return "n";
  if ("list" in template) return `[${template.list.map((part) => templateKey(part, identities))}]`;
  if ("object" in template)
    return `{${Object.entries(template.object).map(([name, part]) => `${JSON.stringify(name)}:${templateKey(part, identities)}`)}}`;
  return identities.describe(template.value);
}
