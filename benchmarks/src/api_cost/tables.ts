import type { Table } from "../table.js";
import { concepts } from "./concepts.js";
import { mistaken, mistakes } from "./mistakes.js";
import type { Verdict } from "./mutants.js";
import type { ProgramText } from "./text.js";

/** What speaking each API costs. */
export interface ApiCost {
  texts: ProgramText[];
  /** Absent where there was no time to compile and to run them. */
  verdicts?: Verdict[];
}

export function apiCostTables({ texts, verdicts }: ApiCost): Table[] {
  return [writingTable(texts), conceptTable(texts), ...(verdicts ? [mistakeTable(verdicts, texts)] : [])];
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

/** In words for a reader: "no effect" where a mistake changed nothing that could be seen. */
export const noticed = ({ by, sameResult }: Verdict): string =>
  by === "impossible" ? "-" : by === "nobody" ? (sameResult ? "no effect" : "nobody") : by;

function mistakeTable(verdicts: readonly Verdict[], texts: readonly ProgramText[]): Table {
  const of = (id: string, program: string): Verdict =>
    verdicts.find((verdict) => verdict.mistake === id && verdict.program === program) as Verdict;
  const count = (program: string, word: string): number =>
    verdicts.filter((verdict) => verdict.program === program && noticed(verdict) === word).length;
  const title = (program: string): string =>
    texts.find((text) => text.program === `mnist_cnn/${program}`)?.title ?? program;
  return {
    title: "What an API costs: mistakes",
    note:
      "Who notices a mistake planted into a program: the compiler, else the library when it runs, which takes three steps, else nobody. " +
      `"no effect": losses and accuracy keep their bits. "-": the program has nothing to be mistaken in.`,
    head: ["mistake", ...mistaken.map(title)],
    words: 1,
    rows: [
      ...mistakes.map(({ id, title }) => [title, ...mistaken.map((program) => noticed(of(id, program)))]),
      ...Object.entries({ compiler: "the compiler", run: "the library when it runs", nobody: "nobody" }).map(
        ([who, name]) => [`all: noticed by ${name}`, ...mistaken.map((program) => `${count(program, who)}`)],
      ),
    ],
  };
}
