// Transforms and their compositions against values in closed form and against each other; JAX's own values are in test/jax.
import * as F from "@facet/autograd";
import { CaptureError } from "@facet/kernels-wgsl";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const vector = (...values: number[]): F.Tensor => F.fromData(values, [values.length]);
const scalar = (value: number): F.Tensor => F.fromData([value], []);
const list = async (x: F.Tensor | undefined): Promise<number[]> => Array.from((await x?.data()) ?? []);
const one = (y: F.Tensor): readonly F.Tensor[] => [y];
const derivative =
  (f: (x: F.Tensor) => F.Tensor) =>
  (x: F.Tensor): F.Tensor =>
    F.valueAndGradients(
      [x],
      ([v]) => f(v as F.Tensor),
      (y) => y,
    ).gradients[0] as F.Tensor;
const forward =
  (f: (x: F.Tensor) => F.Tensor) =>
  (x: F.Tensor): F.Tensor =>
    F.jvp([x], [F.ones(x.shape)], ([v]) => f(v as F.Tensor), one).tangents[0] as F.Tensor;
const mapped =
  (f: (x: F.Tensor) => F.Tensor) =>
  (x: F.Tensor): F.Tensor =>
    F.vmap([x], [0], ([v]) => ({ outputs: [f(v as F.Tensor)], axes: [0], rest: undefined })).outputs[0] as F.Tensor;

describe("compositions", () => {
  const cube = (x: F.Tensor): F.Tensor => F.mul(x, F.square(x));
  const points = [0.5, -1, 2];
  const second = points.map((x) => 6 * x);

  test.each([
    ["grad of grad", derivative(derivative(cube))],
    ["jvp of grad", forward(derivative(cube))],
    ["grad of jvp", derivative(forward(cube))],
    ["jvp of jvp", forward(forward(cube))],
  ])("%s, alone and under vmap", async (_, f) => {
    for (const [i, x] of points.entries()) expect((await list(f(scalar(x))))[0]).toBeCloseTo(second[i] as number, 5);
    const all = await list(mapped(f)(vector(...points)));
    for (const [i, value] of all.entries()) expect(value).toBeCloseTo(second[i] as number, 5);
  });

  test("grad of a vmap is the vmap of the grad", async () => {
    const x = vector(...points);
    const whole = derivative((v) => F.sum(mapped(cube)(v)))(x);
    expect(await list(whole)).toEqual(await list(mapped(derivative(cube))(x)));
  });

  test("a vmap in a vmap, over other axes", async () => {
    const a = F.fromData([1, 2, 3, 4, 5, 6], [2, 3]);
    const b = F.fromData([10, 20], [2]);
    const { outputs } = F.vmap([a, b], [1, undefined], ([column, weights]) => {
      const inner = F.vmap([column as F.Tensor, weights as F.Tensor], [0, 0], ([x, w]) => ({
        outputs: [F.mul(x as F.Tensor, w as F.Tensor)],
        axes: [0],
        rest: undefined,
      }));
      return { outputs: [inner.outputs[0] as F.Tensor], axes: [-1], rest: undefined };
    });
    expect(outputs[0]?.shape).toEqual([2, 3]);
    expect(await list(outputs[0])).toEqual([10, 20, 30, 80, 100, 120]);
  });

  test("gradients of a parameter that every example shares, one for each", async () => {
    const w = vector(1, 2);
    const xs = F.fromData([1, 0, 0, 1, 3, 4], [3, 2]);
    const { outputs } = F.vmap([xs], [0], ([x]) => {
      const loss = (p: F.Tensor): F.Tensor => F.square(F.sum(F.mul(p, x as F.Tensor)));
      return { outputs: [derivative(loss)(w)], axes: [0], rest: undefined };
    });
    // 2 (w x) x
    expect(await list(outputs[0])).toEqual([2, 0, 0, 4, 66, 88]);
  });

  test("vmap under capture, twice", async () => {
    const run = F.capture(mapped(derivative(cube)));
    expect(await list(run(vector(1, 2)))).toEqual([3, 12]);
    expect(await list(run(vector(3, 4)))).toEqual([27, 48]);
  });
});

describe("Jacobians", () => {
  const f = ([x]: F.Tensor[]): F.Tensor =>
    F.concat([F.square(x as F.Tensor), F.mul(x as F.Tensor, F.sum(x as F.Tensor))], 0);
  const expected = [2, 0, 0, 4, 4, 1, 2, 5];

  test.each([
    ["jacrev", F.jacrev],
    ["jacfwd", F.jacfwd],
  ])("%s", async (_, jacobian) => {
    const { jacobian: rows } = jacobian([vector(1, 2)], f, one);
    expect(rows[0]?.[0]?.shape).toEqual([4, 2]);
    expect(await list(rows[0]?.[0])).toEqual(expected);
  });

  test.each([
    ["forward over reverse", F.jacfwd, F.jacrev],
    ["reverse over forward", F.jacrev, F.jacfwd],
    ["forward over forward", F.jacfwd, F.jacfwd],
    ["reverse over reverse", F.jacrev, F.jacrev],
  ])("the Hessian, %s", async (_, outer, inner) => {
    const energy = ([x]: F.Tensor[]): F.Tensor => F.sum(F.mul(x as F.Tensor, F.square(F.flip(x as F.Tensor, [0]))));
    const gradient = (inputs: F.Tensor[]): F.Tensor => inner(inputs, energy, one).jacobian[0]?.[0] as F.Tensor;
    const { jacobian } = outer([vector(2, 3)], gradient, one);
    // a b^2 + b a^2
    expect(await list(jacobian[0]?.[0])).toEqual([6, 10, 10, 4]);
  });
});

describe("gradients of the caller's own", () => {
  test("customVjp: used, once and again", async () => {
    // The gradient is told to be 3 x^2 dy where the value is x.
    const odd = (x: F.Tensor): F.Tensor =>
      F.customVjp(
        "odd",
        [x],
        ([v]) => ({ outputs: [F.mul(v as F.Tensor, 1)], residuals: [v as F.Tensor], rest: undefined }),
        ([dy], [v]) => [F.mul(dy as F.Tensor, F.mul(F.square(v as F.Tensor), 3))],
      ).outputs[0] as F.Tensor;
    expect(await list(derivative(odd)(scalar(2)))).toEqual([12]);
    expect(await list(derivative(derivative(odd))(scalar(2)))).toEqual([12]);
    expect(await list(forward(odd)(scalar(2)))).toEqual([12]);
    expect(await list(mapped(derivative(odd))(vector(1, 2)))).toEqual([3, 12]);
  });

  test("customJvp: used, once and again", async () => {
    const odd = (x: F.Tensor): F.Tensor =>
      F.customJvp(
        "odd",
        [x],
        ([v]) => ({ outputs: [F.mul(v as F.Tensor, 1)], rest: undefined }),
        ([v], [t]) => [F.mul(t as F.Tensor, F.mul(F.square(v as F.Tensor), 3))],
      ).outputs[0] as F.Tensor;
    expect(await list(derivative(odd)(scalar(2)))).toEqual([12]);
    expect(await list(derivative(derivative(odd))(scalar(2)))).toEqual([12]);
    expect(await list(forward(odd)(scalar(2)))).toEqual([12]);
    expect(await list(mapped(derivative(odd))(vector(1, 2)))).toEqual([3, 12]);
  });

  test("a gradient of another shape is refused", () => {
    const bad = (x: F.Tensor): F.Tensor =>
      F.customVjp(
        "bad",
        [x],
        ([v]) => ({ outputs: [F.sum(v as F.Tensor)], residuals: [], rest: undefined }),
        ([dy]) => [dy as F.Tensor],
      ).outputs[0] as F.Tensor;
    expect(() => derivative(bad)(vector(1, 2))).toThrow(/bad: gradient of input 0: expected \[2\], got \[\]/);
  });

  test("stopGradient", async () => {
    expect(await list(derivative((x) => F.mul(x, F.stopGradient(x)))(scalar(3)))).toEqual([3]);
  });

  test("several outputs, and an input given twice", async () => {
    const x = F.variable(vector(1, 2));
    const [a, b] = F.recordCustom("pair", [x, x], [F.mul(x, 2), F.mul(x, 3)], [], ([da, db], _, wanted) => {
      expect(wanted).toEqual([true, true]);
      return [da && F.mul(da, 10), db && F.mul(db, 100)];
    }) as [F.Tensor, F.Tensor];
    expect(await list(F.gradients([F.sum(a), F.sum(b)], [x])[0])).toEqual([110, 110]);
  });
});

describe("checkpoint", () => {
  test("gives the bits of the plain function, for inputs and for what it uses from outside", async () => {
    const w = F.variable(vector(0.5, -0.25));
    const x = F.variable(vector(1, 2));
    const block = (v: F.Tensor): F.Tensor => F.tanh(F.mul(F.exp(F.mul(v, w)), F.sigmoid(v)));
    const plain = F.gradients(F.sum(block(block(x))), [x, w]);
    const saving = (v: F.Tensor): F.Tensor =>
      F.checkpoint([v], ([u]) => ({ outputs: [block(u as F.Tensor)], rest: undefined })).outputs[0] as F.Tensor;
    const again = F.gradients(F.sum(saving(saving(x))), [x, w]);
    for (const [i, gradient] of again.entries()) expect(await list(gradient)).toEqual(await list(plain[i]));
  });

  test("calls the function again in the backward pass, and only then", () => {
    let calls = 0;
    const x = F.variable(vector(1, 2));
    const { outputs } = F.checkpoint([x], ([u]) => {
      calls += 1;
      return { outputs: [F.exp(F.sin(u as F.Tensor))], rest: undefined };
    });
    expect(calls).toBe(1);
    F.gradients(F.sum(outputs[0] as F.Tensor), [x]);
    expect(calls).toBe(2);
  });

  test("can be differentiated twice", async () => {
    const f = (x: F.Tensor): F.Tensor =>
      F.checkpoint([x], ([u]) => ({ outputs: [F.mul(u as F.Tensor, F.square(u as F.Tensor))], rest: undefined }))
        .outputs[0] as F.Tensor;
    expect(await list(derivative(derivative(f))(scalar(2)))).toEqual([12]);
  });
});

describe("loops and branches", () => {
  const running = (xs: F.Tensor, options = {}) =>
    F.scan(
      ([sum], [x]) => {
        const next = F.add(sum as F.Tensor, x as F.Tensor);
        return { carry: [next], rows: [F.mul(next, 2)] };
      },
      [scalar(0)],
      [xs],
      options,
    );

  test("scan, forward and in reverse", async () => {
    const { carry, rows } = running(vector(1, 2, 3));
    expect([await list(carry[0]), await list(rows[0])]).toEqual([[6], [2, 6, 12]]);
    const back = running(vector(1, 2, 3), { reverse: true });
    expect([await list(back.carry[0]), await list(back.rows[0])]).toEqual([[6], [12, 10, 6]]);
  });

  test("gradients and maps of a scan", async () => {
    const total = (xs: F.Tensor): F.Tensor => F.sum(running(xs).rows[0] as F.Tensor);
    expect(await list(derivative(total)(vector(1, 2, 3)))).toEqual([6, 4, 2]);
    expect(await list(mapped(total)(F.fromData([1, 2, 3, 4], [2, 2])))).toEqual([8, 20]);
  });

  test("no rows give no rows", async () => {
    const { carry, rows } = running(F.zeros([0]));
    expect(await list(carry[0])).toEqual([0]);
    expect(rows[0]?.shape).toEqual([0]);
  });

  test("a state that changes is refused", () => {
    const grow = (): unknown =>
      F.scan(([c]) => ({ carry: [F.concat([c as F.Tensor, c as F.Tensor], 0)], rows: [] }), [vector(1)], [], {
        length: 2,
      });
    expect(grow).toThrow(/scan: carry\[0\]: expected \[1\] in every step, got \[2\]/);
    const cast = (): unknown => F.foriLoop(0, 1, (_, [c]) => [F.cast(c as F.Tensor, "int32")], [vector(1)]);
    expect(cast).toThrow(/carry\[0\]: expected float32 in every step, got int32/);
  });

  test("foriLoop and whileLoop", async () => {
    const [power] = F.foriLoop(0, 5, (_, [x]) => [F.mul(x as F.Tensor, 2)], [scalar(1)]);
    expect(await list(power)).toEqual([32]);
    const [x] = await F.whileLoop(
      ([v]) => F.less(v as F.Tensor, 100),
      ([v]) => [F.mul(v as F.Tensor, 3)],
      [scalar(1)],
    );
    expect(await list(x)).toEqual([243]);
  });

  test("whileLoop is refused in a plan and under vmap", () => {
    const loop = (x: F.Tensor): unknown =>
      F.whileLoop(
        ([v]) => F.less(v as F.Tensor, 1),
        (c) => c,
        [x],
      );
    expect(() => F.capture((x: F.Tensor) => loop(x))(vector(1))).toThrow(CaptureError);
    const everyExample = mapped((x) => {
      loop(x);
      return x;
    });
    expect(() => everyExample(vector(1, 2))).toThrow(/foriLoop or scan/);
  });

  test("cond chooses on the device and keeps the other's NaN out of gradients", async () => {
    const safe = (x: F.Tensor): F.Tensor =>
      F.cond(
        F.greater(x, 0),
        ([v]) => [F.sqrt(v as F.Tensor)],
        ([v]) => [F.mul(v as F.Tensor, 2)],
        [x],
      )[0] as F.Tensor;
    expect(await list(mapped(safe)(vector(4, -3)))).toEqual([2, -6]);
    expect(await list(mapped(derivative(safe))(vector(4, -3)))).toEqual([0.25, 2]);
    expect(await list(F.capture(derivative(safe))(scalar(-3)))).toEqual([2]);
  });
});

describe("what vmap refuses", () => {
  test("different numbers of examples", () => {
    const f = (): unknown => F.vmap([F.zeros([2]), F.zeros([3])], [0, 0], () => ({ outputs: [], axes: [], rest: 0 }));
    expect(f).toThrow(/vmap: inputs\[1\]: expected 2 examples along axis 0, as inputs\[0\] has, got 3/);
  });

  test("an axis that is not there, and no axis at all", () => {
    const f = (axis: number | undefined) => () =>
      F.vmap([F.zeros([2])], [axis], () => ({ outputs: [], axes: [], rest: 0 }));
    expect(f(1)).toThrow(/expected an axis of a tensor of 1 dimensions, got 1/);
    expect(f(undefined)).toThrow(/an axis for one input at least/);
  });

  test("reading a value", async () => {
    let read: unknown;
    mapped((x) => {
      read = x.data();
      return x;
    })(vector(1, 2));
    await expect(read).rejects.toThrow(/differs from example to example/);
  });
});
