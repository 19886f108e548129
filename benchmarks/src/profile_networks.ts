// What the captured step of a network does, command by command: how long each takes, and how long the roofline would let it take.
import { device } from "@facet/autograd";
import { digits } from "./format.js";
import { Facet } from "./peers/facet.js";
import type { Prepared } from "./peers/peer.js";
import { floorMs, type Roofline } from "./roofline.js";
import { median } from "./statistics.js";
import type { Table } from "./table.js";
import type { Workload } from "./workloads.js";

export interface CommandRow {
  kernel: string;
  variant: string;
  /** The ops that it does, with shapes. */
  op: string;
  ms: number;
  floorMs: number;
}

/** Commands in their order. */
export interface NetworkProfile {
  workload: string;
  commands: CommandRow[];
}

const STEPS = 5;

/** Times every kernel call of a captured step, the median of a few, after as many to warm up. */
export async function profileNetwork(workload: Workload, roofline: Roofline): Promise<NetworkProfile> {
  const { run, free } = new Facet({ captured: true }).prepare(workload) as Prepared;
  const steps = async (): Promise<void> => {
    for (let step = 0; step < STEPS; step++) {
      run();
      await device().finish();
    }
  };
  await steps();
  const { dispatches } = (await device().profile(steps)).profile;
  const count = dispatches.length / STEPS;
  const commands = dispatches.slice(0, count).map(({ kernel, variant, op, flops, bytes }, i) => ({
    ...{ kernel, variant, op },
    ms: median(Array.from({ length: STEPS }, (_, step) => dispatches[step * count + i]?.gpuMs as number)),
    // By timestamps, which what a dispatch takes besides is no part of.
    floorMs: floorMs({ flops, bytes }, { ...roofline, dispatchMs: 0 }),
  }));
  free();
  return { workload: workload.name, commands };
}

/** Longest op text of a table. */
const OP_LETTERS = 90;

export function commandTable({ workload, commands }: NetworkProfile): Table {
  const sum = (of: (row: CommandRow) => number): number => commands.reduce((total, row) => total + of(row), 0);
  const [ms, floor] = [sum((row) => row.ms), sum((row) => row.floorMs)];
  return {
    title: `Commands of ${workload}, captured`,
    note: `Medians by timestamps: ${digits(ms)} ms in ${commands.length} commands; by the roofline ${digits(floor)} ms.`,
    head: ["command", "kernel", "op", "ms", "floor ms", "share"],
    words: 3,
    rows: commands.map((row, i) => [
      `${i}`,
      `${row.kernel}/${row.variant}`,
      row.op.length > OP_LETTERS ? `${row.op.slice(0, OP_LETTERS)}...` : row.op,
      row.ms.toFixed(3),
      row.floorMs.toFixed(3),
      `${((100 * row.ms) / ms).toFixed(1)}%`,
    ]),
  };
}
