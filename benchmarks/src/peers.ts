import type { Device } from "@facet/kernels-wgsl";
import { findGpu } from "@facet/kernels-wgsl";
import { compare, createRandom } from "@facet/testing";
import { Facet } from "./peers/facet.js";
import { GpuJs, type PeerWorkload } from "./peers/gpujs.js";
import { type Timing, timeInTurn } from "./sample.js";

export interface PeerRow {
  workload: string;
  facet: Timing;
  peer: Timing & { name: string };
  /** Peer's median over Facet's: above 1 Facet is faster. */
  ratio: number;
  /** Largest difference between the two answers. */
  maxDifference: number;
}

export function peerWorkloads(filter: string | undefined): PeerWorkload[] {
  const random = createRandom(3);
  const list: [PeerWorkload["kind"], number[], number, number][] = [
    ["matmul", [128, 128, 128], 128 * 128, 128 * 128],
    ["matmul", [256, 256, 256], 256 * 256, 256 * 256],
    ["matmul", [128, 1600, 10], 128 * 1600, 1600 * 10],
    ["conv2d", [8, 28, 28, 1, 3, 3, 32], 8 * 784, 9 * 32],
    ["conv2d", [8, 13, 13, 32, 3, 3, 64], 8 * 169 * 32, 9 * 32 * 64],
    ["add", [1 << 20], 1 << 20, 1 << 20],
    ["relu", [1 << 20], 1 << 20, 1],
  ];
  return list
    .map(([kind, extents, a, b]) => ({
      kind,
      name: `${kind} ${extents.join("x")}`,
      extents,
      a: random.uniform(a),
      b: random.uniform(b),
    }))
    .filter(({ name }) => !filter || name.includes(filter));
}

/** Facet beside gpu.js on one adapter, each call from host arrays to host array. Answers are compared before timing. */
export async function benchPeers(
  device: Device,
  workloads: readonly PeerWorkload[],
  budgetMs: number,
  progress: (name: string) => void,
): Promise<PeerRow[]> {
  const gpu = await findGpu();
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true, writable: true });
  const facet = new Facet(device);
  const peer = new GpuJs();
  const rows: PeerRow[] = [];
  for (const workload of workloads) {
    progress(workload.name);
    const calls = [facet.prepare(workload), peer.prepare(workload)] as const;
    const [ours, theirs] = [await calls[0](), await calls[1]()];
    const terms =
      workload.kind === "matmul"
        ? (workload.extents[1] as number)
        : workload.kind === "conv2d"
          ? 9 * (workload.extents[3] as number)
          : 1;
    // Both add `terms` products in f32, perhaps in another order.
    const comparison = compare(ours, theirs, { rtol: 1e-5, atol: terms * 2 ** -22 });
    if (!comparison.ok) throw new Error(`${workload.name}: Facet and ${peer.name} differ by ${comparison.maxAbsError}`);
    const finish = async () => undefined;
    const [a, b] = await timeInTurn(
      [
        { encode: calls[0], finish },
        { encode: calls[1], finish },
      ],
      { budgetMs },
    );
    rows.push({
      workload: workload.name,
      facet: a as Timing,
      peer: { name: peer.name, ...(b as Timing) },
      ratio: (b as Timing).medianMs / (a as Timing).medianMs,
      maxDifference: comparison.maxAbsError,
    });
  }
  peer.close();
  return rows;
}
