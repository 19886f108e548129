import { packParams } from "../kernel.js";
import type { AnyVariant, CompiledKernel, PipelineCache } from "./pipelines.js";
import type { Encounter, Tuning } from "./tuning.js";
import type { TunedChoice } from "./tuning_table.js";
import { warn } from "./warnings.js";

/** One shape class as it was tuned. */
export interface Tuned extends TunedChoice {
  readonly kernel: string;
  readonly shapes: string;
  /** What is taken without measuring. */
  readonly untuned: string;
}

/** One sample lasts about this long, so that clocks and submission weigh little. */
const SAMPLE_MS = 3;
const ROUNDS = 9;
/** Time for all rounds of one shape class; three rounds are made in any case. */
const BUDGET_MS = 1000;
/** A candidate this many times slower than the fastest in the first round is not timed again. */
const HOPELESS = 2;

interface Candidate {
  readonly variant: AnyVariant;
  readonly compiled: CompiledKernel;
  readonly samples: number[];
  repeats: number;
}

/** Measures every encounter, lets `tuning` learn the winners and returns them. Variants that do not compile are excluded. */
export async function tuneAll(
  gpu: GPUDevice,
  pipelines: PipelineCache,
  tuning: Tuning,
  encounters: readonly Encounter[],
  progress: (done: number, encounter: Encounter) => void = () => {},
): Promise<Tuned[]> {
  const tuned: Tuned[] = [];
  const clock = makeClock(gpu);
  try {
    for (const [i, encounter] of encounters.entries()) {
      progress(i, encounter);
      const choice = await tuneOne(gpu, pipelines, tuning, encounter, clock);
      if (!choice) continue;
      tuning.learn(encounter, choice);
      const untuned = (encounter.candidates[0] as AnyVariant).name;
      tuned.push({ kernel: encounter.kernel.name, shapes: encounter.shapes, untuned, ...choice });
    }
  } finally {
    clock.free();
  }
  return tuned;
}

async function tuneOne(
  gpu: GPUDevice,
  pipelines: PipelineCache,
  tuning: Tuning,
  encounter: Encounter,
  clock: Clock,
): Promise<TunedChoice | undefined> {
  const { kernel, constants } = encounter;
  const candidates: Candidate[] = [];
  for (const variant of encounter.candidates) {
    try {
      const compiled = await pipelines.compile(kernel, variant, constants);
      candidates.push({ variant, compiled, samples: [], repeats: 1 });
    } catch (error) {
      tuning.exclude(kernel, variant, error instanceof Error ? error.message : `${error}`);
    }
  }
  if (candidates.length < 2) return undefined;
  gpu.pushErrorScope("out-of-memory");
  gpu.pushErrorScope("validation");
  const memory = bindMemory(gpu, encounter, candidates[0] as Candidate);
  try {
    await sample(candidates, encounter, memory.group, clock);
  } finally {
    memory.free();
    const errors = await Promise.all([gpu.popErrorScope(), gpu.popErrorScope()]);
    const error = errors.find((found) => found !== null);
    if (error) {
      warn(`${kernel.name} could not be tuned for ${encounter.shapes}: ${error.message}`);
      candidates.length = 0;
    }
  }
  return candidates.length === 0 ? undefined : decide(candidates);
}

/** Buffers of the call's sizes. Floats hold ones, so that nothing is denormal; integers zeros, so that no index is out of range. */
function bindMemory(gpu: GPUDevice, { kernel, bytes, params }: Encounter, { compiled }: Candidate) {
  const names = Object.keys(kernel.bindings);
  const buffers = names.map((name) => {
    const size = Math.max(4, Math.ceil((bytes[name] ?? 256) / 4) * 4);
    const buffer = gpu.createBuffer({
      label: `tuning ${name}`,
      size,
      usage: GPUBufferUsage.STORAGE,
      mappedAtCreation: true,
    });
    if ([kernel.bindings[name]?.dtype].flat().includes("f32")) new Float32Array(buffer.getMappedRange()).fill(1);
    buffer.unmap();
    return buffer;
  });
  const uniform = gpu.createBuffer({
    label: "tuning params",
    size: kernel.layout.bytes,
    usage: GPUBufferUsage.UNIFORM,
    mappedAtCreation: true,
  });
  packParams(kernel, params, new DataView(uniform.getMappedRange()), 0);
  uniform.unmap();
  const entries = [...buffers, uniform].map((buffer, binding) => ({ binding, resource: { buffer } }));
  return {
    group: gpu.createBindGroup({ label: "tuning", layout: compiled.layout, entries }),
    free: () => {
      for (const buffer of [...buffers, uniform]) buffer.destroy();
    },
  };
}

/** Times the candidates in turn, A B A B, so that a machine that slows down slows all of them. */
async function sample(
  candidates: Candidate[],
  { params }: Encounter,
  group: GPUBindGroup,
  clock: Clock,
): Promise<void> {
  const time = ({ variant, compiled, repeats }: Candidate): Promise<number> =>
    clock.time((pass) => {
      pass.setPipeline(compiled.pipeline);
      pass.setBindGroup(0, group, [0]);
      for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(...variant.workgroups(params as never));
    });
  let fastest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    // Drivers compile when a pipeline first runs.
    await time(candidate);
    const once = await time(candidate);
    candidate.samples.push(once);
    candidate.repeats = Math.max(1, Math.min(200, Math.round(SAMPLE_MS / Math.max(once, 0.001))));
    fastest = Math.min(fastest, once);
  }
  const running = candidates.filter(({ samples }, i) => i === 0 || (samples[0] as number) <= HOPELESS * fastest);
  if (running.length < 2) return;
  for (const candidate of running) candidate.samples.length = 0;
  const started = performance.now();
  for (let round = 0; round < 3 || (round < ROUNDS && performance.now() - started < BUDGET_MS); round++) {
    for (const candidate of running) candidate.samples.push((await time(candidate)) / candidate.repeats);
    running.reverse();
  }
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] as number;

/** The fastest by median among those that beat the untuned choice by more than the spread: quartiles do not overlap. */
function decide(candidates: readonly Candidate[]): TunedChoice {
  const measured = candidates.map(({ variant, samples }) => {
    const sorted = [...samples].sort((a, b) => a - b);
    return { name: variant.name, low: at(sorted, 0.25), median: at(sorted, 0.5), high: at(sorted, 0.75) };
  });
  const untuned = measured[0] as (typeof measured)[number];
  const [best = untuned] = measured.filter(({ high }) => high < untuned.low).sort((a, b) => a.median - b.median);
  const ms = Object.fromEntries(measured.map(({ name, median }) => [name, Number(median.toPrecision(3))]));
  return { variant: best.name, ms };
}

interface Clock {
  /** Milliseconds that a pass takes: by timestamps, or on the host's clock where the adapter has none. */
  time(encode: (pass: GPUComputePassEncoder) => void): Promise<number>;
  free(): void;
}

function makeClock(gpu: GPUDevice): Clock {
  if (!gpu.features.has("timestamp-query")) {
    return {
      async time(encode) {
        await gpu.queue.onSubmittedWorkDone();
        const start = performance.now();
        const encoder = gpu.createCommandEncoder();
        const pass = encoder.beginComputePass();
        encode(pass);
        pass.end();
        gpu.queue.submit([encoder.finish()]);
        await gpu.queue.onSubmittedWorkDone();
        return performance.now() - start;
      },
      free() {},
    };
  }
  const queries = gpu.createQuerySet({ label: "tuning", type: "timestamp", count: 2 });
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const resolved = gpu.createBuffer({ label: "tuning times", size: 16, usage });
  const staging = gpu.createBuffer({
    label: "tuning times",
    size: 16,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  return {
    async time(encode) {
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 },
      });
      encode(pass);
      pass.end();
      encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
      gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const [start = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange());
      staging.unmap();
      return Math.max(0, Number(end - start)) / 1e6;
    },
    free() {
      queries.destroy();
      resolved.destroy();
      staging.destroy();
    },
  };
}
