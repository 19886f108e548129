// Copies into memory that could be written at once.
import type { Storage } from "../storage.js";
import { accesses, loopOf, mapViews, usesOf } from "./optimise.js";
import type { TracedCommand, TraceView } from "./trace.js";

const overlap = (a: TraceView, b: TraceView): boolean =>
  a.storage === b.storage && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;

const isWhole = (view: TraceView): boolean => view.offset === 0 && view.bytes === view.storage.bytes;

/** First index of an ascending list whose entry is `least` or more. */
function lowerBound(list: readonly number[], least: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Commands while storages move: removed ones leave a hole, so that places stay what they were. Everything is asked by storage, so
 * that a long trace takes time in proportion to its length.
 */
class Moves {
  readonly #commands: (TracedCommand | undefined)[];
  /** Places of the commands that use each storage, ascending, each once. */
  readonly #uses: Map<Storage, number[]>;
  readonly #moved = new Map<Storage, TraceView>();
  readonly #alignment: number;

  constructor(commands: readonly TracedCommand[], alignment: number) {
    this.#commands = [...commands];
    this.#alignment = alignment;
    this.#uses = new Map([...usesOf(commands)].map(([storage, places]) => [storage, [...new Set(places)]]));
  }

  at(place: number): TracedCommand | undefined {
    return this.#commands[place];
  }

  first({ storage }: TraceView): number | undefined {
    return this.#uses.get(storage)?.[0];
  }

  last({ storage }: TraceView): number | undefined {
    return this.#uses.get(storage)?.at(-1);
  }

  /**
   * Whether every use of `source`, which is copied to `target` by the command at `place`, may use the target's memory instead: nothing
   * else touches that part while the source lives, and no command would have one buffer bound for reading and for writing.
   */
  canMove(source: TraceView, target: TraceView, place: number): boolean {
    if (this.last(source) !== place || !this.#isWithinLoop(source, place)) return false;
    const viewsAt = (at: number): TraceView[] => accesses(this.#commands[at] as TracedCommand).map(({ view }) => view);
    const others = this.#uses.get(target.storage) ?? [];
    for (let k = lowerBound(others, this.first(source) as number); (others[k] as number) < place; k++) {
      const views = viewsAt(others[k] as number);
      if (views.some((view) => overlap(view, target) || view.storage === source.storage)) return false;
    }
    const own = (this.#uses.get(source.storage) ?? []).filter((at) => at < place).flatMap(viewsAt);
    return own.every(
      (view) => view.storage !== source.storage || (target.offset + view.offset) % this.#alignment === 0,
    );
  }

  /** Whether all uses of a view's storage are in the loop of the command at `place`, or outside loops as it is. */
  #isWithinLoop({ storage }: TraceView, place: number): boolean {
    const loop = loopOf(this.#commands[place]);
    return (this.#uses.get(storage) ?? []).every((at) => loopOf(this.#commands[at]) === loop);
  }

  /** Drops the copy at `place`, and lets all that used `from` use `to`. */
  move(from: TraceView, to: TraceView, place: number): void {
    this.#commands[place] = undefined;
    const places = this.#uses.get(to.storage) as number[];
    places.splice(lowerBound(places, place), 1);
    for (const at of this.#uses.get(from.storage) ?? []) {
      const command = this.#commands[at];
      if (!command) continue;
      this.#commands[at] = mapViews(command, (view) =>
        view.storage === from.storage ? { ...view, storage: to.storage, offset: view.offset + to.offset } : view,
      );
      const k = lowerBound(places, at);
      if (places[k] !== at) places.splice(k, 0, at);
    }
    this.#uses.delete(from.storage);
    this.#moved.set(from.storage, to);
  }

  get result(): { commands: TracedCommand[]; moved: Map<Storage, TraceView> } {
    const settled = (view: TraceView): TraceView => {
      const to = this.#moved.get(view.storage);
      return to ? settled({ ...to, offset: to.offset + view.offset }) : view;
    };
    return {
      commands: this.#commands.filter((command) => command !== undefined),
      moved: new Map([...this.#moved].map(([storage, to]) => [storage, settled(to)])),
    };
  }
}

/**
 * Lets producers write where a copy would have brought their result: gradients land in the optimiser's memory. And lets a
 * copy of an input that the caller gives up take the input's own memory: `donated`.
 */
export function elideCopies(
  commands: readonly TracedCommand[],
  isPlanned: (storage: Storage) => boolean,
  seen: ReadonlySet<Storage>,
  fixed: ReadonlySet<Storage>,
  donated: ReadonlySet<Storage>,
  alignment: number,
): { commands: TracedCommand[]; moved: Map<Storage, TraceView> } {
  const moves = new Moves(commands, alignment);
  for (let place = 0; place < commands.length; place++) {
    const command = moves.at(place);
    if (command?.kind !== "copy") continue;
    const { source, target } = command;
    if (isPlanned(source.storage) && !seen.has(source.storage) && isWhole(source)) {
      if (moves.canMove(source, target, place)) moves.move(source, target, place);
      continue;
    }
    const { storage } = target;
    const isFresh =
      !command.loop && isPlanned(storage) && !fixed.has(storage) && isWhole(target) && moves.first(target) === place;
    const isGivenUp = donated.has(source.storage) && isWhole(source) && moves.last(source) === place;
    if (isFresh && isGivenUp) moves.move(target, source, place);
  }
  return moves.result;
}
