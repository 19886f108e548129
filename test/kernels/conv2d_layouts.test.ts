// NHWC with HWIO and NCHW with OIHW, and every variant, give the same bits in every pass of conv2d.
import {
  type AnyKernel,
  type Conv2dOptions,
  conv2dBackwardBias,
  conv2dBackwardBiasPlan,
  conv2dBackwardFilter,
  conv2dBackwardFilterPlan,
  conv2dBackwardInput,
  conv2dBackwardReduce,
  conv2dForward,
  conv2dGeometry,
  openDevice,
  runsOn,
  type Views,
} from "@facet/kernels-wgsl";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

const device = await openDevice();
afterAll(() => device.close());

type Numbers = readonly [number, number, number, number];
type Layouts = Pick<Conv2dOptions, "layout" | "filterLayout">;

const layouts: Layouts[] = [
  { layout: "NHWC", filterLayout: "HWIO" },
  { layout: "NCHW", filterLayout: "OIHW" },
];

/** [n, h, w, c] and [h, w, i, o] with what else makes the convolution. */
const convolutions: [name: string, x: Numbers, w: Numbers, options: Partial<Conv2dOptions>][] = [
  ["the CNN's first layer", [3, 28, 28, 1], [3, 3, 1, 32], {}],
  ["the CNN's second layer", [3, 13, 13, 32], [3, 3, 32, 64], {}],
  ["asymmetric padding", [2, 9, 8, 6], [5, 4, 6, 9], { padding: [3, 1, 0, 2] }],
  ["strides and dilation", [2, 12, 13, 7], [3, 4, 7, 10], { stride: [2, 3], dilation: [3, 2], padding: [1, 2, 4, 0] }],
  ["groups", [2, 8, 7, 18], [3, 3, 9, 14], { groups: 2, padding: [1, 1, 1, 1], stride: [1, 2] }],
  [
    "depthwise with strides",
    [2, 9, 8, 8],
    [3, 4, 1, 8],
    { groups: 8, stride: [2, 3], padding: [1, 2, 1, 0], dilation: [2, 1] },
  ],
  ["depthwise, twice the channels", [2, 7, 8, 6], [3, 3, 1, 12], { groups: 6, padding: [1, 1, 1, 1] }],
  ["few output channels", [2, 9, 10, 3], [3, 3, 3, 16], { padding: [1, 1, 1, 1] }],
  [
    "more than a tile for GPUs",
    [2, 9, 11, 20],
    [3, 2, 20, 68],
    { stride: [2, 1], dilation: [1, 2], padding: [2, 0, 1, 3] },
  ],
  ["depthwise", [2, 8, 9, 12], [3, 3, 1, 12], { groups: 12, padding: [1, 1, 1, 1] }],
];

/** Elements in the order of `to` of a tensor whose axes stand in the order of `from`. */
function permute(data: Float32Array, shape: Readonly<Record<string, number>>, from: string, to: string): Float32Array {
  const strides: Record<string, number> = {};
  [...from].reduceRight((stride, axis) => {
    strides[axis] = stride;
    return stride * shape[axis]!;
  }, 1);
  const result = new Float32Array(data.length);
  const index = [0, 0, 0, 0];
  for (let at = 0; at < data.length; at++) {
    result[at] = data[index.reduce((sum, i, d) => sum + i * strides[to[d]!]!, 0)]!;
    for (let d = 3; d >= 0; d--) {
      index[d]!++;
      if (index[d]! < shape[to[d]!]!) break;
      index[d] = 0;
    }
  }
  return result;
}

const named = (axes: string, extents: readonly number[]) =>
  Object.fromEntries([...axes].map((axis, d) => [axis, extents[d]!]));
const hex = (data: Float32Array) => Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length));

function upload(data: Float32Array) {
  const view = { block: device.allocate(data.byteLength, "test"), offset: 0, bytes: data.byteLength };
  device.queue.write(view, data);
  return view;
}
const empty = (count: number) => upload(new Float32Array(count).fill(Number.NaN));

async function download(view: ReturnType<typeof upload>) {
  const data = new Float32Array(await device.read(view));
  device.free(view.block);
  return data.subarray(0, view.bytes / 4);
}

describe.each(convolutions)("%s", (_, xShape, wShape, given) => {
  const plain: Conv2dOptions = {
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
    layout: "NHWC",
    filterLayout: "HWIO",
    bias: true,
    ...given,
  };
  const random = createRandom(7);
  const shapes = {
    x: named("NHWC", xShape),
    w: named("HWIO", wShape),
    y: named("NHWC", conv2dGeometry(xShape, wShape, plain).shape),
  };
  const size = (of: keyof typeof shapes) => Object.values(shapes[of]).reduce((product, extent) => product * extent, 1);
  const data = {
    x: random.uniform(size("x")),
    w: random.uniform(size("w")),
    y: random.uniform(size("y")),
    bias: random.uniform(wShape[3]),
  };

  /** Every pass in one layout by the n-th variant, or by the first where that one cannot; results in NHWC and HWIO. */
  async function passes({ layout, filterLayout }: Layouts, n: number) {
    const xAs = [...layout].map((axis) => shapes.x[axis]!);
    const wAs = [...filterLayout].map((axis) => shapes.w[axis]!);
    const { params } = conv2dGeometry(xAs, wAs, { ...plain, layout, filterLayout });
    const plan = conv2dBackwardFilterPlan(params);
    const x = upload(permute(data.x, shapes.x, "NHWC", layout));
    const w = upload(permute(data.w, shapes.w, "HWIO", filterLayout));
    const dy = upload(permute(data.y, shapes.y, "NHWC", layout));
    const bias = upload(data.bias);
    const [y, dx, dw, db] = [empty(size("y")), empty(size("x")), empty(size("w")), empty(wShape[3])];
    const partial = empty(plan.partialElements);
    const option = (kernel: AnyKernel) => {
      const variant = kernel.variants[n];
      const taken = variant && runsOn(device, variant) && (variant.applies?.(plan.partialParams, {}) ?? true);
      return taken ? { variant: variant.name } : {};
    };
    device.run(conv2dForward, { x, w, bias, y }, params, option(conv2dForward));
    device.run(conv2dBackwardInput, { dy, w, dx }, params, option(conv2dBackwardInput));
    const views: Views<typeof conv2dBackwardFilter.bindings> = { x, dy, partial: plan.chunks === 1 ? dw : partial };
    device.run(conv2dBackwardFilter, views, plan.partialParams, option(conv2dBackwardFilter));
    if (plan.chunks > 1) device.run(conv2dBackwardReduce, { partial, sum: dw }, plan.reduceParams);
    const biasPlan = conv2dBackwardBiasPlan(params);
    const biasPartial = biasPlan.chunks === 1 ? db : empty(biasPlan.partialElements);
    device.run(conv2dBackwardBias, { dy, partial: biasPartial }, biasPlan.partialParams, option(conv2dBackwardBias));
    if (biasPlan.chunks > 1) {
      device.run(conv2dBackwardReduce, { partial: biasPartial, sum: db }, biasPlan.reduceParams);
      device.free(biasPartial.block);
    }
    const inOrder = (of: Readonly<Record<string, number>>, axes: string) =>
      named(
        axes,
        [...axes].map((a) => of[a]!),
      );
    const results = {
      y: hex(permute(await download(y), inOrder(shapes.y, layout), layout, "NHWC")),
      dx: hex(permute(await download(dx), inOrder(shapes.x, layout), layout, "NHWC")),
      dw: hex(permute(await download(dw), inOrder(shapes.w, filterLayout), filterLayout, "HWIO")),
      db: hex(await download(db)),
    };
    for (const view of [x, w, dy, bias, partial]) device.free(view.block);
    return results;
  }

  test("the same bits in both layouts and in every variant", async () => {
    const expected = await passes(layouts[0]!, 0);
    const quietNan = hex(new Float32Array([Number.NaN]))[0];
    for (const values of Object.values(expected)) expect(values).not.toContain(quietNan);
    const most = Math.max(
      ...[conv2dForward, conv2dBackwardInput, conv2dBackwardFilter].map(({ variants }) => variants.length),
    );
    for (let n = 0; n < most; n++)
      for (const layout of layouts) expect(await passes(layout, n), `variants ${n}`).toEqual(expected);
  });
});

test("dw comes in one pass or in two, as the plan says", () => {
  const chunks = convolutions.map(([, x, w, given]) => {
    const options: Conv2dOptions = {
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      dilation: [1, 1],
      groups: 1,
      ...given,
      ...(layouts[0] as Required<Layouts>),
    };
    return conv2dBackwardFilterPlan(conv2dGeometry(x, w, options).params).chunks;
  });
  expect(Math.min(...chunks)).toBe(1);
  expect(Math.max(...chunks)).toBeGreaterThan(1);
});
