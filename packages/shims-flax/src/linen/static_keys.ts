// Keys of linen: a key folded with the path of a module and a count, by their SHA-1 hash.

import type { PRNGKeyArray } from "@facet/shims-jax/parts";
import { fold_in } from "@facet/shims-jax/random";

const rotated = (x: number, by: number): number => ((x << by) | (x >>> (32 - by))) >>> 0;

/** The first word of the SHA-1 hash of bytes. */
export function sha1Word(bytes: readonly number[]): number {
  const whole = [...bytes, 0x80];
  while (whole.length % 64 !== 56) whole.push(0);
  const bits = bytes.length * 8;
  for (let i = 7; i >= 0; i--) whole.push(i > 3 ? 0 : (bits >>> (8 * i)) & 0xff);
  const h = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let start = 0; start < whole.length; start += 64) {
    const w = Array.from({ length: 80 }, () => 0);
    for (let i = 0; i < 16; i++) {
      const at = start + 4 * i;
      w[i] = whole.slice(at, at + 4).reduce((word, byte) => ((word << 8) | byte) >>> 0, 0);
    }
    const word = (i: number): number => w[i] as number;
    for (let i = 16; i < 80; i++) w[i] = rotated((word(i - 3) ^ word(i - 8) ^ word(i - 14) ^ word(i - 16)) >>> 0, 1);
    let [a, b, c, d, e] = h as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const [f, k] =
        i < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : i < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : i < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6];
      const next = (rotated(a, 5) + (f >>> 0) + e + k + word(i)) >>> 0;
      [a, b, c, d, e] = [next, a, rotated(b, 30), c, d];
    }
    for (const [i, part] of [a, b, c, d, e].entries()) h[i] = ((h[i] as number) + part) >>> 0;
  }
  return h[0] as number;
}

/** A key for one draw of a module: folded with its path and how many draws there were. */
export function staticKey(key: PRNGKeyArray, path: readonly string[], count: number): PRNGKeyArray {
  const bytes = [...new TextEncoder().encode(path.join(""))];
  const digits: number[] = [];
  for (let left = count; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256);
  return fold_in(key, sha1Word([...bytes, ...digits]));
}
