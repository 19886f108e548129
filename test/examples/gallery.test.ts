// The programs of the gallery: the first ten losses of each are those of the Python beside it, from the same weights and batches.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expectClose } from "@facet/testing";
import { describe, expect, test } from "vitest";

const RTOL = 1e-4;
const folder = fileURLToPath(new URL("../../examples/gallery/", import.meta.url));

describe.each(["torch", "keras", "jax"])("%s", (dialect) => {
  const { losses } = JSON.parse(readFileSync(`${folder}${dialect}/losses.json`, "utf8")) as {
    losses: Record<string, number[]>;
  };
  const files = readdirSync(`${folder}${dialect}`);
  const programs = files.flatMap((file) => (/^(?!start).*\.ts$/.test(file) ? [file.slice(0, -3)] : []));

  test("every program has the Python it came from, and its losses", () => {
    expect(files.filter((file) => /^(?!start).*\.py$/.test(file))).toEqual(programs.map((name) => `${name}.py`));
    expect(Object.keys(losses)).toEqual(programs);
  });

  test.each(programs)("%s is told of, and drawn", (name) => {
    const readme = readFileSync(`${folder}README.md`, "utf8");
    expect(readme).toContain(`| [${dialect}/${name}](${dialect}/${name}.ts) |`);
    expect(readme).toContain(`\n| ${dialect}/${name} | `);
    expect(readme).toContain(`(charts/${dialect}_${name}.svg)`);
    const chart = readFileSync(`${folder}charts/${dialect}_${name}.svg`, "utf8");
    // A mark for each of the original's losses.
    expect(chart.match(/<g aria-label="dot"[^>]*>.*?<\/g>/s)?.[0].match(/<path /g)).toHaveLength(
      losses[name]?.length ?? 0,
    );
  });

  test.each(programs)("%s", async (name) => {
    const { train } = (await import(`${folder}${dialect}/${name}.ts`)) as {
      train: (steps: number, dropout?: number) => Promise<number[]>;
    };
    const expected = losses[name] as number[];
    // Losses that hardly move would hold to nothing.
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(10 * RTOL * Math.max(...expected));
    // Masks of dropout are each framework's own: the comparison is made without.
    expectClose(await train(10, 0), expected, { rtol: RTOL, atol: 1e-6 });
  });
});
