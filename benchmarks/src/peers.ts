import type { Device } from "@facet/kernels-wgsl";
import { findGpu } from "@facet/kernels-wgsl";
import { compare } from "@facet/testing";
import { Facet } from "./peers/facet.js";
import type { Lacking, Peer, Prepared } from "./peers/peer.js";
import type { PeerEntry, PeerRow } from "./report_peers.js";
import { type Timing, timeInTurn, WorkloadError } from "./sample.js";
import { tryPeer } from "./try_peer.js";
import type { Workload } from "./workloads.js";

/** Everybody that the workloads run on, Facet first: its answers are what the others' are compared with. */
const participants: Record<string, () => Promise<Peer>> = {
  facet: async () => new Facet(),
  captured: async () => new Facet({ captured: true }),
  half: async () => new Facet({ half: true }),
  tfjs: async () => (await import("./peers/tfjs_webgpu.js")).TfjsWebgpu.open(),
  jax: async () => (await import("./peers/jax_js.js")).JaxJs.open(),
  onnxruntime: async () => (await import("./peers/onnxruntime_web.js")).OnnxruntimeWeb.open(),
  gpujs: async () => (await import("./peers/gpujs.js")).GpuJs.open(),
};

const own: readonly string[] = ["facet", "captured", "half"];
export const peerNames: readonly string[] = Object.keys(participants).filter((name) => !own.includes(name));

/** onnxruntime-web runs when asked for: under Node its first answers took from half a minute to three. */
export const defaultPeers: readonly string[] = peerNames.filter((name) => name !== "onnxruntime");

export interface OpenedPeers {
  peers: Peer[];
  /** Peers that could not be opened, with the error they gave. */
  absent: Record<string, string>;
}

/** How long a peer may take to open, and to compile and answer one workload; one that is late is given up for the run. */
const DEADLINE_MS = 30_000;

class LateError extends Error {}

async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`${what}: no answer after ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Libraries look for a browser; they get Dawn in its place. */
async function pretendBrowser(): Promise<void> {
  const value = { gpu: await findGpu(), userAgent: "Node.js" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true, writable: true });
}

/** Opens one peer alone. */
export async function openPeer(name: string): Promise<Peer> {
  await pretendBrowser();
  return (participants[name] as () => Promise<Peer>)();
}

/** What peers are asked for by. */
const keys = new WeakMap<Peer, string>();

/** Opens Facet and the named peers on one adapter; a peer that fails is reported, not left out in silence. */
export async function openPeers(names: readonly string[], progress: (text: string) => void): Promise<OpenedPeers> {
  await pretendBrowser();
  const opened: OpenedPeers = { peers: [], absent: {} };
  for (const [name, open] of Object.entries(participants)) {
    if (!own.includes(name) && !names.includes(name)) {
      opened.absent[name] = "not asked for: --peers";
      continue;
    }
    progress(`opening ${name}`);
    try {
      const peer = await inTime(`opening ${name}`, open());
      opened.peers.push(peer);
      if (!own.includes(name)) keys.set(peer, name);
    } catch (error) {
      opened.absent[name] = messageOf(error);
    }
  }
  return opened;
}

/** One workload on everybody, A B A B, each answer compared with Facet's before anything is timed. */
export async function benchWorkload(
  { peers, absent }: OpenedPeers,
  workload: Workload,
  budgetMs: number,
  progress: (text: string) => void,
): Promise<PeerRow> {
  const entries: Record<string, PeerEntry> = {};
  const ready: Ready[] = [];
  let reference: ArrayLike<number> | undefined;
  for (const peer of [...peers]) {
    progress(`${workload.name}: ${peer.name}`);
    const made = await prepare(peer, workload).catch((error: unknown) => {
      if (!(error instanceof LateError)) throw error;
      peers.splice(peers.indexOf(peer), 1);
      absent[peer.name] = error.message;
      return { lacking: error.message };
    });
    if ("lacking" in made) {
      entries[peer.name] = made;
      continue;
    }
    const { prepared, answer } = made;
    reference ??= answer;
    const comparison = compare(answer, reference, workload.tolerance);
    const maxDifference = comparison.maxAbsError;
    if (comparison.ok) ready.push({ peer, prepared, maxDifference });
    else {
      entries[peer.name] = {
        lacking: `wrong answer: differs from Facet's by ${maxDifference.toPrecision(3)}`,
      };
      await prepared.free();
    }
  }
  const timings = await timeReady(ready, budgetMs, (name, lacking) => {
    entries[name] = { lacking };
  });
  for (const [i, { peer, prepared, maxDifference }] of ready.entries()) {
    entries[peer.name] = { timing: timings[i] as Timing, maxDifference };
    await prepared.free();
  }
  return { workload, entries, sample: sampleOf(reference ?? []) };
}

interface Ready {
  peer: Peer;
  prepared: Prepared;
  maxDifference: number;
}

/** Times all that are ready; a peer that fails meanwhile is told of and taken out, and the others are timed anew. */
async function timeReady(
  ready: Ready[],
  budgetMs: number,
  failed: (name: string, reason: string) => void,
): Promise<Timing[]> {
  for (;;) {
    try {
      return await timeInTurn(
        ready.map(({ prepared }) => ({ encode: () => prepared.run(), finish: () => prepared.finish() })),
        { budgetMs, groupMs: 12 },
      );
    } catch (error) {
      if (!(error instanceof WorkloadError)) throw error;
      const { peer, prepared } = ready[error.index] as Ready;
      if (peer instanceof Facet) throw error;
      ready.splice(error.index, 1);
      const reasons = [`failed while it was timed: ${messageOf(error.cause)}`];
      try {
        await prepared.free();
      } catch (second) {
        reasons.push(`and when it was freed: ${messageOf(second)}`);
      }
      failed(peer.name, reasons.join("; "));
    }
  }
}

/**
 * A peer made ready, with its answer after the workload's number of calls; an error becomes a reason for lacking it. Networks are tried apart
 * before: a peer that is late with one is only without that row.
 */
async function prepare(
  peer: Peer,
  workload: Workload,
): Promise<{ prepared: Prepared; answer: ArrayLike<number> } | Lacking> {
  const answered = async () => {
    const prepared = await peer.prepare(workload);
    if ("lacking" in prepared) return prepared;
    for (let call = 0; call < workload.calls; call++) await prepared.run();
    await prepared.finish();
    return { prepared, answer: await prepared.read() };
  };
  const key = keys.get(peer);
  const reason =
    key !== undefined && workload.kind === "network_step" ? await tryPeer(key, workload.name, DEADLINE_MS) : undefined;
  if (reason !== undefined) return { lacking: reason };
  try {
    return await (peer instanceof Facet ? answered() : inTime(workload.name, answered()));
  } catch (error) {
    if (peer instanceof Facet || error instanceof LateError) throw error;
    return { lacking: messageOf(error) };
  }
}

export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] as string;

const SAMPLED = 64;

/** Some elements of an answer, evenly spread, for torch_cuda.py to compare its own with. */
export function sampleOf(answer: ArrayLike<number>): { indices: number[]; values: number[] } {
  const count = Math.min(SAMPLED, answer.length);
  const indices = Array.from({ length: count }, (_, i) => Math.floor((i * answer.length) / count));
  return { indices, values: indices.map((i) => answer[i] as number) };
}

/** Closes everybody; Facet's device belongs to the caller. */
export async function closePeers(device: Device, peers: readonly Peer[]): Promise<void> {
  await device.finish();
  for (const peer of peers) await peer.close();
}
