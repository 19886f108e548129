import { kernelTable } from "@facet/kernels-wgsl/table";
import { type Output, styled } from "./output.js";

/** Prints the kernels whose names contain `text`; with a text, their cases too. Returns the exit code: 1 when there is none. */
export function listKernels(output: Output, text: string): number {
  const found = kernelTable.filter(({ kernel }) => kernel.name.includes(text.toLowerCase()));
  if (found.length === 0) {
    output.error(`facet: no kernel has "${text}" in its name. \`facet kernels\` lists all ${kernelTable.length}.`);
    return 1;
  }
  const width = Math.max(...found.map(({ kernel }) => kernel.name.length)) + 2;
  for (const { kernel, cases } of found) {
    const variants = kernel.variants.map((variant) => variant.name).join(", ");
    const timed = cases.filter((testCase) => testCase.bench).length;
    const count = `${cases.length} ${cases.length === 1 ? "case" : "cases"}, ${timed} timed`;
    output.line(`${styled(output, "bold", kernel.name.padEnd(width))}${variants}  ${styled(output, "dim", count)}`);
    if (text === "") continue;
    for (const { name, bench } of cases) output.line(`  ${bench ? "timed " : "      "}${name}`);
  }
  return 0;
}
