import { describe, expect, it } from "vitest";
import { CIFAR10_RECORD, parseCifar10 } from "./cifar.js";
import { DatasetError } from "./errors.js";
import { gunzip } from "./gzip.js";
import { parseIdx } from "./idx.js";
import { readTar } from "./tar.js";
import { cifar, gzip, idx, tar } from "./test_files.js";

/** The error of `act`, which must be a DatasetError that names the file and says the defect in its message. */
async function defectOf(file: string, act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    expect(error).toBeInstanceOf(DatasetError);
    const { file: named, defect, message } = error as DatasetError;
    expect(named).toContain(file);
    expect(message).toBe(`${named}: ${defect}`);
    return defect;
  }
  throw new Error("no error was thrown");
}

describe("parseIdx", () => {
  it("gives shape and elements", () => {
    const { shape, data } = parseIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 255]), "images");
    expect(shape).toEqual([2, 1, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
  });

  it("reads a view that does not begin at its buffer's start", () => {
    const padded = new Uint8Array([7, 7, 7, ...idx([2], [8, 9])]);
    expect([...parseIdx(padded.subarray(3), "labels", 1).data]).toEqual([8, 9]);
  });

  const whole = idx([2, 2], [1, 2, 3, 4]);
  it.each<[string, Uint8Array, number | undefined, string]>([
    ["no bytes", new Uint8Array(0), undefined, "truncated: 0 bytes do not hold an IDX header"],
    ["half a header", whole.subarray(0, 9), undefined, "truncated: 9 bytes do not hold an IDX header of 12 bytes"],
    ["too little data", whole.subarray(0, 15), undefined, "truncated: [2,2] needs 4 bytes of data, 3 are there"],
    ["too much data", new Uint8Array([...whole, 0, 0]), undefined, "2 trailing bytes after the 4 bytes of [2,2]"],
    ["labels for images", idx([4], [1, 2, 3, 4]), 3, "wrong magic number: expected 2051, got 2049"],
    [
      "32-bit floats",
      new Uint8Array([0, 0, 13, 1, 0, 0, 0, 0]),
      undefined,
      "wrong magic number: expected 2049 to 2052",
    ],
    ["a web page", new TextEncoder().encode("<html></html>"), 1, "wrong magic number: expected 2049, got 1013478509"],
  ])("refuses %s", async (_, bytes, rank, defect) => {
    expect(await defectOf("dir/x-ubyte", () => parseIdx(bytes, "dir/x-ubyte", rank))).toContain(defect);
  });
});

describe("parseCifar10", () => {
  it("gives labels and pixels with the channels last, or in planes as in the file", () => {
    const bytes = cifar([3, 9]);
    const last = parseCifar10(bytes, "batch");
    const planes = parseCifar10(bytes, "batch", { layout: "NCHW" });
    expect([...last.labels]).toEqual([3, 9]);
    expect([...planes.labels]).toEqual([3, 9]);
    expect([...planes.images.subarray(3072)]).toEqual([...bytes.subarray(CIFAR10_RECORD + 1)]);
    for (const [n, pixel, c] of [
      [0, 0, 0],
      [0, 1023, 2],
      [1, 33, 1],
    ] as const) {
      const value = (n + 2 * pixel + 100 * c) % 256;
      expect(last.images[n * 3072 + pixel * 3 + c]).toBe(value);
      expect(planes.images[n * 3072 + c * 1024 + pixel]).toBe(value);
    }
  });

  const two = cifar([0, 1]);
  it.each<[string, Uint8Array, number | undefined, string]>([
    ["no bytes", new Uint8Array(0), undefined, "truncated: 1 records of 3073 bytes need 3073 bytes, 0 are there"],
    ["fewer records than expected", two, 3, "truncated: 3 records of 3073 bytes need 9219 bytes, 6146 are there"],
    ["more records than expected", two, 1, "3073 trailing bytes after 1 records"],
    [
      "a record cut short",
      two.subarray(0, 6000),
      undefined,
      "2927 trailing bytes after 1 records of 3073 bytes, or a truncated",
    ],
    ["a label above 9", cifar([4, 10]), undefined, "label 10 of record 1 is out of range 0 to 9"],
  ])("refuses %s", async (_, bytes, records, defect) => {
    const options = records === undefined ? {} : { records };
    expect(await defectOf("dir/b.bin", () => parseCifar10(bytes, "dir/b.bin", options))).toContain(defect);
  });
});

describe("gunzip", () => {
  it("gives back what was packed", async () => {
    expect([...(await gunzip(await gzip(new Uint8Array([1, 2, 3])), "f"))]).toEqual([1, 2, 3]);
  });

  it("refuses corrupt and truncated data", async () => {
    const packed = await gzip(
      idx(
        [64],
        Array.from({ length: 64 }, (_, i) => (i * 37) % 256),
      ),
    );
    const flipped = packed.slice();
    flipped[20]! ^= 0xff;
    expect(await defectOf("a.gz", () => gunzip(flipped, "dir/a.gz"))).toContain("corrupt gzip data (");
    expect(await defectOf("a.gz", () => gunzip(packed.subarray(0, 40), "dir/a.gz"))).toContain("corrupt gzip data (");
    expect(await defectOf("a.gz", () => gunzip(new Uint8Array([1, 2]), "dir/a.gz"))).toContain("corrupt gzip data (");
  });
});

describe("readTar", () => {
  const archive = tar({ "folder/a.bin": new Uint8Array([1, 2, 3]), "b.bin": new Uint8Array(600).fill(9) });

  it("gives the files by name without folders", () => {
    const files = readTar(archive, "t.tar");
    expect([...files.keys()]).toEqual(["a.bin", "b.bin"]);
    expect([...files.get("a.bin")!]).toEqual([1, 2, 3]);
    expect(files.get("b.bin")!.length).toBe(600);
  });

  it("refuses a damaged header and a file cut short", async () => {
    const damaged = archive.slice();
    damaged[1]! ^= 1;
    expect(await defectOf("t.tar", () => readTar(damaged, "t.tar"))).toContain("header checksum wrong at byte 0");
    expect(await defectOf("t.tar", () => readTar(archive.subarray(0, 1700), "t.tar"))).toContain("truncated: b.bin");
  });
});
