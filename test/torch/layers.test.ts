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

describe("attention and transformers", () => {
  const { nn } = torch;
  const F = nn.functional;

  test("a stack has copies of its layer, printed once", () => {
    const stack = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 2, 8, 0), 2);
    expect(`${stack}`).toMatch(/\(layers\): ModuleList\(\n {4}\(0-1\): 2 x TransformerEncoderLayer\(/);
    const [first, second] = [...stack.layers];
    expect(first).not.toBe(second);
    expect([...stack.parameters()].length).toBe(2 * 12);
    expect(Object.keys(stack.state_dict())[0]).toBe("layers.0.self_attn.in_proj_weight");
  });

  test("a causal mask hides what comes later", async () => {
    const mask = nn.Transformer.generate_square_subsequent_mask(2);
    expect(await mask.tolist()).toEqual([
      [0, Number.NEGATIVE_INFINITY],
      [0, 0],
    ]);
    const layer = new nn.TransformerEncoderLayer(4, 2, 8, 0);
    const x = torch.rand(2, 1, 4);
    const y = layer(x, { src_mask: mask, is_causal: true });
    const shorter = layer(x.get([0, 1]));
    expect(await torch.allclose(y.get([0, 1]), shorter, { atol: 1e-6 })).toBe(true);
    const q = torch.rand(1, 2, 4);
    expect(
      await torch.allclose(F.scaled_dot_product_attention(q, q, q, { is_causal: true }).get(0, 0), q.get(0, 0)),
    ).toBe(true);
  });

  test("masks and widths that do not fit are errors", () => {
    const attention = new nn.MultiheadAttention(4, 2);
    const x = torch.ones(3, 1, 4);
    expect(() => attention(x, x, x, { attn_mask: torch.ones(2, 3) })).toThrow(
      /The shape of the 2D attn_mask is \[2, 3\]/,
    );
    expect(() => attention(x, x, x, { key_padding_mask: torch.tensor([[1, 0, 1]]) })).toThrow(
      /only bool and floating types of key_padding_mask/,
    );
    expect(() => attention(x, x, x, { is_causal: true })).toThrow(/Need attn_mask if specifying the is_causal hint/);
    expect(() => new nn.MultiheadAttention(4, 3)).toThrow(/embed_dim must be divisible by num_heads/);
    expect(() => F.scaled_dot_product_attention(x, x, x, torch.ones(1, 1), 0, true)).toThrow(/should not be set when/);
    expect(() => new nn.Transformer(4, 2, 1, 1, 8)(x, torch.ones(3, 2, 4))).toThrow(/batch number of src and tgt/);
  });

  test("a hard draw of classes is one-hot and has the soft one's gradient", async () => {
    const logits = torch.tensor([[0.5, 1.5, -0.5]]).requires_grad_();
    const y = F.gumbel_softmax(logits, { hard: true });
    expect((await y.sum().item()) as number).toBeCloseTo(1, 6);
    expect((await y.max().item()) as number).toBeCloseTo(1, 6);
    y.get(0, 0).backward();
    expect(Math.abs((await (logits.grad as torch.Tensor).abs().sum().item()) as number)).toBeGreaterThan(0);
  });
});
