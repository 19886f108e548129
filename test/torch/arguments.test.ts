// Arguments of the PyTorch dialect's modules, losses, loaders and transforms: used, or refused by name.
import { ArgumentError, DtypeError, FacetError, ShapeError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn, utils, torchvision } = torch;
const F = nn.functional;
type Tensor = torch.Tensor;

const floats = (...values: number[]): Tensor => torch.tensor(values, { dtype: torch.float32 });
const keyed = (call: (...args: never[]) => unknown, ...args: unknown[]): unknown => call(...(args as never[]));

test("an absent name of a namespace says so, and which is nearest", () => {
  const absent: [object, string, RegExp][] = [
    [torch.nn, "Lineer", /torch\.nn has here \(COMPAT\.md of shims-torch lists them\).*nearest is Linear/],
    [torch.nn.functional, "conv2", /nearest is conv2d/],
    [torch.nn.init, "orthogonal", /nearest is orthogonal_/],
    [torch.nn.utils, "clip_grad_norm", /nearest is clip_grad_norm_/],
    [torch.optim, "Lion", /COMPAT\.md/],
    [torch.autograd, "Functions", /nearest is Function/],
    [torch.utils.data, "DistributedSampler", /absent/],
    [torch.cuda, "get_device_capability", /absent/],
    [torch.torchvision.datasets, "MNISTs", /shims-torch .*nearest is MNIST/],
  ];
  for (const [space, name, says] of absent) {
    expect(() => Reflect.get(space, name), name).toThrow(UnsupportedError);
    expect(() => Reflect.get(space, name), name).toThrow(says);
    expect(name in space).toBe(false);
  }
  const module: torch.nn.Module = new torch.nn.Linear(1, 1);
  expect(module).toBeInstanceOf(torch.nn.Module);
});

describe("modules", () => {
  class Net extends nn.Module {
    first = new nn.Linear(2, 2);
    second = new nn.Sequential(new nn.Dropout(0.5), this.first);
    override forward(x: Tensor): Tensor {
      return this.second(x);
    }
  }

  test("methods take their arguments by name", () => {
    const net = new Net();
    expect(net.train({ mode: false }).training).toBe(false);
    expect([...net.modules()].map(({ training }) => training)).toEqual([false, false, false, false]);
    net.requires_grad_({ requires_grad: false });
    expect([...net.parameters({ recurse: true })].some(({ requires_grad }) => requires_grad)).toBe(false);
    expect([...net.named_parameters({ prefix: "net" })].map(([name]) => name)).toEqual([
      "net.first.weight",
      "net.first.bias",
    ]);
    expect([...net.named_parameters({ recurse: false })]).toEqual([]);
    expect([...net.named_parameters({ remove_duplicate: false })].map(([name]) => name)).toEqual([
      "first.weight",
      "first.bias",
      "second.1.weight",
      "second.1.bias",
    ]);
    expect([...net.modules({ remove_duplicate: false })]).toHaveLength(5);
    expect([...net.named_modules({ prefix: "a" })].map(([name]) => name)).toEqual([
      "a",
      "a.first",
      "a.second",
      "a.second.0",
    ]);
    expect(net.to({ device: "cpu", dtype: torch.float32 }).to(torch.ones(1))).toBe(net);
  });

  test("what they do not know is refused, also where it would come late", () => {
    const net = new Net();
    const bad: [string, () => unknown, new (...args: never[]) => Error][] = [
      ["train(1)", () => net.train(1 as never), ArgumentError],
      ["train({ modes })", () => net.train({ modes: true } as never), ArgumentError],
      ["parameters", () => net.parameters({ recursive: true } as never), ArgumentError],
      ["eval(false)", () => keyed(net.eval.bind(net), false), ArgumentError],
      ["apply(3)", () => net.apply(3 as never), ArgumentError],
      ["to(int64)", () => net.to(torch.int64), DtypeError],
      ["to(float64)", () => net.to(torch.float64), UnsupportedError],
      ["to(float16)", () => net.to({ dtype: "float16" } as never), ArgumentError],
      ["register_buffer(3)", () => net.register_buffer("x", 3 as never), ArgumentError],
      ["register_parameter(tensor)", () => net.register_parameter("x", torch.ones(1) as never), ArgumentError],
      ["add_module(tensor)", () => net.add_module("x", torch.ones(1) as never), ArgumentError],
      ["load_state_dict(nothing)", () => keyed(net.load_state_dict.bind(net)), ArgumentError],
      [
        "load_state_dict(numbers)",
        () => net.load_state_dict({ ...net.state_dict(), "first.bias": 3 as never }),
        ShapeError,
      ],
      ["state_dict('x')", () => keyed(net.state_dict.bind(net), "x"), ArgumentError],
      ["a layer without input", () => keyed(new nn.Linear(10, 8)), ArgumentError],
      ["a layer of a number", () => keyed(new nn.ReLU(), 3), ArgumentError],
      ["Module(3)", () => Reflect.construct(nn.Module, [3]), ArgumentError],
      ["Linear(bias: 1)", () => new nn.Linear(2, 2, 1 as never), ArgumentError],
      ["Linear(dtype)", () => new nn.Linear(2, 2, { dtype: torch.int64 }), UnsupportedError],
      ["Conv2d(device)", () => new nn.Conv2d(1, 1, 1, { device: "meta" }), UnsupportedError],
      ["Sequential(3)", () => new nn.Sequential(3 as never), ArgumentError],
      ["ModuleList(3)", () => new nn.ModuleList(3 as never), ArgumentError],
      ["Parameter of integers", () => new nn.Parameter(torch.tensor([1])), DtypeError],
    ];
    for (const [name, call, kind] of bad) expect(call, name).toThrow(kind);
  });

  test("a buffer that is not persistent is no state", () => {
    const net = new nn.Module();
    net.register_buffer({ name: "kept", tensor: torch.ones(1) });
    net.register_buffer("left", torch.ones(1), { persistent: false });
    expect(Object.keys(net.state_dict())).toEqual(["kept"]);
    expect([...net.named_buffers()].map(([name]) => name)).toEqual(["kept", "left"]);
    expect(`${net.load_state_dict({ state_dict: net.state_dict(), strict: true })}`).toBe(
      "<All keys matched successfully>",
    );
  });

  test("state goes into a destination, after a prefix, by way of the module's own methods", () => {
    class Counting extends nn.Module {
      count = 0;
      get_extra_state(): unknown {
        return this.count;
      }
      set_extra_state(state: unknown): void {
        this.count = state as number;
      }
    }
    class Renamed extends nn.Linear {
      override _load_from_state_dict(
        ...args: Parameters<InstanceType<typeof nn.Linear>["_load_from_state_dict"]>
      ): void {
        const [state, prefix] = args as unknown as [Record<string, unknown>, string];
        if (`${prefix}kernel` in state) {
          state[`${prefix}weight`] = state[`${prefix}kernel`];
          delete state[`${prefix}kernel`];
        }
        super._load_from_state_dict(...args);
      }
    }
    const make = () => new nn.Sequential({ a: new Renamed(1, 1, false), b: new Counting() } as never);
    const [one, other] = [make(), make()];
    (one._modules.get("b") as Counting).count = 7;
    const state = one.state_dict({ prefix: "net." });
    expect(Object.keys(state)).toEqual(["net.a.weight", "net.b._extra_state"]);
    const { "net.a.weight": kernel, "net.b._extra_state": extra } = state;
    expect(`${other.load_state_dict({ "a.kernel": kernel as Tensor, "b._extra_state": extra as Tensor })}`).toBe(
      "<All keys matched successfully>",
    );
    expect((other._modules.get("b") as Counting).count).toBe(7);
    const kept = one.state_dict({ keep_vars: true });
    expect(kept["a.weight"]).toBe((one._modules.get("a") as Renamed).weight);
    expect(other.load_state_dict({}, { strict: false }).missing_keys).toEqual(["a.weight", "b._extra_state"]);
  });

  test("a method that PyTorch's own machinery would call is refused", () => {
    class Called extends nn.Module {
      __call__(): void {}
    }
    class Applied extends nn.Linear {
      _apply(): void {}
    }
    expect(() => new Called()).toThrow(/Called: __call__: expected forward\(\)/);
    expect(() => new Applied(1, 1)).toThrow(UnsupportedError);
    expect(() => new Applied(1, 1)).toThrow(UnsupportedError);
  });
});

describe("losses", () => {
  const logits = () =>
    torch
      .tensor([
        [0.5, -1, 2],
        [1.5, 0.25, -0.5],
      ])
      .requires_grad_();
  const classes = torch.tensor([2, 0]);

  test("old names of the reduction", async () => {
    const x = logits();
    for (const [old, reduction] of [
      [{ size_average: false }, "sum"],
      [{ size_average: true }, "mean"],
      [{ reduce: true }, "mean"],
      [{ size_average: true, reduce: false }, "none"],
    ] as const) {
      const expected = await F.cross_entropy(x, classes, { reduction }).tolist();
      expect(await F.cross_entropy(x, classes, old).tolist()).toEqual(expected);
      expect(await new nn.CrossEntropyLoss(old)(x, classes).tolist()).toEqual(expected);
    }
  });

  test("gradients of probabilities are those of the formula", async () => {
    const target = torch
      .tensor([
        [0.25, 0.25, 0.5],
        [0.5, 0.5, 0],
      ])
      .requires_grad_();
    const weight = floats(1, 2, 0.5);
    const [byTarget] = torch.autograd.grad(F.cross_entropy(logits(), target, { weight }), [target]) as [Tensor];
    const expected = F.log_softmax(logits(), 1).mul(weight).mul(-0.5);
    for (const [i, row] of ((await byTarget.tolist()) as number[][]).entries())
      for (const [j, value] of row.entries())
        expect(value).toBeCloseTo(((await expected.tolist()) as number[][])[i]?.[j] as number, 6);
    const constant = await F.cross_entropy(logits(), target.detach(), { weight }).item();
    expect(await F.cross_entropy(logits(), target, { weight }).item()).toBeCloseTo(constant as number, 6);
  });

  test("weights of elements", async () => {
    const [x, y] = [floats(1, 2), floats(2, 4)];
    expect(await F.mse_loss(x, y, { weight: floats(1, 3) }).item()).toBe((1 + 3 * 4) / 4);
    expect(await F.l1_loss(x, y, { weight: floats(1, 3), reduction: "sum" }).item()).toBe(1 + 3 * 2);
    expect(() => F.mse_loss(x, y, { weight: floats(1) })).toThrow(ShapeError);
  });

  test("refuse what PyTorch refuses", () => {
    const x = logits();
    const probabilities = F.softmax(logits().detach(), 1);
    const bools = torch.tensor([true, false]);
    const ints = torch.tensor([1, 2]);
    const bad: [string, () => unknown, new (...args: never[]) => Error][] = [
      ["ignored probabilities", () => F.cross_entropy(x, probabilities, { ignore_index: 1 }), ArgumentError],
      ["a weight too long", () => F.cross_entropy(x, classes, { weight: torch.ones(4) }), ShapeError],
      ["a weight of rank 2", () => F.cross_entropy(x, classes, { weight: torch.ones(3, 1) }), ShapeError],
      ["a weight of probabilities", () => F.cross_entropy(x, probabilities, { weight: torch.ones(2) }), ShapeError],
      ["a weight of integers", () => F.cross_entropy(x, classes, { weight: torch.tensor([1, 2, 3]) }), DtypeError],
      ["a weight of nll_loss", () => F.nll_loss(x, classes, { weight: torch.ones(2) }), ShapeError],
      ["smoothing 1.5", () => F.cross_entropy(x, classes, { label_smoothing: 1.5 }), ArgumentError],
      ["classes that are bools", () => F.cross_entropy(x, bools), DtypeError],
      ["logits that are integers", () => F.cross_entropy(torch.tensor([[1, 2]]), torch.tensor([0])), DtypeError],
      ["l1 of bools", () => F.l1_loss(bools, bools), DtypeError],
      ["l1 of bools and floats", () => F.l1_loss(floats(1, 2), bools), DtypeError],
      ["the mean of integers", () => F.l1_loss(ints, ints), DtypeError],
      ["mse of integers", () => F.mse_loss(ints, ints), DtypeError],
      ["targets that are integers", () => F.binary_cross_entropy_with_logits(floats(1, 2), ints), DtypeError],
      [
        "a factor too large",
        () => F.binary_cross_entropy_with_logits(floats(1), floats(1), { weight: floats(1, 2) }),
        ShapeError,
      ],
      ["another reduction", () => F.mse_loss(x, x, { reduction: "avg" as never }), ArgumentError],
    ];
    for (const [name, call, kind] of bad) expect(call, name).toThrow(kind);
  });

  test("integers and bytes where PyTorch takes them", async () => {
    expect(await F.l1_loss(torch.tensor([1, 5]), torch.tensor([3, 2]), { reduction: "none" }).tolist()).toEqual([2, 3]);
    expect(await F.mse_loss(torch.tensor([true, false]), floats(1, 2)).item()).toBe(2);
    const expected = await F.cross_entropy(logits(), classes).item();
    expect(await F.cross_entropy(logits(), torch.tensor(Uint8Array.of(2, 0))).item()).toBe(expected);
  });
});

describe("functions", () => {
  test("conv2d refuses a bias or weight that does not fit", () => {
    const [x, w] = [torch.ones(1, 3, 5, 5), torch.ones(4, 3, 3, 3)];
    expect(() => F.conv2d(x, w, torch.ones(3))).toThrow(/expected bias to be 1-dimensional with 4 elements/);
    expect(() => F.conv2d(x, w, torch.ones(4, 1))).toThrow(ShapeError);
    expect(() => F.conv2d(x, torch.ones(4, 3, 3))).toThrow(ShapeError);
    expect(() => F.conv2d(x, w, { groups: 0 })).toThrow(ArgumentError);
    expect(() => F.conv2d(x, w, { padding: "some" as never })).toThrow(ArgumentError);
    expect(F.conv2d(x, w, { padding: [1], stride: [2] } as never).shape).toEqual([1, 4, 3, 3]);
  });

  test("linear takes a bias that broadcasts, and one feature without a dimension", async () => {
    const x = torch.tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: torch.float32 },
    );
    const w = torch.tensor(
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      { dtype: torch.float32 },
    );
    const plain = F.linear(x, w);
    for (const bias of [floats(1), torch.tensor(2, { dtype: torch.float32 }), torch.ones(1, 3)])
      expect(await F.linear(x, w, { bias }).tolist()).toEqual(await plain.add(bias).tolist());
    expect(await F.linear(x, floats(1, 10)).tolist()).toEqual([21, 43]);
    expect(() => F.linear(x, w, floats(1, 2))).toThrow(/The expanded size of the tensor \(3\) must match/);
    expect(() => F.linear(x, torch.ones(1, 3, 2))).toThrow(ShapeError);
    expect(() => F.linear(x, torch.tensor([[1, 2]]))).toThrow(DtypeError);
  });

  test("pad crops by negative amounts and takes values as the dtype holds them", async () => {
    const ints = torch.tensor([1, 2, 3]);
    expect(await F.pad(ints, [-1, 1]).tolist()).toEqual([2, 3, 0]);
    expect(await F.pad(ints, [1, -2], { value: 1.5 }).tolist()).toEqual([1, 1]);
    expect(await F.pad(torch.tensor([true]), [1, 0], { value: 2 }).tolist()).toEqual([true, true]);
    expect(() => F.pad(ints, [-4, 1])).toThrow(/length must be non-negative/);
    expect(() => F.pad(ints, [1])).toThrow(ArgumentError);
    expect(() => F.pad(ints, [1, 1], { value: 2 ** 31 })).toThrow(/without overflow.*pad: value/);
    expect(await F.pad(ints.view(1, 3), [1, 1], { mode: "reflect" }).tolist()).toEqual([[2, 1, 2, 3, 2]]);
    expect(() => F.pad(ints, [1, 1], { mode: "mirror" as never })).toThrow(ArgumentError);
  });

  test("activations are of floats", () => {
    const ints = torch.tensor([1, -2]);
    for (const f of [F.silu, F.gelu, F.leaky_relu, F.elu, F.softplus, F.dropout])
      expect(() => f(ints)).toThrow(DtypeError);
    expect(() => F.gelu(floats(1), { approximate: "some" as never })).toThrow(ArgumentError);
    expect(() => keyed(F.gelu, floats(1), "tanh")).toThrow(ArgumentError);
    expect(() => F.one_hot(torch.tensor([1]))).toThrow(UnsupportedError);
    expect(() => F.one_hot(floats(1), 2)).toThrow(DtypeError);
  });

  test("autograd.grad by name, with zeros for what is not used", async () => {
    const net = new nn.Linear(2, 1);
    const other = torch.ones(2).requires_grad_();
    const loss = () => net(torch.ones(1, 2)).sum();
    expect(torch.autograd.grad(loss(), net.parameters())).toHaveLength(2);
    const found = torch.autograd.grad({ outputs: loss(), inputs: [other], materialize_grads: true });
    expect(await found[0]?.tolist()).toEqual([0, 0]);
    expect(torch.autograd.grad({ outputs: [loss()], inputs: other, allow_unused: true })).toEqual([null]);
    const bad = [
      [],
      [[], other],
      [loss(), []],
      [loss(), [3]],
      [loss(), net.weight, torch.ones(2)],
      [loss(), net.weight, { create: true }],
    ];
    for (const args of bad) expect(() => keyed(torch.autograd.grad, ...args)).toThrow(FacetError);
  });

  test("initialisers refuse what they would ignore", async () => {
    const { init } = nn;
    const w = torch.zeros(2, 3);
    expect(
      await init
        .constant_({ tensor: w, val: 2 } as never)
        .sum()
        .item(),
    ).toBe(12);
    expect(init.calculate_gain("conv3d")).toBe(1);
    expect(init.calculate_gain({ nonlinearity: "leaky_relu", param: 1 } as never)).toBe(1);
    const bad = [
      () => init.uniform_(w, 2, 1),
      () => init.normal_(w, 0, -1),
      () => init.kaiming_uniform_(w, { mode: "fan_avg" as never }),
      () => init.xavier_normal_(w, { gain: "2" as never }),
      () => keyed(init.zeros_, w, 3),
      () => init.calculate_gain("swish" as never),
      () => nn.utils.clip_grad_norm_([3] as never, 1),
      () => nn.utils.clip_grad_norm_([w], "1" as never),
      () => nn.utils.clip_grad_norm_([w], 1, 1),
    ];
    for (const call of bad) expect(call).toThrow(FacetError);
  });
});

describe("data", () => {
  const { DataLoader, TensorDataset, Subset, default_collate, random_split } = utils.data;
  const set = new TensorDataset(torch.arange(5), torch.arange(5).mul(10));
  const batches = async (loader: Iterable<unknown>) =>
    Promise.all([...loader].map(async (batch) => (batch as Tensor[])[0]?.tolist()));

  test("loaders take everything by name", async () => {
    expect(await batches(new DataLoader({ dataset: set, batch_size: 2, drop_last: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(await batches(new DataLoader(set, { sampler: [4, 0], batch_size: 2 }))).toEqual([[4, 0]]);
    const bySampler = new DataLoader(set, { batch_sampler: [[1, 2, 3], [0]] });
    expect(await batches(bySampler)).toEqual([[1, 2, 3], [0]]);
    expect(bySampler.length).toBe(2);
    expect(await batches(new DataLoader(set, { batch_size: null }))).toEqual([0, 1, 2, 3, 4]);
    const lists = new DataLoader(["a", "b", "c"], 2);
    expect([...lists]).toEqual([["a", "b"], ["c"]]);
    const parts = random_split({ dataset: set, lengths: [2, 3] });
    expect(parts.map(({ length }) => length)).toEqual([2, 3]);
    expect(new Subset({ dataset: set, indices: [3] }).length).toBe(1);
    expect(await (set.get({ index: 2 }) as Tensor[])[1]?.item()).toBe(20);
  });

  test("and refuse what does not fit together or is not there", () => {
    const bad: unknown[][] = [
      [],
      [3],
      [set, 0],
      [set, 1.5],
      [set, "2"],
      [set, { shuffle: 1 }],
      [set, { num_workers: -1 }],
      [set, { worker_init_fn: 1 }],
      [set, { collate_fn: 3 }],
      [set, { generator: 3 }],
      [set, { batch: 2 }],
      [set, { sampler: [1], shuffle: true }],
      [set, { batch_sampler: [[1]], batch_size: 2 }],
      [set, { batch_size: null, drop_last: true }],
      [[], { shuffle: true }],
    ];
    for (const args of bad)
      expect(() => Reflect.construct(DataLoader, args), JSON.stringify(args[1])).toThrow(FacetError);
    for (const args of [[], [3], [torch.tensor(1)], [torch.ones(2), torch.ones(3)], [{ tensors: 1 }]])
      expect(() => Reflect.construct(TensorDataset, args)).toThrow(FacetError);
    expect(() => new Subset(set, ["1"] as never)).toThrow(ArgumentError);
    for (const index of [2, -3, 0.5, Symbol("0"), null])
      expect(() => new Subset(set, [0, 1]).__getitem__(index as never)).toThrow(ArgumentError);
    expect(() => random_split(set, "22" as never)).toThrow(ArgumentError);
    expect(() => random_split(set, [1, 1])).toThrow(FacetError);
    for (const batch of [[], 3, [1, "a"], [[1], [1, 2]], [{ a: 1 }, { b: 1 }], [null], [undefined]])
      expect(() => default_collate(batch as never)).toThrow(FacetError);
  });

  test("transforms and data sets", () => {
    const { transforms, datasets } = torchvision;
    const image = new transforms.Image({ data: new Uint8Array(4), height: 2, width: 2, channels: 1 });
    expect(new transforms.ToTensor().forward({ pic: image }).shape).toEqual([1, 2, 2]);
    const split = { ...image, images: image.data, labels: new Uint8Array(1), count: 1, layout: "NHWC" } as never;
    const named = new datasets.MNIST(split, { classes: ["zero"], target_transform: (label: number) => label + 1 });
    expect(named.classes).toEqual(["zero"]);
    expect(named.__getitem__(0)[1]).toBe(1);
    const bad = [
      () => Reflect.construct(transforms.ToTensor, [3]),
      () => new transforms.ToTensor()(3 as never),
      () => new transforms.Normalize("a" as never, 1),
      () => new transforms.Normalize(0, 1, { inplace: true } as never),
      () => new transforms.Compose(3 as never),
      () => new transforms.Compose([3 as never]),
      () => new transforms.Lambda({ lambda: 3 } as never),
      () => new transforms.Image(new Uint8Array(3), 2, 2, 1),
      () => new datasets.MNIST("data" as never),
      () => new datasets.MNIST(split, { transforms: 1 } as never),
    ];
    for (const call of bad) expect(call).toThrow(FacetError);
  });

  test("opening a set refuses what it does not know", async () => {
    const { datasets } = torchvision;
    await expect(datasets.MNIST.open("x", { trains: true } as never)).rejects.toThrow(ArgumentError);
    await expect((datasets.CIFAR10.open as () => Promise<unknown>)()).rejects.toThrow(ArgumentError);
  });
});

test("cholesky_ex tells the first minor that is not positive", async () => {
  const given = torch.tensor([
    [
      [4, 2],
      [2, 5],
    ],
    [
      [1, 2],
      [2, 1],
    ],
  ]);
  const { L, info } = torch.linalg.cholesky_ex(given.to(torch.float32) as Tensor);
  expect(await info.tolist()).toEqual([0, 2]);
  expect(await L.get(0).tolist()).toEqual([
    [2, 0],
    [1, 2],
  ]);
});
