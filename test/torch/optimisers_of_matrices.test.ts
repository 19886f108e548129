// Optimisers whose state is not one number for each parameter (Adafactor, Muon, L-BFGS) and the averages of ASGD.
import * as torch from "@facet/shims-torch";
import { expectClose, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { optim } = torch;
// biome-ignore lint/suspicious/noExplicitAny: arguments come from a file, or are wrong on purpose.
type Any = any;

const parameter = (values: number[], shape: number[]): torch.nn.Parameter =>
  new torch.nn.Parameter(torch.tensor(Float32Array.from(values)).reshape(shape) as torch.Tensor);
const values = async (tensor: torch.Tensor): Promise<number[]> => [...((await tensor.core.data()) as Float32Array)];

describe("LBFGS", () => {
  test.each(loadGolden("torch_lbfgs").cases)("$name", async (row) => {
    const { options, counts } = row.params;
    const tensor = (name: string): torch.Tensor =>
      torch.tensor(row.floats(name)).reshape(row.tensor(name).shape as number[]) as torch.Tensor;
    const parameters = [0, 1].map((i) => new torch.nn.Parameter(tensor(`p${i}`)));
    const [a, b] = [tensor("a"), tensor("b")];
    const optimizer = new optim.LBFGS(parameters, options);
    const closure = (): torch.Tensor => {
      optimizer.zero_grad();
      const x = torch.cat(parameters.map((p) => p.flatten()));
      const misfit = (torch.matmul(a, x) as torch.Tensor).sub(b);
      const loss = misfit.mul(misfit).sum().div(2).add(x.pow(4).sum().div(10)) as torch.Tensor;
      loss.backward();
      return loss;
    };
    for (const [i, [evaluations, iterations]] of counts.entries()) {
      const loss = await optimizer.step(closure);
      expectClose([await loss.item()], [row.floats("loss")[i] as number], { rtol: 1e-4, atol: 1e-4 });
      for (const [j, p] of parameters.entries()) {
        const all = row.floats(`y${j}`);
        const expected = all.slice((i * all.length) / counts.length, ((i + 1) * all.length) / counts.length);
        expectClose(await values(p), expected, { rtol: 1e-4, atol: 1e-4, label: `step ${i + 1}, parameter ${j}` });
      }
      const counted = { func_evals: evaluations, n_iter: iterations };
      expect(optimizer.state.get(parameters[0] as torch.Tensor)).toEqual(counted);
    }
  });

  test("finds the valley of Rosenbrock's function", async () => {
    const x = parameter([-1.5, 2], [2]);
    const optimizer = new optim.LBFGS([x], { line_search_fn: "strong_wolfe", max_iter: 60 });
    await optimizer.step(() => {
      optimizer.zero_grad();
      const [u, v] = [[1, 0] as const, [0, 1] as const].map((axis) => x.mul(torch.tensor([...axis])).sum()) as [
        torch.Tensor,
        torch.Tensor,
      ];
      const loss = v.sub(u.mul(u)).pow(2).mul(100).add(u.sub(1).pow(2)) as torch.Tensor;
      loss.backward();
      return loss;
    });
    expectClose(await values(x), [1, 1], { rtol: 0, atol: 2e-3 });
  });

  test("refuses what it cannot do", async () => {
    const x = parameter([1], [1]);
    const optimizer = new optim.LBFGS([x]);
    expect(() => (optimizer as Any).step()).toThrow(/closure/);
    expect(() => optimizer.state_dict()).toThrow(/LBFGS: state_dict/);
    const saved = { state: {}, param_groups: [{ params: [0] }] } as never;
    expect(() => optimizer.load_state_dict(saved)).toThrow(/LBFGS: load_state_dict/);
    expect(() => optimizer.add_param_group({ params: [parameter([1], [1])] })).toThrow(/doesn't support per-parameter/);
    expect(() => new optim.LBFGS([x], { max_iter: 0 })).toThrow(/Invalid max_iter/);
    await expect(async () => optimizer.step((() => 3) as Any)).rejects.toThrow(
      /closure: expected a function that returns/,
    );
    const step = torch.compile(() => {
      optimizer.step(() => x.sum() as torch.Tensor).catch(() => {});
    });
    expect(() => step()).toThrow(/lbfgs/);
  });
});

describe("state", () => {
  test("of Adafactor has PyTorch's names and shapes, and is saved and loaded", async () => {
    const make = () => [parameter([1, 2, 3, 4, 5, 6], [2, 3]), parameter([1, 2], [2])];
    const first = make();
    const from = new optim.Adafactor(first, { lr: 0.1 });
    const step = (parameters: torch.nn.Parameter[], optimizer: Any): void => {
      for (const p of parameters) p.grad = p.detach().mul(0.5) as torch.Tensor;
      optimizer.step();
    };
    for (let i = 0; i < 2; i++) step(first, from);
    const { state } = from.state_dict() as Any;
    expect(Object.keys(state[0])).toEqual(["step", "row_var", "col_var"]);
    expect([state[0].row_var.shape, state[0].col_var.shape].map((shape) => [...shape])).toEqual([
      [2, 1],
      [1, 3],
    ]);
    expect(Object.keys(state[1])).toEqual(["step", "variance"]);
    const now = await Promise.all(first.map(values));
    const second = [parameter(now[0] as number[], [2, 3]), parameter(now[1] as number[], [2])];
    const to = new optim.Adafactor(second, { lr: 0.1 });
    to.load_state_dict(from.state_dict());
    step(first, from);
    step(second, to);
    for (const [i, p] of second.entries()) expect(await values(p)).toEqual(await values(first[i] as torch.Tensor));
    const wrong: Any = { ...from.state_dict(), state: { 0: { step: 1, row_var: torch.zeros(2, 3) } } };
    expect(() => to.load_state_dict(wrong)).toThrow(/row_var: expected a tensor of shape \[2, 1\]/);
  });

  test("of ASGD is the average of parameters from t0 on", async () => {
    const p = parameter([1], [1]);
    const optimizer = new optim.ASGD([p], { lr: 1, lambd: 0, t0: 1 });
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) {
      p.grad = torch.ones(1);
      optimizer.step();
      const { ax, eta, mu } = optimizer.state.get(p) as Any;
      seen.push(...(await values(ax)), eta, mu);
    }
    // p = 0, -1, -2, -3; the average of the third and fourth begins with the second.
    expect(seen).toEqual([0, 1, 1, -1, 1, 1, -2, 1, 0.5, -2.5, 1, 1 / 3]);
  });
});

describe("refuses", () => {
  test.each([
    ["Adafactor", { lr: -1 }, /Learning rate should be >= 0 but is: -1/],
    ["Adafactor", { beta2_decay: 0.5 }, /beta2_decay should be <= 0 but is: 0.5/],
    ["Adafactor", { eps: [-1, 1] }, /epsilon1 should be >= 0/],
    ["Adafactor", { d: 0.5 }, /Clipping threshold d should be >= 1/],
    ["Muon", { momentum: -1 }, /momentum should be >= 0 but is: -1/],
    ["Muon", { weight_decay: -1 }, /weight decay should be >= 0 but is: -1/],
    ["Muon", { ns_steps: 100 }, /Number of steps must be less than 100/],
    ["Muon", { adjust_lr_fn: "spectral" }, /adjust_lr_fn/],
    ["ASGD", { lr: -1 }, /Invalid learning rate: -1/],
  ] as const)("%s with %j", (name, options, message) => {
    expect(() => new (optim as Any)[name]([parameter([1, 2], [1, 2])], options)).toThrow(message);
  });
  test("a parameter of Muon that is no matrix", () => {
    expect(() => new optim.Muon([parameter([1, 2], [2])])).toThrow(
      /Muon only supports 2D parameters whereas we found a parameter with size: torch.Size\(\[2\]\)/,
    );
  });
});
