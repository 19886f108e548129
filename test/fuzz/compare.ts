// A program's results against PyTorch's.
import { FacetError } from "@facet/autograd";
import { type Any, decode } from "../conformance/cases.js";
import { type Held, Mismatch, type Program, type Results, runCompiled, runEager, runOptimizer } from "./programs.js";

export interface Fault {
  readonly kind: string;
  readonly text: string;
}

/** Floats within 1e-4 relative, or 1e-5 of the largest where values are sums; all else exactly. */
const [RELATIVE, ABSOLUTE] = [1e-4, 1e-5];

/** Areas in which each element stands for itself, so that another's size excuses nothing. */
const ELEMENTWISE = /^(unary|activation|binary|denorm|intarith|bigint|clampwhere|index|shape|create|convert|inplace)$/;

function compare(what: string, expected: Any, held: Held | null, area: string, slack: number): Fault | null {
  if (expected === null || held === null) {
    if (expected === held) return null;
    return {
      kind: "grad-null",
      text: `${what}: expected ${expected ? "a gradient" : "none"}, got ${held ? "one" : "none"}`,
    };
  }
  if (`${expected.s}` !== `${held.s}`)
    return { kind: "shape", text: `${what}: shape expected [${expected.s}] got [${held.s}]` };
  const dtype = expected.t === "float64" ? "float32" : expected.t;
  if (dtype !== held.t) return { kind: "dtype", text: `${what}: dtype expected ${dtype} got ${held.t}` };
  const values = decode(expected);
  let scale = 1;
  if (!ELEMENTWISE.test(area) || what.startsWith("grad"))
    for (const each of values) if (Number.isFinite(each)) scale = Math.max(scale, Math.abs(each));
  let worst: (Fault & { error: number }) | null = null;
  for (let i = 0; i < values.length; i++) {
    const [theirs, ours] = [values[i] as number, Number(held.v[i])];
    if (theirs === ours || (Number.isNaN(theirs) && Number.isNaN(ours))) continue;
    const text = `${what}[${i}]: expected ${theirs} got ${ours}`;
    if (!Number.isFinite(theirs) || !Number.isFinite(ours))
      return { kind: Number.isNaN(theirs) ? "nan-lost" : Number.isNaN(ours) ? "nan-made" : "inf", text };
    if (dtype !== "float32") return { kind: "value", text };
    const error = Math.abs(theirs - ours);
    if (error > slack * (RELATIVE * Math.abs(theirs) + ABSOLUTE * scale) && error > (worst?.error ?? 0))
      worst = { kind: "value", text, error };
  }
  return worst;
}

function compareAll(
  what: string,
  expected: readonly Any[],
  held: readonly (Held | null)[],
  area: string,
  slack: number,
): Fault | null {
  for (const [i, each] of expected.entries()) {
    const fault = compare(`${what}${i}`, each, held[i] ?? null, area, slack);
    if (fault) return fault;
  }
  return null;
}

const blank = (each: Any): boolean =>
  each === null || each === undefined || Array.from(each.v ?? decode(each)).every((value) => value === 0);

function differ(program: Program, results: Results): Fault | null {
  const { area, expect } = program;
  if (area === "optim") {
    for (const [step, expected] of expect.trace.entries()) {
      const fault = compareAll(`step${step}.p`, expected, results.trace?.[step] ?? [], area, 3);
      if (fault) return fault;
    }
    return compareAll("norm", expect.norms, results.norms ?? [], area, 1);
  }
  if (expect.outs.length !== results.outs.length)
    return { kind: "shape", text: `results: ${expect.outs.length} expected, got ${results.outs.length}` };
  const slack = area === "double" || area === "compose" ? 10 : 1;
  const fault =
    compareAll("out", expect.outs, results.outs, area, slack) ??
    compareAll("grad-first", expect.first ?? [], results.first ?? [], area, slack);
  if (fault) return fault;
  // A second derivative that is nothing on one side and zeros on the other is no difference.
  const grads: Any[] = (expect.grads ?? []).map((each: Any, i: number) =>
    program.grad === "double" && blank(each) && blank(results.grads?.[i]) ? (results.grads?.[i] ?? null) : each,
  );
  return grads.reduce(
    (found: Fault | null, each, i) =>
      found ??
      (each === results.grads?.[i] ? null : compare(`grad${i}`, each, results.grads?.[i] ?? null, area, slack)),
    null,
  );
}

/** Whether a program can be compiled: what it makes or writes in place is not an output of its inputs. */
export const compilable = ({ grad, area, expect, steps }: Program): boolean =>
  grad !== "double" &&
  !["optim", "create", "inplace"].includes(area) &&
  !expect.err &&
  !steps.some(([op]) => COUNTED.has(op));
/** How many results these have is known when values are read, which no trace can. */
const COUNTED = new Set(["torch.masked_select", "torch.unique", "torch.unique_consecutive", "torch.bincount"]);

const sentence = (error: Any): string =>
  (error?.message ? `${error.constructor.name}: ${error.message}` : String(error)).split("\n")[0]?.slice(0, 260) ?? "";

/** What differs, or null. */
export async function faultOf(program: Program, compiled: boolean): Promise<Fault | null> {
  const { area, expect } = program;
  let results: Results;
  try {
    results = await (area === "optim" ? runOptimizer(program) : compiled ? runCompiled(program) : runEager(program));
  } catch (error) {
    if (error instanceof Mismatch) return { kind: "requires-grad", text: error.message };
    if (!(error instanceof FacetError))
      return { kind: "untyped-error", text: `${sentence(error)}; PyTorch: ${expect.err ?? "no error"}` };
    return expect.err ? null : { kind: "raises", text: sentence(error) };
  }
  if (expect.err) return { kind: "no-raise", text: `PyTorch: ${expect.err}` };
  return differ(program, results);
}

/** The ops of a program in a word, by which faults are grouped. */
export const opsOf = ({ area, kind, steps }: Program): string =>
  area === "optim" ? kind : steps.length > 3 ? `${steps.length} steps` : steps.map(([op]) => op).join("+");
