// What a user gets wrong: each mistake is a typed error that says op, argument, expected and given, and the device works on.
import * as F from "@facet/autograd";
import { afterAll, afterEach, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());
afterEach(async () => {
  expect(await F.sum(F.fromData([1, 2, 3], [3])).item()).toBe(6);
});

const image: F.Conv2dAttrs = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  layout: "NHWC",
  filterLayout: "HWIO",
};
const pool: F.Pool2dAttrs = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NHWC" };
const crossEntropy: F.CrossEntropyAttrs = { labels: "index", reduction: "mean", labelSmoothing: 0 };
const x = (...shape: number[]): F.Tensor => F.zeros(shape);

interface Mistake {
  what: string;
  make: () => unknown;
  type: abstract new (...args: never[]) => F.FacetError;
  op: string;
  says: RegExp;
}

const mistakes: Mistake[] = [
  {
    what: "an image of rank 3",
    make: () => F.conv2d(x(4, 4, 1), x(2, 2, 1, 1), undefined, image),
    type: F.ShapeError,
    op: "conv2d",
    says: /rank 4.*\[4, 4, 1\]/,
  },
  {
    what: "channels that do not meet",
    make: () => F.conv2d(x(1, 4, 4, 3), x(2, 2, 2, 1), undefined, image),
    type: F.ShapeError,
    op: "conv2d",
    says: /2.*|3/,
  },
  {
    what: "a stride of 0",
    make: () => F.conv2d(x(1, 4, 4, 1), x(2, 2, 1, 1), undefined, { ...image, stride: [0, 1] }),
    type: F.ArgumentError,
    op: "conv2d",
    says: /stride/,
  },
  {
    what: "a negative stride",
    make: () => F.conv2d(x(1, 4, 4, 1), x(2, 2, 1, 1), undefined, { ...image, stride: [1, -1] }),
    type: F.ArgumentError,
    op: "conv2d",
    says: /stride/,
  },
  {
    what: "negative padding",
    make: () => F.conv2d(x(1, 4, 4, 1), x(2, 2, 1, 1), undefined, { ...image, padding: [0, -1, 0, 0] }),
    type: F.ArgumentError,
    op: "conv2d",
    says: /padding/,
  },
  {
    what: "a filter larger than the padded image",
    make: () => F.conv2d(x(1, 4, 4, 1), x(5, 5, 1, 1), undefined, image),
    type: F.ShapeError,
    op: "conv2d",
    says: /5/,
  },
  {
    what: "groups that do not divide the channels",
    make: () => F.conv2d(x(1, 4, 4, 3), x(2, 2, 1, 4), undefined, { ...image, groups: 3 }),
    type: F.FacetError,
    op: "conv2d",
    says: /groups|3/,
  },
  {
    what: "images without rows",
    make: () => F.conv2d(x(1, 0, 4, 1), x(2, 2, 1, 1), undefined, image),
    type: F.ShapeError,
    op: "conv2d",
    says: /no empty axis.*\[1, 0, 4, 1\]/,
  },
  {
    what: "a pooling window larger than the image",
    make: () => F.maxPool2d(x(1, 1, 4, 1), pool),
    type: F.FacetError,
    op: "max_pool2d",
    says: /window|1/,
  },
  {
    what: "a pooling stride of 0",
    make: () => F.maxPool2d(x(1, 4, 4, 1), { ...pool, stride: [0, 2] }),
    type: F.ArgumentError,
    op: "max_pool2d",
    says: /stride/,
  },
  {
    what: "matrices that do not meet",
    make: () => F.matmul(x(2, 3), x(4, 5)),
    type: F.ShapeError,
    op: "matmul",
    says: /3 rows.*\[2, 3\].*\[4, 5\]/,
  },
  {
    what: "shapes that do not broadcast",
    make: () => F.add(x(2, 3), x(2, 4)),
    type: F.ShapeError,
    op: "add",
    says: /\[2, 3\].*\[2, 4\]/,
  },
  {
    what: "dtypes that differ",
    make: () => F.add(x(2), F.zeros([2], "int32")),
    type: F.DtypeError,
    op: "add",
    says: /float32.*int32/,
  },
  {
    what: "a reshape of another size",
    make: () => F.reshape(x(2, 3), [4]),
    type: F.ShapeError,
    op: "reshape",
    says: /6 elements.*\[4\]/,
  },
  {
    what: "a slice beyond the end",
    make: () => F.slice(x(2, 3), [0, 0], [2, 4]),
    type: F.ArgumentError,
    op: "slice",
    says: /stop <= 3/,
  },
  {
    what: "ragged nested arrays",
    make: () => F.flattenNested([[1, 2], [3]]),
    type: F.ShapeError,
    op: "tensor",
    says: /length 2.*1/,
  },
  {
    what: "data that does not fill the shape",
    make: () => F.fromData([1, 2, 3], [2, 2]),
    type: F.ShapeError,
    op: "tensor",
    says: /4 elements.*3/,
  },
  {
    what: "labels of another length",
    make: () => F.softmaxCrossEntropy(x(4, 3), F.zeros([3], "int32"), crossEntropy),
    type: F.ShapeError,
    op: "softmax_cross_entropy",
    says: /labels.*\[4\].*\[3\]/,
  },
  {
    what: "a NaN learning rate",
    make: () => new F.FlatOptimizer(F.adam, [F.variable(x(2))], { lr: Number.NaN }),
    type: F.ArgumentError,
    op: "adam",
    says: /lr.*NaN/,
  },
  {
    what: "a negative learning rate",
    make: () => new F.FlatOptimizer(F.sgd, [F.variable(x(2))], { lr: -1 }),
    type: F.ArgumentError,
    op: "sgd",
    says: /lr.*-1/,
  },
  {
    what: "a beta of 1",
    make: () => new F.FlatOptimizer(F.adam, [F.variable(x(2))], { lr: 1e-3, beta1: 1 }),
    type: F.ArgumentError,
    op: "adam",
    says: /beta1.*1/,
  },
  {
    what: "no parameters",
    make: () => new F.FlatOptimizer(F.adam, [], { lr: 1e-3 }),
    type: F.ArgumentError,
    op: "adam",
    says: /at least one parameter/,
  },
  {
    what: "a dropout rate of 1",
    make: () => F.dropout(x(2), 1, [0, 0]),
    type: F.ArgumentError,
    op: "dropout",
    says: /rate.*1/,
  },
  {
    what: "a buffer beyond the adapter's limit",
    make: () => F.empty([2 ** 31]),
    type: F.OutOfMemoryError,
    op: "activation",
    says: /bytes.*at most \d+ bytes.*8589934592/,
  },
];

describe("a mistake", () => {
  for (const { what, make, type, op, says } of mistakes) {
    test(what, () => {
      let caught: unknown;
      try {
        make();
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(type);
      const error = caught as F.FacetError;
      expect(error.op).toBe(op);
      expect(error.expected).toBeTruthy();
      expect(error.message).toMatch(says);
    });
  }

  test("a tensor used after it was freed", () => {
    const freed = x(2, 3);
    freed.dispose();
    expect(() => F.exp(freed)).toThrow(F.DisposedError);
    expect(() => F.exp(freed)).toThrow(/tensor \[2, 3\].*live tensor.*disposed/);
  });

  test("a label that is no class, seen at the next read", async () => {
    const { loss } = F.softmaxCrossEntropy(x(3, 4), F.fromData([0, 9, 3], [3], "int32"), crossEntropy);
    await expect(loss.item()).rejects.toThrow(
      /softmax_cross_entropy: labels: expected class indices from 0 to 3, got 9/,
    );
  });

  test("a negative label", async () => {
    const { loss } = F.softmaxCrossEntropy(x(3, 4), F.fromData([0, -2, 3], [3], "int32"), crossEntropy);
    await expect(loss.item()).rejects.toThrow(F.ArgumentError);
  });

  test("a row index that is no row", async () => {
    await expect(F.gather(x(3, 2), F.fromData([0, 3], [2], "int32")).data()).rejects.toThrow(
      /gather: index: expected indices from 0 to 2, got 3/,
    );
  });

  test("no dimension at all is left out: item of several elements", async () => {
    await expect(x(2).item()).rejects.toThrow(F.ShapeError);
  });
});
