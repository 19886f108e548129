// Runs cases in a process of its own. Arguments: dialect, file of cases, name (empty for all), number of the first.
import { type Case, type Dialect, loadCases, nameOf } from "./cases.js";
import { serve } from "./forked.js";
import { judge, type Verdict } from "./verdict.js";

/** As many cases as a process runs: what it leaks goes with it. */
const MOST = 1500;

const [dialect, file, only, first] = process.argv.slice(2) as [Dialect, string, string, string];
const { run } = (await import(`./${dialect}.js`)) as { run: (each: Case) => Promise<Verdict> };
const cases = loadCases(file).filter((each) => only === "" || nameOf(dialect, each) === only);

let unhandled: unknown = null;
process.on("unhandledRejection", (error) => {
  unhandled = error;
});
await serve(Number(first), cases.length, MOST, async (at) => {
  const each = cases[at] as Case;
  const verdict = await run(each);
  // Rejections that nobody waits for come up when the event loop turns.
  if (at % 20 === 0) await new Promise((done) => setImmediate(done));
  const late = unhandled;
  unhandled = null;
  return late !== null && verdict.kind === "right" ? judge(late, each.err) : verdict;
});
