// Recurrent layers against what PyTorch and Keras give, with the gradients of all inputs, states and weights.
import * as F from "@facet/autograd";
import { createRandom, expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

/** float32 sums of some ten terms of size 1 through a few steps, held against float64. */
const tolerance = { rtol: 1e-5, atol: 1e-5 };

type Leaves = Readonly<Record<string, F.Tensor>>;

const flat = (parts: readonly (F.Tensor | undefined)[]): F.Tensor =>
  F.concat(
    parts.flatMap((part) => (part ? [F.reshape(part, [-1])] : [])),
    0,
  );

function torchCall({ params }: GoldenCase, leaves: Leaves): F.Tensor {
  const { num_layers = 1, bidirectional = false, nonlinearity = "tanh" } = params.options;
  const layers = Array.from({ length: num_layers }, (_, l) =>
    (bidirectional ? ["", "_reverse"] : [""]).map(
      (suffix): F.RecurrentWeights => ({
        input: leaves[`weight_ih_l${l}${suffix}`] as F.Tensor,
        recurrent: leaves[`weight_hh_l${l}${suffix}`] as F.Tensor,
        bias: leaves[`bias_ih_l${l}${suffix}`],
        recurrentBias: leaves[`bias_hh_l${l}${suffix}`],
        projection: leaves[`weight_hr_l${l}${suffix}`],
      }),
    ),
  );
  const x = leaves.x as F.Tensor;
  const mask = params.lengths
    ? F.sequenceMask(F.fromData(params.lengths, [params.lengths.length], "int32"), x.shape[0] as number)
    : undefined;
  const cell = params.fn.toLowerCase() as F.RecurrentCell;
  const { y, h, c } = F.recurrentLayers(cell, x, layers, {
    h: leaves.h0,
    c: leaves.c0,
    mask,
    activation: nonlinearity,
  });
  return flat([y, h, c]);
}

function kerasCall({ params }: GoldenCase, leaves: Leaves): F.Tensor {
  const { options, fn } = params;
  const cells: Readonly<Record<string, F.RecurrentCell>> = { LSTM: "lstm", GRU: "gru", SimpleRNN: "rnn" };
  const cell = cells[fn] as F.RecurrentCell;
  const { go_backwards: reverse = false, reset_after: resetAfter = true } = options;
  const both = cell === "gru" && resetAfter && leaves.bias;
  const half = (i: number): F.Tensor | undefined =>
    both ? F.reshape(F.sliceAlong(leaves.bias as F.Tensor, 0, i, i + 1), [-1]) : undefined;
  const { y, h, c } = F.recurrent(
    cell,
    F.transpose(leaves.x as F.Tensor, [1, 0, 2]),
    {
      input: leaves.kernel as F.Tensor,
      recurrent: leaves.recurrent_kernel as F.Tensor,
      bias: both ? half(0) : leaves.bias,
      recurrentBias: half(1),
    },
    {
      weightLayout: "in_out",
      order: "zrn",
      activation: options.activation ?? "tanh",
      recurrentActivation: options.recurrent_activation ?? "sigmoid",
      h: leaves.h0,
      c: leaves.c0,
      reverse,
      resetAfter,
      beyond: options.zero_output_for_mask ? "zero" : "hold",
      mask: params.mask
        ? F.transpose(F.cast(F.fromData(params.mask.flat(), [3, 4], "int32"), "bool"), [1, 0])
        : undefined,
    },
  );
  // Keras gives rows in the order of steps.
  return flat([F.transpose(reverse ? F.flip(y, [0]) : y, [1, 0, 2]), h, c]);
}

/** Steps before examples, or the other way round. */
const sequences = (x: F.Tensor): F.Tensor => F.transpose(x, [1, 0, ...[...x.shape.keys()].slice(2)]);

function kerasImages({ params }: GoldenCase, leaves: Leaves): F.Tensor {
  const { options } = params;
  const [taps, reverse] = [(leaves.kernel as F.Tensor).shape.slice(0, -2), options.go_backwards === true];
  const { y, h, c } = F.convLstm(
    sequences(leaves.x as F.Tensor),
    { input: leaves.kernel as F.Tensor, recurrent: leaves.recurrent_kernel as F.Tensor, bias: leaves.bias },
    {
      reverse,
      stride: taps.map(() => options.strides ?? 1),
      padding:
        options.padding === "same" ? taps.flatMap((n) => [Math.floor((n - 1) / 2), Math.ceil((n - 1) / 2)]) : undefined,
      recurrentActivation: options.recurrent_activation,
    },
  );
  return flat([sequences(reverse ? F.flip(y, [0]) : y), h, c]);
}

/** Dense layers of flax' cells: those of inputs and of the state, gate by gate. */
const FLAX = {
  LSTMCell: { cell: "lstm", gates: ["i", "f", "g", "o"] },
  OptimizedLSTMCell: { cell: "lstm", gates: ["i", "f", "g", "o"] },
  GRUCell: { cell: "gru", gates: ["r", "z", "n"] },
  SimpleCell: { cell: "rnn", gates: [""] },
} as const;

function flaxCall({ params }: GoldenCase, leaves: Leaves): F.Tensor {
  const { cell, gates } = FLAX[params.fn as keyof typeof FLAX];
  const joined = (side: "i" | "h", part: "kernel" | "bias"): F.Tensor =>
    F.concat(
      gates.map((gate) => leaves[`${side}${gate}_${part}`] ?? F.zeros([3])),
      part === "kernel" ? 1 : 0,
    );
  const { y, h, c } = F.recurrent(
    cell,
    sequences(leaves.x as F.Tensor),
    {
      input: joined("i", "kernel"),
      recurrent: joined("h", "kernel"),
      bias: joined("i", "bias"),
      recurrentBias: joined("h", "bias"),
    },
    { weightLayout: "in_out", reverse: params.options.reverse },
  );
  return flat([sequences(y), c, h]);
}

async function check(row: GoldenCase, call: (row: GoldenCase, leaves: Leaves) => F.Tensor): Promise<void> {
  const names = row.tensors.filter((name) => row.has(`d${name}`) && name !== "y");
  const list = names.map((name) => F.variable(F.fromData(row.floats(name), row.tensor(name).shape)));
  const y = call(row, Object.fromEntries(names.map((name, i) => [name, list[i] as F.Tensor])));
  expectClose((await y.data()) as Float32Array, row.floats("y"), { ...tolerance, label: "y" });
  const found = F.gradients(y, list, { cotangents: F.fromData(row.floats("dy"), y.shape) });
  for (const [i, name] of names.entries())
    expectClose((await (found[i] as F.Tensor).data()) as Float32Array, row.floats(`d${name}`), {
      ...tolerance,
      label: `d${name}`,
    });
}

describe("PyTorch", () => {
  test.each(loadGolden("recurrent_torch").cases)("$name", (row) => check(row, torchCall));
});
describe("Keras", () => {
  test.each(loadGolden("recurrent_keras").cases)("$name", (row) =>
    check(row, row.params.fn.startsWith("ConvLSTM") ? kerasImages : kerasCall),
  );
});
describe("flax", () => {
  test.each(loadGolden("recurrent_flax").cases)("$name", (row) => check(row, flaxCall));
});

const random = createRandom(4);
const drawn = (...shape: number[]): F.Tensor => F.fromData(random.uniform(shape), shape);
const weightsOf = (gates: number, features = 2, units = 3): F.RecurrentWeights => ({
  input: drawn(gates * units, features),
  recurrent: drawn(gates * units, units),
  bias: drawn(gates * units),
  recurrentBias: drawn(gates * units),
});

describe("sequences", () => {
  test.each([
    ["lstm", 4],
    ["gru", 3],
    ["rnn", 1],
  ] as const)(
    "%s: steps one by one, recurrent dropout of ones, a captured call and a sequence agree",
    async (cell, gates) => {
      const weights = weightsOf(gates);
      const x = drawn(3, 2, 2);
      const whole = F.recurrent(cell, x, weights);
      let states: { h: F.Tensor | undefined; c: F.Tensor | undefined } = { h: undefined, c: undefined };
      for (let t = 0; t < 3; t++)
        states = F.recurrentCell(cell, F.reshape(F.sliceAlong(x, 0, t, t + 1), [2, 2]), weights, states);
      expect([...(await (states.h as F.Tensor).data())]).toEqual([...(await whole.h.data())]);
      for (const parts of [1, gates]) {
        const dropped = F.recurrent(cell, x, weights, { recurrentDropout: F.ones([parts, 2, 3]) });
        expectClose((await dropped.y.data()) as Float32Array, (await whole.y.data()) as Float32Array, tolerance);
      }
      const captured = F.capture((input: F.Tensor) => F.recurrent(cell, input, weights).y);
      for (let run = 0; run < 2; run++)
        expect([...(await (captured(x) as F.Tensor).data())]).toEqual([...(await whole.y.data())]);
    },
  );

  // States of 16 x 4 numbers lie where a binding may begin; those of 2 x 3 do not.
  test.each([
    ["lstm", 4, 16, 4, false],
    ["lstm", 4, 2, 3, true],
    ["gru", 3, 16, 4, true],
    ["gru", 3, 2, 3, false],
    ["rnn", 1, 16, 4, false],
  ] as const)(
    "a captured step of %s is the same to the bit (%i gates, [%i, %i], reverse %s)",
    async (cell, gates, batch, units, reverse) => {
      const { input, recurrent, bias, recurrentBias } = weightsOf(gates, 2, units);
      const inputs = [drawn(3, batch, 2), input, recurrent, bias, recurrentBias, drawn(batch, units)] as F.Tensor[];
      const mask = F.sequenceMask(
        F.fromData(
          Array.from({ length: batch }, (_, b) => 1 + (b % 3)),
          [batch],
          "int32",
        ),
        3,
      );
      const step = (...given: F.Tensor[]): F.Tensor[] =>
        F.valueAndGradients(
          given,
          ([x, input, recurrent, bias, recurrentBias, h]) =>
            F.recurrent(cell, x as F.Tensor, { input, recurrent, bias, recurrentBias } as F.RecurrentWeights, {
              h,
              mask,
              reverse,
            }).y,
          (y) => F.sum(F.square(y)),
        ).gradients;
      const eager = await Promise.all(step(...inputs).map(async (gradient) => [...(await gradient.data())]));
      const plan = F.capture(step);
      for (let run = 0; run < 2; run++) {
        const found = plan(...inputs) as F.Tensor[];
        for (const [i, gradient] of found.entries()) expect([...(await gradient.data())], `${i}`).toEqual(eager[i]);
      }
    },
  );

  test("gradients of gradients of each example are those of the examples", async () => {
    const weights = weightsOf(3, 1, 2);
    const second = (x: F.Tensor): F.Tensor => {
      const first = (given: F.Tensor): F.Tensor =>
        F.valueAndGradients(
          [given],
          ([own]) => F.recurrent("gru", own as F.Tensor, weights).y,
          (y) => F.sum(F.square(y)),
        ).gradients[0] as F.Tensor;
      return F.valueAndGradients(
        [x],
        ([own]) => first(own as F.Tensor),
        (g) => F.sum(F.square(g)),
      ).gradients[0] as F.Tensor;
    };
    const x = drawn(2, 2, 1, 1);
    const mapped = F.vmap([x], [0], ([own]) => ({ outputs: [second(own as F.Tensor)], axes: [0], rest: undefined }));
    const all = [...(await (mapped.outputs[0] as F.Tensor).data())];
    for (const e of [0, 1]) {
      const own = second(F.reshape(F.sliceAlong(x, 0, e, e + 1), [2, 1, 1]));
      expectClose(
        Float32Array.from(all.slice(2 * e, 2 * e + 2) as number[]),
        (await own.data()) as Float32Array,
        tolerance,
      );
    }
  });

  test("of no step leave the state, and no sequences give none", async () => {
    const h = drawn(2, 3);
    const weights = weightsOf(3);
    const none = F.recurrent("gru", drawn(0, 2, 2), weights, { h });
    expect(none.y.shape).toEqual([0, 2, 3]);
    expect([...(await none.h.data())]).toEqual([...(await h.data())]);
    expect(F.recurrent("lstm", drawn(2, 0, 2), weightsOf(4)).y.shape).toEqual([2, 0, 3]);
  });

  test("what lies beyond a sequence's end, NaN too, changes nothing", async () => {
    const x = F.fromData([1, 2, Number.NaN, 3], [2, 2, 1]);
    const weights = weightsOf(4, 1);
    const input = F.variable(F.fromData(await weights.input.data(), weights.input.shape));
    const mask = F.sequenceMask(F.fromData([1, 2], [2], "int32"), 2);
    const { y } = F.recurrent("lstm", x, { ...weights, input }, { mask });
    const [gradient] = F.gradients(F.sum(y), [input]);
    expect([...(await y.data())].some(Number.isNaN)).toBe(false);
    expect([...(await (gradient as F.Tensor).data())].some(Number.isNaN)).toBe(false);
  });
});

describe("refused before the device is asked", () => {
  const x = F.ones([2, 3, 2]);
  test.each<[string, () => unknown, string]>([
    ["cell", () => F.recurrent("elman" as "rnn", x, weightsOf(1)), "cell"],
    ["x: rank", () => F.recurrent("rnn", F.ones([3, 2]), weightsOf(1)), "x"],
    ["recurrent: gates", () => F.recurrent("lstm", x, { ...weightsOf(4), recurrent: F.ones([10, 3]) }), "recurrent"],
    [
      "input: gates",
      () =>
        F.recurrent("lstm", x, { ...weightsOf(4), input: F.ones([8, 2]), bias: undefined, recurrentBias: undefined }),
      "x",
    ],
    ["h", () => F.recurrent("gru", x, weightsOf(3), { h: F.ones([3, 4]) }), "h"],
    ["c of a gru", () => F.recurrent("gru", x, weightsOf(3), { c: F.ones([3, 3]) }), "c"],
    ["mask: shape", () => F.recurrent("gru", x, weightsOf(3), { mask: F.equal(F.ones([3, 2]), 1) }), "mask"],
    ["mask: dtype", () => F.recurrent("gru", x, weightsOf(3), { mask: F.ones([2, 3]), beyond: "hold" }), "mask"],
    ["activation", () => F.recurrent("rnn", x, weightsOf(1), { activation: "toString" as "tanh" }), "activation"],
    ["order", () => F.recurrent("gru", x, weightsOf(3), { order: "nzr" as "rzn" }), "order"],
    ["weightLayout", () => F.recurrent("rnn", x, weightsOf(1), { weightLayout: "io" as "in_out" }), "weightLayout"],
    ["layers", () => F.recurrentLayers("rnn", x, []), "layers"],
    ["layers: states", () => F.recurrentLayers("rnn", x, [[weightsOf(1)]], { h: F.ones([2, 3, 3]) }), "h"],
    [
      "layers: keys",
      () => F.recurrentLayers("rnn", x, [[weightsOf(1)], [weightsOf(1, 3)]], { dropout: { rate: 0.5, keys: [] } }),
      "keys",
    ],
    ["conv_lstm: x", () => F.convLstm(x, { input: x, recurrent: x }), "x"],
    [
      "conv_lstm: recurrent",
      () => F.convLstm(F.ones([1, 1, 4, 2]), { input: F.ones([3, 2, 8]), recurrent: F.ones([3, 2, 6]) }),
      "recurrent",
    ],
    [
      "conv_lstm: h",
      () =>
        F.convLstm(
          F.ones([1, 1, 4, 2]),
          { input: F.ones([3, 2, 8]), recurrent: F.ones([3, 2, 8]) },
          { h: F.ones([1, 4, 2]) },
        ),
      "h",
    ],
    ["cell: rank", () => F.recurrentCell("rnn", x, weightsOf(1)), "x"],
  ])("%s", (_, call, named) => {
    expect(call).toThrow(F.FacetError);
    expect(call).toThrow(named);
  });
});
