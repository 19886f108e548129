/** Stands for the arguments of a layer that waits for its first input: the layer it is derived from takes it in their place. */
export class Deferred<T> {
  readonly given: T;
  constructor(given: T) {
    this.given = given;
  }
}

/** The arguments of a constructor, as read from a call or kept from a layer that is derived. */
export const givenOf = <T>(args: readonly unknown[], read: (args: readonly unknown[]) => T): T =>
  args[0] instanceof Deferred ? (args[0].given as T) : read(args);
