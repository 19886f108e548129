// Sums over very many elements stay near the exact one: they are added in runs, and runs of runs. Equal elements are the worst
// case, as every addition to one long sum would round the same way.
import * as F from "@facet/autograd";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const N = 2 ** 20 + 3;
const tenths = new Float32Array(N).fill(0.1);
const exact = N * Math.fround(0.1);
const value = async (x: F.Tensor): Promise<number> => (await x.data())[0] as number;
/** Error of a sum in units of the last place of float32. */
const units = (given: number, wanted: number): number => Math.abs(given / wanted - 1) * 2 ** 23;

describe("a million tenths", () => {
  const rows: [name: string, f: (x: F.Tensor) => F.Tensor, wanted: number][] = [
    ["sum", (x) => F.sum(x), exact],
    ["sum of a column", (x) => F.sum(F.reshape(x, [N, 1]), { axes: 0 }), exact],
    ["mean", (x) => F.mean(x), Math.fround(0.1)],
    ["norm", (x) => F.norm(x), Math.sqrt(N) * Math.fround(0.1)],
    [
      "sum of four columns",
      (x) => F.sum(F.slice(F.reshape(F.slice(x, [0], [N - 3]), [-1, 4]), [0, 0], [(N - 3) / 4, 4]), { axes: 0 }),
      ((N - 3) / 4) * Math.fround(0.1),
    ],
  ];
  test.each(rows)("%s", async (_, f, wanted) => {
    expect(units(await value(f(F.fromData(tenths, [N]))), wanted)).toBeLessThan(3);
  });

  test("mean and sum of the cross entropy of as many rows", async () => {
    // One row's loss is what the kernel makes of it; the sum over equal rows is that times their number.
    const loss = (rows: number, reduction: "mean" | "sum") =>
      F.softmaxCrossEntropy(F.ones([rows, 2]), F.zeros([rows], "int32"), {
        labels: "index",
        reduction,
        labelSmoothing: 0,
      }).loss;
    const single = await value(loss(1, "mean"));
    expect(units(await value(loss(N, "mean")), single)).toBeLessThan(3);
    expect(units(await value(loss(N, "sum")), single * N)).toBeLessThan(3);
  });
});
