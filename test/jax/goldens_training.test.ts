// stax, example_libraries.optimizers and optax against values that JAX and optax computed.
import * as jax from "@facet/shims-jax";
import { expectClose, type GoldenCase } from "@facet/testing";
import { describe, expect, test } from "vitest";
import { type Arr, arr, expectArray, filled, named, rows } from "./golden_rows.js";

const { random, tree_util, optax } = jax;
type Layer = ReturnType<typeof jax.example_libraries.stax.Dense>;

/** ["Conv", 4, [3, 3]] is a call, "Relu" a constant; serial and parallel hold layers. */
function layerOf(description: string | unknown[]): Layer {
  if (typeof description === "string") return named(`stax.${description}`);
  const [fn, ...args] = description as [string, ...unknown[]];
  const holdsLayers = fn === "serial" || fn === "parallel";
  return named(`stax.${fn}`)(...(holdsLayers ? args.map((arg) => layerOf(arg as string)) : args));
}

describe("stax", () => {
  test.each(rows("jax_stax"))("$name", async (row) => {
    const [init, apply] = layerOf(row.params.layer);
    const { shape } = row.tensor("x");
    const [output, params] = init(random.key(0), shape);
    expect(output).toEqual(row.params.output);
    const [leaves, structure] = tree_util.tree_flatten(params) as unknown as [
      Arr[],
      { unflatten(leaves: Arr[]): unknown },
    ];
    const names = row.tensors.filter((name) => /^p\d+$/.test(name));
    expect(leaves.length).toBe(names.length);
    // Initial weights are those of JAX for the same key, to the rounding of erfinv.
    for (const [i, name] of names.entries()) await expectArray(row, name, leaves[i] as Arr, 1e-6);
    const rng = random.key(1);
    const [y, pullback] = jax.vjp(
      (x: Arr, ...held: Arr[]) => apply(structure.unflatten(held), x, { rng }),
      arr(row, "x"),
      ...names.map((name) => arr(row, name)),
    );
    await expectArray(row, "y", y);
    const gradients = pullback(arr(row, "dy"));
    for (const [i, name] of ["x", ...names].entries()) await expectArray(row, `d${name}`, gradients[i], 5e-5);
  });
});

/** Parameters after each step, a list of two arrays, against y0 and y1 of the case. */
async function follow(row: GoldenCase, next: (i: number, grads: Arr[]) => Arr[]): Promise<void> {
  const [steps] = row.tensor("g0").shape as [number];
  const found: number[][] = [[], []];
  for (let i = 0; i < steps; i++) {
    const params = next(i, [arr(row, "g0").slice(i), arr(row, "g1").slice(i)]);
    for (const [k, p] of params.entries()) found[k]?.push(...(await p.data()));
  }
  for (const [k, values] of found.entries())
    expectClose(values, row.floats(`y${k}`), { rtol: 1e-5, atol: 1e-6, label: `${row.name} p${k}` });
}

/** Transformations that take objects of the language, by the short names of the cases. */
const MADE: Readonly<Record<string, (...args: never[]) => unknown>> = {
  steps: (tx: never, k: number, use_grad_mean = true) => new optax.MultiSteps(tx, k, { use_grad_mean } as never),
  inject: (name: string, settings: object) =>
    (optax.inject_hyperparams(named(name)) as never as typeof optax.adam)(settings as never),
  parts: (a: never, b: never) => optax.partition({ a, b }, ["a", "b"]),
  chained: (a: never, b: never) => optax.named_chain(["one", a], ["two", b]),
};
// biome-ignore lint/suspicious/noExplicitAny: a transformation of any kind.
function transformation(description: { call: [string, ...unknown[]]; kwargs?: object }): any {
  const [fn, ...args] = description.call;
  if (!Object.hasOwn(MADE, fn)) return filled(description);
  const kwargs = description.kwargs ? [filled(description.kwargs)] : [];
  return (MADE[fn] as (...args: unknown[]) => unknown)(...filled(args), ...kwargs);
}

describe("optimizers", () => {
  test.each(rows("jax_optimizers", ({ params }) => params.optimizer))("$name", async (row) => {
    const [init, update, get_params] = named(row.params.optimizer)(...filled(row.params.args));
    let state = init([arr(row, "p0"), arr(row, "p1")]);
    await follow(row, (i, grads) => {
      state = update(i, grads, state);
      return get_params(state);
    });
  });

  test.each(rows("jax_optimizers", ({ params }) => params.optax))("$name", async (row) => {
    const tx = transformation(row.params.optax);
    let params = [arr(row, "p0"), arr(row, "p1")];
    let state = tx.init(params);
    await follow(row, (_, grads) => {
      const [updates, after] = tx.update(grads, state, params);
      state = after;
      params = optax.apply_updates(params, updates);
      return params;
    });
  });

  test.each(rows("jax_optimizers", ({ params }) => params.schedule))("$name", (row) => {
    const schedule = filled(row.params.schedule);
    const expected = row.floats("y");
    const values = Array.from(expected, (_, i) => schedule(i));
    expectClose(values, expected, { rtol: 1e-6, atol: 1e-7 });
  });

  test.each(rows("jax_optimizers", ({ params }) => params.norm))("$name", async (row) => {
    const tree = [arr(row, "x0"), arr(row, "x1")];
    const y = named(`optimizers.${row.params.norm}`)(tree, ...row.params.args);
    for (const [i, leaf] of (Array.isArray(y) ? y : [y]).entries()) await expectArray(row, `y${i}`, leaf);
    if (row.params.norm === "l2_norm") await expectArray(row, "y0", optax.global_norm(tree));
  });
});
