// torch.nn.functional over space against what PyTorch computed (spatial_torch.json), and what layers and functions draw and refuse.
import { FacetError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

const { nn } = torch;
const F = nn.functional;
type Tensor = torch.Tensor;
type Result = Tensor | [values: Tensor, indices: Tensor];

/** float32 sums of up to some hundred terms of size 1, held against float64. */
const tolerance = { rtol: 1e-5, atol: 1e-5 };

/** A function by its name, with its arguments by theirs. */
function call(row: GoldenCase, inputs: readonly Tensor[]): Result {
  const { fn, samples, ...given } = row.params;
  if (samples) Object.assign(given, { return_indices: true, _random_samples: torch.tensor(samples) });
  const [x, second] = inputs as [Tensor, Tensor];
  if (fn.startsWith("max_unpool")) {
    const pool = F[fn.replace("unpool", "pool") as "max_pool2d"];
    const [values, indices] = pool(x, { ...given, return_indices: true });
    return F[fn as "max_unpool2d"](values, indices, { ...given, output_size: x.shape.slice(2) });
  }
  if (fn === "spatial_transformer")
    return F.grid_sample(x, F.affine_grid(second, given.size, { align_corners: false }), { align_corners: false });
  return (F[fn as keyof typeof F] as unknown as (...args: unknown[]) => Result)(...inputs, given);
}

describe("spatial_torch", () => {
  test.each(loadGolden("spatial_torch").cases)("$name", async (row) => {
    const names = row.tensors.filter((name) => row.has(`d${name}`) && name !== "y");
    const leaves = names.map((name) =>
      torch
        .tensor(row.tensor(name).data as Float32Array)
        .view(row.tensor(name).shape)
        .requires_grad_(),
    );
    const result = call(row, leaves);
    const [y, indices] = Array.isArray(result) ? result : [result, undefined];
    expectClose(await y.numpy(), row.floats("y"), { ...tolerance, label: "y", shape: y.shape });
    expect(y.shape).toEqual(row.tensor("y").shape);
    expect(indices !== undefined).toBe(row.has("indices"));
    if (indices) expect([...(await indices.numpy())]).toEqual([...row.ints("indices")]);
    y.backward(torch.tensor(row.floats("dy") as Float32Array).view(y.shape));
    for (const [i, name] of names.entries())
      expectClose(await ((leaves[i] as Tensor).grad as Tensor).numpy(), row.floats(`d${name}`), {
        ...tolerance,
        label: `d${name}`,
      });
  });
});

test("conv_tbc and convolution are the convolutions with other shapes and arguments", async () => {
  const x = torch.randn(5, 2, 3);
  const [w, b] = [torch.randn(2, 3, 4), torch.randn(4)];
  const y = F.conv1d(x.permute(1, 2, 0), w.permute(2, 1, 0), b, { padding: 1 }).permute(2, 0, 1);
  expectClose(await F.conv_tbc(x, w, b, 1).numpy(), await y.numpy(), { ...tolerance, label: "conv_tbc" });
  const [image, filter] = [torch.randn(1, 2, 4, 5), torch.randn(2, 3, 2, 3)];
  const back = torch.convolution(image, filter, null, [2, 1], [0, 1], [1, 1], true, [1, 0], 1);
  expect(await back.tolist()).toEqual(
    await F.conv_transpose2d(image, filter, { stride: [2, 1], padding: [0, 1], output_padding: [1, 0] }).tolist(),
  );
});

test("torch has functions of its own beside those of nn.functional", async () => {
  const x = torch.randn(1, 2, 6);
  const [values, indices] = torch.max_pool1d_with_indices(x, 2);
  expect(await values.tolist()).toEqual(await torch.max_pool1d(x, 2, []).tolist());
  expect(await indices.tolist()).toEqual(await F.max_pool1d(x, 2, { return_indices: true })[1].tolist());
  expect(await torch.adaptive_max_pool1d(x, 3)[1].tolist()).toEqual(await indices.tolist());
  const image = torch.randn(1, 1, 3, 3);
  const grid = torch.affine_grid_generator(torch.randn(1, 2, 3), [1, 1, 2, 2], true);
  expect(await torch.grid_sampler(image, grid, 1, 2, true).tolist()).toEqual(
    await F.grid_sample(image, grid, "nearest", "reflection", true).tolist(),
  );
  expect(await torch.constant_pad_nd(x, [1, -2], 3).tolist()).toEqual(await F.pad(x, [1, -2], "constant", 3).tolist());
});

test("the powers infinity and minus infinity are the largest and the smallest absolute value", async () => {
  const x = torch.tensor([[[1, -3, 2, 0.5]]]);
  expect(await F.lp_pool1d(x, Number.POSITIVE_INFINITY, 2).tolist()).toEqual([[[3, 2]]]);
  expect(await F.lp_pool1d(x, Number.NEGATIVE_INFINITY, 2).tolist()).toEqual([[[1, 0.5]]]);
});

// As PyTorch gives them: with antialias it aligns no corners, only the steps are as if it did; what keeps its extent is copied.
test.each([
  [
    "bilinear",
    [2, 4],
    { size: [3, 4], antialias: true, align_corners: true },
    [0, 1, 2, 3, 1, 2, 3, 2.25, 3, 4, 5, 0.75],
  ],
  [
    "bicubic",
    [6, 5],
    { size: [3, 3], antialias: true, align_corners: true },
    [3.0889, 2.5678, 2.4386, 2.862, 3.0556, 2.9337, 4.5004, 2.3641, 0.8665],
  ],
  ["bilinear", [2, 1], { scale_factor: [1.25, 2] }, [0, 0, 1, 1]],
  ["bicubic", [2, 2], { scale_factor: 1.25, antialias: true }, [0, 1, 2, 3]],
] as const)("interpolate %s of %j %j", async (mode, extents, given, expected) => {
  const x = torch.tensor(Array.from({ length: extents[0] * extents[1] }, (_, i) => i % 7)).float();
  const y = await F.interpolate(x.view(1, 1, ...extents), { mode, ...given }).numpy();
  expectClose(y as Float32Array, Float32Array.from(expected), { rtol: 1e-4, atol: 5e-5, label: mode });
});

describe("dropout", () => {
  const channels = async (y: Tensor): Promise<Set<number>[]> =>
    ((await y.flatten(0, 1).flatten(1).tolist()) as number[][]).map((row) => new Set(row));

  test.each([
    ["dropout1d", [32, 8, 3]],
    ["dropout2d", [32, 8, 2, 2]],
    ["dropout3d", [32, 8, 2, 1, 2]],
  ] as const)("%s drops whole channels", async (name, shape) => {
    torch.manual_seed(5);
    const x = torch.ones(...shape).requires_grad_();
    const y = F[name](x, 0.25);
    const sets = await channels(y);
    for (const each of sets) expect(each.size).toBe(1);
    const dropped = sets.filter((each) => each.has(0)).length / sets.length;
    expect(dropped).toBeGreaterThan(0.15);
    expect(dropped).toBeLessThan(0.35);
    expect(await y.max().item()).toBeCloseTo(4 / 3, 6);
    y.sum().backward();
    expect(await (x.grad as Tensor).tolist()).toEqual(await y.tolist());
    torch.manual_seed(5);
    expect(await F[name](x, 0.25).tolist()).toEqual(await y.tolist());
    expect(F[name](x, 0.25, false)).toBe(x);
    expect(await F[name](x, 1).sum().item()).toBe(0);
  });

  test("without a batch the first dimension has the channels", async () => {
    const y = F.dropout1d(torch.ones(64, 5), 0.5);
    expect(new Set(((await y.tolist()) as number[][]).map((row) => `${new Set(row).size}`))).toEqual(new Set(["1"]));
    const volume = (await F.dropout3d(torch.ones(64, 2, 1, 2))
      .flatten(1)
      .tolist()) as number[][];
    expect(new Set(volume.flat())).toEqual(new Set([0, 2]));
    expect(new Set(volume.map((row) => new Set(row).size))).toEqual(new Set([1]));
    expect(() => F.dropout1d(torch.ones(3))).toThrow(/Expected 2D or 3D input, but received a 1D input/);
    expect(() => F.dropout2d(torch.ones(3))).toThrow(/Feature dropout requires at least 2 dimensions/);
  });

  test("alpha dropout keeps mean and variance, of elements and of channels", async () => {
    torch.manual_seed(1);
    const x = torch.randn(4096);
    const y = F.alpha_dropout(x, 0.3, true);
    expect(await y.mean().item()).toBeCloseTo(0, 1);
    expect(await y.var().item()).toBeCloseTo(1, 1);
    // What is dropped lies at one number: a (-1.758) + b with a = (0.7 (1 + 0.3 1.758^2))^-1/2, b = 0.3 1.758 a.
    const a = 1 / Math.sqrt(0.7 * (1 + 0.3 * 1.7580993408473766 ** 2));
    const low = -1.7580993408473766 * a * 0.7;
    const found = ((await y.tolist()) as number[]).filter((value) => Math.abs(value - low) < 1e-5).length / 4096;
    expect(found).toBeGreaterThan(0.25);
    expect(found).toBeLessThan(0.35);
    const sets = await channels(F.feature_alpha_dropout(torch.ones(16, 16, 4), 0.5, true));
    expect(new Set(sets.map((each) => each.size))).toEqual(new Set([1]));
    expect(F.alpha_dropout(x)).toBe(x);
    expect(() => F.alpha_dropout(x, 1.5, true)).toThrow(/dropout probability has to be between 0 and 1, but got 1.5/);
    const layer = new nn.AlphaDropout(0.5);
    expect(await layer.eval()(x).tolist()).toEqual(await x.tolist());
    expect(await layer.train()(x).tolist()).not.toEqual(await x.tolist());
  });
});

test("convolutions begin as PyTorch's: weight and bias uniform within 1 / sqrt(fan_in)", async () => {
  torch.manual_seed(0);
  for (const [layer, fan] of [
    [new nn.Conv1d(8, 16, 5), 40],
    [new nn.Conv3d(4, 16, 2), 32],
    // Of a transposed one the fan is that of dimension 1.
    [new nn.ConvTranspose2d(4, 16, 3), 144],
  ] as const) {
    for (const each of [layer.weight, layer.bias as Tensor]) {
      const bound = 1 / Math.sqrt(fan);
      const largest = await each.abs().max().item();
      expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(largest).toBeGreaterThan(0.7 * bound);
    }
    expect(await layer.weight.std().item()).toBeCloseTo(1 / Math.sqrt(3 * fan), 2);
  }
});

test("fractional pooling draws its windows anew, within the input", async () => {
  torch.manual_seed(2);
  const x = torch.arange(144).float().view(1, 1, 12, 12);
  const layer = new nn.FractionalMaxPool2d(2, { output_ratio: 0.6, return_indices: true });
  const [y, indices] = layer(x);
  expect(y.shape).toEqual([1, 1, 7, 7]);
  expect(await y.tolist()).toEqual(await indices.float().tolist());
  const again = [await layer(x)[0].tolist(), await layer(x)[0].tolist()];
  expect(again[0]).not.toEqual(again[1]);
  expect(new nn.FractionalMaxPool3d(2, 2)(torch.randn(1, 4, 4, 4)).shape).toEqual([1, 2, 2, 2]);
});

const x1 = torch.ones(1, 2, 6);
const x2 = torch.ones(1, 2, 6, 7);
const w = (...shape: number[]): Tensor => torch.ones(...shape);
const refusals: readonly (readonly [name: string, f: () => unknown, message: RegExp])[] = [
  ["channels", () => F.conv1d(x1, w(4, 3, 3)), /Given groups=1, weight of size \[4, 3, 3\], expected input\[1, 2, 6\]/],
  ["window", () => F.conv1d(x1, w(4, 2, 9)), /padded input size per channel: \(6\). Kernel size: \(9\)/],
  ["bias", () => F.conv1d(x1, w(4, 2, 3), w(3)), /expected bias to be 1-dimensional with 4 elements/],
  ["rank", () => F.conv3d(x1, w(4, 2, 3, 3, 3)), /Expected 4D \(unbatched\) or 5D \(batched\) input to conv3d/],
  ["stride", () => F.conv1d(x1, w(4, 2, 3), { stride: 0 }), /stride: expected a positive integer or a list of one/],
  ["same", () => F.conv1d(x1, w(4, 2, 3), { padding: "same", stride: 2 }), /not supported for strided convolutions/],
  ["transposed", () => F.conv_transpose1d(x1, w(3, 4, 3)), /Given transposed=1, weight of size \[3, 4, 3\]/],
  [
    "output_padding",
    () => F.conv_transpose1d(x1, w(2, 4, 3), { output_padding: 1 }),
    /output padding must be smaller than either stride or dilation/,
  ],
  ["nothing left", () => F.conv_transpose1d(x1, w(2, 4, 3), { padding: 10 }), /padding: expected less than/],
  [
    "output_size",
    () => new nn.ConvTranspose1d(2, 1, 3, { stride: 2 })(x1, [12]),
    /requested an output size of \[12\], but valid sizes range from \[13\] to \[14\]/,
  ],
  [
    "padding_mode",
    () => new nn.ConvTranspose2d(2, 1, 3, { padding_mode: "reflect" as "zeros" }),
    /Only "zeros" padding mode is supported for ConvTranspose2d/,
  ],
  ["groups", () => new nn.Conv3d(3, 4, 2, { groups: 2 }), /in_channels must be divisible by groups/],
  ["pool padding", () => F.max_pool2d(x2, 2, { padding: 2 }), /pad should be at most half of effective kernel size/],
  ["window of a volume", () => F.avg_pool3d(w(1, 1, 3, 3), 2, { padding: 1 }), /smaller than kernel size/],
  ["window of a sequence", () => F.lp_pool1d(x1, 2, [2] as never), /kernel_size: expected an integer/],
  ["pool window", () => F.avg_pool1d(x1, 9), /Given input size: \(2x6\). .* Output size is too small/],
  ["divisor", () => F.avg_pool2d(x2, 2, { divisor_override: 0 }), /divisor must be not zero/],
  ["norm_type", () => F.lp_pool1d(x1, 0, 2), /norm_type: expected a number other than 0/],
  ["adaptive", () => F.adaptive_avg_pool2d(x2, [3, 3, 3] as never), /adaptive_avg_pool2d: output_size must be 2/],
  ["no null in one", () => F.adaptive_avg_pool1d(x1, [null] as never), /output_size: expected an integer/],
  [
    "unpool",
    () => F.max_unpool1d(w(1, 1, 2), torch.tensor([[[0, 1]]]), 2, { output_size: [9] }),
    /invalid output_size "\[9\]" \(dim 0 must be between 2 and 6\)/,
  ],
  ["unpool indices", () => F.max_unpool1d(w(1, 1, 2), w(1, 1, 2), 2), /elements in indices should be type int64/],
  ["fractional", () => F.fractional_max_pool2d(x2, 2), /requires specifying either an output_size or an output_ratio/],
  ["fractional both", () => new nn.FractionalMaxPool2d(2, 2, 0.5), /only one of output_size and output_ratio/],
  ["reflect", () => F.pad(x1, [7, 1], "reflect"), /Padding size should be less than the corresponding input dimension/],
  ["circular", () => F.pad(x1, [7, 1], "circular"), /wrapping around more than once/],
  ["pad value", () => F.pad(x1, [1, 1], "reflect", 1), /Padding mode "reflect" doesn't take in value argument/],
  ["pad rank", () => F.pad(x2, [1, 1], "replicate"), /Padding size 2 is not supported for 4D input tensor/],
  ["pad to less than nothing", () => F.pad(x1, [-4, -4], "reflect"), /is too small. Calculated output: -2/],
  ["pad to nothing", () => F.pad(x1, [-3, -3], "replicate"), /is too small/],
  ["pad layer", () => new nn.ZeroPad2d([1, 2] as never), /padding: expected an integer or 4 of them/],
  ["size and factor", () => F.interpolate(x2, 3, 2), /only one of size or scale_factor should be defined/],
  ["neither", () => F.interpolate(x2), /either size or scale_factor should be defined/],
  ["mode", () => F.interpolate(x2, 3, { mode: "linear" }), /Got 4D input, but linear mode needs 3D input/],
  ["align", () => F.interpolate(x2, 3, { align_corners: true }), /align_corners option can only be set/],
  ["antialias", () => F.interpolate(x2, 3, { antialias: true }), /Anti-alias option is restricted/],
  ["lanczos", () => F.interpolate(x2, 3, { mode: "lanczos" }), /Lanczos mode requires antialias=True/],
  ["size 0", () => F.interpolate(x2, 0), /Input and output sizes should be greater than 0/],
  ["grid batch", () => F.grid_sample(x2, w(2, 3, 3, 2)), /expected grid and input to have same batch size/],
  ["grid points", () => F.grid_sample(x2, w(1, 3, 3, 3)), /expected grid to have size 2 in last dimension/],
  ["affine", () => F.affine_grid(w(2, 2, 3), [1, 1, 3, 4]), /theta: expected \[1, ?2, ?3\]/],
  ["fold", () => F.fold(w(1, 7, 30), [6, 7], 2), /divisible by the product of kernel_size/],
  ["fold blocks", () => F.fold(w(1, 8, 31), [6, 7], 2), /columns: expected/],
  ["unfold", () => F.unfold(x2, 9), /unfold: /],
];
test.each(refusals)("refuses %s", (_, f, message) => {
  expect(f).toThrow(message);
  expect(f).toThrow(FacetError);
});
