import { FacetError } from "../errors.js";
import type { AnyKernel } from "../kernel.js";

/** What was measured for one shape class: the variant to take and every candidate's median in milliseconds. */
export interface TunedChoice {
  readonly variant: string;
  readonly ms: Readonly<Record<string, number>>;
}

/** Choices for one kernel by shape class, and the version of the kernel that they were measured with. */
export interface TunedKernel {
  readonly version: string;
  readonly choices: Readonly<Record<string, TunedChoice>>;
}

/** What tuning one adapter found, as it is stored. */
export interface TuningTable {
  readonly format: typeof FORMAT;
  readonly adapter: string;
  readonly driver: string;
  readonly date: string;
  readonly kernels: Readonly<Record<string, TunedKernel>>;
}

export const FORMAT = "facet-tuning-1";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The table in a text that was read from `origin`. Throws FacetError, naming it and what is wrong, when there is none. */
export function parseTable(text: string, origin: string): TuningTable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FacetError({ op: "tuning table", argument: origin, expected: "JSON", given: `${cause}`, cause });
  }
  return checkTable(value, origin);
}

/** Checks a value that came from `origin`. Throws FacetError, naming it and the field at fault, when it is no table. */
export function checkTable(value: unknown, origin: string): TuningTable {
  const refuse = (expected: string, given: unknown): never => {
    throw new FacetError({ op: "tuning table", argument: origin, expected, given: `${given}` });
  };
  if (!isRecord(value)) return refuse("an object", value);
  if (value.format !== FORMAT) return refuse(`format ${FORMAT}`, value.format);
  for (const field of ["adapter", "driver", "date"])
    if (typeof value[field] !== "string") return refuse(`a string in "${field}"`, typeof value[field]);
  if (!isRecord(value.kernels)) return refuse('an object in "kernels"', typeof value.kernels);
  for (const [name, kernel] of Object.entries(value.kernels)) {
    if (!isRecord(kernel) || typeof kernel.version !== "string" || !isRecord(kernel.choices))
      return refuse(`"version" and "choices" of kernel ${name}`, JSON.stringify(kernel));
    for (const [shapes, choice] of Object.entries(kernel.choices)) {
      if (!isRecord(choice) || typeof choice.variant !== "string" || !isRecord(choice.ms))
        return refuse(`"variant" and "ms" for ${name} ${shapes}`, JSON.stringify(choice));
    }
  }
  return value as unknown as TuningTable;
}

/** The table as text, one choice a line, so that changes can be read. */
export function formatTable(table: TuningTable): string {
  const quoted = JSON.stringify;
  const kernels = Object.entries(table.kernels).map(([name, { version, choices }]) => {
    const lines = Object.entries(choices).map(([shapes, choice]) => `        ${quoted(shapes)}: ${quoted(choice)}`);
    return `    ${quoted(name)}: {\n      "version": ${quoted(version)},\n      "choices": {\n${lines.join(",\n")}\n      }\n    }`;
  });
  const head = (["format", "adapter", "driver", "date"] as const).map(
    (field) => `  "${field}": ${quoted(table[field])},`,
  );
  return `{\n${head.join("\n")}\n  "kernels": {\n${kernels.join(",\n")}\n  }\n}\n`;
}

const versions = new WeakMap<AnyKernel, string>();

/** Hash of a kernel's shaders, bindings, params and variants: choices measured for another version are void. */
export function kernelVersion(kernel: AnyKernel): string {
  let version = versions.get(kernel);
  if (version === undefined) {
    const variants = kernel.variants.map(({ name, order, wgsl, constants }) => [name, order, wgsl, constants]);
    version = hash(
      JSON.stringify([kernel.name, kernel.wgsl, kernel.software, kernel.bindings, kernel.params, variants]),
    );
    versions.set(kernel, version);
  }
  return version;
}

/** FNV-1a, twice with different seeds: 16 hexadecimal digits. */
export function hash(text: string): string {
  return [0x811c9dc5, 0x9747b28c]
    .map((seed) => {
      let value = seed;
      for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
      return (value >>> 0).toString(16).padStart(8, "0");
    })
    .join("");
}

/**
 * Params that are alike for the purpose of tuning: integers up to 4 as they are, above by power of two and whether they
 * divide by four (`4x5` is a multiple of four from 4 * 2^5 on, `~7` another number from 2^7 on). Floats do not matter. The
 * variant that is taken without tuning stands first: it tells apart what strides and offsets allow.
 */
export function shapeClass(
  kernel: AnyKernel,
  untuned: string,
  params: Readonly<Record<string, number | readonly number[]>>,
): string {
  let text = untuned;
  for (const { name, type } of kernel.layout.fields) {
    if (type === "f32") continue;
    const value = params[name] as number | readonly number[];
    if (typeof value === "number") text += ` ${bucket(value)}`;
    else for (const part of value) text += ` ${bucket(part)}`;
  }
  return text;
}

function bucket(value: number): string {
  if (value <= 4) return `${Math.max(value, -1)}`;
  const power = 31 - Math.clz32(value);
  return value % 4 === 0 ? `4x${power - 2}` : `~${power}`;
}
