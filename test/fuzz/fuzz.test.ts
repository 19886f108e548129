// Random programs beside PyTorch (test/fuzz/short_torch.jsonl.gz): small ones of every area, run eagerly and compiled. New ones:
// npx facet fuzz torch --python PATH
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compilable, faultOf, opsOf } from "./compare.js";
import { known, reasonFor } from "./known.js";
import type { Program } from "./programs.js";
import { revive } from "./revive.js";

const at = (path: string): string => fileURLToPath(new URL(`./${path}`, import.meta.url));

const programs = gunzipSync(readFileSync(at("short_torch.jsonl.gz")))
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line, revive) as Program);

async function faults(compiled: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const program of programs) {
    if (compiled && !compilable(program)) continue;
    const fault = await faultOf(program, compiled);
    if (fault && !reasonFor(program, fault))
      found.push(`${program.id} ${program.area} | ${opsOf(program)} | ${fault.kind} | ${fault.text}`);
  }
  return found;
}

describe("torch", () => {
  test.each([false, true])("programs give what PyTorch gives, compiled: %s", async (compiled) => {
    expect(await faults(compiled)).toEqual([]);
  });

  test("a difference is seen", async () => {
    const program = programs.find(({ expect }) => expect.outs?.[0]?.t === "float32" && expect.outs[0].d !== "");
    const other = structuredClone(program) as Program;
    other.expect.outs[0].s = [...other.expect.outs[0].s, 7];
    expect((await faultOf(other, false))?.kind).toBe("shape");
  });
});

test("known differences have reasons", () => {
  for (const { reason } of known) expect(reason.length).toBeGreaterThan(20);
});
