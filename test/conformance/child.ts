// Runs cases in a process of its own, from one on, and sends a verdict after each.
// Arguments: dialect, file of cases, index of the first, name (empty for all).
import { type Case, type Dialect, loadCases, nameOf } from "./cases.js";
import { judge, type Verdict } from "./verdict.js";

/** As many cases as a process runs: what it leaks goes with it. */
const MOST = 1500;

/** Ends with this code when there are more cases to come. */
const AGAIN = 7;

const [dialect, file, first, only] = process.argv.slice(2) as [Dialect, string, string, string?];
const { run } = (await import(`./${dialect}.js`)) as { run: (each: Case) => Promise<Verdict> };
const cases = loadCases(file).filter((each) => !only || nameOf(dialect, each) === only);
const send = (message: object): Promise<void> => new Promise((done) => process.send?.(message, () => done()));

let unhandled: unknown = null;
process.on("unhandledRejection", (error) => {
  unhandled = error;
});
await send({ ready: true });
const start = Number(first);
for (let at = start; at < Math.min(cases.length, start + MOST); at++) {
  const each = cases[at] as Case;
  let verdict = await run(each);
  // Rejections that nobody waits for come up when the event loop turns.
  if (at % 20 === 0) await new Promise((done) => setImmediate(done));
  if (unhandled !== null && verdict.kind === "right") verdict = judge(unhandled, each.err);
  unhandled = null;
  await send({ at, verdict });
}
process.exit(AGAIN);
