// torch.compile: whole steps and modules as plans, to the same bits.
import { CaptureError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn, optim } = torch;
const F = nn.functional;

class Net extends nn.Module {
  conv = new nn.Conv2d(1, 4, 3);
  drop = new nn.Dropout(0.5);
  out = new nn.Linear(36, 3);
  override forward(x: torch.Tensor): torch.Tensor {
    return this.out(this.drop(F.max_pool2d(F.relu(this.conv(x)), 2).flatten(1)));
  }
}

type Step = (x: torch.Tensor, y: torch.Tensor) => torch.Tensor;
type Make = (net: Net, optimizer: InstanceType<typeof optim.Adam>) => { step: Step; before?: () => void };

/** Losses and final weights of a few steps over two batch sizes with a falling learning rate. */
async function train(make: Make) {
  torch.manual_seed(3);
  const net = new Net();
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
  const { step, before } = make(net, optimizer);
  const losses: number[] = [];
  for (let i = 0; i < 6; i++) {
    const count = i === 2 || i === 5 ? 3 : 6;
    const x = torch.randn([count, 1, 8, 8]);
    const y = torch.tensor(Array.from({ length: count }, (_, at) => (at + i) % 3));
    before?.();
    losses.push(await step(x, y).item());
    for (const group of optimizer.param_groups) group.lr *= 0.9;
  }
  const weights = await Promise.all([...net.parameters()].map((p) => p.detach().tolist()));
  const gradients = await Promise.all([...net.parameters()].map((p) => p.grad?.tolist()));
  return { losses, weights, gradients };
}

const whole: Make = (net, optimizer) => ({
  step: (x, y) => {
    optimizer.zero_grad();
    const loss = F.cross_entropy(net(x), y);
    loss.backward();
    optimizer.step();
    return loss.detach();
  },
});
const compiledWhole: Make = (net, optimizer) => ({ step: torch.compile(whole(net, optimizer).step) });

describe("compile", () => {
  test("a whole training step: losses, weights and gradients to the bit", async () => {
    const eager = await train(whole);
    expect(await train(compiledWhole)).toEqual(eager);
    expect(new Set(eager.losses).size).toBe(6);
  });

  test("a step whose gradients are cleared outside, and one that returns its loss undetached", async () => {
    const outside: Make = (net, optimizer) => ({
      before: () => optimizer.zero_grad(),
      step: torch.compile((x: torch.Tensor, y: torch.Tensor) => {
        const loss = F.cross_entropy(net(x), y);
        loss.backward();
        optimizer.step();
        return loss;
      }),
    });
    expect(await train(outside)).toEqual(await train(whole));
  });

  test("gradients that add up over calls", async () => {
    const run = async (compiled: boolean) => {
      torch.manual_seed(0);
      const net = new nn.Linear(3, 1);
      const backward = (x: torch.Tensor): void => net(x).sum().backward();
      const step = compiled ? torch.compile(backward) : backward;
      for (let i = 0; i < 4; i++) step(torch.ones([2, 3]).mul(i + 1));
      return net.weight.grad?.tolist();
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test("draws anew in every call, and follows train() and eval()", async () => {
    torch.manual_seed(1);
    const net = new Net();
    const predict = torch.compile(net);
    const x = torch.randn([2, 1, 8, 8]);
    using _ = torch.no_grad();
    const [a, b] = [await predict(x).tolist(), await predict(x).tolist()];
    expect(a).not.toEqual(b);
    net.eval();
    const [c, d, e] = [await predict(x).tolist(), await predict(x).tolist(), await net(x).tolist()];
    expect(c).toEqual(d);
    expect(c).toEqual(e);
    net.train();
    expect(await predict(x).tolist()).not.toEqual(c);
    expect(predict.conv).toBe(net.conv);
  });

  test("a compiled module trains like the module", async () => {
    const through: Make = (net, optimizer) => whole(torch.compile(net), optimizer);
    expect(await train(through)).toEqual(await train(whole));
  });

  test("gives the function back when disabled, and refuses what it does not have", () => {
    const fn = (x: torch.Tensor): torch.Tensor => x;
    expect(torch.compile(fn, { disable: true })).toBe(fn);
    expect(() => torch.compile(fn, { mode: "max-autotune" } as never)).toThrow(/mode/);
    expect(() => torch.compile(3 as never)).toThrow(/model: expected a function/);
  });

  test("refuses to read values, to wait, and to return a graph, in PyTorch's terms", () => {
    const reads = torch.compile((x: torch.Tensor) => {
      x.item().catch(() => {});
      return x;
    });
    expect(() => reads(torch.ones([1]))).toThrow(CaptureError);
    const waits = torch.compile(async (x: torch.Tensor) => x);
    expect(() => waits(torch.ones([1]))).toThrow(/cannot be captured as one graph/);
    const net = new nn.Linear(2, 1);
    expect(() => torch.compile((x: torch.Tensor) => net(x))(torch.ones([1, 2]))).toThrow(/backward\(\) is yet to come/);
    expect(() => torch.compile(() => torch.randperm(4))()).toThrow(CaptureError);
  });
});
