// Special values through the PyTorch dialect, forward and backward, against what PyTorch gives: zeros of both signs, infinities,
// NaN, tiny and huge numbers, ties, equal elements, rows of zeros.
import { closeDevice } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

type Tensor = torch.Tensor;
type Callable = (...args: unknown[]) => Tensor;

afterAll(() => closeDevice());

/** One value of each kind may differ where the last bits do; everything else is the same number, and every NaN a NaN. */
function differences(label: string, found: ArrayLike<number>, wanted: ArrayLike<number>, inputs: string[]): string[] {
  return Array.from({ length: wanted.length }, (_, i) => i).flatMap((i) => {
    const [is, should] = [found[i] as number, wanted[i] as number];
    if (Object.is(is, should) || (is === should && Math.abs(is) === 0)) return [];
    if (Math.abs(is - should) <= 2e-5 * Math.abs(should) + 2e-7) return [];
    return [`${label}[${i}] of (${inputs[i] ?? inputs.join("; ")}): ${is}, PyTorch ${should}`];
  });
}

async function check(row: GoldenCase): Promise<string[]> {
  const { fn, ...given } = row.params;
  const keywords = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [key, value === "inf" ? Number.POSITIVE_INFINITY : value]),
  );
  const names = ["x", "a", "b"].filter((name) => row.has(name));
  const leaves = names.map((name) =>
    torch
      .tensor(row.floats(name))
      .view(row.tensor(name).shape as number[])
      .requires_grad_(),
  );
  const call = ((torch as unknown as Record<string, Callable>)[fn] ??
    (torch.nn.functional as unknown as Record<string, Callable>)[fn]) as Callable;
  if (!call) return [`no ${fn}`];
  const positional: unknown[] = "exponent" in keywords ? [keywords.exponent] : [];
  if (row.has("target")) {
    const { dtype, data } = row.tensor("target");
    positional.push(torch.tensor(dtype === "float32" ? data : Array.from(data)));
  }
  const { exponent: _, ...options } = keywords as Record<string, unknown>;
  const y = call(...leaves, ...positional, ...(Object.keys(options).length > 0 ? [options] : []));
  const operands = row.tensor(names[0] as string).data;
  const perElement = row.tensor("y").data.length === operands.length;
  const text = Array.from(operands, (_, i) => names.map((name) => row.floats(name)[i]).join(", "));
  const found = differences("y", await y.numpy(), row.tensor("y").data, perElement ? text : [text.join("; ")]);
  const wanted = names.filter((name) => row.has(`d${name}`));
  if (wanted.length > 0) torch.sum(y).backward();
  for (const [i, name] of names.entries()) {
    if (!row.has(`d${name}`)) continue;
    const { grad } = leaves[i] as Tensor;
    if (!grad) found.push(`no gradient of ${name}`);
    else found.push(...differences(`d${name}`, await grad.numpy(), row.floats(`d${name}`), text));
  }
  return found;
}

describe("special values", () => {
  test.each(loadGolden("edges").cases)("$name", async (row) => {
    expect(await check(row)).toEqual([]);
  });
});
