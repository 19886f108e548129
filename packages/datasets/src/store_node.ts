import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Source } from "./assemble.js";
import { type CatalogueEntry, fileNames } from "./catalogue.js";
import { DatasetError } from "./errors.js";
import { isGzip } from "./gzip.js";
import type { DownloadProgress } from "./types.js";

/**
 * The directory FACET_DATA names, or undefined where it is not set. A relative one is looked for from the working directory
 * upwards, since a task runner starts each package's script in that package's folder.
 * @throws DatasetError where FACET_DATA names no directory
 */
export function dataDirectory(): string | undefined {
  const given = process.env.FACET_DATA;
  if (given === undefined || given === "") return undefined;
  for (let from = process.cwd(); ; from = dirname(from)) {
    const directory = resolve(from, given);
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return directory;
    if (isAbsolute(given) || dirname(from) === from) throw new DatasetError(given, "FACET_DATA names no directory");
  }
}

/** Where downloads of a set are kept. */
export function cacheFolder(entry: CatalogueEntry): string {
  const { FACET_CACHE, XDG_CACHE_HOME } = process.env;
  const root = FACET_CACHE || (XDG_CACHE_HOME ? join(XDG_CACHE_HOME, "facet") : join(homedir(), ".cache", "facet"));
  return join(root, "datasets", entry.name);
}

/** The folder of a data directory that holds a file of the set. */
export function findFolder(directory: string, entry: CatalogueEntry): string | undefined {
  return entry.folders
    .map((folder) => join(directory, folder))
    .find((folder) => fileNames(entry).some((name) => hasFile(folder, name)));
}

/** Whether the folder has the file, packed or not. */
export function hasFile(folder: string, name: string): boolean {
  return existsSync(join(folder, `${name}.gz`)) || existsSync(join(folder, name));
}

export function folderSource(place: string): Source {
  return {
    place,
    async read(name) {
      const file = join(place, name);
      try {
        const { buffer, byteOffset, byteLength } = readFileSync(file);
        // Not the Buffer itself, whose slice() is a view where a Uint8Array's is a copy.
        return { file, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code;
        if (code === "ENOENT") return null;
        throw new DatasetError(file, `cannot be read (${code ?? cause})`, { cause });
      }
    },
  };
}

/**
 * Puts a downloaded file into the cache, whole or not at all: another process never sees a part of it.
 * @param name without `.gz`, which is added where the bytes are packed
 */
export function store(folder: string, name: string, bytes: Uint8Array): void {
  const file = join(folder, isGzip(bytes) ? `${name}.gz` : name);
  const partial = `${file}.${process.pid}.partial`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(partial, bytes);
    renameSync(partial, file);
  } catch (cause) {
    if (existsSync(partial)) rmSync(partial);
    const code = (cause as NodeJS.ErrnoException).code;
    throw new DatasetError(file, `cannot be written to the cache (${code ?? cause}); FACET_CACHE names another place`, {
      cause,
    });
  }
}

/** Tells a person of a download: a bar on a terminal, else one line a file. */
export function reportProgress(output: NodeJS.WriteStream = process.stderr): (progress: DownloadProgress) => void {
  const width = 30;
  let shown = -1;
  return ({ url, receivedBytes, totalBytes }) => {
    const size = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    if (receivedBytes === 0) shown = -1;
    if (!output.isTTY) {
      if (receivedBytes === 0) {
        output.write(`downloading ${url}${totalBytes === null ? "" : ` (${size(totalBytes)})`}\n`);
      }
      return;
    }
    const step = totalBytes === null ? Math.floor(receivedBytes / 1e6) : Math.floor((100 * receivedBytes) / totalBytes);
    if (step === shown) return;
    shown = step;
    const filled = totalBytes === null ? 0 : Math.floor((width * receivedBytes) / totalBytes);
    const bar =
      totalBytes === null
        ? ""
        : `[${"=".repeat(filled)}${" ".repeat(width - filled)}] ${step} % of ${size(totalBytes)} `;
    const end = receivedBytes === totalBytes ? "\n" : "";
    output.write(`\r${url.slice(url.lastIndexOf("/") + 1)} ${bar || `${size(receivedBytes)} `}${end}`);
  };
}
