// What an argument may be. A kind says in words what it expects, so that errors can.
import { isKeywords } from "./keywords.js";
import { Parameter } from "./rules.js";

export class Kind<T> {
  /** In words, as they follow "expected" in errors. */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Whether a plain object can be such a value, so that it is not taken for keywords in this place. */
  readonly takesObjects: boolean;
  /** Gives the type a place in the structure. */
  declare readonly type: T;

  constructor(expected: string, accepts: (value: unknown) => boolean, takesObjects = false) {
    this.expected = expected;
    this.accepts = accepts;
    this.takesObjects = takesObjects;
  }

  /** A parameter of this kind that has a default, which need not be of the kind: `int.or(null)`. */
  or<const D>(otherwise: D): Parameter<T | Widened<D>> {
    return new Parameter<T | Widened<D>>(this, otherwise as Widened<D>);
  }

  /** This kind, or null, which stands for None. */
  get orNone(): Kind<T | null> {
    return new Kind<T | null>(
      `${this.expected}, or null`,
      (value) => value === null || this.accepts(value),
      this.takesObjects,
    );
  }

  /** This kind or another. */
  either<U>(other: Kind<U>): Kind<T | U> {
    return new Kind<T | U>(
      `${this.expected} or ${other.expected}`,
      (value) => this.accepts(value) || other.accepts(value),
      this.takesObjects || other.takesObjects,
    );
  }

  /** This kind where `holds` does, which `expected` says in words. */
  where(expected: string, holds: (value: T) => boolean): Kind<T> {
    return new Kind<T>(expected, (value) => this.accepts(value) && holds(value as T), this.takesObjects);
  }
}

/** 0 is a number, false a boolean: defaults written in place do not narrow the parameter to themselves. */
type Widened<D> = D extends number ? number : D extends boolean ? boolean : D;

/** Anything but a plain object, which in the last place would be keywords. */
export const any = new Kind<unknown>("a value", () => true);
export const number = new Kind<number>("a number", (value) => typeof value === "number");
export const int = new Kind<number>("an integer", (value) => Number.isInteger(value));
export const bool = new Kind<boolean>("true or false", (value) => typeof value === "boolean");
export const string = new Kind<string>("a string", (value) => typeof value === "string");
// biome-ignore lint/suspicious/noExplicitAny: what it takes and gives is the caller's affair.
export const func = new Kind<(...args: any[]) => any>("a function", (value) => typeof value === "function");

/** One of some strings or numbers. */
export const oneOf = <const T extends readonly (string | number | boolean)[]>(...values: T): Kind<T[number]> =>
  new Kind(values.map((value) => JSON.stringify(value)).join(" or "), (value) => values.includes(value as T[number]));

/** A list of values of a kind; of `length` of them if that is given. */
export const listOf = <T>(kind: Kind<T>, length?: number): Kind<readonly T[]> =>
  new Kind(
    `a list of ${length === undefined ? "" : `${length} values, each `}${kind.expected}`,
    (value) =>
      Array.isArray(value) && (length === undefined || value.length === length) && everyElement(value, kind.accepts),
  );

/** A hole in a list is no value, which `every` would step over. */
const everyElement = (list: readonly unknown[], accepts: (value: unknown) => boolean): boolean => {
  for (let i = 0; i < list.length; i++) if (!accepts(list[i])) return false;
  return true;
};

/** A value of a kind, or a list of them. */
export const oneOrMore = <T>(kind: Kind<T>): Kind<T | readonly T[]> => kind.either(listOf(kind));

// biome-ignore lint/suspicious/noExplicitAny: a class of any constructor.
type AnyClass = abstract new (...args: any[]) => any;

/** An object of a class; `expected` in words, such as "a Tensor". */
export const instance = <C extends AnyClass>(target: () => C, expected: string): Kind<InstanceType<C>> =>
  new Kind(expected, (value) => value instanceof target());

/** A plain object that is a value, not keywords: state, weights by name, configuration. */
export const mapping = <T = Record<string, unknown>>(expected = "an object"): Kind<T> =>
  new Kind<T>(expected, isKeywords, true);
