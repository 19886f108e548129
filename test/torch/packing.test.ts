// Sequences of several lengths: packed, padded, and through recurrent layers as PyTorch takes them (torch_modules.json).
import { readFileSync } from "node:fs";
import { ArgumentError, ShapeError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { expectClose } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { decode, type Encoded } from "../conformance/cases.js";

const { nn } = torch;
const R = nn.utils.rnn;
type Tensor = torch.Tensor;

interface Row {
  cls: "LSTM" | "GRU" | "RNN";
  kw: { batch_first?: boolean };
  state: Record<string, Encoded>;
  x: Encoded;
  hx: Encoded[];
  parts: Encoded[];
  outs: Encoded[];
  seeds: Encoded[];
  grads: Encoded[];
}
const { packed } = JSON.parse(readFileSync(new URL("../goldens/torch_modules.json", import.meta.url), "utf8")) as {
  packed: Row[];
};

const make = (each: Encoded): Tensor => {
  const made = torch.tensor([...decode(each)]).reshape(each.s);
  return each.t === "float32" ? made.float() : made;
};
async function same(given: Tensor, expected: Encoded, label: string): Promise<void> {
  expect(given.shape, label).toEqual(expected.s);
  expectClose(await given.float().numpy(), Float32Array.from(decode(expected)), { rtol: 2e-5, atol: 2e-5, label });
}

describe("recurrent layers of packed sequences", () => {
  test.each(packed)("$cls $kw", async ({ cls, kw, state, x, hx, parts, outs, seeds, grads }) => {
    const layer: torch.nn.RNNBase = new nn[cls](2, 3, kw);
    layer.load_state_dict(Object.fromEntries(Object.entries(state).map(([name, each]) => [name, make(each)])));
    const first = kw.batch_first ?? false;
    const input = make(x).requires_grad_();
    const before = hx.map((each) => make(each).requires_grad_());
    const given = R.pack_padded_sequence(input, [2, 4, 1], first, { enforce_sorted: false });
    const [out, last] = layer.forward(given, cls === "LSTM" ? before : before[0]);
    const [padded, lengths] = R.pad_packed_sequence(out, first, -1, 5);
    const shown = [...given, lengths, out.data] as Tensor[];
    for (const [i, each] of shown.entries()) await same(each, parts[i] as Encoded, `part ${i}`);
    const all = [padded, ...(last instanceof torch.Tensor ? [last] : last)] as Tensor[];
    for (const [i, each] of all.entries()) await same(each, outs[i] as Encoded, `output ${i}`);
    const total = all.map((each, i) => each.mul(make(seeds[i] as Encoded)).sum()).reduce((a, b) => a.add(b));
    const made = torch.autograd.grad(total, [input, ...before, ...layer.parameters()]);
    for (const [i, each] of made.entries()) await same(each as Tensor, grads[i] as Encoded, `gradient ${i}`);
  });

  test("dropout acts between layers, in training alone", async () => {
    const layer = new nn.GRU(2, 3, 2, { dropout: 0.5 });
    const x = torch.ones(4, 2, 2);
    const [a, b] = [layer(x)[0], layer(x)[0]];
    expect(await torch.equal(a, b)).toBe(false);
    layer.eval();
    expect(await torch.equal(layer(x)[0], layer(x)[0])).toBe(true);
  });
});

describe("padding and packing", () => {
  const list = [torch.tensor([1, 2]), torch.tensor([3, 4, 5]), torch.tensor([6])];

  test("pads behind or before, and takes apart again", async () => {
    expect(await R.pad_sequence(list, true, -1).tolist()).toEqual([
      [1, 2, -1],
      [3, 4, 5],
      [6, -1, -1],
    ]);
    expect(await R.pad_sequence(list, { padding_side: "left" }).tolist()).toEqual([
      [0, 3, 0],
      [1, 4, 0],
      [2, 5, 6],
    ]);
    const apart = R.unpad_sequence(R.pad_sequence(list), torch.tensor([2, 3, 1]));
    expect(await Promise.all(apart.map((each) => each.tolist()))).toEqual([[1, 2], [3, 4, 5], [6]]);
    const packed = R.pack_sequence(list, { enforce_sorted: false });
    expect(await packed.data.tolist()).toEqual([3, 1, 6, 4, 2, 5]);
    expect(await packed.batch_sizes.tolist()).toEqual([3, 2, 1]);
    expect(await R.invert_permutation(packed.sorted_indices)?.tolist()).toEqual([1, 0, 2]);
    expect(await Promise.all(R.unpack_sequence(packed).map((each) => each.tolist()))).toEqual([[1, 2], [3, 4, 5], [6]]);
  });

  test("lengths that the host does not know, or that do not fit, are errors", async () => {
    const x = torch.ones(3, 2, 1);
    const pack = R.pack_padded_sequence;
    expect(() => pack(x, [1, 3])).toThrow(/must be sorted in decreasing order when `enforce_sorted` is True/);
    expect(() => pack(x, [3, 0])).toThrow(/greater than 0/);
    expect(() => pack(x, [3])).toThrow(/Expected `len\(lengths\)` to be equal to batch_size/);
    expect(() => pack(x, [4, 1])).toThrow(ArgumentError);
    const computed = torch.tensor([2, 1]).add(1);
    expect(() => pack(x, computed)).toThrow(UnsupportedError);
    await computed.tolist();
    expect(await pack(x, computed).batch_sizes.tolist()).toEqual([2, 2, 1]);
    expect(() => R.pad_packed_sequence(pack(x, [3, 1]), { total_length: 2 })).toThrow(/Expected total_length/);
    expect(() => R.pad_sequence([])).toThrow(/empty list of sequences/);
    expect(() => R.pad_sequence([torch.ones(2, 2), torch.ones(2, 3)])).toThrow(ShapeError);
  });

  test("recurrent layers refuse other shapes in PyTorch's words", () => {
    const lstm = new nn.LSTM(2, 3);
    expect(() => lstm(torch.ones(4, 2, 3))).toThrow(
      /input\.size\(-1\) must be equal to input_size\. Expected 2, got 3/,
    );
    expect(() => lstm(torch.ones(2))).toThrow(/LSTM: Expected input to be 2D or 3D, got 1D instead/);
    const [h, c] = [torch.ones(1, 2, 3), torch.ones(1, 1, 3)];
    expect(() => lstm(torch.ones(4, 2, 2), [h, c])).toThrow(/Expected hidden\[1\] size \(1, 2, 3\), got \[1, 1, 3\]/);
    expect(() => lstm(torch.ones(4, 2), [h, h])).toThrow(/For unbatched 2-D input, hx and cx should also be 2-D/);
    expect(() => new nn.LSTM(2, 3, { proj_size: 3 })).toThrow(/proj_size has to be smaller than hidden_size/);
    expect(() => new nn.GRU(2, 3, { dropout: 2 })).toThrow(/dropout should be a number in range/);
    expect(() => new nn.RNNCell(2, 3)(torch.ones(4, 3))).toThrow(/input has inconsistent input_size: got 3 expected 2/);
  });
});
