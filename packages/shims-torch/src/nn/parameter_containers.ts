// nn.ParameterList and nn.ParameterDict: parameters, and whatever else is put beside them, by number or by name.
import { ArgumentError, FacetError } from "@facet/autograd";
import { type Args, any, int, isKeywords, type Keywords, type Kind, mapping, signature, string } from "@facet/dialect";
import { complain } from "../errors.js";
import { each, iterable } from "../kinds.js";
import { Tensor } from "../tensor.js";
import { placeOf, placesOf, type Slice, slice } from "./containers.js";
import { Module } from "./module.js";
import { type Pairs, pairsOf, refuseKey } from "./named_modules.js";
import { Parameter } from "./parameter.js";

// biome-ignore lint/suspicious/noExplicitAny: values of every kind may stand beside parameters.
type Value = any;

/** A tensor becomes a parameter; other values stay as they are. */
const parameterOf = (value: Value): Value =>
  value instanceof Tensor && !(value instanceof Parameter) ? new Parameter(value) : value;

const PYTHON: Readonly<Record<string, string>> = { string: "str", boolean: "bool", undefined: "NoneType" };
function pythonType(value: Value): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  return PYTHON[typeof value] ?? (typeof value === "object" ? value.constructor.name : "function");
}

/** How entries are printed; `dtypeOf` is how a tensor's dtype is. */
const entries = (list: Iterable<readonly [string, Value]>, dtypeOf: (tensor: Tensor) => string): string =>
  [...list]
    .map(([key, value]) => {
      if (!(value instanceof Tensor)) return `  (${key}): Object of type: ${pythonType(value)}`;
      const kind = value instanceof Parameter ? "Parameter" : "Tensor";
      return `  (${key}): ${kind} containing: [${dtypeOf(value)} of size ${value.shape.join("x")}]`;
    })
    .join("\n");

const list = (name: string): string => `torch.nn.ParameterList${name}`;
const values = iterable<Value>("an iterable of values").where(
  "an iterable of values, not one Tensor",
  (value) => !(value instanceof Tensor),
);
const ofList = {
  construct: signature(list(""), { values: values.or(null) }),
  append: signature(list(".append"), { value: any }),
  extend: signature(list(".extend"), { values }),
  get: signature(list(".get"), { idx: int.either(slice) }),
  set: signature(list(".set"), { idx: int, param: any }),
  forward: signature(list(".forward"), { "*input": each(any) }),
};

/** Parameters by number, which are registered: tensors become parameters, and other values may stand between them. */
export class ParameterList extends Module {
  declare _size: number;
  constructor(...args: [values?: Iterable<Value> | null] | [Keywords<{ values: Iterable<Value> | null }>]) {
    super();
    this._size = 0;
    const given = ofList.construct(args).values;
    if (given) this.extend(given);
  }
  /** The value of a number, which may count from the end: Python's `parameters[idx]`. */
  get(...args: [idx: number] | [Keywords<{ idx: number }>]): Value;
  /** A list of the values of a slice. */
  get(...args: [idx: Slice] | [Keywords<{ idx: Slice }>]): this;
  get(...args: readonly unknown[]): Value {
    const { idx } = ofList.get(args);
    if (typeof idx === "number") return Reflect.get(this, `${placeOf(this, idx, this._size)}`);
    const Class = this.constructor as new (values: Value[]) => this;
    return new Class(placesOf("ParameterList", idx, this._size).map((place) => Reflect.get(this, `${place}`)));
  }
  /** Puts a value in the place of another: Python's `parameters[idx] = param`. */
  set(...args: [idx: number, param: Value] | [Keywords<{ idx: number; param: Value }>]): void {
    const { idx, param } = ofList.set(args);
    Reflect.set(this, `${placeOf(this, idx, this._size)}`, parameterOf(param));
  }
  append(...args: [value: Value] | [Keywords<{ value: Value }>]): this {
    const { value } = ofList.append(args);
    this._size += 1;
    this.set(this._size - 1, value);
    return this;
  }
  extend(...args: [values: Iterable<Value>] | [Keywords<{ values: Iterable<Value> }>]): this {
    for (const value of ofList.extend(args).values) this.append(value);
    return this;
  }
  override forward(...args: unknown[]): never {
    ofList.forward(args);
    return refuseCall("ParameterList");
  }
  override extra_repr(): string {
    return entries(
      [...this].map((value, k) => [`${k}`, value]),
      (tensor) => `${tensor.dtype}`,
    );
  }
  override get length(): number {
    return this._size;
  }
  *[Symbol.iterator](): IterableIterator<Value> {
    for (let k = 0; k < this._size; k += 1) yield this.get(k);
  }
}

function refuseCall(name: string): never {
  return complain(FacetError, `${name} should not be called.`, {
    ...{ op: name, argument: "self", expected: "a module with forward", given: "a container of parameters" },
  });
}

const dict = (name: string): string => `torch.nn.ParameterDict${name}`;
const pairs = mapping<Pairs<Value>>("an object of values by name").either(
  iterable<readonly [string, Value]>("a Map, a ParameterDict or pairs"),
) as unknown as Kind<Pairs<Value>>;
const key = { key: string } as const;
const withDefault = { key: string, default: any.or(null) } as const;
const ofDict = {
  construct: signature(dict(""), { parameters: pairs.or(null) }),
  get: signature(dict(".get"), withDefault),
  set: signature(dict(".set"), { key: string, value: any }),
  has: signature(dict(".has"), key),
  setdefault: signature(dict(".setdefault"), withDefault),
  pop: signature(dict(".pop"), key),
  popitem: signature(dict(".popitem"), {}),
  update: signature(dict(".update"), { parameters: pairs }),
  fromkeys: signature(dict(".fromkeys"), { keys: iterable<string>("an iterable of names"), default: any.or(null) }),
  copy: signature(dict(".copy"), {}),
  clear: signature(dict(".clear"), {}),
  keys: signature(dict(".keys"), {}),
  items: signature(dict(".items"), {}),
  values: signature(dict(".values"), {}),
  forward: signature(dict(".forward"), { "*input": each(any) }),
};
type Key = [key: string] | [Keywords<{ key: string }>];
type WithDefault = Args<[key: string, value: Value], { key: string; default: Value }>;
type Values = [parameters: Pairs<Value>] | [Keywords<{ parameters: Pairs<Value> }>];

const CLASSES: Readonly<Record<string, string>> = { float32: "Float", int64: "Long", bool: "Bool", uint8: "Byte" };

/**
 * Parameters by name, which are registered: tensors become parameters, and other values may stand between them. It goes through its
 * keys. As in PyTorch, an object is taken in the order of its sorted keys, a Map, pairs or another ParameterDict in their own.
 */
export class ParameterDict extends Module {
  declare _keys: readonly string[];
  constructor(...args: [parameters?: Pairs<Value> | null] | [Keywords<{ parameters: Pairs<Value> | null }>]) {
    super();
    this._keys = [];
    const { parameters } = ofDict.construct(args);
    if (parameters) this.update(parameters);
  }
  /** The value of a key: Python's `parameters[key]` of a key that is there; of another `default`, null to begin with. */
  get(...args: WithDefault): Value {
    const given = ofDict.get(args);
    return this._keys.includes(given.key) ? Reflect.get(this, given.key) : given.default;
  }
  /** Puts a value under a key: Python's `parameters[key] = value`. */
  set(...args: [key: string, value: Value] | [Keywords<{ key: string; value: Value }>]): void {
    const { key, value } = ofDict.set(args);
    if (!this._keys.includes(key)) this._keys = [...this._keys, key];
    Reflect.set(this, key, parameterOf(value));
  }
  /** Whether there is a value of a key: Python's `key in parameters`. */
  has(...args: Key): boolean {
    const { key } = ofDict.has(args);
    return this._keys.includes(key);
  }
  /** The value of a key, under which `default` is put first where there is none. */
  setdefault(...args: WithDefault): Value {
    const given = ofDict.setdefault(args);
    if (!this.has(given.key)) this.set(given.key, given.default);
    return this.get(given.key);
  }
  /** Takes the value of a key out and returns it. */
  pop(...args: Key): Value {
    const { key } = ofDict.pop(args);
    if (!this.has(key)) refuseKey("ParameterDict.pop", key, this._keys);
    const value = this.get(key);
    this._keys = this._keys.filter((each) => each !== key);
    Reflect.deleteProperty(this, key);
    return value;
  }
  /** Takes the last key and its value out. */
  popitem(...args: []): [key: string, value: Value] {
    ofDict.popitem(args);
    const last = this._keys.at(-1);
    if (last === undefined)
      throw new ArgumentError({ op: "ParameterDict.popitem", argument: "self", expected: "keys", given: "none" });
    return [last, this.pop(last)];
  }
  /** Puts values under their keys, beside or in the place of those there are. */
  update(...args: Values): void {
    const { parameters } = ofDict.update(args);
    const list = pairsOf("ParameterDict.update", "parameters", parameters);
    const sorted = isKeywords(parameters) ? [...list].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : list;
    for (const [key, value] of sorted) this.set(key, value);
  }
  /** A new ParameterDict of these keys, all with one value. */
  fromkeys(
    ...args: Args<[keys: Iterable<string>, value: Value], { keys: Iterable<string>; default: Value }>
  ): ParameterDict {
    const given = ofDict.fromkeys(args);
    return new ParameterDict([...given.keys].map((key) => [key, given.default] as const));
  }
  /** Another ParameterDict of the same values. */
  copy(...args: []): ParameterDict {
    ofDict.copy(args);
    return new ParameterDict([...this.items()]);
  }
  clear(...args: []): void {
    ofDict.clear(args);
    for (const key of this._keys) this.pop(key);
  }
  keys(...args: []): IterableIterator<string> {
    ofDict.keys(args);
    return this._keys[Symbol.iterator]();
  }
  items(...args: []): IterableIterator<[string, Value]> {
    ofDict.items(args);
    return this._keys.map((key): [string, Value] => [key, this.get(key)])[Symbol.iterator]();
  }
  values(...args: []): IterableIterator<Value> {
    ofDict.values(args);
    return this._keys.map((key) => this.get(key))[Symbol.iterator]();
  }
  override forward(...args: unknown[]): never {
    ofDict.forward(args);
    return refuseCall("ParameterDict");
  }
  override extra_repr(): string {
    return entries(this.items(), ({ dtype }) => `torch.${CLASSES[dtype.name] ?? dtype.name}Tensor`);
  }
  override get length(): number {
    return this._keys.length;
  }
  [Symbol.iterator](): IterableIterator<string> {
    return this._keys[Symbol.iterator]();
  }
}
