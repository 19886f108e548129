// Makes bad calls in a process of its own. Arguments: dialect, part of the names (empty for all), number of the first.
import type { Dialect } from "../conformance/cases.js";
import { serve } from "../conformance/forked.js";
import { type BadCall, badCalls, faultOf, stateFault } from "./bad_arguments.js";

const [dialect, only, first] = process.argv.slice(2) as [Dialect, string, string];
const calls = badCalls(dialect).filter(({ fn }) => fn.includes(only));

let late: string | undefined;
process.on("unhandledRejection", (error) => {
  late = `unhandled rejection: ${(error as Error)?.message ?? error}`;
});
await serve(Number(first), calls.length, 5000, async (at) => {
  const call = calls[at] as BadCall;
  let fault = await faultOf(dialect, call);
  if (calls[at + 1]?.fn !== call.fn) fault ??= await stateFault(dialect);
  if (at % 20 === 0) await new Promise((done) => setImmediate(done));
  fault ??= late;
  late = undefined;
  return fault ?? null;
});
