// What a value of the host was, to tell later whether it still is: numbers and text by value, containers by what they hold.

/** Containers inside containers beyond this depth are told apart by identity. */
const DEPTH = 4;

/** Text, numbers and the like; an object by identity, without keeping it alive; a container by its parts. */
export type Snapshot =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "object"; readonly object: WeakRef<object> }
  | { readonly kind: "list"; readonly parts: readonly Snapshot[] }
  | { readonly kind: "words"; readonly words: ArrayLike<number | bigint> }
  | { readonly kind: "entries"; readonly keys: readonly unknown[]; readonly parts: readonly Snapshot[] };

type Words = ArrayBufferView & ArrayLike<number> & { slice(): ArrayLike<number> };
const isWords = (value: object): value is Words => ArrayBuffer.isView(value) && !(value instanceof DataView);

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Keys and values of a container; undefined for everything else. */
function entriesOf(value: object): { keys: readonly unknown[]; values: readonly unknown[] } | undefined {
  if (value instanceof Map) return { keys: [...value.keys()], values: [...value.values()] };
  if (value instanceof Set) return { keys: [...value], values: [] };
  if (typeof value !== "function" && isPlain(value)) return { keys: Object.keys(value), values: Object.values(value) };
  return undefined;
}

export function snapshot(value: unknown, isObject: (value: object) => boolean = () => false, depth = DEPTH): Snapshot {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return { kind: "value", value };
  const identity: Snapshot = { kind: "object", object: new WeakRef(value) };
  if (depth === 0 || isObject(value)) return identity;
  const inner = (part: unknown): Snapshot => snapshot(part, isObject, depth - 1);
  if (Array.isArray(value)) return { kind: "list", parts: value.map(inner) };
  if (isWords(value)) return { kind: "words", words: value.slice() };
  const entries = entriesOf(value);
  return entries ? { kind: "entries", keys: entries.keys, parts: entries.values.map(inner) } : identity;
}

/** Whether `value` is what was noted. */
export function matches(noted: Snapshot, value: unknown): boolean {
  if (noted.kind === "value") return Object.is(noted.value, value);
  if (noted.kind === "object") return noted.object.deref() === value;
  if (value === null || typeof value !== "object") return false;
  if (noted.kind === "list")
    return (
      Array.isArray(value) &&
      value.length === noted.parts.length &&
      noted.parts.every((part, i) => matches(part, value[i]))
    );
  if (noted.kind === "words") {
    const { words } = noted;
    if (!isWords(value) || value.length !== words.length) return false;
    for (let i = 0; i < words.length; i++) if (!Object.is(value[i], words[i])) return false;
    return true;
  }
  const entries = entriesOf(value);
  return (
    entries?.keys.length === noted.keys.length &&
    noted.keys.every((key, i) => Object.is(key, entries.keys[i])) &&
    noted.parts.every((part, i) => matches(part, entries.values[i]))
  );
}

/** Whether nothing can change what was noted of the value without assigning another. */
export function isFixed(noted: Snapshot, value: unknown): boolean {
  if (noted.kind === "value" || noted.kind === "object") return true;
  if (noted.kind === "list")
    return Object.isFrozen(value) && noted.parts.every((part, i) => isFixed(part, (value as unknown[])[i]));
  if (noted.kind === "words" || value instanceof Map || value instanceof Set) return false;
  return (
    Object.isFrozen(value) &&
    noted.parts.every((part, i) => isFixed(part, (value as Record<string, unknown>)[noted.keys[i] as string]))
  );
}
