// What a replayed step costs beside its arithmetic.
import { isCaptured } from "../dialects.js";
import { digits } from "../format.js";
import { type ReplayRow, replayTable } from "../replay_table.js";
import type { Report } from "../report.js";
import type { Section } from "./section.js";

export function replaySection({ replay }: Report): Section | undefined {
  if (!replay) return undefined;
  const over = [...replay.rows].sort((a, b) => a.hostMs - a.bareMs - (b.hostMs - b.bareMs));
  const [least, most] = [over[0], over.at(-1)] as [ReplayRow, ReplayRow];
  const name = ({ dialect }: ReplayRow): string => (isCaptured(dialect) ? dialect : `${dialect} op by op`);
  const micro = ({ hostMs, bareMs }: ReplayRow): string => digits(1000 * (hostMs - bareMs));
  const { steps, before, after } = replay.memory;
  return {
    id: "replay",
    title: "What a replay costs",
    sentences: [
      `Over the bare WebGPU calls a step spends ${micro(least)} (${name(least)}) to ${micro(most)} (${name(most)}) microseconds in JavaScript.`,
      after === before
        ? `${steps} steps end with the device memory they began with, to the byte.`
        : `${steps} steps end with ${after - before} bytes of device memory more than they began with.`,
    ],
    charts: [],
    tables: [replayTable(replay)],
  };
}
