// Cases of the originals' own test suites, as the programs beside this file write them: one JSON object a line, gzipped.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

// biome-ignore lint/suspicious/noExplicitAny: a case holds whatever the original's tests give, and dialects are called by name.
export type Any = any;

export const dialects = ["torch", "keras", "jax"] as const;
export type Dialect = (typeof dialects)[number];

/** A case: what is called and how depends on its kind. `err` holds what the original says where it refuses. */
export interface Case {
  readonly k: string;
  readonly err?: string;
  readonly [key: string]: Any;
}

/** An array: dtype, shape, little-endian values in base64. int64 values are stored as float64. */
export interface Encoded {
  readonly t: string;
  readonly s: readonly number[];
  readonly d: string;
}

export function loadCases(file: string): Case[] {
  const text = gunzipSync(readFileSync(file)).toString().trim();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as Case);
}

type Values = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
const VIEWS: Record<string, new (buffer: ArrayBuffer) => Values> = {
  float32: Float32Array,
  float64: Float64Array,
  int64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
};

export function decode(encoded: Encoded): Values {
  const bytes = Buffer.from(encoded.d, "base64");
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return new (VIEWS[encoded.t] ?? Uint8Array)(own);
}

export const isEncoded = (value: Any): value is Encoded => value !== null && typeof value === "object" && "d" in value;

/** Numbers that JSON does not have are { f: "nan" }. */
export const special = (value: Any): Any =>
  value !== null && typeof value === "object" && "f" in value
    ? { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY }[value.f as string]
    : value;

/** The name under which a case is counted. */
export function nameOf(dialect: Dialect, each: Case): string {
  if (dialect !== "keras") return each.op as string;
  if (each.k === "sym" || each.k === "lsym") return `${each.fn} of placeholders`;
  return each.k === "config" ? `${each.fn} configuration` : (each.fn as string);
}

/** The part of the original that a name belongs to. */
export function areaOf(dialect: Dialect, each: Case): string {
  if (dialect === "torch") return { module: "modules", optim: "optimizers" }[each.k] ?? "functions";
  const name = (dialect === "jax" ? each.op : each.fn) as string;
  if (dialect === "keras") {
    const area = { config: "configurations", sym: "placeholders", lsym: "placeholders", model: "models" }[each.k];
    if (area !== undefined) return area;
    if (name.startsWith("ops.")) return "ops";
  }
  return name.split(".").slice(0, -1).join(".");
}

/** A case as a line of text: arrays by dtype and shape, small ones with their values. */
export function brief(each: Case): string {
  const { fn, op, cls, args, kw, call, steps, input, inputs, ckw, spec } = each;
  const text = JSON.stringify({ fn: fn ?? cls ?? op, args, kw, call, steps, input, inputs, ckw, spec }, (_, value) => {
    if (!isEncoded(value)) return value;
    const values = decode(value);
    const shown = values.length <= 8 ? `(${Array.from(values, (each) => +each.toPrecision(6))})` : "";
    return `${value.t}[${value.s}]${"g" in value && value.g ? "*" : ""}${shown}`;
  });
  return text.slice(0, 400);
}
