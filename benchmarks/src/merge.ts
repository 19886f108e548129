import { readFileSync, writeFileSync } from "node:fs";
import { readReport, writeReport } from "./page/write.js";
import type { Report } from "./report.js";
import type { PeerRow } from "./report_peers.js";

/** What torch_cuda.py writes: rows of the bench's form, by the workload's name. */
export interface TorchReport {
  device: string;
  versions: Record<string, string>;
  peers: { workload: string; entries: PeerRow["entries"] }[];
}

/** A report with PyTorch's entries beside the others; rows that it does not know are refused by name. */
export function merged(report: Report, torch: TorchReport): Report {
  const names = new Set(report.peers.map(({ workload }) => workload.name));
  for (const { workload } of torch.peers)
    if (!names.has(workload)) throw new RangeError(`merge: the report has no workload "${workload}"`);
  return {
    ...report,
    versions: { ...report.versions, ...torch.versions },
    peers: report.peers.map((row) => ({
      ...row,
      entries: { ...row.entries, ...torch.peers.find(({ workload }) => workload === row.workload.name)?.entries },
    })),
  };
}

/** Puts torch_cuda.py's JSON beside a report's and writes the report again, with its page and Markdown. */
export async function mergeReports(reportFile: string, torchFile: string): Promise<void> {
  const report = merged(readReport(reportFile), JSON.parse(readFileSync(torchFile, "utf8")) as TorchReport);
  writeFileSync(reportFile, `${JSON.stringify(report, undefined, 1)}\n`);
  await writeReport(reportFile, report);
}
