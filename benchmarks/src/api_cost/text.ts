// What a program costs to write and to read.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ArticleProgram, articlePrograms, type Dialect, type NetworkName } from "@facet/examples/articles";
import { concepts } from "./concepts.js";
import { apiNames } from "./names.js";
import { parseProgram } from "./program.js";

/** Counts of one program, what it has only to be run by an experiment left out. */
export interface TextCounts {
  /** Neither blank nor only comment. */
  lines: number;
  tokens: number;
  /** Distinct names of the API, written out: `keras.layers.Conv2D`, or `.fit` where it is read from a value. */
  names: string[];
  /** Distinct keywords handed to the API. */
  options: string[];
  /** Calls of the API, and of what it gave: `net(x)` is one. */
  calls: number;
  concepts: string[];
}

export interface ProgramText extends TextCounts {
  program: string;
  network: NetworkName;
  dialect: Dialect;
  title: string;
  /** Lines of the Python beside it, counted by the same rule; it loads its data and prints its results. */
  pythonLines: number;
}

/** Folder of the programs, which are read as they stand. */
export const articlesFolder = fileURLToPath(import.meta.resolve("@facet/examples/articles")).replace(/[^/\\]*$/, "");

export function countText(text: string, name?: string): TextCounts {
  const program = parseProgram(text, name);
  const found = apiNames(program);
  return {
    lines: program.lines,
    tokens: program.tokens.length,
    names: [...[...found.paths].sort(), ...[...found.members].sort().map((member) => `.${member}`)],
    options: [...found.options].sort(),
    calls: found.calls.length,
    concepts: concepts.filter((concept) => concept.found({ ...found, program })).map(({ name }) => name),
  };
}

/** Lines of Python that are neither blank nor comment nor part of a docstring, which is a string that stands alone. */
export function pythonLines(text: string): number {
  const code = text.replace(/^[ \t]*("""|''')[\s\S]*?\1[ \t]*$/gm, "");
  return code.split("\n").filter((line) => !/^\s*(#|$)/.test(line)).length;
}

/** Every program of the articles, in the order in which they are listed. */
export function measureTexts(): ProgramText[] {
  return Object.values(articlePrograms).map(({ file, network, dialect, title }: ArticleProgram) => {
    const read = (extension: string): string => readFileSync(`${articlesFolder}${file}.${extension}`, "utf8");
    const counts = countText(read("ts"), `${file}.ts`);
    return { program: file, network, dialect, title, ...counts, pythonLines: pythonLines(read("py")) };
  });
}
