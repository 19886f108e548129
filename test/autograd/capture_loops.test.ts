// Scans in captured functions: one step in the plan, repeated, with the bits of eager steps.
import * as F from "@facet/autograd";
import { afterAll, describe, expect, test } from "vitest";
import { watchDevice } from "../../benchmarks/src/device_calls.js";

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

  test("gradients of states, rows and what steps use beside them", async () => {
    // Memory of each step: the state it begins with, a value of its own, its result; and a weight that it uses twice.
    const body =
      (u: F.Tensor): Body =>
      ([h, c], [x, y]) => {
        const inner = F.sigmoid(F.add(F.matmul(h as F.Tensor, u), x as F.Tensor));
        const next = F.tanh(F.mul(F.mul(inner, h as F.Tensor), F.matmul(inner, u)));
        return { carry: [next, F.add(c as F.Tensor, y as F.Tensor)], rows: [F.mul(next, c as F.Tensor), inner] };
      };
    const init = [random(20, 16, 4), random(21, 1)];
    const xs = [random(22, 9, 16, 4), random(23, 9, 1)];
    for (const reverse of [false, true])
      for (const [name, lossOf] of Object.entries<(step: F.Step) => F.Tensor>({
        carry: ({ carry }) => F.sum(F.square(carry[0] as F.Tensor)),
        "the other carry": ({ carry }) => F.sum(F.square(carry[1] as F.Tensor)),
        rows: ({ rows }) => F.sum(F.mul(rows[0] as F.Tensor, rows[1] as F.Tensor)),
        both: ({ carry, rows }) => F.add(F.sum(carry[0] as F.Tensor), F.sum(F.square(rows[0] as F.Tensor))),
      })) {
        const run = (...given: F.Tensor[]): F.Tensor[] => {
          const { result, gradients } = F.valueAndGradients(
            given,
            ([h, c, x, y, u]) =>
              // The weight is used before and after, too.
              F.mul(
                F.add(
                  lossOf(
                    F.scan(body(F.mul(u as F.Tensor, 2)), [h, c] as F.Tensor[], [x, y] as F.Tensor[], { reverse }),
                  ),
                  F.sum(u as F.Tensor),
                ),
                2,
              ),
            (loss) => loss,
          );
          return [result, ...gradients];
        };
        const captured = F.capture(run);
        for (let round = 0; round < 2; round++) {
          const given = [...init, ...xs, w].map((x) => F.add(x, round));
          expect([name, await bits(captured(...given))]).toEqual([name, await bits(run(...given))]);
        }
        const { calls = Infinity, copies = Infinity } = captured.plans[0] ?? {};
        expect(calls + copies).toBeLessThan(120);
        captured.dispose();
      }
  });

  test("gradients of gradients, derivatives forward, maps", async () => {
    const total = (x: F.Tensor): F.Tensor => {
      const body: Body = ([h], [row]) => {
        const next = F.sin(F.mul(F.add(h as F.Tensor, row as F.Tensor), row as F.Tensor));
        return { carry: [next], rows: [F.mul(next, h as F.Tensor)] };
      };
      const { carry, rows } = F.scan(body, [F.zeros(x.shape.slice(1))], [x]);
      return F.add(F.sum(carry[0] as F.Tensor), F.sum(rows[0] as F.Tensor));
    };
    const gradient =
      (f: (x: F.Tensor) => F.Tensor) =>
      (x: F.Tensor): F.Tensor =>
        F.valueAndGradients(
          [x],
          ([v]) => f(v as F.Tensor),
          (y) => y,
        ).gradients[0] as F.Tensor;
    const second = gradient((x) => F.sum(F.square(gradient(total)(x))));
    const forward = (x: F.Tensor): F.Tensor =>
      F.jvp(
        [x],
        [F.mul(x, 0.5)],
        ([v]) => [total(v as F.Tensor)],
        (all) => all,
      ).tangents[0] as F.Tensor;
    const mapped = (x: F.Tensor): F.Tensor =>
      F.vmap([x], [0], ([v]) => ({ outputs: [gradient(total)(v as F.Tensor)], axes: [0], rest: 0 }))
        .outputs[0] as F.Tensor;
    for (const [f, x] of [
      [second, random(24, 9, 3)],
      [forward, random(25, 9, 3)],
      [mapped, random(26, 2, 9, 3)],
    ] as const) {
      const captured = F.capture(f);
      expect(await bits([captured(x)])).toEqual(await bits([f(x)]));
      captured.dispose();
    }
    // Against the gradient's own differences.
    const at = random(24, 9, 3);
    const found = [...(await second(at).data())];
    const size = async (x: F.Tensor): Promise<number> =>
      (await F.sum(F.square(gradient(total)(x))).data())[0] as number;
    const step = 1e-2;
    const along = F.fromData(
      Array.from({ length: 27 }, (_, i) => Math.cos(i) * step),
      [9, 3],
    );
    const expected = ((await size(F.add(at, along))) - (await size(F.sub(at, along)))) / (2 * step);
    const given = found.reduce((sum, value, i) => sum + value * Math.cos(i), 0);
    // A second-order difference of float32 numbers.
    expect(Math.abs(given - expected)).toBeLessThan(2e-2 * Math.abs(expected));
  });

  test("bind groups: those of two steps, or of every step where few bindings may have offsets of their own", async () => {
    const { gpu } = F.device();
    const run = (x: F.Tensor): F.Tensor[] => {
      const body: Body = ([h], [row]) => {
        const next = F.add(F.mul(h as F.Tensor, 0.5), row as F.Tensor);
        return { carry: [next], rows: [F.mul(next, h as F.Tensor)] };
      };
      const { carry, rows } = F.scan(body, [F.zeros([64])], [x]);
      return [...carry, ...rows];
    };
    const x = random(29, 50, 64);
    const expected = await bits(run(x));
    const groupsOf = async (): Promise<number> => {
      const captured = F.capture(run);
      const watch = watchDevice(F.device());
      const found = await bits(captured(x));
      const { bindGroups } = watch.stop();
      expect(found).toEqual(expected);
      captured.dispose();
      return bindGroups;
    };
    expect(await groupsOf()).toBeLessThan(10);
    const { limits } = gpu;
    const few: Record<string, number> = { maxDynamicStorageBuffersPerPipelineLayout: 0 };
    for (const name in limits) few[name] ??= limits[name as keyof GPUSupportedLimits] as number;
    Object.defineProperty(gpu, "limits", { configurable: true, value: few });
    try {
      expect(await groupsOf()).toBeGreaterThan(50);
    } finally {
      Object.defineProperty(gpu, "limits", { configurable: true, value: limits });
    }
  });

  test("a loop that nobody needs is not taken", async () => {
    const captured = F.capture((x: F.Tensor) => {
      const { carry } = F.scan(
        ([h], [row]) => ({ carry: [F.mul(h as F.Tensor, row as F.Tensor)], rows: [h as F.Tensor] }),
        [F.ones([64])],
        [x],
      );
      return F.add(x, carry.length);
    });
    const x = random(28, 9, 64);
    expect(await bits([captured(x)])).toEqual(await bits([F.add(x, 1)]));
    expect(captured.plans[0]?.calls).toBe(1);
    captured.dispose();
  });

  test("memory of a gradient that was freed is not used again", () => {
    const x = F.variable(random(27, 9, 3));
    const { carry } = F.scan(
      ([h], [row]) => ({ carry: [F.mul(h as F.Tensor, row as F.Tensor)], rows: [] }),
      [F.ones([3])],
      [x],
    );
    const loss = F.sum(carry[0] as F.Tensor);
    F.gradients(loss, [x]);
    expect(() => F.gradients(loss, [x])).toThrow(/graph/);
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
