// Modules of the PyTorch dialect: registration, calls, printed texts, state dicts. Printed texts are PyTorch's, byte for byte.
import { inspect } from "node:util";
import { ArgumentError, FacetError, ShapeError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn, optim } = torch;
const F = nn.functional;
type Tensor = torch.Tensor;

class Block extends nn.Module {
  first = new nn.Linear(3, 4);
  second = new nn.Linear(4, 2, { bias: false });
  scale = new nn.Parameter(torch.ones(1));
  override name = "block";
  hidden: Tensor | null = null;
  override forward(x: Tensor): Tensor {
    this.hidden = F.relu(this.first(x));
    return this.second(this.hidden).mul(this.scale);
  }
}

describe("registration", () => {
  test("by class field and by assignment, in order of assignment with own parameters first", () => {
    const net = new Block();
    expect([...net.named_parameters()].map(([name]) => name)).toEqual([
      "scale",
      "first.weight",
      "first.bias",
      "second.weight",
    ]);
    expect([...net.named_modules()].map(([name]) => name)).toEqual(["", "first", "second"]);
    expect([...net.named_children()].map(([name]) => name)).toEqual(["first", "second"]);
    expect(net.name).toBe("block");
    net.second = new nn.Linear(4, 5);
    expect(Object.keys(net.state_dict())).toEqual([
      "scale",
      "first.weight",
      "first.bias",
      "second.weight",
      "second.bias",
    ]);
  });

  test("a shared parameter or module is given once", () => {
    const layer = new nn.Linear(2, 2);
    const net = new nn.Sequential(layer, new nn.ReLU(), layer);
    expect([...net.parameters()].length).toBe(2);
    expect([...net.modules()].length).toBe(3);
    expect([...net.children()].length).toBe(2);
    expect([...net]).toEqual([layer, net.get(1), layer]);
    expect(Object.keys(net.state_dict())).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
  });

  test("refuses to put something else in the place of a parameter or module, and bad names", () => {
    const net = new Block();
    expect(() => Object.assign(net, { first: 3 })).toThrow(/cannot assign 'number' as child module 'first'/);
    expect(() => Object.assign(net, { scale: torch.ones(1) })).toThrow(/cannot assign 'Tensor' as parameter 'scale'/);
    expect(() => net.register_parameter("a.b", null)).toThrow(/parameter name can't contain "\."/);
    expect(() => net.register_buffer("first", null)).toThrow(/attribute 'first' already exists/);
    expect(() => new nn.Module()(torch.ones(1))).toThrow(
      /Module \[Module\] is missing the required "forward" function/,
    );
  });

  test("buffers are state but no parameters", async () => {
    class Counter extends nn.Module {
      declare count: Tensor;
      constructor() {
        super();
        this.register_buffer("count", torch.zeros(1));
      }
      override forward(x: Tensor): Tensor {
        this.count = this.count.add(1);
        return x.add(this.count);
      }
    }
    const net = new Counter();
    expect(await net(torch.zeros(1)).tolist()).toEqual([1]);
    expect(await net(torch.zeros(1)).tolist()).toEqual([2]);
    expect([...net.parameters()].length).toBe(0);
    expect(await net.state_dict().count?.tolist()).toEqual([2]);
  });

  test("a deleted child is gone, null takes one out", () => {
    const net = new Block() as Partial<Block> & Block;
    Reflect.deleteProperty(net, "second");
    expect(Object.keys(net.state_dict())).toEqual(["scale", "first.weight", "first.bias"]);
    Object.assign(net, { first: null });
    expect(Object.keys(net.state_dict())).toEqual(["scale"]);
    expect(`${net}`).toBe("Block(\n  (first): None\n)");
  });
});

describe("calls", () => {
  test("a module is a function; what forward assigns to a property outlives the call", async () => {
    const net = new Block();
    expect(typeof net).toBe("function");
    expect(net).toBeInstanceOf(nn.Module);
    const y = net(torch.ones(2, 3));
    expect(y.shape).toEqual([2, 2]);
    expect((await net.hidden?.tolist()) as number[][]).toHaveLength(2);
  });

  test("train and eval reach every submodule, and dropout minds them", async () => {
    const net = new nn.Sequential(new nn.Dropout(0.5), new nn.Sequential(new nn.Dropout(0.5)));
    const x = torch.ones(64);
    expect(await net.eval()(x).tolist()).toEqual(await x.tolist());
    torch.manual_seed(3);
    const dropped = (await net.train()(x).tolist()) as number[];
    expect(new Set(dropped)).toEqual(new Set([0, 4]));
    torch.manual_seed(3);
    expect(await net(x).tolist()).toEqual(dropped);
    expect(() => new nn.Dropout(1.5)).toThrow(/dropout probability has to be between 0 and 1, but got 1.5/);
    expect(await F.dropout(x, 1).sum().item()).toBe(0);
  });

  test("apply visits children first; requires_grad_ freezes", async () => {
    const net = new Block();
    const seen: string[] = [];
    net.apply((module) => seen.push(module._get_name()));
    expect(seen).toEqual(["Linear", "Linear", "Block"]);
    net.first.requires_grad_(false);
    net(torch.ones(2, 3)).sum().backward();
    expect(net.first.weight.grad).toBe(null);
    expect(net.second.weight.grad?.shape).toEqual([2, 4]);
    net.zero_grad();
    expect(net.second.weight.grad).toBe(null);
    expect(() => net.to("meta")).toThrow(UnsupportedError);
    expect(net.to("cpu").to(torch.device("webgpu"), torch.float32)).toBe(net);
  });
});

describe("printed texts", () => {
  test("layers", () => {
    const layers = new nn.Sequential(
      new nn.Conv2d(1, 2, 3, { stride: 2, padding: 1, dilation: 2, groups: 1, bias: false }),
      new nn.Conv2d(1, 2, [3, 2], { padding: "same" }),
      new nn.MaxPool2d(2, { stride: 1, padding: 1, ceil_mode: true }),
      new nn.MaxPool2d([2, 3]),
      new nn.AvgPool2d(2),
      new nn.AvgPool2d(3, 1, 1),
      new nn.Linear(3, 4, false),
      new nn.ReLU(),
      new nn.ReLU({ inplace: true }),
      new nn.Sigmoid(),
      new nn.Tanh(),
      new nn.GELU(),
      new nn.GELU({ approximate: "tanh" }),
      new nn.SiLU(),
      new nn.LeakyReLU(0.2),
      new nn.LeakyReLU({ inplace: true }),
      new nn.ELU(),
      new nn.ELU(0.5),
      new nn.Softmax({ dim: 1 }),
      new nn.Softmax(),
      new nn.LogSoftmax({ dim: -1 }),
      new nn.Softplus(),
      new nn.Dropout(),
      new nn.Dropout(0.25),
      new nn.Flatten(),
      new nn.Flatten(0, 2),
      new nn.Identity(),
      new nn.Sequential(),
      new nn.ModuleList([new nn.ReLU(), new nn.Tanh()]),
      new nn.CrossEntropyLoss(),
      new nn.NLLLoss(),
      new nn.MSELoss(),
      new nn.L1Loss(),
      new nn.BCEWithLogitsLoss(),
      new nn.Sequential({ a: new nn.ReLU() }),
      new nn.Conv2d(4, 4, 3, { groups: 2, bias: false, padding: [1, 0] }),
      new nn.LeakyReLU(1e-5),
      new nn.Dropout(1e-7),
    );
    expect(`${layers}`).toBe(`Sequential(
  (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), bias=False)
  (1): Conv2d(1, 2, kernel_size=(3, 2), stride=(1, 1), padding=same)
  (2): MaxPool2d(kernel_size=2, stride=1, padding=1, dilation=1, ceil_mode=True)
  (3): MaxPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0, dilation=1, ceil_mode=False)
  (4): AvgPool2d(kernel_size=2, stride=2, padding=0)
  (5): AvgPool2d(kernel_size=3, stride=1, padding=1)
  (6): Linear(in_features=3, out_features=4, bias=False)
  (7): ReLU()
  (8): ReLU(inplace=True)
  (9): Sigmoid()
  (10): Tanh()
  (11): GELU(approximate='none')
  (12): GELU(approximate='tanh')
  (13): SiLU()
  (14): LeakyReLU(negative_slope=0.2)
  (15): LeakyReLU(negative_slope=0.01, inplace=True)
  (16): ELU(alpha=1.0)
  (17): ELU(alpha=0.5)
  (18): Softmax(dim=1)
  (19): Softmax(dim=None)
  (20): LogSoftmax(dim=-1)
  (21): Softplus(beta=1.0, threshold=20.0)
  (22): Dropout(p=0.5, inplace=False)
  (23): Dropout(p=0.25, inplace=False)
  (24): Flatten(start_dim=1, end_dim=-1)
  (25): Flatten(start_dim=0, end_dim=2)
  (26): Identity()
  (27): Sequential()
  (28): ModuleList(
    (0): ReLU()
    (1): Tanh()
  )
  (29): CrossEntropyLoss()
  (30): NLLLoss()
  (31): MSELoss()
  (32): L1Loss()
  (33): BCEWithLogitsLoss()
  (34): Sequential(
    (a): ReLU()
  )
  (35): Conv2d(4, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 0), groups=2, bias=False)
  (36): LeakyReLU(negative_slope=1e-05)
  (37): Dropout(p=1e-07, inplace=False)
)`);
  });

  test("console.log shows the same", () => {
    expect(inspect(new nn.Linear(2, 3))).toBe("Linear(in_features=2, out_features=3, bias=True)");
    expect(inspect(torch.float32)).toBe("torch.float32");
    expect(`${torch.ones(2, 3)}`).toBe("tensor(..., size=(2, 3))");
    expect(`${torch.tensor([1, 2])}`).toBe("tensor([1, 2])");
    expect(`${new nn.Parameter(torch.ones(1))}`).toBe(
      "Parameter containing:\ntensor(..., size=(1,), requires_grad=True)",
    );
  });

  test("optimisers", () => {
    const parameters = () => new nn.Linear(1, 1).parameters();
    expect(`${new optim.Adam(parameters(), { lr: 1e-3 })}`).toBe(`Adam (
Parameter Group 0
    amsgrad: False
    betas: (0.9, 0.999)
    capturable: False
    decoupled_weight_decay: False
    differentiable: False
    eps: 1e-08
    foreach: None
    fused: None
    lr: 0.001
    maximize: False
    weight_decay: 0
)`);
    expect(`${new optim.SGD(parameters(), { lr: 0.1, momentum: 0.9 })}`).toBe(`SGD (
Parameter Group 0
    dampening: 0
    differentiable: False
    foreach: None
    fused: None
    lr: 0.1
    maximize: False
    momentum: 0.9
    nesterov: False
    weight_decay: 0
)`);
  });
});

describe("state_dict", () => {
  test("goes round, and the copy computes the same", async () => {
    const [a, b] = [new Block(), new Block()];
    const x = torch.randn(2, 3);
    expect(await a(x).tolist()).not.toEqual(await b(x).tolist());
    expect(`${b.load_state_dict(a.state_dict())}`).toBe("<All keys matched successfully>");
    expect(await b(x).tolist()).toEqual(await a(x).tolist());
    expect(a.state_dict().scale?.requires_grad).toBe(false);
  });

  test("says in PyTorch's words what does not match, and copies nothing", async () => {
    const net = new Block();
    const before = await net.first.weight.detach().clone().tolist();
    const { scale: _, ...state } = net.state_dict();
    const wrong = { ...state, foo: torch.ones(1), "first.bias": torch.ones(3), "first.weight": torch.ones(4, 3) };
    const loading = () => net.load_state_dict(wrong);
    expect(loading).toThrow(ShapeError);
    expect(loading).toThrow(
      `Error(s) in loading state_dict for Block:
\tMissing key(s) in state_dict: "scale". 
\tUnexpected key(s) in state_dict: "foo". 
\tsize mismatch for first.bias: copying a param with shape torch.Size([3]) from checkpoint, the shape in current model is torch.Size([4]).`,
    );
    expect(await net.first.weight.detach().tolist()).toEqual(before);
    expect(`${net.load_state_dict({ ...state, foo: torch.ones(1) }, { strict: false })}`).toBe(
      "_IncompatibleKeys(missing_keys=['scale'], unexpected_keys=['foo'])",
    );
  });
});

test("copies from itself, whole or in part, are no trouble", async () => {
  const x = torch.arange(4, { dtype: torch.float32 });
  expect(await x.copy_(x.detach()).tolist()).toEqual([0, 1, 2, 3]);
  const net = new Block();
  expect(`${net.load_state_dict(net.state_dict())}`).toBe("<All keys matched successfully>");
  expect(await net(torch.ones(1, 3)).sum().item()).not.toBeNaN();
});

describe("initial values", () => {
  test("Conv2d and Linear lie within 1 / sqrt(fan_in), follow the seed, and fill the range", async () => {
    for (const make of [() => new nn.Conv2d(3, 40, 5), () => new nn.Linear(75, 400)]) {
      torch.manual_seed(7);
      const layer = make();
      const bound = 1 / Math.sqrt(75);
      for (const parameter of [layer.weight, layer.bias as Tensor]) {
        const values = (await parameter.numpy()) as Float32Array;
        expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound * (1 + 1e-6));
        expect(Math.max(...values)).toBeGreaterThan(0.8 * bound);
        expect(Math.min(...values)).toBeLessThan(-0.8 * bound);
      }
      torch.manual_seed(7);
      expect(await make().weight.tolist()).toEqual(await layer.weight.tolist());
    }
  });

  test("nn.init fills with the spread it promises", async () => {
    const spread = async (x: Tensor): Promise<number> => x.detach().std().item();
    const w = new nn.Parameter(torch.zeros(200, 100));
    expect(await spread(nn.init.xavier_uniform_(w))).toBeCloseTo(Math.sqrt(2 / 300), 2);
    expect(await spread(nn.init.kaiming_uniform_(w, { nonlinearity: "relu" }))).toBeCloseTo(Math.sqrt(2 / 100), 2);
    expect(await spread(nn.init.kaiming_normal_(w, { mode: "fan_out" }))).toBeCloseTo(Math.sqrt(2 / 200), 2);
    expect(await spread(nn.init.normal_(w, 1, 0.5))).toBeCloseTo(0.5, 2);
    expect(await w.detach().mean().item()).toBeCloseTo(1, 1);
    expect(await spread(nn.init.uniform_(w, -1, 1))).toBeCloseTo(1 / Math.sqrt(3), 2);
    expect(await nn.init.constant_(w, 3).sum().item()).toBe(60000);
    expect(w.requires_grad).toBe(true);
    expect(() => nn.init.xavier_uniform_(torch.zeros(3))).toThrow(/Fan in and fan out can not be computed/);
  });
});

describe("mistakes", () => {
  const x = (...shape: number[]): Tensor => torch.ones(...shape);
  const parameters = () => new nn.Linear(1, 1).parameters();
  const mistakes: [string, () => unknown, typeof FacetError, RegExp][] = [
    [
      "features that do not fit",
      () => new nn.Linear(3, 4)(x(2, 5)),
      ShapeError,
      /mat1 and mat2 shapes cannot be multiplied \(2x5 and 3x4\)/,
    ],
    [
      "channels that do not fit",
      () => new nn.Conv2d(3, 4, 3)(x(2, 5, 8, 8)),
      ShapeError,
      /Given groups=1, weight of size \[4, 3, 3, 3\], expected input\[2, 5, 8, 8\] to have 3 channels, but got 5 channels instead/,
    ],
    [
      "a vector for an image",
      () => new nn.Conv2d(3, 4, 3)(x(2, 5)),
      ShapeError,
      /Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d, but got input of size: \[2, 5\]/,
    ],
    [
      "a filter larger than the image",
      () => new nn.Conv2d(3, 4, 3)(x(2, 3, 2, 2)),
      ShapeError,
      /Calculated padded input size per channel: \(2 x 2\)\. Kernel size: \(3 x 3\)\. Kernel size can't be greater/,
    ],
    [
      "a window larger than the image",
      () => new nn.MaxPool2d(5)(x(2, 3, 2, 2)),
      ShapeError,
      /Output size is too small/,
    ],
    [
      "padding above half the window",
      () => new nn.MaxPool2d(2, { padding: 2 })(x(2, 3, 4, 4)),
      ArgumentError,
      /pad should be at most half of/,
    ],
    [
      "groups that do not divide",
      () => new nn.Conv2d(3, 4, 3, { groups: 2 }),
      ArgumentError,
      /in_channels must be divisible by groups/,
    ],
    [
      "groups that do not divide the output",
      () => new nn.Conv2d(4, 3, 3, { groups: 2 }),
      ArgumentError,
      /out_channels must be divisible by groups/,
    ],
    ["a stride of 0", () => new nn.Conv2d(4, 3, 3, { stride: 0 }), ArgumentError, /stride/],
    ["a negative stride", () => new nn.MaxPool2d(2, -1), ArgumentError, /stride/],
    [
      "'same' with a stride",
      () => new nn.Conv2d(4, 4, 3, { stride: 2, padding: "same" }),
      ArgumentError,
      /padding='same' is not supported for strided convolutions/,
    ],
    [
      "another padding word",
      () => new nn.Conv2d(4, 4, 3, { padding: "sam" as "same" }),
      ArgumentError,
      /Conv2d: padding: expected .* "same" or "valid", got "sam"/,
    ],
    [
      "padding_mode",
      () => new nn.Conv2d(4, 4, 3, { padding_mode: "mirror" } as never),
      ArgumentError,
      /padding_mode.*"zeros".*"mirror"/,
    ],
    ["return_indices", () => new nn.MaxPool2d(2, { return_indices: 1 } as never), ArgumentError, /return_indices/],
    [
      "divisor_override",
      () => new nn.AvgPool2d(2, { divisor_override: 0.5 }),
      ArgumentError,
      /divisor_override: expected an integer/,
    ],
    ["an unknown argument", () => new nn.Linear(1, 2, { foo: 1 } as never), ArgumentError, /Linear: foo/],
    ["a missing argument", () => new nn.Linear(1, undefined as never), ArgumentError, /out_features/],
    ["too many arguments", () => new nn.Tanh(...([1] as unknown as [])), ArgumentError, /at most 0/],
    [
      "an argument twice",
      () => new nn.Linear(1, 2, true, { bias: true } as never),
      ArgumentError,
      /bias.*one value.*two/,
    ],
    ["lr -1", () => new optim.Adam(parameters(), { lr: -1 }), ArgumentError, /Invalid learning rate: -1/],
    ["lr NaN", () => new optim.Adam(parameters(), { lr: Number.NaN }), ArgumentError, /Invalid learning rate: nan/],
    ["eps -1", () => new optim.Adam(parameters(), { eps: -1 }), ArgumentError, /Invalid epsilon value: -1/],
    [
      "a beta of 1",
      () => new optim.AdamW(parameters(), { betas: [1, 0.9] }),
      ArgumentError,
      /Invalid beta parameter at index 0: 1/,
    ],
    [
      "weight_decay -1",
      () => new optim.Adam(parameters(), { weight_decay: -1 }),
      ArgumentError,
      /Invalid weight_decay value: -1/,
    ],
    ["momentum -1", () => new optim.SGD(parameters(), { momentum: -1 }), ArgumentError, /Invalid momentum value: -1/],
    [
      "nesterov alone",
      () => new optim.SGD(parameters(), { nesterov: true }),
      ArgumentError,
      /Nesterov momentum requires a momentum and zero dampening/,
    ],
    ["no parameters", () => new optim.SGD([]), ArgumentError, /optimizer got an empty parameter list/],
    [
      "a tensor for parameters",
      () => new optim.SGD(x(1) as never),
      ArgumentError,
      /params argument given to the optimizer should be an iterable/,
    ],
    ["numbers for parameters", () => new optim.SGD([1] as never), ArgumentError, /optimizer can only optimize Tensors/],
    [
      "a computed parameter",
      () => new optim.SGD([x(1).requires_grad_().mul(2)]),
      ArgumentError,
      /can't optimize a non-leaf Tensor/,
    ],
    ["fused", () => new optim.Adam(parameters(), { fused: true } as never), UnsupportedError, /fused/],
    [
      "an unknown setting in a group",
      () => new optim.SGD([{ params: parameters(), rate: 1 } as never]),
      ArgumentError,
      /rate/,
    ],
    [
      "labels of another number",
      () => new nn.CrossEntropyLoss()(x(3, 4), torch.tensor([0, 1])),
      ShapeError,
      /Expected input batch_size \(3\) to match target batch_size \(2\)\./,
    ],
    [
      "labels of floats",
      () => new nn.NLLLoss()(x(3, 4), x(3)),
      FacetError,
      /expected target dtype to be Long or Byte, but got float32/,
    ],
    [
      "a reduction there is not",
      () => new nn.MSELoss({ reduction: "avg" as "mean" })(x(3), x(3)),
      ArgumentError,
      /avg is not a valid value for reduction/,
    ],
    [
      "shapes that do not broadcast",
      () => new nn.MSELoss()(x(2), x(3)),
      ShapeError,
      /The size of tensor a \(2\) must match the size of tensor b \(3\) at non-singleton dimension 0/,
    ],
    [
      "another target size",
      () => new nn.BCEWithLogitsLoss()(x(2), x(3)),
      ShapeError,
      /Target size \(torch\.Size\(\[3\]\)\) must be the same as input size \(torch\.Size\(\[2\]\)\)/,
    ],
  ];
  test.each(mistakes)("%s", (_, make, type, says) => {
    expect(make).toThrow(type);
    expect(make).toThrow(says);
  });

  test.each([
    ["cross_entropy", () => F.cross_entropy(x(2, 3), torch.tensor([0, 7])).item()],
    ["nll_loss", () => F.nll_loss(x(2, 3), torch.tensor([0, 7])).item()],
    ["one_hot", () => F.one_hot(torch.tensor([5]), 3).tolist()],
  ])("a label that is no class is caught when %s is read, and the device goes on", async (_, read) => {
    await expect(read()).rejects.toThrow(ArgumentError);
    expect(await x(2).sum().item()).toBe(2);
  });
});
