// Optimisers of the PyTorch dialect: state dicts, groups, classes of one's own, and what they refuse.
import { ArgumentError, DtypeError, FacetError, ShapeError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn, optim } = torch;
type Tensor = torch.Tensor;

/** Parameters of two shapes, always the same ones. */
const parameters = (): Tensor[] => [
  new nn.Parameter(torch.tensor([0.5, -1.25, 2])),
  new nn.Parameter(torch.tensor([[1.5, 0.25]])),
];

/** Gradients that differ from step to step. */
function backward(list: readonly Tensor[], step: number): void {
  const [a, b] = list as [Tensor, Tensor];
  for (const parameter of list) parameter.grad = null;
  a.mul(a)
    .sum()
    .add(b.mul(step + 0.5).sum())
    .backward();
}

// biome-ignore lint/suspicious/noExplicitAny: settings differ from optimiser to optimiser.
type Any = any;
const makers: Record<string, (list: Iterable<Tensor>) => InstanceType<typeof optim.Optimizer<Any>>> = {
  Adam: (list) => new optim.Adam(list, { lr: 0.1 }),
  "Adam with amsgrad": (list) => new optim.Adam(list, { lr: 0.1, amsgrad: true }),
  AdamW: (list) => new optim.AdamW(list, { lr: 0.1 }),
  "SGD with momentum": (list) => new optim.SGD(list, { lr: 0.1, momentum: 0.9, dampening: 0.25 }),
  SGD: (list) => new optim.SGD(list, { lr: 0.1 }),
};

const bits = async (list: readonly Tensor[]): Promise<unknown[]> =>
  Promise.all(list.map(async (each) => [...(await each.numpy())]));

/** Everything in a state dict, read. */
async function values(state: Record<number, Record<string, unknown>>): Promise<unknown> {
  const rows = Object.entries(state).map(async ([i, row]) => {
    const entries = Object.entries(row).map(async ([name, value]) => [
      name,
      value instanceof torch.Tensor ? await value.tolist() : value,
    ]);
    return [i, Object.fromEntries(await Promise.all(entries))];
  });
  return Object.fromEntries(await Promise.all(rows));
}

describe("state_dict", () => {
  for (const [name, make] of Object.entries(makers)) {
    test(`of ${name}: a step updates all of it, and a run resumed from it has the same bits`, async () => {
      const own = parameters();
      const optimizer = make(own);
      for (const step of [0, 1]) {
        backward(own, step);
        optimizer.step();
      }
      const live = optimizer.state_dict();
      const copies = own.map((each) => new nn.Parameter(each.detach().clone()));
      const resumed = make(copies);
      resumed.load_state_dict(live);
      for (const step of [2, 3]) {
        backward(own, step);
        backward(copies, step);
        optimizer.step();
        resumed.step();
      }
      expect(await bits(copies)).toEqual(await bits(own));
      expect(await values(live.state)).toEqual(await values(optimizer.state_dict().state));
      expect(await values(resumed.state_dict().state)).toEqual(await values(live.state));
    });
  }

  test("holds what PyTorch's does", async () => {
    const [p] = parameters() as [Tensor];
    p.grad = torch.ones(3);
    const adam = new optim.Adam([p], { amsgrad: true });
    expect(adam.state_dict().state).toEqual({});
    adam.step();
    expect(Object.keys(adam.state_dict().state[0] as object)).toEqual([
      "step",
      "exp_avg",
      "exp_avg_sq",
      "max_exp_avg_sq",
    ]);
    expect(adam.state.get(p)?.step).toBe(1);
    const plain = new optim.SGD([p], { lr: 0.1 });
    plain.step();
    expect(plain.state_dict().state).toEqual({});
    const momentum = new optim.SGD([p], { momentum: 0.9 });
    momentum.step();
    expect(Object.keys(momentum.state_dict().state[0] as object)).toEqual(["momentum_buffer"]);
    const [group] = new optim.AdamW([p]).state_dict().param_groups;
    expect(Object.keys(group as object).sort()).toEqual(
      [
        ...["amsgrad", "betas", "capturable", "decoupled_weight_decay", "differentiable", "eps", "foreach", "fused"],
        ...["lr", "maximize", "params", "weight_decay"],
      ].sort(),
    );
  });

  test("that does not fit changes nothing", async () => {
    const own = parameters();
    const optimizer = new optim.Adam([{ params: [own[0] as Tensor] }, { params: [own[1] as Tensor], lr: 0.5 }]);
    backward(own, 0);
    optimizer.step();
    const saved = optimizer.state_dict();
    const other = { ...saved, state: { ...saved.state, 1: { ...saved.state[1], exp_avg: torch.ones(7) } } };
    for (const group of other.param_groups) group.lr = 9;
    expect(() => optimizer.load_state_dict(other)).toThrow(ShapeError);
    expect(optimizer.param_groups.map(({ lr }) => lr)).toEqual([0.001, 0.5]);
    const strange = { state: {}, param_groups: saved.param_groups.map((group) => ({ ...group, lr: "fast" })) };
    expect(() => optimizer.load_state_dict(strange as never)).toThrow(ArgumentError);
    for (const bad of [undefined, null, 3, "x", [], {}, { state: {} }, { state: {}, param_groups: [1] }])
      expect(() => optimizer.load_state_dict(bad as never)).toThrow(FacetError);
  });

  test("may be loaded where it comes from, parameters exchanged too", async () => {
    const own = [0.5, -2].map((value) => new nn.Parameter(torch.tensor([value], { dtype: torch.float32 })));
    const optimizer = new optim.SGD(own, { lr: 0.1, momentum: 0.5 });
    for (const [i, each] of own.entries()) each.grad = torch.tensor([i + 1.5]);
    optimizer.step();
    optimizer.load_state_dict({ state_dict: optimizer.state_dict() });
    expect(await values(optimizer.state_dict().state)).toEqual({
      0: { momentum_buffer: [1.5] },
      1: { momentum_buffer: [2.5] },
    });
    const { state, param_groups } = optimizer.state_dict();
    optimizer.load_state_dict({ state: { 0: state[1], 1: state[0] } as never, param_groups });
    expect(await values(optimizer.state_dict().state)).toEqual({
      0: { momentum_buffer: [2.5] },
      1: { momentum_buffer: [1.5] },
    });
    const exchanged = optimizer.state_dict();
    const mixed = { 0: { momentum_buffer: torch.tensor([7.5]) }, 1: exchanged.state[0] };
    optimizer.load_state_dict({ state: mixed as never, param_groups });
    expect(await values(optimizer.state_dict().state)).toEqual({
      0: { momentum_buffer: [7.5] },
      1: { momentum_buffer: [2.5] },
    });
  });
});

describe("groups", () => {
  test("settings of a group are of their kinds, and fixed ones stay", () => {
    const [p] = parameters() as [Tensor];
    for (const bad of [{ lr: null }, { lr: "x" }, { betas: [0.9] }, { amsgrad: 1 }, { weight_decay: -1 }])
      expect(() => new optim.Adam([{ params: [p], ...bad } as never])).toThrow(ArgumentError);
    expect(() => new optim.Adam([{ params: [p], foreach: true } as never])).toThrow(UnsupportedError);
    expect(() => new optim.Adam([{ params: [p], foreach: false } as never])).not.toThrow();
    const optimizer = new optim.SGD([p]);
    Object.assign(optimizer.param_groups[0] as object, { differentiable: true });
    p.grad = torch.ones(3);
    expect(() => optimizer.step()).toThrow(/differentiable/);
    Object.assign(optimizer.param_groups[0] as object, { differentiable: false, lr: null });
    expect(() => optimizer.step()).toThrow(/Invalid learning rate: null/);
  });

  test("a group without momentum has nothing to look ahead with", async () => {
    const groups = (nesterov: boolean) => {
      const [p] = parameters() as [Tensor];
      p.grad = torch.ones(3);
      const optimizer = new optim.SGD([{ params: [p], nesterov }], { lr: 0.5 });
      optimizer.step();
      return p;
    };
    expect(await bits([groups(true)])).toEqual(await bits([groups(false)]));
    const settings = { momentum: 0.9, nesterov: true, dampening: 0.5 };
    expect(() => new optim.SGD(parameters(), settings)).toThrow(ArgumentError);
    expect(() => new optim.SGD([{ params: parameters(), ...settings }])).not.toThrow();
  });

  // Each after the second of five steps; what PyTorch has then: the parameter and its velocity.
  test.each([
    [{ dampening: 0.25 }, { momentum: 0.5 }, [-0.3687500059604645, 2.562499761581421], [5.3125, -1.375]],
    [{ momentum: 0.5, dampening: 0.25 }, { momentum: 0 }, [-0.23750001192092896, 2.5249996185302734], [1.375, -1.25]],
    [
      { momentum: 0.5, dampening: 0.25 },
      { nesterov: true },
      [-0.827343761920929, 2.739062547683716],
      [5.328125, -1.46875],
    ],
    [{ momentum: 0.5, nesterov: true }, { dampening: 0.25 }, [-0.9687500596046448, 2.8499999046325684], [5.375, -1.5]],
    [{}, { nesterov: true }, [-0.25, 2.499999523162842], undefined],
  ])("SGD with %j, then %j, is PyTorch's", async (first, later, expected, velocity) => {
    for (const compiled of [false, true]) {
      const p = new nn.Parameter(torch.tensor([1, 2], { dtype: torch.float32 }));
      const optimizer = new optim.SGD([p], { lr: 0.1, ...first });
      const plain = (gradient: Tensor): void => {
        p.grad = gradient;
        optimizer.step();
      };
      const step = compiled ? torch.compile(plain) : plain;
      for (let i = 0; i < 5; i++) {
        if (i === 2) Object.assign(optimizer.param_groups[0] as object, later);
        step(torch.tensor([0.5 + i, -1]));
      }
      expect(await p.tolist()).toEqual(expected.map((value) => expect.closeTo(value, 6)));
      const buffer = optimizer.state.get(p)?.momentum_buffer as Tensor | undefined;
      expect(await buffer?.tolist()).toEqual(velocity);
    }
  });

  test("a loaded state without a velocity has its first step before it", async () => {
    const p = new nn.Parameter(torch.tensor([1, 2], { dtype: torch.float32 }));
    const optimizer = new optim.SGD([p], { lr: 0.1, momentum: 0.5, dampening: 0.25 });
    const { param_groups } = optimizer.state_dict();
    optimizer.load_state_dict({ state: { 0: { momentum_buffer: null } }, param_groups });
    p.grad = torch.tensor([0.5, -1]);
    optimizer.step();
    const velocity = optimizer.state.get(p)?.momentum_buffer as Tensor | undefined;
    expect(await velocity?.tolist()).toEqual([0.5, -1]);
  });

  test("parameters may come with their names", () => {
    const net = new nn.Linear(2, 1);
    const optimizer = new optim.SGD(net.named_parameters(), { lr: 0.1 });
    expect(optimizer.param_groups[0]?.param_names).toEqual(["weight", "bias"]);
    expect(optimizer.param_groups[0]?.params[1]).toBe(net.bias);
    expect(() => new optim.SGD([["weight", net.weight], net.bias as Tensor] as never)).toThrow(ArgumentError);
  });

  test("every kind of bad parameter is refused", () => {
    const [p] = parameters() as [Tensor];
    for (const bad of [undefined, null, 3, "abc", {}, [null], [{}], [{ params: 3 }], [p, p], [{ params: [p] }, p]])
      expect(() => new optim.Adam(bad as never)).toThrow(FacetError);
    expect(() => new optim.Adam([torch.tensor([1, 2])])).toThrow(DtypeError);
    expect(() => new optim.Adam([p], { learning_rate: 1 } as never)).toThrow(/did you mean lr|learning_rate/);
    expect(() => new optim.AdamW([p], { decoupled_weight_decay: true } as never)).toThrow(ArgumentError);
    expect(() => new optim.Adam([p]).zero_grad({ set_to_nothing: true } as never)).toThrow(ArgumentError);
  });
});

describe("step", () => {
  test("runs a closure with gradients, by position or by name, and gives its result", () => {
    const [p] = parameters() as [Tensor];
    const optimizer = new optim.SGD([p], { lr: 0.1 });
    const closure = (): string => {
      expect(torch.is_grad_enabled()).toBe(true);
      p.grad = null;
      p.sum().backward();
      return "loss";
    };
    expect(torch.no_grad(() => optimizer.step(closure))).toBe("loss");
    expect(optimizer.step({ closure })).toBe("loss");
    expect(() => optimizer.step({ closures: closure } as never)).toThrow(/did you mean closure/);
    expect(() => optimizer.step(3 as never)).toThrow(ArgumentError);
  });

  test("decoupled_weight_decay makes Adam AdamW", async () => {
    const [a, b] = [parameters(), parameters()];
    const optimizers = [
      new optim.Adam(a, { lr: 0.1, weight_decay: 0.5, decoupled_weight_decay: true }),
      new optim.AdamW(b, { lr: 0.1, weight_decay: 0.5 }),
    ];
    for (const [i, list] of [a, b].entries()) {
      backward(list, 1);
      optimizers[i]?.step();
    }
    expect(optimizers[1]).toBeInstanceOf(optim.Adam);
    expect(await bits(a)).toEqual(await bits(b));
  });
});

describe("a class of one's own", () => {
  /** Moves against the sign of an average of gradients. */
  class Lion extends optim.Optimizer<{ lr: number; beta: number }> {
    constructor(params: Iterable<Tensor>, lr = 0.1) {
      super(params, { lr, beta: 0.9 });
    }
    override step(): undefined {
      torch.no_grad(() => {
        for (const group of this.param_groups) {
          for (const parameter of group.params) {
            if (!parameter.grad) continue;
            const before = (this.state.get(parameter)?.average as Tensor) ?? torch.zeros_like(parameter);
            const average = before.mul(group.beta).add(parameter.grad.mul(1 - group.beta));
            this.state.set(parameter, { average });
            parameter.add_(average.sign().mul(-group.lr));
          }
        }
      });
      return undefined;
    }
  }

  test("is stepped, saved and loaded", async () => {
    const own = parameters();
    const lion = new Lion(own);
    backward(own, 0);
    lion.step();
    expect(await own[1]?.tolist()).toEqual([[expect.closeTo(1.4, 6), expect.closeTo(0.15, 6)]]);
    const saved = lion.state_dict();
    expect(Object.keys(saved.state)).toEqual(["0", "1"]);
    const copies = own.map((each) => new nn.Parameter(each.detach().clone()));
    const resumed = new Lion(copies);
    resumed.load_state_dict(saved);
    for (const each of [own, copies]) backward(each, 1);
    lion.step();
    resumed.step();
    expect(await bits(copies)).toEqual(await bits(own));
    expect(`${lion}`).toBe("Lion (\nParameter Group 0\n    beta: 0.9\n    lr: 0.1\n)");
  });

  test("without a step says so, and so does one with a hook that is never called", () => {
    class Nothing extends optim.Optimizer<object> {}
    expect(() => new Nothing(parameters(), {}).step()).toThrow(/overrides step/);
    class Hooked extends optim.Adam {
      _init_group(): void {}
    }
    expect(() => new Hooked(parameters())).toThrow(/_init_group/);
    expect(() => new Hooked(parameters())).toThrow(UnsupportedError);
  });
});
