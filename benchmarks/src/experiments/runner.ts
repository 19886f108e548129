// Runs the programs of an experiment one after the other, skipping what the store has.
import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { device } from "@facet/autograd";
import { DatasetAbsentError, type DatasetName, type ImageDataset, loadDataset } from "@facet/datasets";
import { type RunProgress, record } from "@facet/examples/articles";
import { currentLoad } from "../load.js";
import type { Experiment, ExperimentProgram, Scale } from "./experiment.js";
import type { UnitResult, UnitStore } from "./store.js";

/** A program that is about to run, or runs. */
export interface Unit {
  program: ExperimentProgram;
  data: DatasetName;
  seed: number;
  /** Of how many, from 1. */
  number: number;
  of: number;
}

/** Told what happens, as it happens. */
export interface Listener {
  found(unit: Unit, result: UnitResult): void;
  begun(unit: Unit): void;
  progressed(unit: Unit, progress: RunProgress, steps: number): void;
  done(unit: Unit, result: UnitResult): void;
  /** The result could not be stored; it must not be lost all the same. */
  unsaved(unit: Unit, result: UnitResult): void;
}

export interface RunnerOptions {
  scale: Scale;
  /** Names of programs; absent: all. */
  programs?: readonly string[];
  /** Absent: the experiment's. */
  data?: readonly DatasetName[];
  /** Whether data sets may be downloaded. */
  download: boolean;
  signal?: AbortSignal;
}

/**
 * Runs what the store does not have. Seeds come outermost, so that an experiment cut short has every program once before any
 * twice. Rejects with what a program throws; what was measured before is in the store.
 */
export async function runExperiment(
  experiment: Experiment,
  options: RunnerOptions,
  store: UnitStore,
  listener: Listener,
): Promise<void> {
  const { scale, signal } = options;
  const programs = experiment.programs.filter(({ name }) => options.programs?.includes(name) ?? true);
  const sets = new Map<DatasetName, LoadedData>();
  const units: Omit<Unit, "number" | "of">[] = [];
  for (let seed = 0; seed < scale.seeds; seed++)
    for (const data of options.data ?? experiment.data)
      for (const program of programs) units.push({ program, data, seed });

  for (const [i, planned] of units.entries()) {
    const unit = { ...planned, number: i + 1, of: units.length };
    const loaded = sets.get(unit.data) ?? (await load(unit.data, options));
    sets.set(unit.data, loaded);
    const before = store.find(unit.program.name, loaded.data.name, unit.seed);
    if (before !== undefined) {
      listener.found(unit, before);
      continue;
    }
    signal?.throwIfAborted();
    listener.begun(unit);
    const result = await runUnit(experiment, unit, loaded, options, listener);
    try {
      store.save(result);
    } catch (error) {
      listener.unsaved(unit, result);
      throw error;
    }
    listener.done(unit, result);
  }
}

interface LoadedData {
  data: ImageDataset;
  seconds: number;
  images: "real" | "generated";
  note: string | undefined;
}

/** The set, or generated digits where its files are nowhere; a set that is there and corrupt is an error. */
async function load(name: DatasetName, { scale, download }: RunnerOptions): Promise<LoadedData> {
  const limits = {
    ...(scale.limit !== undefined && { limit: scale.limit }),
    ...(scale.testLimit !== undefined && { testLimit: scale.testLimit }),
  };
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  try {
    const data = await loadDataset(name, { ...limits, download });
    return {
      data,
      seconds: seconds(),
      images: name === "digits" ? "generated" : "real",
      note: withoutFolders(data.note),
    };
  } catch (error) {
    if (!(error instanceof DatasetAbsentError)) throw error;
    const data = await loadDataset("digits", limits);
    const note = `generated digits in place of ${name}, whose files are not here`;
    return { data, seconds: seconds(), images: "generated", note };
  }
}

/** Results are kept and shown elsewhere: of paths in a note only the last name stays. */
export const withoutFolders = (note: string | undefined): string | undefined =>
  note?.replaceAll(/(?<=^|\s)(?:\/[^\s/;,:]+)*\/(?=[^\s/;,:]+)/g, "");

async function runUnit(
  experiment: Experiment,
  { program, seed, ...rest }: Unit,
  { data, seconds, images, note }: LoadedData,
  { scale, signal }: RunnerOptions,
  listener: Listener,
): Promise<UnitResult> {
  const { adapter } = device();
  const run = await program.load();
  // What an earlier program left to the collector is not this one's memory.
  device().trim();
  device().resetPeak();
  const steps = scale.epochs * Math.ceil(data.train.count / experiment.batchSize);
  const recorded = await record(run, {
    data,
    epochs: scale.epochs,
    seed,
    onProgress: (progress) => listener.progressed({ program, seed, ...rest }, progress, steps),
    ...(signal && { signal }),
  });
  const { peak, live, byOwner } = device().memory();
  return {
    experiment: experiment.name,
    program: program.name,
    data: { name: data.name, images, train: data.train.count, test: data.test.count, ...(note && { note }) },
    seed,
    scale,
    adapter: { name: adapter.name, kind: adapter.kind, driver: adapter.driver },
    host: {
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
      node: process.versions.node,
      load: currentLoad(),
    },
    date: new Date().toISOString(),
    loadSeconds: seconds,
    lossDigest: digest(recorded.losses),
    record: recorded,
    memory: { peak, live, byOwner: { ...byOwner } },
  };
}

function digest(losses: readonly number[]): string {
  return createHash("sha256")
    .update(new Uint8Array(Float32Array.from(losses).buffer))
    .digest("hex")
    .slice(0, 16);
}
