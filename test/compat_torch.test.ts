// packages/shims-torch/COMPAT.md against what the package exports.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const text = readFileSync(fileURLToPath(new URL("../packages/shims-torch/COMPAT.md", import.meta.url)), "utf8");

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

const { nn, optim, utils, autograd, torchvision } = torch;
const namespaces: Record<string, string[]> = {
  torch: Object.keys(torch),
  "torch.Tensor": [...members(torch.Tensor.prototype), "core"],
  "torch.nn": Object.keys(nn),
  "torch.nn.Module": members(nn.Module.prototype),
  "torch.nn.functional": Object.keys(nn.functional),
  "torch.nn.init": Object.keys(nn.init),
  "torch.nn.utils": Object.keys(nn.utils),
  "torch.optim": Object.keys(optim),
  "torch.autograd": Object.keys(autograd),
  "torch.utils.data": Object.keys(utils.data),
  "torch.torchvision.datasets": Object.keys(torchvision.datasets),
  "torch.torchvision.transforms": Object.keys(torchvision.transforms),
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
  test("has no export listed as absent; partial names say the difference", () => {
    for (const { name, status, difference } of listed) {
      expect(["supported", "partial", "absent"], name).toContain(status);
      if (status === "absent") expect(exported, name).not.toContain(name);
      if (status === "partial") expect(difference, name).not.toBe("");
    }
  });
});
