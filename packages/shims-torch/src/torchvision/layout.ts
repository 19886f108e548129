/** [count, pixels, channels] as [count, channels, pixels]. */
export function channelsFirst(bytes: Uint8Array, count: number, pixels: number, channels: number): Uint8Array {
  if (channels === 1) return bytes;
  const turned = new Uint8Array(bytes.length);
  for (let n = 0; n < count; n++) {
    const start = n * pixels * channels;
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < pixels; p++) turned[start + c * pixels + p] = bytes[start + p * channels + c] as number;
  }
  return turned;
}
