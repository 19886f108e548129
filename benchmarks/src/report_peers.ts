// Tables of Facet beside its peers: ratios to the best peer, where Facet loses, who lacks what, and the targets.

import { digits } from "./format.js";
import type { Timing } from "./sample.js";
import type { Table } from "./table.js";
import type { Workload } from "./workloads.js";

/** What one participant did on one workload: a timing, or the reason there is none. */
export type PeerEntry = { timing: Timing; maxDifference: number } | { lacking: string };

export interface PeerRow {
  workload: Workload;
  entries: Record<string, PeerEntry>;
  /** Some elements of Facet's answer. */
  sample: { indices: number[]; values: number[] };
}

const FACET = "Facet";
const CAPTURED = "Facet captured";
/** Of less precision than all others: shown, and compared with none. */
const HALF = "Facet float16";
export const isFacet = (name: string): boolean => name === FACET || name === CAPTURED || name === HALF;
/** Measured elsewhere or not in JavaScript: shown beside, never counted as a peer. */
const isReference = (name: string): boolean => name.startsWith("PyTorch");

/** Geometric mean: the fair average of ratios. NaN of none. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export const medianOf = (row: PeerRow, name: string): number | undefined => {
  const entry = row.entries[name];
  return entry && "timing" in entry ? entry.timing.medianMs : undefined;
};

/** The quicker of Facet's own entries. */
export function facetMs(row: PeerRow): number | undefined {
  const own = [medianOf(row, FACET), medianOf(row, CAPTURED)].filter((ms) => ms !== undefined);
  return own.length > 0 ? Math.min(...own) : undefined;
}

/** The quickest peer of a row; undefined when none has the workload. */
export function bestPeer(row: PeerRow): { name: string; ms: number } | undefined {
  let best: { name: string; ms: number } | undefined;
  for (const name of Object.keys(row.entries)) {
    const ms = medianOf(row, name);
    if (isFacet(name) || isReference(name) || ms === undefined) continue;
    if (!best || ms < best.ms) best = { name, ms };
  }
  return best;
}

/** Best peer's median over Facet's: above 1 Facet is faster. Undefined when no peer has the workload. */
export function ratioOf(row: PeerRow): number | undefined {
  const [best, own] = [bestPeer(row), facetMs(row)];
  return best && own !== undefined ? best.ms / own : undefined;
}

/** Facet's quickest entry over one peer's: what the targets of train steps are stated in. */
const shareOf = (row: PeerRow, peer: string): number | undefined => {
  const [own, theirs] = [facetMs(row), medianOf(row, peer)];
  return own !== undefined && theirs !== undefined ? own / theirs : undefined;
};

export interface Target {
  text: string;
  reached: boolean | undefined;
  measured: string;
}

/** What Facet is to reach, and what this run shows of it. `reached` is undefined when the run has no such row. */
export function targets(rows: readonly PeerRow[]): Target[] {
  const list: Target[] = [];
  const atLeast = (text: string, wanted: number, chosen: readonly PeerRow[]): void => {
    const found = chosen
      .map((row) => ({ row, ratio: ratioOf(row) }))
      .filter((item): item is { row: PeerRow; ratio: number } => item.ratio !== undefined)
      .sort((a, b) => a.ratio - b.ratio);
    const below = found.filter(({ ratio }) => ratio < wanted);
    const lowest = found[0];
    list.push({
      text,
      reached: lowest && below.length === 0,
      measured: lowest
        ? `lowest ${digits(lowest.ratio)}x (${lowest.row.workload.name}); ${below.length} of ${found.length} below`
        : "not measured",
    });
  };
  const square512 = rows.filter(({ workload: w }) => w.kind === "matmul" && w.m === 512 && w.k === 512 && w.n === 512);
  atLeast("matmul 512: at least 1.7 times the best JavaScript peer", 1.7, square512);
  const products = rows.filter(({ workload: { kind } }) => kind === "matmul" || kind === "conv2d");
  atLeast("every matmul and convolution: at least 1.2 times", 1.2, products);
  const step = rows.find(({ workload: w }) => w.kind === "train_step" && w.model === "mnist_cnn" && w.batch === 128);
  for (const [peer, wanted] of [
    ["tfjs-backend-webgpu", 7],
    ["jax-js", 3],
  ] as const) {
    const share = step && shareOf(step, peer);
    const captured = step && medianOf(step, CAPTURED) !== undefined;
    list.push({
      text: `train step mnist_cnn, batch 128: at most 1/${wanted} of ${peer}'s`,
      reached: share === undefined ? undefined : share <= 1 / wanted,
      measured: share === undefined ? "not measured" : `1/${digits(1 / share)}${captured ? ", captured" : ", eager"}`,
    });
  }
  const networks = rows.filter(({ workload: { kind } }) => kind === "network_step");
  atLeast("every network's step: at most half of the best JavaScript peer's", 2, networks);
  const shares = networks
    .map((row) => ({ row, share: eagerShare(row) }))
    .filter((item): item is { row: PeerRow; share: number } => item.share !== undefined)
    .sort((a, b) => b.share - a.share);
  const [worst] = shares;
  list.push({
    text: `every network's step, eager: at most ${EAGER_SHARE} of the captured one's`,
    reached: worst && worst.share <= EAGER_SHARE,
    measured: worst ? `highest ${digits(worst.share)} (${worst.row.workload.name})` : "not measured",
  });
  return list;
}

const EAGER_SHARE = 1.15;

/** Facet's eager time over its captured one. */
function eagerShare(row: PeerRow): number | undefined {
  const [eager, captured] = [medianOf(row, FACET), medianOf(row, CAPTURED)];
  return eager !== undefined && captured !== undefined ? eager / captured : undefined;
}

/** Text of everybody's lacks: one line for each reason, with the groups of workloads it stands for. */
function lacks(rows: readonly PeerRow[]): string[][] {
  const reasons = new Map<string, { peer: string; reason: string; names: string[] }>();
  for (const { workload, entries } of rows) {
    for (const [peer, entry] of Object.entries(entries)) {
      if (!("lacking" in entry) || peer === CAPTURED) continue;
      const key = `${peer}: ${entry.lacking}`;
      const item = reasons.get(key) ?? { peer, reason: entry.lacking, names: [] };
      item.names.push(workload.name);
      reasons.set(key, item);
    }
  }
  return [...reasons.values()].map(({ peer, reason, names }) => [
    peer,
    names.length > 3 ? `${names.slice(0, 2).join("; ")} and ${names.length - 2} more` : names.join("; "),
    reason,
  ]);
}

export function peerTables(rows: readonly PeerRow[], absent: Readonly<Record<string, string>>): Table[] {
  if (rows.length === 0) return [];
  const names = [...new Set(rows.flatMap(({ entries }) => Object.keys(entries)))];
  const ratios = rows.flatMap((row) => ratioOf(row) ?? []);
  const losing = rows.filter((row) => (ratioOf(row) ?? 1) < 1);
  const list: Table[] = [];
  list.push({
    title: "Targets",
    note: "What Facet is to reach beside its peers, and this run.",
    head: ["target", "reached", "measured"],
    words: 3,
    rows: targets(rows).map(({ text, reached, measured }) => [
      text,
      reached === undefined ? "-" : reached ? "yes" : "no",
      measured,
    ]),
  });
  list.push({
    title: "Where Facet loses",
    note: losing.length === 0 ? "In no row of this run is a peer faster." : "Rows in which a peer is faster.",
    head: ["workload", "faster peer", "peer ms", "Facet ms", "Facet slower by"],
    words: 2,
    rows: losing.map((row) => {
      const best = bestPeer(row) as { name: string; ms: number };
      const own = facetMs(row) as number;
      return [row.workload.name, best.name, digits(best.ms), digits(own), `${digits(own / best.ms)}x`];
    }),
  });
  const groups = [...new Set(rows.map(({ workload }) => workload.group))];
  list.push({
    title: "Geometric means",
    note: `Best peer's time over Facet's, over all ${ratios.length} rows that a peer has: ${digits(geometricMean(ratios))}.`,
    head: ["group", "rows", "best peer", ...names.filter((name) => name !== FACET)],
    words: 1,
    rows: groups.map((group) => {
      const own = rows.filter(({ workload }) => workload.group === group);
      const best = own.flatMap((row) => ratioOf(row) ?? []);
      const mean = (values: readonly number[]): string =>
        values.length > 0 ? `${digits(geometricMean(values))}x` : "-";
      return [
        group,
        `${own.length}`,
        mean(best),
        ...names
          .filter((name) => name !== FACET)
          .map((name) =>
            mean(
              own.flatMap((row) => {
                const [theirs, ours] = [medianOf(row, name), medianOf(row, FACET)];
                return theirs !== undefined && ours !== undefined ? theirs / ours : [];
              }),
            ),
          ),
      ];
    }),
  });
  list.push({
    title: "Facet beside its peers",
    note: "Medians in ms on the same adapter in one run, in turn, answers compared first; data stays on the device and calls are queued and then waited for, unless a row says host to host. Ratio: best peer over Facet's best; above 1 Facet is faster. Train steps are without dropout, with Adam on all sides.",
    head: ["workload", ...names, "ratio", "Facet GFLOP/s", "Facet GB/s", "largest difference"],
    words: 1,
    rows: rows.map((row) => {
      const ratio = ratioOf(row);
      const own = facetMs(row) ?? Number.NaN;
      const differences = Object.values(row.entries).flatMap((entry) =>
        "maxDifference" in entry ? entry.maxDifference : [],
      );
      return [
        row.workload.name,
        ...names.map((name) => cell(row, name)),
        ratio === undefined ? "-" : `${digits(ratio)}x`,
        digits(row.workload.flops / own / 1e6),
        digits(row.workload.bytes / own / 1e6),
        Math.max(0, ...differences).toExponential(1),
      ];
    }),
  });
  const lacking = [
    ...Object.entries(absent).map(([name, reason]) => [name, "everything, or all after", reason]),
    ...lacks(rows),
  ];
  if (lacking.length > 0)
    list.push({
      title: "What peers lack",
      note: "Reasons are the library's own error where it gave one.",
      head: ["peer", "workloads", "reason"],
      words: 3,
      rows: lacking,
    });
  return list;
}

function cell(row: PeerRow, name: string): string {
  const entry = row.entries[name];
  if (!entry) return "-";
  if ("lacking" in entry) return name === CAPTURED ? "-" : "lacks";
  return digits(entry.timing.medianMs);
}
