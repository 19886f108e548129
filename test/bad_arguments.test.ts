// Bad arguments to every function, constructor and tensor method of the dialects, a few of the calls each, drawn by a seed that
// FACET_SEED sets. All calls: npx facet fuzz torch --arguments
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ArgumentError } from "@facet/autograd";
import { createRandom } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { dialects } from "./conformance/cases.js";
import { type BadCall, badCalls, faultOf, stateFault } from "./fuzz/bad_arguments.js";

/** Calls of each function. */
const EACH = 3;

const seed = Number(process.env.FACET_SEED ?? 10);

/** Functions that do not answer all bad calls well yet: the list only gets shorter. */
const open = new Set(
  JSON.parse(readFileSync(fileURLToPath(new URL("./fuzz/open_arguments.json", import.meta.url)), "utf8")) as string[],
);

describe.each(dialects)("%s", (dialect) => {
  const random = createRandom(seed);
  const byFunction = new Map<string, BadCall[]>();
  for (const call of badCalls(dialect)) byFunction.set(call.fn, [...(byFunction.get(call.fn) ?? []), call]);

  test(`every answer is a value or a typed error, seed ${seed}`, async () => {
    const faults: string[] = [];
    let count = 0;
    for (const [fn, calls] of byFunction) {
      if (open.has(fn)) continue;
      for (const i of random.permutation(calls.length).slice(0, EACH)) {
        const call = calls[i] as BadCall;
        const fault = await faultOf(dialect, call);
        if (fault) faults.push(`${call.text}: ${fault}`);
        count++;
      }
    }
    const state = await stateFault(dialect);
    if (state) faults.push(state);
    console.log(`${dialect}: ${count} bad calls of ${byFunction.size} functions, seed ${seed}`);
    expect(faults).toEqual([]);
  });

  test("the list of what is open names functions that are there", () => {
    expect([...open].filter((fn) => fn.startsWith(`${dialect}.`) && !byFunction.has(fn))).toEqual([]);
  });
});

test("an error without a type is a fault, a typed one is none", async () => {
  const throwing = (error: Error): BadCall => ({ text: "f()", fn: "f", run: () => Promise.reject(error) });
  expect(await faultOf("torch", throwing(new TypeError("x is undefined")))).toBe("TypeError: x is undefined");
  expect(await faultOf("torch", throwing(new ArgumentError({ op: "f", expected: "another" })))).toBeUndefined();
});
