import { DatasetError } from "./errors.js";

/** Whether the bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Inflates one gzip file in memory. @throws DatasetError where it is corrupt or cut short. */
export async function gunzip(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    const reason =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause : cause).message : String(cause);
    throw new DatasetError(file, `corrupt gzip data (${reason})`, { cause });
  }
}

/** Lower-case hexadecimal SHA-256. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws DatasetError where the SHA-256 of `bytes` is not the expected one. */
export async function checkSha256(bytes: Uint8Array, expected: string, file: string): Promise<void> {
  const given = await sha256(bytes);
  if (given === expected) return;
  throw new DatasetError(file, `checksum mismatch: SHA-256 of the content should be ${expected}, is ${given}`);
}
