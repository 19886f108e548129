// Every op under vmap against the loop it stands for: with all inputs mapped, and with each alone.
import * as F from "@facet/autograd";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { type GradientRow, gradientRows } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

const EXAMPLES = 3;

/** Values of each input for each example: drawn as the row says, clear of kinks. */
function drawn(row: GradientRow): Float32Array[][] {
  const random = createRandom(5);
  return row.shapes.map((shape, i) =>
    Array.from({ length: EXAMPLES }, () => row.values?.(random, shape, i) ?? random.uniform(shape)),
  );
}

const mapsOf = (count: number): boolean[][] => {
  const alone = Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => i === j));
  return count > 1 ? [new Array<boolean>(count).fill(true), ...alone] : alone;
};

const outputs = (y: F.Tensor): F.MappedResult<undefined> => ({ outputs: [y], axes: [0], rest: undefined });

for (const row of gradientRows) {
  describe(row.variant ? `${row.op} (${row.variant})` : row.op, () => {
    for (const mapped of mapsOf(row.shapes.length)) {
      const names = mapped.flatMap((is, i) => (is ? [i] : [])).join(", ");
      test(`values and gradients, input ${names} mapped`, async () => {
        const values = drawn(row);
        const example = (i: number, e: number): Float32Array => values[i]?.[mapped[i] ? e : 0] as Float32Array;
        const whole = row.shapes.map((shape, i) => {
          const all = values[i]?.flatMap((one) => [...one]) as number[];
          return mapped[i] ? F.fromData(all, [EXAMPLES, ...shape]) : F.fromData(example(i, 0), shape);
        });
        const axes = mapped.map((is) => (is ? 0 : undefined));
        const results = F.vmap(whole, axes, (inputs) => {
          const { result, gradients } = F.valueAndGradients(
            inputs,
            (given) => row.call(...given),
            (y) => F.sum(F.mul(y, F.square(y))),
          );
          return { outputs: [result, ...gradients], axes: [result, ...gradients].map(() => 0), rest: undefined };
        });
        const got = await Promise.all(results.outputs.map((output) => output.data()));
        for (let e = 0; e < EXAMPLES; e++) {
          const given = row.shapes.map((shape, i) => F.fromData(example(i, e), shape));
          const { result, gradients } = F.valueAndGradients(
            given,
            (own) => row.call(...own),
            (y) => F.sum(F.mul(y, F.square(y))),
          );
          for (const [k, one] of [result, ...gradients].entries()) {
            const want = await one.data();
            const own = got[k]?.slice(e * one.size, (e + 1) * one.size);
            expect(results.outputs[k]?.shape).toEqual([EXAMPLES, ...one.shape]);
            // Where the examples are taken one by one, gradients of what they share are added to zeros: -0 becomes 0.
            const plain = (of: ArrayLike<number> | undefined) => Array.from(of ?? [], (value) => value + 0);
            expect(plain(own), `${k === 0 ? "value" : `gradient ${k - 1}`} of example ${e}`).toEqual(plain(want));
          }
        }
      });
    }
  });
}

test("an output that no example changes", () => {
  expect(() => F.vmap([F.zeros([2])], [0], (x) => ({ ...outputs(x[0] as F.Tensor), axes: [undefined] }))).toThrow(
    /same for every/,
  );
});
