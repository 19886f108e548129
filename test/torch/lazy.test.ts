// Layers that wait for their first input: what they print, hold and become.
import { FacetError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn, optim } = torch;
const x = (...shape: number[]): torch.Tensor => torch.ones(...shape);

// As PyTorch prints them before and after the first call.
const rows: readonly (readonly [make: () => torch.nn.Module, shape: number[], before: string, after: string])[] = [
  [
    () => new nn.LazyLinear(3),
    [2, 5],
    "LazyLinear(in_features=0, out_features=3, bias=True)",
    "Linear(in_features=5, out_features=3, bias=True)",
  ],
  [
    () => new nn.LazyConv1d(4, 2, { groups: 2 }),
    [6, 4],
    "LazyConv1d(0, 4, kernel_size=(2,), stride=(1,), groups=2)",
    "Conv1d(6, 4, kernel_size=(2,), stride=(1,), groups=2)",
  ],
  [
    () => new nn.LazyConv2d(4, [3, 2], 2, { padding_mode: "reflect" }),
    [1, 3, 5, 5],
    "LazyConv2d(0, 4, kernel_size=(3, 2), stride=(2, 2), padding_mode=reflect)",
    "Conv2d(3, 4, kernel_size=(3, 2), stride=(2, 2), padding_mode=reflect)",
  ],
  [
    () => new nn.LazyConv3d(1, 2, { bias: false }),
    [2, 2, 2, 2],
    "LazyConv3d(0, 1, kernel_size=(2, 2, 2), stride=(1, 1, 1), bias=False)",
    "Conv3d(2, 1, kernel_size=(2, 2, 2), stride=(1, 1, 1), bias=False)",
  ],
  [
    () => new nn.LazyConvTranspose1d(3, 2, { stride: 2, output_padding: 1 }),
    [1, 2, 3],
    "LazyConvTranspose1d(0, 3, kernel_size=(2,), stride=(2,), output_padding=(1,))",
    "ConvTranspose1d(2, 3, kernel_size=(2,), stride=(2,), output_padding=(1,))",
  ],
  [
    () => new nn.LazyConvTranspose2d(3, 2),
    [2, 3, 3],
    "LazyConvTranspose2d(0, 3, kernel_size=(2, 2), stride=(1, 1))",
    "ConvTranspose2d(2, 3, kernel_size=(2, 2), stride=(1, 1))",
  ],
  [
    () => new nn.LazyConvTranspose3d(1, 1),
    [1, 2, 2, 2, 2],
    "LazyConvTranspose3d(0, 1, kernel_size=(1, 1, 1), stride=(1, 1, 1))",
    "ConvTranspose3d(2, 1, kernel_size=(1, 1, 1), stride=(1, 1, 1))",
  ],
  [
    () => new nn.LazyBatchNorm2d({ momentum: null }),
    [2, 3, 2, 2],
    "LazyBatchNorm2d(0, eps=1e-05, momentum=None, affine=True, bias=True, track_running_stats=True)",
    "BatchNorm2d(3, eps=1e-05, momentum=None, affine=True, bias=True, track_running_stats=True)",
  ],
  [
    () => new nn.LazyInstanceNorm1d({ track_running_stats: false }),
    [4, 3],
    "LazyInstanceNorm1d(0, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=False)",
    "InstanceNorm1d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=False)",
  ],
];

describe("layers that wait", () => {
  test.each(rows)("%#", async (make, shape, before, after) => {
    torch.manual_seed(4);
    const layer = make() as torch.nn.LazyLinear;
    expect(`${layer}`).toBe(before);
    expect(layer.has_uninitialized_params()).toBe(true);
    const base = (nn as unknown as Record<string, new () => torch.nn.Module>)[after.slice(0, after.indexOf("("))];
    expect(layer).toBeInstanceOf(base);
    const names = Object.keys(layer.state_dict());
    const y = layer(x(...shape));
    expect(`${layer}`).toBe(after);
    expect(Object.getPrototypeOf(layer)).toBe(base?.prototype);
    expect(Object.keys(layer.state_dict())).toEqual(names);
    for (const parameter of layer.parameters()) expect(parameter).toBeInstanceOf(nn.Parameter);
    y.sum().backward();
    for (const parameter of layer.parameters()) expect(parameter.grad?.shape).toEqual(parameter.shape);
    const weight = layer.weight as torch.nn.Parameter;
    expect(await weight.abs().sum().item()).toBeGreaterThan(0);
  });

  test("first values are drawn when the input comes, as an ordinary layer draws them", async () => {
    const lazy = new nn.LazyLinear(3);
    torch.manual_seed(9);
    lazy(x(1, 4));
    torch.manual_seed(9);
    const layer = new nn.Linear(4, 3);
    expect(await lazy.weight.tolist()).toEqual(await layer.weight.tolist());
    expect(await lazy.bias?.tolist()).toEqual(await layer.bias?.tolist());
  });

  test("what asks for a parameter before is told to call the module", async () => {
    const lazy = new nn.LazyConv2d(2, 3);
    expect(`${lazy.weight}`).toBe("<UninitializedParameter>");
    expect(lazy.weight.requires_grad).toBe(true);
    for (const f of [
      () => lazy.weight.shape,
      () => lazy.weight.mul(2),
      () => new optim.SGD(lazy.parameters(), { lr: 0.1 }),
    ]) {
      expect(f).toThrow(/Attempted to use an uninitialized parameter/);
      expect(f).toThrow(FacetError);
    }
    expect(() => lazy(x(3, 3))).toThrow(/Expected 3D \(unbatched\) or 4D \(batched\) input to LazyConv2d/);
    expect(() => new nn.LazyConv1d(4, 1, { groups: 2 })(x(3, 2))).toThrow(/in_channels must be divisible by groups/);
    expect(() => new nn.LazyConv1d(3, 1, { groups: 2 })).toThrow(/out_channels must be divisible by groups/);
    const alone = new nn.UninitializedParameter(false);
    alone.materialize([2, 3]);
    expect(alone.requires_grad).toBe(false);
    expect(await alone.tolist()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const buffer = new nn.UninitializedBuffer();
    expect(`${buffer}`).toBe("<UninitializedBuffer>");
    buffer.materialize([1]);
    expect(await buffer.tolist()).toEqual([0]);
  });

  test("a state dict gives shapes, too", async () => {
    const source = new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3));
    const lazy = new nn.Sequential(new nn.LazyLinear(3), new nn.LazyBatchNorm1d());
    expect(`${lazy.load_state_dict(source.state_dict())}`).toBe("<All keys matched successfully>");
    const input = torch.randn(5, 4);
    expect(await lazy(input).tolist()).toEqual(await source(input).tolist());
    expect(`${lazy}`).toBe(`${source}`);
  });

  test("a compiled function makes them once", async () => {
    const lazy = new nn.Sequential(new nn.LazyLinear(2), new nn.ReLU(), new nn.LazyLinear(1));
    const compiled = torch.compile((input: torch.Tensor) => torch.no_grad(() => lazy(input)));
    const input = torch.randn(3, 4);
    const first = await compiled(input).tolist();
    expect(await compiled(input).tolist()).toEqual(first);
    expect(await lazy(input).tolist()).toEqual(first);
  });
});
