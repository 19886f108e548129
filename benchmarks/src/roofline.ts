import type { BufferView, Cost, Device } from "@facet/kernels-wgsl";
import {
  COPY_BYTES,
  copyShaders,
  emptyShader,
  REGISTER_LANES,
  type RoofShader,
  registerShaders,
} from "./roof_shaders.js";
import { timeCalls, timeInTurn, type Workload } from "./sample.js";

/** How the walls are found. Shares of walls that were found otherwise say nothing beside each other. */
export const ROOF_METHOD = "best of shaders, a wall for each kind of work";

/** What the adapter can do at best: the walls of the roofline, each the best of a family of shaders. */
export interface Roofline {
  /** Absent, as are the shaders and the device's copy, in reports from when there was one shader of each kind. */
  method?: string;
  /** Bytes read and written per second by a shader that copies 64 MiB, in GB/s. */
  gigabytesPerSecond: number;
  copyShader?: string;
  /** Fused multiply-adds on registers only, two operations each, in GFLOP/s. */
  gigaflops: number;
  fmaShader?: string;
  /** Exponentials on registers only, in thousand millions a second. Absent, as what follows, in reports with two walls. */
  gigaexps?: number;
  /** Additions and exclusive ors of u32 on registers only, in thousand millions a second. */
  gigaintegers?: number;
  /** What a dispatch takes that does nothing, in milliseconds, timed as kernels are. */
  dispatchMs?: number;
  /** The device's own copy from buffer to buffer, which no shader runs, in GB/s. */
  bufferCopyGigabytesPerSecond?: number;
}

/**
 * Milliseconds that work takes at least: the longest of what its operations, its exponentials, its integers and its bytes take at
 * the adapter's rates, and of a dispatch with nothing to do.
 */
export const floorMs = ({ flops, bytes, exps = 0, integers = 0 }: Cost, roofline: Roofline): number =>
  Math.max(
    flops / roofline.gigaflops / 1e6,
    bytes / roofline.gigabytesPerSecond / 1e6,
    exps / (roofline.gigaexps ?? Number.POSITIVE_INFINITY) / 1e6,
    integers / (roofline.gigaintegers ?? Number.POSITIVE_INFINITY) / 1e6,
    roofline.dispatchMs ?? 0,
  );

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
    const [a, y, small] = [view(COPY_BYTES), view(COPY_BYTES), view(REGISTER_LANES * 16)];
    device.queue.clear(a);
    const finish = (): Promise<unknown> => device.finish();
    const running =
      (buffers: Record<string, BufferView>) =>
      ({ kernel, params }: RoofShader): Workload => ({ encode: () => device.run(kernel, buffers, params), finish });
    const copy = await quickest(copyShaders(), running({ a, y }), budgetMs);
    const registers = running({ y: small });
    const fma = await quickest(registerShaders("fma"), registers, budgetMs);
    const exp = await quickest(registerShaders("exp"), registers, budgetMs);
    const integer = await quickest(registerShaders("integer"), registers, budgetMs);
    const [own] = await timeInTurn([{ encode: () => device.queue.copy(a, y), finish }], { budgetMs });
    const [dispatch] = await timeInTurn([registers(emptyShader)], { budgetMs });
    return {
      method: ROOF_METHOD,
      gigabytesPerSecond: copy.perMs / 1e6,
      copyShader: copy.shader.name,
      gigaflops: fma.perMs / 1e6,
      fmaShader: fma.shader.name,
      gigaexps: exp.perMs / 1e6,
      gigaintegers: integer.perMs / 1e6,
      dispatchMs: dispatch?.lowMs as number,
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
): Promise<{ shader: RoofShader; perMs: number }> {
  // A shader of a family does one kind of work.
  const perMs = (shader: RoofShader, ms: number): number => {
    const { flops, bytes, exps = 0, integers = 0 } = shader.kernel.cost(shader.params);
    return Math.max(flops, bytes, exps, integers) / ms;
  };
  const tried: { shader: RoofShader; perMs: number }[] = [];
  for (const shader of shaders) {
    const once = workload(shader);
    // The first call compiles.
    await timeCalls(once, 1);
    tried.push({ shader, perMs: perMs(shader, await timeCalls(once, 1)) });
  }
  const finalists = tried
    .sort((a, b) => b.perMs - a.perMs)
    .slice(0, FINALISTS)
    .map(({ shader }) => shader);
  const timings = await timeInTurn(finalists.map(workload), { budgetMs });
  const [best] = finalists
    .map((shader, i) => ({ shader, perMs: perMs(shader, timings[i]?.lowMs as number) }))
    .sort((a, b) => b.perMs - a.perMs);
  return best as { shader: RoofShader; perMs: number };
}
