// Views share what is written with their tensors, and indices are Python's: against PyTorch (test/goldens/generate_torch_views.py).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { closeDevice, FacetError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { afterAll, expect, test } from "vitest";

interface Held {
  readonly shape: number[];
  readonly values: (number | boolean)[];
}
interface Program {
  readonly kind: string;
  readonly steps: [name: string, ...args: unknown[]][];
  readonly gives?: Held;
  readonly raises?: string;
}
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL("../goldens/torch_views.json", import.meta.url)), "utf8"),
) as { tensors: Record<string, Held & { dtype: "float32" | "int64" | "bool" }>; programs: Program[] };

afterAll(() => closeDevice());

const counted = (): torch.Tensor => torch.arange(12, { dtype: torch.float32 }).reshape(3, 4);

const dtypes = { float32: torch.float32, int64: torch.int64, bool: torch.bool } as const;

function given(each: unknown): unknown {
  if (typeof each !== "string" || !each.startsWith("$")) return each;
  const { shape, values, dtype } = golden.tensors[each.slice(1)] as (typeof golden.tensors)[string];
  return torch.tensor(values, { dtype: dtypes[dtype] }).reshape(shape);
}

function run(x: torch.Tensor, steps: Program["steps"]): torch.Tensor {
  let y = x;
  for (const [name, ...args] of steps)
    y = (y as unknown as Record<string, (...args: unknown[]) => torch.Tensor>)[name]?.(
      ...args.map(given),
    ) as torch.Tensor;
  return y;
}

const held = async (x: torch.Tensor): Promise<Held> => ({
  shape: [...x.shape],
  values: Array.from(await x.numpy(), (value) => Math.fround(value)),
});

test.each(golden.programs)("$kind $steps", async ({ kind, steps, gives, raises }) => {
  const x = counted();
  if (raises !== undefined) {
    expect(() => run(x, steps), raises).toThrow(FacetError);
    return;
  }
  const y = run(x, steps);
  const found = await held(kind === "read" ? y : x);
  expect(found.shape).toEqual(gives?.shape);
  for (const [i, value] of (gives?.values ?? []).entries()) expect(found.values[i]).toBeCloseTo(Number(value), 4);
});

test("a view shows what is written into its tensor later, and into another view", async () => {
  const x = counted();
  const [row, column, turned] = [x.get(1), x.get(":", 2), x.t().get(2)];
  x.mul_(10);
  row.get(2).fill_(-1);
  expect(await row.tolist()).toEqual([40, 50, -1, 70]);
  expect(await column.tolist()).toEqual([20, -1, 100]);
  expect(await turned.tolist()).toEqual([20, -1, 100]);
  for (const each of x) each.fill_(await each.sum().item());
  expect(await x.get(":", 0).tolist()).toEqual([60, 159, 380]);
});

test("a view of a leaf is written under no_grad only, and gradients flow through views", async () => {
  const w = torch.ones(2, 2, { requires_grad: true });
  expect(() => w.get(0).fill_(3)).toThrow(FacetError);
  const first = torch.no_grad(() => w.get(0));
  expect(() => first.fill_(3)).toThrow(FacetError);
  torch.no_grad(() => w.get(0).fill_(3));
  w.get(0).mul(w.t().get(1)).sum().backward();
  expect(await w.tolist()).toEqual([
    [3, 3],
    [1, 1],
  ]);
  expect(await w.grad?.tolist()).toEqual([
    [3, 4],
    [0, 3],
  ]);
});

test("a compiled function writes through views and sees what was written", async () => {
  const state = torch.zeros(3);
  const last = state.get([1, null]);
  const step = torch.compile((x: torch.Tensor) => {
    state.get(0).add_(x);
    return last.add(state.get(0));
  });
  const one = torch.tensor(1, { dtype: torch.float32 });
  for (const i of [1, 2, 3]) {
    expect(await step(one).tolist()).toEqual([2 * i - 1, 2 * i - 1]);
    state.get([1, null]).add_(1);
  }
  expect(await state.tolist()).toEqual([3, 3, 3]);
});

test("what brackets cannot give without reading is refused", () => {
  const x = counted();
  expect(() => x.get(x.gt(3))).toThrow(UnsupportedError);
  expect(() => x.set(x.get(":", 0).gt(3), torch.tensor([0, 1]), 1)).toThrow(UnsupportedError);
});

test("draws written in place are those of their distributions", async () => {
  const mean = async (x: torch.Tensor): Promise<number> => (await x.to(torch.float32).mean().item()) as number;
  const drawn = (): torch.Tensor => torch.zeros(4000);
  expect(await mean(drawn().exponential_(2))).toBeCloseTo(0.5, 1);
  expect(await mean(drawn().geometric_(0.25))).toBeCloseTo(4, 0);
  expect(await mean(drawn().long().geometric_({ p: 0.25 }))).toBeCloseTo(4, 0);
  expect(await mean(drawn().log_normal_(0, 0.5))).toBeCloseTo(Math.exp(0.125), 1);
  expect(await drawn().cauchy_(3, 0.5).median().item()).toBeCloseTo(3, 1);
  expect(await mean(drawn().bernoulli_(0.25))).toBeCloseTo(0.25, 1);
  expect(await mean(drawn().bernoulli_(torch.tensor(0.25)))).toBeCloseTo(0.25, 1);
  expect(await mean(drawn().random_(2, 5))).toBeCloseTo(3, 1);
  expect(await mean(torch.poisson(drawn().fill_(3)))).toBeCloseTo(3, 0);
  expect(await mean(torch.normal(drawn().fill_(2), 0.5))).toBeCloseTo(2, 1);
  expect(await mean(torch.randint_like(drawn(), 1, 4))).toBeCloseTo(2, 1);
});

test("classes are drawn by their weights, with and without replacement", async () => {
  const weights = torch.tensor([0.5, 0, 3.5]);
  const often = await torch.multinomial(weights, 4000, true).to(torch.float32).mean().item();
  expect(often).toBeCloseTo(1.75, 1);
  const once = await torch
    .multinomial(
      torch.tensor([
        [1.5, 0, 1],
        [0, 2, 1],
      ]),
      2,
    )
    .tolist();
  expect((once as number[][]).map((row) => [...row].sort())).toEqual([
    [0, 2],
    [1, 2],
  ]);
  for (const bad of [
    [-1.5, 2],
    [0, 0.0],
    [Number.NaN, 1],
  ])
    await expect(torch.multinomial(torch.tensor(bad, { dtype: torch.float32 }), 1).item()).rejects.toThrow(FacetError);
});
