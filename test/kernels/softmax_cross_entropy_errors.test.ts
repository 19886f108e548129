// What softmaxCrossEntropyGeometry refuses, and labels that are no class, which only the device sees.
import {
  ArgumentError,
  type BufferView,
  type CrossEntropyOptions,
  type FacetError,
  openDevice,
  ShapeError,
  softmaxCrossEntropyBackward,
  softmaxCrossEntropyForward,
  softmaxCrossEntropyGeometry,
  softmaxCrossEntropySummary,
} from "@facet/kernels-wgsl";
import { afterAll, describe, expect, test } from "vitest";

const plain: CrossEntropyOptions = { labels: "index", reduction: "mean", labelSmoothing: 0, classWeights: false };

describe("softmaxCrossEntropyGeometry refuses", () => {
  type Row = [
    what: string,
    logits: number[],
    labels: number[],
    options: object,
    error: typeof FacetError,
    text: string,
  ];
  const target = { labels: "target" };
  const rows: Row[] = [
    ["rank 1 logits", [4], [4], {}, ShapeError, "logits: expected [rows, classes], at least one class, got [4]"],
    ["rank 3 logits", [2, 3, 4], [2], {}, ShapeError, "logits: expected [rows, classes]"],
    ["no classes", [3, 0], [3], {}, ShapeError, "logits: expected [rows, classes], at least one class, got [3, 0]"],
    ["other rows", [4, 3], [3], {}, ShapeError, "labels: expected [4] for logits [4, 3], got [3]"],
    ["one-hot rows as indices", [4, 3], [4, 3], {}, ShapeError, "labels: expected [4] for logits [4, 3], got [4, 3]"],
    ["indices as targets", [4, 3], [4], target, ShapeError, "targets: expected [4, 3] for logits [4, 3], got [4]"],
    ["other classes", [4, 3], [4, 2], target, ShapeError, "targets: expected [4, 3] for logits [4, 3], got [4, 2]"],
    [
      "no such labels",
      [4, 3],
      [4],
      { labels: "text" },
      ArgumentError,
      "labels: expected one of index, target, got text",
    ],
    [
      "no such reduction",
      [4, 3],
      [4],
      { reduction: "max" },
      ArgumentError,
      "reduction: expected one of none, mean, sum, got max",
    ],
    [
      "no such denominator",
      [4, 3],
      [4],
      { denominator: "classes" },
      ArgumentError,
      "denominator: expected one of weights, rows, got classes",
    ],
    [
      "smoothing above 1",
      [4, 3],
      [4],
      { labelSmoothing: 1.5 },
      ArgumentError,
      "labelSmoothing: expected a number from 0",
    ],
    [
      "negative smoothing",
      [4, 3],
      [4],
      { labelSmoothing: -0.1 },
      ArgumentError,
      "labelSmoothing: expected a number from",
    ],
    [
      "NaN smoothing",
      [4, 3],
      [4],
      { labelSmoothing: Number.NaN },
      ArgumentError,
      "labelSmoothing: expected a number from",
    ],
    [
      "an ignored label that is no integer",
      [4, 3],
      [4],
      { ignoreIndex: 0.5 },
      ArgumentError,
      "ignoreIndex: expected a 32-bit integer, got 0.5",
    ],
    [
      "an ignored label beyond 32 bits",
      [4, 3],
      [4],
      { ignoreIndex: 2 ** 31 },
      ArgumentError,
      "ignoreIndex: expected a 32-bit integer",
    ],
    [
      "an ignored label of targets",
      [4, 3],
      [4, 3],
      { ...target, ignoreIndex: 1 },
      ArgumentError,
      "ignoreIndex: expected none, as targets are no indices, got 1",
    ],
  ];
  test.each(rows)("%s", (_, logits, labels, options, error, text) => {
    const call = () => softmaxCrossEntropyGeometry(logits, labels, { ...plain, ...options } as CrossEntropyOptions, 0);
    expect(call).toThrow(error);
    expect(call).toThrow(`softmax_cross_entropy: ${text}`);
  });
});

test("the loss has a row for each row only without reduction", () => {
  const shapeOf = (reduction: CrossEntropyOptions["reduction"]) =>
    softmaxCrossEntropyGeometry([4, 3], [4], { ...plain, reduction }, 0).shape;
  expect(shapeOf("none")).toEqual([4]);
  expect(shapeOf("mean")).toEqual([]);
  expect(shapeOf("sum")).toEqual([]);
});

describe("a label that is no class", async () => {
  const device = await openDevice();
  afterAll(() => device.close());
  const view = (data: Float32Array | Int32Array): BufferView => {
    const made = { block: device.allocate(data.byteLength, "test"), offset: 0, bytes: data.byteLength };
    device.queue.write(made, data);
    return made;
  };
  const logits = view(Float32Array.of(0, 0, 0, 0, 1, 2, 3, 4, 9, 9, 9, 9));
  const rows = view(new Float32Array(12).fill(7));
  const summary = view(new Float32Array(4));
  const dlogits = view(new Float32Array(12).fill(7));
  const dy = view(Float32Array.of(1));
  const detail = { op: "softmax_cross_entropy", argument: "labels", expected: "classes from 0 to 3" };

  const run = (labels: Int32Array): void => {
    const { params } = softmaxCrossEntropyGeometry([3, 4], [3], plain, device.faults.slot(detail));
    const given = { logits, labels: view(labels) };
    device.run(softmaxCrossEntropyForward, { ...given, rows }, params);
    device.run(softmaxCrossEntropySummary, { rows, summary }, params);
    device.run(softmaxCrossEntropyBackward, { ...given, summary, dy, dlogits }, params);
  };
  const read = async (of: BufferView) => Array.from(new Float32Array(await device.read(of)).slice(0, of.bytes / 4));

  test.each([
    ["too large", 4, "4"],
    ["much too large", 2 ** 31 - 1, `${2 ** 31 - 1}`],
    ["negative", -1, "a negative value"],
    ["the most negative", -(2 ** 31), "a negative value"],
  ])("%s is raised by the next read and contributes nothing", async (_, label, given) => {
    run(Int32Array.of(0, 3, label));
    await expect(read(rows)).rejects.toThrow(ArgumentError);
    run(Int32Array.of(0, 3, label));
    await expect(read(summary)).rejects.toThrow(
      `softmax_cross_entropy: labels: expected classes from 0 to 3, got ${given}`,
    );

    // The device works on: what the kernels wrote is that of the two good rows.
    const good = (await read(rows)).filter((_, i) => i % 4 === 0);
    expect(good[0]).toBeCloseTo(Math.log(4), 6);
    expect(good[1]).toBeCloseTo(Math.log(1 + Math.exp(-1) + Math.exp(-2) + Math.exp(-3)), 6);
    expect(good[2]).toBe(0);
    const [mean, denominator, correct, kept] = await read(summary);
    expect(mean).toBeCloseTo(((good[0] as number) + (good[1] as number)) / 2, 6);
    expect([denominator, correct, kept]).toEqual([2, 2, 2]);
    const gradient = await read(dlogits);
    expect(gradient.slice(8)).toEqual([0, 0, 0, 0]);
    expect(gradient[0]).toBeCloseTo((0.25 - 1) / 2, 6);
    expect(gradient[1]).toBeCloseTo(0.25 / 2, 6);
  });

  test("may be the label that is ignored", async () => {
    const { params } = softmaxCrossEntropyGeometry(
      [3, 4],
      [3],
      { ...plain, ignoreIndex: -100 },
      device.faults.slot(detail),
    );
    const labels = view(Int32Array.of(0, 3, -100));
    device.run(softmaxCrossEntropyForward, { logits, labels, rows }, params);
    device.run(softmaxCrossEntropySummary, { rows, summary }, params);
    expect((await read(summary)).slice(1)).toEqual([2, 2, 2]);
  });
});
