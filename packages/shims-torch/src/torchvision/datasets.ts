import * as core from "@facet/autograd";
import { DatasetError, type ImageDataset, type ImageSplit, loadDataset } from "@facet/datasets";
import { bool, func, type Keywords, Kind, listOf, type Reader, signature, string } from "@facet/dialect";
import { type Tensor, wrap } from "../tensor.js";
import { Dataset } from "../utils/dataset.js";
import { type BatchTransform, batchTransform } from "./batch.js";
import { channelsFirst } from "./layout.js";
import { Image, type TransformFunction } from "./transforms.js";

export interface VisionArguments {
  /** Applied to each Image. ToTensor, alone or first in a Compose with Normalize, works on whole batches on the device. */
  transform: TransformFunction | null;
  /** Applied to each label. */
  target_transform: TransformFunction | null;
}

type SplitArguments = VisionArguments & {
  /** What the labels mean. Default none. */
  classes: readonly string[];
};

const split = new Kind<ImageSplit>(
  "images that are loaded, such as a split of loadDataset (files are read by open)",
  (value) =>
    typeof value === "object" && value !== null && ["images", "labels", "count"].every((name) => name in value),
  true,
);
const transforms = { transform: func.or(null), target_transform: func.or(null) } as const;
const classes = listOf(string).or([]);
const NAMES = ["VisionDataset", "MNIST", "FashionMNIST", "CIFAR10"] as const;
const readers = new Map<string, Reader<SplitArguments & { split: ImageSplit }>>(
  NAMES.map((name) => [name, signature(`torchvision.datasets.${name}`, { split, ...transforms, classes })]),
);

/** A split, then by position or by name how its samples are given. */
type SplitArgs =
  | [split: ImageSplit, transform?: TransformFunction | null, target_transform?: TransformFunction | null]
  | [split: ImageSplit, Keywords<SplitArguments>]
  | [Keywords<SplitArguments & { split: ImageSplit }>];

/** Labelled images as [image, label] pairs. */
export class VisionDataset extends Dataset<[unknown, unknown]> {
  readonly classes: readonly string[];
  readonly transform: TransformFunction | null;
  readonly target_transform: TransformFunction | null;
  readonly #split: ImageSplit;
  /** What each byte becomes. */
  #table: core.Tensor | undefined;
  /** The whole set on the device; null when it has no room there. */
  #onDevice: { images: core.ResidentRows; labels: core.ResidentRows } | null | undefined;

  /** Images that are loaded already: a split of loadDataset, and what its classes mean. */
  constructor(...args: SplitArgs) {
    super();
    const read = readers.get(new.target.name) ?? readers.get("VisionDataset");
    const { split, transform, target_transform, classes } = (read as NonNullable<typeof read>)(args);
    this.classes = classes;
    this.transform = transform;
    this.target_transform = target_transform;
    this.#split = split;
    const batch = batchTransform(transform);
    if (batch && !target_transform) this.__getitems__ = (indices) => this.#gather(indices, batch);
  }

  __len__(): number {
    return this.#split.count;
  }

  __getitem__(index: number): [unknown, unknown] {
    const { count, height, width, channels } = this.#split;
    if (!Number.isInteger(index) || index < -count || index >= count)
      throw new core.ArgumentError({
        op: "__getitem__",
        argument: "index",
        expected: `an index below ${count}`,
        given: `${index}`,
      });
    const at = index < 0 ? index + count : index;
    const image = new Image(this.#pixels(at), height, width, channels);
    const label = this.#split.labels[at] as number;
    return [
      this.transform ? this.transform(image) : image,
      this.target_transform ? this.target_transform(label) : label,
    ];
  }

  /** Class numbers of all images, int64 [count]. */
  get targets(): Tensor {
    return wrap(core.fromData(Int32Array.from(this.#split.labels), [this.#split.count], "int32"));
  }

  /** Pixels of one image in [height, width, channels] order. */
  #pixels(index: number): Uint8Array {
    const { images, height, width, channels, layout } = this.#split;
    const size = height * width * channels;
    const own = images.subarray(index * size, (index + 1) * size);
    if (layout === "NHWC" || channels === 1) return own;
    const turned = new Uint8Array(size);
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < height * width; p++) turned[p * channels + c] = own[c * height * width + p] as number;
    return turned;
  }

  /** A batch from the bytes on the device, where they are brought once if they fit: gather and scaling in one kernel. */
  #gather(indices: Int32Array, transform: BatchTransform): [Tensor, Tensor] {
    const { channels } = this.#split;
    this.#table ??= core.unscoped(() => transform.table(channels));
    const table = this.#table;
    if (this.#onDevice === undefined) this.#onDevice = this.#upload(table);
    const resident = this.#onDevice;
    return core.scope(() => {
      const index = core.fromData(indices, [indices.length], "int32");
      if (resident) return [transform.rest(wrap(resident.images.gather(index))), wrap(resident.labels.gather(index))];
      const { images, labels } = this.#rows(indices);
      const inOrder = core.arange(0, indices.length, 1, "int32");
      return [transform.rest(wrap(core.gatherBytes(images, inOrder, table))), wrap(labels)];
    });
  }

  /** The images and labels of a batch, sent from the host. */
  #rows(indices: Int32Array): { images: core.Tensor; labels: core.Tensor } {
    const { images, labels, count, height, width, channels, layout } = this.#split;
    const wrong = indices.find((index) => index < 0 || index >= count);
    if (wrong !== undefined) {
      const expected = `indices from 0 to ${count - 1}`;
      throw new core.ArgumentError({ op: "__getitems__", argument: "index", expected, given: `${wrong}` });
    }
    const size = height * width * channels;
    const bytes = new Uint8Array(indices.length * size);
    for (const [i, index] of indices.entries()) bytes.set(images.subarray(index * size, (index + 1) * size), i * size);
    const turned = layout === "NCHW" ? bytes : channelsFirst(bytes, indices.length, height * width, channels);
    return {
      images: core.fromData(turned, [indices.length, channels, height, width], "uint8"),
      labels: core.fromData(
        Int32Array.from(indices, (index) => labels[index] as number),
        [indices.length],
        "int32",
      ),
    };
  }

  #upload(table: core.Tensor): { images: core.ResidentRows; labels: core.ResidentRows } | null {
    const { images, labels, count, height, width, channels, layout } = this.#split;
    if (!core.fitsOnDevice(images.byteLength, 4 * count)) return null;
    const bytes = layout === "NCHW" ? images : channelsFirst(images, count, height * width, channels);
    return {
      images: new core.ResidentRows(bytes, [count, channels, height, width], table),
      labels: new core.ResidentRows(Int32Array.from(labels), [count]),
    };
  }
}

export interface OpenArguments extends VisionArguments {
  /** The training images (default) or the test images. */
  train: boolean;
  /** Where the files are not under `root`: look in the default places and download into the cache. Default false. */
  download: boolean;
}
type OpenArgs =
  | [root: string, train?: boolean, transform?: TransformFunction | null, target_transform?: TransformFunction | null]
  | [root: string, Keywords<OpenArguments>]
  | [Keywords<OpenArguments & { root: string }>];
const readerOf = (name: string) =>
  signature(`torchvision.datasets.${name}.open`, {
    root: string,
    train: bool.or(true),
    ...transforms,
    download: bool.or(false),
  });
const openers = { MNIST: readerOf("MNIST"), FashionMNIST: readerOf("FashionMNIST"), CIFAR10: readerOf("CIFAR10") };

async function load(name: string, root: string, download: boolean): Promise<ImageDataset> {
  try {
    return await loadDataset(name, { directory: root, layout: "NCHW", download: false });
  } catch (error) {
    if (!download || !(error instanceof DatasetError) || !error.defect.startsWith("cannot be had")) throw error;
    return loadDataset(name, { layout: "NCHW", download: true });
  }
}

/** Reads one of the sets. A promise, as files are read asynchronously: `await MNIST.open(root, {...})`. */
async function open<T>(
  make: new (split: ImageSplit, options: Keywords<SplitArguments>) => T,
  name: string,
  read: (typeof openers)["MNIST"],
  args: readonly unknown[],
): Promise<T> {
  const { root, train, download, transform, target_transform } = read(args);
  const { classes, ...splits } = await load(name, root, download);
  return new make(train ? splits.train : splits.test, { transform, target_transform, classes });
}

/** Handwritten digits, 28 x 28, 60 000 and 10 000. */
export class MNIST extends VisionDataset {
  static open(...args: OpenArgs): Promise<MNIST> {
    return open(MNIST, "mnist", openers.MNIST, args);
  }
}

/** Clothes, 28 x 28, 60 000 and 10 000. */
export class FashionMNIST extends VisionDataset {
  static open(...args: OpenArgs): Promise<FashionMNIST> {
    return open(FashionMNIST, "fashion_mnist", openers.FashionMNIST, args);
  }
}

/** Colour pictures, 32 x 32, 50 000 and 10 000. */
export class CIFAR10 extends VisionDataset {
  static open(...args: OpenArgs): Promise<CIFAR10> {
    return open(CIFAR10, "cifar10", openers.CIFAR10, args);
  }
}
