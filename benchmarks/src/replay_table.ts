// What was measured of replays, and its table: apart from the measuring, so that a page can be made without a device.
import { type DialectName, isCaptured } from "./dialects.js";
import type { Table } from "./table.js";

/** Steps before those that are measured. The op-by-op loop meets the last new memory after some hundred, when the collector has run a few times. */
export const WARM_UP = 200;

/** The CNN's step in one dialect; counts are means of a step, times medians in milliseconds. */
export interface ReplayRow {
  dialect: DialectName;
  dispatches: number;
  copies: number;
  /** JavaScript of the step to the end of its submission, the device being idle when it begins. */
  hostMs: number;
  /** The part of it inside WebGPU's `queue.submit`. */
  submitMs: number;
  /** The same commands encoded and submitted by a bare loop over WebGPU's calls: the floor of hostMs. */
  bareMs: number;
  buffers: number;
  bindGroups: number;
  pipelines: number;
}

export interface ReplayReport {
  rows: ReplayRow[];
  /** Microseconds that WebGPU takes to encode one dispatch. */
  dispatchUs: number;
  /** Device bytes lent before and after many replays of a small model's step. */
  memory: { steps: number; before: number; after: number };
}

export function replayTable({ rows, dispatchUs, memory }: ReplayReport): Table {
  const kibibytes = (bytes: number): string => (bytes / 1024).toFixed(1);
  const note =
    "One step of the CNN with one image, the device being idle when it begins: microseconds of JavaScript, medians, and device " +
    `objects made per step after ${WARM_UP} steps. "bare" is the same commands through WebGPU's calls alone, the floor on this ` +
    `machine; encoding one dispatch takes ${dispatchUs.toFixed(1)} us of it. ${memory.steps} steps of a small network through ` +
    `torch.compile began with ${kibibytes(memory.before)} KiB of device memory lent and ended with ${kibibytes(memory.after)} KiB.`;
  const count = (value: number): string => `${Number(value.toFixed(2))}`;
  const micro = (ms: number): string => (1000 * ms).toFixed(0);
  return {
    title: "What a replay costs",
    note,
    head: [
      "program",
      "dispatches",
      "copies",
      "JavaScript us",
      "of it submission",
      "bare us",
      "over bare",
      "buffers",
      "bind groups",
      "pipelines",
    ],
    words: 1,
    rows: rows.map((row) => [
      isCaptured(row.dialect) ? row.dialect : `${row.dialect}, op by op`,
      count(row.dispatches),
      count(row.copies),
      micro(row.hostMs),
      micro(row.submitMs),
      micro(row.bareMs),
      micro(row.hostMs - row.bareMs),
      count(row.buffers),
      count(row.bindGroups),
      count(row.pipelines),
    ]),
  };
}
