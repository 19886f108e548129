// Every block of TypeScript in docs/ runs, and prints what the lines below it that begin with //> say.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { describe, expect, test, vi } from "vitest";

const folder = fileURLToPath(new URL("../../docs/", import.meta.url));

type Run = (load: (name: string) => Promise<unknown>) => Promise<void>;
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (...parts: string[]) => Run;

interface Block {
  readonly title: string;
  readonly code: string;
}

/** Blocks of a page by the heading above them and their number. */
function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  for (const [, title, code] of page.matchAll(/^#+ (.+)$|^```ts\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else blocks.push({ title: `${heading}, block ${blocks.length + 1}`, code: code as string });
  }
  return blocks;
}

/** Runs a block, with its imports through `load`, and gives what it printed, a line each. */
async function run(code: string): Promise<string[]> {
  const loading = code.replace(
    /^import (?:\* as )?(\{[^}]*\}|\w+) from "([^"]+)";$/gm,
    (_, names: string, from: string) => `const ${names.replace(/\btype \w+,? ?/g, "")} = await load("${from}");`,
  );
  const { code: script } = await transform(`async () => {${loading}\n}`, { loader: "ts", target: "node20" });
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]): void => {
    printed.push(...values.map(String).join(" ").split("\n"));
  });
  try {
    await new AsyncFunction("load", `await (${script.replace(/;\s*$/, "")})();`)((name) => import(name));
  } finally {
    log.mockRestore();
  }
  return printed;
}

const expected = (code: string): string[] => [...code.matchAll(/^\s*\/\/> ?(.*)$/gm)].map(([, line]) => line as string);

const pages = readdirSync(folder).filter((file) => file.endsWith(".md"));

describe.each(pages)("%s", (page) => {
  const blocks = blocksOf(readFileSync(`${folder}${page}`, "utf8"));
  if (blocks.length === 0) test("has no blocks", () => expect(page).toBe("method.md"));
  test.each(blocks.map((block) => [block.title, block] as const))("%s", async (_, { code }) => {
    expect(await run(code)).toEqual(expected(code));
  });
});
