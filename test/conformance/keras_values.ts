// Arguments and results of Keras' cases, as the Keras dialect takes and gives them.
import { Tensor as CoreTensor } from "@facet/autograd";
import * as dialect from "@facet/shims-keras";
import { type Any, decode, type Encoded, isEncoded, special } from "./cases.js";
import { Absent, find, sameArray, type Tolerance, Wrong } from "./verdict.js";

export const keras: Any = dialect;

export const host = (encoded: Encoded): Any =>
  keras.ndarray(encoded.t === "int64" ? Int32Array.from(decode(encoded)) : decode(encoded), encoded.s);

export function make(encoded: Encoded): Any {
  const made = keras.ops.convert_to_tensor(host(encoded), ...(encoded.t === "bool" ? ["bool"] : []));
  if (made.dtype !== encoded.t && !(encoded.t === "int64" && made.dtype === "int32"))
    throw new Absent(`dtype ${encoded.t}`);
  return made;
}

export const withKeywords = (args: readonly Any[], keywords: object): Any[] =>
  Object.keys(keywords).length > 0 ? [...args, keywords] : [...args];

export function construct(name: string, args: readonly Any[], keywords: Record<string, Any>): Any {
  const Made = find(keras, name);
  return new Made(...withKeywords(args, keywords));
}

/** The object of a case. */
export const objectOf = ({ fn, args, kw }: Any): Any => construct(fn, build(args), buildAll(kw));

export function build(value: Any, onHost = false): Any {
  if (Array.isArray(value)) return value.map((each) => build(each, onHost));
  if (value === null || typeof value !== "object") return value;
  if ("d" in value) return onHost ? host(value) : make(value);
  if ("f" in value) return special(value);
  if ("dt" in value) return value.dt;
  if ("kt" in value) return placeholder(value);
  if ("sl" in value) return value.sl;
  if ("ell" in value) return "...";
  if ("fn" in value) return find(keras, value.fn);
  if ("new" in value) return construct(value.new, build(value.args), buildAll(value.kw));
  return "o" in value ? buildAll(value.o, onHost) : value;
}

export const buildAll = (values: Record<string, Any>, onHost = false): Record<string, Any> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, build(value, onHost)]));

function placeholder({ kt, s }: Any): Any {
  if (s.length === 0) throw new Absent("a placeholder without dimensions");
  return keras.Input({ shape: s.slice(1), batch_size: s[0], ...(kt === "float32" ? {} : { dtype: kt }) });
}

export const isPlain = (value: Any): boolean =>
  value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;

/** Tensors and numbers of a result in Keras' order: dictionaries by their keys, sorted. */
export function flatten(value: Any): Any[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(flatten);
  return isPlain(value)
    ? Object.keys(value)
        .sort()
        .flatMap((key) => flatten(value[key]))
    : [value];
}

/** A result on the host, with dtype and shape. */
export async function hold(given: Any): Promise<Any> {
  const value = await given;
  if (value === undefined || value === null) return null;
  if (value instanceof keras.Tensor) return { t: value.dtype, s: [...value.shape], v: (await value.numpy()).data };
  if (value instanceof keras.NdArray) return { t: value.dtype, s: [...value.shape], v: value.data };
  if (value instanceof keras.KerasTensor) return { kt: value.dtype, s: [...value.shape] };
  if (value instanceof CoreTensor) return { t: value.dtype, s: [...value.shape], v: await value.data() };
  if (ArrayBuffer.isView(value)) {
    const list = value as Float32Array;
    return { t: value.constructor.name.replace("Array", "").toLowerCase(), s: [list.length], v: list };
  }
  if (Array.isArray(value)) return Promise.all(value.map(hold));
  if (typeof value !== "object") return value;
  const held = Object.entries(value).map(async ([key, each]) => [key, await hold(each)] as const);
  return { o: Object.fromEntries(await Promise.all(held)) };
}

const shown = (held: Any): string => (held?.v ? `${held.t}[${held.s}]` : `${JSON.stringify(held)}`.slice(0, 80));

/** Holds a result against Keras'. Where Keras says int64, int32 will do. */
export function same(what: string, given: Any, held: Any, tolerance: Tolerance = {}): void {
  const expected = special(given);
  if (expected === null) {
    if (held !== null && held !== undefined) throw new Wrong(`${what}: expected None, got ${shown(held)}`);
  } else if (Array.isArray(expected)) sameList(what, expected, held, tolerance);
  else if (typeof expected === "number") {
    const number = typeof held === "number" ? held : held?.v?.length === 1 ? held.v[0] : undefined;
    const near = Math.abs(expected - number) <= 1e-4 * Math.abs(expected) + 1e-6;
    if (number === undefined || !(Object.is(expected, number) || expected === number || near))
      throw new Wrong(`${what}: expected ${expected}, got ${number ?? shown(held)}`);
  } else if (typeof expected !== "object") {
    if (expected !== held) throw new Wrong(`${what}: expected ${JSON.stringify(expected)}, got ${shown(held)}`);
  } else if ("o" in expected) {
    for (const [key, each] of Object.entries(expected.o)) same(`${what}.${key}`, each, held?.o?.[key], tolerance);
  } else if ("kt" in expected) samePlaceholder(what, expected, held);
  else {
    const array =
      ["number", "boolean"].includes(typeof held) && expected.s.length === 0
        ? { t: expected.t, s: [], v: [Number(held)] }
        : held;
    if (!array?.s) throw new Wrong(`${what}: expected ${expected.t}[${expected.s}], got ${shown(held)}`);
    const dtype = expected.t === "int64" && array.t === "int32" ? "int64" : array.t;
    sameArray(what, expected, { ...array, t: dtype }, tolerance);
  }
}

function sameList(what: string, expected: Any[], held: Any, tolerance: Tolerance): void {
  const list =
    held?.v && held.s.length === 1 && expected.every((each) => typeof each === "number") ? Array.from(held.v) : held;
  if (!Array.isArray(list)) {
    if (expected.length !== 1) throw new Wrong(`${what}: expected ${expected.length} results, got ${shown(list)}`);
    same(what, expected[0], list, tolerance);
    return;
  }
  if (list.length !== expected.length)
    throw new Wrong(`${what}: expected ${expected.length} results, got ${list.length}`);
  for (const [i, each] of expected.entries()) same(`${what}.${i}`, each, list[i], tolerance);
}

function samePlaceholder(what: string, expected: Any, held: Any): void {
  if (typeof held !== "object" || held === null || !("kt" in held))
    throw new Wrong(`${what}: expected a placeholder, got ${shown(held)}`);
  const shape = (list: Any[]): string => list.map((each) => each ?? "None").join(", ");
  if (shape(expected.s) !== shape(held.s))
    throw new Wrong(`${what}: shape expected [${shape(expected.s)}] got [${shape(held.s)}]`);
  if (expected.kt !== held.kt) throw new Wrong(`${what}: dtype expected ${expected.kt} got ${held.kt}`);
}

/** Whether an argument holds an array, which tests give by position. */
export const holdsArray = (value: Any): boolean =>
  value !== null &&
  typeof value === "object" &&
  (isEncoded(value) || "kt" in value || (Array.isArray(value) && value.some(holdsArray)));
