// packages/shims-keras/COMPAT.md against what the package exports.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as keras from "@facet/shims-keras";
import { describe, expect, test } from "vitest";

const text = readFileSync(fileURLToPath(new URL("../packages/shims-keras/COMPAT.md", import.meta.url)), "utf8");

interface Row {
  name: string;
  status: string;
  difference: string;
}

/** Rows of the tables by the heading above them. */
const sections = new Map<string, Row[]>();
let rows: Row[] = [];
for (const line of text.split("\n")) {
  const heading = /^## `(.+)`$/.exec(line);
  if (heading) {
    rows = [];
    sections.set(heading[1] as string, rows);
  }
  const cells = line.split("|").map((cell) => cell.trim());
  if (cells.length === 5 && cells[1] !== "name" && !/^-+$/.test(cells[1] as string)) {
    for (const name of (cells[1] as string).split(","))
      rows.push({ name: name.replaceAll("`", "").trim(), status: cells[2] as string, difference: cells[3] as string });
  }
}

/** Members that Facet's own packages use among themselves, and no user of Keras would look for. */
const INTERNAL = new Set([
  ...[
    "constructor",
    "toString",
    "__call__",
    "className",
    "inner",
    "run",
    "runAll",
    "connect",
    "addNode",
    "ensureBuilt",
  ],
  ...["expectRank", "expectAxis", "knownExtent", "setGraph", "graph", "isSequential", "summaryLayers"],
]);
const members = (target: { prototype: object }): string[] =>
  Object.getOwnPropertyNames(target.prototype).filter((name) => !INTERNAL.has(name));
const inherited = new Set(["call", "compute_output_shape", "output"]);

const namespaces: Record<string, string[]> = {
  keras: Object.keys(keras),
  "keras.Layer": [...members(keras.Layer), "call"],
  "keras.Model": members(keras.Model).filter((name) => !inherited.has(name)),
  "keras.Sequential": members(keras.Sequential),
  "keras.Tensor": members(keras.Tensor),
  "keras.NdArray": members(keras.NdArray),
};
for (const [name, value] of Object.entries(keras))
  if (typeof value === "object") namespaces[`keras.${name}`] = Object.keys(value);

test("COMPAT.md has a table for every namespace and no other", () => {
  expect([...sections.keys()].sort()).toEqual(Object.keys(namespaces).sort());
});

describe.each(Object.entries(namespaces))("%s", (namespace, exported) => {
  const listed = sections.get(namespace) ?? [];
  test("lists every export once, and nothing it does not have as supported or partial", () => {
    const present = listed.filter(({ status }) => status === "supported" || status === "partial");
    expect(present.map(({ name }) => name).sort()).toEqual([...exported].sort());
  });
  test("has no export listed as absent; partial names say the difference", () => {
    for (const { name, status, difference } of listed) {
      expect(["supported", "partial", "absent"], name).toContain(status);
      if (status === "absent") expect(exported, name).not.toContain(name);
      if (status === "partial") expect(difference, name).not.toBe("");
    }
  });
});
