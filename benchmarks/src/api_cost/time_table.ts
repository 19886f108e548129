import { isCaptured } from "../dialects.js";
import { digits, mebibytes } from "../format.js";
import type { ProgramRow } from "../programs.js";
import type { ReplayReport } from "../replay_table.js";
import type { Table } from "../table.js";

/** Columns of device memory, with the owners that are counted in each. */
const COLUMNS = {
  images: ["dataset", "data"],
  weights: ["parameter", "gradient", "optimizer"],
  activations: ["activation", "workspace"],
  plan: ["plan"],
} as const satisfies Record<string, readonly string[]>;

/** The same program in every dialect, its step replayed as a plan and run op by op: from what the programs and the replays measured. */
export function timeTable(programs: readonly ProgramRow[], replay: ReplayReport | undefined): Table {
  const own = programs.filter(({ aligned }) => !aligned);
  return {
    title: "What an API costs: in time and memory",
    note:
      `The CNN, batch ${own[0]?.batchSize}. JavaScript: of one step to the end of its submission, the device being idle when it begins, ` +
      "and its share of a steady step; it does not depend on the batch. Memory in MiB: the most held at once, what it is (weights with their gradients and the optimiser's state), and what is held between steps.",
    head: [
      "program",
      "step",
      "first ms",
      "steady ms",
      "JavaScript us",
      "share",
      "peak",
      ...Object.keys(COLUMNS),
      "live",
    ],
    words: 2,
    rows: own.map((row) => {
      const hostMs = replay?.rows.find(({ dialect }) => dialect === row.dialect)?.hostMs;
      const owned = Object.values(COLUMNS).map((owners) =>
        owners.reduce((sum, owner) => sum + (row.peakByOwner?.[owner] ?? 0), 0),
      );
      return [
        row.dialect,
        isCaptured(row.dialect) ? "a plan, replayed" : "op by op",
        digits(row.firstStepMs),
        digits(row.steadyStepMs),
        hostMs === undefined ? "-" : (1000 * hostMs).toFixed(0),
        hostMs === undefined ? "-" : `${((100 * hostMs) / row.steadyStepMs).toFixed(1)}%`,
        mebibytes(row.peakBytes),
        ...owned.map(mebibytes),
        row.liveBytes === undefined ? "-" : mebibytes(row.liveBytes),
      ];
    }),
  };
}
