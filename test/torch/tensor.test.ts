// Tensors of the PyTorch dialect: making, reading, indexing, promotion, gradients, writing in place, memory.
import { setTimeout } from "node:timers/promises";
import {
  ArgumentError,
  DisposedError,
  device,
  FacetError,
  foldIn,
  keyFromSeed,
  ShapeError,
  UnsupportedError,
  uniform,
} from "@facet/autograd";
import { collectGarbage } from "@facet/kernels-wgsl";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn, optim } = torch;
const F = nn.functional;

describe("making", () => {
  test("dtypes follow the numbers, and can be said", async () => {
    const dtypes = [
      torch.tensor([1, 2]),
      torch.tensor([1.5]),
      torch.tensor(true),
      torch.tensor([1, 2], { dtype: torch.float32 }),
    ];
    expect(dtypes.map((x) => `${x.dtype}`)).toEqual(["torch.int64", "torch.float32", "torch.bool", "torch.float32"]);
    expect(`${torch.tensor(new Uint8Array([1, 2])).dtype}`).toBe("torch.uint8");
    expect(
      await torch
        .tensor(new Uint8Array([1, 255]))
        .float()
        .tolist(),
    ).toEqual([1, 255]);
    expect(await torch.tensor([1.9, -1.9], { dtype: torch.int64 }).tolist()).toEqual([1, -1]);
    expect(await torch.tensor([[true, false]]).tolist()).toEqual([[true, false]]);
    expect(() => torch.tensor([[1, 2], [3]])).toThrow(/expected sequences of equal length/);
    expect(() => torch.tensor([2 ** 31])).toThrow(/int32/);
    expect(() => torch.tensor([1, 2], { requires_grad: true })).toThrow(
      /only Tensors of floating point dtype can require gradients/,
    );
  });

  test("factories", async () => {
    expect(await torch.arange(3).tolist()).toEqual([0, 1, 2]);
    expect(await torch.arange(1, 2, 0.25).tolist()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(await torch.linspace(0, 1, 5).tolist()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(await torch.eye(2, 3).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(await torch.full([2], 7).tolist()).toEqual([7, 7]);
    expect(`${torch.full([2], 7).dtype} ${torch.full([2], 0.5).dtype}`).toBe("torch.int64 torch.float32");
    expect(torch.zeros([2, 3]).shape).toEqual([2, 3]);
    expect(torch.ones_like(torch.tensor([1, 2])).dtype).toBe(torch.int64);
    expect(() => torch.zeros(2, { foo: 1 } as never)).toThrow(ArgumentError);
    expect(() => torch.zeros(2, { device: "meta" })).toThrow(UnsupportedError);
  });

  test("draw n of the generator has the key foldIn(keyFromSeed(seed), n)", async () => {
    torch.manual_seed(5);
    const draws = [torch.rand(4), torch.rand(4)];
    for (const [n, draw] of draws.entries())
      expect([...(await draw.numpy())]).toEqual([...(await uniform(foldIn(keyFromSeed(5), n), [4]).data())]);
    const generator = new torch.Generator().manual_seed(5);
    expect(await torch.rand(4, { generator }).tolist()).toEqual(await draws[0]?.tolist());
    const permuted = (await torch.randperm(10).tolist()) as number[];
    expect(permuted.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const dice = (await torch.randint(1, 7, [100]).tolist()) as number[];
    expect(dice.every((face) => face >= 1 && face < 7)).toBe(true);
    expect(await torch.bernoulli(torch.tensor([0, 1], { dtype: torch.float32 })).tolist()).toEqual([0, 1]);
    expect(() => torch.manual_seed(0.5)).toThrow(ArgumentError);
  });
});

describe("using", () => {
  const x = torch.arange(12, { dtype: torch.float32 }).view(3, 4);

  test("indices", async () => {
    expect(await x.get(1).tolist()).toEqual([4, 5, 6, 7]);
    expect(await x.get(-1, 0).item()).toBe(8);
    expect(await x.get(":", [1, 3]).tolist()).toEqual([
      [1, 2],
      [5, 6],
      [9, 10],
    ]);
    expect(await x.get([null, null, 2], [-2, null]).tolist()).toEqual([
      [2, 3],
      [10, 11],
    ]);
    expect(x.get(null, 0).shape).toEqual([1, 4]);
    expect(await x.get(torch.tensor([2, 0]), 1).tolist()).toEqual([9, 1]);
    expect(await x.get(0, torch.tensor([[3, 1]])).tolist()).toEqual([[3, 1]]);
    expect(await x.slice(1).tolist()).toEqual([
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
    expect(await x.gather(1, torch.tensor([[0], [3], [2]])).tolist()).toEqual([[0], [7], [10]]);
    expect((await Promise.all([...x].map((row) => row.sum().item()))).length).toBe(3);
    expect(() => x.get(3)).toThrow(/index 3 is out of bounds for dimension 0 with size 3/);
    expect(() => x.get(0, 0, 0)).toThrow(/too many indices for tensor of dimension 2/);
    await expect(x.index_select(0, torch.tensor([3])).tolist()).rejects.toThrow(ArgumentError);
    await expect(x.gather(1, torch.tensor([[4]])).tolist()).rejects.toThrow(ArgumentError);
  });

  test("shapes", async () => {
    expect(x.view(-1, 6).shape).toEqual([2, 6]);
    expect(x.t().shape).toEqual([4, 3]);
    expect(x.unsqueeze(-1).squeeze().shape).toEqual([3, 4]);
    expect(x.unsqueeze(1).expand(-1, 2, 4).shape).toEqual([3, 2, 4]);
    expect(await torch.tensor([1, 2]).repeat(2, 2).tolist()).toEqual([
      [1, 2, 1, 2],
      [1, 2, 1, 2],
    ]);
    const deep = torch.ones(3, 2, 3, 4).requires_grad_();
    const many = deep.repeat(2, 3, 3, 3, 3);
    expect(many.shape).toEqual([2, 9, 6, 9, 12]);
    many.sum().backward();
    expect([...(await (deep.grad as torch.Tensor).numpy())]).toEqual(new Array(72).fill(162));
    expect(x.split(2).map((part) => part.shape)).toEqual([
      [2, 4],
      [1, 4],
    ]);
    expect(x.chunk(2, 1).map((part) => part.shape)).toEqual([
      [3, 2],
      [3, 2],
    ]);
    expect(torch.stack([x, x], { dim: -1 }).shape).toEqual([3, 4, 2]);
    expect(x.size(-1)).toBe(4);
    expect([x.dim(), x.numel(), x.length]).toEqual([2, 12, 3]);
    expect(() => x.view(5, 2)).toThrow(/shape '\[5, 2\]' is invalid for input of size 12/);
    expect(() => x.sum(5)).toThrow(/Dimension out of range \(expected to be in range of \[-2, 1\], but got 5\)/);
    expect(() => x.expand(2, 4)).toThrow(
      /The expanded size of the tensor \(2\) must match the existing size \(3\) at non-singleton dimension 0/,
    );
    expect(() => torch.cat([torch.ones(2, 3), torch.ones(2, 4)])).toThrow(
      /Sizes of tensors must match except in dimension 0\. Expected size 3 but got size 4 for tensor number 1/,
    );
    expect(() => torch.stack([])).toThrow(/non-empty list of Tensors/);
    expect(() => torch.ones(2, 3).mm(torch.ones(2, 3))).toThrow(
      /mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)/,
    );
  });

  test("types are promoted as in PyTorch", async () => {
    const [i, b] = [torch.tensor([3, -4]), torch.tensor([true, false])];
    const dtypes = (...xs: torch.Tensor[]): string => xs.map((y) => y.dtype.name).join(" ");
    expect(dtypes(i.add(1), i.add(1.5), i.mul(x.get(0, [0, 2])), b.add(1), b.sum(), i.div(2), i.eq(3))).toBe(
      "int64 float32 float32 int64 int64 float32 bool",
    );
    expect(await i.div(2, { rounding_mode: "floor" }).tolist()).toEqual([1, -2]);
    expect(await i.div(2, { rounding_mode: "trunc" }).tolist()).toEqual([1, -2]);
    expect(await torch.tensor([-3]).div(2, { rounding_mode: "trunc" }).tolist()).toEqual([-1]);
    expect(await torch.sub(1, i).tolist()).toEqual([-2, 5]);
    expect(await i.add(i, { alpha: 2 }).tolist()).toEqual([9, -12]);
    // A fraction makes floats, whatever alpha makes of it.
    for (const alpha of [0, 2]) expect(i.sub(0.5, { alpha }).dtype).toBe(torch.float32);
    expect(await b.logical_not().tolist()).toEqual([false, true]);
    expect(await x.eq(5).sum().item()).toBe(1);
    expect(() => i.mean()).toThrow(/mean\(\): could not infer output dtype.*Got: Long/);
    await expect(x.item()).rejects.toThrow(/a Tensor with 12 elements cannot be converted to Scalar/);
  });

  test("numbers become their low bytes", async () => {
    const bytes = async (x: torch.Tensor): Promise<number[]> => Array.from(await x.to(torch.uint8).numpy());
    expect(await bytes(torch.tensor([0, 1, 255, 256, -1, 70000, -300]))).toEqual([0, 1, 255, 0, 255, 112, 212]);
    expect(await bytes(torch.tensor([1.75, 200.5, 0]))).toEqual([1, 200, 0]);
    expect(await bytes(torch.tensor([true, false]))).toEqual([1, 0]);
    expect(await bytes(torch.zeros(0))).toEqual([]);
    expect(torch.tensor([[1], [2]]).to(torch.uint8).shape).toEqual([2, 1]);
  });

  test("bytes are filled in place", async () => {
    const bytes = torch.zeros([2, 3], { dtype: torch.uint8 });
    const filled = async (value: number): Promise<number[]> => Array.from(await bytes.fill_(value).numpy());
    expect(await filled(3)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(await filled(-1)).toEqual([255, 255, 255, 255, 255, 255]);
    expect(Array.from(await bytes.copy_(7).numpy())).toEqual([7, 7, 7, 7, 7, 7]);
    expect(Array.from(await bytes.zero_().numpy())).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("reductions", async () => {
    const [values, indices] = x.max(1);
    expect([await values.tolist(), await indices.tolist()]).toEqual([
      [3, 7, 11],
      [3, 3, 3],
    ]);
    expect(await x.argmax().item()).toBe(11);
    expect(x.argmax({ dim: 1, keepdim: true }).shape).toEqual([3, 1]);
    expect(await x.max().item()).toBe(11);
    expect(await x.norm().item()).toBeCloseTo(Math.sqrt(506), 4);
    expect(await x.std({ correction: 0 }).item()).toBeCloseTo(Math.sqrt(143 / 12), 4);
    expect(await x.var(1, false).tolist()).toEqual([1.25, 1.25, 1.25]);
    const far = torch.tensor([
      [-3e38, 3e38, 3e38],
      [2e-30, 4e-30, 6e-30],
      [0.7, 0.7, 0.7],
    ]);
    far.requires_grad_();
    const spread = far.std(1, false);
    const [huge, tiny, none] = (await spread.tolist()) as [number, number, number];
    expect([huge / 1e38, tiny / 1e-30]).toEqual([expect.closeTo(Math.sqrt(8), 5), expect.closeTo(Math.sqrt(8 / 3), 5)]);
    expect(none).toBe(0);
    spread.backward(torch.tensor([1000.5, 1000, 1000]));
    const slopes = (await far.grad?.tolist()) as number[][];
    expect(slopes[0]?.[0]).toBeCloseTo((-1000.5 * Math.SQRT2) / 3, 3);
    expect(slopes[1]?.[2]).toBeCloseTo(1000 / Math.sqrt(6), 3);
    expect(slopes[2]).toEqual([0, 0, 0]);
    const tie = torch.tensor([2.5, 2.5], { requires_grad: true });
    tie.max(0).values.backward();
    expect(await tie.grad?.tolist()).toEqual([1, 0]);
    expect(() => torch.zeros(0).max()).toThrow(/Expected reduction dim to be specified for input\.numel\(\) == 0/);
  });
});

describe("gradients", () => {
  test("of a result that is given integers or bools are floats, as in PyTorch", async () => {
    const w = torch.tensor([1.5, 2.5], { requires_grad: true });
    w.div(2).backward(torch.tensor([3, 4]));
    expect(await w.grad?.tolist()).toEqual([1.5, 2]);
    const [one] = torch.autograd.grad(w.div(2), w, { grad_outputs: torch.tensor([true, false]) });
    expect(await one?.tolist()).toEqual([0.5, 0]);
    const [both] = torch.autograd.grad([w.div(2), w.mul(2)], w, {
      grad_outputs: [torch.tensor([2, 4]), torch.tensor([0, 1])],
    });
    expect(await both?.tolist()).toEqual([1, 4]);
  });

  test("of the gradient of a cross entropy whose labels are all ignored are 0", async () => {
    const logits = torch.ones(2, 2).requires_grad_();
    const loss = torch.nn.functional.cross_entropy(logits, torch.tensor([-100, -100]), { label_smoothing: 1 });
    const [first] = torch.autograd.grad(loss, logits, { create_graph: true }) as [torch.Tensor];
    first.mul(first).sum().backward();
    expect(await logits.grad?.tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test("add up in .grad until they are cleared", async () => {
    const w = torch.tensor([1.5, 2.5], { requires_grad: true });
    w.mul(w).sum().backward();
    const held = w.grad as torch.Tensor;
    expect(await held.tolist()).toEqual([3, 5]);
    w.sum().backward();
    expect(await held.tolist()).toEqual([4, 6]);
    expect(await w.grad?.tolist()).toEqual([4, 6]);
    w.grad = null;
    expect(w.grad).toBe(null);
    expect(await held.tolist()).toEqual([4, 6]);
    w.sum().mul(2).backward();
    expect(await (w.grad as torch.Tensor | null)?.tolist()).toEqual([2, 2]);
  });

  test("of two leaves that were added are apart", async () => {
    const [a, b] = [torch.ones(2), torch.ones(2)].map((x) => x.requires_grad_()) as [torch.Tensor, torch.Tensor];
    a.add(b).backward(torch.ones(2));
    a.grad?.mul_(5);
    expect(await b.grad?.tolist()).toEqual([1, 1]);
    expect(await a.grad?.tolist()).toEqual([5, 5]);
  });

  test("a second backward needs retain_graph", async () => {
    const w = torch.tensor([1.5], { requires_grad: true });
    const once = w.mul(w).sum();
    once.backward();
    expect(() => once.backward()).toThrow(DisposedError);
    expect(() => once.backward()).toThrow(/Trying to backward through the graph a second time .*retain_graph=True/);
    const twice = w.mul(w).sum();
    w.grad = null;
    twice.backward({ retain_graph: true });
    twice.backward();
    expect(await (w.grad as torch.Tensor | null)?.tolist()).toEqual([6]);
  });

  test("of gradients", async () => {
    const x = torch.tensor([2.5], { requires_grad: true });
    const [first] = torch.autograd.grad(x.pow(3).sum(), x, { create_graph: true });
    expect(await first?.tolist()).toEqual([18.75]);
    const [second] = torch.autograd.grad((first as torch.Tensor).sum(), [x]);
    expect(await second?.tolist()).toEqual([15]);
    expect(x.grad).toBe(null);
    x.pow(3).sum().backward({ create_graph: true });
    (x.grad as torch.Tensor).sum().backward();
    expect(await x.grad?.detach().tolist()).toEqual([33.75]);
  });

  test("of gradients that are added up without recording", async () => {
    const w = torch.ones(2).requires_grad_();
    const y = w.mul(w).sum();
    torch.no_grad(() => {
      for (let i = 0; i < 2; i++) y.backward({ create_graph: true });
    });
    const [second] = torch.autograd.grad((w.grad as torch.Tensor).sum(), w);
    expect(await second?.tolist()).toEqual([4, 4]);
  });

  test("mistakes", () => {
    const x = torch.ones(2, 2).requires_grad_();
    expect(() => x.sum().detach().backward()).toThrow(
      /element 0 of tensors does not require grad and does not have a grad_fn/,
    );
    expect(() => x.mul(x).backward()).toThrow(/grad can be implicitly created only for scalar outputs/);
    expect(() => x.mul(2).requires_grad_(false)).toThrow(/you can only change requires_grad flags of leaf variables/);
    expect(() => torch.autograd.grad(x.sum(), torch.ones(2).requires_grad_())).toThrow(
      /appears to not have been used in the graph/,
    );
    expect(torch.autograd.grad(x.sum(), torch.ones(2).requires_grad_(), { allow_unused: true })).toEqual([null]);
    expect(() => x.mul(x).backward(torch.ones(3))).toThrow(ShapeError);
  });

  test("no_grad as a block, as a function, and enable_grad inside", () => {
    const x = torch.ones(2).requires_grad_();
    {
      using _ = torch.no_grad();
      expect(x.mul(2).requires_grad).toBe(false);
      expect(torch.enable_grad(() => x.mul(2).requires_grad)).toBe(true);
      expect(torch.is_grad_enabled()).toBe(false);
    }
    expect(x.mul(2).requires_grad).toBe(true);
    expect(torch.no_grad(() => x.mul(2)).requires_grad).toBe(false);
    expect(torch.inference_mode(() => x.mul(2)).requires_grad).toBe(false);
    expect(() => torch.no_grad(async () => x)).toThrow(/using _ = torch\.no_grad/);
    torch.set_grad_enabled(false);
    expect(torch.is_grad_enabled()).toBe(false);
    torch.set_grad_enabled(true);
  });
});

test("nn.utils clips gradients together and one by one", async () => {
  const [a, b] = [torch.zeros(2), torch.zeros(2)].map((x) => x.requires_grad_()) as [torch.Tensor, torch.Tensor];
  a.mul(3).sum().add(b.mul(4).sum()).backward();
  const norm = nn.utils.clip_grad_norm_([a, b, torch.zeros(1).requires_grad_()], 5);
  expect(await norm.item()).toBeCloseTo(Math.sqrt(50), 5);
  expect(await a.grad?.norm().item()).toBeCloseTo(3, 5);
  nn.utils.clip_grad_value_(b, 1);
  expect(await b.grad?.tolist()).toEqual([1, 1]);
  expect(() => nn.utils.clip_grad_norm_([a], 1, { norm_type: 1 })).toThrow(UnsupportedError);
});

describe("in place", () => {
  test("writes where no gradient is followed", async () => {
    const x = torch.zeros(2, 2);
    expect(x.add_(3).mul_(2)).toBe(x);
    x.view(4).get(0);
    x.view(-1).sub_(torch.tensor([0, 1, 2, 3]));
    expect(await x.tolist()).toEqual([
      [6, 5],
      [4, 3],
    ]);
    expect(await x.copy_(torch.tensor([1, 2])).tolist()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(await torch.tensor([1, 2]).mul_(3).tolist()).toEqual([3, 6]);
    expect(() => torch.tensor([1, 2]).mul_(0.5)).toThrow(/can't be cast to the desired output type int64/);
    expect(() => torch.zeros(2).add_(torch.ones(2, 2))).toThrow(
      /output with shape \[2\] doesn't match the broadcast shape \[2, 2\]/,
    );
    expect(await torch.zeros(3).fill_(2).clamp_({ max: 1 }).tolist()).toEqual([1, 1, 1]);
  });

  test("a leaf only under no_grad, and what backward needs must not change", async () => {
    const w = torch.ones(2).requires_grad_();
    expect(() => w.add_(1)).toThrow(/a leaf Variable that requires grad is being used in an in-place operation\./);
    expect(() => w.mul(2).add_(1)).toThrow(UnsupportedError);
    expect(() => torch.ones(2).add_(w)).toThrow(UnsupportedError);
    const y = w.mul(w).sum();
    torch.no_grad(() => w.sub_(0.5));
    expect(() => y.backward()).toThrow(/modified in place/);
    expect(await w.tolist()).toEqual([0.5, 0.5]);
    w.data.zero_();
    expect(await w.tolist()).toEqual([0, 0]);
  });
});

describe("training", () => {
  const settle = async (): Promise<number> => {
    for (let i = 0; i < 4; i++) {
      collectGarbage();
      await setTimeout(5);
    }
    return device().memory().live;
  };

  class Net extends nn.Module {
    conv = new nn.Conv2d(1, 4, 3);
    pool = new nn.MaxPool2d(2);
    drop = new nn.Dropout(0.25);
    out = new nn.Linear(36, 3);
    override forward(x: torch.Tensor): torch.Tensor {
      return this.out(this.drop(this.pool(F.relu(this.conv(x))).flatten(1)));
    }
  }

  async function train(steps: number, onStep?: () => void): Promise<number[]> {
    torch.manual_seed(1);
    const net = new Net();
    const y = torch.randint(3, [16]);
    // Classes differ in brightness, so there is something to learn.
    const x = torch.rand(16, 1, 8, 8).add(y.float().view(-1, 1, 1, 1));
    const criterion = new nn.CrossEntropyLoss();
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
    const losses: torch.Tensor[] = [];
    for (let step = 0; step < steps; step++) {
      optimizer.zero_grad();
      const loss = criterion(net(x), y);
      loss.backward();
      optimizer.step();
      if (step % 20 === 0) losses.push(loss.detach());
      if (step % 25 === 0) await loss.item();
      onStep?.();
    }
    return Promise.all(losses.map((loss) => loss.item()));
  }

  test("learns, and two runs of a seed have the same losses", async () => {
    const losses = await train(101);
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] as number));
    expect(await train(101)).toEqual(losses);
  });

  test("memory is where it was after 500 steps", async () => {
    await train(5);
    const before = await settle();
    await train(500);
    expect(await settle()).toBeLessThanOrEqual(before);
  });

  test("a program that never looks at gradients frees them in zero_grad", () => {
    const w = torch.ones(1 << 16).requires_grad_();
    const optimizer = new optim.SGD([w]);
    w.mul(2).sum().backward();
    const before = device().memory().live;
    optimizer.zero_grad();
    expect(device().memory().live).toBeLessThanOrEqual(before - 4 * (1 << 16));
  });

  test("a tensor kept from inside forward by other means says what to do", () => {
    let leaked: torch.Tensor | undefined;
    class Leaky extends nn.Module {
      override forward(x: torch.Tensor): torch.Tensor {
        leaked = x.mul(2);
        return leaked.add(1);
      }
    }
    new Leaky()(torch.ones(1));
    expect(() => (leaked as torch.Tensor).add(1)).toThrow(FacetError);
    expect(() => (leaked as torch.Tensor).add(1)).toThrow(/return it, or keep\(\) it/);
  });
});
