import { DatasetError } from "./errors.js";

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes, the format of MNIST: two zero bytes, the element type (8), the rank, one big-endian
 * 32-bit extent per axis, then the elements in row-major order. `data` is a view of `bytes`.
 * @param rank the rank the file must have; 3 for images (magic 2051), 1 for labels (magic 2049). Default: any from 1 to 4.
 * @throws DatasetError on a wrong magic number, a file cut short, or bytes after its end.
 */
export function parseIdx(bytes: Uint8Array, file: string, rank?: number): { shape: number[]; data: Uint8Array } {
  if (bytes.length < 4) throw new DatasetError(file, `truncated: ${bytes.length} bytes do not hold an IDX header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const fileRank = magic - UNSIGNED_BYTE * 256;
  if (rank === undefined ? fileRank < 1 || fileRank > 4 : fileRank !== rank) {
    const expected = rank === undefined ? "2049 to 2052 (unsigned bytes, rank 1 to 4)" : `${2048 + rank}`;
    throw new DatasetError(file, `wrong magic number: expected ${expected}, got ${magic}`);
  }
  const header = 4 + 4 * fileRank;
  if (bytes.length < header) {
    throw new DatasetError(file, `truncated: ${bytes.length} bytes do not hold an IDX header of ${header} bytes`);
  }
  const shape = Array.from({ length: fileRank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = shape.reduce((product, extent) => product * extent, 1);
  const given = bytes.length - header;
  if (given < expected) {
    throw new DatasetError(file, `truncated: [${shape}] needs ${expected} bytes of data, ${given} are there`);
  }
  if (given > expected) {
    throw new DatasetError(file, `${given - expected} trailing bytes after the ${expected} bytes of [${shape}]`);
  }
  return { shape, data: bytes.subarray(header) };
}

/** @throws DatasetError where a label is no class index. */
export function checkLabels(labels: Uint8Array, classes: number, file: string): void {
  const at = labels.findIndex((label) => label >= classes);
  if (at < 0) return;
  throw new DatasetError(file, `label ${labels[at]} of record ${at} is out of range 0 to ${classes - 1}`);
}
