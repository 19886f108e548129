import { articlePrograms } from "@facet/examples/articles";
import type { ExperimentProgram } from "../src/experiments/experiment.js";

/** A program of examples/articles. `key` is "<network>/<program>"; the latter names it in the experiment. `mistake`: see ExperimentProgram. */
export function article(key: string, title: string, mistake?: string): ExperimentProgram {
  const program = articlePrograms[key];
  if (program === undefined) throw new Error(`no program of the articles is called ${key}`);
  return { name: key.slice(key.indexOf("/") + 1), title, load: program.load, ...(mistake && { mistake }) };
}
