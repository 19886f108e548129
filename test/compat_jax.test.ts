// packages/shims-jax/COMPAT.md against what the package exports.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";

const text = readFileSync(fileURLToPath(new URL("../packages/shims-jax/COMPAT.md", import.meta.url)), "utf8");

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

const members = (prototype: object): string[] =>
  Object.getOwnPropertyNames(prototype).filter((name) => !["constructor", "toString"].includes(name));
const arrayNames = [...members(jax.Array.prototype), "core"];

const namespaces: Record<string, string[]> = {
  jax: Object.keys(jax),
  "jax.Array": arrayNames,
  "jax.numpy": Object.keys(jax.numpy),
  "jax.lax": Object.keys(jax.lax),
  "jax.nn": Object.keys(jax.nn),
  "jax.nn.initializers": Object.keys(jax.nn.initializers),
  "jax.random": Object.keys(jax.random),
  "jax.tree_util": Object.keys(jax.tree_util),
  "jax.tree": Object.keys(jax.tree),
  "jax.example_libraries": Object.keys(jax.example_libraries),
  "jax.example_libraries.stax": Object.keys(jax.example_libraries.stax),
  "jax.example_libraries.optimizers": Object.keys(jax.example_libraries.optimizers),
  optax: Object.keys(jax.optax),
};

test("COMPAT.md has a table for every namespace and no other", () => {
  expect([...sections.keys()].sort()).toEqual(Object.keys(namespaces).sort());
});

describe.each(Object.entries(namespaces))("%s", (namespace, exported) => {
  const listed = sections.get(namespace) ?? [];
  test("lists every export once, and nothing it does not have as supported or partial", () => {
    const present = listed.filter(({ status }) => status === "supported" || status === "partial");
    expect(present.map(({ name }) => name).sort()).toEqual([...exported].sort());
  });
  test("has no export listed as absent; partial and absent names say the difference", () => {
    for (const { name, status, difference } of listed) {
      expect(["supported", "partial", "absent"], name).toContain(status);
      if (status === "absent") expect(exported, name).not.toContain(name);
      if (status === "partial") expect(difference, name).not.toBe("");
    }
  });
});
