/** A value as it stands in error texts: short, and never an error itself. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "function":
      return className(value) ?? (value.name ? `function ${value.name}` : "a function");
    case "string":
      return JSON.stringify(short(value));
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : `${value}`;
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return String(value);
  }
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

const className = (value: unknown): string | undefined =>
  /^class\b/.test(Function.prototype.toString.call(value)) ? `class ${(value as { name: string }).name}` : undefined;

function showObject(value: object): string {
  const name = value.constructor?.name;
  if (ArrayBuffer.isView(value)) return `${name} of ${(value as unknown as { length: number }).length}`;
  if (Array.isArray(value) || name === "Object" || name === undefined) {
    try {
      const text = JSON.stringify(value, (_, part: unknown) =>
        typeof part === "number" && !Number.isFinite(part)
          ? `${part}`
          : typeof part === "bigint" || typeof part === "symbol" || typeof part === "function"
            ? show(part)
            : part,
      );
      return short(text);
    } catch {
      return Array.isArray(value) ? "a list that holds itself" : "an object that holds itself";
    }
  }
  const shape = (value as { shape?: unknown }).shape;
  if (Array.isArray(shape)) return `${name} of shape [${shape.join(", ")}]`;
  return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}
