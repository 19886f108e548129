// float16 and bfloat16 in the JAX dialect: the dtypes of results as JAX has them, and values beside those of float32.
import * as jax from "@facet/shims-jax";
import { describe, expect, test } from "vitest";
import { type Arr, arr, call, filled, rows } from "./golden_rows.js";

const { numpy: jnp } = jax;
const half = "bfloat16" as const;

type Result = [name: string, ...dtypes: string[]];
const results = new Map(rows("jax_halves").map(({ name, params }) => [name, params.results as Result[]]));

describe.each([...results])("dtypes of %s", (file, wanted) => {
  const byName = new Map(rows(file).map((row) => [row.name, row]));
  test.each(wanted)("%s", (name, ...dtypes) => {
    const row = byName.get(name);
    if (!row) throw new Error(`no row ${name}`);
    const { fn, args, kwargs } = row.params;
    const arrays = Object.fromEntries(
      row.tensors
        .filter((each) => /^[abcipqswx]$/.test(each))
        .map((each) => {
          const x = arr(row, each);
          return [each, x.dtype === "float32" ? x.astype(half) : x];
        }),
    );
    const y = call(fn, filled(args, arrays), filled(kwargs, arrays));
    expect((Array.isArray(y) ? y : [y]).map((each: Arr) => each.dtype)).toEqual(dtypes);
  });
});

describe("values", () => {
  const x = (): Arr => jnp.array([0.1, 1 / 3, -2.5, 300.7], half);
  const text = async (y: Arr): Promise<string> => {
    await y.data();
    return String(y);
  };
  test("arithmetic beside numbers keeps the dtype, and rounds once an operation", async () => {
    expect(await text(x().mul(3))).toBe("[0.300781 1 -7.5 900]");
    expect(await text(x().add(1))).toBe("[1.10156 1.33594 -1.5 300]");
    expect(await text(jnp.true_divide(1, x()))).toBe("[10 3 -0.400391 0.00332642]");
  });
  test("sums, means and variances are made in float32 and rounded once", async () => {
    const many = jnp.full([4096], 0.1, half);
    expect(await text(jnp.sum(many))).toBe("410");
    expect(await text(jnp.mean(x()))).toBe("74.5");
    expect(await text(jnp.var(x()))).toBe("16896");
    expect(jnp.mean(x(), null, "float32").dtype).toBe("float32");
  });
  test("a product of which float32 is asked for is not rounded on the way", async () => {
    const y = jnp.dot(x(), x(), { preferred_element_type: "float32" });
    expect(y.dtype).toBe("float32");
    expect(await y.item()).toBeCloseTo(0.100097656 ** 2 + 0.333984375 ** 2 + 2.5 ** 2 + 300 ** 2, 1);
    expect(jnp.dot(x(), x()).dtype).toBe(half);
  });
  test("gradients have the dtype of what they are of", async () => {
    const g = jax.grad((a: Arr) => jnp.sum(jnp.square(a)))(x()) as unknown as Arr;
    expect(g.dtype).toBe(half);
    expect(await text(g)).toBe("[0.200195 0.667969 -5 600]");
    const mixed = jax.grad((w: Arr) => jnp.sum(w.astype(half).mul(x())).astype("float32"))(
      jnp.array([1, 2, 3, 4]),
    ) as unknown as Arr;
    expect(mixed.dtype).toBe("float32");
  });
});
