// The bench's report: ratios, means, losses, lacks and targets, from rows made by hand.
import { describe, expect, test } from "vitest";
import { timeTable } from "../../benchmarks/src/api_cost/time_table.js";
import { merged } from "../../benchmarks/src/merge.js";
import { toMarkdown } from "../../benchmarks/src/page/markdown.js";
import { commandTable } from "../../benchmarks/src/profile_networks.js";
import type { ProgramRow } from "../../benchmarks/src/programs.js";
import { type ReplayRow, replayTable } from "../../benchmarks/src/replay_table.js";
import type { Report } from "../../benchmarks/src/report.js";
import {
  bestPeer,
  geometricMean,
  type PeerEntry,
  type PeerRow,
  peerTables,
  ratioOf,
  targets,
} from "../../benchmarks/src/report_peers.js";
import { matmulWorkload, networkWorkload, stepWorkload, type Workload } from "../../benchmarks/src/workloads.js";

const took = (ms: number): PeerEntry => ({
  timing: { medianMs: ms, lowMs: ms, highMs: ms, samples: 3 },
  maxDifference: 1e-6,
});
const row = (workload: Workload, entries: Record<string, PeerEntry>): PeerRow => ({
  workload,
  entries,
  sample: { indices: [], values: [] },
});

const square = matmulWorkload(512, 512, 512);
const thin = matmulWorkload(128, 1600, 10);
const step = stepWorkload("mnist_cnn", 128);
const rows = [
  row(square, { Facet: took(10), "tfjs-backend-webgpu": took(40), "jax-js": took(20), "PyTorch fp32": took(1) }),
  row(thin, { Facet: took(4), "tfjs-backend-webgpu": took(2), "jax-js": { lacking: "device was lost" } }),
  row(step, { Facet: took(100), "Facet captured": took(80), "tfjs-backend-webgpu": took(800), "jax-js": took(160) }),
];

describe("ratios", () => {
  test("are to the quickest peer; PyTorch is no peer, a lack no time, and Facet's quicker entry counts", () => {
    expect(bestPeer(rows[0] as PeerRow)).toEqual({ name: "jax-js", ms: 20 });
    expect(rows.map(ratioOf)).toEqual([2, 0.5, 2]);
    expect(ratioOf(row(thin, { Facet: took(1), "gpu.js": { lacking: "no" } }))).toBeUndefined();
  });

  test("average geometrically", () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12);
    expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
    expect(geometricMean([])).toBeNaN();
  });
});

describe("tables", () => {
  const tables = peerTables(rows, { onnxruntime: "no available backend" });
  const table = (title: string) => tables.find((candidate) => candidate.title === title);

  test("show where Facet loses first", () => {
    expect(table("Where Facet loses")?.rows).toEqual([[thin.name, "tfjs-backend-webgpu", "2.00", "4.00", "2.00x"]]);
    expect(peerTables(rows.slice(0, 1), {})[1]?.rows).toEqual([]);
  });

  test("list what peers lack with the reason, a peer that did not open too", () => {
    expect(table("What peers lack")?.rows).toEqual([
      ["onnxruntime", "everything, or all after", "no available backend"],
      ["jax-js", thin.name, "device was lost"],
    ]);
  });

  test("give means by group and over all", () => {
    expect(table("Geometric means")?.note).toContain("all 3 rows that a peer has: 1.26");
    expect(table("Geometric means")?.rows[0]?.slice(0, 3)).toEqual(["matmul", "2", "1.00x"]);
  });

  test("are none without rows", () => {
    expect(peerTables([], {})).toEqual([]);
  });
});

test("what a replay costs is shown in microseconds beside the same commands without Facet", () => {
  const { note, head, rows } = replayTable({
    rows: [
      {
        dialect: "torch",
        dispatches: 27,
        copies: 7,
        hostMs: 0.5,
        submitMs: 0.1,
        bareMs: 0.2,
        buffers: 0.125,
        bindGroups: 5,
        pipelines: 0,
      },
    ],
    dispatchUs: 2.34,
    memory: { steps: 10_000, before: 2048, after: 4096 },
  });
  expect(head).toHaveLength(10);
  expect(rows).toEqual([["torch, op by op", "27", "7", "500", "100", "200", "300", "0.13", "5", "0"]]);
  expect(note).toMatch(/2\.3 us.*10000 steps.*2\.0 KiB.*4\.0 KiB/s);
});

test("targets say what is reached, what is not, and what was not measured", () => {
  expect(targets(rows).map(({ reached }) => reached)).toEqual([true, false, true, false, undefined, undefined]);
  expect(targets(rows)[3]?.measured).toBe("1/2.00, captured");
  expect(targets([]).every(({ reached }) => reached === undefined)).toBe(true);
});

test("targets of networks are by the best peer, and by the captured step", () => {
  const network = networkWorkload("resnet", 32);
  const timed = (eager: number) =>
    targets([row(network, { Facet: took(eager), "Facet captured": took(10), "tfjs-backend-webgpu": took(40) })]).slice(
      4,
    );
  expect(timed(11).map(({ reached }) => reached)).toEqual([true, true]);
  expect(timed(12).map(({ reached }) => reached)).toEqual([true, false]);
  expect(timed(12)[1]?.measured).toBe(`highest 1.20 (${network.name})`);
});

test("commands of a network stand in order, with the sum of their floors", () => {
  const command = (kernel: string, ms: number) => ({ kernel, variant: "v", op: "op".repeat(60), ms, floorMs: ms / 4 });
  const { note, rows } = commandTable({ workload: "n", commands: [command("a", 3), command("b", 1)] });
  expect(note).toBe("Medians by timestamps: 4.00 ms in 2 commands; by the roofline 1.00 ms.");
  expect(rows.map(([i, kernel, op, ...times]) => [i, kernel, op?.length, ...times])).toEqual([
    ["0", "a/v", 93, "3.000", "0.750", "75.0%"],
    ["1", "b/v", 93, "1.000", "0.250", "25.0%"],
  ]);
});

describe("merging PyTorch's report", () => {
  const report: Report = {
    date: "",
    adapter: { name: "A", kind: "hardware", driver: "" },
    host: { node: "20", platform: "linux x64", cpu: "C", cores: 2 },
    versions: { webgpu: "0" },
    commandLine: [],
    seconds: 1,
    partSeconds: {},
    kernels: [],
    peers: rows,
    absentPeers: {},
    programs: [],
  };
  const torch = (workload: string) => ({
    device: "cuda",
    versions: { torch: "2" },
    peers: [{ workload, entries: { "PyTorch fp32 graph": took(0.5) } }],
  });

  test("puts its entries beside the others, in JSON and in Markdown", () => {
    const both = merged(report, torch(thin.name));
    expect(Object.keys(both.peers[1]?.entries ?? {})).toContain("PyTorch fp32 graph");
    expect(both.versions).toEqual({ webgpu: "0", torch: "2" });
    expect(toMarkdown(both)).toContain("PyTorch fp32 graph");
    expect(ratioOf(both.peers[1] as PeerRow)).toBe(0.5);
  });

  test("refuses a workload that the report does not have", () => {
    expect(() => merged(report, torch("matmul of another list"))).toThrow('no workload "matmul of another list"');
  });
});

test("memory at the peak is told by what it is", () => {
  const row: ProgramRow = {
    ...{ dialect: "torch", aligned: false, parameters: 1, images: 1, batchSize: 128, firstStepMs: 9, steadyStepMs: 4 },
    ...{ epochSeconds: 1, finalLoss: 1, testAccuracy: 1, peakBytes: 4 * 2 ** 20, liveBytes: 2 ** 20 },
    peakByOwner: { dataset: 2 ** 20, parameter: 2 ** 19, optimizer: 2 ** 19, activation: 2 ** 21 },
  };
  const replayed = { dialect: "torch", hostMs: 1 } as ReplayRow;
  const replay = { rows: [replayed], dispatchUs: 1, memory: { steps: 1, before: 0, after: 0 } };
  expect(timeTable([{ ...row, aligned: true }, row], replay).rows).toEqual([
    ["torch", "op by op", "9.00", "4.00", "1000", "25.0%", "4.0", "1.0", "1.0", "2.0", "0.0", "1.0"],
  ]);
  expect(timeTable([row], undefined).rows[0]?.slice(4, 6)).toEqual(["-", "-"]);
});
