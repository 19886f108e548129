// Bad arguments to every function, constructor and tensor method of the dialects, a few of the calls each, drawn by a seed that
// FACET_SEED sets. All calls: npx facet fuzz torch --arguments
import { ArgumentError } from "@facet/autograd";
import { createRandom } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { dialects } from "../conformance/cases.js";
import { type BadCall, badCalls, faultOf, stateFault } from "./bad_arguments.js";

/** Calls of each function. */
const EACH = 3;

const seed = Number(process.env.FACET_SEED ?? 10);

describe.each(dialects)("%s", (dialect) => {
  const random = createRandom(seed);
  const byFunction = new Map<string, BadCall[]>();
  for (const call of badCalls(dialect)) byFunction.set(call.fn, [...(byFunction.get(call.fn) ?? []), call]);

  test(`every answer is a value or a typed error, seed ${seed}`, async () => {
    const faults: string[] = [];
    let count = 0;
    for (const calls of byFunction.values()) {
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
});

test("an error without a type is a fault, a typed one is none", async () => {
  const throwing = (error: Error): BadCall => ({ text: "f()", fn: "f", run: () => Promise.reject(error) });
  expect(await faultOf("torch", throwing(new TypeError("x is undefined")))).toBe("TypeError: x is undefined");
  expect(await faultOf("torch", throwing(new ArgumentError({ op: "f", expected: "another" })))).toBeUndefined();
});
