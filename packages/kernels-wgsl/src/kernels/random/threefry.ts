/** A Threefry key: two 32-bit words, as `jax.random.key_data` shows them. */
export type RandomKey = readonly [number, number];

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/**
 * Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): the block function
 * of jax.random. Words are unsigned 32-bit integers; higher bits of the arguments are dropped.
 */
export function threefry2x32(key: RandomKey, counter: readonly [number, number]): [number, number] {
  const schedule = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bda] as const;
  let x0 = (counter[0] + schedule[0]) | 0;
  let x1 = (counter[1] + schedule[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (const rotation of ROTATIONS[group % 2] as readonly number[]) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    }
    x0 = (x0 + (schedule[(group + 1) % 3] as number)) | 0;
    x1 = (x1 + (schedule[(group + 2) % 3] as number) + group + 1) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}
