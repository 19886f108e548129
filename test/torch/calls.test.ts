// What the PyTorch dialect makes of arguments, against PyTorch: dtypes of results by those of operands, defaults, what is refused
// (test/goldens/generate_torch_arguments.py).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { closeDevice, FacetError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { afterAll, describe, expect, test } from "vitest";

interface Shown {
  readonly dtype: string;
  readonly shape: number[];
  /** Missing where they are random. */
  readonly values?: (number | boolean | string)[];
}
interface Case {
  readonly fn: string;
  readonly args: unknown[];
  readonly kw: Record<string, unknown>;
  readonly gives?: unknown;
  readonly raises?: string;
}

const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL("../goldens/torch_arguments.json", import.meta.url)), "utf8"),
) as { tensors: Record<string, Required<Shown>>; calls: Case[] };

/** Where Facet differs on purpose. */
const differs: readonly (readonly [reason: string, holds: (each: Case) => boolean])[] = [
  [
    "ranges of bytes are of whole numbers",
    ({ fn, args, kw }) => fn === "arange" && kw.dtype === "~uint8" && args.some((each) => !Number.isInteger(each)),
  ],
  [
    "ranges of bools, and of bytes beyond 255, are refused for one step and for none too",
    ({ fn, args, kw }) =>
      fn === "linspace" && (kw.dtype === "~bool" || kw.dtype === "~uint8") && (args[2] === 0 || args[2] === 1),
  ],
  [
    "the ends of a window are computed in double precision: PyTorch's are rounding errors beside 0",
    ({ fn, args, kw }) => fn === "signal.windows.blackman" && args[0] === 2 && Object.keys(kw).length === 0,
  ],
  ["products of matrices are of floats", ({ fn, args }) => fn === "matmul" && `${args}` === "$iv,$iv"],
];

afterAll(() => closeDevice());

const number = (text: string): number =>
  text === "nan" ? Number.NaN : text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);

function given(each: unknown): unknown {
  if (Array.isArray(each)) return each.map(given);
  if (typeof each !== "string") return each;
  if (each.startsWith("$")) {
    const { dtype, shape, values } = golden.tensors[each.slice(1)] as Required<Shown>;
    return torch
      .tensor(values.map((one) => (typeof one === "string" ? number(one) : one)) as number[], { dtype: dtypes[dtype] })
      .reshape(shape);
  }
  return each.startsWith("~") ? (dtypes[each.slice(1)] ?? number(each.slice(1))) : each;
}

const dtypes: Readonly<Record<string, torch.Dtype>> = {
  float32: torch.float32,
  int64: torch.int64,
  bool: torch.bool,
  uint8: torch.uint8,
};

type Callable = (...args: unknown[]) => unknown;

const functionNamed = (path: string): Callable =>
  path.split(".").reduce((owner: unknown, part) => Reflect.get(owner as object, part), torch) as Callable;

async function call({ fn, args, kw }: Case): Promise<unknown> {
  const named = Object.fromEntries(Object.entries(kw).map(([name, each]) => [name, given(each)]));
  const all = [...args.map(given), ...(Object.keys(kw).length > 0 ? [named] : [])];
  if (!fn.startsWith(".")) return shown(await functionNamed(fn)(...all));
  const [self, ...rest] = all as [Record<string, Callable>, ...unknown[]];
  return shown(await self[fn.slice(1)]?.(...rest));
}

async function shown(result: unknown): Promise<unknown> {
  if (result instanceof torch.Tensor)
    return { dtype: result.dtype.name, shape: [...result.shape], values: Array.from(await result.numpy(), Number) };
  if (result instanceof torch.Dtype) return `${result}`;
  if (Array.isArray(result)) return await Promise.all(result.map(shown));
  return result;
}

function alike(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(found) && found.length === wanted.length && wanted.every((each, i) => alike(found[i], each));
  if (typeof wanted !== "object" || wanted === null) return found === wanted;
  const [ours, theirs] = [found as Required<Shown>, wanted as Shown];
  if (ours?.dtype !== theirs.dtype || `${ours.shape}` !== `${theirs.shape}`) return false;
  const largest = Math.max(...(theirs.values ?? []).map((each) => Math.abs(Number(each))).filter(Number.isFinite), 0);
  return (
    theirs.values?.every((each, i) => {
      const [x, y] = [ours.values[i] as number, typeof each === "string" ? number(each) : Number(each)];
      // Floats within a few of their last places, or of the largest one's; everything else exactly.
      return (
        Object.is(x, y) ||
        x === y ||
        (theirs.dtype === "float32" && Math.abs(x - y) <= 1e-5 * Math.abs(y) + 1e-7 * largest)
      );
    }) ?? true
  );
}

const functions = [...new Set(golden.calls.map(({ fn }) => fn))];

describe("arguments", () => {
  test.each(functions)("%s", async (fn) => {
    const found: string[] = [];
    for (const each of golden.calls) {
      if (each.fn !== fn || differs.some(([, holds]) => holds(each))) continue;
      const text = `${each.fn}(${JSON.stringify(each.args).slice(1, -1)}, ${JSON.stringify(each.kw)})`;
      try {
        const result = await call(each);
        if (each.raises !== undefined) found.push(`${text} answers; PyTorch: ${each.raises}`);
        else if (!alike(result, each.gives))
          found.push(`${text} gives ${JSON.stringify(result)}, PyTorch ${JSON.stringify(each.gives)}`);
      } catch (error) {
        if (!(error instanceof FacetError)) found.push(`${text} throws ${error}`);
        else if (each.raises === undefined) found.push(`${text} throws ${error.message}`);
      }
    }
    expect(found).toEqual([]);
  });
});
