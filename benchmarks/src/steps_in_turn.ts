// The dialects' training steps on one device, one step of each after the other, so that a machine that slows down slows all.
import { device } from "@facet/autograd";
import type { DialectName } from "./dialects.js";
import { loops } from "./replay_loops.js";
import { summarise, type Timing } from "./sample.js";

/** Steps of each that are not counted: pipelines are compiled, plans made. */
const WARM_UP = 3;

/** Milliseconds of a step of each dialect, from an idle device to an idle device: `steps` of each, in turn. */
export async function timeStepsInTurn(
  dialects: readonly DialectName[],
  batchSize: number,
  steps: number,
): Promise<Map<DialectName, Timing>> {
  const samples = new Map<DialectName, number[]>();
  const turns = new Turns(dialects.length);
  const all = loops(batchSize);
  const run = async (dialect: DialectName, i: number): Promise<void> => {
    const own: number[] = [];
    let began: number | undefined;
    // A step is over when the device has done it, which is waited for before the next program has its turn.
    const over = async (): Promise<void> => {
      if (began === undefined) return;
      await device().finish();
      own.push(performance.now() - began);
      turns.pass();
    };
    await turns.of(i);
    await all[dialect](WARM_UP + steps, {
      async begin() {
        await over();
        await turns.of(i);
        began = performance.now();
      },
      end: () => device().queue.submit(),
    });
    await over();
    turns.leave(i);
    samples.set(dialect, own.slice(WARM_UP));
  };
  await Promise.all(dialects.map(run));
  return new Map(dialects.map((dialect) => [dialect, summarise(samples.get(dialect) ?? [])]));
}

/** Whose turn it is, one after the other, of those who have not left. */
class Turns {
  readonly #players: number[];
  readonly #waiting = new Map<number, () => void>();

  constructor(players: number) {
    this.#players = Array.from({ length: players }, (_, i) => i);
  }

  /** Until it is the turn of `player`. */
  of(player: number): Promise<void> {
    if (this.#players[0] === player) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(player, resolve));
  }

  pass(): void {
    this.#players.push(this.#players.shift() as number);
    this.#wake();
  }

  leave(player: number): void {
    this.#players.splice(this.#players.indexOf(player), 1);
    this.#wake();
  }

  #wake(): void {
    const [next] = this.#players;
    if (next === undefined) return;
    const wake = this.#waiting.get(next);
    this.#waiting.delete(next);
    wake?.();
  }
}
