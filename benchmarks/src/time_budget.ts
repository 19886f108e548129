/** Time that a run may take, divided among its parts in order; what one part leaves goes to those after it. */
export class TimeBudget {
  /** What did not fit, in words. */
  readonly leftOut: string[] = [];
  readonly #began = performance.now();
  readonly #minutes: number;

  constructor(minutes: number) {
    this.#minutes = minutes;
  }

  /** A part that ends when `share` of the whole time is over. */
  until(share: number): PartBudget {
    return new PartBudget(this.#began + share * this.#minutes * 60_000, this.leftOut);
  }
}

export class PartBudget {
  readonly #end: number;
  readonly #leftOut: string[];

  constructor(end: number, leftOut: string[]) {
    this.#end = end;
    this.#leftOut = leftOut;
  }

  /** Milliseconds for each of `items` that are still to be done, at most `most`. */
  each(items: number, most: number): number {
    return Math.max(0, Math.min(most, (this.#end - performance.now()) / items));
  }

  /** Whether time is over; then `what`, which is not done for that reason, is noted. */
  over(what: string): boolean {
    if (performance.now() < this.#end) return false;
    this.#leftOut.push(what);
    return true;
  }
}
