// Orders of samples, data sets made of data sets, and parts of a network that are computed again.
import { ArgumentError, FacetError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn, utils } = torch;
const { data, checkpoint } = utils;
type Tensor = torch.Tensor;

class Range extends data.Dataset<number> {
  readonly from: number;
  readonly to: number;
  constructor(from: number, to: number) {
    super();
    this.from = from;
    this.to = to;
  }
  override __len__(): number {
    return this.to - this.from;
  }
  override __getitem__(index: number): number {
    return this.from + index;
  }
}
class Stream extends data.IterableDataset<number> {
  readonly values: readonly number[];
  constructor(values: readonly number[]) {
    super();
    this.values = values;
  }
  override *[Symbol.iterator](): IterableIterator<number> {
    yield* this.values;
  }
}
class Slow extends data.IterableDataset<number> {
  override async *[Symbol.asyncIterator](): AsyncIterableIterator<number> {
    for (const value of [7, 8, 9]) yield value;
  }
}
const sorted = (list: Iterable<number>): number[] => [...list].sort((a, b) => a - b);
const generator = (seed: number): torch.Generator => new torch.Generator().manual_seed(seed);
async function batches(loader: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const batch of loader) all.push(await (batch as Tensor).tolist());
  return all;
}

describe("samplers", () => {
  test("in order, and in batches", () => {
    const order = new data.SequentialSampler(new Range(0, 5));
    expect([...order]).toEqual([0, 1, 2, 3, 4]);
    expect([...new data.BatchSampler(order, 2, false)]).toEqual([[0, 1], [2, 3], [4]]);
    const short = new data.BatchSampler(order, { batch_size: 2, drop_last: true });
    expect([[...short], short.__len__(), new data.BatchSampler(order, 2, false).__len__()]).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      2,
      3,
    ]);
  });

  test("at random: each once, over again, with replacement, anew in every pass, and alike from one seed", () => {
    const set = new Range(0, 6);
    const sampler = new data.RandomSampler(set, { generator: generator(1) });
    const [first, second] = [[...sampler], [...sampler]];
    expect([sorted(first), sorted(second)]).toEqual([sorted(Array(6).keys()), sorted(Array(6).keys())]);
    expect(first).not.toEqual(second);
    expect([...new data.RandomSampler(set, { generator: generator(1) })]).toEqual(first);
    const longer = [...new data.RandomSampler(set, false, 15)];
    expect([sorted(longer.slice(0, 6)), sorted(longer.slice(6, 12)), longer.length]).toEqual([
      sorted(Array(6).keys()),
      sorted(Array(6).keys()),
      15,
    ]);
    const counts = Array(6).fill(0) as number[];
    for (const index of new data.RandomSampler(set, true, 600)) counts[index] = (counts[index] as number) + 1;
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(140);
    expect(sorted(new data.SubsetRandomSampler([3, 1, 8]))).toEqual([1, 3, 8]);
  });

  test("by weights", () => {
    const counts = [0, 0, 0, 0];
    for (const index of new data.WeightedRandomSampler([1, 0, 3, 4], 800))
      counts[index] = (counts[index] as number) + 1;
    const [a, none, b, c] = counts as [number, number, number, number];
    expect(none).toBe(0);
    expect(Math.abs(a - 100)).toBeLessThan(40);
    expect(Math.abs(b - 300)).toBeLessThan(60);
    expect(Math.abs(c - 400)).toBeLessThan(60);
    expect(sorted(new data.WeightedRandomSampler([0.1, 0, 3, 4], 3, false))).toEqual([0, 2, 3]);
  });

  test("a loader takes them", async () => {
    const set = new Range(10, 15);
    const loader = new data.DataLoader(set, { batch_size: 2, sampler: new data.SubsetRandomSampler([4]) });
    expect([await batches(loader), loader.length]).toEqual([[[14]], 1]);
    const byBatch = new data.DataLoader(set, {
      batch_sampler: new data.BatchSampler(new data.SequentialSampler(set), 3, false),
    });
    expect([await batches(byBatch), byBatch.length]).toEqual([
      [
        [10, 11, 12],
        [13, 14],
      ],
      2,
    ]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["no samples", () => new data.RandomSampler([]), /num_samples should be a positive integer value/],
    ["a batch of none", () => new data.BatchSampler([1], 0, false), /batch_size should be a positive integer/],
    ["weights below 0", () => new data.WeightedRandomSampler([1, -1], 2), /weights: expected numbers of 0 or more/],
    ["weights of 0", () => new data.WeightedRandomSampler([0, 0], 2), /one of them above 0/],
    ["more than there are", () => new data.WeightedRandomSampler([1, 0, 1], 3, false), /without replacement/],
    ["sets of none", () => new data.ConcatDataset([]), /should not be an empty iterable/],
    ["a stack of two lengths", () => new data.StackDataset(new Range(0, 2), new Range(0, 3)), /Size mismatch/],
    ["a stack of none", () => new data.StackDataset(), /At least one dataset/],
    ["a shuffled stream", () => new data.DataLoader(new Stream([1]), { shuffle: true }), /unspecified shuffle option/],
    ["a sampled stream", () => new data.DataLoader(new Stream([1]), { sampler: [0] }), /unspecified sampler option/],
    ["the length of a stream", () => new data.DataLoader(new Stream([1])).length, /an IterableDataset with __len__/],
    ["a slow stream at once", () => [...new data.DataLoader(new Slow())], /for await/],
    ["beyond the end", () => new data.ConcatDataset([new Range(0, 2)]).get(2), /should not exceed dataset length/],
  ])("%s", (_, body, sentence) => {
    expect(body).toThrow(sentence);
    expect(body).toThrow(ArgumentError);
  });
});

describe("data sets of data sets", () => {
  test("one after another, beside each other, and as streams", async () => {
    const joined = new data.ConcatDataset([new Range(0, 2), new Range(10, 13)]);
    expect([joined.length, joined.cumulative_sizes, joined.get(2), joined.get(-1)]).toEqual([5, [2, 5], 10, 12]);
    const rows = new data.StackDataset(new Range(0, 2), new Range(5, 7));
    const named = new data.StackDataset({ a: new Range(0, 2), b: new Range(5, 7) });
    expect([rows.get(1), named.get(0), named.length]).toEqual([[1, 6], { a: 0, b: 5 }, 2]);
    const chain = new data.ChainDataset([new Stream([1, 2]), new Stream([3])]);
    expect(await batches(new data.DataLoader(chain, { batch_size: 2 }))).toEqual([[1, 2], [3]]);
    expect([...new data.DataLoader(chain, { batch_size: 2, drop_last: true })]).toHaveLength(1);
    expect(await batches(new data.DataLoader(new Slow(), 2))).toEqual([[7, 8], [9]]);
    expect([...new data.DataLoader(chain, { batch_size: null })]).toEqual([1, 2, 3]);
  });

  test("default_convert makes tensors of typed arrays alone", async () => {
    const made = data.default_convert({ a: Float32Array.of(1.5), b: [2, "text"] }) as { a: Tensor; b: unknown };
    expect([await made.a.tolist(), made.b]).toEqual([[1.5], [2, "text"]]);
  });
});

describe("checkpoint", () => {
  const net = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Dropout(0.5), new nn.Linear(4, 2));
  const gradients = async (call: (x: Tensor) => Tensor): Promise<unknown> => {
    torch.manual_seed(5);
    net.zero_grad();
    const x = torch.linspace(-1, 1, 6).reshape(2, 3).requires_grad_();
    const y = call(x);
    y.sum().backward();
    const all = [y, x.grad as Tensor, ...[...net.parameters()].map((each) => each.grad as Tensor)];
    return Promise.all(all.map((each) => each.tolist()));
  };

  test("gradients and random numbers are the same as without", async () => {
    const plain = await gradients((x) => net(x));
    expect(await gradients((x) => checkpoint.checkpoint((x: Tensor) => net(x), x, { use_reentrant: false }))).toEqual(
      plain,
    );
    expect(await gradients((x) => checkpoint.checkpoint_sequential(net, 2, x, { use_reentrant: false }))).toEqual(
      plain,
    );
    expect(await gradients((x) => checkpoint.checkpoint_sequential([...net.children()] as never, 4, x))).toEqual(plain);
  });

  test("other values pass, and what is not supported is refused", async () => {
    let calls = 0;
    const x = torch.ones(2).requires_grad_();
    const run = (a: Tensor, scale: number, named: { shift: number }): [Tensor, string] => {
      calls += 1;
      return [a.mul(a).mul(scale).add(named.shift), "text"];
    };
    const [y, text] = checkpoint.checkpoint(run, x, 3, { shift: 1, use_reentrant: false } as never);
    expect(text).toBe("text");
    y.sum().backward();
    expect([await y.tolist(), await x.grad?.tolist(), calls]).toEqual([[4, 4], [6, 6], 2]);
    expect(() => checkpoint.checkpoint(run, x, 3, { debug: true } as never)).toThrow(FacetError);
    expect(() => checkpoint.checkpoint(async () => x)).toThrow(/synchronous/);
    expect(() => checkpoint.checkpoint_sequential(net, 0, x)).toThrow(ArgumentError);
  });
});
