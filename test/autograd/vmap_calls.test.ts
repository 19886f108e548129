// Calls of which integer and bool inputs are mapped too, which no gradient goes through: by the rule of their op against example by
// example, and what an index of one example must not do to another's rows.
import * as F from "@facet/autograd";
import { ArgumentError } from "@facet/kernels-wgsl";
import { createRandom } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const EXAMPLES = 3;

interface Input {
  readonly shape: readonly number[];
  readonly dtype?: F.Dtype;
  /** Of whole numbers: below this. Default 4. */
  readonly below?: number;
  /** Values of every example, instead of random ones. */
  readonly values?: readonly (readonly number[])[];
}

interface Call {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly call: (...inputs: F.Tensor[]) => F.Tensor;
}

const ints = (shape: readonly number[], below = 4): Input => ({ shape, dtype: "int32", below });
const floats = (...shape: number[]): Input => ({ shape });

const entropy =
  (attrs: Partial<F.CrossEntropyAttrs>) =>
  (logits: F.Tensor, labels: F.Tensor): F.Tensor =>
    F.softmaxCrossEntropy(logits, labels, { labels: "index", reduction: "mean", labelSmoothing: 0, ...attrs }).loss;

const bag =
  (options: F.EmbeddingBagOptions) =>
  (weight: F.Tensor, index: F.Tensor, offsets?: F.Tensor, sampleWeights?: F.Tensor): F.Tensor =>
    F.embeddingBag(weight, index, { ...options, offsets, sampleWeights });

const offsets: Input = {
  shape: [3],
  dtype: "int32",
  values: [
    [0, 2, 5],
    [0, 0, 4],
    [0, 5, 5],
  ],
};

const calls: readonly Call[] = [
  { name: "gather", inputs: [floats(4, 3), ints([2, 3])], call: F.gather },
  { name: "gather of whole numbers", inputs: [ints([4, 2], 100), ints([5])], call: F.gather },
  {
    name: "gather_backward",
    inputs: [floats(2, 3, 2), ints([2, 3])],
    call: (dy, index) => F.gatherBackward(dy, index, [4, 2]),
  },
  { name: "embedding", inputs: [floats(4, 3), ints([2, 3])], call: (w, i) => F.embedding(w, i) },
  {
    name: "embedding, a row left out, by frequency",
    inputs: [floats(4, 3), ints([2, 3])],
    call: (w, i) => F.embedding(w, i, { paddingIndex: 1, scaleByFrequency: true }),
  },
  { name: "embedding_bag of rows", inputs: [floats(4, 3), ints([2, 3])], call: bag({ mode: "mean" }) },
  { name: "embedding_bag of rows, maximum", inputs: [floats(4, 3), ints([2, 3])], call: bag({ mode: "max" }) },
  {
    name: "embedding_bag with offsets, a row left out",
    inputs: [floats(4, 3), ints([5]), offsets],
    call: bag({ mode: "mean", paddingIndex: 2 }),
  },
  {
    name: "embedding_bag with offsets to the last, maximum, a row left out",
    inputs: [floats(4, 3), ints([5]), offsets],
    call: bag({ mode: "max", includeLastOffset: true, paddingIndex: 2 }),
  },
  {
    name: "embedding_bag with offsets to the last and weights",
    inputs: [floats(4, 3), ints([5]), offsets, floats(5)],
    call: bag({ mode: "sum", includeLastOffset: true }),
  },
  {
    name: "gather_u8",
    inputs: [{ shape: [4, 2, 4], dtype: "uint8", below: 256 }, ints([5])],
    call: (x, index) =>
      F.gatherBytes(
        x,
        index,
        F.fromData(
          Float32Array.from({ length: 512 }, (_, i) => i),
          [2, 256],
        ),
      ),
  },
  { name: "u8_to_f32", inputs: [{ shape: [2, 4], dtype: "uint8", below: 256 }], call: (x) => F.u8ToF32(x) },
  { name: "softmax_cross_entropy", inputs: [floats(5, 4), ints([5])], call: entropy({}) },
  {
    name: "softmax_cross_entropy, ignored",
    inputs: [floats(5, 4), ints([5])],
    call: entropy({ ignoreIndex: 1, labelSmoothing: 0.1 }),
  },
  { name: "softmax_cross_entropy by row", inputs: [floats(5, 4), ints([5])], call: entropy({ reduction: "none" }) },
  {
    name: "ctc",
    inputs: [
      floats(6, 2, 4),
      { ...ints([2, 3]), values: [1, 2, 3].map((first) => [first, 2, 1, 3, first, 1]) },
      {
        ...ints([2]),
        values: [
          [6, 5],
          [5, 6],
          [4, 6],
        ],
      },
      {
        ...ints([2]),
        values: [
          [3, 2],
          [1, 3],
          [2, 0],
        ],
      },
    ],
    call: (x, labels, steps, lengths) => F.ctcLoss(F.logSoftmax(x, 2), labels, steps, lengths),
  },
  {
    name: "lstm with steps that are none",
    inputs: [floats(3, 2, 3), floats(8, 3), floats(8, 2), { shape: [3, 2], dtype: "bool", below: 2 }],
    call: (x, input, recurrent, mask) => F.recurrent("lstm", x, { input, recurrent }, { mask }).y,
  },
  {
    name: "rotary by tables of its own",
    inputs: [floats(2, 3, 4), floats(2, 3, 2), floats(2, 3, 2)],
    call: (x, cos, sin) => F.rotary(x, { cos, sin }),
  },
  {
    name: "attention with a mask of bools",
    inputs: [floats(2, 1, 3, 4), floats(2, 1, 3, 4), { shape: [1, 1, 3, 3], dtype: "bool", below: 2 }],
    call: (q, k, mask) => F.attention(q, k, k, { mask }),
  },
  {
    name: "attention with a mask of bools for each of a batch",
    inputs: [floats(2, 1, 3, 4), floats(2, 1, 3, 4), { shape: [2, 1, 1, 3], dtype: "bool", below: 2 }],
    call: (q, k, mask) => F.attention(q, k, k, { mask, layout: "BHTD" }),
  },
];

const gradientsToo = (inputs: readonly F.Tensor[], call: Call["call"]): F.Tensor[] => {
  const at = inputs.flatMap((x, i) => (x.dtype === "float32" ? [i] : []));
  const own = at.map((i) => inputs[i] as F.Tensor);
  if (own.length === 0) return [call(...inputs)];
  const { result, gradients } = F.valueAndGradients(
    own,
    (given) => call(...inputs.map((x, i) => (at.includes(i) ? (given[at.indexOf(i)] as F.Tensor) : x))),
    (y) => F.sum(F.mul(y, F.square(y))),
  );
  return [result, ...gradients];
};

for (const { name, inputs, call } of calls) {
  describe(name, () => {
    const count = inputs.length;
    for (let bits = 1; bits < 2 ** count; bits++) {
      const mapped = inputs.map((_, i) => ((bits >> i) & 1) === 1);
      test(`inputs ${mapped.flatMap((is, i) => (is ? [i] : [])).join(", ")} mapped`, async () => {
        const random = createRandom(3);
        const drawn = inputs.map(({ shape, dtype = "float32", below = 4, values }) =>
          Array.from({ length: EXAMPLES }, (_, e) => {
            const size = shape.reduce((a, b) => a * b, 1);
            return [...(values?.[e] ?? (dtype === "float32" ? random.uniform(size) : random.integers(size, 0, below)))];
          }),
        );
        const of = (i: number, e: number): number[] => (drawn[i] as number[][])[mapped[i] ? e : 0] as number[];
        const whole = inputs.map(({ shape, dtype }, i) =>
          mapped[i]
            ? F.fromData((drawn[i] as number[][]).flat(), [EXAMPLES, ...shape], dtype)
            : F.fromData(of(i, 0), shape, dtype),
        );
        const axes = mapped.map((is) => (is ? 0 : undefined));
        const { outputs } = F.vmap(whole, axes, (given) => {
          const all = gradientsToo(given, call);
          return { outputs: all, axes: all.map(() => 0), rest: undefined };
        });
        for (let e = 0; e < EXAMPLES; e++) {
          const one = gradientsToo(
            inputs.map(({ shape, dtype }, i) => F.fromData(of(i, e), shape, dtype)),
            call,
          );
          for (const [k, want] of one.entries()) {
            const got = outputs[k] as F.Tensor;
            expect(got.shape).toEqual([EXAMPLES, ...want.shape]);
            const own = (await got.data()).slice(e * want.size, (e + 1) * want.size);
            const plain = (of: ArrayLike<number>) => Array.from(of, (value) => value + 0);
            expect(plain(own), `result ${k} of example ${e}`).toEqual(plain(await want.data()));
          }
        }
      });
    }
  });
}

describe("an index of one example is no row of another's table", () => {
  const beyond = F.fromData([0, 4, 1, 2], [2, 2], "int32");
  const mappedOutput = (y: F.Tensor) => ({ outputs: [y], axes: [0], rest: undefined });
  const cases: [name: string, call: (table: F.Tensor, index: F.Tensor) => F.Tensor][] = [
    ["gather", F.gather],
    ["embedding", (table, index) => F.embedding(table, index)],
    ["embedding_bag", (table, index) => F.embeddingBag(table, F.reshape(index, [1, 2]), { mode: "sum" })],
  ];
  for (const [name, call] of cases)
    test(name, async () => {
      const tables = F.ones([2, 4, 3]);
      const { outputs } = F.vmap([tables, beyond], [0, 0], ([table, index]) =>
        mappedOutput(call(table as F.Tensor, index as F.Tensor)),
      );
      await expect((outputs[0] as F.Tensor).data()).rejects.toThrow(ArgumentError);
    });

  test("gather_backward", async () => {
    const { outputs } = F.vmap([F.ones([2, 2, 1]), beyond], [0, 0], ([dy, index]) =>
      mappedOutput(F.gatherBackward(dy as F.Tensor, index as F.Tensor, [4, 1])),
    );
    expect(Array.from(await (outputs[0] as F.Tensor).data())).toEqual([1, 0, 0, 0, 0, 1, 1, 0]);
  });

  test("offsets of a bag", async () => {
    const offsets = F.fromData([0, 2, 0, -1], [2, 2], "int32");
    const { outputs } = F.vmap([F.fromData([0, 1, 2, 0, 1, 2], [2, 3], "int32"), offsets], [0, 0], ([index, at]) =>
      mappedOutput(F.embeddingBag(F.ones([4, 3]), index as F.Tensor, { offsets: at })),
    );
    await expect((outputs[0] as F.Tensor).data()).rejects.toThrow(/ascending/);
  });
});

describe("a map inside a map", () => {
  const nested: [name: string, inputs: Input[], call: Call["call"]][] = [
    ["losses", [floats(4, 5), ints([4], 5)], entropy({ ignoreIndex: 2 })],
    ["losses by row", [floats(4, 5), ints([4], 5)], entropy({ reduction: "none" })],
    [
      "a recurrent layer",
      [floats(2, 2, 3), floats(8, 3), floats(8, 2)],
      (x, input, recurrent) => F.recurrent("lstm", x, { input, recurrent }).y,
    ],
    ["bags", [floats(4, 3), ints([5]), offsets], bag({ mode: "max", includeLastOffset: true })],
  ];
  test.each(nested)("%s", async (_, inputs, call) => {
    const random = createRandom(4);
    const whole = inputs.map(({ shape, dtype = "float32", below = 4, values }) => {
      const size = 6 * shape.reduce((a, b) => a * b, 1);
      const drawn = values ? [...values, ...values].flat() : undefined;
      const data = drawn ?? (dtype === "float32" ? random.uniform(size) : random.integers(size, 0, below));
      return F.fromData(data, [2, 3, ...shape], dtype);
    });
    const map = (f: (given: readonly F.Tensor[]) => F.Tensor[]) => (given: readonly F.Tensor[]) =>
      F.vmap(
        given,
        given.map(() => 0),
        (examples) => {
          const outputs = f(examples);
          return { outputs, axes: outputs.map(() => 0), rest: undefined };
        },
      ).outputs;
    const got = map(map((given) => gradientsToo(given, call)))(whole);
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++) {
        const at = (x: F.Tensor): F.Tensor =>
          F.reshape(F.sliceAlong(F.sliceAlong(x, 0, i, i + 1), 1, j, j + 1), x.shape.slice(2));
        for (const [k, want] of gradientsToo(whole.map(at), call).entries())
          expect(await at(got[k] as F.Tensor).array()).toEqual(await want.array());
      }
  });
});

test("every op has a rule", () => {
  expect([...F.opTable.values()].flatMap(({ spec }) => (spec.batch ? [] : [spec.name]))).toEqual([]);
});
