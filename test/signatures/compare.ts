// A declared signature against the original's.
import type { Declared, Signature } from "@facet/dialect";
import { Opaque, type Parameter } from "./golden.js";

export interface Difference {
  /** The argument that differs. */
  readonly argument: string;
  readonly what: string;
}

type Form = readonly (Declared | Parameter)[];

/**
 * What differs between our forms and the original's. Each of ours is held against the original's form that it is nearest to,
 * and every argument of the original has to be in one of ours. A form may stand for several of the original's: what one of
 * those lacks may have the default null. Arguments by keyword only have no order. `facet` is the name of what is ours.
 */
export function differences(ours: readonly Form[], originals: readonly (readonly Parameter[])[]): Difference[] {
  if (originals.some((form) => form.length > 0 && form.every(({ how }) => how === "positions" || how === "keywords")))
    return [];
  const found = new Map<string, Difference>();
  const note = (list: readonly Difference[]): void => {
    for (const each of list) found.set(`${each.argument}: ${each.what}`, each);
  };
  for (const form of ours) {
    const each = originals.map((original) => differ(form, original, originals));
    note(each.reduce((best, list) => (list.length < best.length ? list : best)));
  }
  const named = new Set(ours.flatMap((form) => form.map(({ name }) => name)));
  for (const { name, how } of originals.flat())
    if (!named.has(name) && how !== "keywords") note([{ argument: name, what: "missing" }]);
  return [...found.values()];
}

function differ(form: Form, original: readonly Parameter[], all: readonly (readonly Parameter[])[]): Difference[] {
  const list: Difference[] = [];
  const optional = (name: string): boolean => all.some((other) => !other.some((each) => each.name === name));
  const ordered = (each: Form): string[] =>
    each.filter(({ how }) => how !== "keyword" && how !== "keywords").map(({ name }) => name);
  const known = new Map(original.map((each) => [each.name, each]));
  for (const each of form) {
    if (each.how === "keywords" || each.name === "facet") continue;
    const theirs = known.get(each.name);
    if (!theirs) {
      list.push({ argument: each.name, what: "not in the original" });
      continue;
    }
    if (each.how !== theirs.how && !(each.how === "positions" && theirs.how === "either"))
      list.push({ argument: each.name, what: `${each.how}, in the original ${theirs.how}` });
    if (each.how === "positions") continue;
    if (each.required && !theirs.required) list.push({ argument: each.name, what: "required, in the original not" });
    if (!each.required && theirs.required && !(optional(each.name) && each.otherwise === null))
      list.push({ argument: each.name, what: "has a default, in the original it has none" });
    if (!each.required && !theirs.required && !same(each.otherwise, theirs.otherwise))
      list.push({
        argument: each.name,
        what: `default ${text(each.otherwise)}, in the original ${text(theirs.otherwise)}`,
      });
  }
  for (const { name, how, required } of original) {
    if (how === "keywords" || form.some((each) => each.name === name)) continue;
    if (!required || !optional(name)) list.push({ argument: name, what: "missing" });
  }
  const places = ordered(form).filter((name) => known.has(name));
  const theirs = ordered(original).filter((name) => places.includes(name));
  const at = places.findIndex((name, i) => theirs[i] !== name && theirs.includes(name));
  if (at >= 0) list.push({ argument: places[at] as string, what: `stands where the original has ${theirs[at]}` });
  return list;
}

const text = (value: unknown): string =>
  value instanceof Opaque ? `~${value.text}` : (JSON.stringify(value) ?? `${value}`);

/** Equal defaults; one that JSON cannot say is equal to whatever stands for it here. */
function same(ours: unknown, theirs: unknown): boolean {
  if (theirs instanceof Opaque) return ours !== undefined;
  if (Array.isArray(ours) && Array.isArray(theirs))
    return ours.length === theirs.length && ours.every((each, i) => same(each, theirs[i]));
  return Object.is(ours, theirs) || (ours === 0 && theirs === 0);
}

/** A signature of a function as that of the method it is: without the object, and without out, which methods do not take. */
export const asMethod = ({ parameters }: Signature): readonly Declared[] =>
  parameters.slice(1).filter(({ name }) => name !== "out");
