// Tensors without elements, and without dimensions, are ordinary: shapes, values, dtypes, gradients; also under capture.
import * as F from "@facet/autograd";
import { ArgumentError, ShapeError } from "@facet/kernels-wgsl";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { image } from "./gradient_rows/conv2d.js";
import { type GradientRow, gradientRows } from "./gradient_rows/index.js";
import { window2 } from "./gradient_rows/pool2d.js";

await F.startDevice();
afterAll(() => F.closeDevice());

type Call = (...inputs: F.Tensor[]) => F.Tensor;

const filled = (shape: readonly number[], values?: ArrayLike<number>): F.Tensor =>
  F.fromData(values ?? createRandom(3).uniform(shape, 0.25, 0.75), shape);

/** Result and gradients of its sum, read back. */
async function run(call: Call, inputs: readonly F.Tensor[]) {
  const { result, gradients } = F.valueAndGradients(inputs, (given) => call(...given), F.sum);
  return {
    shape: result.shape,
    values: [...(await result.data())],
    gradients: await Promise.all(
      gradients.map(async (gradient) => ({ shape: gradient.shape, values: [...(await gradient.data())] })),
    ),
  };
}

/** The same as a plan: traced, and replayed. */
async function planned(call: Call, inputs: readonly F.Tensor[]) {
  const step = F.capture((...given: F.Tensor[]) => {
    const { result, gradients } = F.valueAndGradients(given, (inner) => call(...inner), F.sum);
    return [result, ...gradients];
  });
  step(...inputs);
  const [result, ...gradients] = step(...inputs) as [F.Tensor, ...F.Tensor[]];
  const read = {
    shape: result.shape,
    values: [...(await result.data())],
    gradients: await Promise.all(
      gradients.map(async (gradient) => ({ shape: gradient.shape, values: [...(await gradient.data())] })),
    ),
  };
  step.dispose();
  return read;
}

const none = (shape: readonly number[]) => ({ shape, values: [] });

describe("elementwise ops", () => {
  const rows = gradientRows.filter(({ elementwise }) => elementwise);
  const title = ({ op, variant }: GradientRow) => (variant ? `${op} (${variant})` : op);
  test.each(rows.map((row) => [title(row), row] as const))("%s", async (_, row) => {
    for (const shape of [[0], [2, 0, 3]]) {
      const inputs = row.shapes.map(() => filled(shape));
      const expected = { ...none(shape), gradients: inputs.map(() => none(shape)) };
      expect(await run(row.call, inputs)).toEqual(expected);
      expect(await planned(row.call, inputs)).toEqual(expected);
    }
    const scalars = row.shapes.map((_, i) => filled([], [0.5 + i / 8]));
    const one = row.shapes.map((_, i) => filled([1], [0.5 + i / 8]));
    const flat = await run(row.call, one);
    const expected = { ...flat, shape: [], gradients: flat.gradients.map((gradient) => ({ ...gradient, shape: [] })) };
    expect(await run(row.call, scalars)).toEqual(expected);
    expect(await planned(row.call, scalars)).toEqual(expected);
  });

  test("an operand without elements meets one of extent 1, whose gradient is 0", async () => {
    const inputs = [filled([2, 0]), filled([2, 1])];
    expect(await run(F.mul, inputs)).toEqual({
      ...none([2, 0]),
      gradients: [none([2, 0]), { shape: [2, 1], values: [0, 0] }],
    });
  });
});

const zeros = (shape: readonly number[]) => ({ shape, values: Array(F.sizeOf(shape)).fill(0) });
const index = (values: number[]) => F.fromData(values, [values.length], "int32");
const crossEntropy = (reduction: "none" | "mean" | "sum"): Call => {
  return (logits) => F.softmaxCrossEntropy(logits, index([]), { labels: "index", reduction, labelSmoothing: 0 }).loss;
};

interface Row {
  op: string;
  inputs: readonly (readonly number[])[];
  call: Call;
  result: { shape: readonly number[]; values: number[] };
  /** Shapes are those of the inputs, values zeros. */
}

const rows: Row[] = [
  { op: "sum of all", inputs: [[2, 0]], call: (x) => F.sum(x), result: { shape: [], values: [0] } },
  { op: "sum along", inputs: [[2, 0]], call: (x) => F.sum(x, { axes: 1 }), result: zeros([2]) },
  { op: "sum across", inputs: [[2, 0]], call: (x) => F.sum(x, { axes: 0 }), result: none([0]) },
  { op: "sum kept", inputs: [[0, 3]], call: (x) => F.sum(x, { axes: 0, keepdims: true }), result: zeros([1, 3]) },
  { op: "prod", inputs: [[2, 0]], call: (x) => F.prod(x, { axes: 1 }), result: { shape: [2], values: [1, 1] } },
  { op: "mean", inputs: [[0]], call: (x) => F.mean(x), result: { shape: [], values: [Number.NaN] } },
  { op: "max across", inputs: [[3, 0]], call: (x) => F.max(x, { axes: 0 }), result: none([0]) },
  { op: "softmax of rows", inputs: [[0, 3]], call: (x) => F.softmax(x), result: none([0, 3]) },
  { op: "softmax of nothing", inputs: [[3, 0]], call: (x) => F.softmax(x), result: none([3, 0]) },
  { op: "softmax of a scalar", inputs: [[]], call: (x) => F.softmax(x), result: { shape: [], values: [1] } },
  { op: "log_softmax of a scalar", inputs: [[]], call: (x) => F.logSoftmax(x), result: zeros([]) },
  { op: "reshape", inputs: [[0, 3]], call: (x) => F.reshape(x, [3, -1]), result: none([3, 0]) },
  { op: "transpose", inputs: [[0, 3]], call: (x) => F.transpose(x), result: none([3, 0]) },
  { op: "expand", inputs: [[1, 3]], call: (x) => F.expand(x, [0, 3]), result: none([0, 3]) },
  { op: "flip", inputs: [[0, 3]], call: (x) => F.flip(x, [0]), result: none([0, 3]) },
  { op: "slice to nothing", inputs: [[3, 2]], call: (x) => F.sliceAlong(x, 0, 2, 2), result: none([0, 2]) },
  { op: "slice of nothing", inputs: [[0, 2]], call: (x) => F.sliceAlong(x, 0, 0, 0), result: none([0, 2]) },
  {
    op: "pad",
    inputs: [[0, 2]],
    call: (x) =>
      F.pad(x, [
        [1, 0],
        [0, 1],
      ]),
    result: zeros([1, 3]),
  },
  {
    op: "concat of nothing",
    inputs: [
      [0, 2],
      [0, 2],
    ],
    call: (a, b) => F.concat([a, b], 0),
    result: none([0, 2]),
  },
  { op: "stack", inputs: [[0], [0]], call: (a, b) => F.stack([a, b], 0), result: none([2, 0]) },
  { op: "gather of no rows", inputs: [[3, 2]], call: (x) => F.gather(x, index([])), result: none([0, 2]) },
  { op: "gather from none", inputs: [[0, 2]], call: (x) => F.gather(x, index([])), result: none([0, 2]) },
  {
    op: "matmul of no rows",
    inputs: [
      [0, 3],
      [3, 2],
    ],
    call: (a, b) => F.matmul(a, b),
    result: none([0, 2]),
  },
  {
    op: "matmul over nothing",
    inputs: [
      [2, 0],
      [0, 2],
    ],
    call: (a, b) => F.matmul(a, b),
    result: zeros([2, 2]),
  },
  {
    op: "matmul of no batch",
    inputs: [
      [0, 2, 3],
      [3, 2],
    ],
    call: (a, b) => F.matmul(a, b),
    result: none([0, 2, 2]),
  },
  {
    op: "matmul and bias",
    inputs: [[0, 3], [3, 2], [2]],
    call: (a, b, bias) => F.matmul(a, b, { bias }),
    result: none([0, 2]),
  },
  {
    op: "conv2d",
    inputs: [[0, 4, 4, 2], [3, 3, 2, 5], [5]],
    call: (x, w, b) => F.conv2d(x, w, b, image),
    result: none([0, 2, 2, 5]),
  },
  {
    op: "conv2d by pixels",
    inputs: [
      [0, 4, 4, 2],
      [1, 1, 2, 5],
    ],
    call: (x, w) => F.conv2d(x, w, undefined, image),
    result: none([0, 4, 4, 5]),
  },
  { op: "max_pool2d", inputs: [[0, 4, 4, 2]], call: (x) => F.maxPool2d(x, window2), result: none([0, 2, 2, 2]) },
  { op: "avg_pool2d", inputs: [[0, 4, 4, 2]], call: (x) => F.avgPool2d(x, window2), result: none([0, 2, 2, 2]) },
  { op: "dropout", inputs: [[0, 4]], call: (x) => F.dropout(x, 0.5, [1, 2]), result: none([0, 4]) },
  { op: "where", inputs: [[0], [1]], call: (a, b) => F.where(F.greater(a, 0), a, b), result: none([0]) },
  { op: "cross entropy, none", inputs: [[0, 3]], call: crossEntropy("none"), result: none([0]) },
  { op: "cross entropy, sum", inputs: [[0, 3]], call: crossEntropy("sum"), result: zeros([]) },
  {
    op: "cross entropy, mean",
    inputs: [[0, 3]],
    call: crossEntropy("mean"),
    result: { shape: [], values: [Number.NaN] },
  },
];

describe("other ops", () => {
  test.each(rows.map((row) => [row.op, row] as const))("%s", async (_, { inputs, call, result }) => {
    const given = inputs.map((shape) => filled(shape));
    const expected = { ...result, gradients: inputs.map((shape) => zeros(shape)) };
    expect(await run(call, given)).toEqual(expected);
    expect(await planned(call, given)).toEqual(expected);
  });

  test("of other dtypes", async () => {
    const flags = F.fromData([], [0, 2], "bool");
    expect([...(await F.any(flags, { axes: 0 }).data())]).toEqual([0, 0]);
    expect([...(await F.all(flags, { axes: 0 }).data())]).toEqual([1, 1]);
    expect(F.cast(flags, "int32").shape).toEqual([0, 2]);
    expect(F.oneHot(index([]), 4).shape).toEqual([0, 4]);
    expect(F.argmax(F.zeros([0, 3]), 1).shape).toEqual([0]);
    expect(F.u8ToF32(F.fromData([], [0, 4], "uint8")).shape).toEqual([0, 4]);
    expect(F.uniform([1, 2], [0, 3]).shape).toEqual([0, 3]);
    expect(F.arange(3, 3).shape).toEqual([0]);
  });

  test("what has no value for nothing says so", () => {
    expect(() => F.max(F.zeros([0]))).toThrow(ArgumentError);
    expect(() => F.min(F.zeros([2, 0]), { axes: -1 })).toThrow(
      "min: x: expected elements along the axes that are reduced",
    );
    expect(() => F.argmax(F.zeros([0, 3]), 0)).toThrow("argmax: x: expected elements along axis 0, got [0, 3]");
    expect(() => F.gather(F.zeros([0, 3]), index([0]))).toThrow(ShapeError);
    expect(() => F.reshape(F.zeros([0]), [0, -1])).toThrow(ShapeError);
  });
});
