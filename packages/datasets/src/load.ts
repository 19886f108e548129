import { assemble, type Source } from "./assemble.js";
import { type CatalogueEntry, catalogueEntry, datasetName, downloads } from "./catalogue.js";
import { DIGITS_TEST_COUNT, DIGITS_TRAIN_COUNT, generateDigits } from "./digits.js";
import { download, failure, unavailable } from "./download.js";
import { checkLoadOptions, DatasetError } from "./errors.js";
import type { DatasetName, ImageDataset, LoadOptions } from "./types.js";

/**
 * Loads a set of labelled images. `digits` is generated. The others are files:
 * in Node from the directory `FACET_DATA` if the set is there, else from a cache directory (`$FACET_CACHE`, else
 * `$XDG_CACHE_HOME/facet`, else `~/.cache/facet`; sub-folder `datasets`), into which what is missing is downloaded;
 * in a browser from `options.directory`, an address, else from public mirrors.
 * A set that cannot be had is an error; no other set is put in its place.
 *
 * @param name "mnist", "fashion_mnist", "cifar10" or "digits"; `-` and `_` are alike
 * @throws DatasetError naming the file and what is wrong with it
 * @throws RangeError where a limit is no integer from 1 to the size of the set
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<ImageDataset> {
  const known = datasetName(name);
  return known === "digits" ? loadDigits(options) : loadFromWeb(catalogueEntry(known), options);
}

/** The set to take where the user names none: "mnist" if its files are here without a download, else "digits". */
export function defaultDataset(_options: Pick<LoadOptions, "directory"> = {}): DatasetName {
  return "digits";
}

/** The generated set, or its first images. */
export function loadDigits(options: LoadOptions): ImageDataset {
  checkLoadOptions(options, DIGITS_TRAIN_COUNT, DIGITS_TEST_COUNT);
  const { layout = "NHWC", limit = DIGITS_TRAIN_COUNT, testLimit = DIGITS_TEST_COUNT } = options;
  return {
    name: "digits",
    train: { ...generateDigits({ split: "train", count: limit }), layout },
    test: { ...generateDigits({ split: "test", count: testLimit }), layout },
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    note: "digits: generated glyphs, not a set that people wrote",
  };
}

/** `loadDataset` of a browser, for a set of files. */
export async function loadFromWeb(entry: CatalogueEntry, options: LoadOptions): Promise<ImageDataset> {
  checkLoadOptions(options, entry.trainCount, entry.testCount);
  if (options.directory !== undefined) {
    return assemble(entry, webFolder(`${options.directory.replace(/\/$/, "")}/${entry.folders[0]}`), options);
  }
  if (options.download === false) throw unavailable(entry, "its files", "no directory is given and download is false");
  return assemble(entry, mirrors(entry, options), options);
}

/** A folder of a web server; a file that is not there is one answered with 404. */
function webFolder(place: string): Source {
  return {
    place,
    async read(name) {
      const file = `${place}/${name}`;
      try {
        const response = await fetch(file);
        if (response.status === 404) return null;
        if (!response.ok) throw new Error(`HTTP status ${response.status}`);
        return { file, bytes: new Uint8Array(await response.arrayBuffer()) };
      } catch (cause) {
        throw new DatasetError(file, `cannot be fetched (${failure(cause)})`, { cause });
      }
    },
  };
}

function mirrors(entry: CatalogueEntry, options: LoadOptions): Source {
  const packed = new Set(downloads(entry).map((name) => `${name}.gz`));
  return {
    place: entry.mirrors.join(" or "),
    async read(name) {
      if (!packed.has(name)) return null;
      return download(entry, name.replace(/\.gz$/, ""), "no directory is given", options.onProgress);
    },
  };
}
