// nnx.Rngs: streams of keys. The n-th key of a stream is the stream's key folded with n.
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { int, type Keywords, Kind, only, show, signature, string } from "@facet/dialect";
import { initializers } from "@facet/shims-jax/nn";
import { increment, PRNGKeyArray } from "@facet/shims-jax/parts";
import * as random from "@facet/shims-jax/random";
import { Callable } from "../callable.js";
import { Pytree } from "./graph.js";
import { Variable } from "./variable.js";

// biome-ignore lint/suspicious/noExplicitAny: draws take what jax.random's functions take.
type Any = any;

/** State of streams of keys. */
export class RngState<T = unknown> extends Variable<T> {}
/** How many keys a stream has given. */
export class RngCount extends RngState<number> {}
/** The key that a stream begins with. */
export class RngKey extends RngState<PRNGKeyArray> {}

type Seed = number | PRNGKeyArray | RngStream;
const seed = new Kind<Seed>(
  "an integer, a key or a stream",
  (x) => Number.isSafeInteger(x) || x instanceof PRNGKeyArray || x instanceof RngStream,
);
const readStream = signature("flax.nnx.RngStream", { key: seed, "*": null, tag: string });
const split = only(null);
const readers = {
  fork: signature("flax.nnx.RngStream.fork", { "*": null, split }),
  split: signature("flax.nnx.RngStream.split", { k: int }),
  forkAll: signature("flax.nnx.Rngs.fork", { "*": null, split }),
  splitAll: signature("flax.nnx.Rngs.split", { k: int }),
  items: signature("flax.nnx.Rngs.items", {}),
};

const keyOf = (given: Seed): PRNGKeyArray =>
  given instanceof RngStream ? given.key.value : given instanceof PRNGKeyArray ? given : random.key(given);

/** Functions of jax.random with a key in the first place, as methods that take the next key. */
const DRAWS = Object.fromEntries(
  Object.entries(random).filter(
    ([name, f]) =>
      typeof f === "function" &&
      !/^(key|key_data|PRNGKey|PRNGKeyArray|split|fold_in|wrap_key_data|clone|key_impl)$/.test(name),
  ),
);
const INITIALIZERS = [
  ...["glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "kaiming_normal", "kaiming_uniform"],
  ...["lecun_normal", "lecun_uniform", "variance_scaling", "xavier_normal", "xavier_uniform"],
] as const;

type Draws = {
  readonly [K in keyof typeof random]: (typeof random)[K] extends (...args: Any[]) => infer R
    ? (...args: Any[]) => R
    : never;
} & Readonly<Record<(typeof INITIALIZERS)[number], (...options: Any[]) => (...args: Any[]) => Any>>;

/** nnx.RngStream: gives another key at every call. */
export interface RngStream extends Omit<Draws, "split" | "key"> {
  (): PRNGKeyArray;
}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: draws stand in a table.
export class RngStream extends Pytree {
  declare readonly tag: string;
  declare readonly key: RngKey;
  declare readonly count: RngCount;

  constructor(key: Seed, options: Keywords<{ tag: string }>) {
    super();
    const given = readStream([key, options]);
    this.tag = given.tag;
    this.key = new RngKey(keyOf(given.key as Seed), { tag: given.tag });
    this.count = new RngCount(0, { tag: given.tag });
  }

  override __call__(): PRNGKeyArray {
    const made = random.fold_in(this.key.value, this.count.value);
    this.count.value = increment(this.count.value);
    return made;
  }
  /** A stream that begins with the next key. */
  fork(...args: []): RngStream {
    readers.fork(args);
    return new RngStream(this(), { tag: this.tag });
  }
  /** `k` streams in the place of this one, as a list. */
  split(...args: [k: number]): RngStream[] {
    const { k } = readers.split(args);
    return random.split(this(), k).map((each) => new RngStream(each, { tag: this.tag }));
  }
}

const readRngs = signature("flax.nnx.Rngs", {
  default: seed.or(null),
  "**rngs": null,
});

/**
 * nnx.Rngs: streams by name, `rngs.params()`. A name that has none gives keys of the stream `default`. `new nnx.Rngs(0)`,
 * `new nnx.Rngs({ params: 0, dropout: 1 })` or `new nnx.Rngs(0, { dropout: 1 })`.
 */
export interface Rngs extends Omit<Draws, "split" | "key"> {
  (): PRNGKeyArray;
  readonly [name: string]: Any;
}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: draws stand in a table.
export class Rngs extends Pytree {
  constructor(
    ...args: [seed?: Seed | null, streams?: Keywords<Record<string, Seed>>] | [streams: Record<string, Seed>]
  ) {
    super();
    const given = readRngs(args);
    const streams: Record<string, unknown> = { ...(given.rngs as object) };
    if (given.default !== null) streams.default = given.default;
    for (const [tag, own] of Object.entries(streams)) {
      if (!seed.accepts(own))
        throw new ArgumentError({ op: "Rngs", argument: tag, expected: seed.expected, given: show(own) });
      (this as Any)[tag] = new RngStream(keyOf(own as Seed), { tag });
    }
  }

  override __call__(): PRNGKeyArray {
    return streamOf(this, "default")();
  }
  /** Streams of their own, each of which begins with the next key of the one it comes from. */
  fork(...args: []): Rngs {
    readers.forkAll(args);
    return new Rngs(Object.fromEntries(this.items().map(([name, stream]) => [name, stream.fork()])));
  }
  /** Refused: keys live on the host, one by one, and have no arrays. `fork` makes other streams. */
  split(...args: [k: number]): never {
    const { k } = readers.splitAll(args);
    throw new UnsupportedError({ op: "Rngs.split", argument: "k", expected: "fork(), once for each", given: `${k}` });
  }
  /** [name, stream] of each. */
  items(...args: []): [string, RngStream][] {
    readers.items(args);
    return Object.entries(this).filter((each): each is [string, RngStream] => each[1] instanceof RngStream);
  }
}

/** The stream of a name, or the default one. Throws ArgumentError where there is neither. */
export function streamOf(rngs: Rngs, name: string): RngStream {
  const found = Object.hasOwn(rngs, name) ? rngs[name] : Object.hasOwn(rngs, "default") ? rngs.default : undefined;
  if (found instanceof RngStream) return found;
  throw new ArgumentError({
    op: "Rngs",
    argument: name,
    expected: `a stream of its own or one named default (${Object.keys(rngs).join(", ") || "there is none"})`,
    given: "neither",
  });
}

/** Names that tools ask any object for. */
const ASKED = /^(then|toJSON|inspect|nodeType|tagName|asymmetricMatch|\$\$typeof|__.*|@@.*|prototype|name|length)$/;
// Any other name is that of a stream: it is looked up behind the class's own prototype.
Object.setPrototypeOf(
  Rngs.prototype,
  new Proxy(Pytree.prototype, {
    get: (target, name, self) =>
      typeof name === "symbol" || name in target || ASKED.test(name) || self === Rngs.prototype
        ? Reflect.get(target, name, self)
        : streamOf(self, name),
  }),
);

for (const [name, draw] of Object.entries(DRAWS) as [string, (...args: Any[]) => unknown][]) {
  const own = {
    [name](this: () => PRNGKeyArray, ...args: unknown[]): unknown {
      return draw(this(), ...args);
    },
  }[name];
  for (const type of [RngStream, Rngs])
    Object.defineProperty(type.prototype, name, { value: own, writable: true, configurable: true });
}
for (const name of INITIALIZERS) {
  const own = {
    [name](this: () => PRNGKeyArray, ...options: unknown[]): unknown {
      const init = (initializers[name] as (...args: Any[]) => (...args: Any[]) => unknown)(...options);
      return (...args: unknown[]) => init(this(), ...args);
    },
  }[name];
  for (const type of [RngStream, Rngs])
    Object.defineProperty(type.prototype, name, { value: own, writable: true, configurable: true });
}

/** What layers take for their keys. */
export const rngsKind = new Kind<Rngs>("keys: new nnx.Rngs(0)", (x) => x instanceof Rngs);
export type Keys = Rngs | RngStream | PRNGKeyArray;
export const keysKind = new Kind<Keys>("nnx.Rngs, a stream or a key", (x) =>
  x instanceof Callable ? x instanceof Rngs || x instanceof RngStream : x instanceof PRNGKeyArray,
);
/** The next key of one name. */
export const nextKey = (keys: Keys, name: string): PRNGKeyArray =>
  keys instanceof Rngs ? streamOf(keys, name)() : keys instanceof RngStream ? keys() : keys;
