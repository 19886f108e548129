/** Floats as bytes: element i is `table[codes[i]]`, bit for bit. */
export interface Coded {
  readonly codes: Uint8Array;
  /** 256 entries; those that no code names are 0. */
  readonly table: Float32Array;
}

/** Below this many elements the table would be a good part of what coding saves. */
const LEAST = 4096;
const SLOTS = 1024;

/**
 * Floats with at most 256 different values, as bytes and a table: pictures whose bytes were scaled, however that was done,
 * and one-hot rows take a quarter of the memory so. Undefined for other floats (seen after the first few) and short arrays.
 */
export function codeFloats(values: Float32Array): Coded | undefined {
  if (values.length < LEAST) return undefined;
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const codes = new Uint8Array(values.length);
  const table = new Int32Array(256);
  let used = 0;
  // Open addressing by the value's bits; a slot holds code + 1, 0 while it is free.
  const slots = new Uint16Array(SLOTS);
  let last = 0;
  let lastCode = -1;
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] as number;
    // Pictures are full of runs.
    if (value !== last || lastCode < 0) {
      let slot = Math.imul(value, 0x9e3779b1) >>> 22;
      while (slots[slot] !== 0 && table[(slots[slot] as number) - 1] !== value) slot = (slot + 1) & (SLOTS - 1);
      if (slots[slot] === 0) {
        if (used === table.length) return undefined;
        table[used++] = value;
        slots[slot] = used;
      }
      last = value;
      lastCode = (slots[slot] as number) - 1;
    }
    codes[i] = lastCode;
  }
  return { codes, table: new Float32Array(table.buffer) };
}
