// What the originals say of their signatures (test/goldens/signatures_*.json): generate_signatures.py tells the format.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ParameterKind } from "@facet/dialect";

export const dialects = ["torch", "keras", "jax", "flax"] as const;
export type Dialect = (typeof dialects)[number];

export interface Parameter {
  readonly name: string;
  readonly how: ParameterKind;
  readonly required: boolean;
  /** The default: JSON's value, or Opaque where JSON cannot say it. */
  readonly otherwise: unknown;
}

/** A default that is an object of Python, by what Python prints. */
export class Opaque {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export interface Golden {
  /** Public names by namespace. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly signatures: ReadonlyMap<string, readonly (readonly Parameter[])[]>;
}

function parse(form: readonly string[]): Parameter[] {
  const list: Parameter[] = [];
  const positionOnly = form.indexOf("/");
  let keywordsOnly = false;
  for (const [at, text] of form.entries()) {
    if (text === "/") continue;
    if (text === "*") {
      keywordsOnly = true;
      continue;
    }
    const rest = text.startsWith("**") ? "keywords" : text.startsWith("*") ? "positions" : undefined;
    const [, name, , given] = /^\**(\w+)(=(.*))?$/s.exec(text) as unknown as [string, string, string?, string?];
    const how: ParameterKind = rest ?? (keywordsOnly ? "keyword" : at < positionOnly ? "positional" : "either");
    if (rest === "positions") keywordsOnly = true;
    const otherwise =
      given === undefined ? undefined : given.startsWith("~") ? new Opaque(given.slice(1)) : JSON.parse(given);
    list.push({ name, how, required: given === undefined && rest === undefined, otherwise });
  }
  return list;
}

export function loadSignatures(dialect: Dialect): Golden {
  const path = fileURLToPath(new URL(`../goldens/signatures_${dialect}.json`, import.meta.url));
  const { names, signatures } = JSON.parse(readFileSync(path, "utf8")) as {
    names: Record<string, string[]>;
    signatures: Record<string, string[][]>;
  };
  return { names, signatures: new Map(Object.entries(signatures).map(([name, forms]) => [name, forms.map(parse)])) };
}
