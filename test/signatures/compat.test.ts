// COMPAT.md of each dialect is what scripts/compat.mjs makes of the exports, the originals' names and compat.json.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Only, signatures } from "@facet/dialect";
import { describe, expect, test } from "vitest";
// @ts-expect-error a script, without types
import { compat, dialects, exportedNames, onlyAtDefault, originalNames, table } from "../../scripts/compat.mjs";
import { roots } from "./exports.js";
import { type Dialect, loadSignatures } from "./golden.js";

type Row = readonly [status: string, names: string, words: string];
type Sections = Readonly<Record<string, { readonly rows?: readonly Row[] }>>;

describe.each(dialects as Dialect[])("%s", (dialect) => {
  const { sections, internal } = table(dialect) as { sections: Sections; internal: string[] };
  const patterns = internal.map((each) => new RegExp(each));
  const exported: Map<string, string[]> = exportedNames(roots[dialect], dialect, sections, (name: string) =>
    patterns.some((each) => each.test(name)),
  );

  test("COMPAT.md is fresh: node scripts/compat.mjs after a build writes it", () => {
    const path = fileURLToPath(new URL(`../../packages/shims-${dialect}/COMPAT.md`, import.meta.url));
    const made = compat({ dialect, exported, only: onlyAtDefault(signatures, Only) }) as string;
    expect(readFileSync(path, "utf8").split("\n")).toEqual(made.split("\n"));
  });

  test("every row of compat.json has a status and words, and tells of a name once", () => {
    for (const [namespace, { rows = [] }] of Object.entries(sections)) {
      for (const [status, , words] of rows) {
        expect(["supported", "partial", "absent"], namespace).toContain(status);
        expect(words, namespace).not.toBe("");
      }
      const names = rows.flatMap(([, list]) => list.split(" "));
      expect(names.length, namespace).toBe(new Set(names).size);
    }
  });

  test("what the original does not have is told of", () => {
    const original = loadSignatures(dialect).names;
    const silent: string[] = [];
    for (const [namespace, names] of exported) {
      const theirs = original[namespace];
      if (!theirs) continue;
      const told = new Set((sections[namespace]?.rows ?? []).flatMap(([, list]) => list.split(" ")));
      silent.push(
        ...names.filter((name) => !theirs.includes(name) && !told.has(name)).map((name) => `${namespace}.${name}`),
      );
    }
    expect(silent).toEqual([]);
  });
});

test("original_names.ts is fresh", () => {
  const path = fileURLToPath(new URL("../../packages/shims-torch/src/original_names.ts", import.meta.url));
  expect(readFileSync(path, "utf8")).toBe(originalNames());
});
