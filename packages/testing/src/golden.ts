import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array };

/** One array of a golden case, row-major. */
export type GoldenTensor = { readonly shape: readonly number[] } & (
  | { readonly dtype: "float32"; readonly data: Float32Array }
  | { readonly dtype: "int32"; readonly data: Int32Array }
  | { readonly dtype: "uint32"; readonly data: Uint32Array }
);

/** One configuration of one operation: its arguments and its arrays. */
export interface GoldenCase {
  readonly name: string;
  /** Arguments of the call, by the original framework's names. */
  // biome-ignore lint/suspicious/noExplicitAny: arbitrary JSON; each consumer knows the arguments of its operation.
  readonly params: Readonly<Record<string, any>>;
  /** Names of the arrays in the file's order. */
  readonly tensors: readonly string[];
  /** Whether the case has this array: an optional bias, a gradient that does not exist. */
  has(tensor: string): boolean;
  /** The array with this name. @throws Error naming file, case and what there is, if the case has none. */
  tensor(name: string): GoldenTensor;
  /** Its values as float32. @throws Error if the array is missing or of another dtype. */
  floats(name: string): Float32Array;
  /** Its values as int32. @throws Error if the array is missing or of another dtype. */
  ints(name: string): Int32Array;
  /** Its values as uint32. @throws Error if the array is missing or of another dtype. */
  words(name: string): Uint32Array;
}

export interface Golden {
  readonly name: string;
  /** Generator, versions and seeding, as written at the top of the file. */
  readonly header: Readonly<Record<string, unknown>>;
  readonly cases: readonly GoldenCase[];
  /** The case with this name. @throws Error naming file and case, if there is none. */
  case(name: string): GoldenCase;
}

const FOLDER = fileURLToPath(new URL("../../../test/goldens/", import.meta.url));

/**
 * Reads `<name>.json` of test/goldens. Its README.md describes files and format.
 *
 * @param folder Another folder to read from, ending in a separator.
 * @throws Error naming file, case and array, if the file is missing or malformed.
 */
export function loadGolden(name: string, folder = FOLDER): Golden {
  const path = `${folder}${name}.json`;
  const { cases, ...header } = JSON.parse(readFileSync(path, "utf8"));
  if (!Array.isArray(cases) || cases.length === 0) throw new Error(`${path}: no cases`);
  const list = cases.map((raw) => readCase(path, raw));
  const byName = new Map(list.map((entry) => [entry.name, entry]));
  if (byName.size !== list.length) throw new Error(`${path}: a case name is used twice`);
  return {
    name,
    header,
    cases: list,
    case(wanted) {
      const found = byName.get(wanted);
      if (found === undefined)
        throw new Error(`${path}: no case ${wanted}; there are ${[...byName.keys()].join(", ")}`);
      return found;
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: JSON before it is checked.
function readCase(path: string, raw: any): GoldenCase {
  const where = `${path}, case ${raw?.name}`;
  if (typeof raw?.name !== "string" || typeof raw.params !== "object" || typeof raw.tensors !== "object") {
    throw new Error(`${where}: name, params or tensors missing`);
  }
  const tensors = new Map(
    Object.entries(raw.tensors).map(([key, value]) => [key, readTensor(`${where}, ${key}`, value)]),
  );
  const tensor = (name: string) => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`${where}: no array ${name}; there are ${[...tensors.keys()].join(", ")}`);
    return found;
  };
  const wrongType = (name: string, dtype: string) =>
    new Error(`${where}, ${name}: ${tensor(name).dtype}, not ${dtype}`);
  return {
    name: raw.name,
    params: raw.params,
    tensors: [...tensors.keys()],
    has: (name) => tensors.has(name),
    tensor,
    floats(name) {
      const found = tensor(name);
      if (found.dtype !== "float32") throw wrongType(name, "float32");
      return found.data;
    },
    ints(name) {
      const found = tensor(name);
      if (found.dtype !== "int32") throw wrongType(name, "int32");
      return found.data;
    },
    words(name) {
      const found = tensor(name);
      if (found.dtype !== "uint32") throw wrongType(name, "uint32");
      return found.data;
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: JSON before it is checked.
function readTensor(where: string, raw: any): GoldenTensor {
  const { shape, dtype, data } = raw ?? {};
  if (!Array.isArray(shape) || typeof data !== "string") throw new Error(`${where}: shape or data missing`);
  const type = ARRAYS[dtype as keyof typeof ARRAYS];
  if (type === undefined) throw new Error(`${where}: dtype ${dtype}, expected ${Object.keys(ARRAYS).join(", ")}`);
  const bytes = Buffer.from(data, "base64");
  const size = shape.reduce((product: number, extent: number) => product * extent, 1);
  if (bytes.length !== 4 * size) {
    throw new Error(`${where}: ${bytes.length} bytes, shape [${shape.join(", ")}] needs ${4 * size}`);
  }
  // Files and every machine with WebGPU are little-endian. The copy gives the view its alignment.
  const values = new type(new Uint8Array(bytes).buffer);
  return { shape, dtype, data: values } as GoldenTensor;
}
