// The PyTorch dialect forward and backward against values that PyTorch computed.
import * as torch from "@facet/shims-torch";
import { expectClose, formulaWeights, type GoldenCase, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { nn, optim } = torch;
const F = nn.functional;
type Tensor = torch.Tensor;

const read = (row: GoldenCase, name: string): Tensor => {
  const { data, shape, dtype } = row.tensor(name);
  return torch.tensor(dtype === "int32" ? row.ints(name) : (data as Float32Array)).view(shape);
};

const leaf = (row: GoldenCase, name: string): Tensor => read(row, name).requires_grad_();

/** y = f(inputs) and what y.backward(dy) puts into the gradient of each input. */
async function check(
  row: GoldenCase,
  names: string[],
  f: (...xs: Tensor[]) => Tensor,
  tolerance = 2e-5,
): Promise<void> {
  const inputs = names.map((name) => leaf(row, name));
  const y = f(...inputs);
  const options = { rtol: tolerance, atol: tolerance };
  expect(y.shape).toEqual(row.tensor("y").shape);
  expectClose(await y.numpy(), row.floats("y"), { ...options, label: `${row.name} y`, shape: y.shape });
  y.backward(read(row, "dy"));
  for (const [i, name] of names.entries()) {
    const { grad } = inputs[i] as Tensor;
    if (!grad) throw new Error(`${row.name}: no gradient of ${name}`);
    expectClose(await grad.numpy(), row.floats(`d${name}`), { ...options, label: `${row.name} d${name}` });
  }
}

const rows = (file: string, keep: (row: GoldenCase) => boolean = () => true): GoldenCase[] => {
  const found = loadGolden(file).cases.filter(keep);
  expect(found.length).toBeGreaterThan(0);
  return found;
};

/** Loads weights into a layer and calls it on x: parameters take part as leaves of their own. */
async function checkLayer(
  row: GoldenCase,
  layer: torch.nn.Module,
  state: Record<string, string>,
  prepare = (x: Tensor) => x,
) {
  const weights = Object.entries(state).map(([name, array]) => [name, read(row, array)]);
  layer.load_state_dict(Object.fromEntries(weights));
  await check(row, ["x"], (x) => layer(prepare(x)) as Tensor);
  const parameters = new Map(layer.named_parameters());
  for (const [name, array] of Object.entries(state)) {
    const { grad } = parameters.get(name) as Tensor;
    expectClose(await (grad as Tensor).numpy(), row.floats(`d${array}`), {
      rtol: 2e-5,
      atol: 2e-5,
      label: `${row.name} ${name}`,
    });
  }
}

describe("nn.Conv2d", () => {
  test.each(rows("conv2d"))("$name", async (row) => {
    const { stride, padding, dilation, groups } = row.params;
    const [[top, bottom], [left, right]] = padding;
    const symmetric = top === bottom && left === right;
    const [out, per, kh, kw] = row.tensor("w").shape as [number, number, number, number];
    const conv = new nn.Conv2d(per * groups, out, [kh, kw], {
      stride,
      padding: symmetric ? [top, left] : 0,
      dilation,
      groups,
      bias: row.has("b"),
    });
    const state: Record<string, string> = row.has("b") ? { weight: "w", bias: "b" } : { weight: "w" };
    await checkLayer(row, conv, state, symmetric ? undefined : (x) => F.pad(x, [left, right, top, bottom]));
  });

  test("padding 'same' puts the odd element at the end", async () => {
    const x = torch.arange(12, { dtype: torch.float32 }).view(1, 1, 3, 4);
    const w = torch.ones(1, 1, 2, 2);
    const same = F.conv2d(x, w, { padding: "same" });
    const padded = F.conv2d(F.pad(x, [0, 1, 0, 1]), w);
    expect(await same.tolist()).toEqual(await padded.tolist());
    expect(F.conv2d(x, w, { padding: "valid" }).shape).toEqual([1, 1, 2, 3]);
  });

  test("takes one image without a batch", async () => {
    const conv = new nn.Conv2d(1, 2, 3);
    const x = torch.randn(1, 5, 5);
    expect(await conv(x).tolist()).toEqual(((await conv(x.unsqueeze(0)).tolist()) as number[][])[0]);
  });
});

describe("pooling", () => {
  test.each(rows("max_pool2d"))("nn.MaxPool2d $name", async (row) => {
    const { fn: _, ...options } = row.params;
    await checkLayer(row, new nn.MaxPool2d(options), {});
  });
  test.each(rows("avg_pool2d", (row) => row.params.divisor_override === null))("nn.AvgPool2d $name", async (row) => {
    const { fn: _, ...options } = row.params;
    await checkLayer(row, new nn.AvgPool2d(options), {});
  });
});

describe("nn.Linear", () => {
  test.each(rows("linear"))("$name", async (row) => {
    const [out, features] = row.tensor("w").shape as [number, number];
    const state: Record<string, string> = row.has("b") ? { weight: "w", bias: "b" } : { weight: "w" };
    await checkLayer(row, new nn.Linear(features, out, row.has("b")), state);
  });
});

describe("activations", () => {
  const layers: Record<string, (params: GoldenCase["params"]) => torch.nn.Module> = {
    relu: () => new nn.ReLU(),
    sigmoid: () => new nn.Sigmoid(),
    tanh: () => new nn.Tanh(),
    gelu: ({ approximate }) => new nn.GELU({ approximate }),
    softplus: ({ beta, threshold }) => new nn.Softplus(beta, threshold),
    elu: ({ alpha }) => new nn.ELU(alpha),
    leaky_relu: ({ negative_slope }) => new nn.LeakyReLU({ negative_slope }),
    silu: () => new nn.SiLU(),
    softmax: ({ dim }) => new nn.Softmax({ dim }),
    log_softmax: ({ dim }) => new nn.LogSoftmax(dim),
  };
  test.each([...rows("activations"), ...rows("softmax")])("$name", async (row) => {
    await checkLayer(row, (layers[row.params.fn] as (typeof layers)[string])(row.params), {});
  });
});

describe("losses", () => {
  test.each(rows("cross_entropy"))("nn.CrossEntropyLoss $name", async (row) => {
    const { fn: _, ...options } = row.params;
    const weight = row.has("weight") ? read(row, "weight") : null;
    const criterion = new nn.CrossEntropyLoss({ ...options, weight });
    await check(row, ["x"], (x) => criterion(x, read(row, "target")));
  });
  test.each(rows("losses"))("$name", async (row) => {
    const { fn, ...options } = row.params;
    const given = (name: string): Tensor | null => (row.has(name) ? read(row, name) : null);
    const criterion = {
      nll_loss: () => new nn.NLLLoss({ ...options, weight: given("weight") }),
      mse_loss: () => new nn.MSELoss(options),
      l1_loss: () => new nn.L1Loss(options),
      binary_cross_entropy_with_logits: () =>
        new nn.BCEWithLogitsLoss({ ...options, weight: given("weight"), pos_weight: given("pos_weight") }),
    }[fn as "nll_loss"]();
    if (row.has("dtarget")) await check(row, ["x", "target"], (x, target) => criterion(x, target as Tensor));
    else await check(row, ["x"], (x) => criterion(x, read(row, "target")));
  });
});

describe("functions of tensors", () => {
  const { add, sub, mul, div, pow, maximum, minimum } = torch;
  const binary = { add, sub, mul, div, pow, maximum, minimum };
  const { exp, log, sqrt, rsqrt, reciprocal, square, abs, neg, sin, cos, erf } = torch;
  const unary = { exp, log, sqrt, rsqrt, reciprocal, square, abs, neg, sin, cos, erf };
  test.each(rows("matmul"))("matmul $name", async (row) => {
    const { transpose_a = false, transpose_b = false } = row.params;
    const turn = (x: Tensor, on: boolean): Tensor => (on ? x.transpose(-1, -2) : x);
    await check(row, ["a", "b"], (a, b) => turn(a, transpose_a).matmul(turn(b as Tensor, transpose_b)));
  });

  test.each(rows("elementwise"))("$name", async (row) => {
    const { fn, min, max } = row.params;
    if (fn === "where") {
      await check(row, ["a", "b"], (a, b) => torch.where(read(row, "condition").bool(), a, b as Tensor));
    } else if (fn === "clamp") {
      await check(row, ["x"], (x) => x.clamp(min, max));
    } else if (row.has("a")) {
      await check(row, ["a", "b"], (a, b) => binary[fn as "mul"](a, b as Tensor));
    } else {
      await check(row, ["x"], (x) => unary[fn as "exp"](x));
    }
  });

  test.each(rows("reduce"))("$name", async (row) => {
    const { fn, ...options } = row.params;
    if (fn === "max" || fn === "min") {
      const [values, indices] = read(row, "x")[fn as "max"](options as { dim: number });
      expect(Array.from(await indices.numpy())).toEqual(Array.from(row.ints("indices")));
      expect(values.shape).toEqual(indices.shape);
      await check(row, ["x"], (x) => x[fn as "max"](options as { dim: number }).values);
    } else {
      await check(row, ["x"], (x) => x[fn as "sum"](options));
    }
  });

  test.each(rows("shape"))("$name", async (row) => {
    const { fn, dim, dims, ranges, shape, padding, value } = row.params;
    const inputs = row.tensors.filter((name) => /^x\d*$/.test(name));
    await check(row, inputs, (...xs) => {
      const [x] = xs as [Tensor];
      if (fn === "cat") return torch.cat(xs, dim);
      if (fn === "slice") return x.get(...ranges);
      if (fn === "permute") return x.permute(dims);
      if (fn === "index_select") return x.index_select(dim, read(row, "index"));
      if (fn === "pad") return F.pad(x, [...padding[1], ...padding[0]], { value });
      return x.expand(shape);
    });
  });
});

describe("optimisers", () => {
  test.each(rows("optimisers"))("$name", async (row) => {
    const { fn, options, steps } = row.params;
    const parameters = ["p0", "p1"].map((name) => leaf(row, name));
    const gradients = ["g0", "g1"].map((name) => read(row, name));
    const optimizer = new optim[fn as "Adam"](parameters, options);
    for (let step = 0; step < steps; step++) {
      for (const [i, parameter] of parameters.entries()) parameter.grad = (gradients[i] as Tensor).get(step);
      optimizer.step();
      for (const [i, parameter] of parameters.entries()) {
        const size = parameter.numel();
        const expected = row.floats(`y${i}`).subarray(step * size, (step + 1) * size);
        expectClose(await parameter.detach().numpy(), expected, {
          rtol: 2e-6,
          atol: 2e-6,
          label: `${row.name} step ${step}`,
        });
      }
    }
  });

  test("groups have settings of their own, and state_dict carries a run on", async () => {
    const row = loadGolden("optimisers").case("adam_amsgrad");
    const run = (names: string[]) => names.map((name) => leaf(row, name));
    const set = (parameters: Tensor[], step: number) => {
      for (const [i, p] of parameters.entries()) p.grad = read(row, `g${i}`).get(step);
    };
    const whole = run(["p0", "p1"]);
    const first = new optim.Adam([{ params: [whole[0] as Tensor], lr: 0.01 }, { params: [whole[1] as Tensor] }], {
      lr: 0.1,
      amsgrad: true,
    });
    expect(first.param_groups.map((group) => group.lr)).toEqual([0.01, 0.1]);
    for (let step = 0; step < 3; step++) {
      set(whole, step);
      first.step();
    }
    const copies = whole.map((p) => p.detach().clone().requires_grad_());
    const second = new optim.Adam(
      copies.map((p) => ({ params: [p] })),
      { amsgrad: true },
    );
    second.load_state_dict(first.state_dict());
    expect(second.param_groups.map((group) => group.lr)).toEqual([0.01, 0.1]);
    for (let step = 3; step < 5; step++) {
      for (const [parameters, optimizer] of [
        [whole, first],
        [copies, second],
      ] as const) {
        set(parameters, step);
        optimizer.step();
      }
    }
    for (const [i, p] of whole.entries())
      expect(await (copies[i] as Tensor).detach().tolist()).toEqual(await p.detach().tolist());
  });
});

class CNN extends nn.Module {
  conv1 = new nn.Conv2d(1, 32, 3);
  conv2 = new nn.Conv2d(32, 64, 3);
  pool = new nn.MaxPool2d(2);
  fc = new nn.Linear(1600, 10);
  override forward(x: Tensor): Tensor {
    x = this.pool(F.relu(this.conv1(x)));
    x = this.pool(F.relu(this.conv2(x)));
    return this.fc(x.flatten(1));
  }
}

describe("the CNN", () => {
  const row = loadGolden("cnn").case("cnn");
  const load = (net: CNN): void => {
    const state: Record<string, Tensor> = {};
    for (const { name, shape, scale, stream } of row.params.parameters) {
      const size = shape.reduce((product: number, extent: number) => product * extent, 1);
      state[name] = torch.tensor(formulaWeights(size, scale, stream)).view(shape);
    }
    expect(`${net.load_state_dict(state)}`).toBe("<All keys matched successfully>");
  };
  const train = async (): Promise<{ losses: number[]; net: CNN; logits: Tensor; gradients: Map<string, Tensor> }> => {
    const net = new CNN();
    load(net);
    const optimizer = new optim.Adam(net.parameters(), { lr: 1e-3 });
    const criterion = new nn.CrossEntropyLoss();
    const [x, y] = [read(row, "images"), read(row, "labels")];
    const gradients = new Map<string, Tensor>();
    const logits = torch.no_grad(() => net(x));
    const losses: number[] = [];
    for (let step = 0; step < row.params.steps; step++) {
      optimizer.zero_grad();
      const loss = criterion(net(x), y);
      loss.backward();
      if (step === 0) for (const [name, p] of net.named_parameters()) gradients.set(name, (p.grad as Tensor).clone());
      optimizer.step();
      losses.push(await loss.item());
    }
    return { losses, net, logits, gradients };
  };

  test("follows PyTorch for 10 Adam steps, in losses, gradients and weights", async () => {
    const { losses, net, logits, gradients } = await train();
    expectClose(losses, row.floats("losses"), { rtol: 0, atol: 5e-6, label: "losses" });
    expectClose(await logits.numpy(), row.floats("logits"), { rtol: 1e-4, atol: 1e-5, label: "logits" });
    const parameters = new Map(net.named_parameters());
    for (const { name } of row.params.parameters) {
      const first = row.floats(`d_${name}_first`);
      const gradient = (await (gradients.get(name) as Tensor).numpy()).subarray(0, first.length);
      expectClose(gradient, first, { rtol: 1e-3, atol: 1e-6, label: `gradient of ${name}` });
      const final = row.floats(`final_${name}_first`);
      const value = (await (parameters.get(name) as Tensor).numpy()).subarray(0, final.length);
      expectClose(value, final, { rtol: 1e-3, atol: 1e-4, label: name });
    }
  });

  test("gives the same bits every time", async () => {
    expect((await train()).losses).toEqual((await train()).losses);
  });

  test("has 34 826 parameters and prints as in PyTorch", () => {
    const net = new CNN();
    expect([...net.parameters()].reduce((sum, p) => sum + p.numel(), 0)).toBe(34826);
    expect(`${net}`).toBe(`CNN(
  (conv1): Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1))
  (conv2): Conv2d(32, 64, kernel_size=(3, 3), stride=(1, 1))
  (pool): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  (fc): Linear(in_features=1600, out_features=10, bias=True)
)`);
  });
});
