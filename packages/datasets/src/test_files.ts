// Small files of the data sets' formats, for the tests.
import type { CifarEntry, IdxEntry } from "./catalogue.js";
import { CIFAR10_RECORD } from "./cifar.js";
import { sha256 } from "./gzip.js";

export function idx(shape: number[], data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((extent, axis) => {
    view.setUint32(4 + 4 * axis, extent);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** Records with these labels; pixel p of channel c of record n is (n + 2 p + 100 c) mod 256. */
export function cifar(labels: number[]): Uint8Array {
  const bytes = new Uint8Array(labels.length * CIFAR10_RECORD);
  labels.forEach((label, n) => {
    bytes[n * CIFAR10_RECORD] = label;
    for (let i = 0; i < 3072; i++) bytes[n * CIFAR10_RECORD + 1 + i] = n + 2 * (i % 1024) + 100 * Math.floor(i / 1024);
  });
  return bytes;
}

export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A tar archive of these files. */
export function tar(files: Record<string, Uint8Array>): Uint8Array {
  const blocks: number[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    const header = new Uint8Array(512).fill(0);
    const write = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
    write(name, 0);
    write(`${bytes.length.toString(8).padStart(11, "0")} `, 124);
    write("        0", 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(...header, ...bytes, ...new Uint8Array((512 - (bytes.length % 512)) % 512));
  }
  return new Uint8Array([...blocks, ...new Uint8Array(1024)]);
}

/** A set like MNIST of three training and two test images of 2x2, by file name without .gz. */
export const TINY_FILES = {
  "train-images": idx([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
  "train-labels": idx([3], [0, 1, 2]),
  "test-images": idx([2, 2, 2], [13, 14, 15, 16, 17, 18, 19, 20]),
  "test-labels": idx([2], [1, 0]),
};

export async function tinyEntry(): Promise<IdxEntry> {
  const known = async (name: keyof typeof TINY_FILES) => ({ name, sha256: await sha256(TINY_FILES[name]) });
  return {
    name: "mnist",
    format: "idx",
    folders: ["mnist", "MNIST/raw"],
    classes: ["a", "b", "c"],
    mirrors: ["https://first.test/", "https://second.test/"],
    trainCount: 3,
    testCount: 2,
    trainImages: await known("train-images"),
    trainLabels: await known("train-labels"),
    testImages: await known("test-images"),
    testLabels: await known("test-labels"),
  };
}

/** A set like CIFAR-10 of two training files and a test file of two records each, the last also cut to one. */
export const TINY_CIFAR_FILES = {
  "data_1.bin": cifar([0, 1]),
  "data_2.bin": cifar([2, 3]),
  "test.bin": cifar([4, 5]),
  "test_first.bin": cifar([4]),
};

export async function tinyCifarEntry(): Promise<CifarEntry & { packed: Uint8Array }> {
  const { "test_first.bin": _, ...whole } = TINY_CIFAR_FILES;
  const packed = await gzip(tar(whole));
  return {
    name: "cifar10",
    format: "cifar",
    folders: ["cifar10"],
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    mirrors: ["https://first.test/"],
    trainCount: 4,
    testCount: 2,
    archive: { name: "cifar.tar", packedSha256: await sha256(packed) },
    train: [
      { name: "data_1.bin", records: 2, sha256: await sha256(TINY_CIFAR_FILES["data_1.bin"]) },
      { name: "data_2.bin", records: 2 },
    ],
    test: [
      { name: "test.bin", records: 2 },
      { name: "test_first.bin", records: 1 },
    ],
    packed,
  };
}
