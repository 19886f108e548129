import type { ApiCost } from "./api_cost/tables.js";
import type { ExperimentSummary } from "./experiments/summary.js";
import type { KernelRow, WrongKernel } from "./kernels.js";
import type { StepProfile } from "./profile.js";
import type { NetworkProfile } from "./profile_networks.js";
import type { ProgramRow } from "./programs.js";
import type { ReplayReport } from "./replay_table.js";
import type { PeerRow } from "./report_peers.js";
import type { Roofline } from "./roofline.js";

/** Everything one run measured: what is written as JSON, and what page, Markdown and tables are made from (page/). */
export interface Report {
  date: string;
  adapter: { name: string; kind: string; driver: string };
  /** `load`: least and most runnable processes, taken before and after each part. */
  host: { node: string; platform: string; cpu: string; cores: number; load?: [number, number] };
  versions: Record<string, string>;
  commandLine: string[];
  seconds: number;
  /** Seconds of it in each part. */
  partSeconds: Record<string, number>;
  roofline?: Roofline;
  kernels: KernelRow[];
  /** Every variant of the kernels, where they were asked for. */
  variants?: KernelRow[];
  /** Kernels that do not compute what their reference does on this adapter. */
  wrongKernels?: WrongKernel[];
  peers: PeerRow[];
  /** Peers that could not be opened, with the error they gave. */
  absentPeers: Record<string, string>;
  programs: ProgramRow[];
  data?: string;
  step?: StepProfile;
  /** Captured steps of networks that a filter chose. */
  networks?: NetworkProfile[];
  /** Small runs of this bench. */
  experiments?: ExperimentSummary[];
  /** Longer runs that `facet compare` made before on this kind of adapter. */
  storedExperiments?: ExperimentSummary[];
  /** What there was no time for. */
  leftOut?: string[];
  replay?: ReplayReport;
  apiCost?: ApiCost;
}
