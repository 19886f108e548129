// Layers of torch.nn against PyTorch's: state, printed form, results, gradients, buffers afterwards (torch_modules.json).
import { readFileSync } from "node:fs";
import { FacetError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";
import type { Case } from "../conformance/cases.js";
import { run } from "../conformance/torch.js";

const golden = JSON.parse(readFileSync(new URL("../goldens/torch_modules.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

describe("layers give what PyTorch's give", () => {
  const rows = golden.cases.map((row, i) => ({ name: `${i} ${row.repr.split("\n")[0]}`, row }));
  test.each(rows)("$name", async ({ row }) => {
    expect(await run(row)).toEqual({ kind: "right" });
  });
});

describe("norms and tables", () => {
  const { nn } = torch;
  const F = nn.functional;

  test("batch normalisation of one value a channel, other ranks and statistics of other sizes are errors", () => {
    expect(() => new nn.BatchNorm1d(2)(torch.ones(1, 2))).toThrow(
      /Expected more than 1 value per channel when training/,
    );
    expect(() => new nn.BatchNorm2d(2)(torch.ones(2, 2))).toThrow(/expected 4D input \(got 2D input\)/);
    expect(() => new nn.BatchNorm1d(3).eval()(torch.ones(4, 2))).toThrow(
      /running_mean should contain 2 elements not 3/,
    );
    expect(() => F.batch_norm(torch.ones(4, 2), null, null)).toThrow(/running_mean must be defined in evaluation mode/);
    expect(() => F.batch_norm(torch.ones(4, 2), null, null, { training: true, eps: 0 })).toThrow(
      /eps must be positive/,
    );
    expect(() => new nn.InstanceNorm1d(2)(torch.ones(3, 2, 1))).toThrow(/more than 1 spatial element/);
    expect(() => new nn.GroupNorm(2, 3)).toThrow(/num_channels \(3\) must be divisible by num_groups \(2\)/);
  });

  test("the statistics follow batch by batch, and are forgotten", async () => {
    const norm = new nn.BatchNorm1d(1, { momentum: null });
    for (const value of [2, 4, 9]) norm(torch.tensor([[value - 1], [value + 1]]).float());
    expect(await norm.running_mean?.tolist()).toEqual([5]);
    expect(await norm.running_var?.tolist()).toEqual([2]);
    expect(await norm.num_batches_tracked?.item()).toBe(3);
    norm.reset_running_stats();
    expect(await norm.running_var?.tolist()).toEqual([1]);
    expect(await norm.num_batches_tracked?.item()).toBe(0);
    // An empty batch leaves them as they are.
    expect(norm(torch.zeros(0, 1)).shape).toEqual([0, 1]);
    expect(await norm.running_var?.tolist()).toEqual([1]);
  });

  test("a table from given rows is frozen, and rows that are not there are errors", async () => {
    const rows = torch.tensor([
      [1, 2.5],
      [3, 4],
    ]);
    const table = nn.Embedding.from_pretrained(rows);
    expect(table.weight.requires_grad).toBe(false);
    expect(await table(torch.tensor([1])).tolist()).toEqual([[3, 4]]);
    expect(nn.EmbeddingBag.from_pretrained(rows, false).weight.requires_grad).toBe(true);
    expect(() => new nn.Embedding(3, 2, { padding_idx: 3 })).toThrow(/Padding_idx must be within num_embeddings/);
    expect(() => table(torch.ones(2))).toThrow(/scalar types: Long, Int; but got torch\.float32/);
    await expect(table(torch.tensor([2])).tolist()).rejects.toThrow(FacetError);
    expect(await new nn.Embedding(3, 2, 1).weight.get(1).tolist()).toEqual([0, 0]);
  });
});
