// jax.debug: values printed, or handed to a function of the host, while a program runs.
import { ArgumentError } from "@facet/autograd";
import { any, arrayText, bool, define, func, read, show, string } from "@facet/dialect";
import { tree } from "./arguments.js";
import { JaxArray } from "./array.js";
import { emit, finished } from "./effects.js";
import { flatten, type PyTreeDef, unflatten } from "./tree/pytree.js";

type Piece = string | { readonly key: string | number; readonly spec: string };

/** A format of Python: text with {}, {0}, {name}, each with a format for numbers behind a colon. */
function piecesOf(fmt: string): Piece[] {
  const pieces: Piece[] = [];
  let next = 0;
  const pattern = /\{\{|\}\}|\{([^{}:!]*)(?:![rs])?(?::([^{}]*))?\}|[^{}]+/gy;
  let at = 0;
  for (let match = pattern.exec(fmt); match; match = pattern.exec(fmt)) {
    at = pattern.lastIndex;
    const [text, name, spec] = match;
    if (text === "{{" || text === "}}") pieces.push(text.slice(1));
    else if (!text.startsWith("{")) pieces.push(text);
    else
      pieces.push({
        key: name === "" || name === undefined ? next++ : /^\d+$/.test(name) ? Number(name) : name,
        spec: spec ?? "",
      });
  }
  if (at === fmt.length) return pieces;
  throw new ArgumentError({
    op: "debug.print",
    argument: "fmt",
    expected: "a format of Python, as 'x = {}'",
    given: show(fmt),
  });
}

function numberText(value: number, spec: string): string {
  const found = /^(?:(\d+))?(?:\.(\d+))?([feEgd]?)$/.exec(spec);
  if (!found)
    throw new ArgumentError({
      op: "debug.print",
      argument: "fmt",
      expected: "formats as .3f or .2e",
      given: show(spec),
    });
  const [, width, digits, kind] = found;
  const count = digits === undefined ? 6 : Number(digits);
  const text =
    kind === "f"
      ? value.toFixed(count)
      : kind === "e" || kind === "E"
        ? value.toExponential(count).replace(/e([+-])(\d)$/, "e$10$2")
        : digits !== undefined || kind === "g"
          ? String(Number(value.toPrecision(Math.max(1, count))))
          : String(value);
  return text.padStart(Number(width ?? 0));
}

/** The text of a tree whose arrays stand as texts. */
const nested = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(nested).join(", ")}]`;
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return String(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return String(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `'${key}': ${nested(part)}`)
    .join(", ")}}`;
};

/** Trees taken apart into arrays and the rest, to be put together when their values are there. */
function apart(value: unknown) {
  const [leaves, treedef] = flatten(value);
  const arrays = leaves.filter((leaf): leaf is JaxArray => leaf instanceof JaxArray);
  return { leaves, treedef, arrays };
}
function together(leaves: readonly unknown[], treedef: PyTreeDef, values: readonly unknown[]): unknown {
  let at = 0;
  return unflatten(
    treedef,
    leaves.map((leaf) => (leaf instanceof JaxArray ? values[at++] : leaf)),
  );
}

type Printed = (
  fmt: string,
  // biome-ignore lint/suspicious/noExplicitAny: values of the format, and by name in a last object.
  ...args: any[]
) => void;
const printed = (name: "print" | "log", write: (text: string) => void): Printed =>
  define(
    `jax.debug.${name}`,
    {
      fmt: string,
      "*args": any,
      ordered: bool.or(false),
      partitioned: bool.or(false),
      skip_format_check: bool.or(false),
      _use_logging: bool.or(name === "log"),
      "**kwargs": tree,
    },
    ({ fmt, args, kwargs }) => {
      const pieces = piecesOf(fmt);
      const given: Record<string | number, unknown> = {
        ...(kwargs as unknown as object),
        ...(args as unknown as object),
      };
      for (const piece of pieces)
        if (typeof piece !== "string" && !Object.hasOwn(given, piece.key))
          throw new ArgumentError({
            op: `debug.${name}`,
            argument: "fmt",
            expected: `names of what is given: ${Object.keys(given).join(", ") || "nothing"}`,
            given: show(piece.key),
          });
      const { leaves, treedef, arrays } = apart(
        pieces.map((piece) => (typeof piece === "string" ? null : given[piece.key])),
      );
      emit(`debug.${name}`, {
        tensors: arrays.map(({ core }) => core),
        start: async (values) => {
          const reads = await Promise.all(values.map((x) => read(x.core)));
          // A number by itself has a format; an array stands as it is printed.
          const shown = reads.map((x) =>
            x.shape.length === 0 && x.dtype !== "bool" ? Object(Number(x.at(0))) : undefined,
          );
          const texts = reads.map((x) => arrayText(x));
          const put = (each: readonly unknown[]) => together(leaves, treedef, each) as unknown[];
          const [plain, numbers] = [put(texts), put(shown.map((x, i) => x ?? texts[i]))];
          const parts = pieces.map((piece, i) => {
            if (typeof piece === "string") return piece;
            const value = numbers[i] instanceof Number ? Number(numbers[i]) : plain[i];
            return piece.spec !== "" && typeof value === "number" ? numberText(value, piece.spec) : nested(plain[i]);
          });
          return () => write(parts.join(""));
        },
      });
    },
  ) as Printed;

/**
 * Prints values where a program is, once they are there, in the order of the calls: `jax.debug.print("x = {x}", { x })`. In a jitted
 * function it prints at every run. `await jax.effects_barrier()` waits for it.
 */
export const print = printed("print", (text) => console.log(text));
/** As print, as a message. */
export const log = printed("log", (text) => console.info(text));

/**
 * Calls a function of the host with the values of its arguments: arrays whose values have been read, so that `await x.item()` in it
 * need not wait. Its result is dropped; one that is a promise is waited for.
 */
export const callback: (
  // biome-ignore lint/suspicious/noExplicitAny: whatever it is called with.
  callback: (...args: any[]) => unknown,
  ...args: unknown[]
) => void = define(
  "jax.debug.callback",
  { callback: func, "*args": any, ordered: bool.or(false), partitioned: bool.or(false), "**kwargs": tree },
  ({ callback, args, kwargs }) => {
    const options = kwargs as unknown as object;
    const all = [...(args as unknown as unknown[]), ...(Object.keys(options).length > 0 ? [options] : [])];
    const { leaves, treedef, arrays } = apart(all);
    emit("debug.callback", {
      tensors: arrays.map(({ core }) => core),
      start: async (values) => {
        await Promise.all(values.map((x) => x.core.data()));
        return async () => {
          await callback(...(together(leaves, treedef, values) as unknown[]));
        };
      },
    });
  },
) as never;

/** Waits until everything has been printed and called. Throws what a callback threw. */
export const effects_barrier: () => Promise<void> = define("jax.effects_barrier", {}, () => finished());
