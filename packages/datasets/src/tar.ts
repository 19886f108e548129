import { DatasetError } from "./errors.js";

const BLOCK = 512;
const text = new TextDecoder();

/**
 * The plain files of a tar archive by name without folders, as views of `bytes`. Long names and links, which the archives
 * read here do not have, are left out.
 * @throws DatasetError where a header is damaged or a file reaches beyond the archive.
 */
export function readTar(bytes: Uint8Array, file: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let offset = 0;
  while (offset + BLOCK <= bytes.length && bytes[offset] !== 0) {
    const header = bytes.subarray(offset, offset + BLOCK);
    const field = (from: number, length: number) =>
      text
        .decode(header.subarray(from, from + length))
        .replace(/\0.*$/s, "")
        .trim();
    const checksum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
    if (Number.parseInt(field(148, 8), 8) !== checksum) {
      throw new DatasetError(file, `not a tar archive, or damaged: header checksum wrong at byte ${offset}`);
    }
    const size = Number.parseInt(field(124, 12), 8);
    const start = offset + BLOCK;
    const path = field(0, 100);
    if (start + size > bytes.length) throw new DatasetError(file, `truncated: ${path} ends beyond the archive`);
    const type = field(156, 1);
    if (type === "" || type === "0")
      files.set(path.slice(path.lastIndexOf("/") + 1), bytes.subarray(start, start + size));
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
