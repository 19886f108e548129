// Makes the short form that the suite runs: of every name its smallest cases, one that the original refuses among them.
//   node --import tsx test/conformance/shorten.ts FOLDER    (with <dialect>/cases.jsonl.gz)
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Case, dialects, loadCases, nameOf } from "./cases.js";

/** Bytes of each dialect's short form: together below a megabyte. */
const BUDGET = { torch: 500_000, keras: 320_000, jax: 160_000 };
/** Cases a name, and characters a case, at most. */
const [MOST, LONGEST] = [4, 12_000];

for (const dialect of dialects) {
  const by = new Map<string, { text: string; each: Case }[]>();
  for (const each of loadCases(`${process.argv[2]}/${dialect}/cases.jsonl.gz`)) {
    const text = JSON.stringify(each);
    if (text.length > LONGEST) continue;
    const name = nameOf(dialect, each);
    by.set(name, [...(by.get(name) ?? []), { text, each }]);
  }
  const ranked = [...by.values()].map((list) => {
    const sorted = list.sort((a, b) => a.text.length - b.text.length);
    const answered = sorted.filter(({ each }) => each.err === undefined);
    const refused = sorted.filter(({ each }) => each.err !== undefined);
    // The middle one has more to it than the smallest.
    const middle = answered[Math.floor(answered.length / 2)];
    return [...new Set([answered[0], refused[0], middle, ...answered])].filter((one) => one !== undefined);
  });
  const pack = (count: number): Buffer => {
    const lines = ranked.flatMap((list) => list.slice(0, count).map(({ text }) => text));
    // The header holds no time, so that the same cases are the same bytes.
    return gzipSync(`${lines.join("\n")}\n`, { level: 9 });
  };
  let packed = pack(1);
  for (let count = 2; count <= MOST; count++) {
    const more = pack(count);
    if (more.length <= BUDGET[dialect]) packed = more;
  }
  writeFileSync(fileURLToPath(new URL(`./short_${dialect}.jsonl.gz`, import.meta.url)), packed);
  console.log(`${dialect}: ${ranked.length} names, ${packed.length} bytes`);
}
