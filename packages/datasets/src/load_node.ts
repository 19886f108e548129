import { assemble } from "./assemble.js";
import { type CatalogueEntry, catalogueEntry, datasetName, downloads, fileNames, MNIST } from "./catalogue.js";
import { download, unavailable } from "./download.js";
import { checkLoadOptions } from "./errors.js";
import { loadDigits } from "./load.js";
import { cacheFolder, dataDirectory, findFolder, folderSource, hasFile, reportProgress, store } from "./store_node.js";
import type { DatasetName, ImageDataset, LoadOptions } from "./types.js";

/** See `loadDataset` of load.ts. */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<ImageDataset> {
  const known = datasetName(name);
  return known === "digits" ? loadDigits(options) : loadFromDisk(catalogueEntry(known), options);
}

/** See `defaultDataset` of load.ts. */
export function defaultDataset(options: Pick<LoadOptions, "directory"> = {}): DatasetName {
  const directory = options.directory ?? dataDirectory();
  const folder = directory === undefined ? undefined : findFolder(directory, MNIST);
  const places = folder === undefined ? [] : [folder];
  if (options.directory === undefined) places.push(cacheFolder(MNIST));
  return places.some((place) => fileNames(MNIST).every((name) => hasFile(place, name))) ? "mnist" : "digits";
}

/** `loadDataset` of Node, for a set of files. */
export async function loadFromDisk(entry: CatalogueEntry, options: LoadOptions): Promise<ImageDataset> {
  checkLoadOptions(options, entry.trainCount, entry.testCount);
  const directory = options.directory ?? dataDirectory();
  const folder = directory === undefined ? undefined : findFolder(directory, entry);
  if (folder !== undefined) return assemble(entry, folderSource(folder), options);
  const looked = directory === undefined ? "FACET_DATA is not set" : `not in ${directory}/${entry.folders[0]}`;
  if (options.directory !== undefined) throw unavailable(entry, "its files", looked);

  const cache = cacheFolder(entry);
  for (const name of downloads(entry)) {
    if (hasFile(cache, name)) continue;
    const lookedToo = `${looked}, not in the cache ${cache}`;
    if (options.download === false) throw unavailable(entry, `${name}.gz`, `${lookedToo}, and download is false`);
    store(cache, name, (await download(entry, name, lookedToo, options.onProgress ?? reportProgress())).bytes);
  }
  return assemble(entry, folderSource(cache), options);
}
