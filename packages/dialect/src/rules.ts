import type { Kind } from "./kinds.js";

/** Stands where an argument of any kind has no default. */
export const required = Symbol("required");

/** A parameter of a kind, with its default. */
export class Parameter<T> {
  readonly kind: Kind<unknown>;
  readonly otherwise: unknown;
  declare readonly type: T;

  constructor(kind: Kind<unknown>, otherwise: T) {
    this.kind = kind;
    this.otherwise = otherwise;
  }
}

/** An argument that the original has and Facet supports with one value only. */
export class Only<T> {
  readonly value: T;
  /** Values that mean the same. */
  readonly also: readonly unknown[];
  constructor(value: T, also: readonly unknown[]) {
    this.value = value;
    this.also = also;
  }
}

/**
 * Said of an argument that the original has and Facet supports with one value only, its default; `also` are values that
 * mean the same. Any other throws UnsupportedError.
 */
export const only = <const T>(value: T, ...also: readonly unknown[]): Only<T> => new Only(value, also);

/**
 * What a signature says of a parameter: `required`, a kind (required, and checked), `kind.or(default)`, `only(value)`, or a
 * plain default, which stands for its own type: 0.5 for a number, false for a boolean, "mean" for a string; null for anything.
 */
// biome-ignore lint/suspicious/noExplicitAny: rules of all kinds stand in one table.
export type Rule = typeof required | Kind<any> | Parameter<any> | Only<any> | number | boolean | string | null;

/**
 * Parameters in their order, as Python writes them. The key "*" stands where only keywords follow, "/" where those before it
 * are by position only; a key "*sizes" takes all further positions as a list, "**options" all further keywords as an object.
 */
export type Rules = Readonly<Record<string, Rule>>;

type Value<R> = R extends typeof required
  ? unknown
  : R extends { readonly type: infer T }
    ? T
    : R extends Only<infer T>
      ? T
      : R extends number
        ? number
        : R extends boolean
          ? boolean
          : R extends string
            ? string
            : unknown;

type Name<K> = K extends "*" | "/" ? never : K extends `**${infer N}` ? N : K extends `*${infer N}` ? N : K;

/** The values of a call after a signature, by name. */
export type Values<R> = { -readonly [K in keyof R as Name<K>]: Value<R[K]> };
