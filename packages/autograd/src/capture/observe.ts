// Objects whose properties a captured function may read: while one is traced, reads and writes of them are noted.
import { isFixed, matches, type Snapshot, snapshot } from "./snapshot.js";

/** What is read of a property: its value, whether it is there, or (of no property in particular) the names of all. */
type Aspect = "value" | "presence" | "names";

/** What hears of the properties that are read and written while a function is being traced. */
export interface PropertyReader {
  read(aspect: Aspect, target: object, key: string, receiver: object, value: unknown): void;
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

/** Among the names of properties that are watched, all of them. */
const NAMES = "all names";

/** Counts reads, to tell which are done by a getter. */
let reads = 0;

function get(target: object, key: string | symbol, receiver: object): unknown {
  reads += 1;
  const before = reads;
  const value = Reflect.get(target, key, receiver);
  // What a getter reads on the way is noted itself.
  if (typeof key === "string" && reads === before) reader?.read("value", target, key, receiver, value);
  return value;
}

function has(target: object, key: string | symbol): boolean {
  const there = Reflect.has(target, key);
  if (typeof key === "string") reader?.read("presence", target, key, target, there);
  return there;
}

function ownKeys(target: object): (string | symbol)[] {
  const keys = Reflect.ownKeys(target);
  reader?.read("names", target, NAMES, target, Object.freeze([...keys]));
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

const stateOf = (target: object, key: string | symbol): PropertyDescriptor | undefined =>
  watched.has(target) ? (Reflect.getOwnPropertyDescriptor(target, key) ?? {}) : undefined;

function noteChange(target: object, key: string | symbol, before: PropertyDescriptor | undefined): void {
  if (!before) return;
  const keys = watched.get(target) as Set<string>;
  const after = stateOf(target, key) as PropertyDescriptor;
  const cameOrWent = "configurable" in before !== "configurable" in after;
  const isOther = cameOrWent || !Object.is(before.value, after.value) || before.get !== after.get;
  // An element added to an array changes its length too.
  const isRead = Array.isArray(target) || keys.has(key as string) || (cameOrWent && keys.has(NAMES));
  if (isOther && isRead) changes += 1;
}

/** One property as it was when it was first read. */
interface Read {
  readonly aspect: Aspect;
  readonly target: WeakRef<object>;
  readonly receiver: WeakRef<object>;
  readonly key: string;
  readonly noted: Snapshot;
}

function holds({ aspect, target, receiver, key, noted }: Read): boolean {
  const [object, self] = [target.deref(), receiver.deref()];
  if (!object || !self) return false;
  if (aspect === "names") return matches(noted, Reflect.ownKeys(object));
  return matches(noted, aspect === "presence" ? Reflect.has(object, key) : Reflect.get(object, key, self));
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

  #isNews(aspect: Aspect, target: object, key: string): boolean {
    if (this.#own.has(target)) return false;
    const known = this.#known.get(target) ?? new Set();
    this.#known.set(target, known);
    if (known.has(`${aspect} ${key}`)) return false;
    known.add(`${aspect} ${key}`);
    return true;
  }

  read(aspect: Aspect, target: object, key: string, receiver: object, value: unknown): void {
    if (!this.#isNews(aspect, target, key)) return;
    const isGetter = aspect === "value" && isComputed(target, key);
    const noted = snapshot(value, isObserved);
    const read = { aspect, target: new WeakRef(target), receiver: new WeakRef(receiver), key, noted };
    if (isGetter || !(value instanceof ObservedMap || isFixed(noted, value))) {
      this.#loose.push(read);
      return;
    }
    this.#fixed.push(read);
    const keys = watched.get(target) ?? new Set();
    watched.set(target, keys.add(key));
  }

  /** What a trace reads after it has written it is its own doing. */
  wrote(target: object, key: string, again: () => void): void {
    this.#isNews("value", target, key);
    this.#isNews("presence", target, key);
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
