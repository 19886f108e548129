// Hooks: functions that others call in their order, until their handles take them out.
import { signature } from "@facet/dialect";

const readRemove = signature("torch.utils.hooks.RemovableHandle.remove", {});

/** What registering a hook returns: `handle.remove()` takes the hook out, as the end of a `using` block does. */
export class RemovableHandle {
  readonly #remove: () => void;
  constructor(remove: () => void) {
    this.#remove = remove;
  }
  remove(...args: []): void {
    readRemove(args);
    this.#remove();
  }
  [Symbol.dispose](): void {
    this.#remove();
  }
}

/** Hooks of one kind of one object. */
export class Hooks<F> {
  #list: { readonly hook: F }[] = [];
  readonly #changed: () => void;
  /** `changed` is told when a hook is added or taken out. */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed;
  }

  /** Adds a hook after those there are, or before them. */
  add(hook: F, first = false): RemovableHandle {
    const entry = { hook };
    this.#list = first ? [entry, ...this.#list] : [...this.#list, entry];
    this.#changed();
    return new RemovableHandle(() => {
      this.#list = this.#list.filter((each) => each !== entry);
      this.#changed();
    });
  }
  get size(): number {
    return this.#list.length;
  }
  *[Symbol.iterator](): IterableIterator<F> {
    for (const { hook } of this.#list) yield hook;
  }
}
