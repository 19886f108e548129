// torch.func, torch.autograd.functional, Function and hooks against PyTorch (test/goldens/generate_transforms.py), and what they refuse.
import { readFileSync } from "node:fs";
import { ArgumentError, FacetError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { func, nn } = torch;
const { functional } = torch.autograd;
type Tensor = torch.Tensor;
type Nested = number | Nested[] | { [key: string]: Nested };

const { inputs, cases } = JSON.parse(readFileSync(new URL("../goldens/transforms.json", import.meta.url), "utf8")) as {
  inputs: Record<"x" | "y" | "w" | "b" | "v" | "u", number[] | number[][]>;
  cases: Record<string, Nested>;
};
const made = Object.fromEntries(
  Object.entries(inputs).map(([name, values]) => [
    name,
    torch.facet.keep(torch.tensor(values as number[], { dtype: torch.float32 })),
  ]),
) as Record<keyof typeof inputs, Tensor>;
const { x, y, w, b, v, u } = made;

const loss = (x: Tensor): Tensor => x.sin().mul(x.exp()).sum();
const times = (w: Tensor, x: Tensor): Tensor => w.matmul(x);
const layer = (p: Record<string, Tensor>, x: Tensor): Tensor =>
  times(p.w as Tensor, x)
    .add(p.b as Tensor)
    .tanh();
const pair = (x: Tensor, w: Tensor): Tensor[] => [times(w, x).sigmoid(), x.mul(x).sum()];
const params = { w, b };

class Cube extends torch.autograd.Function {
  static override forward(ctx: torch.autograd.FunctionCtx, x: Tensor, scale: number): Tensor {
    ctx.save_for_backward(x);
    ctx.scale = scale;
    return x.pow(3).mul(scale);
  }
  static override backward(ctx: torch.autograd.FunctionCtx, dy: Tensor): (Tensor | null)[] {
    const [x] = ctx.saved_tensors as [Tensor];
    return [
      dy
        .mul(3)
        .mul(x.pow(2))
        .mul(ctx.scale as number),
      null,
    ];
  }
}
class Exp extends torch.autograd.Function {
  static override forward(x: Tensor): Tensor {
    return x.exp();
  }
  static override setup_context(ctx: torch.autograd.FunctionCtx, _: unknown, output: Tensor): void {
    ctx.save_for_backward(output);
  }
  static override backward(ctx: torch.autograd.FunctionCtx, dy: Tensor): Tensor {
    return dy.mul(ctx.saved_tensors[0] as Tensor);
  }
}

const leaf = (of = x): Tensor => of.clone().requires_grad_();
function second(fn: (x: Tensor) => Tensor): Tensor[] {
  const own = leaf();
  const [first] = torch.autograd.grad(fn(own).sum(), own, { create_graph: true }) as [Tensor];
  const [then] = torch.autograd.grad(first.mul(v).sum(), own) as [Tensor];
  return [first, then];
}

// biome-ignore lint/suspicious/noExplicitAny: trees of tensors.
const computed: Record<string, () => any> = {
  grad: () => func.grad(loss)(x),
  "grad of grad": () => func.grad((x: Tensor) => func.grad(loss)(x).sum())(x),
  "grad by two": () => func.grad((x: Tensor, w: Tensor) => times(w, x).sin().sum(), [0, 1])(x, w),
  "grad of parameters": () => func.grad((p: typeof params, x: Tensor) => layer(p, x).sum())(params, x),
  "grad with aux": () => func.grad((x: Tensor) => [loss(x), x.mul(2)], { has_aux: true })(x),
  grad_and_value: () => func.grad_and_value(loss)(x),
  vjp: () => {
    const [out, pull] = func.vjp((x: Tensor) => times(w, x), x);
    return [out, pull(u)];
  },
  "vjp of two": () => {
    const [out, pull] = func.vjp(pair, x, w);
    return [out, pull([u, torch.tensor(0.5)])];
  },
  jvp: () => func.jvp((x: Tensor) => times(w, x).tanh(), [x], [v]),
  "jvp of two": () => func.jvp(pair, [x, w], [v, y]),
  jacrev: () => func.jacrev((x: Tensor) => times(w, x).tanh())(x),
  jacfwd: () => func.jacfwd((x: Tensor) => times(w, x).tanh())(x),
  "jacrev of two by two": () => func.jacrev(pair, [0, 1])(x, w),
  hessian: () => func.hessian(loss)(x),
  vmap: () => func.vmap((x: Tensor) => x.softmax(0))(y),
  "vmap of rows and columns": () => func.vmap((x: Tensor, w: Tensor) => x.mul(w).sum(), [0, 1])(y, w.T),
  "vmap out": () => func.vmap((x: Tensor) => x.mul(2), { out_dims: 1 })(y),
  "vmap of gradients": () => func.vmap(func.grad(loss))(y),
  "vmap of vmap": () => func.vmap(func.vmap((a: Tensor) => a.mul(a)))(y),
  "examples' gradients": () =>
    func.vmap(
      func.grad((p: typeof params, x: Tensor) => layer(p, x).sum()),
      [null, 0],
    )(params, y),
  linearize: () => {
    const [out, push] = func.linearize(loss, x);
    return [out, push(v)];
  },
  "functional.jacobian": () => functional.jacobian((x: Tensor, w: Tensor) => times(w, x).tanh(), [x, w]),
  "functional.hessian": () => functional.hessian((x: Tensor, b: Tensor) => loss(x).mul(b.sum()), [x, b]),
  "functional.vjp": () => functional.vjp((x: Tensor) => times(w, x), x, u),
  "functional.jvp": () => functional.jvp((x: Tensor) => times(w, x), x, v),
  "functional.hvp": () => functional.hvp(loss, x, v),
  "functional.vhp": () => functional.vhp(loss, x, v),
  Function: () => second((x) => Cube.apply(x, 2)),
  "Function of its output": () => second((x) => Exp.apply(x)),
  hooks: () => {
    const own = leaf();
    const middle = own.sin();
    middle.retain_grad();
    const seen: Tensor[] = [];
    middle.register_hook((dy) => dy.mul(2));
    own.register_hook((dx) => void seen.push(dx.clone()) as undefined);
    own.register_post_accumulate_grad_hook((leaf) => void seen.push((leaf.grad as Tensor).mul(10)));
    middle.mul(v).sum().backward();
    return [middle.grad, own.grad, seen];
  },
};

async function numbers(value: unknown): Promise<Nested> {
  if (value instanceof torch.Tensor) return (await value.tolist()) as Nested;
  if (Array.isArray(value)) return Promise.all(value.map(numbers));
  const parts = Object.entries(value as object).map(async ([key, each]) => [key, await numbers(each)] as const);
  return Object.fromEntries(await Promise.all(parts));
}
function close(found: Nested, expected: Nested, path: string): void {
  if (typeof expected === "number") {
    expect(typeof found, path).toBe("number");
    // float32 sums and products in another order.
    expect(Math.abs((found as number) - expected), `${path}: ${found} and ${expected}`).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(expected)),
    );
    return;
  }
  expect(Object.keys(found), path).toEqual(Object.keys(expected));
  for (const [key, each] of Object.entries(expected))
    close((found as Record<string, Nested>)[key] as Nested, each, `${path}.${key}`);
}

describe("derivatives", () => {
  test("every golden case is computed", () => expect(Object.keys(computed).sort()).toEqual(Object.keys(cases).sort()));
  for (const [name, compute] of Object.entries(computed))
    test(name, async () => close(await numbers(compute()), cases[name] as Nested, name));
});

describe("graphs around transforms", () => {
  test("gradients flow on to leaves outside, and only there are results part of a graph", async () => {
    expect(
      [func.grad(loss)(x), ...func.jvp(loss, [x], [v]), func.jacrev(loss)(x)].map((each) => each.requires_grad),
    ).toEqual([false, false, false, false]);
    const own = leaf();
    const g = func.grad((x: Tensor) => x.pow(3).sum())(own) as Tensor;
    g.sum().backward();
    close(await numbers(own.grad), [3, -7.5, 12], "6 x");
    const held = leaf();
    func
      .grad((x: Tensor) => x.mul(held).mul(held).sum())(x)
      .sum()
      .backward();
    close(await numbers(held.grad), [1, -2.5, 4], "2 held");
    const jacobian = functional.jacobian((x: Tensor) => x.pow(2), leaf(), { create_graph: true });
    expect(jacobian.requires_grad).toBe(true);
    expect(functional.jacobian((x: Tensor) => x.pow(2), leaf()).requires_grad).toBe(false);
    torch.no_grad(() => expect(func.grad(loss)(own).requires_grad).toBe(false));
  });

  test("functional_call and stacked modules", async () => {
    const nets = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
    const [weights, buffers] = func.stack_module_state(nets);
    const all = func.vmap(
      (p: object, b: object, x: Tensor) => func.functional_call(nets[0] as never, [p, b] as never, x),
      [0, 0, null],
    )(weights, buffers, x) as Tensor;
    close(await numbers(all), await numbers(nets.map((net) => net(x))), "both");
    expect((weights.weight as Tensor).requires_grad).toBe(true);
    all.sum().backward();
    expect((weights.bias as Tensor).grad?.shape).toEqual([2, 2]);
    expect(nets[0]?.weight.grad).toBeNull();
    const [net] = nets as [InstanceType<typeof nn.Linear>];
    expect(() => func.functional_call(net, { wait: x }, [x])).toThrow(/Unexpected key\(s\): wait/);
    expect(() => func.functional_call(net, { bias: x }, [x], null, { strict: true })).toThrow(
      /Missing key\(s\): weight/,
    );
    close(await numbers(net(x)), await numbers(nets[0]?.(x)), "as before");
  });

  test("random numbers under vmap", async () => {
    const noisy = (x: Tensor): Tensor => x.add(torch.rand(2));
    const of = async (randomness: "same" | "different") =>
      (await (func.vmap(noisy, { randomness })(torch.zeros(2, 2)) as Tensor).tolist()) as number[][];
    const [same, different] = [await of("same"), await of("different")];
    expect(same[0]).toEqual(same[1]);
    expect(different[0]).not.toEqual(different[1]);
    expect(() => func.vmap(noisy)(torch.zeros(2, 2))).toThrow(/randomness error mode/);
  });
});

describe("Function", () => {
  test("what is not differentiable, not asked for, or not there", async () => {
    class Parts extends torch.autograd.Function {
      static asked: readonly boolean[] = [];
      static arrived: unknown[] = [];
      static override forward(ctx: torch.autograd.FunctionCtx, a: Tensor, b: Tensor): unknown[] {
        const [sum, order] = [a.add(b), a.gt(b)];
        const fixed = a.mul(0);
        ctx.mark_non_differentiable(fixed);
        ctx.set_materialize_grads(false);
        return [sum, fixed, order, "text", a.sub(b)];
      }
      static override backward(ctx: torch.autograd.FunctionCtx, ...dys: (Tensor | null)[]): (Tensor | null)[] {
        Parts.asked = ctx.needs_input_grad;
        Parts.arrived = dys.map((dy) => dy?.shape);
        return [dys[0] as Tensor, null];
      }
    }
    const own = leaf();
    const [sum, fixed, order, text] = Parts.apply(own, v) as [Tensor, Tensor, Tensor, string];
    expect([sum.requires_grad, fixed.requires_grad, order.requires_grad, text]).toEqual([true, false, false, "text"]);
    expect(sum.grad_fn?.name()).toBe("PartsBackward0");
    sum.sum().backward();
    expect(Parts.asked).toEqual([true, false]);
    expect(Parts.arrived).toEqual([[3], undefined, undefined, undefined, undefined]);
    expect(await own.grad?.tolist()).toEqual([1, 1, 1]);
    const compiled = torch.compile((x: Tensor) => Cube.apply(x, 2) as Tensor);
    close(await numbers(compiled(x)), await numbers(x.pow(3).mul(2)), "compiled");
  });

  test("mistakes", () => {
    class Short extends torch.autograd.Function {
      static override forward(_: torch.autograd.FunctionCtx, a: Tensor, b: Tensor): Tensor {
        return a.add(b);
      }
      static override backward(_: torch.autograd.FunctionCtx, dy: Tensor): Tensor {
        return dy;
      }
    }
    class Empty extends torch.autograd.Function {}
    expect(() => Short.apply(leaf(), v).sum().backward()).toThrow(
      /incorrect number of gradients \(expected 2, got 1\)/,
    );
    expect(() => Empty.apply(x)).toThrow(/must implement the forward/);
    expect(() => new Short()).toThrow(UnsupportedError);
    class Written extends Short {
      static override forward(ctx: torch.autograd.FunctionCtx, a: Tensor): Tensor {
        ctx.mark_dirty(a);
        return a;
      }
    }
    expect(() => Written.apply(x)).toThrow(UnsupportedError);
  });
});

describe("backward and hooks", () => {
  test("several tensors, and leaves that are named", async () => {
    const [one, two] = [leaf(), leaf(v)];
    torch.autograd.backward([one.mul(two), one.sum()], [v, null]);
    close(await numbers(one.grad), [2, 5, 1.25], "one");
    close(await numbers(two.grad), [0.5, 2.5, 1], "two");
    one
      .mul(two)
      .sum()
      .backward({ inputs: [two] });
    close(await numbers(one.grad), [2, 5, 1.25], "one as before");
    close(await numbers(two.grad), [1, 1.25, 3], "two");
    expect(() => torch.autograd.backward([one.sum()], [])).toThrow(/got 1 tensors and 0 gradients/);
    expect(() => one.sum().backward({ inputs: [] })).toThrow(/cannot be empty/);
    expect(() => one.sum().backward({ inputs: one.mul(2) })).toThrow(FacetError);
  });

  test("hooks end with their handles, and refuse what they cannot be on", async () => {
    const own = leaf();
    let heard = 0;
    const handle = own.register_hook(() => {
      heard += 1;
      return null;
    });
    own.sum().backward();
    handle.remove();
    own.sum().backward();
    expect(heard).toBe(1);
    expect(() => x.register_hook(() => null)).toThrow(/doesn't require gradient/);
    expect(() => x.retain_grad()).toThrow(/requires_grad=False/);
    expect(() => own.mul(2).register_post_accumulate_grad_hook(() => {})).toThrow(/non-leaf/);
    own.register_hook(() => torch.ones(2));
    expect(() => own.sum().backward()).toThrow(FacetError);
    const other = leaf();
    other.register_hook(() => 3 as never);
    expect(() => other.sum().backward()).toThrow(ArgumentError);
    expect([other.retains_grad, other.grad_fn]).toEqual([false, null]);
    const chain = other.mul(2).sum();
    expect(`${chain.grad_fn}`).toBe("<SumBackward0 object>");
    expect(chain.grad_fn?.next_functions.map(([fn]) => `${fn}`)).toEqual(["<MulBackward0 object>"]);
  });
});

const refused: Record<string, [() => unknown, RegExp]> = {
  "grad of a vector": [
    () => func.grad((x: Tensor) => x)(x),
    /Expected f\(\*args\) to return a scalar tensor, got tensor with 1 dims/,
  ],
  "grad by integers": [() => func.grad((x: Tensor) => x.sum())(torch.tensor([1, 2])), /only Tensors of floating point/],
  "grad by an argument that is not there": [() => func.grad(loss, 1)(x), /Got argnum=1, but only 1 positional inputs/],
  "no aux": [() => func.grad(loss, 0, true)(x), /should be a tuple: \(output, aux\)/],
  "cotangents of another shape": [() => func.vjp((x: Tensor) => x, x)[1](u), /vjp: cotangents/],
  "tangents of another shape": [() => func.jvp(loss, [x], [u]), /jvp: tangents/],
  "an asynchronous function": [() => func.grad(async (x: Tensor) => x)(x), /synchronous/],
  "vmap over a number": [() => func.vmap((a: Tensor, n: number) => a.mul(n))(x, 2), /We cannot vmap over non-Tensor/],
  "vmap over nothing": [() => func.vmap((a: Tensor) => a, null)(x), /at least one input/],
  "vmap to a number": [() => func.vmap((_: Tensor) => 3)(x), /output of func/],
  "vmap of different lengths": [() => func.vmap((a: Tensor, b: Tensor) => a.add(b))(x, u), /examples/],
  "strict jacobian": [
    () => functional.jacobian((x: Tensor) => x.detach(), x, { strict: true }),
    /independent of input 0/,
  ],
  "no v": [() => functional.vjp((x: Tensor) => x, x), /The vector v can only be None/],
  "a hessian of a vector": [() => functional.hessian((x: Tensor) => x, x), /should contain a single element/],
  "models of two classes": [() => func.stack_module_state([new nn.Linear(1, 1), new nn.ReLU()]), /same class/],
};
test.each(Object.entries(refused))("%s", (_, [body, sentence]) => {
  expect(body).toThrow(sentence);
  expect(body).toThrow(FacetError);
});
