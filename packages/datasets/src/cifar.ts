import { DatasetError } from "./errors.js";
import { checkLabels } from "./idx.js";
import type { ImageLayout } from "./types.js";

const SIDE = 32;
const CHANNELS = 3;
const PLANE = SIDE * SIDE;
const IMAGE = CHANNELS * PLANE;
/** Bytes of one record: the label, then the red, green and blue planes of 32x32, row by row. */
export const CIFAR10_RECORD = 1 + IMAGE;

/**
 * Reads CIFAR-10's binary version: records of one label byte and 3072 bytes of pixels, with neither header nor end mark.
 * @param options.layout order of the pixels given back: "NHWC" (default) [n, 32, 32, 3], or the file's own "NCHW" [n, 3, 32, 32].
 * @param options.records how many records the file must hold; default any number of whole ones.
 * @throws DatasetError on a file cut short, bytes after its end, or a label above 9.
 */
export function parseCifar10(
  bytes: Uint8Array,
  file: string,
  options: { layout?: ImageLayout; records?: number } = {},
): { images: Uint8Array; labels: Uint8Array; count: number } {
  const count = options.records ?? Math.floor(bytes.length / CIFAR10_RECORD);
  const excess = bytes.length - count * CIFAR10_RECORD;
  if (excess < 0 || count === 0) {
    const needed = Math.max(count, 1);
    throw new DatasetError(
      file,
      `truncated: ${needed} records of ${CIFAR10_RECORD} bytes need ${needed * CIFAR10_RECORD} bytes, ${bytes.length} are there`,
    );
  }
  if (excess > 0) {
    throw new DatasetError(
      file,
      `${excess} trailing bytes after ${count} records of ${CIFAR10_RECORD} bytes, or a truncated last record`,
    );
  }

  const labels = new Uint8Array(count);
  const images = new Uint8Array(count * IMAGE);
  for (let n = 0; n < count; n++) {
    const start = n * CIFAR10_RECORD;
    labels[n] = bytes[start]!;
    const planes = bytes.subarray(start + 1, start + CIFAR10_RECORD);
    if (options.layout === "NCHW") images.set(planes, n * IMAGE);
    else interleave(planes, images, n * IMAGE);
  }
  checkLabels(labels, 10, file);
  return { images, labels, count };
}

/** [3, 32, 32] to [32, 32, 3], written at `offset`. */
function interleave(planes: Uint8Array, images: Uint8Array, offset: number): void {
  for (let c = 0; c < CHANNELS; c++) {
    for (let pixel = 0; pixel < PLANE; pixel++) images[offset + pixel * CHANNELS + c] = planes[c * PLANE + pixel]!;
  }
}
