// facet census: how many public programs the dialects can express, and what stops the others. README.md tells more.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Counts, count, type Family, families, kinds, type Verdict, verdictsOf, wanted } from "./census.js";

const HELP = `Usage: facet census [torch|keras|jax] [options]

Says of public programs whether all names and keywords that they use are here and tested (default: of all three families).

  --missing NAME   the programs that use a name which lacks
  --programs       every program with what it lacks
  --top N          so many of the names that stop most programs (default 20)
  --plumbing       count what says on which device a program runs as lacking, too, in the list of names
  --json           print one JSON object instead of text
  --refresh        write the counts that the tests hold (test/census/counts.json)`;

const place = ({ program }: Verdict): string => `${program.repository} ${program.path}`;

function table(rows: readonly (readonly [Family, Counts])[]): string {
  const lines = [["", "programs", "expressible", "plumbing apart", "saving apart, too"]];
  for (const [family, each] of rows)
    lines.push([
      family,
      ...[each.programs, each.whole, each.withoutPlumbing, each.withoutPlumbingAndSaving].map(String),
    ]);
  return lines
    .map(([name, ...cells]) => `${(name as string).padEnd(6)}${cells.map((each) => each.padStart(19)).join("")}`)
    .join("\n");
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      missing: { type: "string" },
      programs: { type: "boolean" },
      plumbing: { type: "boolean" },
      top: { type: "string", default: "20" },
      json: { type: "boolean" },
      refresh: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const top = Number(values.top);
  const given = positionals as Family[];
  if (
    given.some((each) => !families.includes(each)) ||
    !Number.isInteger(top) ||
    (values.refresh && given.length > 0)
  ) {
    console.error(HELP);
    return 2;
  }
  const found = (given.length > 0 ? given : families).map((family) => ({ family, verdicts: verdictsOf(family) }));
  const counts = found.map(({ family, verdicts }) => [family, count(verdicts)] as const);
  if (values.refresh) {
    const text = JSON.stringify(Object.fromEntries(counts), null, 2);
    writeFileSync(fileURLToPath(new URL("counts.json", import.meta.url)), `${text}\n`);
  }
  if (values.json) {
    const whole = found.map(({ family, verdicts }) => [
      family,
      {
        counts: count(verdicts),
        wanted: wanted(verdicts),
        programs: verdicts.map(({ program: { repository, path }, lacks }) => ({ repository, path, lacks })),
      },
    ]);
    console.log(JSON.stringify(Object.fromEntries(whole), null, 1));
    return 0;
  }
  for (const { family, verdicts } of found) {
    if (values.missing !== undefined) {
      const name = values.missing;
      const users = verdicts.filter(({ lacks }) =>
        lacks.some((each) => each.name === name || each.name.startsWith(`${name}(`)),
      );
      for (const each of users) console.log(place(each));
      continue;
    }
    if (values.programs)
      for (const each of verdicts) {
        const lacks = each.lacks.map(({ name, why, kind }) => `${name} (${kind === "other" ? why : kind})`);
        console.log(`${place(each)}: ${lacks.length === 0 ? "expressible" : lacks.join(", ")}`);
      }
    const shown = wanted(verdicts).filter(({ kind }) => kind !== "plumbing" || values.plumbing);
    console.log(`${family}: what stops most (programs, those that it alone stops)`);
    for (const { name, why, kind, stops, alone } of shown.slice(0, top))
      console.log(
        `  ${`${stops}`.padStart(3)} ${`${alone}`.padStart(3)}  ${name}: ${why}${kind === kinds[0] ? "" : `, ${kind}`}`,
      );
  }
  if (values.missing === undefined) console.log(`\n${table(counts)}`);
  return 0;
}

process.exit(main());
