// The one list of what Facet, its peers and torch_cuda.py run. Plain data: it stands in the report's JSON as it is.
import { formulaWeights } from "@facet/testing";
import { classesOf, convFlops, convOut, inputOf, layersOf, type ModelName, stepFlops, weightShapes } from "./models.js";
import { type NetworkName, networks } from "./networks.js";

/** A tensor by formula, the same bits in TypeScript and in Python: uniform in [-scale, scale) around a centre, or labels in [0, classes). */
export interface InputSpec {
  name: string;
  shape: number[];
  scale: number;
  stream: number;
  classes?: number;
  /** Added to every value. */
  centre?: number;
}

/** What is computed. Images are NHWC, filters HWIO; a library with another layout gets its own, and is asked for these. */
export type Computation =
  /** op(a) op(b), with op the identity or the transpose: [m, k] by [k, n]. */
  | { kind: "matmul"; m: number; k: number; n: number; transposeA: boolean; transposeB: boolean }
  /** One pass of a convolution of stride 1: y of x and w, dx of dy and w, or dw of x and dy. */
  | ({ kind: "conv2d"; pass: "forward" | "backward_input" | "backward_filter" } & ConvExtents)
  /** 2x2 windows, stride 2, no padding. Backward: dx of x and dy; what the forward pass left may be used. */
  | { kind: "max_pool2d"; pass: "forward" | "backward"; n: number; h: number; w: number; c: number }
  /** Mean cross entropy of softmax(logits) with labels, and its gradient by the logits, which is the answer. */
  | { kind: "softmax_cross_entropy"; n: number; classes: number }
  /** One Adam step for all parameters; the answer is the first 65 536 of them. */
  | { kind: "adam"; count: number; lr: number; beta1: number; beta2: number; eps: number }
  | { kind: "relu"; count: number }
  | { kind: "add"; count: number }
  /** A whole train step of a CNN on one batch: mean cross entropy, gradients, Adam. The answer is the loss. */
  | { kind: "train_step"; model: ModelName; batch: number; lr: number; beta1: number; beta2: number; eps: number }
  /** The same of a network beyond the CNNs. */
  | {
      kind: "network_step";
      network: NetworkName;
      batch: number;
      lr: number;
      beta1: number;
      beta2: number;
      eps: number;
    };

export interface ConvExtents {
  n: number;
  h: number;
  w: number;
  c: number;
  kernel: number;
  o: number;
  pad: number;
}

export type Workload = Computation & {
  name: string;
  /** Rows of one group stand together, and have a target together. */
  group: string;
  /** `device`: inputs and results stay there, calls are queued and waited for together. `host`: from array to array. */
  data: "device" | "host";
  inputs: InputSpec[];
  flops: number;
  /** Bytes that must be read and written at least. */
  bytes: number;
  /** Allowed difference between two answers. */
  tolerance: { rtol: number; atol: number };
  /** Calls before the answer is compared: an optimiser shows its mistakes after some. */
  calls: number;
  /** Only in the long list. */
  full: boolean;
};

const FLOAT = 4;
const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
/** Two sums of `terms` products of numbers in [-1, 1), added in f32 in different orders. */
const sumTolerance = (terms: number) => ({ rtol: 1e-5, atol: terms * 2 ** -22 });

/** Elements of an input: the same for everybody. */
export function inputValues({ shape, scale, stream, classes, centre = 0 }: InputSpec): Float32Array | Int32Array {
  const values = formulaWeights(size(shape), scale, stream);
  if (classes === undefined) return centre === 0 ? values : values.map((value) => value + centre);
  return Int32Array.from(values, (value) => Math.min(classes - 1, Math.floor(((value + 1) * classes) / 2)));
}

export const floats = (workload: Workload, name: string): Float32Array => valuesOf(workload, name) as Float32Array;
export const integers = (workload: Workload, name: string): Int32Array => valuesOf(workload, name) as Int32Array;

function valuesOf(workload: Workload, name: string): Float32Array | Int32Array {
  return inputValues(inputSpec(workload, name));
}

export function inputSpec(workload: Workload, name: string): InputSpec {
  const spec = workload.inputs.find((input) => input.name === name);
  if (!spec) throw new RangeError(`${workload.name}: no input ${name}`);
  return spec;
}

/** The weights of a train step in order: filter or matrix, bias. */
export const weightSpecs = (workload: Workload): InputSpec[] =>
  workload.inputs.filter(({ name }) => name.startsWith("weight"));

interface Extra {
  full?: boolean;
  data?: "device" | "host";
}

const uniform = (name: string, shape: number[], stream: number, scale = 1): InputSpec => ({
  name,
  shape,
  scale,
  stream,
});

export function matmulWorkload(
  m: number,
  k: number,
  n: number,
  transpose: "" | "a" | "b" = "",
  extra: Extra = {},
): Workload {
  const [transposeA, transposeB] = [transpose === "a", transpose === "b"];
  const { full = false, data = "device" } = extra;
  const a = transposeA ? [k, m] : [m, k];
  const b = transposeB ? [n, k] : [k, n];
  return {
    kind: "matmul",
    name: `matmul [${a}]${transposeA ? "T" : ""} x [${b}]${transposeB ? "T" : ""}${data === "host" ? ", host to host" : ""}`,
    group: "matmul",
    data,
    ...{ m, k, n, transposeA, transposeB, full },
    inputs: [uniform("a", a, 1), uniform("b", b, 2)],
    flops: 2 * m * n * k,
    bytes: FLOAT * (m * k + k * n + m * n),
    tolerance: sumTolerance(k),
    calls: 1,
  };
}

const passNames = { forward: "forward", backward_input: "input gradient", backward_filter: "filter gradient" };

export function convWorkload(
  pass: keyof typeof passNames,
  extents: ConvExtents,
  { full = false, data = "device" }: Extra = {},
): Workload {
  const { n, h, w, c, kernel, o, pad } = extents;
  const [outH, outW] = [convOut(h, kernel, pad), convOut(w, kernel, pad)];
  const x = uniform("x", [n, h, w, c], 1);
  const filter = uniform("w", [kernel, kernel, c, o], 2);
  const dy = uniform("dy", [n, outH, outW, o], 3);
  return {
    kind: "conv2d",
    pass,
    name: `conv2d ${passNames[pass]} ${n}x${h}x${w}x${c} to ${o}, ${kernel}x${kernel} pad ${pad}`,
    group: "conv2d",
    data,
    ...{ ...extents, full },
    inputs: pass === "forward" ? [x, filter] : pass === "backward_input" ? [dy, filter] : [x, dy],
    flops: convFlops(n, outH, outW, extents),
    bytes: FLOAT * (size(x.shape) + size(filter.shape) + size(dy.shape)),
    tolerance: sumTolerance(
      pass === "forward" ? kernel * kernel * c : pass === "backward_input" ? kernel * kernel * o : n * outH * outW,
    ),
    calls: 1,
  };
}

export function poolWorkload(
  pass: "forward" | "backward",
  n: number,
  h: number,
  w: number,
  c: number,
  { full = false, data = "device" }: Extra = {},
): Workload {
  const x = uniform("x", [n, h, w, c], 1);
  const dy = uniform("dy", [n, Math.floor(h / 2), Math.floor(w / 2), c], 3);
  const [whole, pooled] = [size(x.shape), size(dy.shape)];
  return {
    kind: "max_pool2d",
    pass,
    name: `max_pool2d ${pass} ${n}x${h}x${w}x${c}, 2x2`,
    group: "max_pool2d",
    data,
    ...{ n, h, w, c, full },
    inputs: pass === "forward" ? [x] : [x, dy],
    flops: pass === "forward" ? 3 * pooled : 4 * pooled,
    bytes: FLOAT * (pass === "forward" ? whole + pooled : 2 * whole + pooled),
    tolerance: { rtol: 0, atol: 0 },
    calls: 1,
  };
}

export function crossEntropyWorkload(
  n: number,
  classes: number,
  { full = false, data = "device" }: Extra = {},
): Workload {
  return {
    kind: "softmax_cross_entropy",
    name: `softmax_cross_entropy [${n},${classes}], loss and gradient`,
    group: "softmax_cross_entropy",
    data,
    ...{ n, classes, full },
    inputs: [uniform("logits", [n, classes], 1, 4), { name: "labels", shape: [n], scale: 1, stream: 2, classes }],
    flops: 10 * n * classes,
    bytes: FLOAT * (2 * n * classes + n),
    // exp of f32 is good to some units in the last place, and is summed over the classes.
    tolerance: { rtol: 1e-4, atol: (1e-5 / n) * Math.max(1, classes / 1000) },
    calls: 1,
  };
}

/** torch's and optax's Adam. */
const adam = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-7 };
/** Adam's answer is compared on so many parameters: reading 100 MB from each peer would take longer than the step. */
export const ADAM_COMPARED = 65_536;

export function adamWorkload(count: number, { full = false, data = "device" }: Extra = {}): Workload {
  return {
    kind: "adam",
    name: `adam, ${count} parameters`,
    group: "adam",
    data,
    ...{ ...adam, count, full },
    inputs: [uniform("p", [count], 1), uniform("g", [count], 2)],
    flops: 12 * count,
    bytes: FLOAT * 7 * count,
    tolerance: { rtol: 1e-6, atol: 1e-6 },
    calls: 3,
  };
}

export function elementwiseWorkload(
  kind: "relu" | "add",
  count: number,
  { full = false, data = "device" }: Extra = {},
): Workload {
  return {
    kind,
    name: `${kind} [${count}]`,
    group: "elementwise",
    data,
    ...{ count, full },
    inputs: kind === "relu" ? [uniform("a", [count], 1)] : [uniform("a", [count], 1), uniform("b", [count], 2)],
    flops: count,
    bytes: FLOAT * (kind === "relu" ? 2 : 3) * count,
    tolerance: { rtol: 0, atol: 0 },
    calls: 1,
  };
}

export function stepWorkload(model: ModelName, batch: number, { full = false, data = "device" }: Extra = {}): Workload {
  const [h, w, c] = inputOf(model);
  const shapes = weightShapes(model);
  const parameters = shapes.reduce((sum, shape) => sum + size(shape), 0);
  return {
    kind: "train_step",
    name: `train step ${model}, batch ${batch}`,
    group: "train_step",
    data,
    ...{ ...adam, model, batch, full },
    inputs: [
      uniform("images", [batch, h, w, c], 1),
      { name: "labels", shape: [batch], scale: 1, stream: 2, classes: classesOf(model) },
      // U(+-1 / sqrt(fan in)) for weights and their biases, torch's default.
      ...shapes.map((shape, i) => {
        const weight = shapes[i - (i % 2)] as number[];
        return uniform(`weight${i}`, shape, 3 + i, 1 / Math.sqrt(size(weight.slice(0, -1))));
      }),
    ],
    flops: stepFlops(model, batch),
    bytes: FLOAT * (7 * parameters + batch * h * w * c),
    // Adam's first steps follow the sign of each gradient, so that rounding may turn some of the smallest.
    tolerance: { rtol: 1e-3, atol: 1e-4 },
    calls: 3,
  };
}

export function networkWorkload(name: NetworkName, batch: number, { full = false }: Extra = {}): Workload {
  const { example, tokens, classes, labelled, weights, flops } = networks[name];
  const shape = [batch, ...example];
  const parameters = weights.reduce((sum, weight) => sum + size(weight.shape), 0);
  return {
    kind: "network_step",
    name: `train step ${name}, batch ${batch}`,
    group: "network_step",
    data: "device",
    ...{ ...adam, network: name, batch, full },
    inputs: [
      { name: "input", shape, scale: 1, stream: 1, ...(tokens === undefined ? {} : { classes: tokens }) },
      { name: "labels", shape: labelled === "steps" ? shape : [batch], scale: 1, stream: 2, classes },
      ...weights.map(({ shape, scale, centre }, i) => ({
        ...uniform(`weight${i}`, [...shape], 3 + i, scale),
        ...(centre === undefined ? {} : { centre }),
      })),
    ],
    flops: flops(batch),
    bytes: FLOAT * (7 * parameters + size(shape)),
    tolerance: { rtol: 1e-3, atol: 1e-3 },
    calls: 3,
  };
}

/** Convolutions of the three CNNs, each with its passes; nobody asks for the gradient of the images. */
function convWorkloads(model: ModelName, n: number): Workload[] {
  return layersOf(model).flatMap((layer, i) => {
    if (layer.kind !== "conv") return [];
    const { h, w, c, kernel, o, pad } = layer;
    const passes = (["forward", "backward_input", "backward_filter"] as const).filter(
      (pass) => i > 0 || pass !== "backward_input",
    );
    return passes.map((pass) => convWorkload(pass, { n, h, w, c, kernel, o, pad }));
  });
}

/** A dense layer forward, and its gradients by input and weights. */
const denseWorkloads = (n: number, inputs: number, outputs: number, extra: Extra = {}): Workload[] => [
  matmulWorkload(n, inputs, outputs, "", extra),
  matmulWorkload(n, outputs, inputs, "b", extra),
  matmulWorkload(inputs, n, outputs, "a", extra),
];

const long: Extra = { full: true };

export const workloads: readonly Workload[] = [
  // What the rest is for comes first, whatever time there is.
  stepWorkload("mnist_cnn", 128),
  stepWorkload("cifar10_cnn", 32),
  matmulWorkload(128, 128, 128),
  matmulWorkload(256, 256, 256),
  matmulWorkload(512, 512, 512),
  matmulWorkload(512, 512, 512, "", { data: "host" }),
  matmulWorkload(1024, 1024, 1024, "", long),
  matmulWorkload(2048, 2048, 2048, "", long),
  ...denseWorkloads(128, 1600, 10),
  matmulWorkload(128, 2048, 64),
  matmulWorkload(128, 1024, 10),
  ...denseWorkloads(128, 3136, 1024, long),
  ...convWorkloads("mnist_cnn", 32),
  ...convWorkloads("cifar10_cnn", 32),
  ...convWorkloads("mnist_5x5", 32),
  poolWorkload("forward", 32, 26, 26, 32),
  poolWorkload("backward", 32, 26, 26, 32),
  crossEntropyWorkload(128, 10),
  crossEntropyWorkload(8192, 128),
  adamWorkload(34_826),
  adamWorkload(3_300_000),
  adamWorkload(25_000_000, long),
  elementwiseWorkload("relu", 1 << 20),
  elementwiseWorkload("add", 1 << 20),
  // Networks come last: a peer may take half a minute to compile one, and what does not fit is left out.
  networkWorkload("resnet", 32),
  networkWorkload("transformer", 16),
  networkWorkload("lstm", 32),
  ...(["mnist_cnn", "cifar10_cnn", "mnist_5x5"] as const).flatMap((model) =>
    [1, 32, 128, 512]
      .filter((batch) => !(model === "mnist_cnn" && batch === 128) && !(model === "cifar10_cnn" && batch === 32))
      .map((batch) => stepWorkload(model, batch, long)),
  ),
];

/** Workloads whose name holds the filter's text, of the long list or of the default one. */
export function chooseWorkloads(filter: string | undefined, full: boolean): Workload[] {
  return workloads.filter(({ name, full: long }) => (full || !long) && (!filter || name.includes(filter)));
}
