import type { Any } from "../conformance/cases.js";

/** Numbers that JSON does not have are { f: "nan" }. */
export function revive(_: string, value: Any): Any {
  if (value === null || typeof value !== "object" || !("f" in value) || Object.keys(value).length !== 1) return value;
  return { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY, "-0": -0 }[
    value.f as string
  ];
}
