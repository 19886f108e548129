import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { device, fromData, mean, setDevice, startDevice } from "@facet/autograd";
import { loadDataset } from "@facet/datasets";
import { type Program, record } from "@facet/examples/articles";
import { runTorch } from "@facet/examples/torch";
import { DeviceError, openDevice } from "@facet/kernels-wgsl";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { aligned, programOf } from "../../benchmarks/src/experiments/ablation_program.js";
import type { Experiment, Scale } from "../../benchmarks/src/experiments/experiment.js";
import { readOriginals } from "../../benchmarks/src/experiments/originals.js";
import { type Listener, runExperiment, withoutFolders } from "../../benchmarks/src/experiments/runner.js";
import { FolderStore, MemoryStore, ResultsError } from "../../benchmarks/src/experiments/store.js";
import { summarise } from "../../benchmarks/src/experiments/summary.js";
import { estimate, median } from "../../benchmarks/src/statistics.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "facet-experiments-"));
  folders.push(folder);
  return folder;
};

beforeAll(async () => {
  await startDevice();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Losses 1, 1/2, 1/3, ... and an accuracy that depends on the seed. */
function fakeProgram(steps: number, before: (step: number) => void = () => {}): Program {
  return async (run) => {
    run.phase("train");
    for (let epoch = 0; epoch < run.epochs; epoch++) {
      for (let step = 0; step < steps; step++) {
        before(step);
        await run.step(mean(fromData(Float32Array.of(1 / (step + 1)), [1])));
      }
      await run.epoch({ loss: 0.5, val_accuracy: 0.25 });
    }
    run.phase("predict");
    return { parameters: 7, accuracy: 0.5 + run.seed / 10 };
  };
}

const experimentOf = (programs: Record<string, Program>): Experiment => ({
  name: "fake",
  title: "Fake",
  question: "?",
  network: "none.",
  batchSize: 64,
  data: ["digits"],
  programs: Object.entries(programs).map(([name, program]) => ({ name, title: name, load: async () => program })),
  full: { epochs: 2, seeds: 2 },
  small: { epochs: 1, seeds: 1 },
  published: [],
  comparisons: [{ title: "b for a", framework: "none", from: "a", to: "b" }],
});

const scale: Scale = { limit: 128, testLimit: 64, epochs: 2, seeds: 2 };

function listen(): { told: string[]; listener: Listener } {
  const told: string[] = [];
  const tell = (what: string) => (unit: { program: { name: string }; data: string; seed: number }) =>
    void told.push(`${what} ${unit.program.name} ${unit.data} ${unit.seed}`);
  const listener: Listener = {
    found: tell("found"),
    begun: tell("begun"),
    progressed: () => {},
    done: tell("done"),
    unsaved: tell("unsaved"),
  };
  return { told, listener };
}

describe("ablation", () => {
  it("starts from the losses of the aligned dialects, to the bit", async () => {
    const data = await loadDataset("digits", { limit: 200, testLimit: 64 });
    const here = await record(programOf(aligned), { data, epochs: 2, seed: 3 });
    const torch = await runTorch({ data, epochs: 2, batchSize: 128, seed: 3, align: true });
    expect(here.losses).toEqual(torch.losses);
    expect(here.losses).toHaveLength(4);
    expect(here.parameters).toBe(torch.parameters);
    expect(here.accuracy).toBe(torch.testAccuracy);
  });

  it("changes the losses by every switch, and only from where it can", async () => {
    const few = await loadDataset("digits", { limit: 32, testLimit: 8 });
    const losses = async (choices: Partial<typeof aligned>, data = few): Promise<number[]> =>
      (await record(programOf({ ...aligned, ...choices }), { data, epochs: 2, seed: 0 })).losses;
    const base = await losses({});
    // The first loss is that of the initial weights, before any update.
    for (const choices of [{ adam: "keras" }, { lossScale: 0.1 }] as const) {
      const other = await losses(choices);
      expect(other[0], JSON.stringify(choices)).toBe(base[0]);
      expect(other, JSON.stringify(choices)).not.toEqual(base);
    }
    for (const choices of [
      { weights: "keras" },
      { weights: "stax" },
      { trainedOn: 0.5 },
      { dropout: 0.25 },
      { padding: "same" },
      { layerNorm: 1e-5 },
      { divisor: 1 },
    ] as const) {
      expect((await losses(choices))[0], JSON.stringify(choices)).not.toBe(base[0]);
    }
    // What counts epochs and what orders images needs two batches.
    const two = await loadDataset("digits", { limit: 130, testLimit: 8 });
    const stored = await losses({}, two);
    const [byEpoch, shuffled] = [await losses({ adamCounts: "epochs" }, two), await losses({ order: "shuffled" }, two)];
    expect(byEpoch.slice(0, 2)).toEqual(stored.slice(0, 2));
    expect(byEpoch).not.toEqual(stored);
    expect(shuffled[0]).not.toBe(stored[0]);
  });
});

describe("runExperiment", () => {
  it("runs each program once before any twice, and what is stored not again", async () => {
    const folder = newFolder();
    const experiment = experimentOf({ a: fakeProgram(2), b: fakeProgram(2) });
    const first = listen();
    const store = new FolderStore(folder);
    await runExperiment(experiment, { scale: { ...scale, seeds: 1 }, download: false }, store, first.listener);
    store.close();
    expect(first.told).toEqual(["begun a digits 0", "done a digits 0", "begun b digits 0", "done b digits 0"]);

    const second = listen();
    const again = new FolderStore(folder);
    await runExperiment(experiment, { scale, download: false }, again, second.listener);
    again.close();
    expect(second.told).toEqual([
      "found a digits 0",
      "found b digits 0",
      "begun a digits 1",
      "done a digits 1",
      "begun b digits 1",
      "done b digits 1",
    ]);
    const original = {
      program: "a",
      data: "digits",
      seed: 0,
      train: 128,
      test: 64,
      accuracy: 0.75,
      seconds: 1,
      date: "",
    };
    const versions = { keras: "3" };
    const summary = summarise(experiment, again.units(), [
      { ...original, epochs: 2, versions },
      { ...original, epochs: 1, versions },
    ]);
    expect(summary?.programs.map((program) => program.original?.accuracy.n)).toEqual([1, undefined]);
    expect(summary?.programs.map(({ program, accuracy }) => [program, accuracy.n, accuracy.mean])).toEqual([
      ["a", 2, 0.55],
      ["b", 2, 0.55],
    ]);
    expect(summary?.comparisons).toMatchObject([{ sameBits: true, accuracy: { n: 2, mean: 0 } }]);
    expect(summary?.programs[0]?.losses).toEqual([1, 0.5, 1, 0.5]);
  });

  it("puts generated digits in place of a set that is not here, and says so; a corrupt set is an error", async () => {
    const folder = newFolder();
    vi.stubEnv("FACET_DATA", folder);
    vi.stubEnv("FACET_CACHE", folder);
    try {
      const experiment = { ...experimentOf({ a: fakeProgram(1) }), data: ["mnist", "fashion_mnist"] as const };
      const store = new MemoryStore();
      const { told, listener } = listen();
      await runExperiment(experiment, { scale, download: false }, store, listener);
      // Both sets would be the same digits.
      expect(told).toEqual([
        "begun a mnist 0",
        "done a mnist 0",
        "found a fashion_mnist 0",
        "begun a mnist 1",
        "done a mnist 1",
        "found a fashion_mnist 1",
      ]);
      expect(store.units()[0]?.data).toMatchObject({ name: "digits", images: "generated", train: 128, test: 64 });
      expect(store.units()[0]?.data.note).toContain("in place of mnist");

      const mnist = join(folder, "mnist");
      mkdirSync(mnist);
      for (const name of [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
      ])
        writeFileSync(join(mnist, name), "not images");
      await expect(
        runExperiment(experiment, { scale, download: false }, new MemoryStore(), listen().listener),
      ).rejects.toThrow(/train-images-idx3-ubyte/);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("keeps no folder of this machine in a note", () => {
    const note = "cifar10: a part, 20 of 50/5; /some/where/cifar10 has no data_batch_3.bin";
    expect(withoutFolders(note)).toBe("cifar10: a part, 20 of 50/5; cifar10 has no data_batch_3.bin");
    expect(withoutFolders(undefined)).toBeUndefined();
  });

  it("keeps what was measured when a program is interrupted, fails, or loses the device", async () => {
    const folder = newFolder();
    const controller = new AbortController();
    const interrupted = experimentOf({
      a: fakeProgram(2),
      b: fakeProgram(4, (step) => step === 2 && controller.abort(new Error("stop"))),
    });
    const store = new FolderStore(folder);
    const run = runExperiment(
      interrupted,
      { scale, download: false, signal: controller.signal },
      store,
      listen().listener,
    );
    await expect(run).rejects.toThrow("stop");
    expect(readdirSync(folder).sort()).toEqual(["a.digits.seed0.json", "running.lock"]);

    const lost = experimentOf({ a: fakeProgram(2), b: fakeProgram(3, (step) => step === 1 && device().gpu.destroy()) });
    const failing = runExperiment(lost, { scale, download: false }, store, listen().listener);
    await expect(failing).rejects.toThrow(DeviceError);
    setDevice(await openDevice());
    expect(store.units()).toHaveLength(1);
    store.close();
  });

  it("hands over a result that cannot be stored", async () => {
    const folder = newFolder();
    const store = new FolderStore(folder);
    const { told, listener } = listen();
    const experiment = experimentOf({ a: fakeProgram(1, () => rmSync(folder, { recursive: true, force: true })) });
    await expect(runExperiment(experiment, { scale, download: false }, store, listener)).rejects.toThrow(ResultsError);
    expect(told).toEqual(["begun a digits 0", "unsaved a digits 0"]);
  });
});

describe("FolderStore", () => {
  it("is had by one living process at a time", () => {
    const folder = newFolder();
    const store = new FolderStore(folder);
    expect(() => new FolderStore(folder)).toThrow(`process ${process.pid} is writing its results there`);
    store.close();
    // Of a process that was killed: no process has this number.
    writeFileSync(join(folder, "running.lock"), "4194305\n");
    new FolderStore(folder).close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("names a file that is no result", () => {
    const folder = newFolder();
    const store = new FolderStore(folder);
    const file = join(folder, "a.digits.seed0.json");
    for (const text of ["{", "{}"]) {
      writeFileSync(file, text);
      expect(() => store.find("a", "digits", 0)).toThrow(file);
    }
    store.close();
  });
});

describe("readOriginals", () => {
  it("takes a missing file for none, and names one that is no list of results", () => {
    const folder = newFolder();
    expect(readOriginals(folder)).toEqual([]);
    const file = join(folder, "originals.json");
    for (const text of ["[", "{}", '[{"program": "a"}]']) {
      writeFileSync(file, text);
      expect(() => readOriginals(folder)).toThrow(file);
    }
  });
});

describe("statistics", () => {
  it("has the interval of Student's t", () => {
    // scipy.stats.t.interval(0.95, 4, loc=3, scale=sem): 3 +- 1.9632
    const { n, mean, sd, ci95 } = estimate([1, 2, 3, 4, 5]);
    expect([n, mean]).toEqual([5, 3]);
    expect(sd).toBeCloseTo(1.5811, 4);
    expect(ci95).toBeCloseTo(1.9632, 3);
    expect(estimate([4])).toEqual({ n: 1, mean: 4, sd: Number.NaN, ci95: Number.NaN });
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe("facet compare", () => {
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, ["--import", "tsx", "benchmarks/src/compare.ts", ...args], { cwd: root });
    const output = { text: "", errors: "" };
    child.stdout.on("data", (data) => {
      output.text += data;
    });
    child.stderr.on("data", (data) => {
      output.errors += data;
    });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    return { child, output, ended };
  };

  it("stops at Ctrl-C with what it has, and goes on from there", async () => {
    const out = newFolder();
    const args = [
      "ablation",
      "--programs",
      "aligned,shuffled",
      "--data",
      "digits",
      "--limit",
      "256",
      "--test-limit",
      "64",
    ];
    const rest = ["--epochs", "2", "--seeds", "1", "--out", out, "--json"];
    const first = start(...args, ...rest);
    let told = false;
    first.child.stdout.on("data", () => {
      if (told || !first.output.text.includes('"event":"begun","program":"shuffled"')) return;
      told = true;
      first.child.kill("SIGINT");
    });
    expect(await first.ended, first.output.errors).toBe(130);
    expect(first.output.errors).toContain("the same command goes on from here");
    const events = (text: string): string[] =>
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).event);
    expect(events(first.output.text).filter((event) => event === "done")).toHaveLength(1);

    const second = start(...args, ...rest);
    expect(await second.ended, second.output.errors).toBe(0);
    const later = events(second.output.text).filter((event) => event !== "progress");
    expect(later).toEqual(["found", "begun", "done", "summary"]);
    const [adapterFolder] = readdirSync(join(out, "ablation"));
    const file = join(out, "ablation", adapterFolder as string, "aligned.digits.seed0.json");
    expect(JSON.parse(readFileSync(file, "utf8")).record.losses).toHaveLength(4);
  });

  it.each([
    [["nothing"], 'no experiment is called "nothing"'],
    [[], "expected one experiment"],
    [["ablation", "--limit", "0"], '--limit: expected a whole number of at least 1, got "0"'],
    [["ablation", "--programs", "keras"], "--programs: expected some of aligned"],
    [["ablation", "--data", "imagenet"], "--data: expected some of mnist"],
  ])("refuses %j", async (args, message) => {
    const { output, ended } = start(...args);
    expect(await ended).toBe(2);
    expect(output.errors).toContain(message);
  });
});
