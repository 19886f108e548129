// Scans in captured functions: one step in the plan, repeated, with the bits of eager steps.
import * as F from "@facet/autograd";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

type Tensors = readonly F.Tensor[];
type Body = (carry: Tensors, rows: Tensors) => F.Step;

const random = (seed: number, ...shape: number[]): F.Tensor => F.normal(F.keyFromSeed(seed), shape);
const bits = async (all: Tensors): Promise<number[][]> => {
  const values = await Promise.all(all.map((x) => x.data()));
  return values.map((x) => [...new Uint32Array(x.buffer, x.byteOffset, x.length)]);
};

interface Scan {
  readonly body: Body;
  readonly init: () => F.Tensor[];
  readonly xs: () => F.Tensor[];
  readonly options?: F.ScanOptions;
  /** Commands of one step, where they are looked at. */
  readonly commands?: number;
}

const w = F.unscoped(() => F.mul(random(1, 4, 4), 0.5));

/** Each has 9 or 10 steps. */
const scans: Record<string, Scan> = {
  "rows that lie where they can be bound": {
    body: ([h], [x]) => {
      const next = F.tanh(F.add(F.matmul(h as F.Tensor, w), x as F.Tensor));
      return { carry: [next], rows: [F.mul(next, 2)] };
    },
    init: () => [random(2, 16, 4)],
    xs: () => [random(3, 9, 16, 4)],
    commands: 3,
  },
  "rows that do not, and an even number of steps": {
    body: ([h], [x, y]) => {
      const next = F.add(F.mul(h as F.Tensor, 0.5), F.mul(x as F.Tensor, y as F.Tensor));
      return { carry: [next], rows: [next, F.sum(next)] };
    },
    init: () => [random(4, 3)],
    xs: () => [random(5, 10, 3), random(6, 10)],
  },
  "in reverse": {
    body: ([h], [x]) => ({ carry: [F.add(F.mul(h as F.Tensor, 0.5), x as F.Tensor)], rows: [h as F.Tensor] }),
    init: () => [random(7, 64)],
    xs: () => [random(8, 9, 64)],
    options: { reverse: true },
  },
  "states that change places, one that stays, one of integers": {
    body: ([a, b, c, n]) => ({
      carry: [b as F.Tensor, F.add(a as F.Tensor, b as F.Tensor), c as F.Tensor, F.add(n as F.Tensor, 1)],
      rows: [F.mul(a as F.Tensor, c as F.Tensor), n as F.Tensor],
    }),
    init: () => [random(9, 5), random(10, 5), random(11, 5), F.zeros([1], "int32")],
    xs: () => [],
    options: { length: 9 },
  },
  "rows as they were given": {
    body: (carry, [x]) => ({ carry, rows: [x as F.Tensor, w] }),
    init: () => [],
    xs: () => [random(12, 9, 2)],
  },
  "a scan in a scan": {
    body: ([h], [x]) => {
      const inner = F.scan(
        ([s], [v]) => ({ carry: [F.add(F.mul(s as F.Tensor, 0.5), v as F.Tensor)], rows: [] }),
        [h as F.Tensor],
        [x as F.Tensor],
      );
      return { carry: [inner.carry[0] as F.Tensor], rows: [] };
    },
    init: () => [random(13, 2)],
    xs: () => [random(14, 9, 9, 2)],
  },
};

describe("scans in plans", () => {
  test.each(Object.entries(scans))("%s", async (_, { body, init, xs, options = {}, commands }) => {
    const states = init().length;
    const run = (...given: F.Tensor[]): F.Tensor[] => {
      // Values of this function live beside the loop's.
      const before = given.map((x) => F.add(x, x.dtype === "int32" ? 1 : 0.25));
      const { carry, rows } = F.scan(body, before.slice(0, states), before.slice(states), options);
      return [...carry, ...rows].map((x) => F.add(x, x.dtype === "int32" ? 0 : 0.5));
    };
    const captured = F.capture(run);
    for (let round = 0; round < 3; round++) {
      const given = [...init(), ...xs()].map((x) => F.add(x, round));
      expect(await bits(captured(...given))).toEqual(await bits(run(...given)));
    }
    const [plan, ...others] = captured.plans;
    expect(others).toEqual([]);
    // Steps that stood apart would be many times as many.
    expect((plan?.calls ?? 0) + (plan?.copies ?? 0)).toBeLessThan(50);
    if (commands !== undefined) expect((plan?.calls ?? 0) + (plan?.copies ?? 0)).toBe(commands + 4);
    captured.dispose();
  });

  test("a number that changes from call to call", async () => {
    const run = (x: F.Tensor, factor: number): F.Tensor[] => {
      const step: Body = ([h], [row]) => ({
        carry: [F.add(F.mul(h as F.Tensor, factor), row as F.Tensor)],
        rows: [],
      });
      return [...F.scan(step, [F.zeros([64])], [x]).carry];
    };
    const captured = F.capture(run);
    const x = random(15, 9, 64);
    for (const factor of [0.5, 0.25, 0.125, 0.5])
      expect(await bits(captured(x, factor))).toEqual(await bits(run(x, factor)));
    expect(captured.plans).toHaveLength(1);
    captured.dispose();
  });

  test("an input that is given up lends its memory to no state", async () => {
    const run = (h: F.Tensor): F.Tensor[] => [
      ...F.scan(([s]) => ({ carry: [F.mul(s as F.Tensor, 1.5)], rows: [] }), [h], [], { length: 10 }).carry,
    ];
    const captured = F.capture(run, { donated: new Set([0]) });
    for (let round = 0; round < 3; round++)
      expect(await bits(captured(random(16, 64)))).toEqual(await bits(run(random(16, 64))));
    captured.dispose();
  });

  test("steps that draw, or leave something behind, stay apart", async () => {
    const left: F.Tensor[] = [];
    let draws = 0;
    const drawing: Body = ([h]) => ({
      carry: [
        F.add(
          h as F.Tensor,
          F.normal(
            F.drawnKey(() => F.foldIn([0, 7], draws++)),
            [64],
          ),
        ),
      ],
      rows: [],
    });
    const leaving: Body = ([h]) => {
      const next = F.mul(h as F.Tensor, 2);
      left.push(F.keep(F.add(next, 1)));
      return { carry: [next], rows: [] };
    };
    const loop = (body: Body) => (h: F.Tensor) => [...F.scan(body, [h], [], { length: 9 }).carry];
    const h = random(17, 64);
    const eager = await bits(loop(drawing)(h));
    draws = 0;
    const captured = F.capture(loop(drawing));
    expect(await bits(captured(h))).toEqual(eager);
    expect(draws).toBe(9);
    const kept = F.capture((x: F.Tensor) => {
      left.length = 0;
      return [...loop(leaving)(x), ...left];
    });
    expect(await bits(kept(h))).toHaveLength(10);
    for (const plan of [captured, kept]) plan.dispose();
  });
});
