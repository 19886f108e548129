// What the functions of PyTorch, Keras and JAX are in the core's own: the arguments of golden cases, translated.
import * as F from "@facet/autograd";

// biome-ignore lint/suspicious/noExplicitAny: arguments of the original, as the golden file has them.
type Arguments = Readonly<Record<string, any>>;
export type SpatialCall = (
  given: Arguments,
  ...inputs: F.Tensor[]
) => F.Tensor | { y: F.Tensor; indices: F.Tensor | undefined };

const CHANNELS_FIRST = [
  { layout: "NCW", filterLayout: "OIW" },
  { layout: "NCHW", filterLayout: "OIHW" },
  { layout: "NCDHW", filterLayout: "OIDHW" },
] as const;
const CHANNELS_LAST = [
  { layout: "NWC", filterLayout: "WIO" },
  { layout: "NHWC", filterLayout: "HWIO" },
  { layout: "NDHWC", filterLayout: "DHWIO" },
] as const;

/** One number for every axis. */
const each = (given: number | number[] | undefined, rank: number, none: number): number[] =>
  Array.isArray(given) ? given : Array.from({ length: rank }, () => given ?? none);
const twice = (list: number[]): number[] => list.flatMap((value) => [value, value]);

const torchConv = (rank: 1 | 2 | 3, given: Arguments): F.ConvAttrs => ({
  ...CHANNELS_FIRST[rank - 1]!,
  stride: each(given.stride, rank, 1),
  padding: twice(each(given.padding, rank, 0)),
  dilation: each(given.dilation, rank, 1),
  groups: given.groups ?? 1,
});

const torchConvolutions = ([1, 2, 3] as const).flatMap((rank): [string, SpatialCall][] => [
  [`conv${rank}d`, (given, x, w, b) => F.conv(x!, w!, b, torchConv(rank, given))],
  [
    `conv_transpose${rank}d`,
    (given, x, w, b) =>
      F.convTranspose(x!, w!, b, {
        ...torchConv(rank, given),
        outputPadding: each(given.output_padding, rank, 0),
      }),
  ],
]);

const torchWindows = (given: Arguments) => ({
  window: given.kernel_size,
  stride: each(given.stride, 2, 1),
  dilation: each(given.dilation, 2, 1),
  padding: twice(each(given.padding, 2, 0)),
  channelsLast: false,
});

export const torchCalls: Readonly<Record<string, SpatialCall>> = {
  ...Object.fromEntries(torchConvolutions),
  pad: ({ pad, mode }, x) => {
    // From the last dimension backwards.
    const pairs = x!.shape.map((_, d): [number, number] => {
      const at = 2 * (x!.rank - 1 - d);
      return [pad[at] ?? 0, pad[at + 1] ?? 0];
    });
    return mode === "constant" ? F.pad(x!, pairs) : F.padWith(x!, pairs, mode);
  },
  unfold: (given, x) => F.unfold(x!, torchWindows(given)),
  fold: (given, x) => {
    const taps = given.kernel_size[0] * given.kernel_size[1];
    return F.fold(x!, [x!.shape[0]!, x!.shape[1]! / taps, ...given.output_size], torchWindows(given));
  },
};

const torchPool = (rank: number, given: Arguments): F.PoolAttrs => {
  const window = each(given.kernel_size, rank, 1);
  return {
    window,
    stride: given.stride === undefined ? window : each(given.stride, rank, 1),
    padding: twice(each(given.padding, rank, 0)),
    dilation: each(given.dilation, rank, 1),
    ceilMode: given.ceil_mode ?? false,
    channelsLast: false,
    countIncludePad: given.count_include_pad ?? true,
    divisor: given.divisor_override,
  };
};
const adaptive = (given: Arguments) => ({ outputSize: given.output_size, channelsLast: false });

const torchPoolings = ([1, 2, 3] as const).flatMap((rank): [string, SpatialCall][] => [
  [
    `max_pool${rank}d`,
    (given, x) =>
      given.return_indices ? F.maxPoolWithIndices(x!, torchPool(rank, given)) : F.maxPool(x!, torchPool(rank, given)),
  ],
  [`avg_pool${rank}d`, (given, x) => F.avgPool(x!, torchPool(rank, given))],
  [`adaptive_avg_pool${rank}d`, (given, x) => F.adaptiveAvgPool(x!, adaptive(given))],
  [`adaptive_max_pool${rank}d`, (given, x) => F.maxPoolWithIndices(x!, adaptive(given))],
  [
    `lp_pool${rank}d`,
    (given, x) => {
      const { padding: _padding, dilation: _dilation, divisor: _divisor, ...attrs } = torchPool(rank, given);
      return F.lpPool(x!, given.norm_type, attrs);
    },
  ],
  [
    `max_unpool${rank}d`,
    (given, x) => {
      const { y, indices } = F.maxPoolWithIndices(x!, torchPool(rank, given));
      return F.maxUnpool(y, indices, x!.shape.slice(2), false);
    },
  ],
]);

Object.assign(torchCalls, Object.fromEntries(torchPoolings), {
  // PyTorch's samples of images are for w and h.
  fractional_max_pool2d: ({ kernel_size, output_size, samples }: Arguments, x: F.Tensor) =>
    F.fractionalMaxPool(
      x,
      F.fromData(
        samples.flat().flatMap(([w, h]: [number, number]) => [0, h, w]),
        [...x.shape.slice(0, 2), 3],
      ),
      { window: kernel_size, outputSize: output_size },
    ),
  fractional_max_pool3d: ({ kernel_size, output_size, samples }: Arguments, x: F.Tensor) =>
    F.fractionalMaxPool(x, F.fromData(samples.flat(2), [...x.shape.slice(0, 2), 3]), {
      window: kernel_size,
      outputSize: output_size,
    }),
  local_response_norm: ({ size, alpha = 1e-4, beta = 0.75, k = 1 }: Arguments, x: F.Tensor) => {
    const [before, behind] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
    return F.localResponseNorm(x, { before, behind, alpha, beta, k, mean: true, axis: 1 });
  },
});

const torchMethods: Readonly<Record<string, Partial<F.ResizeAttrs>>> = {
  nearest: { method: "nearest", coordinates: "asymmetric" },
  "nearest-exact": { method: "nearest" },
  linear: { method: "linear" },
  bilinear: { method: "linear" },
  trilinear: { method: "linear" },
  bicubic: { method: "cubic", cubicCoefficient: -0.75 },
};

Object.assign(torchCalls, {
  interpolate: ({ size, scale_factor, mode, align_corners = false, antialias = false }: Arguments, x: F.Tensor) => {
    if (mode === "area") return F.adaptiveAvgPool(x, { outputSize: size, channelsLast: false });
    const extents = x.shape.slice(2);
    return F.resize(x, {
      size: size ?? extents.map((extent) => Math.floor(extent * scale_factor)),
      ...(scale_factor === undefined ? {} : { step: extents.map(() => 1 / scale_factor) }),
      channelsLast: false,
      ...torchMethods[mode],
      ...(align_corners ? { coordinates: "align_corners" as const } : {}),
      ...(antialias ? { antialias, cubicCoefficient: -0.5 } : {}),
    });
  },
  grid_sample: ({ mode, padding_mode, align_corners }: Arguments, x: F.Tensor, grid: F.Tensor) =>
    F.gridSample(x, grid, { mode, paddingMode: padding_mode, alignCorners: align_corners }),
  affine_grid: ({ size, align_corners }: Arguments, theta: F.Tensor) => F.affineGrid(theta, size, align_corners),
  spatial_transformer: ({ size }: Arguments, x: F.Tensor, theta: F.Tensor) =>
    F.gridSample(x, F.affineGrid(theta, size, false), { mode: "bilinear", paddingMode: "zeros", alignCorners: false }),
  pixel_shuffle: ({ upscale_factor }: Arguments, x: F.Tensor) => F.pixelShuffle(x, upscale_factor),
  pixel_unshuffle: ({ downscale_factor }: Arguments, x: F.Tensor) => F.pixelUnshuffle(x, downscale_factor),
  channel_shuffle: ({ groups }: Arguments, x: F.Tensor) => F.channelShuffle(x, groups),
});

const kerasPoolings = [1, 3].flatMap((rank): [string, SpatialCall][] => {
  const attrs = ({ pool_size, strides, padding }: Arguments, x: F.Tensor): F.PoolAttrs => ({
    window: each(undefined, rank, pool_size),
    stride: each(undefined, rank, strides),
    padding: x.shape
      .slice(1, -1)
      .flatMap((extent) => (padding === "same" ? F.samePadding(extent, pool_size, strides, 1) : [0, 0])),
    channelsLast: true,
  });
  return [
    [`max_pool${rank}d`, (given, x) => F.maxPool(x!, attrs(given, x!))],
    [`average_pool${rank}d`, (given, x) => F.avgPool(x!, attrs(given, x!))],
  ];
});

const kerasTransposed = ([1, 2, 3] as const).map((rank): [string, SpatialCall] => [
  `conv_transpose${rank}d`,
  (given, x, w) => {
    const stride = each(given.strides, rank, 1);
    const dilation = each(given.dilation_rate, rank, 1);
    const padding = stride.flatMap((step, d) =>
      F.transposedPadding("keras", given.padding, {
        taps: w!.shape[d]!,
        stride: step,
        dilation: dilation[d]!,
        outputPadding: given.output_padding,
      }),
    );
    return F.convTranspose(x!, w!, undefined, { ...CHANNELS_LAST[rank - 1]!, stride, padding, dilation, groups: 1 });
  },
]);

export const kerasCalls: Readonly<Record<string, SpatialCall>> = {
  ...Object.fromEntries(kerasTransposed),
  ...Object.fromEntries(kerasPoolings),
  "image.resize": ({ size, interpolation }, x) =>
    F.resize(x!, { size, channelsLast: true, method: interpolation === "nearest" ? "nearest" : "linear" }),
  depth_to_space: ({ block_size }, x) => F.pixelShuffle(x!, block_size, true),
  space_to_depth: ({ block_size }, x) => F.pixelUnshuffle(x!, block_size, true),
  local_response_normalization: ({ depth_radius, alpha, beta, bias }, x) => {
    const neighbours = { before: depth_radius, behind: depth_radius };
    return F.localResponseNorm(x!, { ...neighbours, alpha, beta, k: bias, mean: false, axis: -1 });
  },
  extract_patches: ({ size, strides, dilation_rate, padding }, x) => {
    const edges = [1, 2].flatMap((d) =>
      padding === "same" ? F.samePadding(x!.shape[d]!, size, strides, dilation_rate) : [0, 0],
    );
    const y = F.unfold(x!, {
      window: [size, size],
      stride: [strides, strides],
      dilation: [dilation_rate, dilation_rate],
      padding: edges,
      channelsLast: true,
    });
    const count = (d: number): number =>
      Math.floor((x!.shape[d]! + edges[2 * d - 2]! + edges[2 * d - 1]! - (size - 1) * dilation_rate - 1) / strides) + 1;
    return F.reshape(y, [x!.shape[0]!, count(1), count(2), -1]);
  },
};

const NUMPY_MODES: Readonly<Record<string, "replicate" | "circular" | "reflect" | "symmetric">> = {
  edge: "replicate",
  wrap: "circular",
  reflect: "reflect",
  symmetric: "symmetric",
};

export const jaxCalls: Readonly<Record<string, SpatialCall>> = {
  "image.resize": ({ size, method, antialias }, x) =>
    F.resize(x!, {
      size,
      channelsLast: true,
      method,
      ...(method === "nearest" ? {} : { antialias, edges: "renormalise" }),
    }),
  "image.scale_and_translate": ({ size, scale, translation, method }, x) =>
    F.resize(x!, {
      size,
      channelsLast: true,
      method,
      antialias: true,
      outside: true,
      step: scale.map((factor: number) => 1 / factor),
      shift: scale.map((factor: number, d: number) => translation[d] / factor),
    }),
  pad: ({ pad_width, mode }, x) => F.padWith(x!, pad_width, NUMPY_MODES[mode]!),
  conv_transpose: ({ stride, padding, dilation }, x, w) => {
    const edges = [0, 1].flatMap((d) =>
      F.transposedPadding("lax", padding.toLowerCase(), {
        taps: w!.shape[d]!,
        stride: stride[d],
        dilation: dilation[d],
      }),
    );
    const mirrored = F.transpose(F.flip(w!, [0, 1]), [0, 1, 3, 2]);
    const attrs = { ...CHANNELS_LAST[1], stride, padding: edges, dilation, groups: 1 };
    return F.convTranspose(x!, mirrored, undefined, attrs);
  },
  conv_general_dilated: ({ stride, padding, input_dilation, dilation, groups, batch_groups }, x, w) =>
    F.conv(x!, w!, undefined, {
      ...CHANNELS_LAST[1],
      stride,
      padding: padding.flat(),
      dilation,
      groups,
      inputDilation: input_dilation,
      batchGroups: batch_groups,
    }),
};
