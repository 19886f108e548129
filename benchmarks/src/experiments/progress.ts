// What is told of an experiment while it runs: a line with a sparkline on a terminal, lines elsewhere, or JSON lines.
import type { RunProgress } from "@facet/examples/articles";
import type { Listener, Unit } from "./runner.js";
import type { UnitResult } from "./store.js";

const BARS = "▁▂▃▄▅▆▇█";

/** Newest values as a row of bars, the highest of them full. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.filter(Number.isFinite).slice(-width);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  return shown
    .map((value) => BARS[high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))])
    .join("");
}

/** Seconds as a person says them: 42 s, 7 min, 2 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Rate and time left, over all programs; what was found done does not count. */
class Clock {
  readonly #began = performance.now();
  #found = 0;
  #finished = 0;

  found(): void {
    this.#found += 1;
  }

  finish(): void {
    this.#finished += 1;
  }

  /** Seconds left, if every program takes as long as those so far; `share` of the one that runs is done. */
  left({ of }: Unit, share: number): number {
    const done = this.#finished + share;
    const seconds = (performance.now() - this.#began) / 1000;
    return (seconds / Math.max(done, 1e-3)) * (of - this.#found - done);
  }
}

const where = ({ program, data, seed, number, of }: Unit): string =>
  `${number}/${of}  ${program.name} ${data} seed ${seed}`;
const outcome = ({ record }: UnitResult): string =>
  `accuracy ${record.accuracy.toFixed(4)}, ${duration(record.phases.train)} of training`;

/** For people: a line that is overwritten on a terminal, elsewhere one every few seconds. */
export function textListener(stream: NodeJS.WriteStream, batchSize: number): Listener {
  const clock = new Clock();
  let losses: number[] = [];
  let began = 0;
  let saidAt = 0;
  const say = (text: string): void => {
    stream.write(stream.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
  };
  return {
    found: (unit, result) => {
      clock.found();
      say(`${where(unit)}: ${outcome(result)} (measured ${result.date})`);
    },
    begun: () => {
      losses = [];
      began = performance.now();
    },
    progressed: (unit, { phase, epoch, epochs, steps, loss }, planned) => {
      if (loss !== undefined && loss !== losses.at(-1)) losses.push(loss);
      const now = performance.now();
      if (now - saidAt < (stream.isTTY ? 100 : 10_000)) return;
      saidAt = now;
      const rate = Math.round((steps * batchSize) / ((now - began) / 1000));
      const left = clock.left(unit, Math.min(steps / planned, 1));
      const parts = [where(unit), phase === "train" ? `epoch ${epoch + 1}/${epochs} step ${steps}` : phase];
      if (losses.length > 0) parts.push(`loss ${sparkline(losses, 16)} ${(losses.at(-1) as number).toFixed(4)}`);
      if (steps > 0) parts.push(`${rate} images/s`, `${duration(left)} left`);
      stream.write(stream.isTTY ? `\r\x1b[2K${parts.join("  ")}` : `${parts.join("  ")}\n`);
    },
    done: (unit, result) => {
      clock.finish();
      say(`${where(unit)}: ${outcome(result)}, ${(result.memory.peak / 2 ** 20).toFixed(0)} MiB at most`);
    },
    unsaved: (unit, result) => {
      say(`${where(unit)}: ${outcome(result)}; its result is on standard output, as it could not be stored`);
      process.stdout.write(`${JSON.stringify(result)}\n`);
    },
  };
}

/** For machines: a JSON object a line, each with an `event`. */
export function jsonListener(write: (line: string) => void): Listener {
  const tell = (event: string, { program, data, seed, number, of }: Unit, more: object): void =>
    write(`${JSON.stringify({ event, program: program.name, data, seed, number, of, ...more })}\n`);
  let last = -1;
  const progressed = (unit: Unit, progress: RunProgress, planned: number): void => {
    if (progress.steps === last) return;
    last = progress.steps;
    tell("progress", unit, { ...progress, planned });
  };
  return {
    found: (unit, result) => tell("found", unit, { result }),
    begun: (unit) => tell("begun", unit, {}),
    progressed,
    done: (unit, result) => tell("done", unit, { result }),
    unsaved: (unit, result) => tell("unsaved", unit, { result }),
  };
}
