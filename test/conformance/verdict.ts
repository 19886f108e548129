// What a case comes to: right, wrong, refused (a typed error), absent, untyped (another error), no-raise, crash.
import { FacetError } from "@facet/autograd";
import { type Any, type Case, decode, type Encoded, special } from "./cases.js";

export const kinds = ["right", "wrong", "refused", "absent", "untyped", "no-raise", "crash"] as const;
export type Kind = (typeof kinds)[number];

export interface Verdict {
  readonly kind: Kind;
  readonly text?: string;
  /** Derivatives and batches of JAX' functions, counted apart. */
  readonly parts?: Readonly<Record<string, Verdict>>;
  /** Right only with arguments given in another way than the test's. */
  readonly otherwise?: boolean;
}

/** A name or dtype that is not here. */
export class Absent extends Error {}
/** A result that is not the original's. */
export class Wrong extends Error {}

/** Whether an object has a name; namespaces throw where they have not. */
export function has(value: Any, name: string): boolean {
  try {
    return value != null && ["object", "function"].includes(typeof value) && name in value && value[name] !== undefined;
  } catch {
    return false;
  }
}

/** Finds "numpy.linalg.norm" below a root, or throws Absent. */
export function find(root: Any, path: string): Any {
  let value = root;
  for (const part of path.split(".")) {
    if (!has(value, part)) throw new Absent(path);
    value = value[part];
  }
  return value;
}

const sentence = (error: Any): string =>
  (error?.message ? `${error.constructor.name}: ${error.message}` : String(error)).split("\n")[0]?.slice(0, 240) ?? "";

/** The verdict on an error, or on none, of a case that the original answers (`expected` undefined) or refuses. */
export function judge(error: Any, expected?: string): Verdict {
  if (error instanceof Absent) return { kind: "absent", text: error.message };
  if (error instanceof Wrong) return { kind: "wrong", text: error.message };
  if (error === null)
    return expected === undefined ? { kind: "right" } : { kind: "no-raise", text: `the original: ${expected}` };
  const typed = error instanceof FacetError;
  if (typed) return expected === undefined ? { kind: "refused", text: sentence(error) } : { kind: "right" };
  const place = String(error?.stack)
    .split("\n")
    .slice(1, 3)
    .join(" ")
    .replace(/\(?(file:\/\/)?\/\S*\//g, "");
  return { kind: "untyped", text: `${sentence(error)} ${place.slice(0, 160)}` };
}

export async function attempt(each: Case, body: () => unknown): Promise<Verdict> {
  try {
    await body();
    return judge(null, each.err);
  } catch (error) {
    return judge(error, each.err);
  }
}

/** What a tensor holds, as it is compared. */
export interface Held {
  readonly t: string;
  readonly s: readonly number[];
  readonly v: ArrayLike<number | boolean>;
}

export interface Tolerance {
  /** Multiplies 1e-4 relative and 1e-5 of the largest value. */
  readonly slack?: number;
  /** Random values: shape and dtype alone. */
  readonly shapes?: boolean | undefined;
  /** Signs are the algorithm's choice. */
  readonly magnitude?: boolean;
}

/** Holds an array against the original's: floats within 1e-4 relative or 1e-5 of the largest, all else exactly. */
export function sameArray(
  what: string,
  expected: Encoded,
  held: Held,
  { slack = 1, shapes, magnitude }: Tolerance = {},
): void {
  if (`${expected.s}` !== `${held.s}`) throw new Wrong(`${what}: shape expected [${expected.s}] got [${held.s}]`);
  if (expected.t !== held.t) throw new Wrong(`${what}: dtype expected ${expected.t} got ${held.t}`);
  if (shapes || expected.d === undefined) return;
  const values = decode(expected);
  let scale = 1;
  for (const each of values) if (Number.isFinite(each)) scale = Math.max(scale, Math.abs(each));
  for (let i = 0; i < values.length; i++) {
    let [theirs, ours] = [values[i] as number, Number(held.v[i])];
    if (magnitude) [theirs, ours] = [Math.abs(theirs), Math.abs(ours)];
    if (theirs === ours || (Number.isNaN(theirs) && Number.isNaN(ours))) continue;
    const bound = slack * (1e-4 * Math.abs(theirs) + 1e-5 * scale);
    const finite = Number.isFinite(theirs) && Number.isFinite(ours);
    if (!finite || !expected.t.startsWith("float") || Math.abs(theirs - ours) > bound)
      throw new Wrong(`${what}[${i}]: expected ${theirs} got ${ours}`);
  }
}

/** Holds a number against the original's. */
export function sameNumber(what: string, expected: Any, given: Any, relative = 1e-5): void {
  const number = special(expected);
  const near = Math.abs(given - number) <= relative * Math.max(1, Math.abs(number));
  if (!(Object.is(given, number) || Number(given) === Number(number) || near))
    throw new Wrong(`${what}: expected ${number}, got ${given}`);
}
