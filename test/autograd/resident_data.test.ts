// Data sets held on the device: their batches have the bits of those sent from the host, and their room is limited.
import { DATASET_BYTES, DtypeError, device, fitsOnDevice, residentTensor, ShapeError, scope } from "@facet/autograd";
import type { ImageSplit } from "@facet/datasets";
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import { createRandom } from "@facet/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Batches, repeatedBatches, StreamedBatches } from "../../packages/shims-keras/src/training/batches.js";
import { codeFloats } from "../../packages/shims-keras/src/training/codes.js";
import { dataSet } from "../../packages/shims-keras/src/training/data.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const held = (): number => device().memory().byOwner.dataset ?? 0;
const bitsOf = (values: ArrayLike<number>): number[] => [...new Int32Array(Float32Array.from(values).buffer)];

/** Makes the device look as if data sets took all the room they may. */
function fill(): void {
  const stats = device().memory();
  vi.spyOn(device(), "memory").mockReturnValue({ ...stats, byOwner: { dataset: DATASET_BYTES } });
}

const count = 61;
const random = createRandom(3);
/** Bytes of small colour pictures; many enough that their floats are coded. */
const pixels = Uint8Array.from(random.integers(count * 3 * 6 * 7, 0, 256));
const labels = Uint8Array.from(random.integers(count, 0, 4));

describe("fitsOnDevice", () => {
  test("counts what is held, and the adapter's largest binding", () => {
    expect(fitsOnDevice(1000)).toBe(true);
    expect(fitsOnDevice(device().gpu.limits.maxStorageBufferBindingSize + 4)).toBe(false);
    const half = DATASET_BYTES / 4;
    expect(fitsOnDevice(half, half, half, half)).toBe(true);
    const tensor = residentTensor(new Float32Array(1000), [1000]);
    expect(held()).toBeGreaterThanOrEqual(4000);
    expect(fitsOnDevice(half, half, half, half)).toBe(false);
    tensor.dispose();
    expect(fitsOnDevice(half, half, half, half)).toBe(true);
  });
});

describe("codeFloats", () => {
  const decoded = ({ codes, table }: NonNullable<ReturnType<typeof codeFloats>>): Float32Array =>
    Float32Array.from(codes, (code) => table[code] as number);

  test("keeps every bit, of zeros of either sign, infinities and small numbers too", () => {
    const special = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, -1e-45, 3.5];
    const values = Float32Array.from({ length: 5000 }, (_, i) => special[(i * i) % special.length] as number);
    const coded = codeFloats(values);
    expect(coded && bitsOf(decoded(coded))).toEqual(bitsOf(values));
  });

  test("takes 256 different values and no more; nothing where the table would outweigh it", () => {
    const values = Float32Array.from({ length: 8000 }, (_, i) => ((i % 256) / 255 - 0.1307) / 0.3081);
    const coded = codeFloats(values);
    expect(coded && bitsOf(decoded(coded))).toEqual(bitsOf(values));
    values[7999] = 99;
    expect(codeFloats(values)).toBeUndefined();
    expect(codeFloats(new Float32Array(4095))).toBeUndefined();
    expect(codeFloats(new Float32Array(4096))).toBeDefined();
  });
});

describe("Keras", () => {
  const bytes = keras.ndarray(pixels, [count, 6, 7, 3]);
  const scaled = bytes.astype("float32").div(255).sub(0.1307).div(0.3081);
  const inputs: [string, keras.NdArray][] = [
    ["bytes", bytes],
    ["bytes divided on the host", bytes.astype("float32").div(255)],
    ["bytes divided in float64", bytes.div(255)],
    ["normalised bytes", scaled],
    ["floats", keras.ndarray(createRandom(1).normal([count, 6 * 7 * 3]), [count, 6 * 7 * 3])],
    [
      "integers",
      keras.ndarray(
        Int32Array.from(pixels, (byte) => 5 * byte - 300),
        [count, 6, 7, 3],
      ),
    ],
  ];
  const targets: [string, keras.NdArray][] = [
    ["byte labels", keras.ndarray(labels)],
    ["integer labels", keras.ndarray(Int32Array.from(labels), [count, 1])],
    ["one-hot rows", keras.utils.to_categorical(labels)],
  ];

  /** Every batch of an epoch as the bits of its arrays. */
  async function epoch(batches: Batches, batchSize: number): Promise<unknown[]> {
    const seen: unknown[] = [];
    for (let start = 0; start < count; start += batchSize) {
      const reads = scope(() => {
        const { x, y, weights, count: size } = batches.batch(batches.feed(start, Math.min(start + batchSize, count)));
        const tensors = [...x, ...(y ? [y] : []), ...(weights ? [weights] : [])];
        return tensors.map(({ core }) => [size, core.shape, core.dtype, core.data()] as const);
      });
      for (const [size, shape, dtype, data] of reads) seen.push([size, shape, dtype, bitsOf(await data)]);
    }
    return seen;
  }

  test.each(inputs)(
    "%s: batches have the bits of those that are sent, in any order, the short last one too",
    async (_, x) => {
      for (const [, y] of targets) {
        const data = dataSet("fit", x, y, createRandom(2).uniform([count], 0, 1));
        const resident = repeatedBatches(data, undefined);
        expect(held()).toBeGreaterThan(0);
        const sent = new StreamedBatches(data, undefined);
        for (const order of [undefined, Int32Array.from({ length: count }, (_, i) => (5 * i + 3) % count), undefined]) {
          resident.setOrder(order);
          sent.setOrder(order);
          expect(await epoch(resident, 8)).toEqual(await epoch(sent, 8));
        }
        resident.dispose();
        expect(held()).toBe(0);
      }
    },
  );

  const fit = async (x: keras.NdArray, watch?: (batch: number) => void): Promise<number[]> => {
    keras.utils.clear_session();
    keras.utils.set_random_seed(4);
    const model = keras.Sequential([
      keras.layers.Flatten(),
      keras.layers.Dropout(0.2),
      keras.layers.Dense(4, { activation: "softmax" }),
    ]);
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const callbacks = watch ? [keras.callbacks.LambdaCallback({ on_train_batch_end: watch })] : [];
    const options = { batch_size: 8, epochs: 2, verbose: 0 as const, validation_split: 0.2, callbacks };
    const { history, facet } = await model.fit(x, keras.ndarray(labels), options);
    return [...facet.batch_losses, ...Object.values(history).flat()];
  };

  test("fit computes the same whether the data fit on the device or not, and gives the room back", async () => {
    const watched: number[] = [];
    const resident = await fit(scaled, () => watched.push(held()));
    // Codes, table, labels and the order, of training and validation data, and an index.
    expect(Math.max(...watched)).toBeLessThan(3 * pixels.length);
    expect(Math.min(...watched)).toBeGreaterThan(pixels.length);
    expect(held()).toBe(0);
    fill();
    expect(await fit(scaled)).toEqual(resident);
  });

  test("a step sends nothing: an epoch sends its order", async () => {
    const write = vi.spyOn(device().queue, "write");
    let before = 0;
    const perStep: number[] = [];
    await fit(scaled, (batch) => {
      if (batch > 0) perStep.push(write.mock.calls.length - before);
      before = write.mock.calls.length;
    });
    expect(perStep).toEqual(perStep.map(() => 0));
  });

  test("a mistake in a step gives the room back too", async () => {
    const fail = (): never => {
      throw new Error("enough");
    };
    await expect(fit(scaled, fail)).rejects.toThrow("enough");
    expect(held()).toBe(0);
  });
});

describe("PyTorch", () => {
  const { DataLoader } = torch.utils.data;
  const { datasets, transforms } = torch.torchvision;
  const split: ImageSplit = { images: pixels, labels, count, height: 6, width: 7, channels: 3, layout: "NHWC" };
  const normalize = new transforms.Normalize([0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]);
  const half = new transforms.Normalize(0.5, 0.5);

  async function epoch(data: InstanceType<typeof datasets.VisionDataset>): Promise<unknown[]> {
    torch.manual_seed(3);
    const seen: unknown[] = [];
    for await (const [x, y] of new DataLoader(data, { batch_size: 8, shuffle: true }))
      seen.push([x.shape, bitsOf(await x.core.data()), [...(await y.core.data())]]);
    return seen;
  }

  test.each([
    ["ToTensor", [new transforms.ToTensor()]],
    ["ToTensor, Normalize", [new transforms.ToTensor(), normalize]],
    ["ToTensor, Normalize, Normalize", [new transforms.ToTensor(), normalize, half]],
  ] as const)("%s: batches have the bits of image by image, on the device and sent", async (_, steps) => {
    const transform = new transforms.Compose(steps);
    const whole = await epoch(new datasets.VisionDataset(split, { transform }));
    expect(await epoch(new datasets.VisionDataset(split, { transform: (image) => transform(image) }))).toEqual(whole);
    fill();
    expect(await epoch(new datasets.VisionDataset(split, { transform }))).toEqual(whole);
    const turned = { ...split, images: channelsFirst(pixels), layout: "NCHW" as const };
    expect(await epoch(new datasets.VisionDataset(turned, { transform }))).toEqual(whole);
  });

  const channelsFirst = (images: Uint8Array): Uint8Array =>
    Uint8Array.from({ length: images.length }, (_, at) => {
      const [n, c, p] = [Math.floor(at / 126), Math.floor(at / 42) % 3, at % 42];
      return images[126 * n + 3 * p + c] as number;
    });

  test("a class made from Normalize, which may look at its neighbours, gets the whole batch", async () => {
    class Centred extends transforms.Normalize {
      override forward(x: torch.Tensor): torch.Tensor {
        return super.forward(x.sub(x.mean([-1], true)));
      }
    }
    const transform = new transforms.Compose([new transforms.ToTensor(), half, new Centred(0.5, 0.5), normalize]);
    const whole = await epoch(new datasets.VisionDataset(split, { transform }));
    expect(await epoch(new datasets.VisionDataset(split, { transform: (image) => transform(image) }))).toEqual(whole);
  });

  test("a number that is no sample is refused, on the device and on the host", async () => {
    const loader = () =>
      new DataLoader(new datasets.VisionDataset(split, { transform: new transforms.ToTensor() }), { sampler: [count] });
    const [[x]] = [...loader()];
    await expect(x.tolist()).rejects.toThrow(`index: expected indices from 0 to ${count - 1}, got ${count}`);
    fill();
    expect(() => [...loader()]).toThrow(`index: expected indices from 0 to ${count - 1}, got ${count}`);
  });

  test("a wrong number of channels is named", () => {
    const transform = new transforms.Compose([new transforms.ToTensor(), new transforms.Normalize([0, 0], [1, 1])]);
    const loader = new DataLoader(new datasets.VisionDataset(split, { transform }), 8);
    expect(() => [...loader]).toThrow(/1 or 3 numbers/);
  });
});

describe("JAX", () => {
  const { numpy: jnp } = jax;

  test("takes rows of bytes by index, which become floats on the device", async () => {
    const images = jnp.array(pixels.subarray(0, 36 * 28)).reshape([36, 4, 7]);
    const index = jnp.array(Int32Array.of(35, -36, 7));
    const rows = images.take(index, 0);
    expect([rows.dtype, rows.shape]).toEqual(["uint8", [3, 4, 7]]);
    const expected = [35, 0, 7].flatMap((row) => [...pixels.subarray(28 * row, 28 * (row + 1))]);
    expect([...(await rows.data())]).toEqual(expected);
    expect([...(await rows.astype(jnp.float32).data())]).toEqual(expected);
  });

  test("refuses what is no row of whole words", async () => {
    const images = jnp.array(pixels.subarray(0, 30)).reshape([5, 6]);
    expect(() => images.take([1], 0)).toThrow(ShapeError);
    expect(() => images.take([1], 0)).toThrow("gather: x: expected rows of a multiple of 4 bytes, got [5, 6]");
    expect(() => images.take([1])).toThrow(DtypeError);
    expect(() => images.take([1], 1)).toThrow(DtypeError);
    const whole = jnp.array(pixels.subarray(0, 40)).reshape([5, 8]);
    expect(() => whole.take([5], 0)).toThrow("expected an index into 5");
    await expect(whole.take(jnp.array(Int32Array.of(5)), 0).data()).rejects.toThrow("indices from 0 to 4, got 5");
  });
});
