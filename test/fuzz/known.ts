// Differences from PyTorch that are known and meant, each with its reason.
import { readFileSync } from "node:fs";
import { decode } from "../conformance/cases.js";
import { type Fault, opsOf } from "./compare.js";
import type { Program } from "./programs.js";

export interface Known {
  /** A pattern of the fault: "area | ops | kind | text". */
  readonly pattern: string;
  /** Only of programs with a finite input of at least this size. */
  readonly from?: number;
  readonly reason: string;
}

export const known = JSON.parse(readFileSync(new URL("./known.json", import.meta.url), "utf8")) as readonly Known[];
const patterns = known.map(({ pattern }) => new RegExp(pattern));

/** Size of the largest finite input. */
function largest({ inputs }: Program): number {
  let size = 0;
  for (const each of inputs)
    for (const value of decode(each)) if (Number.isFinite(value)) size = Math.max(size, Math.abs(value));
  return size;
}

/** Why a fault is none, or undefined. */
export function reasonFor(program: Program, { kind, text }: Fault): Known | undefined {
  const line = `${program.area} | ${opsOf(program)} | ${kind} | ${text}`;
  return known.find(({ from }, i) => patterns[i]?.test(line) && (from === undefined || largest(program) >= from));
}
