import { describe, expect, it } from "vitest";
import { generateDigits } from "./digits.js";
import { sha256 } from "./gzip.js";
import { loadDataset } from "./load.js";
import { createRandom } from "./random.js";

describe("generateDigits", () => {
  it("gives these bytes on every platform", async () => {
    const train = generateDigits({ count: 100 });
    const test = generateDigits({ split: "test", count: 100 });
    expect(await sha256(train.images)).toBe("14280aae0cbab701848fd89d80e1ac658a6bbadc246278dbca761324d18f80b9");
    expect(await sha256(train.labels)).toBe("99cd56d620cd42210d889042266512da20f7e8328fa8c54af3c1ee43275d1faf");
    expect(await sha256(test.images)).toBe("169c9c7cee7494fa40eff12a99015187aa29ddb97aae7ef0fa0a06385ab6727f");
  });

  it("gives the first images of more where fewer are asked for", () => {
    const few = generateDigits({ count: 20 });
    const more = generateDigits({ count: 50 });
    expect(few.images).toEqual(more.images.slice(0, 20 * 784));
    expect(few.labels).toEqual(more.labels.slice(0, 20));
  });

  it("gives other images for another seed and for the other split", () => {
    const images = [{}, { seed: 1 }, { split: "test" as const }].map((options) =>
      generateDigits({ ...options, count: 30 }).images.join(),
    );
    expect(new Set(images).size).toBe(3);
  });

  it("draws every digit about equally often, ink on a darker ground", () => {
    const { images, labels, count } = generateDigits({ count: 5000 });
    for (let digit = 0; digit < 10; digit++) {
      const share = labels.filter((label) => label === digit).length / count;
      expect(share).toBeGreaterThan(0.08);
      expect(share).toBeLessThan(0.12);
    }
    for (let n = 0; n < count; n++) {
      const sorted = images.slice(n * 784, (n + 1) * 784).sort();
      expect(sorted[392]).toBeLessThan(80);
      expect(sorted[783]! - sorted[392]!).toBeGreaterThan(70);
    }
    expect(images.reduce((low, value) => Math.min(low, value))).toBe(0);
    expect(images.reduce((high, value) => Math.max(high, value))).toBe(255);
  });

  it("refuses counts and seeds that are none", () => {
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => generateDigits({ count })).toThrow(
        `generateDigits: count: expected an integer of at least 1, got ${count}`,
      );
    }
    expect(() => generateDigits({ count: 1, seed: 0.5 })).toThrow(
      "generateDigits: seed: expected a 32-bit integer, got 0.5",
    );
  });
});

describe('loadDataset("digits")', () => {
  it("gives as many as asked, and says that they are generated", async () => {
    const digits = await loadDataset("digits", { limit: 12, testLimit: 5, layout: "NCHW" });
    expect(digits.train).toEqual({ ...generateDigits({ count: 12 }), layout: "NCHW" });
    expect(digits.test).toEqual({ ...generateDigits({ split: "test", count: 5 }), layout: "NCHW" });
    expect(digits.classes).toHaveLength(10);
    expect(digits.note).toContain("generated");
  });

  it("refuses limits beyond the set and layouts that are none", async () => {
    await expect(loadDataset("digits", { limit: 60_001 })).rejects.toThrow(
      "loadDataset: limit: expected an integer from 1 to 60000, got 60001",
    );
    await expect(loadDataset("digits", { testLimit: 0 })).rejects.toThrow(
      "loadDataset: testLimit: expected an integer from 1 to 10000, got 0",
    );
    await expect(loadDataset("digits", { layout: "NWHC" as "NHWC" })).rejects.toThrow("layout: expected NHWC or NCHW");
  });
});

describe("createRandom", () => {
  it("gives independent streams for neighbouring keys", () => {
    const first = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      for (let index = 0; index < 100; index++) first.add(createRandom(seed, 1, index).bits());
    }
    expect(first.size).toBe(1000);
  });

  it("covers its range evenly", () => {
    const random = createRandom(5, 1, 0);
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 8000; i++) counts[random.below(8)]!++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
    const values = Array.from({ length: 1000 }, () => random.uniform(-2, 3));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values)).toBeLessThan(3);
  });
});
