// torch.autograd: what looks for faults in gradients (gradcheck, detect_anomaly), gradients for many cotangents at once, and
// functions that are differentiated once.
import { ArgumentError, ShapeError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { autograd } = torch;
type Tensor = torch.Tensor;
const leaf = (values: number[] | number[][]): Tensor =>
  torch.tensor(values, { dtype: torch.float32, requires_grad: true });

/** x^2, with a gradient that is wrong by a factor where one is given. */
class Square extends autograd.Function {
  static override forward(ctx: torch.autograd.FunctionCtx, x: Tensor, factor: number): Tensor {
    ctx.save_for_backward(x);
    ctx.factor = factor;
    return x.mul(x);
  }
  static override backward(ctx: torch.autograd.FunctionCtx, dy: Tensor): (Tensor | null)[] {
    return [dy.mul(ctx.saved_tensors[0] as Tensor).mul(ctx.factor as number), null];
  }
}

describe("gradcheck", () => {
  test("agrees with gradients that are right, of several inputs and outputs", async () => {
    const [x, w] = [leaf([0.5, -1, 2]), leaf([[1, 0.2, -0.3]])];
    const f = (x: Tensor, w: Tensor): Tensor[] => [w.mul(x).sin(), x.exp().sum()];
    expect(await autograd.gradcheck(f, [x, w])).toBe(true);
    expect(await autograd.gradgradcheck(f, [x, w])).toBe(true);
  });

  test("finds one that is wrong", async () => {
    const f = (x: Tensor): Tensor => Square.apply(x, 2.5);
    expect(await autograd.gradcheck(f, leaf([1, 2]), { raise_exception: false })).toBe(false);
    await expect(autograd.gradcheck(f, [leaf([1, 2])])).rejects.toThrow(
      /^Jacobian mismatch for output 0 with respect to input 0/,
    );
    expect(await autograd.gradcheck((x: Tensor) => Square.apply(x, 2), leaf([1, 2]))).toBe(true);
  });

  test("refuses inputs without gradients, and ways of checking that are not there", async () => {
    const f = (x: Tensor): Tensor => x.mul(2);
    await expect(autograd.gradcheck(f, torch.tensor([1.5]))).rejects.toThrow(/none of the them have requires_grad/);
    const forward = { check_forward_ad: true } as object;
    expect(() => autograd.gradcheck(f, leaf([1]), forward)).toThrow(UnsupportedError);
  });
});

describe("detect_anomaly", () => {
  const nan = (): Tensor => {
    const x = leaf([-1, 4]);
    x.sqrt().sum().backward();
    return x.grad as Tensor;
  };

  test("names the op whose gradient is NaN, at the next read", async () => {
    {
      using _ = autograd.detect_anomaly();
      expect([torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()]).toEqual([true, true]);
      await expect(nan().tolist()).rejects.toThrow(/Function 'SqrtBackward0' returned nan values in its 0th output/);
    }
    expect(torch.is_anomaly_enabled()).toBe(false);
    expect(await nan().tolist()).toEqual([Number.NaN, 0.25]);
  });

  test("says which layer it was in", async () => {
    class Root extends torch.nn.Module {
      override forward(x: Tensor): Tensor {
        return x.sqrt();
      }
    }
    const net = new torch.nn.Sequential(new Root());
    const x = leaf([-1]);
    const grad = autograd.detect_anomaly(() => {
      (net as unknown as (x: Tensor) => Tensor)(x).sum().backward();
      return x.grad as Tensor;
    });
    await expect(grad.tolist()).rejects.toThrow(/SqrtBackward0 of Sequential/);
  });

  test("leaves numbers and infinities alone, and may be told not to look", async () => {
    const x = leaf([0, 4]);
    autograd.detect_anomaly(() => x.sqrt().sum().backward());
    expect(await (x.grad as Tensor).tolist()).toEqual([Number.POSITIVE_INFINITY, 0.25]);
    using _ = autograd.set_detect_anomaly(true, { check_nan: false });
    expect([torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()]).toEqual([true, false]);
    expect(await nan().tolist()).toEqual([Number.NaN, 0.25]);
  });
});

describe("is_grads_batched", () => {
  test("gives the gradients of all cotangents, those of unused inputs as asked", async () => {
    const [x, other] = [leaf([1, 2, 3]), leaf([7])];
    const y = x.mul(x).mul(x);
    const rows = torch.eye(3);
    const [dx, unused] = autograd.grad(y, [x, other], rows, {
      is_grads_batched: true,
      materialize_grads: true,
    }) as [Tensor, Tensor];
    expect(await dx.tolist()).toEqual([
      [3, 0, 0],
      [0, 12, 0],
      [0, 0, 27],
    ]);
    expect(unused.shape).toEqual([3, 1]);
  });

  test("can be differentiated again, and refuses cotangents without examples", async () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).mul(x);
    const weights = torch.tensor([
      [1, 1],
      [0.5, 2],
    ]);
    const [dx] = autograd.grad(y, x, weights, { is_grads_batched: true, create_graph: true }) as [Tensor];
    const [again] = autograd.grad(dx.sum(), x) as [Tensor];
    expect(await again.tolist()).toEqual([9, 36]);
    expect(() => autograd.grad(x.sum(), x, torch.tensor(1.5), { is_grads_batched: true })).toThrow(ShapeError);
  });
});

test("once_differentiable: the gradient's gradient throws", async () => {
  class Once extends Square {
    static override backward = autograd.function.once_differentiable(Square.backward);
  }
  const x = leaf([1, 2]);
  const [dx] = autograd.grad(Once.apply(x, 2).sum(), x) as [Tensor];
  expect(await dx.tolist()).toEqual([2, 4]);
  // As a rule the cotangent is what is tracked.
  const weight = leaf([1, 1]);
  const [tracked] = autograd.grad(Once.apply(x, 2), x, weight, { create_graph: true }) as [Tensor];
  expect(() => tracked.sum().backward()).toThrow(
    /trying to differentiate twice a function that was marked with @once_differentiable/,
  );
  expect(() => autograd.function.once_differentiable(1 as never)).toThrow(ArgumentError);
});

test("Variable wraps a tensor on its own memory, outside of its graph", async () => {
  const { Variable } = torch.autograd;
  const x = torch.ones(2);
  const v = new Variable(x, { requires_grad: true });
  expect([v.requires_grad, v.is_leaf, x instanceof Variable]).toEqual([true, true, true]);
  x.fill_(3);
  expect(await v.tolist()).toEqual([3, 3]);
  v.mul(v).sum().backward();
  expect(await (v.grad as torch.Tensor).tolist()).toEqual([6, 6]);
  expect(Variable(v.mul(2)).requires_grad).toBe(false);
  expect(() => Variable(3 as never)).toThrow(/Variable data has to be a tensor, but got number/);
  expect(() => Variable(torch.tensor([1, 2]), true)).toThrow(/floating point/);
});
