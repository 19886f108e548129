// What a compiled function reads on the host may change between its calls: it then does what the function itself would.
import * as core from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";
import { watchDevice } from "../../benchmarks/src/device_calls.js";

const { nn, optim } = torch;
const F = nn.functional;

class Net extends nn.Module {
  first = new nn.Linear(3, 4);
  drop = new nn.Dropout(0.25);
  second = new nn.Linear(4, 2);
  scale = 2;
  sizes = [1, 2];
  shift: torch.Tensor | null = null;
  override forward(x: torch.Tensor): torch.Tensor {
    const h = this.drop(
      F.relu(this.first(x))
        .mul(this.scale)
        .add(this.sizes[1] as number),
    );
    const y = this.second(h);
    return this.shift ? y.add(this.shift) : y;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: settings differ from optimiser to optimiser.
type Optimizer = InstanceType<typeof optim.Optimizer<any>>;
interface World {
  net: Net;
  optimizer: Optimizer;
}
type Change = (world: World) => void;
type Make = (parameters: Iterable<torch.Tensor>) => Optimizer;

const sgd: Make = (parameters) => new optim.SGD(parameters, { lr: 0.1 });
const adam: Make = (parameters) => new optim.Adam(parameters, { lr: 0.1 });
const adamW: Make = (parameters) => new optim.AdamW(parameters, { lr: 0.1 });

/** Weights after steps between which changes are made: the first two steps before all of them. */
async function train(make: Make, changes: () => readonly Change[], compiled: boolean) {
  torch.manual_seed(5);
  const net = new Net();
  const world = { net, optimizer: make(net.parameters()) };
  const inputs = Array.from({ length: 2 }, () => [torch.randn([4, 3]), torch.randn([4, 2])] as const);
  const plain = (x: torch.Tensor, y: torch.Tensor): torch.Tensor => {
    world.optimizer.zero_grad();
    const loss = F.mse_loss(net(x), y);
    loss.backward();
    world.optimizer.step();
    return loss.detach();
  };
  const step = compiled ? torch.compile(plain) : plain;
  const losses: number[] = [];
  for (const change of [null, ...changes()]) {
    change?.(world);
    for (const [x, y] of inputs) losses.push(await step(x, y).item());
  }
  const state = [...net.parameters()].map((parameter) => parameter.detach().tolist());
  return { losses, weights: await Promise.all(state) };
}

const set =
  (name: string, value: unknown, group = 0): Change =>
  ({ optimizer }) => {
    (optimizer.param_groups[group] as unknown as Record<string, unknown>)[name] = value;
  };
/** A setting with the values it takes one after the other. */
const settings = (name: string, ...values: unknown[]): [string, Change[]] => [
  `${name} ${values.map((value) => `${value}`).join(", ")}`,
  values.map((value) => set(name, value)),
];

const adamSettings = [
  settings("lr", 0.01, 0, 0.2),
  settings("betas", [0.5, 0.9], [0, 0]),
  settings("eps", 1e-2, 0.1),
  settings("weight_decay", 0.3, 0, 0.1),
  settings("amsgrad", true, false, true),
  settings("maximize", true, false),
];
const rows: [string, Make, [string, Change[]][]][] = [
  [
    "SGD",
    sgd,
    [
      settings("lr", 0.01, 0, 0.2),
      settings("momentum", 0.9, 0, 0.5),
      settings("weight_decay", 0.3, 0, 0.1),
      settings("maximize", true, false),
      ["dampening", [set("momentum", 0.9), set("dampening", 0.5), set("dampening", 0)]],
      ["nesterov", [set("momentum", 0.9), set("nesterov", true), set("nesterov", false)]],
    ],
  ],
  ["Adam", adam, adamSettings],
  ["AdamW", adamW, adamSettings],
];
const ofOptimizers = rows.flatMap(([name, make, changes]) =>
  changes.map(([what, list]): [string, Make, () => Change[]] => [`${name}: ${what}`, make, () => list]),
);

const ofGroups: [string, Make, () => Change[]][] = [
  [
    "a group is added, changed, removed",
    (parameters) => new optim.SGD([[...parameters][0] as torch.Tensor], { lr: 0.1 }),
    () => [
      ({ net, optimizer }) => optimizer.add_param_group({ params: [net.second.weight], lr: 0.5 } as never),
      set("momentum", 0.9, 1),
      ({ optimizer }) => {
        optimizer.param_groups.shift();
      },
    ],
  ],
  [
    "a list of groups takes the place of the other",
    (parameters) => new optim.SGD([...parameters].map((parameter, i) => ({ params: [parameter], lr: 0.1 + i / 10 }))),
    () => [({ optimizer }) => Object.assign(optimizer, { param_groups: optimizer.param_groups.slice(2) })],
  ],
  [
    "a group is given other parameters",
    (parameters) => new optim.Adam([...parameters].slice(0, 2), { lr: 0.1 }),
    () => [
      ({ optimizer }) =>
        Object.assign(optimizer.param_groups[0] as object, { params: [optimizer.param_groups[0]?.params[1]] }),
    ],
  ],
  [
    "parameters come to differ in their numbers of steps",
    adam,
    () => [
      ({ optimizer }) => {
        const { state, param_groups } = optimizer.state_dict();
        optimizer.load_state_dict({ state: { ...state, 1: { ...state[1], step: 40 } }, param_groups } as never);
      },
    ],
  ],
  [
    "another optimizer takes the parameters, and state is put back",
    adam,
    () => [
      ({ optimizer }) =>
        optimizer.load_state_dict(new optim.Adam(optimizer.param_groups[0]?.params ?? []).state_dict() as never),
    ],
  ],
];

const assign =
  (of: (world: World) => object, ...values: readonly object[]): (() => Change[]) =>
  () =>
    values.map((value) => (world) => {
      Object.assign(of(world), value);
    });
const ofNet = (...values: object[]) => assign(({ net }) => net, ...values);

const ofModules: [string, Make, () => Change[]][] = [
  ["a number", sgd, ofNet({ scale: 5 }, { scale: 7 }, { scale: 2 })],
  ["an element of a list", sgd, assign(({ net }) => net.sizes, { 1: 5 }, { 1: 7 })],
  ["dropout's p", sgd, assign(({ net }) => net.drop, { p: 0.5 }, { p: 0 }, { p: 0.1 })],
  ["train and eval", sgd, () => [({ net }) => net.eval(), ({ net }) => net.train()]],
  [
    "a tensor that is there or not",
    sgd,
    () => ofNet({ shift: torch.ones([2]) }, { shift: torch.zeros([2]) }, { shift: null })(),
  ],
  [
    "requires_grad",
    adam,
    () => [({ net }) => net.first.requires_grad_(false), ({ net }) => net.first.requires_grad_()],
  ],
  ["a parameter's requires_grad", sgd, assign(({ net }) => net.second.bias as object, { requires_grad: false })],
  ["a module", sgd, () => ofNet({ first: new nn.Linear(3, 4) })()],
  ["a parameter", sgd, () => assign(({ net }) => net.second, { bias: new nn.Parameter(torch.ones([2])) })()],
  ["forward", sgd, assign(({ net }) => net.drop, { forward: (x: torch.Tensor) => x.mul(3) })],
  ["seeds", sgd, () => [() => torch.manual_seed(1), () => torch.manual_seed(1)]],
  ["another optimizer", sgd, () => [(world) => Object.assign(world, { optimizer: adam(world.net.parameters()) })]],
  ["loaded weights", sgd, () => [({ net }) => net.load_state_dict(new Net().state_dict())]],
];

describe("between calls of a compiled step", () => {
  test.each([...ofOptimizers, ...ofGroups, ...ofModules])("%s", async (_, make, changes) => {
    const eager = await train(make, changes, false);
    expect(await train(make, changes, true)).toEqual(eager);
    // The changes show: without them the run is another.
    const unchanged = (): Change[] => changes().map(() => () => {});
    expect(await train(make, unchanged, false)).not.toEqual(eager);
  });
});

describe("numbers among the arguments of a compiled function", () => {
  const x = torch.tensor([1.5, -2, 3]);
  const values = async (results: readonly torch.Tensor[]): Promise<unknown[]> =>
    Promise.all(results.map((result) => result.tolist()));
  const numbers = [2, 3, 0.5, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, 2, 7];
  const functions: [string, (x: torch.Tensor, n: number) => torch.Tensor][] = [
    ["used in tensor arithmetic", (x, n) => x.mul(n).add(1).relu()],
    ["used in arithmetic of their own", (x, n) => x.mul(n * n + 1)],
    ["chosen by", (x, n) => (n > 1 ? x.mul(n) : x.sub(n))],
    ["made into a tensor", (x, n) => x.mul(torch.tensor([n, 1, n]))],
    ["returned as a tensor", (_, n) => torch.tensor([n, 2])],
    ["in random draws", (x, n) => x.add(torch.rand([3]).mul(n))],
  ];
  test.each(functions)("%s", async (_, f) => {
    const compiled = torch.compile(f);
    const run = (g: typeof f) => {
      torch.manual_seed(2);
      return values(numbers.map((n) => g(x, n)));
    };
    expect(await run(compiled)).toEqual(await run(f));
  });

  test("in lists, objects and fields of objects", async () => {
    class Config {
      scale = 1;
      list = [1, 2];
    }
    const config = new Config();
    const f = (x: torch.Tensor, a: { by: number[] }, b: Config): torch.Tensor =>
      x
        .mul(a.by[0] as number)
        .add(b.scale)
        .sub(b.list[1] as number);
    const compiled = torch.compile(f);
    const change = [() => {}, () => Object.assign(config, { scale: 3 }), () => Object.assign(config.list, { 1: 7 })];
    for (const [i, act] of change.entries()) {
      act();
      const [got, expected] = [compiled(x, { by: [i + 0.5] }, config), f(x, { by: [i + 0.5] }, config)];
      expect(await got.tolist()).toEqual(await expected.tolist());
    }
  });

  test("as shapes", async () => {
    const f = (x: torch.Tensor, n: number): torch.Tensor => x.sum().expand(n).mul(n);
    const compiled = torch.compile(f);
    const sizes = [2, 3, 2, 5];
    expect(await values(sizes.map((n) => compiled(x, n)))).toEqual(await values(sizes.map((n) => f(x, n))));
  });

  test("keep memory flat however many there are", async () => {
    const net = new nn.Linear(3, 3);
    const optimizer = new optim.SGD(net.parameters(), { lr: 1e-3 });
    const step = torch.compile((x: torch.Tensor, factor: number) => {
      optimizer.zero_grad();
      net(x).mul(factor).sum().backward();
      optimizer.step();
    });
    const watch = watchDevice(core.device());
    for (let i = 0; i < 20; i++) step(x, i / 7);
    const { pipelines } = watch.stop();
    const again = watchDevice(core.device());
    const before = core.device().memory().live;
    for (let i = 0; i < 200; i++) step(x, 5 + i / 7);
    expect(again.stop()).toMatchObject({ pipelines: 0, buffers: 0, bindGroups: 0 });
    expect(core.device().memory().live).toBe(before);
    expect(pipelines).toBeGreaterThan(0);
  });
});

describe("a compiled function that returns what it did not make", () => {
  const p = new nn.Parameter(torch.tensor([1.5, 2]));
  const frozen = torch.tensor([3, 4]);

  test("gives another handle, and the tensor lives on", async () => {
    const outside = torch.compile((_: torch.Tensor) => [p, frozen]);
    const same = torch.compile((x: torch.Tensor) => x);
    for (let i = 0; i < 3; i++) {
      const x = torch.tensor([5]);
      const [a, b] = outside(x) as [torch.Tensor, torch.Tensor];
      const c = same(x);
      expect([a.requires_grad, a.is_leaf, b.requires_grad]).toEqual([true, true, false]);
      expect(await Promise.all([a, b, c].map((part) => part.tolist()))).toEqual([[1.5, 2], [3, 4], [5]]);
      for (const part of [a, b, c]) part.core.dispose();
      expect(await Promise.all([p, frozen, x].map((part) => part.detach().tolist()))).toEqual([[1.5, 2], [3, 4], [5]]);
    }
    p.mul(2).sum().backward();
    expect(await outside(frozen)[0]?.grad?.tolist()).toEqual([2, 2]);
  });

  test("constants are new in every call", async () => {
    const constant = torch.compile(() => torch.tensor([1, 2]));
    const first = constant();
    first.add_(1);
    expect([await first.tolist(), await constant().tolist()]).toEqual([
      [2, 3],
      [1, 2],
    ]);
  });
});
