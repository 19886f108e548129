import { arrayTypes, type BindingArray, type BindingArrays } from "../../cases.js";
import type { BindingDtype, Constants } from "../../kernel.js";
import { type ScanParams, scanConstants } from "./scan.js";

type Step = (a: number, b: number) => number;

function logAddExp(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  return a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** Neutral element and step of an operation, known by the shader's words for it. */
function meaning({ combine, Y }: Constants): [initial: number, step: Step] {
  if (combine === "a + b") return [0, (a, b) => a + b];
  if (combine === "a * b") return [1, (a, b) => a * b];
  if (combine?.startsWith("max")) return [Y === "f32" ? -Infinity : Y === "i32" ? -(2 ** 31) : 0, Math.max];
  if (combine?.startsWith("min")) return [Y === "f32" ? Infinity : Y === "i32" ? 2 ** 31 - 1 : 2 ** 32 - 1, Math.min];
  if (combine === scanConstants("log_add_exp", "f32").combine) return [-Infinity, logAddExp];
  throw new RangeError(`no scan is written ${combine}`);
}

/** Calls `visit` for the elements of every block in the direction of the scan. */
function eachBlock(p: ScanParams, visit: (block: number, elements: number[]) => void): void {
  for (let o = 0; o < p.outer; o++)
    for (let b = 0; b < p.blocks; b++)
      for (let i = 0; i < p.inner; i++) {
        const elements: number[] = [];
        for (let k = b * p.block; k < Math.min((b + 1) * p.block, p.extent); k++) {
          const place = p.reverse ? p.extent - 1 - k : k;
          elements.push((o * p.extent + place) * p.inner + i);
        }
        visit((o * p.blocks + b) * p.inner + i, elements);
      }
}

export function scanReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as ScanParams;
  const x = inputs.x as BindingArray;
  const [initial, step] = meaning(constants);
  const y = new arrayTypes[constants.Y as BindingDtype](p.outer * p.inner * (p.totals ? p.blocks : p.extent));
  eachBlock(p, (block, elements) => {
    let sum = p.carried ? (inputs.carry?.[block] as number) : initial;
    for (const at of elements) {
      const before = sum;
      sum = step(sum, x[at] as number);
      if (!p.totals) y[at] = p.exclusive ? before : sum;
    }
    if (p.totals) y[block] = sum;
  });
  return { y };
}

export function linearRecurrenceReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as ScanParams;
  const { a, b, carry } = inputs as Record<string, Float32Array>;
  const y = new Float32Array(p.outer * p.inner * (p.totals ? p.blocks : p.extent));
  eachBlock(p, (block, elements) => {
    const isFirst = Math.floor(block / p.inner) % p.blocks === 0;
    let last = p.carried && !isFirst ? (carry?.[block - p.inner] as number) : 0;
    for (const [k, at] of elements.entries()) {
      last = (b?.[at] as number) + (k > 0 || (p.carried && !isFirst) ? (a?.[at] as number) * last : 0);
      if (!p.totals) y[at] = last;
    }
    if (p.totals) y[block] = last;
  });
  return { y };
}
