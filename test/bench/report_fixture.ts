// A report of a bench in which everything was measured, made up, for tests of what is drawn from it.
import type { ExperimentSummary, ProgramSummary } from "../../benchmarks/src/experiments/summary.js";
import type { HistoryEntry, Ratio } from "../../benchmarks/src/history.js";
import type { KernelRow } from "../../benchmarks/src/kernels.js";
import type { Report } from "../../benchmarks/src/report.js";
import type { PeerEntry } from "../../benchmarks/src/report_peers.js";
import { estimate } from "../../benchmarks/src/statistics.js";
import { matmulWorkload, stepWorkload } from "../../benchmarks/src/workloads.js";

export const took = (ms: number): PeerEntry => ({
  timing: { medianMs: ms, lowMs: 0.9 * ms, highMs: 1.1 * ms, samples: 9 },
  maxDifference: 1e-6,
});

const kernel = (name: string, gigaflops: number, gigabytesPerSecond: number, percentOfRoofline: number): KernelRow => ({
  kernel: name,
  case: "[128,128] <&>",
  variant: "naive",
  medianMs: 2,
  lowMs: 1.8,
  highMs: 2.2,
  samples: 9,
  gigaflops,
  gigabytesPerSecond,
  percentOfRoofline,
  maxError: 1e-6,
  percentOfAllowedError: 3,
});

function program(name: string, data: string, accuracies: number[]): ProgramSummary {
  return {
    program: name,
    title: `Program ${name}`,
    data,
    images: "real",
    trainImages: 60_000,
    testImages: 10_000,
    epochs: 5,
    parameters: 34_826,
    accuracy: estimate(accuracies),
    original: { accuracy: estimate([0.9, 0.91]), versions: `${name} 1.0` },
    finalLoss: estimate(accuracies.map((accuracy) => 1 - accuracy)),
    firstEpochSeconds: 12,
    steadyEpochSeconds: 10,
    firstStepMs: 300,
    steadyStepMs: name === "torch" ? 40 : 30,
    phases: { load: 1, build: 0.2, train: 52, predict: 2 },
    peakBytes: 50 * 2 ** 20,
    losses: Array.from({ length: 2345 }, (_, i) => 2.3 * Math.exp(-i / 300) + 0.03),
    lossDigest: name,
  };
}

const experiment: ExperimentSummary = {
  name: "made-up",
  title: "An experiment that was made up",
  question: "Is it drawn?",
  network: "Dense 10.",
  comparisons: [
    {
      title: "a change",
      framework: "Keras",
      from: "keras",
      to: "torch",
      accuracy: estimate([0.01, 0.012, 0.011]),
      loss: estimate([-0.1, -0.12, -0.11]),
      sameBits: false,
    },
    {
      title: "no change",
      framework: "JAX",
      from: "keras",
      to: "torch",
      accuracy: estimate([0, 0, 0]),
      loss: estimate([0, 0, 0]),
      sameBits: true,
    },
  ],
  adapter: { name: "GPU", kind: "hardware", driver: "1.0" },
  host: { cpu: "CPU", cores: 8, node: "20" },
  load: [1, 2],
  date: "2026-01-02T00:00:00.000Z",
  notes: ["a note"],
  programs: [
    program("keras", "mnist", [0.98, 0.985, 0.981]),
    program("torch", "mnist", [0.99, 0.991, 0.989]),
    program("keras", "fashion_mnist", [0.9, 0.905, 0.895]),
    program("torch", "fashion_mnist", [0.91, 0.912, 0.909]),
  ],
  published: [{ program: "torch", data: "mnist", accuracy: 0.9865, spread: 0.0007 }],
  accuracies: [0.98, 0.985, 0.981].map((accuracy, seed) => ({
    program: "keras",
    data: "mnist",
    seed,
    accuracy,
    finalLoss: 0.1,
  })),
};

export const report: Report = {
  date: "2026-01-02T03:04:05.000Z",
  adapter: { name: "GPU <1>", kind: "hardware", driver: "driver & 1.0" },
  host: { node: "20", platform: "linux x64", cpu: "CPU", cores: 8 },
  versions: { webgpu: "0" },
  commandLine: [],
  seconds: 100,
  partSeconds: {},
  roofline: {
    method: "best of shaders",
    gigaflops: 1000,
    fmaShader: "4 vec4<f32>, 64 lanes",
    gigabytesPerSecond: 100,
    copyShader: "vec4<f32>, 256 lanes, 1 each",
    bufferCopyGigabytesPerSecond: 120,
  },
  kernels: [
    kernel("matmul", 800, 20, 80),
    kernel("conv2d_forward", 600, 10, 60),
    kernel("softmax_forward", 20, 80, 80),
    kernel("strided_copy", 0, 90, 90),
  ],
  peers: [
    {
      workload: matmulWorkload(512, 512, 512),
      entries: { Facet: took(10), "tfjs-backend-webgpu": took(40), "jax-js": took(20) },
      sample: { indices: [], values: [] },
    },
    {
      workload: stepWorkload("mnist_cnn", 128),
      entries: {
        Facet: took(10),
        "Facet captured": took(8),
        "tfjs-backend-webgpu": took(4),
        "jax-js": { lacking: "lost" },
      },
      sample: { indices: [], values: [] },
    },
  ],
  absentPeers: { onnxruntime: "no available backend" },
  programs: (["keras", "torch", "torch.compile", "jax"] as const).flatMap((dialect) =>
    [false, true].map((aligned) => ({
      dialect,
      aligned,
      parameters: 34_826,
      images: 1280,
      batchSize: 128,
      firstStepMs: 100,
      steadyStepMs: 10,
      steadyQuartilesMs: [9, 11] as [number, number],
      epochSeconds: 1,
      finalLoss: aligned ? 0.5 : 0.6,
      testAccuracy: 0.9,
      peakBytes: 40 * 2 ** 20,
    })),
  ),
  data: "digits",
  storedExperiments: [experiment, { ...experiment, name: "plain", comparisons: [] }],
  experiments: [
    {
      ...experiment,
      programs: experiment.programs.map((row) => ({
        ...row,
        trainImages: 256,
        epochs: 1,
        steadyEpochSeconds: Number.NaN,
      })),
    },
    { ...experiment, name: "other", title: "Another" },
  ],
  step: {
    batchSize: 128,
    dispatches: 3,
    gpuMs: 8,
    encodeMs: 1,
    wallMs: 10,
    kernels: [
      { name: "matmul", count: 2, gpuMs: 6, share: 0.75, gigaflops: 500, gigabytesPerSecond: 10 },
      { name: "adam", count: 1, gpuMs: 2, share: 0.25, gigaflops: 5, gigabytesPerSecond: 50 },
    ],
    layers: [{ name: "dense", count: 3, gpuMs: 8, share: 1, gigaflops: 400, gigabytesPerSecond: 20 }],
  },
  replay: {
    rows: [
      {
        dialect: "jax",
        dispatches: 27,
        copies: 7,
        hostMs: 0.5,
        submitMs: 0.1,
        bareMs: 0.2,
        buffers: 0,
        bindGroups: 0,
        pipelines: 0,
      },
    ],
    dispatchUs: 2,
    memory: { steps: 10_000, before: 2048, after: 2048 },
  },
  apiCost: {
    texts: ["Keras", "PyTorch"].map((title, i) => ({
      program: title.toLowerCase(),
      network: "mnist_cnn" as const,
      dialect: i === 0 ? ("keras" as const) : ("torch" as const),
      title,
      lines: 30 + i,
      tokens: 300 + 50 * i,
      names: ["layers.Dense", "fit"],
      options: ["activation"],
      calls: 12,
      concepts: [],
      pythonLines: 40,
    })),
  },
};

/** A run in which every ratio is `value`, give or take `spread` of it. */
export function run(date: string, ratios: Record<string, Ratio>, peers: Record<string, Ratio> = {}): HistoryEntry {
  return {
    date,
    adapter: { name: "GPU", driver: "1" },
    host: "CPU, 8 cores",
    versions: {},
    kernels: ratios,
    peers,
    programs: {},
  };
}
