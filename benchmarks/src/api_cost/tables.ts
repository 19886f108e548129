import type { Table } from "../table.js";
import { concepts } from "./concepts.js";
import type { ProgramText } from "./text.js";

/** What speaking each API costs. */
export interface ApiCost {
  texts: ProgramText[];
}

export function apiCostTables({ texts }: ApiCost): Table[] {
  return [writingTable(texts), conceptTable(texts)];
}

function writingTable(texts: readonly ProgramText[]): Table {
  return {
    title: "What an API costs: in writing",
    note:
      "The programs of the articles as TypeScript's scanner and parser see them, what they have only to be run by an experiment left out. " +
      "Lines are neither blank nor only comment. Names are distinct names of the API, members of its values included; options are distinct " +
      "keywords handed to it; calls include those of what it gave. Python: lines of the original's program, which loads its data and prints.",
    head: ["network", "program", "lines", "tokens", "names", "options", "calls", "concepts", "Python lines"],
    words: 2,
    rows: texts.map((text) => [
      text.network,
      text.title,
      ...[text.lines, text.tokens, text.names.length, text.options.length, text.calls, text.concepts.length].map(
        String,
      ),
      `${text.pythonLines}`,
    ]),
  };
}

/** For the network that is written in every dialect. */
function conceptTable(texts: readonly ProgramText[]): Table {
  const compared = texts.filter(({ network }) => network === "mnist_cnn");
  const asked = concepts.filter(({ name }) => compared.some((text) => text.concepts.includes(name)));
  return {
    title: "What an API costs: what a reader must know",
    note: "Concepts of which the parser finds evidence in a program of the first network.",
    head: ["concept", "why", ...compared.map(({ title }) => title)],
    words: 2,
    rows: asked.map(({ name, why }) => [
      name,
      why,
      ...compared.map((text) => (text.concepts.includes(name) ? "x" : "")),
    ]),
  };
}
