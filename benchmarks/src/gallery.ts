// `facet gallery`: runs the programs of examples/gallery, holds their losses to the originals', and draws both into its README.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { drawLosses, type Losses } from "./gallery_chart.js";
import { openDocument } from "./page/write.js";
import { tableToMarkdown, tableToText } from "./table.js";

const HELP = `Usage: facet gallery [text] [options]

Trains the programs of examples/gallery, or those whose name has the text, for ten steps from the weights and on the batches of
the original beside each; prints how far their losses are from its, and draws both. A run of all writes the table of the README anew.

Options
  -h, --help    print this`;

const folder = fileURLToPath(new URL("../../examples/gallery/", import.meta.url));
const DIALECTS = ["torch", "keras", "jax"] as const;
/** As many as run.py takes. */
const STEPS = 10;
const START = "<!-- charts: written by `npx facet gallery` -->";
const END = "<!-- end of charts -->";

interface Row {
  name: string;
  losses: Losses;
  /** Largest difference of a loss to the original's, over the original's. */
  difference: number;
}

/** Programs as `dialect/name`, in the order of the README. */
function programs(text: string): string[] {
  const all = DIALECTS.flatMap((dialect) =>
    readdirSync(`${folder}${dialect}`).flatMap((file) =>
      /^(?!start).*\.ts$/.test(file) ? [`${dialect}/${file.slice(0, -3)}`] : [],
    ),
  );
  return all.filter((name) => name.includes(text));
}

async function runProgram(name: string): Promise<Row> {
  const [dialect, program] = name.split("/") as [string, string];
  const stored = JSON.parse(readFileSync(`${folder}${dialect}/losses.json`, "utf8")) as {
    losses: Record<string, number[]>;
  };
  const original = stored.losses[program];
  if (!original) throw new Error(`${name}: losses.json has none of it; write it anew by examples/gallery/run.py`);
  const { train } = (await import(`${folder}${name}.ts`)) as {
    train: (steps: number, dropout?: number) => Promise<number[]>;
  };
  // Masks of dropout are each framework's own.
  const facet = await train(STEPS, 0);
  if (facet.length !== original.length)
    throw new Error(`${name}: expected ${original.length} losses, as the original has, got ${facet.length}`);
  const differences = original.map((loss, i) => Math.abs((facet[i] as number) - loss) / Math.abs(loss));
  return { name, losses: { facet, original }, difference: Math.max(...differences) };
}

const tableOf = (rows: readonly Row[]) => ({
  title: "Losses",
  note: "The largest difference of a loss of the first ten steps to that of the real framework, over the latter; first and last loss.",
  head: ["program", "difference", "first loss", "last loss"],
  words: 1,
  rows: rows.map(({ name, losses: { facet }, difference }) => [
    name,
    difference.toExponential(1),
    (facet[0] as number).toPrecision(4),
    (facet.at(-1) as number).toPrecision(4),
  ]),
});

const chartOf = (name: string): string => `charts/${name.replace("/", "_")}.svg`;

function writeReadme(rows: readonly Row[]): void {
  const file = `${folder}README.md`;
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(START), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${file}: expected the lines ${START} and ${END}`);
  const pictures = rows.map(({ name }) => `[![Losses of ${name}](${chartOf(name)})](${name}.ts)`);
  const written = `${START}\n\n${tableToMarkdown(tableOf(rows))}\n\n${pictures.join("\n")}\n\n`;
  writeFileSync(file, text.slice(0, from) + written + text.slice(to));
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const names = programs(positionals[0] ?? "");
  if (positionals.length > 1 || names.length === 0) {
    console.error(names.length === 0 ? `facet gallery: no program has "${positionals[0]}"` : HELP);
    return 2;
  }
  const document = await openDocument();
  if (!document) throw new Error("facet gallery: charts need jsdom, which is not installed");
  mkdirSync(`${folder}charts`, { recursive: true });
  const rows: Row[] = [];
  for (const [i, name] of names.entries()) {
    process.stderr.write(`${i + 1}/${names.length} ${name}\n`);
    const row = await runProgram(name);
    writeFileSync(`${folder}${chartOf(name)}`, drawLosses(document, name, row.losses));
    rows.push(row);
  }
  console.log(tableToText(tableOf(rows)));
  if (positionals.length === 0) writeReadme(rows);
  return 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  return error instanceof TypeError && "code" in error ? 2 : 1;
});
