import { type BufferView, type Device, matmul, matmulGeometry } from "@facet/kernels-wgsl";

/** Long enough for the clock and short enough for somebody who waits. */
const SECONDS = 0.08;

/** What a device does per second at two things that models are made of. */
export interface Speed {
  /** 10^9 floating-point operations per second of a 512 x 512 x 512 matrix product, a fused multiply-add counting as two. */
  matmulGflops: number;
  /** 10^9 bytes per second, read and written ones both counted, of a copy of 32 MiB in device memory. */
  copyGbytes: number;
}

/** Takes well under two seconds, on software adapters too. */
export async function measure(device: Device): Promise<Speed> {
  const held: BufferView[] = [];
  const view = (bytes: number): BufferView => {
    held.push({ block: device.allocate(bytes, "doctor"), offset: 0, bytes });
    return held.at(-1) as BufferView;
  };
  try {
    const n = 512;
    const [a, b, y] = [view(4 * n * n), view(4 * n * n), view(4 * n * n)];
    // Memory that was used before may hold subnormal numbers or NaN, which some processors are slow at.
    for (const operand of [a, b]) device.queue.write(operand, new Float32Array(n * n).fill(0.5));
    const { params } = matmulGeometry([n, n], [n, n]);
    const flops = await perSecond(device, 2 * n ** 3, () => device.run(matmul, { a, b, y }, params));
    const bytes = 2 ** 25;
    const [from, to] = [view(bytes), view(bytes)];
    device.queue.clear(from);
    const copied = await perSecond(device, 2 * bytes, () => device.queue.copy(from, to));
    return { matmulGflops: flops / 1e9, copyGbytes: copied / 1e9 };
  } finally {
    for (const { block } of held) device.free(block);
  }
}

/** Work per second of what `encode` encodes: the best of three stretches, each long enough to be measured. */
async function perSecond(device: Device, work: number, encode: () => void): Promise<number> {
  // The first call compiles.
  encode();
  await device.finish();
  let best = 0;
  for (let runs = 1, stretches = 0; stretches < 3; ) {
    const start = performance.now();
    for (let i = 0; i < runs; i++) encode();
    await device.finish();
    const seconds = (performance.now() - start) / 1000;
    if (seconds < SECONDS) {
      runs *= 2;
      continue;
    }
    best = Math.max(best, (work * runs) / seconds);
    stretches++;
  }
  return best;
}
