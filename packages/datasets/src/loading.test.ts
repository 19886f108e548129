import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type CatalogueEntry, datasetName, MNIST } from "./catalogue.js";
import { DatasetError } from "./errors.js";
import { isGzip } from "./gzip.js";
import * as web from "./index.js";
import { loadFromWeb } from "./load.js";
import { loadFromDisk } from "./load_node.js";
import * as node from "./node.js";
import { reportProgress, store } from "./store_node.js";
import { gzip, idx, TINY_CIFAR_FILES, TINY_FILES, tinyCifarEntry, tinyEntry } from "./test_files.js";
import type { DownloadProgress, LoadOptions } from "./types.js";

let directory: string;
const data = () => join(directory, "data");
const cache = () => join(directory, "cache");
/** What the network answers; an address that is not here is a host that cannot be found. */
let network: Map<string, () => Response>;
let asked: string[];
const silent = { onProgress: () => {} };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "facet-datasets-"));
  vi.stubEnv("FACET_DATA", undefined);
  vi.stubEnv("FACET_CACHE", cache());
  network = new Map();
  asked = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const answer = network.get(url);
    if (answer === undefined) throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") });
    return answer();
  });
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

function put(file: string, bytes: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

function putAll(folder: string, files: Record<string, Uint8Array>): void {
  for (const [name, bytes] of Object.entries(files)) put(join(folder, name), bytes);
}

async function serve(base: string, files: Record<string, Uint8Array>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    const packed = (await gzip(bytes)) as Uint8Array<ArrayBuffer>;
    network.set(`${base}${name}.gz`, () => new Response(packed, { headers: { "content-length": `${packed.length}` } }));
  }
}

/** Message of the DatasetError that loading gives, after a check that it is its file and its defect. */
async function failure(loading: Promise<unknown>): Promise<string> {
  const error = await loading.then(
    () => new Error("no error was thrown"),
    (thrown: unknown) => thrown as Error,
  );
  expect(error).toBeInstanceOf(DatasetError);
  const { file, defect, message } = error as DatasetError;
  expect(message).toBe(`${file}: ${defect}`);
  return message;
}

const load = (entry: CatalogueEntry, options: LoadOptions = {}) => loadFromDisk(entry, { ...silent, ...options });

describe("a directory of IDX files", () => {
  it("is read, plain or packed, in any of the usual folders", async () => {
    const entry = await tinyEntry();
    putAll(join(data(), "MNIST/raw"), TINY_FILES);
    rmSync(join(data(), "MNIST/raw/train-images"));
    put(join(data(), "MNIST/raw/train-images.gz"), await gzip(TINY_FILES["train-images"]));
    const set = await load(entry, { directory: data(), layout: "NCHW" });
    expect(set.train).toEqual({
      images: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
      labels: new Uint8Array([0, 1, 2]),
      count: 3,
      height: 2,
      width: 2,
      channels: 1,
      layout: "NCHW",
    });
    expect([...set.test.labels]).toEqual([1, 0]);
    expect(set.note).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it("gives the first images where limits are given", async () => {
    putAll(join(data(), "mnist"), TINY_FILES);
    const set = await load(await tinyEntry(), { directory: data(), limit: 2, testLimit: 1 });
    expect([...set.train.images]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...set.train.labels]).toEqual([0, 1]);
    expect([set.train.count, set.test.count]).toEqual([2, 1]);
    await expect(load(await tinyEntry(), { directory: data(), limit: 4 })).rejects.toThrow(
      "loadDataset: limit: expected an integer from 1 to 3, got 4",
    );
  });

  it.each<[string, string, Uint8Array | null, string]>([
    ["a missing file", "train-labels", null, "missing, and so is train-labels"],
    ["a truncated file", "test-images", TINY_FILES["test-images"].subarray(0, 20), "truncated"],
    ["another magic", "train-images", TINY_FILES["train-labels"], "wrong magic number: expected 2051, got 2049"],
    ["trailing bytes", "test-labels", new Uint8Array([...TINY_FILES["test-labels"], 1]), "1 trailing bytes"],
    ["other content", "train-labels", idx([3], [0, 0, 0]), "checksum mismatch: SHA-256 of the content should be"],
    ["a corrupt gzip file", "train-images", new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]), "corrupt gzip data"],
  ])("gives an error on %s", async (_, name, bytes, defect) => {
    const folder = join(data(), "mnist");
    putAll(folder, TINY_FILES);
    if (bytes === null) rmSync(join(folder, name));
    else put(join(folder, name), bytes);
    const message = await failure(load(await tinyEntry(), { directory: data() }));
    expect(message).toContain(join(folder, name));
    expect(message).toContain(defect);
  });

  it.each<[string, Uint8Array, string]>([
    ["a label that is no class", idx([3], [0, 1, 3]), "label 3 of record 2 is out of range 0 to 2"],
    ["fewer labels than images", idx([2], [0, 1]), "holds 2 labels for the 3 images of train-images"],
  ])("gives an error on %s in a set without checksums", async (_, labels, defect) => {
    const entry = { ...(await tinyEntry()), trainLabels: { name: "train-labels" } };
    putAll(join(data(), "mnist"), { ...TINY_FILES, "train-labels": labels });
    const message = await failure(load(entry, { directory: data() }));
    expect(message).toContain(join(data(), "mnist", "train-labels"));
    expect(message).toContain(defect);
  });

  it("gives an error on a file that cannot be read", async () => {
    mkdirSync(join(data(), "mnist", "train-images"), { recursive: true });
    const message = await failure(load(await tinyEntry(), { directory: data() }));
    expect(message).toBe(`${join(data(), "mnist", "train-images")}: cannot be read (EISDIR)`);
  });
});

describe("CIFAR-10", () => {
  it("is read from its archive", async () => {
    const entry = await tinyCifarEntry();
    put(join(data(), "cifar10", "cifar.tar.gz"), entry.packed);
    const set = await load(entry, { directory: data() });
    expect([...set.train.labels, ...set.test.labels]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(set.train).toMatchObject({ count: 4, height: 32, width: 32, channels: 3, layout: "NHWC" });
    expect([...set.train.images.subarray(2 * 3072, 2 * 3072 + 4)]).toEqual([0, 100, 200, 2]);
    expect(set.note).toBeUndefined();
  });

  it("is read from loose files, and says which part of the set is there", async () => {
    putAll(join(data(), "cifar10"), {
      "data_1.bin.gz": await gzip(TINY_CIFAR_FILES["data_1.bin"]),
      "test_first.bin": TINY_CIFAR_FILES["test_first.bin"],
    });
    const entry = await tinyCifarEntry();
    const set = await load(entry, { directory: data(), layout: "NCHW" });
    expect([set.train.count, set.test.count]).toEqual([2, 1]);
    expect([...set.train.images.subarray(0, 2)]).toEqual([0, 2]);
    expect(set.note).toContain("2 of 4 training and 1 of 2 test images");
    expect(set.note).toContain("has no data_2.bin, test.bin");
    const message = await failure(load(entry, { directory: data(), limit: 3 }));
    expect(message).toContain(`${join(data(), "cifar10")}: limit 3 asks for more than there is`);
  });

  it("gives an error on missing files, other content and a damaged archive", async () => {
    const entry = await tinyCifarEntry();
    const folder = join(data(), "cifar10");
    put(join(folder, "test.bin"), TINY_CIFAR_FILES["test.bin"]);
    expect(await failure(load(entry, { directory: data() }))).toContain(`${folder}/data_1.bin.gz: missing`);
    put(join(folder, "data_1.bin"), TINY_CIFAR_FILES["test.bin"]);
    expect(await failure(load(entry, { directory: data() }))).toContain(`${folder}/data_1.bin: checksum mismatch`);
    put(join(folder, "cifar.tar.gz"), await gzip(new Uint8Array(10)));
    expect(await failure(load(entry, { directory: data() }))).toContain(`${folder}/cifar.tar.gz: checksum mismatch`);
  });
});

describe("where Node looks", () => {
  it("takes FACET_DATA before the cache, and the cache before the network", async () => {
    const entry = await tinyEntry();
    await serve("https://first.test/", TINY_FILES);
    putAll(join(cache(), "datasets/mnist"), TINY_FILES);
    await load(entry);
    expect(asked).toEqual([]);
    putAll(join(data(), "mnist"), { ...TINY_FILES, "test-labels": idx([1], [0]) });
    vi.stubEnv("FACET_DATA", data());
    expect(await failure(load(entry))).toContain(join(data(), "mnist", "test-labels"));
    rmSync(join(data(), "mnist"), { recursive: true });
    await load(entry);
    expect(asked).toEqual([]);
  });

  it("looks for a relative FACET_DATA from the working directory upwards", async () => {
    putAll(join(data(), "mnist"), TINY_FILES);
    mkdirSync(join(directory, "repository/package"), { recursive: true });
    vi.spyOn(process, "cwd").mockReturnValue(join(directory, "repository/package"));
    vi.stubEnv("FACET_DATA", "../data");
    expect((await load(await tinyEntry())).train.count).toBe(3);
    vi.stubEnv("FACET_DATA", "../no-such-directory");
    expect(await failure(load(await tinyEntry()))).toBe("../no-such-directory: FACET_DATA names no directory");
    vi.restoreAllMocks();
  });

  it("downloads what the cache lacks, packed as it came, and leaves nothing half written", async () => {
    await serve("https://first.test/", TINY_FILES);
    putAll(join(cache(), "datasets/mnist"), { "test-labels": TINY_FILES["test-labels"] });
    const progress: DownloadProgress[] = [];
    const set = await load(await tinyEntry(), { onProgress: (piece) => progress.push(piece) });
    expect([...set.train.labels]).toEqual([0, 1, 2]);
    const stored = ["test-images.gz", "test-labels", "train-images.gz", "train-labels.gz"];
    expect(readdirSync(join(cache(), "datasets/mnist")).sort()).toEqual(stored);
    expect(asked).toHaveLength(3);
    expect(progress[0]).toMatchObject({ url: "https://first.test/train-images.gz", receivedBytes: 0 });
    expect(progress.at(-1)!.receivedBytes).toBe(progress.at(-1)!.totalBytes);
    await load(await tinyEntry());
    expect(asked).toHaveLength(3);
  });

  it("takes the next mirror where one is down, cut short or altered", async () => {
    await serve("https://second.test/", TINY_FILES);
    const short = new Uint8Array(8);
    network.set("https://first.test/train-images.gz", () => new Response(null, { status: 503 }));
    network.set(
      "https://first.test/train-labels.gz",
      () => new Response(short, { headers: { "content-length": "9" } }),
    );
    network.set("https://first.test/test-images.gz", () => new Response("<html>please log in</html>"));
    expect((await load(await tinyEntry())).test.count).toBe(2);
    expect(asked).toHaveLength(8);
  });

  it("says what each mirror answered", async () => {
    const short = new Response(new Uint8Array(8), { headers: { "content-length": "9" } });
    network.set("https://first.test/train-images.gz", () => new Response(null, { status: 503, statusText: "Busy" }));
    network.set("https://second.test/train-images.gz", () => short);
    expect(await failure(load(await tinyEntry()))).toContain(
      "tried https://first.test/train-images.gz: HTTP status 503 Busy; " +
        "https://second.test/train-images.gz: truncated: 8 of 9 bytes came.",
    );
  });

  it("keeps a file that the server unpacked on the way under its unpacked name", async () => {
    await serve("https://first.test/", TINY_FILES);
    network.set("https://first.test/train-labels.gz", () => new Response(TINY_FILES["train-labels"].slice()));
    await load(await tinyEntry());
    expect(isGzip(readFileSync(join(cache(), "datasets/mnist/train-labels")))).toBe(false);
  });

  it("downloads CIFAR-10 as one archive", async () => {
    const entry = await tinyCifarEntry();
    network.set("https://first.test/cifar.tar.gz", () => new Response(entry.packed.slice()));
    expect((await load(entry)).train.count).toBe(4);
    expect(readdirSync(join(cache(), "datasets/cifar10"))).toEqual(["cifar.tar.gz"]);
  });

  it("says without a network what was tried, and never puts another set in its place", async () => {
    const message = await failure(node.loadDataset("mnist", silent));
    expect(message).toContain(
      "mnist/train-images-idx3-ubyte.gz: cannot be had: FACET_DATA is not set, not in the cache",
    );
    expect(message).toContain(join(cache(), "datasets/mnist"));
    for (const mirror of MNIST.mirrors) {
      expect(message).toContain(`${mirror}train-images-idx3-ubyte.gz: fetch failed: getaddrinfo ENOTFOUND`);
    }
    expect(message).toContain('loadDataset("digits") of @facet/datasets, which are generated and need no download');
    expect(readdirSync(directory)).toEqual([]);
  });

  it("does not download where it may not, nor where a directory is named", async () => {
    expect(await failure(load(await tinyEntry(), { download: false }))).toContain("and download is false");
    expect(await failure(load(await tinyEntry(), { directory: data() }))).toContain(`not in ${data()}/mnist`);
    expect(asked).toEqual([]);
  });

  it("names the file where the cache cannot be written", () => {
    put(cache(), new Uint8Array(1));
    expect(() => store(join(cache(), "datasets"), "x", new Uint8Array(1))).toThrow(
      `${join(cache(), "datasets", "x")}: cannot be written to the cache (`,
    );
  });

  it("takes mnist by default only where all its files are", () => {
    expect(node.defaultDataset()).toBe("digits");
    const names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"];
    for (const name of names) put(join(data(), "mnist", `${name}.gz`), new Uint8Array(1));
    vi.stubEnv("FACET_DATA", data());
    expect(node.defaultDataset()).toBe("digits");
    put(join(data(), "mnist", "t10k-labels-idx1-ubyte"), new Uint8Array(1));
    expect(node.defaultDataset()).toBe("mnist");
    expect(node.defaultDataset({ directory: directory })).toBe("digits");
  });
});

describe("the browser's loader", () => {
  it("reads a web folder", async () => {
    await serve("https://here.test/data/mnist/", TINY_FILES);
    expect((await loadFromWeb(await tinyEntry(), { directory: "https://here.test/data/" })).train.count).toBe(3);
    network.set("https://here.test/data/mnist/test-labels.gz", () => new Response(null, { status: 404 }));
    network.set("https://here.test/data/mnist/test-labels", () => new Response(null, { status: 404 }));
    const message = await failure(loadFromWeb(await tinyEntry(), { directory: "https://here.test/data" }));
    expect(message).toBe("https://here.test/data/mnist/test-labels.gz: missing, and so is test-labels");
    network.delete("https://here.test/data/mnist/test-labels");
    expect(await failure(loadFromWeb(await tinyEntry(), { directory: "https://here.test/data" }))).toContain(
      "https://here.test/data/mnist/test-labels: cannot be fetched (fetch failed: getaddrinfo ENOTFOUND)",
    );
  });

  it("reads mirrors, and says which failed", async () => {
    await serve("https://second.test/", TINY_FILES);
    expect((await loadFromWeb(await tinyEntry(), {})).train.count).toBe(3);
    network.clear();
    const message = await failure(web.loadDataset("fashion-mnist"));
    expect(message).toContain(
      "fashion_mnist/train-images-idx3-ubyte.gz: cannot be had: no directory is given; tried https://",
    );
    expect(await failure(loadFromWeb(await tinyEntry(), { download: false }))).toContain("download is false");
    expect(web.defaultDataset()).toBe("digits");
  });

  it("exports the names that Node's entry exports, whose types it gives", () => {
    expect(Object.keys(web).sort()).toEqual(Object.keys(node).sort());
  });
});

describe("datasetName", () => {
  it("takes the usual spellings and refuses others", () => {
    const spellings = ["mnist", "fashion-mnist", "fashion_mnist", "cifar10", "cifar-10", "digits"];
    expect(spellings.map(datasetName)).toEqual([
      "mnist",
      "fashion_mnist",
      "fashion_mnist",
      "cifar10",
      "cifar10",
      "digits",
    ]);
    expect(() => datasetName("imagenet")).toThrow(
      "imagenet: no such data set; known are mnist, fashion_mnist, cifar10, digits",
    );
  });
});

describe("reportProgress", () => {
  function report(isTTY: boolean): string {
    let text = "";
    const output = { isTTY, write: (piece: string) => (text += piece) } as unknown as NodeJS.WriteStream;
    const told = reportProgress(output);
    for (const receivedBytes of [0, 1e6, 1e6 + 1, 2e6])
      told({ url: "https://m.test/a.gz", receivedBytes, totalBytes: 2e6 });
    return text;
  }

  it("draws a bar on a terminal and writes one line elsewhere", () => {
    expect(report(false)).toBe("downloading https://m.test/a.gz (2.0 MB)\n");
    const bar = report(true).split("\r");
    expect(bar).toHaveLength(4);
    expect(bar[2]).toBe(`a.gz [${"=".repeat(15)}${" ".repeat(15)}] 50 % of 2.0 MB `);
    expect(bar[3]).toMatch(/100 % of 2\.0 MB \n$/);
  });
});
