// Differences from PyTorch that are known and meant, each with its reason.
import { readFileSync } from "node:fs";
import { type Fault, opsOf } from "./compare.js";
import type { Program } from "./programs.js";

export interface Known {
  /** A pattern of the fault: "area | ops | kind | text". */
  readonly pattern: string;
  readonly reason: string;
}

export const known = JSON.parse(readFileSync(new URL("./known.json", import.meta.url), "utf8")) as readonly Known[];
const patterns = known.map(({ pattern }) => new RegExp(pattern));

/** Why a fault is none, or undefined. */
export function reasonFor(program: Program, { kind, text }: Fault): Known | undefined {
  const line = `${program.area} | ${opsOf(program)} | ${kind} | ${text}`;
  return known[patterns.findIndex((each) => each.test(line))];
}
