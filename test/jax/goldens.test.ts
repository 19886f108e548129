// The JAX dialect forward and backward against values that PyTorch computed.
import * as jax from "@facet/shims-jax";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { numpy: jnp, lax, nn, optax } = jax;
const { stax, optimizers } = jax.example_libraries;
type Arr = InstanceType<typeof jax.Array>;

const arr = (row: GoldenCase, name: string): Arr => {
  const { data, shape } = row.tensor(name);
  return jnp.array(data).reshape(shape);
};

/** y = f(inputs) and the gradient of sum(y * dy) by each input. */
async function check(row: GoldenCase, names: string[], f: (...xs: Arr[]) => Arr, tolerance = 2e-5): Promise<void> {
  const [y, pullback] = jax.vjp(f, ...names.map((name) => arr(row, name)));
  expect(y.shape).toEqual(row.tensor("y").shape);
  const options = { rtol: tolerance, atol: tolerance };
  expectClose(await y.data(), row.floats("y"), { ...options, label: `${row.name} y`, shape: y.shape });
  const gradients = pullback(arr(row, "dy"));
  for (const [i, name] of names.entries())
    expectClose(await gradients[i].data(), row.floats(`d${name}`), { ...options, label: `${row.name} d${name}` });
}

const rows = (file: string, keep: (row: GoldenCase) => boolean = () => true): GoldenCase[] => {
  const found = loadGolden(file).cases.filter(keep);
  expect(found.length).toBeGreaterThan(0);
  return found;
};

describe("lax.conv_general_dilated", () => {
  test.each(rows("conv2d"))("$name", async (row) => {
    const { stride, padding, dilation, groups } = row.params;
    const options = { rhs_dilation: dilation, feature_group_count: groups };
    const names = row.has("b") ? ["x", "w", "b"] : ["x", "w"];
    await check(row, names, (x, w, b) => {
      const y = lax.conv_general_dilated(x as Arr, w as Arr, stride, padding, options);
      return b ? y.add(b.reshape(1, -1, 1, 1)) : y;
    });
    // The same image and filter in TensorFlow's layout, and in one that must be transposed.
    await check(row, names, (x, w, b) => {
      const image = jnp.transpose(x as Arr, [0, 2, 3, 1]);
      const filter = jnp.transpose(w as Arr, [2, 3, 1, 0]);
      const y = lax.conv_general_dilated(image, filter, stride, padding, {
        ...options,
        dimension_numbers: ["NHWC", "HWIO", "CNHW"],
      });
      const channelsFirst = jnp.transpose(y, [1, 0, 2, 3]);
      return b ? channelsFirst.add(b.reshape(1, -1, 1, 1)) : channelsFirst;
    });
  });
});

describe("stax.GeneralConv", () => {
  test.each(rows("conv2d", (row) => row.has("b") && row.params.groups === 1 && `${row.params.dilation}` === "1,1"))(
    "$name",
    async (row) => {
      const { stride, padding } = row.params;
      const [channels, , h, w] = row.tensor("w").shape as [number, number, number, number];
      const [, apply] = stax.GeneralConv(["NCHW", "OIHW", "NCHW"], channels, [h, w], stride, padding);
      await check(row, ["x", "w", "b"], (x, W, b) => apply([W, (b as Arr).reshape(1, -1, 1, 1)], x));
    },
  );
});

const plainPool = (row: GoldenCase) => row.params.ceil_mode === false && `${row.params.dilation ?? "1,1"}` === "1,1";
const spatialPadding = (padding: number[]): [number, number][] => padding.map((p) => [p, p]);

describe("lax.reduce_window", () => {
  test.each(rows("max_pool2d", plainPool))("max $name", async (row) => {
    const { kernel_size, stride, padding } = row.params;
    const all: [number, number][] = [[0, 0], [0, 0], ...spatialPadding(padding)];
    const [window, strides] = [kernel_size, stride].map((pair) => [1, 1, ...pair]) as [number[], number[]];
    await check(row, ["x"], (x) =>
      lax.reduce_window(x as Arr, Number.NEGATIVE_INFINITY, lax.max, window, strides, all),
    );
  });
  test.each(rows("avg_pool2d", (row) => plainPool(row) && row.params.divisor_override === null))(
    "mean $name",
    async (row) => {
      const { kernel_size, stride, padding, count_include_pad } = row.params;
      if (count_include_pad) {
        const all: [number, number][] = [[0, 0], [0, 0], ...spatialPadding(padding)];
        const [window, strides] = [kernel_size, stride].map((pair) => [1, 1, ...pair]) as [number[], number[]];
        const area = kernel_size[0] * kernel_size[1];
        await check(row, ["x"], (x) => lax.reduce_window(x as Arr, 0, lax.add, window, strides, all).div(area));
      } else {
        const [, apply] = stax.AvgPool(kernel_size, stride, spatialPadding(padding), "NCHW");
        await check(row, ["x"], (x) => apply([], x));
      }
    },
  );
});

describe("nn", () => {
  const activations: Record<string, (x: Arr, row: GoldenCase) => Arr> = {
    relu: (x) => nn.relu(x),
    sigmoid: (x) => nn.sigmoid(x),
    tanh: (x) => jnp.tanh(x),
    gelu: (x, row) => nn.gelu(x, row.params.approximate === "tanh"),
    softplus: (x) => nn.softplus(x),
    elu: (x, row) => nn.elu(x, row.params.alpha),
    leaky_relu: (x, row) => nn.leaky_relu(x, row.params.negative_slope),
    silu: (x) => nn.silu(x),
    softmax: (x, row) => nn.softmax(x, row.params.dim),
    log_softmax: (x, row) => nn.log_softmax(x, row.params.dim),
  };
  // PyTorch's softplus with another beta or a threshold has no counterpart, and at 0 JAX takes leaky_relu's other side.
  const known = (row: GoldenCase) => !/^softplus_2|^leaky_relu.*_at_zero/.test(row.name);
  test.each([...rows("activations", known), ...rows("softmax")])("$name", async (row) => {
    const f = activations[row.params.fn] as (x: Arr, row: GoldenCase) => Arr;
    await check(row, ["x"], (x) => f(x as Arr, row));
  });

  test("gelu approximates with tanh unless told otherwise", async () => {
    const row = loadGolden("activations").case("gelu_tanh");
    await check(row, ["x"], (x) => nn.gelu(x as Arr));
  });
});

describe("jnp", () => {
  const binary: Record<string, (a: Arr, b: Arr) => Arr> = {
    add: jnp.add,
    sub: jnp.subtract,
    mul: jnp.multiply,
    div: jnp.divide,
    pow: jnp.power,
    maximum: jnp.maximum,
    minimum: jnp.minimum,
    matmul: jnp.matmul,
  };
  test.each(rows("elementwise", (row) => row.params.fn in binary))("$name", async (row) => {
    await check(row, ["a", "b"], binary[row.params.fn] as never, 1e-4);
  });
  test.each(rows("matmul", (row) => row.params.transpose_a === undefined))("matmul $name", async (row) => {
    await check(row, ["a", "b"], jnp.matmul as never);
  });

  const unary: Record<string, (x: Arr) => Arr> = {
    exp: jnp.exp,
    log: jnp.log,
    sqrt: jnp.sqrt,
    rsqrt: lax.rsqrt,
    reciprocal: jnp.reciprocal,
    square: jnp.square,
    abs: jnp.abs,
    neg: jnp.negative,
    sin: jnp.sin,
    cos: jnp.cos,
    erf: lax.erf,
  };
  test.each(rows("elementwise", (row) => row.params.fn in unary))("$name", async (row) => {
    await check(row, ["x"], unary[row.params.fn] as never, 1e-4);
  });
  test("clip and where", async () => {
    const clip = loadGolden("elementwise").case("clamp");
    await check(clip, ["x"], (x) => jnp.clip(x as Arr, clip.params.min, clip.params.max));
    const where = loadGolden("elementwise").case("where");
    const condition = arr(where, "condition");
    await check(where, ["a", "b"], (a, b) => jnp.where(condition, a as Arr, b as Arr));
  });

  const reductions: Record<string, (x: Arr, axis: number[], keepdims: boolean) => Arr> = {
    sum: (x, axis, keepdims) => jnp.sum(x, { axis, keepdims }),
    mean: (x, axis, keepdims) => x.mean(axis, { keepdims }),
    amax: (x, axis, keepdims) => jnp.max(x, axis, { keepdims }),
    amin: (x, axis, keepdims) => jnp.min(x, axis, { keepdims }),
  };
  test.each(rows("reduce", (row) => row.params.fn in reductions))("$name", async (row) => {
    const f = reductions[row.params.fn] as (x: Arr, axis: number[], keepdims: boolean) => Arr;
    await check(row, ["x"], (x) => f(x as Arr, row.params.dim, row.params.keepdim));
  });
  test.each(rows("reduce", (row) => row.params.fn === "var"))("$name", async (row) => {
    const ddof = row.params.unbiased ? 1 : 0;
    await check(row, ["x"], (x) => jnp.var(x as Arr, row.params.dim, { ddof, keepdims: row.params.keepdim ?? false }));
  });
  test.each(rows("reduce", (row) => ["max", "min"].includes(row.params.fn)))("arg$name", async (row) => {
    const f = row.params.fn === "max" ? jnp.argmax : jnp.argmin;
    expect([...(await f(arr(row, "x"), row.params.dim).data())]).toEqual([...row.ints("indices")]);
  });

  test.each(rows("shape"))("$name", async (row) => {
    const { fn, dim, ranges, dims, padding, value, shape } = row.params;
    const names = row.tensors.filter((name) => /^x\d?$/.test(name));
    await check(row, names, (...xs) => {
      const [x] = xs as [Arr];
      if (fn === "cat") return jnp.concatenate(xs, dim);
      if (fn === "slice") return x.slice(...ranges);
      if (fn === "permute") return jnp.transpose(x, dims);
      if (fn === "index_select") return jnp.take(x, arr(row, "index"), dim);
      if (fn === "pad") return jnp.pad(x, padding, "constant", { constant_values: value });
      return jnp.broadcast_to(x, shape);
    });
  });
});

describe("stax.Dense", () => {
  test.each(rows("linear", (row) => row.has("b")))("$name", async (row) => {
    const [, apply] = stax.Dense(4);
    await check(row, ["x", "w", "b"], (x, w, b) => apply([(w as Arr).T, b], x));
  });
});

describe("optax losses", () => {
  const plain = (row: GoldenCase) =>
    row.params.reduction === "none" &&
    row.params.label_smoothing === 0 &&
    !row.has("weight") &&
    row.name !== "ignored_none";
  const byIndex = (row: GoldenCase) =>
    plain(row) && row.tensor("target").dtype === "int32" && !/ignore|spatial/.test(row.name);
  test.each(rows("cross_entropy", byIndex))("integer labels $name", async (row) => {
    const labels = arr(row, "target");
    await check(row, ["x"], (x) => optax.softmax_cross_entropy_with_integer_labels(x as Arr, labels));
  });
  test.each(rows("cross_entropy", (row) => plain(row) && row.has("dtarget")))("distributions $name", async (row) => {
    const labels = arr(row, "target");
    await check(row, ["x"], (x) => optax.softmax_cross_entropy(x as Arr, labels));
  });
  test("squared error and binary cross entropy", async () => {
    const square = loadGolden("losses").case("mse_loss_none");
    await check(square, ["x", "target"], optax.squared_error as never);
    const binary = loadGolden("losses").case("binary_cross_entropy_with_logits_plain_none");
    const labels = arr(binary, "target");
    await check(binary, ["x"], (x) => optax.sigmoid_binary_cross_entropy(x as Arr, labels));
  });
});

describe("optimisers", () => {
  const step = (row: GoldenCase, name: string, i: number): Arr => arr(row, name).slice(i);
  const known: Record<string, boolean> = { lr: true, betas: true, eps: true, momentum: true, nesterov: true };
  const supported = (row: GoldenCase) => Object.keys(row.params.options).every((option) => known[option]);
  const isSgd = (row: GoldenCase) => row.params.fn === "SGD" && supported(row);
  const isAdam = (row: GoldenCase) => row.params.fn === "Adam" && supported(row);

  async function follow(row: GoldenCase, next: (i: number, grads: Arr[]) => Arr[]): Promise<void> {
    for (let i = 0; i < row.params.steps; i++) {
      const params = next(i, [step(row, "g0", i), step(row, "g1", i)]);
      for (const [k, p] of params.entries())
        expectClose(await p.data(), (await step(row, `y${k}`, i).data()) as Float32Array, {
          rtol: 1e-5,
          atol: 1e-6,
          label: `${row.name} p${k} after step ${i}`,
        });
    }
  }

  test.each([...rows("optimisers", isSgd), ...rows("optimisers", isAdam)])("example_libraries $name", async (row) => {
    const { lr = 1e-3, betas = [], eps, momentum, nesterov } = row.params.options;
    const [init, update, get_params] = isAdam(row)
      ? optimizers.adam(lr, betas[0], betas[1], eps)
      : nesterov
        ? optimizers.nesterov(lr, momentum)
        : momentum
          ? optimizers.momentum(lr, momentum)
          : optimizers.sgd(lr);
    let state = init([arr(row, "p0"), arr(row, "p1")]);
    await follow(row, (i, grads) => {
      state = update(i, grads, state);
      return get_params(state);
    });
  });

  test.each(rows("optimisers", (row) => isSgd(row) || isAdam(row) || /^adamw(_large_eps|_defaults)?$/.test(row.name)))(
    "optax $name",
    async (row) => {
      const { lr = 1e-3, betas = [], eps, momentum, nesterov } = row.params.options;
      const adamOptions = { b1: betas[0], b2: betas[1], eps };
      const tx = isAdam(row)
        ? optax.adam(lr, adamOptions)
        : isSgd(row)
          ? optax.sgd(lr, { momentum, nesterov })
          : optax.adamw(lr, { ...adamOptions, weight_decay: row.params.options.weight_decay ?? 0.01 });
      let params = [arr(row, "p0"), arr(row, "p1")];
      let state = tx.init(params);
      await follow(row, (_, grads) => {
        const [updates, next] = tx.update(grads, state, params);
        state = next;
        params = optax.apply_updates(params, updates);
        return params;
      });
    },
  );
});

describe("second derivatives", () => {
  const fs: Record<string, (...xs: Arr[]) => Arr> = {
    tanh: jnp.tanh as never,
    sigmoid: nn.sigmoid as never,
    exp: jnp.exp as never,
    mul: jnp.multiply as never,
    div: jnp.divide as never,
    matmul: jnp.matmul as never,
  };
  test.each(rows("second_derivatives", (row) => row.params.fn in fs))("$name", async (row) => {
    const names = row.has("x") ? ["x"] : ["a", "b"];
    const f = fs[row.params.fn] as (...xs: Arr[]) => Arr;
    const positions = names.map((_, i) => i);
    // Gradients of sum(dx * vx) + ... by the inputs and by dy, dx being itself the gradient of sum(y * dy).
    const inner = (...given: Arr[]): Arr => {
      const dy = given.at(-1) as Arr;
      const first = jax.grad(
        (...xs: Arr[]) =>
          f(...xs)
            .mul(dy)
            .sum(),
        positions,
      )(...given.slice(0, -1));
      return names
        .map((name, i) => (first[i] as Arr).mul(arr(row, `v${name}`)).sum())
        .reduce((total, part) => total.add(part));
    };
    const inputs = [...names.map((name) => arr(row, name)), arr(row, "dy")];
    const second = jax.grad(inner, [...positions, names.length])(...inputs);
    for (const [i, name] of [...names, "y"].entries())
      expectClose(await (second[i] as Arr).data(), row.floats(`dd${name}`), {
        rtol: 1e-4,
        atol: 1e-4,
        label: `${row.name} dd${name}`,
      });
  });
});
