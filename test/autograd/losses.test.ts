// Losses and their gradients against PyTorch, Keras and optax; reductions; what is refused.
import * as F from "@facet/autograd";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

// biome-ignore lint/suspicious/noExplicitAny: arguments under the original's names, as the golden file has them.
type Call = (operands: F.Tensor[], params: Record<string, any>) => F.Tensor;
type Three = [F.Tensor, F.Tensor, F.Tensor];

const torch: Record<string, Call> = {
  mse_loss: ([x, t]) => F.squaredError(x as F.Tensor, t as F.Tensor),
  l1_loss: ([x, t]) => F.absoluteError(x as F.Tensor, t as F.Tensor),
  huber_loss: ([x, t], { delta }) => F.huberLoss(x as F.Tensor, t as F.Tensor, delta),
  smooth_l1_loss: ([x, t], { beta }) => F.smoothL1Loss(x as F.Tensor, t as F.Tensor, beta),
  poisson_nll_loss: ([x, t], { log_input, full }) =>
    F.poissonNllLoss(x as F.Tensor, t as F.Tensor, { logInput: log_input, full }),
  gaussian_nll_loss: (operands, { full, eps }) => F.gaussianNllLoss(...(operands as Three), { full, epsilon: eps }),
  binary_cross_entropy: ([x, t]) => F.bceLoss(x as F.Tensor, t as F.Tensor),
  binary_cross_entropy_with_logits: ([x, t, posWeight]) =>
    F.bceWithLogitsLoss(x as F.Tensor, t as F.Tensor, { posWeight }),
  kl_div: ([x, t], { log_target }) => F.klDivergenceLoss(x as F.Tensor, t as F.Tensor, log_target),
  hinge_embedding_loss: ([x, t], { margin }) => F.hingeEmbeddingLoss(x as F.Tensor, t as F.Tensor, margin),
  soft_margin_loss: ([x, t]) => F.softMarginLoss(x as F.Tensor, t as F.Tensor),
  margin_ranking_loss: (operands, { margin }) => F.marginRankingLoss(...(operands as Three), margin),
  multi_margin_loss: ([x, t, weight], { p, margin }) =>
    F.multiMarginLoss(x as F.Tensor, t as F.Tensor, { p, margin, weight }),
  multilabel_margin_loss: ([x, t]) => F.multilabelMarginLoss(x as F.Tensor, t as F.Tensor),
  multilabel_soft_margin_loss: ([x, t, weight]) => F.multilabelSoftMarginLoss(x as F.Tensor, t as F.Tensor, weight),
  cosine_similarity: ([a, b]) => F.cosineSimilarity(a as F.Tensor, b as F.Tensor),
  cosine_embedding_loss: (operands, { margin }) => F.cosineEmbeddingLoss(...(operands as Three), margin),
  pairwise_distance: ([a, b], { p }) => F.pairwiseDistance(a as F.Tensor, b as F.Tensor, { p: Number(p) || Infinity }),
  triplet_margin_loss: (operands, { p, swap }) => F.tripletMarginLoss(...(operands as Three), { p, swap }),
  ctc_loss: ([x, labels, steps, counts], { blank }) =>
    F.ctcLoss(F.logSoftmax(x as F.Tensor), labels as F.Tensor, steps as F.Tensor, counts as F.Tensor, { blank }),
  nll_loss: ([x, t, weight], { ignore_index }) =>
    F.nllLoss(x as F.Tensor, t as F.Tensor, { weight, ignoreIndex: ignore_index }).losses,
};

const overLast = (f: (prediction: F.Tensor, target: F.Tensor) => F.Tensor): Call => {
  return ([t, p]) => F.mean(f(p as F.Tensor, t as F.Tensor), { axes: -1 });
};
const keras: Record<string, Call> = {
  huber: ([t, p], { delta }) => F.mean(F.huberLoss(p as F.Tensor, t as F.Tensor, delta), { axes: -1 }),
  log_cosh: overLast(F.logCoshLoss),
  mean_absolute_percentage_error: overLast(F.absolutePercentageError),
  mean_squared_logarithmic_error: overLast(F.squaredLogarithmicError),
  poisson: overLast(F.poissonLoss),
  kl_divergence: ([t, p]) => F.klDivergenceOfProbabilities(p as F.Tensor, t as F.Tensor),
  hinge: overLast(F.hingeLoss),
  squared_hinge: overLast(F.squaredHingeLoss),
  categorical_hinge: ([t, p]) => F.categoricalHingeLoss(p as F.Tensor, t as F.Tensor),
  cosine_similarity: ([t, p]) => F.neg(F.cosineSimilarity(t as F.Tensor, p as F.Tensor, { epsilon: 1e-7 })),
  binary_focal_crossentropy: ([t, p], { gamma, alpha }) =>
    F.mean(F.binaryFocalLoss(p as F.Tensor, t as F.Tensor, 1e-7, { gamma, alpha }), { axes: -1 }),
  binary_crossentropy: ([t, p]) => F.mean(F.bceLoss(p as F.Tensor, t as F.Tensor, { clip: 1e-7 }), { axes: -1 }),
  categorical_focal_crossentropy: ([t, p], { gamma, alpha }) =>
    F.categoricalFocalLoss(F.div(p as F.Tensor, F.sum(p as F.Tensor, { axes: -1, keepdims: true })), t as F.Tensor, {
      gamma,
      alpha,
    }),
  dice: ([t, p]) => F.diceLoss(p as F.Tensor, t as F.Tensor),
  // Its alpha and beta are the other way round.
  tversky: ([t, p], { alpha, beta }) => F.tverskyLoss(p as F.Tensor, t as F.Tensor, { alpha: beta, beta: alpha }),
  circle: ([labels, x], { gamma, margin }) => F.circleLoss(labels as F.Tensor, x as F.Tensor, { gamma, margin }),
};

const optax: Record<string, Call> = {
  huber_loss: ([x, t], { delta }) => F.huberLoss(x as F.Tensor, t as F.Tensor, delta),
  log_cosh: ([x, t]) => F.logCoshLoss(x as F.Tensor, t as F.Tensor),
  sigmoid_focal_loss: ([x, t], { gamma, alpha }) => F.sigmoidFocalLoss(x as F.Tensor, t as F.Tensor, { gamma, alpha }),
  kl_divergence: ([x, t]) => F.sum(F.klDivergenceLoss(x as F.Tensor, t as F.Tensor), { axes: -1 }),
  cosine_similarity: ([x, t]) => F.cosineSimilarity(x as F.Tensor, t as F.Tensor),
  hinge_loss: ([x, t]) => F.hingeLoss(x as F.Tensor, t as F.Tensor),
};

/** Sums of up to 20 terms of size about 1, in float32. */
const tolerance = { rtol: 1e-5, atol: 2e-6 };

async function holds(golden: GoldenCase, call: Call): Promise<void> {
  const letters = ["a", "b", "c", "d"].filter((letter) => golden.has(letter));
  const operands = letters.map((letter) => {
    const { data, shape, dtype } = golden.tensor(letter);
    const x = F.fromData(data, [...shape], dtype);
    return golden.has(`d${letter}`) ? F.variable(x) : x;
  });
  const { fn, ...params } = golden.params;
  const y = call(operands, params);
  const { shape } = golden.tensor("y");
  expect(y.shape).toEqual(shape);
  expectClose((await y.data()) as Float32Array, golden.floats("y"), { ...tolerance, label: `${fn} y` });
  const wanted = letters.filter((letter) => golden.has(`d${letter}`));
  const found = F.gradients(
    y,
    wanted.map((letter) => operands[letters.indexOf(letter)] as F.Tensor),
    { cotangents: F.fromData(golden.floats("dy"), [...shape]) },
  );
  for (const [i, letter] of wanted.entries())
    expectClose((await (found[i] as F.Tensor).data()) as Float32Array, golden.floats(`d${letter}`), {
      ...tolerance,
      label: `${fn} d${letter}`,
    });
}

describe.each([
  ["losses_torch", torch],
  ["losses_keras", keras],
  ["losses_jax", optax],
] as const)("%s", (file, table) => {
  const { cases } = loadGolden(file);
  test.each(cases.map((each) => [each.name, each] as const))("%s", async (_, golden) => {
    await holds(golden, table[golden.params.fn] as Call);
  });
  test("the file has a case of every name in the table", () => {
    const held = new Set(cases.map(({ params }) => params.fn));
    expect(Object.keys(table).filter((name) => !held.has(name))).toEqual([]);
  });
});

describe("ctc", () => {
  const integers = (values: number[], shape: number[]): F.Tensor => F.fromData(values, shape, "int32");
  const lengths = (...values: number[]): F.Tensor => integers(values, [values.length]);
  const uniform = F.full([3, 1, 4], Math.log(1 / 4));

  test("labels that need more steps than there are have an infinite loss, or none", async () => {
    const call = (zeroInfinity: boolean): [F.Tensor, F.Tensor] => {
      const x = F.variable(F.mul(uniform, 1));
      const loss = F.ctcLoss(x, integers([1, 1], [1, 2]), lengths(2), lengths(2), { zeroInfinity });
      return [loss, F.gradients(F.sum(loss), [x])[0] as F.Tensor];
    };
    expect(await call(false)[0].item()).toBe(Number.POSITIVE_INFINITY);
    const [loss, gradient] = call(true);
    expect(await loss.item()).toBe(0);
    expect([...(await gradient.data())].every((each) => each === 0)).toBe(true);
  });

  test("captured it gives the same bits", async () => {
    const x = F.fromData(
      Float32Array.from({ length: 40 }, (_, i) => -1 - ((i * 7) % 11) / 8),
      [5, 2, 4],
    );
    const f = (logits: F.Tensor): F.Tensor =>
      F.ctcLoss(F.logSoftmax(logits), integers([1, 2, 3, 3], [2, 2]), lengths(5, 4), lengths(2, 2));
    const eager = [...(await f(x).data())];
    const captured = F.capture(f);
    expect([...(await captured(x).data())]).toEqual(eager);
    expect([...(await captured(x).data())]).toEqual(eager);
    captured.dispose();
  });

  test.each([
    ["a blank label", [1, 0], 3, 2],
    ["a label beyond the classes", [1, 4], 3, 2],
    ["a negative label", [-1, 1], 3, 2],
    ["more steps than there are", [1, 2], 4, 2],
    ["more labels than there are", [1, 2], 3, 3],
    ["a negative length", [1, 2], 3, -1],
  ] as const)("%s raises at the next read", async (_, labels, steps, count) => {
    const loss = F.ctcLoss(uniform, integers([...labels], [1, 2]), lengths(steps), lengths(count));
    await expect(loss.data()).rejects.toThrow(F.ArgumentError);
  });

  test.each([
    [
      "a blank that is no class",
      () => F.ctcLoss(uniform, integers([1], [1, 1]), lengths(3), lengths(1), { blank: 4 }),
      F.ArgumentError,
    ],
    [
      "labels of another number of examples",
      () => F.ctcLoss(uniform, integers([1, 1], [2, 1]), lengths(3), lengths(1)),
      F.ShapeError,
    ],
    [
      "lengths of another number",
      () => F.ctcLoss(uniform, integers([1], [1, 1]), lengths(3, 3), lengths(1)),
      F.ShapeError,
    ],
    ["labels of floats", () => F.ctcLoss(uniform, F.zeros([1, 1]), lengths(3), lengths(1)), F.DtypeError],
  ] as const)("%s is refused", (_, call, error) => {
    expect(call).toThrow(error);
  });

  test("no examples have no losses, and a second derivative is refused", async () => {
    const none = F.ctcLoss(F.zeros([3, 0, 4]), F.zeros([0, 2], "int32"), F.zeros([0], "int32"), F.zeros([0], "int32"));
    expect(none.shape).toEqual([0]);
    const x = F.variable(F.mul(uniform, 1));
    const [first] = F.gradients(F.sum(F.ctcLoss(x, integers([1], [1, 1]), lengths(3), lengths(1))), [x], {
      createGraph: true,
    });
    expect(() => F.gradients(F.sum(first as F.Tensor), [x])).toThrow(F.UnsupportedError);
  });
});

const losses = F.fromData([1, 2, 3, 6], [2, 2]);
const weight = F.fromData([1, 3], [2]);

test.each([
  ["sum", {}, [12]],
  ["mean", {}, [3]],
  ["batchmean", {}, [6]],
  ["none", { weight }, [1, 6, 3, 18]],
  ["sum", { weight }, [28]],
  ["mean", { weight }, [7]],
  ["weighted_mean", { weight }, [3.5]],
  ["weighted_mean", {}, [3]],
  ["weighted_mean", { weight: F.zeros([2]), zeroOverZero: true }, [0]],
  ["weighted_mean", { weight: F.zeros([2]) }, [Number.NaN]],
] as const)("%s of losses, %o", async (reduction, options, expected) => {
  expect([...(await F.reduceLoss(losses, reduction, options).data())]).toEqual(expected);
});

test("an example whose label nobody shares has no circle loss, and no gradient of its own", async () => {
  const x = F.variable(F.fromData([1, 0, 0.6, 0.8, 0.8, 0.6], [3, 2]));
  const loss = F.circleLoss(F.fromData([0, 0, 1], [3], "int32"), x);
  const [gradient] = F.gradients(F.sum(loss), [x]);
  expect((await loss.data())[2]).toBe(0);
  expect([...(await (gradient as F.Tensor).data())].every((each) => Number.isFinite(each))).toBe(true);
});

test("near 0 the logarithm of cosh keeps its digits", async () => {
  const error = F.fromData([1e-3, -1e-3, 1e-6, 40, -40, 0], [6]);
  const expected = [1e-6 / 2 - 1e-12 / 12, 1e-6 / 2 - 1e-12 / 12, 5e-13, 40 - Math.LN2, 40 - Math.LN2, 0];
  expectClose((await F.logCoshLoss(error, F.zeros([6])).data()) as Float32Array, Float32Array.from(expected), {
    rtol: 1e-6,
    atol: 0,
  });
});

describe("what is refused, before anything runs", () => {
  const x = F.zeros([2, 3]);
  test.each([
    ["an unknown reduction", () => F.reduceLoss(x, "max" as never), F.ArgumentError, "reduction"],
    ["batchmean of one number", () => F.reduceLoss(F.zeros([]), "batchmean"), F.ShapeError, "losses"],
    ["a weight of another shape", () => F.reduceLoss(x, "sum", { weight: F.zeros([4, 2, 3]) }), F.ShapeError, "weight"],
    ["a delta of 0", () => F.huberLoss(x, x, 0), F.ArgumentError, "delta"],
    ["a beta below 0", () => F.smoothL1Loss(x, x, -1), F.ArgumentError, "beta"],
    ["a power of 3", () => F.multiMarginLoss(x, F.zeros([2], "int32"), { p: 3 }), F.ArgumentError, "p"],
    ["labels of another number", () => F.multiMarginLoss(x, F.zeros([3], "int32")), F.ShapeError, "labels"],
    ["labels of another number for nll", () => F.nllLoss(x, F.zeros([3], "int32")), F.ShapeError, "labels"],
    ["a norm of order 0", () => F.pairwiseDistance(x, x, { p: 0 }), F.ArgumentError, "p"],
    ["a margin of 0", () => F.tripletMarginLoss(x, x, x, { margin: 0 }), F.ArgumentError, "margin"],
    ["a negative gamma", () => F.sigmoidFocalLoss(x, x, { gamma: -1 }), F.ArgumentError, "gamma"],
    ["sets of two shapes", () => F.diceLoss(x, F.zeros([2, 1])), F.ShapeError, "target"],
    ["targets of integers", () => F.huberLoss(x, F.zeros([2, 3], "int32")), F.DtypeError, "b"],
  ] as const)("%s", (_, call, error, argument) => {
    let thrown: unknown;
    try {
      call();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(error);
    expect(thrown).toMatchObject({ argument });
  });

  test("labels that are no class raise at the next read", async () => {
    await expect(F.multiMarginLoss(x, F.fromData([0, 3], [2], "int32")).data()).rejects.toThrow(F.ArgumentError);
    await expect(F.multiMarginLoss(x, F.fromData([0, -1], [2], "int32")).data()).rejects.toThrow(F.ArgumentError);
    await expect(F.nllLoss(x, F.fromData([0, 7], [2], "int32")).losses.data()).rejects.toThrow(F.ArgumentError);
  });
});
