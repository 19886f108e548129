import type { BufferView, Device } from "@facet/kernels-wgsl";
import { COPY_BYTES, copyShaders, FMA_LANES, fmaShaders, type RoofShader } from "./roof_shaders.js";
import { timeCalls, timeInTurn, type Workload } from "./sample.js";

/** How the walls are found. Shares of walls that were found otherwise say nothing beside each other. */
export const ROOF_METHOD = "best of shaders";

/** What the adapter can do at best: the two walls of the roofline, each the best of a family of shaders. */
export interface Roofline {
  /** Absent, as are the shaders and the device's copy, in reports from when there was one shader of each kind. */
  method?: string;
  /** Bytes read and written per second by a shader that copies 64 MiB, in GB/s. */
  gigabytesPerSecond: number;
  copyShader?: string;
  /** Fused multiply-adds on registers only, two operations each, in GFLOP/s. */
  gigaflops: number;
  fmaShader?: string;
  /** The device's own copy from buffer to buffer, which no shader runs, in GB/s. */
  bufferCopyGigabytesPerSecond?: number;
}

/** Milliseconds that work takes at least: by its operations, or by the bytes that it moves. */
export const floorMs = ({ flops, bytes }: { flops: number; bytes: number }, roofline: Roofline): number =>
  Math.max(flops / roofline.gigaflops, bytes / roofline.gigabytesPerSecond) / 1e6;

/** Shaders that are measured once more, because noise may have decided between them. */
const FINALISTS = 3;

/** `budgetMs` is the time for each finalist; the families are gone through once before, which takes about as long. */
export async function measureRoofline(device: Device, budgetMs: number): Promise<Roofline> {
  const views: BufferView[] = [];
  const view = (bytes: number): BufferView => {
    views.push({ block: device.allocate(bytes, "roofline"), offset: 0, bytes });
    return views.at(-1) as BufferView;
  };
  try {
    const [a, y, small] = [view(COPY_BYTES), view(COPY_BYTES), view(FMA_LANES * 16)];
    device.queue.clear(a);
    const finish = (): Promise<unknown> => device.finish();
    const running =
      (buffers: Record<string, BufferView>) =>
      ({ kernel, params }: RoofShader): Workload => ({ encode: () => device.run(kernel, buffers, params), finish });
    const copies = copyShaders();
    const copy = await quickest(copies, running({ a, y }), budgetMs);
    const fmas = fmaShaders();
    const fma = await quickest(fmas, running({ y: small }), budgetMs);
    const [own] = await timeInTurn([{ encode: () => device.queue.copy(a, y), finish }], { budgetMs });
    const flops = fma.shader.kernel.cost(fma.shader.params).flops;
    return {
      method: ROOF_METHOD,
      gigabytesPerSecond: (2 * COPY_BYTES) / copy.ms / 1e6,
      copyShader: copy.shader.name,
      gigaflops: flops / fma.ms / 1e6,
      fmaShader: fma.shader.name,
      bufferCopyGigabytesPerSecond: (2 * COPY_BYTES) / (own?.lowMs as number) / 1e6,
    };
  } finally {
    for (const { block } of views) device.free(block);
    device.trim();
  }
}

/** The shader with the shortest time for its work; the best quarter of its samples counts, as a wall is what can be reached. */
async function quickest(
  shaders: readonly RoofShader[],
  workload: (shader: RoofShader) => Workload,
  budgetMs: number,
): Promise<{ shader: RoofShader; ms: number }> {
  const perWork = (shader: RoofShader, ms: number): number => {
    const { flops, bytes } = shader.kernel.cost(shader.params);
    return ms / Math.max(flops, bytes);
  };
  const tried: { shader: RoofShader; each: number }[] = [];
  for (const shader of shaders) {
    const once = workload(shader);
    // The first call compiles.
    await timeCalls(once, 1);
    tried.push({ shader, each: perWork(shader, await timeCalls(once, 1)) });
  }
  const finalists = tried
    .sort((a, b) => a.each - b.each)
    .slice(0, FINALISTS)
    .map(({ shader }) => shader);
  const timings = await timeInTurn(finalists.map(workload), { budgetMs });
  const [best] = finalists
    .map((shader, i) => ({ shader, ms: timings[i]?.lowMs as number }))
    .sort((a, b) => perWork(a.shader, a.ms) - perWork(b.shader, b.ms));
  return best as { shader: RoofShader; ms: number };
}
