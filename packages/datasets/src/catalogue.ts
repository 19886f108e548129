import { DatasetError } from "./errors.js";
import { DATASET_NAMES, type DatasetName } from "./types.js";

/** A file of a set, by its name without `.gz`; `sha256` is of the content after gunzip. */
export interface KnownFile {
  name: string;
  sha256?: string;
}

interface Entry {
  name: DatasetName;
  /** Folders of a data directory the set may lie in, in order of preference. */
  folders: readonly string[];
  classes: readonly string[];
  /** Addresses the set can be downloaded from, each ending in a slash. */
  mirrors: readonly string[];
  trainCount: number;
  testCount: number;
}

/** A set of four IDX files. */
export interface IdxEntry extends Entry {
  format: "idx";
  trainImages: KnownFile;
  trainLabels: KnownFile;
  testImages: KnownFile;
  testLabels: KnownFile;
}

/** CIFAR-10's binary version: one archive, or the files out of it. */
export interface CifarEntry extends Entry {
  format: "cifar";
  /** The only file whose checksum is that of the packed bytes: no other is published. */
  archive: { name: string; packedSha256: string };
  train: readonly CifarFile[];
  /** The first of these that is there is the test set. */
  test: readonly CifarFile[];
}

export interface CifarFile extends KnownFile {
  records: number;
}

export type CatalogueEntry = IdxEntry | CifarEntry;

const DIGIT_CLASSES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

export const MNIST: IdxEntry = {
  name: "mnist",
  format: "idx",
  folders: ["mnist", "MNIST/raw"],
  classes: DIGIT_CLASSES,
  mirrors: ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
  trainCount: 60_000,
  testCount: 10_000,
  trainImages: {
    name: "train-images-idx3-ubyte",
    sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  },
  trainLabels: {
    name: "train-labels-idx1-ubyte",
    sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  },
  testImages: {
    name: "t10k-images-idx3-ubyte",
    sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  },
  testLabels: {
    name: "t10k-labels-idx1-ubyte",
    sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  },
};

export const FASHION_MNIST: IdxEntry = {
  name: "fashion_mnist",
  format: "idx",
  folders: ["fashion-mnist", "fashion_mnist", "FashionMNIST/raw"],
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  mirrors: [
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  ],
  trainCount: 60_000,
  testCount: 10_000,
  trainImages: {
    name: "train-images-idx3-ubyte",
    sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
  },
  trainLabels: {
    name: "train-labels-idx1-ubyte",
    sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
  },
  testImages: {
    name: "t10k-images-idx3-ubyte",
    sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
  },
  testLabels: {
    name: "t10k-labels-idx1-ubyte",
    sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  },
};

export const CIFAR10: CifarEntry = {
  name: "cifar10",
  format: "cifar",
  folders: ["cifar10", "cifar-10-batches-bin"],
  classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  mirrors: [
    "https://www.cs.toronto.edu/~kriz/",
    "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
  ],
  trainCount: 50_000,
  testCount: 10_000,
  archive: {
    name: "cifar-10-binary.tar",
    packedSha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  },
  train: [
    {
      name: "data_batch_1.bin",
      records: 10_000,
      sha256: "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    },
    {
      name: "data_batch_2.bin",
      records: 10_000,
      sha256: "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    },
    { name: "data_batch_3.bin", records: 10_000 },
    { name: "data_batch_4.bin", records: 10_000 },
    { name: "data_batch_5.bin", records: 10_000 },
  ],
  test: [
    { name: "test_batch.bin", records: 10_000 },
    {
      name: "test_batch_first1000.bin",
      records: 1_000,
      sha256: "8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5",
    },
  ],
};

/** Names, without `.gz`, of the files a download of the set consists of. */
export function downloads(entry: CatalogueEntry): string[] {
  return entry.format === "cifar" ? [entry.archive.name] : idxFiles(entry).map((file) => file.name);
}

/** Names, without `.gz`, of every file that says the set is there. */
export function fileNames(entry: CatalogueEntry): string[] {
  if (entry.format === "idx") return downloads(entry);
  return [entry.archive.name, ...entry.train.map((file) => file.name), ...entry.test.map((file) => file.name)];
}

export function idxFiles(entry: IdxEntry): KnownFile[] {
  return [entry.trainImages, entry.trainLabels, entry.testImages, entry.testLabels];
}

/**
 * The proper name of a set; `-` and `_` are alike, and so are cifar10 and cifar-10.
 * @throws DatasetError where there is no such set.
 */
export function datasetName(name: string): DatasetName {
  const wanted = name.replaceAll("-", "_").replace("cifar_10", "cifar10");
  const found = DATASET_NAMES.find((known) => known === wanted);
  if (found !== undefined) return found;
  throw new DatasetError(name, `no such data set; known are ${DATASET_NAMES.join(", ")}`);
}

/** The files of a set that consists of files. */
export function catalogueEntry(name: Exclude<DatasetName, "digits">): CatalogueEntry {
  return { mnist: MNIST, fashion_mnist: FASHION_MNIST, cifar10: CIFAR10 }[name];
}
