import type { CatalogueEntry, CifarEntry, CifarFile, IdxEntry, KnownFile } from "./catalogue.js";
import { parseCifar10 } from "./cifar.js";
import { DatasetError } from "./errors.js";
import { checkSha256, gunzip, isGzip } from "./gzip.js";
import { checkLabels, parseIdx } from "./idx.js";
import { readTar } from "./tar.js";
import type { ImageDataset, ImageLayout, ImageSplit, LoadOptions } from "./types.js";

export interface SourceFile {
  /** What error messages call it: a path or an address. */
  file: string;
  bytes: Uint8Array;
}

/** A place with files: a directory, a web folder, an archive. */
export interface Source {
  /** What error messages call it. */
  place: string;
  /** The file's bytes as they are stored, or null where there is none of that name. */
  read(name: string): Promise<SourceFile | null>;
}

/** Reads, checks and puts together a set out of its files. @throws DatasetError naming the file and what is wrong with it. */
export async function assemble(entry: CatalogueEntry, source: Source, options: LoadOptions): Promise<ImageDataset> {
  const whole = await (entry.format === "idx"
    ? assembleIdx(entry, source, options)
    : assembleCifar(entry, source, options));
  return {
    ...whole,
    train: first(whole.train, options.limit, "limit", whole, source),
    test: first(whole.test, options.testLimit, "testLimit", whole, source),
  };
}

function first(
  split: ImageSplit,
  limit: number | undefined,
  argument: string,
  whole: ImageDataset,
  source: Source,
): ImageSplit {
  if (limit === undefined || limit === split.count) return split;
  if (limit > split.count) {
    throw new DatasetError(
      source.place,
      `${argument} ${limit} asks for more than there is (${whole.note ?? whole.name})`,
    );
  }
  const pixels = split.height * split.width * split.channels;
  // Copies, so that the whole set can be collected.
  return {
    ...split,
    images: split.images.slice(0, limit * pixels),
    labels: split.labels.slice(0, limit),
    count: limit,
  };
}

async function readFile(source: Source, name: string): Promise<SourceFile | null> {
  return (await source.read(`${name}.gz`)) ?? (await source.read(name));
}

/** Decided by the bytes, not the name: a server may have undone the compression on the way. */
async function unpack({ file, bytes }: SourceFile): Promise<SourceFile> {
  return { file, bytes: isGzip(bytes) ? await gunzip(bytes, file) : bytes };
}

function missing(source: Source, name: string): DatasetError {
  return new DatasetError(`${source.place}/${name}.gz`, `missing, and so is ${name}`);
}

async function assembleIdx(entry: IdxEntry, source: Source, options: LoadOptions): Promise<ImageDataset> {
  const layout = options.layout ?? "NHWC";
  return {
    name: entry.name,
    train: await readIdxSplit(entry, source, entry.trainImages, entry.trainLabels, layout),
    test: await readIdxSplit(entry, source, entry.testImages, entry.testLabels, layout),
    classes: entry.classes,
  };
}

async function readIdxSplit(
  entry: IdxEntry,
  source: Source,
  imageFile: KnownFile,
  labelFile: KnownFile,
  layout: ImageLayout,
): Promise<ImageSplit> {
  const images = await readIdx(source, imageFile, 3);
  const labels = await readIdx(source, labelFile, 1);
  const [count, height, width] = images.shape as [number, number, number];
  if (count === 0) throw new DatasetError(images.file, "holds no images");
  if (labels.shape[0] !== count) {
    throw new DatasetError(labels.file, `holds ${labels.shape[0]} labels for the ${count} images of ${imageFile.name}`);
  }
  checkLabels(labels.data, entry.classes.length, labels.file);
  return { images: images.data, labels: labels.data, count, height, width, channels: 1, layout };
}

async function readIdx(source: Source, known: KnownFile, rank: number) {
  const stored = await readFile(source, known.name);
  if (stored === null) throw missing(source, known.name);
  const { file, bytes } = await unpack(stored);
  // Before the checksum, which knows only that something is wrong.
  const parsed = parseIdx(bytes, file, rank);
  if (known.sha256 !== undefined) await checkSha256(bytes, known.sha256, file);
  return { file, ...parsed };
}

async function assembleCifar(entry: CifarEntry, source: Source, options: LoadOptions): Promise<ImageDataset> {
  const archive = await readFile(source, entry.archive.name);
  const files = archive === null ? source : await archiveSource(entry, archive);
  const layout = options.layout ?? "NHWC";
  const absent: string[] = [];

  const trainParts: ImageSplit[] = [];
  for (const known of entry.train) {
    const part = await readCifar(files, known, layout);
    if (part === null) absent.push(known.name);
    else trainParts.push(part);
  }
  if (trainParts.length === 0) throw missing(files, entry.train[0]!.name);

  let test: ImageSplit | null = null;
  for (const known of entry.test) {
    test ??= await readCifar(files, known, layout);
    if (test === null) absent.push(known.name);
  }
  if (test === null) throw missing(files, entry.test[0]!.name);

  const train = concatenate(trainParts);
  const whole: ImageDataset = { name: entry.name, train, test, classes: entry.classes };
  if (train.count === entry.trainCount && test.count === entry.testCount) return whole;
  return {
    ...whole,
    note:
      `${entry.name}: a part of the set, ${train.count} of ${entry.trainCount} training and ${test.count} of ` +
      `${entry.testCount} test images; ${files.place} has no ${absent.join(", ")}`,
  };
}

async function archiveSource(entry: CifarEntry, archive: SourceFile): Promise<Source> {
  await checkArchive(entry, archive);
  const files = readTar((await unpack(archive)).bytes, archive.file);
  return {
    place: archive.file,
    async read(name) {
      const bytes = files.get(name);
      return bytes === undefined ? null : { file: `${archive.file}/${name}`, bytes };
    },
  };
}

/** An archive that the server unpacked on the way cannot be compared as a whole; the checksums of its files remain. */
async function checkArchive(entry: CifarEntry, { file, bytes }: SourceFile): Promise<void> {
  if (isGzip(bytes)) await checkSha256(bytes, entry.archive.packedSha256, file);
}

async function readCifar(source: Source, known: CifarFile, layout: ImageLayout): Promise<ImageSplit | null> {
  const stored = await readFile(source, known.name);
  if (stored === null) return null;
  const { file, bytes } = await unpack(stored);
  const parsed = parseCifar10(bytes, file, { layout, records: known.records });
  if (known.sha256 !== undefined) await checkSha256(bytes, known.sha256, file);
  return { ...parsed, height: 32, width: 32, channels: 3, layout };
}

function concatenate(parts: ImageSplit[]): ImageSplit {
  if (parts.length === 1) return parts[0]!;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const pixels = parts[0]!.images.length / parts[0]!.count;
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    images.set(part.images, at * pixels);
    labels.set(part.labels, at);
    at += part.count;
  }
  return { ...parts[0]!, images, labels, count };
}

/** Whether a downloaded file is what it should be. @throws DatasetError where it is not. */
export async function verifyDownload(entry: CatalogueEntry, name: string, download: SourceFile): Promise<void> {
  if (entry.format === "cifar") {
    const files = await archiveSource(entry, download);
    for (const known of entry.train) if ((await files.read(known.name)) === null) throw missing(files, known.name);
    return;
  }
  const { file, bytes } = await unpack(download);
  const known = [entry.trainImages, entry.trainLabels, entry.testImages, entry.testLabels].find((f) => f.name === name);
  if (known?.sha256 !== undefined) await checkSha256(bytes, known.sha256, file);
}
