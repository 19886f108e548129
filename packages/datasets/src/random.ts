/** A stream of random numbers that is the same on every platform: integer operations and exact divisions only. */
export interface Random {
  /** 32 random bits as an unsigned integer. */
  bits(): number;
  /** Uniform in [low, high), from 32 bits. */
  uniform(low: number, high: number): number;
  /** Uniform integer in 0 .. n-1; n well below 2^32. */
  below(n: number): number;
}

/** sfc32 (Doty-Humphrey's "small fast counting" generator, as in PractRand), keyed by three integers. */
export function createRandom(seed: number, stream: number, index: number): Random {
  let a = seed | 0;
  let b = stream | 0;
  let c = index | 0;
  let counter = 1;

  function bits(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  }

  // Neighbouring keys differ in a few bits; these rounds spread them over the whole state.
  for (let round = 0; round < 15; round++) bits();

  return {
    bits,
    uniform: (low, high) => low + (high - low) * (bits() / 4294967296),
    below: (n) => Math.floor((bits() / 4294967296) * n),
  };
}
