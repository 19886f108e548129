// Objects whose properties a captured function may read: while one is traced, reads and writes of them are noted.
import { isFixed, matches, type Snapshot, snapshot } from "./snapshot.js";

/** What hears of the properties that are read and written while a function is being traced. */
export interface PropertyReader {
  read(target: object, key: string, receiver: object, value: unknown): void;
  /** `again` does it once more. */
  wrote(target: object, key: string, again: () => void): void;
  made(target: object): void;
}

let reader: PropertyReader | undefined;

/** Counts changes of properties that some trace has read: while it stands still, what was read is as it was. */
let changes = 0;
const watched = new WeakMap<object, Set<string>>();

/** Says that something changed which a trace may have read. */
export function noteHostChange(): void {
  changes += 1;
}

export const hostChanges = (): number => changes;

/** A map whose changes captured functions hear of. */
export class ObservedMap<K, V> extends Map<K, V> {
  override set(key: K, value: V): this {
    changes += 1;
    return super.set(key, value);
  }
  override delete(key: K): boolean {
    changes += 1;
    return super.delete(key);
  }
  override clear(): void {
    changes += 1;
    super.clear();
  }
}

type Traps<T extends object> = Pick<ProxyHandler<T>, "defineProperty" | "deleteProperty">;

/** Reading traps are there only while somebody listens: outside traces an observed object is as fast as any proxy. */
// biome-ignore lint/suspicious/noExplicitAny: handlers of objects of all kinds.
const handlers = new Map<Traps<any>, ProxyHandler<any>>();
const observed = new WeakSet<object>();
const plain: Traps<object> = {};

export const isObserved = (value: object): boolean => observed.has(value);

/** Lets `listener` hear of reads and writes from now on, and returns who heard before. */
export function listen(listener: PropertyReader | undefined): PropertyReader | undefined {
  const before = reader;
  reader = listener;
  if ((before === undefined) !== (listener === undefined)) for (const handler of handlers.values()) arm(handler);
  return before;
}

function arm(handler: ProxyHandler<object>): void {
  Object.assign(handler, { get: reader && get, has: reader && has, ownKeys: reader && ownKeys });
}

/**
 * An object that captured functions may rely on: what a trace reads of it guards the plan, and what a trace writes is written
 * again by every replay. `traps` are done instead of defining and deleting a property: one object for all of a kind.
 */
export function observe<T extends object>(target: T, traps: Traps<T> = plain as Traps<T>): T {
  let handler = handlers.get(traps);
  if (!handler) {
    handler = handlerOf(traps);
    arm(handler);
    handlers.set(traps, handler);
  }
  const made = new Proxy(target, handler);
  observed.add(made);
  reader?.made(target);
  return made;
}

/** A class whose objects are observed. */
export class Observed {
  constructor() {
    // biome-ignore lint/correctness/noConstructorReturn: only a proxy sees fields being read.
    return observe(this);
  }
}

/** Stands for the list of an object's own keys among its properties. */
const KEYS = "own keys";

function get(target: object, key: string | symbol, receiver: object): unknown {
  const value = Reflect.get(target, key, receiver);
  if (typeof key === "string") reader?.read(target, key, receiver, value);
  return value;
}

function has(target: object, key: string | symbol): boolean {
  if (typeof key === "string") reader?.read(target, key, target, Reflect.get(target, key));
  return Reflect.has(target, key);
}

function ownKeys(target: object): (string | symbol)[] {
  const keys = Reflect.ownKeys(target);
  reader?.read(target, KEYS, target, keys);
  return keys;
}

function handlerOf<T extends object>(traps: Traps<T>): ProxyHandler<T> {
  const define = traps.defineProperty ?? Reflect.defineProperty;
  const remove = traps.deleteProperty ?? Reflect.deleteProperty;
  return {
    defineProperty(target, key, descriptor) {
      const before = stateOf(target, key);
      const defined = define(target, key, descriptor);
      noteChange(target, key, before);
      if (typeof key === "string")
        reader?.wrote(target, key, () => redo(target, key, () => define(target, key, descriptor)));
      return defined;
    },
    deleteProperty(target, key) {
      const before = stateOf(target, key);
      const removed = remove(target, key);
      noteChange(target, key, before);
      if (typeof key === "string") reader?.wrote(target, key, () => redo(target, key, () => remove(target, key)));
      return removed;
    },
  };
}

function redo(target: object, key: string, act: () => unknown): void {
  const before = stateOf(target, key);
  act();
  noteChange(target, key, before);
}

const stateOf = (target: object, key: string | symbol) =>
  watched.has(target) ? { value: Reflect.get(target, key), there: Object.hasOwn(target, key) } : undefined;

function noteChange(target: object, key: string | symbol, before: ReturnType<typeof stateOf>): void {
  if (!before) return;
  const keys = watched.get(target) as Set<string>;
  const valueChanged = !Object.is(before.value, Reflect.get(target, key));
  const keysChanged = before.there !== Object.hasOwn(target, key);
  // An element added to an array changes its length too.
  const any = Array.isArray(target);
  if ((valueChanged && (any || keys.has(key as string))) || (keysChanged && (any || keys.has(KEYS)))) changes += 1;
}

/** One property as it was when it was first read. */
interface Read {
  readonly target: WeakRef<object>;
  readonly receiver: WeakRef<object>;
  readonly key: string;
  readonly noted: Snapshot;
}

function holds({ target, receiver, key, noted }: Read): boolean {
  const [object, self] = [target.deref(), receiver.deref()];
  if (!object || !self) return false;
  return matches(noted, key === KEYS ? Reflect.ownKeys(object) : Reflect.get(object, key, self));
}

/** The properties that a trace read, each with the value that it had first. */
export class ReadProperties implements PropertyReader {
  readonly #rewrite: (again: () => void) => void;
  readonly #known = new Map<object, Set<string>>();
  readonly #own = new WeakSet<object>();
  /** Of values that only an assignment can change. */
  readonly #fixed: Read[] = [];
  readonly #loose: Read[] = [];

  /** `rewrite` is given what repeats a write. */
  constructor(rewrite: (again: () => void) => void) {
    this.#rewrite = rewrite;
  }

  made(target: object): void {
    this.#own.add(target);
  }

  #isNews(target: object, key: string): boolean {
    if (this.#own.has(target)) return false;
    const keys = this.#known.get(target) ?? new Set();
    this.#known.set(target, keys);
    if (keys.has(key)) return false;
    keys.add(key);
    return true;
  }

  read(target: object, key: string, receiver: object, value: unknown): void {
    if (!this.#isNews(target, key)) return;
    const noted = snapshot(value, isObserved);
    const read = { target: new WeakRef(target), receiver: new WeakRef(receiver), key, noted };
    const assigned = key === KEYS || !isComputed(target, key);
    if (!assigned || !(value instanceof ObservedMap || isFixed(noted, key === KEYS ? Object.freeze(value) : value))) {
      this.#loose.push(read);
      return;
    }
    this.#fixed.push(read);
    const keys = watched.get(target) ?? new Set();
    watched.set(target, keys.add(key));
  }

  /** What a trace reads after it has written it is its own doing. */
  wrote(target: object, key: string, again: () => void): void {
    this.#isNews(target, key);
    if (!this.#own.has(target)) this.#rewrite(again);
  }

  /** Whether all that only an assignment can change is as it was: need not be asked again until something has changed. */
  fixedHold(): boolean {
    return this.#fixed.every(holds);
  }

  /** Whether the rest is. */
  looseHold(): boolean {
    return this.#loose.every(holds);
  }

  /** Lets go of what is needed only while the trace is made. */
  seal(): void {
    this.#known.clear();
  }
}

/** Whether a property is computed when it is read. */
function isComputed(target: object, key: string): boolean {
  for (let owner: object | null = target; owner; owner = Object.getPrototypeOf(owner)) {
    const found = Object.getOwnPropertyDescriptor(owner, key);
    if (found) return found.get !== undefined;
  }
  return false;
}
