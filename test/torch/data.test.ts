// Data sets, loaders and transforms of the PyTorch dialect.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { DatasetError, generateDigits, type ImageSplit } from "@facet/datasets";
import * as torch from "@facet/shims-torch";
import { afterAll, describe, expect, test } from "vitest";

const { DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split } = torch.utils.data;
const { datasets, transforms } = torch.torchvision;
type Tensor = torch.Tensor;

class Squares extends Dataset<[number, number]> {
  readonly count: number;
  constructor(count: number) {
    super();
    this.count = count;
  }
  __len__(): number {
    return this.count;
  }
  __getitem__(index: number): [number, number] {
    return [index, index * index];
  }
}

const numbers = async (x: Tensor): Promise<number[]> => (await x.tolist()) as number[];

describe("DataLoader", () => {
  test("makes batches, the last one short, in both kinds of loop", async () => {
    const loader = new DataLoader(new Squares(5), { batch_size: 2 });
    expect(loader.length).toBe(3);
    const seen: number[][] = [];
    for (const [x, y] of loader) seen.push(await numbers(x), await numbers(y));
    expect(seen).toEqual([[0, 1], [0, 1], [2, 3], [4, 9], [4], [16]]);
    const again: number[][] = [];
    for await (const [x, y] of loader) again.push(await numbers(x), await numbers(y));
    expect(again).toEqual(seen);
  });

  test("drops a short batch when told to", () => {
    const loader = new DataLoader(new Squares(5), { batchSize: 2, dropLast: true });
    expect(loader.length).toBe(2);
    expect([...loader].length).toBe(2);
  });

  test("shuffles anew for every epoch, and the same for the same seed", async () => {
    const data = new TensorDataset(torch.arange(20), torch.arange(20).mul(2));
    const loader = new DataLoader(data, { batch_size: 20, shuffle: true });
    const epoch = async (): Promise<number[]> => {
      const [[x, y]] = [...loader] as [[Tensor, Tensor]];
      expect(await numbers(y)).toEqual((await numbers(x)).map((value) => 2 * value));
      return numbers(x);
    };
    torch.manual_seed(1);
    const [first, second] = [await epoch(), await epoch()];
    expect(first).not.toEqual(second);
    expect([...first].sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
    torch.manual_seed(1);
    expect(await epoch()).toEqual(first);
  });

  test("takes a sampler, a collate function, a generator", async () => {
    const sampled = new DataLoader(new Squares(5), { batch_size: 2, sampler: [4, 0, 3] });
    expect(sampled.length).toBe(2);
    expect(await numbers([...sampled][0][0])).toEqual([4, 0]);
    const collated = new DataLoader<number>(new Squares(4), { batch_size: 2, collate_fn: (samples) => samples.length });
    expect([...collated]).toEqual([2, 2]);
    const generator = new torch.Generator().manual_seed(1);
    const own = new DataLoader(new Squares(20), { batch_size: 20, shuffle: true, generator });
    const first = await numbers([...own][0][0]);
    generator.manual_seed(1);
    expect(await numbers([...own][0][0])).toEqual(first);
  });

  test("waits for samples that are promises", async () => {
    class Slow extends Squares {
      override __getitem__(index: number): [number, number] {
        return Promise.resolve([index, 0]) as unknown as [number, number];
      }
    }
    const loader = new DataLoader(new Slow(2), 2);
    for await (const [x] of loader) expect(await numbers(x)).toEqual([0, 1]);
    expect(() => [...loader]).toThrow(/for await/);
  });

  test("collates what samples may be", async () => {
    const batch = default_collate([
      { x: torch.ones(2), name: "a", pair: [1, true] },
      { x: torch.zeros(2), name: "b", pair: [2.5, false] },
    ]) as { x: Tensor; name: string[]; pair: [Tensor, Tensor] };
    expect(batch.x.shape).toEqual([2, 2]);
    expect(batch.name).toEqual(["a", "b"]);
    expect(await batch.pair[0].tolist()).toEqual([1, 2.5]);
    expect(await batch.pair[1].tolist()).toEqual([true, false]);
    expect(() => default_collate([null])).toThrow(UnsupportedError);
  });

  test.each<[string, () => unknown, typeof ArgumentError, RegExp]>([
    [
      "batch_size 0",
      () => new DataLoader(new Squares(2), { batch_size: 0 }),
      ArgumentError,
      /batch_size should be a positive integer value, but got batch_size=0/,
    ],
    [
      "no samples to shuffle",
      () => new DataLoader(new Squares(0), { shuffle: true }),
      ArgumentError,
      /num_samples should be a positive integer value, but got num_samples=0/,
    ],
    [
      "a sampler and shuffle",
      () => new DataLoader(new Squares(2), { shuffle: true, sampler: [0] }),
      ArgumentError,
      /sampler option is mutually exclusive with shuffle/,
    ],
    [
      "prefetching without workers",
      () => new DataLoader(new Squares(2), { prefetch_factor: 2 }),
      ArgumentError,
      /prefetch_factor option could only be specified in multiprocessing/,
    ],
    [
      "persistent workers without any",
      () => new DataLoader(new Squares(2), { persistent_workers: true }),
      ArgumentError,
      /persistent_workers option needs num_workers > 0/,
    ],
    ["an unknown argument", () => new DataLoader(new Squares(2), { batches: 2 } as never), ArgumentError, /batches/],
    [
      "tensors of other lengths",
      () => new TensorDataset(torch.ones(3), torch.ones(2)),
      ArgumentError,
      /Size mismatch between tensors/,
    ],
    [
      "lengths that do not add up",
      () => random_split(new Squares(3), [1, 1]),
      ArgumentError,
      /Sum of input lengths does not equal the length of the input dataset!/,
    ],
  ])("refuses %s", (_, make, __, says) => {
    expect(make).toThrow(says);
  });

  test("workers and pinned memory change nothing", async () => {
    const loader = new DataLoader(new Squares(3), {
      ...{ num_workers: 2, pin_memory: true, timeout: 3, prefetch_factor: 2, persistent_workers: true },
      ...{ worker_init_fn: () => {}, pin_memory_device: "webgpu", in_order: false },
    });
    expect([loader.length, loader.num_workers, loader.pin_memory]).toEqual([3, 2, true]);
    expect(torch.utils.data.get_worker_info()).toBeNull();
    expect([...new DataLoader(new Squares(0))]).toEqual([]);
  });
});

describe("random_split and Subset", () => {
  test("split every sample into one part", async () => {
    const data = new TensorDataset(torch.arange(10));
    for (const lengths of [
      [7, 3],
      [0.65, 0.35],
    ]) {
      const parts = random_split(data, lengths, { generator: new torch.Generator().manual_seed(2) });
      expect(parts.map((part) => part.length)).toEqual([7, 3]);
      const found = await Promise.all(parts.map(async (part) => numbers([...new DataLoader(part, 10)][0][0])));
      expect(found.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(found.flat()).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    const subset = new Subset(new Squares(5), [3, 1]);
    expect(subset.get(0)).toEqual([3, 9]);
    expect(() => subset.get(2)).toThrow(ArgumentError);
  });
});

describe("images", () => {
  const split: ImageSplit = { ...generateDigits({ split: "train", count: 6 }), layout: "NHWC" };
  const colour: ImageSplit = {
    images: Uint8Array.from({ length: 2 * 2 * 3 * 3 }, (_, i) => i),
    labels: Uint8Array.of(1, 0),
    count: 2,
    height: 2,
    width: 3,
    channels: 3,
    layout: "NHWC",
  };
  const normalized = () => new transforms.Compose([new transforms.ToTensor(), new transforms.Normalize([0.5], [0.25])]);

  test("a batch is the same whether made at once or image by image", async () => {
    for (const [data, transform] of [
      [split, new transforms.ToTensor()],
      [split, normalized()],
      [colour, new transforms.ToTensor()],
      [{ ...colour, layout: "NCHW" as const }, normalized()],
    ] as const) {
      const whole = new datasets.VisionDataset(data, { transform });
      const single = new datasets.VisionDataset(data, { transform: (image) => transform(image) });
      expect(whole.__getitems__).toBeDefined();
      expect(single.__getitems__).toBeUndefined();
      const [x, y] = [...new DataLoader(whole, { batch_size: 4 })][0];
      const [u, v] = [...new DataLoader(single, { batch_size: 4 })][0];
      expect(x.shape).toEqual([Math.min(4, data.count), data.channels, data.height, data.width]);
      expect(await x.tolist()).toEqual(await u.tolist());
      expect(await numbers(y)).toEqual(await numbers(v));
      expect(y.dtype).toBe(torch.int64);
    }
  });

  test("ToTensor puts channels first and scales to [0, 1]; samples are pairs", async () => {
    const data = new datasets.VisionDataset(colour, { transform: new transforms.ToTensor(), classes: ["a", "b"] });
    const [image, label] = data.get(0) as [Tensor, number];
    expect(image.shape).toEqual([3, 2, 3]);
    expect(((await image.tolist()) as number[][][])[1]?.[0]?.[1]).toBeCloseTo(4 / 255, 7);
    expect(label).toBe(1);
    expect(data.length).toBe(2);
    expect(data.classes).toEqual(["a", "b"]);
    expect(await numbers(data.targets)).toEqual([1, 0]);
    expect(() => data.get(2)).toThrow(ArgumentError);
  });

  test("a Lambda or a target_transform sees one sample at a time", async () => {
    const double = new transforms.Lambda((x: Tensor) => x.mul(2));
    const transform = new transforms.Compose([new transforms.ToTensor(), double]);
    const data = new datasets.VisionDataset(colour, { transform, target_transform: (label) => label + 10 });
    const [x, y] = [...new DataLoader(data, 2)][0];
    const [plain] = [
      ...new DataLoader(new datasets.VisionDataset(colour, { transform: new transforms.ToTensor() }), 2),
    ][0];
    expect(await x.tolist()).toEqual(await plain.mul(2).tolist());
    expect(await numbers(y)).toEqual([11, 10]);
  });

  test("without a transform a sample is an Image, which no loader collates", () => {
    const data = new datasets.VisionDataset(colour);
    expect(((data.get(0) as unknown[])[0] as torch.torchvision.transforms.Image).data).toEqual(
      colour.images.subarray(0, 18),
    );
    expect(() => [...new DataLoader(data, 2)]).toThrow(/ToTensor/);
  });

  test("transforms print as in torchvision, and refuse what makes no sense", () => {
    expect(`${new transforms.Compose([new transforms.ToTensor(), new transforms.Normalize([0.1307], [0.3081])])}`).toBe(
      "Compose(\n    ToTensor()\n    Normalize(mean=(0.1307,), std=(0.3081,))\n)",
    );
    expect(() => new transforms.Normalize([0.5], [0])).toThrow(/std evaluated to zero/);
    expect(() => new transforms.Normalize([0, 0], [1, 1])(torch.ones(3, 2, 2))).toThrow(/1 or 3 numbers/);
    expect(() => new transforms.ToTensor()(3 as never)).toThrow(/pic should be an Image/);
  });
});

describe("MNIST.open", () => {
  const root = mkdtempSync(join(tmpdir(), "facet-torch-"));
  afterAll(() => rmSync(root, { recursive: true }));

  test("says what is missing where", async () => {
    await expect(datasets.MNIST.open(root, { train: true })).rejects.toThrow(DatasetError);
    await expect(datasets.CIFAR10.open(root)).rejects.toThrow(DatasetError);
    await expect(datasets.MNIST.open(root, { split: "train" } as never)).rejects.toThrow(ArgumentError);
  });

  test("does not go elsewhere for a file that is there and broken", async () => {
    const folder = join(root, "fashion-mnist");
    mkdirSync(folder);
    const files = [
      "train-images-idx3-ubyte",
      "train-labels-idx1-ubyte",
      "t10k-images-idx3-ubyte",
      "t10k-labels-idx1-ubyte",
    ];
    for (const file of files) writeFileSync(join(folder, file), "no images");
    const opening = datasets.FashionMNIST.open(root, { download: true });
    await expect(opening).rejects.toThrow(DatasetError);
    await expect(opening).rejects.not.toThrow(/cannot be had/);
  });
});
