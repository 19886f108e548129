import { Bench } from "tinybench";

/** Milliseconds per call: medians and quartiles, as timings on shared machines have long tails. */
export interface Timing {
  medianMs: number;
  /** First and third quartile. */
  lowMs: number;
  highMs: number;
  samples: number;
}

export interface Workload {
  encode: () => unknown;
  finish: () => Promise<unknown>;
}

export interface SampleOptions {
  /** Milliseconds to spend on one workload, warm-up not counted. */
  budgetMs: number;
  /** Calls are grouped into samples of about this long. Default 4. */
  groupMs?: number;
}

/** One of several workloads failed while it was timed: `index` says which, `cause` with what. */
export class WorkloadError extends Error {
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(`workload ${index}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    this.index = index;
  }
}

/**
 * Times workloads in turn, A B A B, so that a machine that slows down slows all of them. `encode` starts one call, `finish`
 * waits for the device. Calls are grouped until a group takes some milliseconds: waiting then weighs little. Rejects with
 * WorkloadError.
 */
export async function timeInTurn(workloads: readonly Workload[], options: SampleOptions): Promise<Timing[]> {
  const repeats: number[] = [];
  for (const [i, workload] of workloads.entries()) {
    const found = repeatsFor(workload, options.groupMs ?? 4);
    repeats.push(await found.catch((error) => Promise.reject(new WorkloadError(i, error))));
  }
  const bench = new Bench({ time: 0, iterations: 1, warmup: false, retainSamples: true });
  for (const [i, { encode, finish }] of workloads.entries()) {
    bench.add(`${i}`, async () => {
      for (let n = 0; n < (repeats[i] as number); n++) await encode();
      await finish();
    });
  }
  const samples: number[][] = workloads.map(() => []);
  const started = performance.now();
  // One sample of each per round: tinybench measures, the order is ours.
  for (
    let round = 0;
    round < 3 || (round < 64 && performance.now() - started < options.budgetMs * workloads.length);
    round++
  ) {
    await bench.run();
    for (const [i, task] of bench.tasks.entries()) {
      const { result } = task;
      if (result.state !== "completed")
        throw new WorkloadError(i, result.state === "errored" ? result.error : `ended as ${result.state}`);
      samples[i]?.push(...(result.latency.samples ?? []).map((ms) => ms / (repeats[i] as number)));
      task.reset();
    }
  }
  return samples.map(summarise);
}

/** Milliseconds of so many calls and of waiting for the device once. */
export async function timeCalls({ encode, finish }: Workload, calls: number): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < calls; n++) await encode();
  await finish();
  return performance.now() - start;
}

/** How often one sample repeats a call so that it takes about `groupMs`. */
async function repeatsFor(workload: Workload, groupMs: number): Promise<number> {
  await timeCalls(workload, 1);
  const first = await timeCalls(workload, 1);
  // Waiting takes its own time, which four calls share: a call of microseconds must not pass for one of milliseconds.
  const each = first < 4 * groupMs ? ((await timeCalls(workload, 4)) - first) / 3 : first;
  return Math.max(1, Math.min(200, Math.round(groupMs / (Math.max(0, each) + 0.01))));
}

export function summarise(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return { medianMs: at(0.5), lowMs: at(0.25), highMs: at(0.75), samples: sorted.length };
}
