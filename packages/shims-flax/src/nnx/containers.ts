// nnx.Sequential, List and Dict.
import { ArgumentError } from "@facet/autograd";
import { func, instance, Kind, mapping, show, signature } from "@facet/dialect";
import { tree } from "@facet/shims-jax/parts";
import { Callable } from "../callable.js";
import { Module } from "./module.js";

// biome-ignore lint/suspicious/noExplicitAny: items are of any kind.
type Any = any;

const list = new Kind<Iterable<unknown>>(
  "a list",
  (x) => typeof (x as { [Symbol.iterator]?: unknown } | null)?.[Symbol.iterator] === "function",
);
const readList = signature("flax.nnx.List", { it: list.or(null), "/": null });
const readers = {
  append: signature("flax.nnx.List.append", { value: tree }),
  insert: signature("flax.nnx.List.insert", { index: tree, value: tree }),
};

/** nnx.List: modules in order; `list[0]`, `for (const layer of list)`, `list.append(layer)`. */
export class List<T = Any> extends Module {
  [index: number]: T;
  constructor(...args: [it?: Iterable<T> | null]) {
    super();
    for (const value of (readList(args).it ?? []) as Iterable<T>) this.append(value);
  }
  override get length(): number {
    return Object.keys(this).length;
  }
  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.length; i++) yield this[i] as T;
  }
  append(...args: [value: T]): void {
    this[this.length] = readers.append(args).value as T;
  }
  /** Puts a value before the one at an index. */
  insert(...args: [index: number, value: T]): void {
    const { index, value } = readers.insert(args) as { index: number; value: T };
    if (!Number.isInteger(index))
      throw new ArgumentError({ op: "List.insert", argument: "index", expected: "an integer", given: show(index) });
    const at = Math.min(Math.max(index < 0 ? index + this.length : index, 0), this.length);
    for (let i = this.length; i > at; i--) this[i] = this[i - 1] as T;
    this[at] = value;
  }
}

const readDict = signature("flax.nnx.Dict", { args: mapping().or({}), "/": null, "**kwargs": null });

/** nnx.Dict: modules by name. */
export class Dict<T = Any> extends Module {
  [name: string]: Any;
  constructor(...args: [items?: Readonly<Record<string, T>>]) {
    super();
    const { args: items, kwargs } = readDict(args) as { args: object; kwargs: object };
    Object.assign(this, items, kwargs);
  }
}

const fn = (func as Kind<(...inputs: Any[]) => Any>).either(
  instance(() => Callable, "a module") as Kind<(...inputs: Any[]) => Any>,
);
const readSequential = signature("flax.nnx.Sequential", { "*fns": fn });

/** nnx.Sequential: functions and modules one after another. A list that one returns is the next one's arguments. */
export class Sequential extends Module {
  declare readonly layers: List<(...inputs: Any[]) => Any>;
  constructor(...args: readonly ((...inputs: Any[]) => Any)[]) {
    super();
    this.layers = new List(readSequential(args).fns as unknown as ((...inputs: Any[]) => Any)[]);
  }
  override __call__(...inputs: Any[]): Any {
    let given: Any[] = inputs;
    let output: Any = inputs.length === 1 ? inputs[0] : inputs;
    for (const layer of this.layers) {
      output = layer(...given);
      given = Array.isArray(output) ? output : [output];
    }
    return output;
  }
}
