// The progress line Keras 3 prints: `422/422 ━━━━━━━━━━━━━━━━━━━━ 25s 58ms/step - accuracy: 0.8875 - loss: 0.3646`.
import { fixed, roundEven } from "../numbers.js";

const WIDTH = 20;
/** Seconds between two states of a line that is being redrawn. */
const INTERVAL = 0.1;
/** Least seconds between two reads of the values it shows. */
const READ_INTERVAL = 0.25;

/** Where text goes: standard output in Node, the console elsewhere. */
export interface Output {
  readonly live: boolean;
  readonly columns: number;
  write(text: string): void;
}

export function standardOutput(): Output {
  const stdout = globalThis.process?.stdout;
  if (!stdout?.write) return { live: false, columns: 80, write: (text) => console.log(text.replace(/\n$/, "")) };
  const fromEnvironment = Number(globalThis.process.env.COLUMNS);
  return {
    live: stdout.isTTY === true,
    columns: fromEnvironment > 0 ? fromEnvironment : (stdout.columns ?? 80),
    write: (text) => void stdout.write(text),
  };
}

export interface ProgressState {
  /** Steps done, and in all; null while nobody knows. */
  current: number;
  target: number | null;
  /** Seconds since the start. */
  elapsed: number;
  secondsPerStep: number;
  values: Readonly<Record<string, number>>;
  finished: boolean;
}

const bold = (text: string): string => `\x1b[1m${text}\x1b[0m`;

/** The line for a state; `styled` adds the colours it has on a terminal. */
export function progressLine(state: ProgressState, styled = false): string {
  const { current, target, elapsed, secondsPerStep, values, finished } = state;
  if (target === null) {
    const [count, clock] = [`${String(current).padStart(7)}/Unknown`, `${roundEven(elapsed)}s`];
    const head = styled ? `${bold(count)} ${bold(clock)}` : `${count} ${clock}`;
    return `${head}${perStep(secondsPerStep)}${valuesText(values)}`;
  }
  const count = `${String(current).padStart(String(target).length)}/${target}`;
  const done = Math.floor((WIDTH * current) / target);
  const [filled, rest] = ["━".repeat(done), "━".repeat(WIDTH - done)];
  const bar = styled ? `${filled && `\x1b[32m${filled}\x1b[0m`}\x1b[37m${rest}\x1b[0m` : filled + rest;
  const clock = finished ? `${roundEven(elapsed)}s` : remaining(secondsPerStep * (target - current));
  const head = styled ? `${bold(count)} ${bar} ${bold(clock)}` : `${count} ${bar} ${clock}`;
  return `${head}${perStep(secondsPerStep)}${valuesText(values)}`;
}

/** The line of verbose=2: no bar, and, as in Keras, negative values in scientific form. */
export function plainLine({ current, target, elapsed, secondsPerStep, values }: ProgressState): string {
  return `${current}/${target} - ${roundEven(elapsed)}s -${perStep(secondsPerStep)}${valuesText(values, (value) => value)}`;
}

function remaining(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (seconds > 3600) return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  if (seconds > 60) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds)}s`;
}

function perStep(seconds: number): string {
  if (seconds >= 1 || seconds === 0) return ` ${roundEven(seconds)}s/step`;
  if (seconds >= 1e-3) return ` ${roundEven(seconds * 1e3)}ms/step`;
  return ` ${roundEven(seconds * 1e6)}us/step`;
}

function valuesText(values: Readonly<Record<string, number>>, size = Math.abs): string {
  return Object.entries(values)
    .map(([name, value]) => ` - ${name}: ${formatValue(value, size(value))}`)
    .join("");
}

/** Four decimals, scientific where the size is 0.001 or less; nan and inf as Python writes them. */
export function formatValue(value: number, size = Math.abs(value)): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (size > 1e-3) return fixed(value, 4);
  return value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
}

/** Draws the line while steps go by: live on a terminal, once at the end elsewhere. */
export class ProgressBar {
  readonly #output: Output;
  readonly #target: number | null;
  #current = 0;
  readonly #verbose: number;
  readonly #now: () => number;
  readonly #start: number;
  #afterFirst: number | undefined;
  #lastDrawn = Number.NEGATIVE_INFINITY;
  #values: Readonly<Record<string, number>> = {};
  #reading: Promise<void> | undefined;
  #lastRead = Number.NEGATIVE_INFINITY;

  constructor(target: number | null, verbose: number, output: Output, now = () => performance.now() / 1000) {
    this.#target = target;
    this.#verbose = verbose;
    this.#output = output;
    this.#now = now;
    this.#start = now();
  }

  #state(current: number, target: number | null, finished: boolean): ProgressState {
    const now = this.#now();
    const secondsPerStep =
      this.#afterFirst !== undefined && current > 1
        ? (now - this.#afterFirst) / (current - 1)
        : current > 0
          ? (now - this.#start) / current
          : 0;
    return {
      current,
      target,
      elapsed: now - this.#start,
      secondsPerStep,
      values: this.#values,
      finished,
    };
  }

  /** After step `current`. `read` asks the device for values; nobody waits for them, the line shows the last that came. */
  update(current: number, read: () => Promise<Readonly<Record<string, number>>>): void {
    const now = this.#now();
    this.#current = current;
    if (this.#verbose === 1 && this.#output.live && now - this.#lastDrawn >= INTERVAL && current !== this.#target) {
      this.#lastDrawn = now;
      this.#output.write(`\r${progressLine(this.#state(current, this.#target, false), true)}\x1b[K`);
      if (this.#reading === undefined && now - this.#lastRead >= READ_INTERVAL) {
        this.#lastRead = now;
        this.#reading = read().then(
          (values) => {
            this.#values = values;
            this.#reading = undefined;
          },
          // The loop meets the same error at its own next read.
          () => {},
        );
      }
    }
    if (current === 1) this.#afterFirst = now;
  }

  /** The last line, with the values of the epoch. */
  async finish(values: Readonly<Record<string, number>>): Promise<void> {
    await this.#reading;
    this.#values = values;
    const target = this.#target ?? this.#current;
    const state = this.#state(target, target, true);
    if (this.#verbose === 2) this.#output.write(`${plainLine(state)}\n`);
    else if (this.#verbose === 1 && this.#output.live) this.#output.write(`\r${progressLine(state, true)}\x1b[K\n`);
    else if (this.#verbose === 1) this.#output.write(`${progressLine(state)}\n`);
  }
}
