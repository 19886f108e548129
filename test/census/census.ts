// What programs use (facts_<family>.json) against what is here: README.md says what counts as present and as tested.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Only, signatures } from "@facet/dialect";
import * as flax from "@facet/shims-flax";
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import { loadCases, nameOf } from "../conformance/cases.js";

export const families = ["torch", "keras", "jax"] as const;
export type Family = (typeof families)[number];

/** A program and the public names that it uses, each with the keywords it gives them. */
export interface Program {
  readonly repository: string;
  readonly path: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
}

/** Kinds of what lacks: `plumbing` and `saving` are what the counts can leave apart. */
export const kinds = ["other", "plumbing", "saving"] as const;
export type Kind = (typeof kinds)[number];

export interface Lack {
  readonly name: string;
  readonly why: string;
  readonly kind: Kind;
}

export interface Verdict {
  readonly program: Program;
  readonly lacks: readonly Lack[];
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(at(path), "utf8"));

export const programsOf = (family: Family): Program[] => json(`facts_${family}.json`).programs;

// The packages by their names in Python.
const roots: Readonly<Record<string, object>> = {
  torch,
  torchvision: torch.torchvision,
  keras,
  jax,
  optax: jax.optax,
  flax,
};

/** Names that Python needs and JavaScript does not: what they say is said here without a name. */
const NEEDLESS: ReadonlySet<string> = new Set([
  // Every method of a linen module is compact (COMPAT.md of shims-flax).
  "flax.linen.compact",
]);

/** Names that say on what a program runs, and what it is told meanwhile. */
const PLUMBING =
  /^torch\.(accelerator|backends|cuda|mps|distributed|use_deterministic|set_default_device|get_default_device|set_float32_matmul|utils\.tensorboard)\b|^torch\.nn\.(DataParallel|parallel)|\.(cuda|is_cuda|pin_memory)$|^jax\.(devices|device_put|process_|local_device|device_count|config|debug|profiler|sharding|make_mesh|P$|distributed)|^jax\.Array\.(devices|sharding)|^flax\.metrics\.tensorboard|^keras\.(distribution|callbacks\.TensorBoard)/;

/** Names that write or read files of weights or models. */
const SAVING =
  /^torch\.(save|load|serialization|onnx|export|hub)\b|^keras\..*\b(load_weights|save_weights|save|load_model|save_model|export|ModelCheckpoint|BackupAndRestore)$|^keras\.saving\.|^flax\.training\.checkpoints\.|^flax\.serialization\.|^orbax\./;

export const kindOf = (name: string): Kind =>
  PLUMBING.test(name) ? "plumbing" : SAVING.test(name) ? "saving" : "other";

/** Whether the dialect exports it, or the class has the member, itself or from a class above. */
export function isExported(name: string): boolean {
  const [root, ...path] = name.split(".") as [string, ...string[]];
  let value: unknown = roots[root];
  for (const [place, key] of path.entries()) {
    if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
    if (key in value) {
      value = (value as Record<string, unknown>)[key];
      continue;
    }
    // Members of objects stand on the prototype, from where no name leads on.
    const prototype: unknown = typeof value === "function" ? value.prototype : undefined;
    return (
      typeof prototype === "object" &&
      prototype !== null &&
      key in prototype &&
      place === path.length - 1 &&
      !refuses(prototype, key)
    );
  }
  return true;
}

/** Whether a member only throws that it is absent (refuseAbsentMembers). */
function refuses(prototype: object, key: string): boolean {
  const owners: object[] = [];
  for (let each: object | null = prototype; each !== null; each = Object.getPrototypeOf(each)) owners.push(each);
  const holder = owners.find((each) => Object.hasOwn(each, key));
  const member = holder && Object.getOwnPropertyDescriptor(holder, key);
  if (member?.get === undefined) return false;
  return member.set !== undefined && /refuseAbsent/.test(member.get.toString());
}

/** Keywords that no form of the signature has, or takes at the default only. A name without a signature has no such. */
export function lackingKeywords(name: string, given: readonly string[]): string[] {
  const forms = signatures.get(name) ?? [];
  if (forms.length === 0) return [];
  const fits = (keyword: string): boolean =>
    forms.some(
      ({ parameters, aliases }) =>
        Object.hasOwn(aliases, keyword) ||
        parameters.some((each) => each.how === "keywords" || (each.name === keyword && !(each.rule instanceof Only))),
    );
  return given.filter((keyword) => !fits(keyword));
}

function* filesUnder(folder: string): Generator<string> {
  for (const each of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, each.name);
    if (each.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

const DIALECTS: Readonly<Record<Family, readonly string[]>> = {
  torch: ["torch"],
  keras: ["keras"],
  jax: ["jax", "flax"],
};

/** Words by which tests of a family's dialects call something: members, what is constructed, names in tables and of cases. */
const words = new Map<Family, Set<string>>();
export function testedWords(family: Family): ReadonlySet<string> {
  const made = words.get(family);
  if (made) return made;
  const found = new Set<string>();
  const folders = [...DIALECTS[family].map((each) => `../${each}`), `../../examples/gallery/${family}`, "../dialects"];
  const files = folders.flatMap((each) => {
    const folder = at(each);
    return [...filesUnder(folder)].filter((file) => file.endsWith(".ts"));
  });
  for (const file of files) {
    const text = readFileSync(file, "utf8").replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
    for (const [, word] of text.matchAll(/(?:\.|\bnew\s+)([A-Za-z_]\w*)/g)) found.add(word as string);
    for (const [, word] of text.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) found.add(word as string);
    // Rows of tables that say what is called.
    for (const [, path] of text.matchAll(/["'`]([A-Za-z_][\w.]*)["'`]/g))
      found.add((path as string).split(".").at(-1) as string);
    for (const [, key] of text.matchAll(/^\s*([A-Za-z_]\w*):/gm)) found.add(key as string);
  }
  for (const file of readdirSync(at("../goldens")).filter(
    (each) => each.endsWith(".json") && !each.startsWith("signatures"),
  ))
    for (const [, path] of readFileSync(at(`../goldens/${file}`), "utf8").matchAll(/"([A-Za-z_][\w.]*)"/g))
      found.add((path as string).split(".").at(-1) as string);
  for (const each of loadCases(at(`../conformance/short_${family}.jsonl.gz`)))
    for (const part of nameOf(family, each).split(".")) found.add(part);
  words.set(family, found);
  return found;
}

export function isTested(family: Family, name: string): boolean {
  return testedWords(family).has(name.split(".").at(-1) as string);
}

/** What of a program's names is not here, without a test, or called with a keyword that is not taken. */
export function judge(family: Family, program: Program): Verdict {
  const lacks: Lack[] = [];
  for (const [name, keywords] of Object.entries(program.names)) {
    if (NEEDLESS.has(name)) continue;
    const kind = kindOf(name);
    if (!isExported(name)) lacks.push({ name, why: "absent", kind });
    else if (!isTested(family, name)) lacks.push({ name, why: "no test calls it", kind });
    else
      for (const each of lackingKeywords(name, keywords))
        lacks.push({ name: `${name}(${each})`, why: "keyword", kind });
  }
  return { program, lacks };
}

export const verdictsOf = (family: Family): Verdict[] => programsOf(family).map((each) => judge(family, each));

export interface Counts {
  readonly programs: number;
  /** Nothing lacks. */
  readonly whole: number;
  /** Nothing lacks but what says on which device a program runs. */
  readonly withoutPlumbing: number;
  /** Nothing lacks but that, and the saving of files. */
  readonly withoutPlumbingAndSaving: number;
}

export function count(verdicts: readonly Verdict[]): Counts {
  const free = (...apart: Kind[]): number =>
    verdicts.filter(({ lacks }) => lacks.every(({ kind }) => apart.includes(kind))).length;
  return {
    programs: verdicts.length,
    whole: free(),
    withoutPlumbing: free("plumbing"),
    withoutPlumbingAndSaving: free("plumbing", "saving"),
  };
}

export interface Wanted {
  readonly name: string;
  readonly why: string;
  readonly kind: Kind;
  /** Programs that it stops, and those that it alone stops. */
  readonly stops: number;
  readonly alone: number;
}

/** What lacks, most wanted first. */
export function wanted(verdicts: readonly Verdict[]): Wanted[] {
  const found = new Map<string, { lack: Lack; stops: number; alone: number }>();
  for (const { lacks } of verdicts)
    for (const lack of lacks) {
      const entry = found.get(lack.name) ?? { lack, stops: 0, alone: 0 };
      found.set(lack.name, entry);
      entry.stops += 1;
      if (lacks.length === 1) entry.alone += 1;
    }
  return [...found.values()]
    .map(({ lack, stops, alone }) => ({ ...lack, stops, alone }))
    .sort((a, b) => b.stops - a.stops || b.alone - a.alone || (a.name < b.name ? -1 : 1));
}
