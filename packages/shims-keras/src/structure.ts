// Structures of values, as Keras' trees: lists and plain objects, whose keys are taken in sorted order.
import { ArgumentError } from "@facet/autograd";
import { isKeywords, show } from "@facet/dialect";

/** A value, or lists and objects of them. */
export type Structure<T> = T | readonly Structure<T>[] | { readonly [key: string]: Structure<T> };

const keysOf = (value: object): string[] => Object.keys(value).sort();
export const isNested = (value: unknown): value is readonly unknown[] | Record<string, unknown> =>
  Array.isArray(value) || isKeywords(value);

/** The leaves with their paths, in order. */
export function leavesWithPaths(
  value: unknown,
  path: readonly (string | number)[] = [],
): [(string | number)[], unknown][] {
  if (Array.isArray(value)) return value.flatMap((part, i) => leavesWithPaths(part, [...path, i]));
  if (isKeywords(value)) return keysOf(value).flatMap((key) => leavesWithPaths(value[key], [...path, key]));
  return [[[...path], value]];
}

export const leavesOf = (value: unknown): unknown[] => leavesWithPaths(value).map(([, leaf]) => leaf);

/** The same structure with other leaves, taken one after another. */
export function rebuilt(like: unknown, next: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(like)) return like.map((part) => rebuilt(part, next));
  if (!isKeywords(like)) return next(like);
  const made = new Map(keysOf(like).map((key) => [key, rebuilt(like[key], next)]));
  return Object.fromEntries(Object.keys(like).map((key) => [key, made.get(key)]));
}

/** A structure with these leaves. Throws ArgumentError where their number is another. */
export function packed(op: string, like: unknown, leaves: readonly unknown[]): unknown {
  const count = leavesOf(like).length;
  if (count !== leaves.length) {
    const expected = `${count} values, as the structure has`;
    throw new ArgumentError({ op, argument: "flat_sequence", expected, given: `${leaves.length}` });
  }
  let at = 0;
  return rebuilt(like, () => leaves[at++]);
}

/** Refuses a structure that differs from another. */
export function expectSameStructure(op: string, a: unknown, b: unknown, argument = "b", deep = true): void {
  const different = (): never => {
    throw new ArgumentError({ op, argument, expected: `the structure of ${show(a)}`, given: show(b) });
  };
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) different();
    for (const [i, part] of a.entries()) expectSameStructure(op, part, (b as unknown[])[i], argument, deep);
  } else if (isKeywords(a)) {
    if (!isKeywords(b) || `${keysOf(a)}` !== `${keysOf(b)}`) different();
    for (const key of keysOf(a)) expectSameStructure(op, a[key], (b as Record<string, unknown>)[key], argument, deep);
  } else if (deep && isNested(b)) different();
}
