// How Python writes values, for printed modules, optimisers and error texts.

/** A value as Python's repr gives it. Whole numbers are written as int; use pythonFloat where Python has a float. */
export function pythonRepr(value: unknown): string {
  if (value === undefined || value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return Number.isInteger(value) ? `${value}` : pythonFloat(value);
  if (typeof value === "string") return `'${value}'`;
  if (Array.isArray(value))
    return value.length === 1 ? `(${pythonRepr(value[0])},)` : `(${value.map(pythonRepr).join(", ")})`;
  if (typeof value === "function" && Object.getPrototypeOf(value) === Function.prototype)
    return `<function ${value.name || "<lambda>"}>`;
  return String(value);
}

/** A float as Python's repr gives it: 1.0, 0.01, 1e-05, 1e+16, nan, inf. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return Object.is(value, -0) ? "-0.0" : `${value}.0`;
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-4 && magnitude < 1e16) return `${value}`;
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** A shape as error texts write it: [2, 3]. */
export const sizeText = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
