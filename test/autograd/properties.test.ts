// Properties of ops over drawn shapes (0 and 1 among the extents), layouts, dtypes and special values, against plain loops.
// The seed is fixed and printed with what fails; FACET_SEED sets another.
import * as F from "@facet/autograd";
import { halfBits, halfValue } from "@facet/kernels-wgsl";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Expression, expressions } from "../../packages/kernels-wgsl/src/kernels/elementwise/expressions.js";

await F.startDevice();

const seed = Number(process.env.FACET_SEED ?? 10);

/** Drawn inputs of each property. */
const RUNS = 12;

const holds = <T>(drawn: fc.Arbitrary<T>, property: (given: T) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(drawn, property), { seed, numRuns: RUNS });

const extent = fc.constantFrom(0, 1, 1, 2, 3, 5);
const shapes = fc.array(extent, { maxLength: 4 });
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const DTYPES = { f32: "float32", i32: "int32", u32: "uint32" } as const;

/** What a dtype holds of a number; integers wrap. */
const ROUNDED: Readonly<Record<F.Dtype, (value: number) => number>> = {
  float32: Math.fround,
  float16: (value) => halfValue.f16(halfBits.f16(value)),
  bfloat16: (value) => halfValue.bf16(halfBits.bf16(value)),
  int32: (value) => value | 0,
  uint32: (value) => value >>> 0,
  bool: Number,
  uint8: (value) => value & 255,
};

/** Positions of all elements of a shape, row-major. */
function positions(shape: readonly number[]): number[][] {
  return Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const at: number[] = [];
    let rest = flat;
    for (const size of [...shape].reverse()) {
      at.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    return at;
  });
}

/** Where an element of a broadcast result lies in an operand. */
function flatIn(shape: readonly number[], at: readonly number[]): number {
  const own = at.slice(at.length - shape.length);
  return shape.reduce((flat, size, i) => flat * size + (size === 1 ? 0 : (own[i] as number)), 0);
}

function expectNear(given: ArrayLike<number>, expected: readonly number[], rtol: number, atol: number): void {
  expect(given.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    const own = given[i] as number;
    if (Object.is(own, value) || own === value || (Number.isNaN(own) && Number.isNaN(value))) continue;
    // WGSL lets a driver make a subnormal result 0.
    if (own === 0 && Math.abs(value) < 2 ** -126) continue;
    expect(Math.abs(own - value), `element ${i}: ${own}, expected ${value}`).toBeLessThanOrEqual(
      atol + rtol * Math.abs(value),
    );
  }
}

interface Operands {
  readonly shape: readonly number[];
  readonly operands: readonly { readonly shape: readonly number[]; readonly values: readonly number[] }[];
}

/** Nothing below this is drawn but 0: some references are good to 1e-18, and drivers may flush what is subnormal. */
const LEAST = 1e-10;
const float = (range: { min: number; max: number }): fc.Arbitrary<number> =>
  fc.float({ ...range, noNaN: true }).map((value) => (Math.abs(value) < LEAST ? 0 : value));

/** Operands that broadcast to one shape; values from an expression's domain, or the tuples that its edges name. */
function operandsOf({ arity, domain, edges = [] }: Expression, integer: boolean): fc.Arbitrary<Operands> {
  const drawn = Array.from({ length: arity }, (_, i) => {
    const [min, max] = domain?.[i] ?? [-4, 4];
    return integer
      ? fc.integer({ min: Math.ceil(min), max: Math.floor(max) })
      : float({ min: Math.fround(min), max: Math.fround(max) });
  });
  const plain = fc.tuple(...drawn) as fc.Arbitrary<number[]>;
  const tuple =
    integer || edges.length === 0
      ? plain
      : fc.oneof(plain, fc.constantFrom(...edges.map((each) => each.map(Math.fround))));
  return shapes.chain((shape) =>
    fc
      .tuple(
        fc.array(tuple, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }),
        fc.array(fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), {
          minLength: arity,
          maxLength: arity,
        }),
      )
      .map(([tuples, repeated]) => {
        // An operand is repeated along some axes: its values are then those of the first element along them.
        const own = (i: number): readonly number[] =>
          shape.map((size, d) => (arity > 1 && size > 0 && repeated[i]?.[d] ? 1 : size));
        const operands = Array.from({ length: arity }, (_, i) => {
          const small = own(i);
          const values = positions(small).map((at) => tuples[flatIn(shape, at)]?.[i] as number);
          return { shape: small, values };
        });
        const whole = shape.map((_, d) => (operands.every((each) => each.shape[d] === 1) ? 1 : (shape[d] as number)));
        return { shape: whole, operands };
      }),
  );
}

describe(`elementwise, seed ${seed}`, () => {
  const rows = (Object.entries(expressions) as [string, Expression][]).flatMap(([name, expression]) =>
    F.opTable.has(name) ? expression.dtypes.map((dtypes) => [name, dtypes.join(" "), expression] as const) : [],
  );

  test("the table holds most of the ops", () => {
    expect(rows.length).toBeGreaterThan(40);
  });

  test.each(rows)("%s of %s", async (name, dtypes, expression) => {
    const op = F.opTable.get(name) as F.AnyOp;
    const inputs = Object.keys(op.spec.vjp ?? {});
    const kinds = dtypes.split(" ") as (keyof typeof DTYPES)[];
    const [s0, s1] = expression.scalars ?? [0, 0];
    const { rtol, atol } = expression.tolerance ?? { rtol: 0, atol: 0 };
    const integer = kinds.some((each) => each !== "f32");
    await holds(operandsOf(expression, integer), async ({ shape, operands }) => {
      if (kinds.includes("u32") && operands.some(({ values }) => values.some((each) => each < 0))) return;
      const tensors = operands.map((each, i) => {
        const dtype = inputs[i] === "condition" ? "bool" : DTYPES[kinds[i] as "f32"];
        return F.fromData([...each.values], [...each.shape], dtype);
      });
      const y = op(Object.fromEntries(inputs.map((input, i) => [input, tensors[i]])), {
        s0,
        s1,
        scale: s0,
      }) as F.Tensor;
      expect(y.shape).toEqual(shape);
      const expected = positions(shape).map((at) => {
        const values = operands.map((each) => each.values[flatIn(each.shape, at)] as number);
        const value = expression.reference(...values, s0, s1);
        return ROUNDED[y.dtype](value);
      });
      expectNear((await y.data()) as ArrayLike<number>, expected, rtol, atol);
    });
  });
});

const numbers = fc.oneof(
  float({ min: -4, max: 4 }),
  fc.constantFrom(0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const finite = float({ min: -4, max: 4 });
const arrays = (value: fc.Arbitrary<number>): fc.Arbitrary<{ shape: number[]; values: number[] }> =>
  shapes.chain((shape) =>
    fc.array(value, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((values) => ({ shape, values })),
  );

/** Greatest and least as numpy has them: NaN where there is one. */
const extreme = (better: (a: number, b: number) => number) => (values: readonly number[]) =>
  values.some(Number.isNaN) ? Number.NaN : values.reduce((a, b) => better(a, b));

describe(`reductions, seed ${seed}`, () => {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const rows: [
    string,
    (x: F.Tensor, options: F.ReduceOptions) => F.Tensor,
    (values: readonly number[]) => number,
    boolean,
  ][] = [
    ["sum", F.sum, sum, false],
    ["mean", F.mean, (values) => sum(values) / values.length, false],
    ["max", F.max, extreme(Math.max), true],
    ["min", F.min, extreme(Math.min), true],
  ];

  test.each(rows)("%s over any axes", async (_, reduce, reference, refusesEmpty) => {
    const drawn = fc.tuple(arrays(numbers), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.boolean());
    await holds(drawn, async ([{ shape, values }, over, keepdims]) => {
      const axes = shape.flatMap((_, d) => (over[d] ? [d] : []));
      const reduced = axes.map((axis) => shape[axis] as number);
      const kept = shape.map((size, d) => (axes.includes(d) ? 1 : size));
      const x = F.fromData(values, shape);
      if (refusesEmpty && sizeOf(reduced) === 0) {
        expect(() => reduce(x, { axes, keepdims })).toThrow(F.FacetError);
        return;
      }
      const y = reduce(x, { axes, keepdims });
      expect(y.shape).toEqual(keepdims ? kept : shape.filter((_, d) => !axes.includes(d)));
      const groups = new Map(positions(kept).map((at) => [`${at}`, [] as number[]]));
      for (const [i, at] of positions(shape).entries())
        groups.get(`${at.map((each, d) => (axes.includes(d) ? 0 : each))}`)?.push(values[i] as number);
      expectNear((await y.data()) as ArrayLike<number>, [...groups.values()].map(reference), 1e-6, 2e-5);
    });
  });
});

describe(`shapes, seed ${seed}`, () => {
  const withOrder = arrays(numbers).chain((array) =>
    fc
      .shuffledSubarray(
        array.shape.map((_, d) => d),
        { minLength: array.shape.length },
      )
      .map((order) => ({ ...array, order })),
  );

  test("an op of a permuted tensor is the permuted op's, to the bit", async () => {
    await holds(withOrder, async ({ shape, values, order }) => {
      const x = F.fromData(values, shape);
      const [first, then] = [F.neg(F.transpose(x, order)), F.transpose(F.neg(x), order)];
      expect(first.shape).toEqual(order.map((d) => shape[d]));
      expect(await first.data()).toEqual(await then.data());
    });
  });

  test("permuting there and back, flipping twice and reshaping give the same bits", async () => {
    await holds(withOrder, async ({ shape, values, order }) => {
      const x = F.fromData(values, shape);
      const back = order.map((_, d) => order.indexOf(d));
      const same = [
        F.transpose(F.transpose(x, order), back),
        F.flip(F.flip(x, order), order),
        F.reshape(F.reshape(x, [-1]), shape),
      ];
      const expected = await x.data();
      for (const y of sizeOf(shape) === 0 ? same.slice(0, 2) : same) {
        expect(y.shape).toEqual(shape);
        expect(await y.data()).toEqual(expected);
      }
    });
  });

  test("parts that are put together again are the whole, to the bit, and gradients go to their places", async () => {
    const drawn = arrays(finite).filter(({ shape }) => shape.length > 0);
    await holds(fc.tuple(drawn, fc.nat(), fc.nat()), async ([{ shape, values }, a, b]) => {
      const [axis, size] = [a % shape.length, shape[a % shape.length] as number];
      const cut = b % (size + 1);
      const x = F.variable(F.fromData(values, shape));
      const part = (from: number, to: number): F.Tensor => F.sliceAlong(x, axis, from, to);
      const whole = F.concat([part(0, cut), part(cut, size)], axis);
      expect(whole.shape).toEqual(shape);
      expect(await whole.data()).toEqual(await x.data());
      const [dx] = F.gradients(F.sum(F.mul(whole, whole)), [x]) as [F.Tensor];
      expect(dx.shape).toEqual(shape);
      expectNear(
        (await dx.data()) as ArrayLike<number>,
        values.map((each) => 2 * each),
        1e-6,
        0,
      );
    });
  });
});

describe(`matmul, seed ${seed}`, () => {
  test("of any extents, with batches that broadcast", async () => {
    const drawn = fc
      .tuple(extent, extent, extent, fc.array(fc.constantFrom(1, 2, 3), { maxLength: 2 }), fc.boolean())
      .chain(([m, k, n, batch, shared]) => {
        const [a, b] = [
          [...batch, m, k],
          [...(shared ? [] : batch), k, n],
        ];
        const list = (shape: readonly number[]): fc.Arbitrary<number[]> =>
          fc.array(finite, { minLength: sizeOf(shape), maxLength: sizeOf(shape) });
        return fc.tuple(fc.constant({ m, k, n, batch, a, b }), list(a), list(b));
      });
    await holds(drawn, async ([{ m, k, n, batch, a, b }, x, w]) => {
      const y = F.matmul(F.fromData(x, a), F.fromData(w, b));
      expect(y.shape).toEqual([...batch, m, n]);
      const expected = positions(y.shape).map((at) => {
        const [row, column] = at.slice(-2) as [number, number];
        const [left, right] = [
          flatIn([...batch, m], at.slice(0, -1)),
          flatIn(b.slice(0, -2), at.slice(0, b.length - 2)),
        ];
        let total = 0;
        for (let i = 0; i < k; i++) total += (x[left * k + i] as number) * (w[(right * k + i) * n + column] as number);
        return row < m ? total : Number.NaN;
      });
      expectNear((await y.data()) as ArrayLike<number>, expected, 1e-5, 1e-5);
    });
  });
});
