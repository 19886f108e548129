// What is printed of arrays, held against the originals to the byte.
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import { describe, expect, test, vi } from "vitest";

const jnp = jax.numpy;

interface Case {
  dtype: "float32" | "float16" | "bfloat16" | "int" | "bool";
  shape: number[];
  values?: (number | string)[];
  rule?: { step: number; period: number; shift: number; scale: number };
  texts: string[];
}

const goldens = (dialect: string): Case[] =>
  JSON.parse(readFileSync(new URL(`../goldens/printing_${dialect}.json`, import.meta.url), "utf8"));

function elementsOf({ shape, values, rule, dtype }: Case): number[] {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return Array.from({ length: size }, (_, i) => {
    if (rule) return Math.fround((((i * rule.step) % rule.period) - rule.shift) * rule.scale);
    const value = values?.[i % values.length] ?? Number.NaN;
    const number = typeof value === "number" ? value : Number(value.replace("inf", "Infinity"));
    return dtype === "float32" ? Math.fround(number) : number;
  });
}
const name = ({ texts, ...given }: Case): string => JSON.stringify(given);

type Prints = (c: Case) => Promise<string[]>;

/** What show() and console.log print of the tensor, and its text as text: on a handle that has not been read. */
async function printed(x: { show(): Promise<void> }): Promise<{ shown: string; inspected: string }> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await x.show();
    return { shown: log.mock.calls[0]?.[0] as string, inspected: inspect(x) };
  } finally {
    log.mockRestore();
  }
}

const PRINTS: Record<string, Prints> = {
  torch: async (c) => {
    const dtype = { float32: torch.float32, int: torch.int64, bool: torch.bool }[c.dtype as "float32"];
    const { shown, inspected } = await printed(torch.tensor(elementsOf(c), { dtype }).reshape(c.shape));
    expect(inspected).toBe(shown);
    return [shown];
  },
  jax: async (c) => {
    const dtype = (c.dtype === "int" ? "int32" : c.dtype) as "float32";
    const { shown, inspected } = await printed(jnp.array(elementsOf(c), dtype).reshape(c.shape));
    return [shown, inspected];
  },
  keras: async (c) => {
    const dtype = { float32: "float32", int: "int32", bool: "bool" }[c.dtype as "float32"] as "float32";
    const x = keras.ops.reshape(
      keras.ops.convert_to_tensor(c.dtype === "int" ? Int32Array.from(elementsOf(c)) : elementsOf(c), dtype),
      c.shape,
    );
    const { shown, inspected } = await printed(x);
    return [shown, inspected];
  },
};

describe.each(Object.entries(PRINTS))("%s prints as the original", (dialect, print) => {
  test.each(goldens(dialect).map((c) => [name(c), c] as const))("%s", async (_, c) => {
    expect(await print(c)).toEqual(c.texts);
  });
});

describe("values that the host knows", () => {
  test("are those it gave and those it read, as long as nothing wrote since", async () => {
    const x = torch.tensor([1.5, -2]);
    expect(`${x}`).toBe("tensor([ 1.5000, -2.0000])");
    const y = x.add(x);
    expect(`${y}`).toBe("tensor(..., size=(2,))");
    await y.tolist();
    expect(`${y}`).toBe("tensor([ 3., -4.])");
    // Views look into the same memory.
    expect(`${y.reshape(2, 1)}`).toBe("tensor([[ 3.],\n        [-4.]])");
    y.mul_(2);
    expect(`${y}`).toBe("tensor(..., size=(2,))");
  });

  test("are not those of the caller's array afterwards", () => {
    const data = Float32Array.of(1, 2);
    const x = torch.tensor(data);
    data[0] = 9;
    expect(`${x}`).toBe("tensor([1., 2.])");
  });

  test("are kept of large arrays as far as a print shows them", () => {
    const x = torch.tensor(Float32Array.from({ length: 10000 }, (_, i) => i));
    expect(`${x}`).toBe(
      "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 9.9970e+03, 9.9980e+03,\n        9.9990e+03])",
    );
    expect(`${x.reshape(100, 100)}`).toBe("tensor(..., size=(100, 100))");
  });

  test("follow a compiled step", async () => {
    const p = new torch.nn.Parameter(torch.tensor([1.5]));
    const sgd = new torch.optim.SGD([p], { lr: 1 });
    const step = torch.compile(() => {
      p.mul(2).sum().backward();
      sgd.step();
      sgd.zero_grad();
    });
    step();
    await p.tolist();
    expect(`${p}`).toBe("Parameter containing:\ntensor([-0.5000], requires_grad=True)");
    step();
    expect(`${p}`).toBe("Parameter containing:\ntensor(..., size=(1,), requires_grad=True)");
  });
});

test("torch shows how a tensor came to need gradients", () => {
  const x = torch.tensor([1.5], { requires_grad: true });
  expect(`${x}`).toBe("tensor([1.5000], requires_grad=True)");
  expect(`${x.mul(2)}`).toBe("tensor(..., size=(1,), grad_fn=<MulBackward0>)");
  expect(`${x.reshape(1, 1)}`).toBe("tensor([[1.5000]], grad_fn=<ViewBackward0>)");
});

test("keras shows variables and placeholders", () => {
  expect(inspect(new keras.Variable([1, 2.5], { name: "w" }))).toBe(
    "<Variable path=w, shape=(2,), dtype=float32, value=[1.  2.5]>",
  );
  expect(`${keras.Input({ shape: [3], name: "x" })}`).toBe(
    "<KerasTensor shape=(None, 3), dtype=float32, sparse=False, ragged=False, name=x>",
  );
  expect(inspect(keras.ndarray([[1, 2.5]]))).toBe("array([[1. , 2.5]], dtype=float32)");
});

describe("operators on arrays are refused with the methods' names", () => {
  const arrays: Record<string, { add: RegExp; times: RegExp; x: unknown }> = {
    "torch.Tensor": { x: torch.tensor([1]), add: /a\.add\(b\)/, times: /a\.mul\(b\).*a\.gt\(b\)/ },
    "torch.nn.Parameter": { x: new torch.nn.Parameter(torch.ones(1)), add: /a\.add\(b\)/, times: /a\.mul\(b\)/ },
    "jax.Array": { x: jnp.array([1]), add: /a\.add\(b\)/, times: /a\.mul\(b\).*a\.greater\(b\)/ },
    "keras tensor": { x: keras.ops.convert_to_tensor([1]), add: /a\.add\(b\)/, times: /a\.mul\(b\)/ },
    "keras.Variable": { x: new keras.Variable([1]), add: /a\.add\(b\)/, times: /a\.mul\(b\)/ },
    "keras.Input": { x: keras.Input({ shape: [1] }), add: /a\.add\(b\)/, times: /a\.mul\(b\)/ },
    "keras.ndarray": { x: keras.ndarray([1]), add: /x\.add\(y\)/, times: /x\.mul\(y\)/ },
  };
  test.each(Object.entries(arrays))("%s", (_, { x, add, times }) => {
    const a = x as number;
    for (const use of [() => a * a, () => a - 1, () => -a, () => a > 0, () => a <= 1, () => Number(a)])
      expect(use).toThrow(times);
    for (const use of [() => a + a, () => a + 1, () => "".concat("x") + a]) expect(use).toThrow(add);
    expect(typeof `${a}`).toBe("string");
  });
});
