// Programs of several transforms against values that JAX computed: programs as test/goldens/jax_compositions.py has them.
import { DisposedError } from "@facet/autograd";
import * as jax from "@facet/shims-jax";
import { expect, test } from "vitest";
import { type Arr, expectArray, rows } from "./golden_rows.js";

const { lax, nn, numpy: jnp } = jax;
// biome-ignore lint/suspicious/noExplicitAny: trees of arrays.
type Tree = any;

/** sin(phase + step i), as both sides make it. */
function wave(shape: readonly number[], phase = 0, step = 0.37): Arr {
  const count = shape.reduce((a, b) => a * b, 1);
  return jnp.array(Float32Array.from({ length: count }, (_, i) => Math.sin(phase + step * i))).reshape(...shape);
}
const whole = (...values: number[]): Arr => jnp.array(values).astype("int32");
const row = (x: Arr, i: number): Arr => x.slice(i);

const IMAGES = wave([3, 6, 6, 1]);
const LABELS = whole(1, 0, 2);
const TOKENS = jnp
  .array([
    [0, 2, 1, 3],
    [3, 3, 0, 1],
    [2, 0, 2, 0],
  ])
  .astype("int32");
const XS = wave([4, 3], 0, 0.9);
const BACKWARDS = jnp.flip(XS, 0);

function cnn(p: Tree, image: Arr): Arr {
  const given = { dimension_numbers: ["NHWC", "HWIO", "NHWC"] as const };
  let y = lax.conv_general_dilated(image.reshape(1, 6, 6, 1), p.conv, [1, 1], "SAME", given as never);
  y = nn.relu(y.add(p.bias));
  y = lax.reduce_window(y, Number.NEGATIVE_INFINITY, lax.max, [1, 2, 2, 1], [1, 2, 2, 1], "VALID");
  return y.reshape(-1).matmul(p.dense);
}
const CNN = { bias: wave([2], 1), conv: wave([3, 3, 1, 2], 2), dense: wave([18, 3], 3) };

const crossEntropy = (logits: Arr, label: Arr): Arr =>
  jnp.sum(nn.one_hot(label, logits.shape.at(-1) as number).mul(nn.log_softmax(logits))).mul(-1);

function norm(x: Arr, p: Arr): Arr {
  const over = { axis: -1, keepdims: true };
  return x
    .sub(jnp.mean(x, over))
    .div(jnp.sqrt(jnp.var(x, over).add(1e-3)))
    .mul(p);
}

const SEEN = jnp
  .array([
    [1, 0, 0, 0],
    [1, 1, 0, 0],
    [1, 1, 1, 0],
    [1, 1, 1, 1],
  ])
  .greater(0);
function transformer(p: Tree, tokens: Arr): Arr {
  const x = jnp.take(p.embed, tokens, 0);
  const h = norm(x, p.scale);
  const [q, k, v] = [h.matmul(p.q), h.matmul(p.k), h.matmul(p.v)] as [Arr, Arr, Arr];
  const scores = jnp.where(SEEN, q.matmul(k.T).div(2), -1e9);
  const y = x.add(nn.softmax(scores).matmul(v));
  return jnp.mean(y.add(nn.gelu(y.matmul(p.up)).matmul(p.down)), { axis: 0 });
}
const TRANSFORMER = {
  down: wave([8, 4], 1),
  embed: wave([4, 4], 2),
  k: wave([4, 4], 3),
  q: wave([4, 4], 4),
  scale: wave([4], 5),
  up: wave([4, 8], 6),
  v: wave([4, 4], 7),
};

function lstm(p: Tree, xs: Arr): Arr {
  const step = ([h, c]: [Arr, Arr], x: Arr): [[Arr, Arr], Arr] => {
    const [i, f, g, o] = jnp.split(x.matmul(p.w).add(h.matmul(p.u)).add(p.b), 4) as [Arr, Arr, Arr, Arr];
    const next = nn
      .sigmoid(f)
      .mul(c)
      .add(nn.sigmoid(i).mul(jnp.tanh(g)));
    const state = nn.sigmoid(o).mul(jnp.tanh(next));
    return [[state, next], state];
  };
  const [[h], all] = lax.scan(step, [jnp.zeros(2), jnp.zeros(2)], xs);
  return h.add(jnp.mean(all, { axis: 0 }));
}
const LSTM = { b: wave([8], 1), u: wave([2, 8], 2), w: wave([3, 8], 3) };
const SERIES = wave([3, 4, 3], 4);
const lstmGradients = jax.vmap(
  jax.grad((p: Tree, x: Arr) => jnp.sum(jnp.square(lstm(p, x)))),
  [null, 0],
);

const clipped = jax.custom_vjp((x: Arr) => x);
clipped.defvjp(
  (x: Arr) => [x, null],
  (_: null, dy: Arr) => [jnp.clip(dy, -0.5, 0.5)],
);
const softened = jax.custom_jvp((x: Arr) => jnp.abs(x));
softened.defjvp(([x]: [Arr], [t]: [Arr]) => [jnp.abs(x), jnp.tanh(x.mul(4)).mul(t)]);

const newton = (x: Arr): Arr =>
  lax.fori_loop(0, 4, (_, y: Arr) => y.sub(y.mul(y).sub(x).div(y.mul(2))), jnp.ones_like(x));

function remembered(x: Arr): Arr {
  const step = jax.checkpoint((carry: Arr, a: Arr) => [jnp.sin(carry.add(a)), carry.mul(a)] as [Arr, Arr]);
  const [last, all] = lax.scan(step, 0.5, x);
  return last.add(jnp.sum(all));
}

const branch = (x: Arr): Arr =>
  lax.cond(
    row(x, 0).greater(0),
    (v: Arr) => jnp.sum(v.mul(v)),
    (v: Arr) => jnp.sum(jnp.exp(v)),
    x,
  );
const choice = (i: Arr, x: Arr): Arr =>
  lax.switch(i, [(v: Arr) => jnp.sin(v), (v: Arr) => v.mul(v), (v: Arr) => v.mul(-1)], x);
const curve = (x: Arr): Arr =>
  jnp.square(jnp.sum(lax.scan((c: Arr, a: Arr) => [c.mul(a).add(jnp.sin(c)), c], 1, x)[1]));
const cube = (x: Arr): Arr => x.mul(x).mul(x);
const positive = (x: Arr): Arr => jnp.abs(x).add(0.5);

const PAIR = { a: wave([3, 2]), b: wave([2, 3], 1) };

const PROGRAMS: Readonly<Record<string, () => Tree>> = {
  "per-example gradients of a convolution network": () =>
    jax.vmap(
      jax.grad((p: Tree, x: Arr, y: Arr) => crossEntropy(cnn(p, x), y)),
      [null, 0, 0],
    )(CNN, IMAGES, LABELS),
  "per-example gradients of a transformer": () =>
    jax.vmap(
      jax.grad((p: Tree, t: Arr, y: Arr) => crossEntropy(transformer(p, t), y)),
      [null, 0, 0],
    )(TRANSFORMER, TOKENS, LABELS),
  "per-example gradients of an LSTM": () => lstmGradients(LSTM, SERIES),
  "jit of per-example gradients of an LSTM": () => jax.jit(lstmGradients)(LSTM, SERIES),
  "an ensemble of models": () => jax.vmap((p: Arr, x: Arr) => jnp.tanh(x.matmul(p)), [0, null])(wave([4, 3, 2]), XS),
  "vmap of jit of grad": () => jax.vmap(jax.jit(jax.grad((x: Arr) => jnp.sum(jnp.sin(x).mul(x)))))(XS),
  "vmap of jacfwd over a batch": () => jax.vmap(jax.jacfwd((x: Arr) => jnp.outer(x, jnp.sin(x))))(XS),
  "vmap of hessian of scan": () => jax.vmap(jax.hessian(curve))(XS),
  "hessian of scan": () => jax.hessian(curve)(row(XS, 0)),
  "jacfwd of jacrev of a loop": () => jax.jacfwd(jax.jacrev(newton))(positive(row(XS, 0))),
  "vmap of the gradient of a loop": () => jax.vmap(jax.vmap(jax.grad(newton)))(positive(XS)),
  "vmap of cond": () => jax.vmap(branch)(XS),
  "gradient of vmap of cond": () => jax.grad((x: Arr) => jnp.sum(jax.vmap(branch)(x)))(XS),
  "vmap of switch": () => jax.vmap(choice)(whole(2, 0, 5, -1), XS),
  "checkpoint in scan in vmap": () => jax.vmap(jax.grad(remembered))(XS),
  "hessian of checkpoint in scan": () => jax.hessian(remembered)(row(XS, 0)),
  "custom_vjp under vmap": () => jax.vmap(jax.grad((x: Arr) => jnp.sum(jnp.square(clipped(x)))))(XS),
  "gradient of vmap of custom_vjp": () => jax.grad((x: Arr) => jnp.sum(jax.vmap(clipped)(x).mul(x)))(XS),
  "jvp of custom_jvp": () => jax.jvp((x: Arr) => softened(x).mul(x), [XS], [BACKWARDS]),
  "vmap of jvp of custom_jvp": () => jax.vmap((x: Arr, t: Arr) => jax.jvp(softened, [x], [t])[1])(XS, BACKWARDS),
  "gradient of custom_jvp in scan": () =>
    jax.grad((x: Arr) => lax.scan((c: Arr, a: Arr) => [softened(c.add(a)), c], 0.1, x)[0])(row(XS, 0)),
  "axes as trees": () =>
    jax.vmap(
      (p: Tree, x: Arr) => p.a.matmul(x).add(row(p.b, 0)),
      [{ a: null, b: 1 }, 0],
      1,
    )({ a: wave([3, 2]), b: wave([2, 4, 3]) }, wave([4, 2])),
  "axes that count from the end": () =>
    jax.vmap((a: Arr, b: Arr) => [a.matmul(b), b], { in_axes: [-1, -2], out_axes: [-1, 0] })(
      wave([2, 3, 4]),
      wave([3, 4, 2], 2),
    ),
  "an output that is the same for all": () =>
    jax.vmap((x: Arr, y: Arr) => [x.add(y), y.mul(2)], [0, null], [0, null])(XS, row(XS, 0)),
  "a scan of a vmapped step": () =>
    lax.scan((c: Arr, x: Arr) => [jax.vmap((a: Arr, b: Arr) => jnp.tanh(a.mul(b)))(c, x), jnp.sum(c)], jnp.ones(3), XS),
  "a map inside a scan inside a map": () =>
    jax.vmap(
      (x: Arr) =>
        lax.scan((c: Arr, a: Arr) => [c.add(jax.vmap((v: Arr) => jnp.sin(v))(a.mul(x))), a], jnp.zeros(3), XS)[0],
    )(XS),
  "gradient through vjp": () => jax.grad((x: Arr) => jnp.sum(jax.vjp((v: Arr) => jnp.sin(v), x)[1](x)[0]))(row(XS, 0)),
  "vjp with aux": () => {
    const [out, pull, aux] = jax.vjp((x: Arr) => [jnp.sin(x), x.mul(2)], row(XS, 0), { has_aux: true });
    return [out, pull(row(XS, 0)), aux];
  },
  "grad with aux under vmap": () =>
    jax.vmap(jax.grad((x: Arr) => [jnp.sum(cube(x)), jnp.cos(x)] as never, { has_aux: true }))(XS),
  "value_and_grad of a tree under vmap": () =>
    jax.vmap(
      jax.value_and_grad((p: Tree, x: Arr) => jnp.sum(jnp.tanh(p.a.matmul(p.b)).mul(x))),
      [null, 0],
    )(PAIR, wave([2, 3, 3], 3)),
  "linearize inside vmap": () => jax.vmap((x: Arr) => jax.linearize((v: Arr) => jnp.tanh(v), x)[1](x))(XS),
  "vmap of a pullback": () => {
    const pull = jax.vjp((x: Arr) => row(jnp.outer(x, x), 0), row(XS, 0))[1];
    return jax.vmap(pull)(jnp.eye(3));
  },
  "gradient of vmap of take": () => {
    const places = jnp
      .array([
        [0, 0],
        [2, 1],
        [1, 1],
        [0, 2],
      ])
      .astype("int32");
    const taken = jax.vmap((r: Arr, i: Arr) => jnp.square(jnp.take(r, i)));
    return jax.grad((x: Arr) => jnp.sum(taken(x, places)))(XS);
  },
  "sums over a named axis": () =>
    jax.vmap((x: Arr) => [x.div(lax.psum(x, "i")), x.sub(lax.pmean(x, "i")), lax.pmax(x, "i"), lax.psum(1, "i")], {
      axis_name: "i",
    })(XS),
  "gradients through sums over a named axis": () =>
    jax.vmap(
      jax.grad((x: Arr) => jnp.sum(jnp.square(x.sub(lax.pmean(x, "i"))).mul(x))),
      { axis_name: "i" },
    )(XS),
  "names of maps in maps": () => {
    const inner = (x: Arr) => (y: Arr) => [
      lax.psum(y.mul(row(x, 0)), ["i", "j"]),
      lax.psum(y, "i").mul(lax.axis_index("j")),
    ];
    return jax.vmap((x: Arr) => jax.vmap(inner(x), { axis_name: "j" })(x), { axis_name: "i" })(XS);
  },
  "gathered from all": () =>
    jax.vmap(
      (x: Arr) => [
        lax.all_gather(x, "i"),
        lax.all_gather(x, "i", { axis: 1 }),
        lax.all_gather(x, "i", { tiled: true }),
      ],
      { axis_name: "i" },
    )(XS),
};

test("every program stands in the file", () => {
  expect(new Set(rows("jax_compositions").map(({ name }) => name))).toEqual(new Set(Object.keys(PROGRAMS)));
});

test.each(rows("jax_compositions"))("$name", async (row) => {
  const results = jax.tree_util.tree_leaves(PROGRAMS[row.name]?.()) as Arr[];
  expect(results.length).toBe(row.tensors.length);
  for (const [i, result] of results.entries()) await expectArray(row, `y${i}`, result);
});

test("a name that no map has", () => {
  expect(() => jax.vmap((x: Arr) => lax.psum(x, "j"), { axis_name: "i" })(XS)).toThrow(
    /psum: axis_name: expected one of i, got j/,
  );
  expect(() => lax.axis_index("i")).toThrow(/axis_index: axis_name: expected the axis_name of a vmap/);
});

test("mistakes under transforms", async () => {
  expect(() => jax.vmap((x: Arr, y: Arr) => x.add(y))(XS, row(XS, 0))).toThrow(
    /vmap: inputs\[1\]: expected 4 examples/,
  );
  let leaked: Arr | undefined;
  jax.vmap((x: Arr) => {
    leaked = x.mul(2);
    return x;
  })(XS);
  expect(() => leaked?.add(1)).toThrow(DisposedError);
  let read: Promise<unknown> | undefined;
  jax.vmap((x: Arr) => {
    read = x.tolist();
    return x;
  })(XS);
  await expect(read).rejects.toThrow(/no use of values inside the function/);
  const scanned = (next: (c: Arr) => Arr): unknown => lax.scan((c: Arr, x: Arr) => [next(c), x], jnp.zeros(3), XS);
  expect(() => scanned((c) => c.reshape(1, 3))).toThrow(/scan: carry\[0\]: expected \[3\] in every step, got \[1, 3\]/);
  expect(() => scanned((c) => c.astype("int32"))).toThrow(
    /scan: carry\[0\]: expected float32 in every step, got int32/,
  );
});
