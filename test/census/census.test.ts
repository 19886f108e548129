// Programs that could be written in the dialects can still be (counts.json, written by `npx facet census --refresh`).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  type Counts,
  count,
  families,
  isExported,
  isTested,
  judge,
  kindOf,
  lackingKeywords,
  verdictsOf,
} from "./census.js";

const stored: Record<string, Counts> = JSON.parse(
  readFileSync(fileURLToPath(new URL("counts.json", import.meta.url)), "utf8"),
);

describe.each(families)("%s", (family) => {
  test("no program is lost", () => {
    const verdicts = verdictsOf(family);
    const counts = count(verdicts);
    const held = stored[family] as Counts;
    expect(counts.programs).toBe(held.programs);
    for (const key of ["whole", "withoutPlumbing", "withoutPlumbingAndSaving"] as const)
      expect(counts[key], key).toBeGreaterThanOrEqual(held[key]);
  });
});

test("a name is there if the dialect exports it or its class has the member", () => {
  for (const name of [
    "torch.nn.Conv2d",
    "torch.Tensor.view",
    "keras.Model.fit",
    "jax.numpy.sum",
    "optax.adam",
    "flax.nnx.Linear",
  ])
    expect(isExported(name), name).toBe(true);
  for (const name of [
    "torch.nn.Conv9d",
    "torch.Tensor.share_memory_",
    "torch.nowhere.at_all",
    "jax.numpy.sum.deeper.down",
  ])
    expect(isExported(name), name).toBe(false);
});

test("a name that no test calls is told from one that a test calls", () => {
  expect(isTested("torch", "torch.nn.Conv2d")).toBe(true);
  expect(isTested("torch", "torch.called_by_nobody")).toBe(false);
});

test("keywords are held against the signature", () => {
  expect(lackingKeywords("torch.nn.Conv2d", ["kernel_size", "padding"])).toEqual([]);
  expect(lackingKeywords("torch.nn.Conv2d", ["kernel_size", "filters"])).toEqual(["filters"]);
});

test("a program lacks what is absent, by kind, and nothing else", () => {
  const names = { "torch.relu": [], "torch.no_such_thing": [], "torch.save": [], "torch.softmax": ["dim", "colour"] };
  const { lacks } = judge("torch", { repository: "a/b", path: "c.py", names });
  expect(lacks.map(({ name, kind }) => [name, kind])).toEqual([
    ["torch.no_such_thing", "other"],
    ...(isExported("torch.save") ? [] : [["torch.save", "saving"]]),
    ["torch.softmax(colour)", "other"],
  ]);
  expect(count([{ program: { repository: "a/b", path: "c.py", names }, lacks }])).toEqual({
    programs: 1,
    whole: 0,
    withoutPlumbing: 0,
    withoutPlumbingAndSaving: 0,
  });
  expect([kindOf("torch.backends.cudnn.benchmark"), kindOf("keras.Model.load_weights"), kindOf("torch.sum")]).toEqual([
    "plumbing",
    "saving",
    "other",
  ]);
});
