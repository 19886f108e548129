// All bad calls of a dialect, as `facet fuzz NAME --arguments` makes them.
import { fileURLToPath } from "node:url";
import type { Dialect } from "../conformance/cases.js";
import { forked } from "../conformance/forked.js";
import { badCalls } from "./bad_arguments.js";

/** Prints the faults by function, `show` of each; returns the exit code. */
export async function runBadArguments(dialect: Dialect, only: string, show: number): Promise<number> {
  const calls = badCalls(dialect).filter(({ fn }) => fn.includes(only));
  const found = await forked<string | null>({
    program: fileURLToPath(new URL("./bad_child.ts", import.meta.url)),
    args: [dialect, only],
    total: calls.length,
    seconds: 40,
    crashed: (how) => `the process ends: ${how}`,
  });
  const faults = new Map<string, string[]>();
  for (const [at, fault] of found.entries()) {
    const { fn, text } = calls[at] as (typeof calls)[number];
    if (fault) faults.set(fn, [...(faults.get(fn) ?? []), `${text}: ${fault}`]);
  }
  for (const [fn, list] of faults) {
    console.log(`${fn}: ${list.length}`);
    for (const each of list.slice(0, show)) console.log(`    ${each}`);
  }
  const functions = new Set(calls.map(({ fn }) => fn)).size;
  const count = [...faults.values()].reduce((total, list) => total + list.length, 0);
  console.log(
    `\n${dialect}: ${calls.length} bad calls of ${functions} functions; ${count} faults in ${faults.size} of them`,
  );
  return count > 0 ? 1 : 0;
}
