// The programs of the gallery: the first ten losses of each are those of the Python beside it, from the same weights and batches.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expectClose } from "@facet/testing";
import { describe, expect, test } from "vitest";

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

  test.each(programs)("%s", async (name) => {
    const { train } = (await import(`${folder}${dialect}/${name}.ts`)) as {
      train: (steps: number, dropout?: number) => Promise<number[]>;
    };
    // Masks of dropout are each framework's own: the comparison is made without.
    expectClose(await train(10, 0), losses[name] as number[], { rtol: 1e-4, atol: 1e-6 });
  });
});
