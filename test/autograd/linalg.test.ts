// Linear algebra against what PyTorch gives, with gradients; and what singular, empty and unfit matrices give.
import * as F from "@facet/autograd";
import { createRandom, expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

// biome-ignore lint/suspicious/noExplicitAny: arguments of the original, as the golden file has them.
type Arguments = Readonly<Record<string, any>>;
type Call = (given: Arguments, a: F.Tensor, b: F.Tensor) => F.Tensor | readonly F.Tensor[];

const infinite = (given: unknown): "fro" | "nuc" | number =>
  given === "inf"
    ? Number.POSITIVE_INFINITY
    : given === "-inf"
      ? Number.NEGATIVE_INFINITY
      : (given as "fro" | "nuc" | number);

const calls: Readonly<Record<string, Call>> = {
  cholesky: ({ upper = false }, a) => F.cholesky(a, { upper }),
  inv: (_, a) => F.inverse(a),
  det: (_, a) => F.det(a),
  slogdet: (_, a) => {
    const { sign, logabsdet } = F.slogdet(a);
    return [sign, logabsdet];
  },
  eigh: (_, a) => {
    const { values, vectors } = F.eigh(a);
    return [values, F.square(vectors)];
  },
  solve: (_, a, b) => F.solve(a, b),
  solve_triangular: ({ upper, left = true, unitriangular: unit = false }, a, b) =>
    F.triangularSolve(a, b, { upper, left, unit }),
  qr: ({ mode = "reduced" }, a) => {
    const { q, r } = F.qr(a, mode);
    return [q, r];
  },
  svd: (_, a) => {
    const { u, s, v } = F.svd(a);
    const last = [...v.shape.keys()];
    return [F.square(u), s, F.square(F.transpose(v, [...last.slice(0, -2), v.rank - 1, v.rank - 2]))];
  },
  svdvals: (_, a) => F.svd(a).s,
  pinv: (_, a) => F.pinv(a),
  lstsq: (_, a, b) => F.lstsq(a, b),
  matrix_rank: (_, a) => F.cast(F.matrixRank(a), "float32"),
  cond: ({ p }, a) => F.conditionNumber(a, p === null ? 2 : infinite(p)),
  matrix_norm: ({ ord }, a) => F.matrixNorm(a, infinite(ord)),
  matrix_power: ({ n }, a) => F.matrixPower(a, n),
  matrix_exp: (_, a) => F.matrixExp(a),
  householder_product: (_, a, tau) => F.householderProduct(a, tau),
  cholesky_solve: (_, a, b) => F.choleskySolve(a, b),
};

/** Of results and gradients relative to the largest: condition numbers are below about 100. */
function expectNear(actual: ArrayLike<number>, expected: Float32Array, label: string): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expectClose(Float32Array.from(actual), expected, { rtol: 1e-5, atol: 1e-5 * largest, label });
}

async function check(row: GoldenCase): Promise<void> {
  const names = ["a", "b"].filter((name) => row.has(name));
  const leaves = names.map((name) => F.variable(F.fromData(row.floats(name), row.tensor(name).shape)));
  const result = (calls[row.params.fn] as Call)(row.params, leaves[0] as F.Tensor, leaves[1] as F.Tensor);
  const parts = result instanceof F.Tensor ? [result] : (result as F.Tensor[]);
  const y = F.concat(
    parts.map((part) => F.reshape(part, [-1])),
    0,
  );
  expectNear(await y.data(), row.floats("y"), "y");
  if (!row.has("dy")) return;
  const found = F.gradients(y, leaves, { cotangents: F.fromData(row.floats("dy"), y.shape) });
  for (const [i, name] of names.entries())
    expectNear(await (found[i] ?? F.zeros((leaves[i] as F.Tensor).shape)).data(), row.floats(`d${name}`), `d${name}`);
}

describe("PyTorch", () => {
  test.each(loadGolden("linalg").cases)("$name", check);
});

const read = async (x: F.Tensor): Promise<number[]> => [...(await x.data())].map(Number);

describe("singular matrices", () => {
  const zero = (): F.Tensor => F.zeros([2, 2]);
  test.each<[string, () => F.Tensor, RegExp]>([
    ["solve", () => F.solve(zero(), F.ones([2, 1])), /solve: a: expected matrices that are not singular.*1/],
    ["inverse", () => F.inverse(F.ones([2, 2])), /not singular.*2/],
    ["cholesky", () => F.cholesky(F.fromData([1, 2, 2, 1], [2, 2])), /positive definite.*2/],
  ])("%s raises at the next read", async (_, call, message) => {
    await expect(call().data()).rejects.toThrow(message);
    expect(await read(F.ones([1]))).toEqual([1]);
  });

  test("unchecked they give infinities and NaN", async () => {
    expect((await read(F.solve(zero(), F.ones([2, 1]), { checked: false }))).every(Number.isFinite)).toBe(false);
    const l = await read(F.cholesky(F.fromData([1, 2, 2, 1], [2, 2]), { checked: false }));
    expect(l[0]).toBe(1);
    expect(l[3]).toBeNaN();
    const { sign, logabsdet } = F.slogdet(zero());
    expect([...(await read(sign)), ...(await read(logabsdet))]).toEqual([0, Number.NEGATIVE_INFINITY]);
  });

  test("their determinants have the gradient of their minors (PyTorch's is 0 there)", async () => {
    const a = F.variable(F.fromData([0, 3, 0, 2, 1, -1, 0, 3, 0], [3, 3]));
    const [gradient] = F.gradients(F.det(a), [a]);
    const minors = Float32Array.of(3, 0, 6, 0, 0, 0, -3, 0, -6);
    expectClose((await (gradient as F.Tensor).data()) as Float32Array, minors, { rtol: 1e-6, atol: 1e-6 });
  });

  test("their singular vectors are orthonormal all the same", async () => {
    for (const full of [false, true]) {
      const { u, s, v } = F.svd(F.ones([5, 3]), { full });
      expectClose((await s.data()) as Float32Array, Float32Array.of(Math.sqrt(15), 0, 0), { rtol: 1e-6, atol: 1e-6 });
      for (const x of [u, v]) {
        const n = x.shape[1] as number;
        const product = F.matmul(x, x, { transposeA: true });
        expectClose((await product.data()) as Float32Array, (await F.eye(n, n).data()) as Float32Array, {
          rtol: 0,
          atol: 1e-6,
        });
      }
    }
  });
});

describe("larger matrices", () => {
  const n = 96;
  const random = createRandom(3);
  const a = F.fromData(random.uniform([n, n]), [n, n]);
  const near = async (x: F.Tensor, y: F.Tensor, atol: number) =>
    expectClose((await x.data()) as Float32Array, (await y.data()) as Float32Array, { rtol: 0, atol });
  test("factors multiply to what they are of", async () => {
    const { q, r } = F.qr(a);
    await near(F.matmul(q, r), a, 2e-5);
    const { u, s, v } = F.svd(a);
    await near(F.matmul(F.mul(u, s), v, { transposeB: true }), a, 4e-5);
    const symmetric = F.add(a, F.transpose(a));
    const { values, vectors } = F.eigh(symmetric);
    // A hundred thousandth of the largest eigenvalue, some 15.
    await near(F.matmul(F.mul(vectors, values), vectors, { transposeB: true }), symmetric, 1.5e-4);
    const { l, u: upper, order } = F.luFactor(a);
    await near(F.matmul(l, upper), F.gather(a, order), 2e-5);
    const positive = F.add(F.matmul(a, a, { transposeB: true }), F.eye(n, n));
    const factor = F.cholesky(positive);
    await near(F.matmul(factor, factor, { transposeB: true }), positive, 1e-4);
    await near(F.matmul(positive, F.inverse(positive)), F.eye(n, n), 1e-3);
  });

  test("a captured solve is the same to the bit", async () => {
    const b = F.fromData(random.uniform([n, 2]), [n, 2]);
    const plan = F.capture((x: F.Tensor, y: F.Tensor) => F.solve(x, y));
    const eager = await read(F.solve(a, b));
    for (let run = 0; run < 2; run++) expect(await read(plan(a, b) as F.Tensor)).toEqual(eager);
  });
});

describe("nothing", () => {
  test("of no matrices and of empty ones", async () => {
    const none = F.zeros([0, 3, 3]);
    for (const y of [F.inverse(none), F.cholesky(none), F.eigh(none).vectors, F.matrixExp(none), F.pinv(none)])
      expect(y.shape).toEqual([0, 3, 3]);
    expect(F.det(none).shape).toEqual([0]);
    expect(await read(F.det(F.zeros([2, 0, 0])))).toEqual([1, 1]);
    expect(await read(F.slogdet(F.zeros([0, 0])).logabsdet)).toEqual([0]);
    expect(F.svd(F.zeros([2, 3, 0])).u.shape).toEqual([2, 3, 0]);
    expect(await read(F.svd(F.zeros([2, 0]), { full: true }).u)).toEqual([1, 0, 0, 1]);
    expect(F.qr(F.zeros([3, 0])).q.shape).toEqual([3, 0]);
    expect(F.solve(F.eye(3, 3), F.zeros([3, 0])).shape).toEqual([3, 0]);
    expect(await read(F.matrixRank(F.zeros([2, 0, 3])))).toEqual([0, 0]);
  });
});

describe("refused before the device is asked", () => {
  const a = F.eye(3, 3);
  test.each<[string, () => unknown, string]>([
    ["solve: oblong", () => F.solve(F.ones([2, 3]), F.ones([2, 1])), "a"],
    ["solve: rows", () => F.solve(a, F.ones([2, 1])), "b"],
    ["solve: batches", () => F.solve(F.ones([2, 3, 3]), F.ones([3, 3, 1])), "b"],
    ["solve: dtype", () => F.solve(F.cast(a, "int32"), F.ones([3, 1])), "a"],
    ["cholesky: rank", () => F.cholesky(F.ones([3])), "a"],
    ["det: oblong", () => F.det(F.ones([2, 3])), "det"],
    ["qr: mode", () => F.qr(a, "r" as "reduced"), "mode"],
    ["eigh: oblong", () => F.eigh(F.ones([2, 3])), "eigh"],
    ["eigh: size", () => F.eigh(F.ones([1025, 1025])), "1024"],
    ["matrix_power: n", () => F.matrixPower(a, 0.5), "n"],
    ["matrix_norm: ord", () => F.matrixNorm(a, 3), "ord"],
    ["householder_product: a", () => F.householderProduct(F.ones([2, 3]), F.ones([2])), "a"],
    ["householder_product: tau", () => F.householderProduct(a, F.ones([4])), "tau"],
    ["lstsq: rows", () => F.lstsq(a, F.ones([2, 1])), "b"],
  ])("%s", (_, call, named) => {
    expect(call).toThrow(F.FacetError);
    expect(call).toThrow(named);
  });
  test("a gradient of the complete form of a tall matrix", () => {
    const tall = F.variable(F.ones([3, 2]));
    expect(() => F.gradients(F.sum(F.qr(tall, "complete").q), [tall])).toThrow("mode");
    expect(() => F.gradients(F.sum(F.svd(tall, { full: true }).u), [tall])).toThrow("full");
  });
});
