// Transforms and their compositions against values that JAX computed: functions and transforms as test/goldens/jax_transforms.py has them.
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";
import { type Arr, expectArray, rows } from "./golden_rows.js";

const { lax, nn, numpy: jnp } = jax;
const X = jnp.array([0.5, -1.25, 2]);
const W = jnp.array([
  [0.75, -0.5],
  [0.25, 1],
  [-1.5, 0.125],
]);
const V = jnp.array([1, 0.5, -0.25]);
const U = jnp.array([
  [0.5, 1],
  [-1, 0.25],
  [0.75, -0.5],
]);
const XS = jnp.array([
  [0.5, -1.25, 2],
  [1.5, 0.25, -0.75],
  [-0.5, 1, 0.125],
  [2, -2, 1],
]);
const WS = jnp.stack([W, W.add(0.25), W.mul(2), jnp.flip(W, 0)]);

type Fn = (x: Arr, w: Arr) => Arr;

const givenVjp = jax.custom_vjp((x: Arr) => jnp.sin(x));
givenVjp.defvjp(
  (x: Arr) => [jnp.sin(x), [x]],
  ([x]: [Arr], dy: Arr) => [dy.mul(jnp.cos(x)).mul(3)],
);
const givenJvp = jax.custom_jvp((x: Arr) => x.mul(x));
givenJvp.defjvp(([x]: [Arr], [t]: [Arr]) => [x.mul(x), t.mul(x).mul(5)]);

function rnn(x: Arr, w: Arr): Arr {
  const step = (carry: Arr, [a, b]: [Arr, Arr]): [Arr, Arr] => {
    const after = jnp.tanh(carry.mul(0.5).add(a.mul(b)));
    return [after, after.mul(2)];
  };
  const [last, all] = lax.scan(step, jnp.zeros(2), [x, w]);
  return jnp.concatenate([last, all.reshape(-1)]);
}

const column = (x: Arr): Arr => x.reshape(3, 1);
const FUNCTIONS: Readonly<Record<string, Fn>> = {
  affine: (x, w) => x.matmul(w),
  "tanh of a product": (x, w) => jnp.tanh(x.matmul(w)),
  softmax: (x, w) => nn.softmax(x.matmul(w)),
  "log softmax": (x, w) => nn.log_softmax(x.matmul(w)).mul(jnp.array([2, 0.5])),
  logsumexp: (x, w) => jnp.log(jnp.sum(jnp.exp(column(x).mul(w)), { axis: 0 })),
  norms: (x, w) => jnp.sqrt(jnp.sum(jnp.square(x))).add(jnp.sum(jnp.square(w), { axis: 0 })),
  product: (x, w) => jnp.prod(x).mul(jnp.sum(w, { axis: 1 })),
  largest: (x, w) => jnp.max(column(x).mul(w), { axis: 0 }),
  quadratic: (x, w) => jnp.square(x.matmul(w)),
  reversed: (x) => nn.sigmoid(x).mul(jnp.flip(x, 0)),
  recurrent: rnn,
  "chosen by sign": (x) => jnp.where(x.greater(0), x.mul(x), jnp.exp(x).sub(1)),
  quotient: (x) => jnp.exp(jnp.sin(x)).div(x.mul(x).add(1)),
  gelu: (x, w) => nn.gelu(x.matmul(w)),
  moments: (x, w) => jnp.var(x).mul(jnp.mean(w, { axis: 0 })),
  outer: (x, w) => column(x).mul(x.reshape(1, 3)).matmul(w),
  taken: (x, w) => jnp.take(x, jnp.array([2, 0, 2]).astype("int32")).mul(jnp.sum(w)),
  power: (x, w) => jnp.power(jnp.square(x).add(0.5), 1.5).mul(jnp.sum(w, { axis: 1 })),
  "joined and cut": (x) => jnp.square(jnp.concatenate([x, x.mul(2)]).slice([1, 5])),
  loop: (x, w) => lax.fori_loop(0, 3, (_, v: Arr) => jnp.sin(v).mul(1.5).add(w.slice(null, 0)), x),
  branch: (x) =>
    lax.cond(
      jnp.sum(x).greater(1),
      (v: Arr) => jnp.sin(v),
      (v: Arr) => v.mul(v).mul(v),
      x,
    ),
  "gradient of its own": (x, w) => givenVjp(x).mul(jnp.sum(w)),
  "derivative of its own": (x, w) => givenJvp(x).mul(jnp.sum(w)),
  "computed again": (x, w) => jax.checkpoint((v: Arr) => jnp.sin(jnp.cos(v).matmul(w)))(x),
  stopped: (x) => x.mul(lax.stop_gradient(jnp.square(x))),
};

const total =
  (f: Fn): Fn =>
  (x, w) =>
    jnp.sum(f(x, w));
const alongV =
  (f: (x: Arr) => Arr) =>
  (x: Arr): Arr =>
    jax.jvp(f, [x], [V])[1];
const hvp =
  (f: Fn): Fn =>
  (x, w) =>
    alongV((v) => jax.grad(total(f))(v, w))(x);

function cotangent(f: Fn): Arr {
  const { shape, size } = f(X, W);
  return jnp.linspace(-1, 1, Math.max(1, size)).reshape(shape);
}

/** What each transform gives for a function. */
const TRANSFORMS: Readonly<Record<string, (f: Fn) => Arr[]>> = {
  value: (f) => [f(X, W)],
  grad: (f) => [jax.grad(total(f))(X, W)],
  "grad of both": (f) => jax.grad(total(f), [0, 1])(X, W),
  jvp: (f) => jax.jvp(f, [X, W], [V, U]),
  linearize: (f) => [jax.linearize(f, X, W)[1](V, U)],
  vjp: (f) => jax.vjp(f, X, W)[1](cotangent(f)),
  jacfwd: (f) => [jax.jacfwd(f)(X, W)],
  jacrev: (f) => [jax.jacrev(f)(X, W)],
  "jacrev of w": (f) => [jax.jacrev(f, { argnums: 1 })(X, W)],
  hessian: (f) => [jax.hessian(total(f))(X, W)],
  "jacrev of jacfwd": (f) => [jax.jacrev(jax.jacfwd(total(f)))(X, W)],
  "jvp of grad": (f) => [hvp(f)(X, W)],
  "grad of jvp": (f) => [jax.grad((x: Arr) => jnp.sum(alongV((v) => f(v, W))(x)))(X)],
  vmap: (f) => [jax.vmap(f, [0, null])(XS, W)],
  "vmap of columns": (f) => [jax.vmap(f, { in_axes: [1, null], out_axes: -1 })(XS.T, W)],
  "vmap of both": (f) => [jax.vmap(f)(XS, WS)],
  "vmap of w": (f) => [jax.vmap(f, [null, 0])(X, WS)],
  "vmap in vmap": (f) => [jax.vmap(jax.vmap(f, [null, 0]), [0, null])(XS, WS)],
  "vmap of grad": (f) => [jax.vmap(jax.grad(total(f)), [0, null])(XS, W)],
  "gradients of w for each": (f) => [jax.vmap(jax.grad(total(f), 1), [0, null])(XS, W)],
  "grad of vmap": (f) => jax.grad((x: Arr, w: Arr) => jnp.sum(jnp.square(jax.vmap(f, [0, null])(x, w))), [0, 1])(XS, W),
  "vmap of jvp": (f) => [jax.vmap(alongV((v) => f(v, W)))(XS)],
  "vmap of jacrev": (f) => [jax.vmap(jax.jacrev(f), [0, null])(XS, W)],
  "vmap of jvp of grad": (f) => [jax.vmap(hvp(f), [0, null])(XS, W)],
  "jit of vmap of grad": (f) => [jax.jit(jax.vmap(jax.grad(total(f)), [0, null]))(XS, W)],
};

test("every function and every transform stands in the file", () => {
  const all = rows("jax_transforms");
  expect(new Set(all.map(({ params }) => params.fn))).toEqual(new Set(Object.keys(FUNCTIONS)));
  expect(new Set(all.map(({ params }) => params.transform))).toEqual(new Set(Object.keys(TRANSFORMS)));
});

describe.each(Object.keys(FUNCTIONS))("%s", (fn) => {
  test.each(rows("jax_transforms", ({ params }) => params.fn === fn))("$params.transform", async (row) => {
    const results = (TRANSFORMS[row.params.transform] as (f: Fn) => Arr[])(FUNCTIONS[fn] as Fn);
    expect(results.length).toBe(row.tensors.length);
    for (const [i, result] of results.entries()) await expectArray(row, `y${i}`, result);
  });
});
