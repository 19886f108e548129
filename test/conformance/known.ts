// Differences from the originals that are known and meant, or not Facet's, each with its reason.
import { readFileSync } from "node:fs";
import type { Dialect } from "./cases.js";
import type { Kind, Verdict } from "./verdict.js";

export interface Known {
  readonly dialect: Dialect;
  /** The name of the cases; "*" for any. */
  readonly name: string;
  readonly kind: Kind;
  /** A part of the verdict's text; empty for any. */
  readonly text: string;
  readonly reason: string;
}

export const known = JSON.parse(readFileSync(new URL("./known.json", import.meta.url), "utf8")) as readonly Known[];

/** Why a verdict is no fault, or undefined. */
export const reasonFor = (dialect: Dialect, name: string, verdict: Verdict): Known | undefined =>
  known.find(
    (each) =>
      each.dialect === dialect &&
      (each.name === "*" || each.name === name) &&
      each.kind === verdict.kind &&
      (verdict.text ?? "").includes(each.text),
  );
