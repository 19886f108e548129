import { type SourceFile, verifyDownload } from "./assemble.js";
import type { CatalogueEntry } from "./catalogue.js";
import { DatasetAbsentError, DatasetError } from "./errors.js";
import type { DownloadProgress } from "./types.js";

/**
 * Fetches a file of a set, packed, from the first mirror that gives it whole and unaltered.
 * @param looked where it was looked for before, for the error
 * @throws DatasetError with what each mirror answered
 */
export async function download(
  entry: CatalogueEntry,
  name: string,
  looked: string,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<SourceFile> {
  const tried: string[] = [];
  for (const mirror of entry.mirrors) {
    const url = `${mirror}${name}.gz`;
    try {
      const fetched = { file: url, bytes: await fetchBytes(url, onProgress) };
      await verifyDownload(entry, name, fetched);
      return fetched;
    } catch (error) {
      tried.push(error instanceof DatasetError ? error.message : `${url}: ${failure(error)}`);
    }
  }
  throw unavailable(entry, `${name}.gz`, `${looked}; tried ${tried.join("; ")}`);
}

/** The error of a set that is nowhere. */
export function unavailable(entry: CatalogueEntry, file: string, looked: string): DatasetAbsentError {
  return new DatasetAbsentError(
    `${entry.name}/${file}`,
    `cannot be had: ${looked}. Put the files of the set into the folder ${entry.folders[0]} of a data directory, ` +
      'or take loadDataset("digits") of @facet/datasets, which are generated and need no download',
  );
}

async function fetchBytes(url: string, onProgress?: (progress: DownloadProgress) => void): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status} ${response.statusText}`.trimEnd());
  // The length of a body that is unpacked on the way is not that of the bytes that arrive.
  const packed = response.headers.get("content-encoding") !== null;
  const length = packed ? null : response.headers.get("content-length");
  const totalBytes = length === null ? null : Number(length);
  const chunks: Uint8Array[] = [];
  let receivedBytes = 0;
  onProgress?.({ url, receivedBytes, totalBytes });
  const reader = response.body?.getReader();
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
    chunks.push(piece.value);
    receivedBytes += piece.value.length;
    onProgress?.({ url, receivedBytes, totalBytes });
  }
  if (totalBytes !== null && receivedBytes !== totalBytes) {
    throw new Error(`truncated: ${receivedBytes} of ${totalBytes} bytes came`);
  }
  if (totalBytes === null) onProgress?.({ url, receivedBytes, totalBytes: receivedBytes });
  const bytes = new Uint8Array(receivedBytes);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** `fetch` says only "fetch failed"; what failed is in its cause. */
export function failure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  if (!(cause instanceof Error)) return error.message;
  const code = "code" in cause ? String(cause.code) : "";
  return `${error.message}: ${cause.message || code}`;
}
