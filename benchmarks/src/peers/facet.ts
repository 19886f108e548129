import {
  adam,
  add,
  capture,
  cast,
  conv2d,
  device,
  FlatOptimizer,
  fromData,
  gradients,
  keep,
  LossScaler,
  matmul,
  maxPool2d,
  mul,
  relu,
  reshape,
  scope,
  slice,
  softmaxCrossEntropy,
  type Tensor,
  unscoped,
  variable,
} from "@facet/autograd";
import { type Layer, layersOf } from "../models.js";
import { networks } from "../networks.js";
import { ADAM_COMPARED, floats, inputSpec, inputValues, type Workload, weightSpecs } from "../workloads.js";
import { facetNetworkOps } from "./facet_network.js";
import type { Lacking, Peer, Prepared } from "./peer.js";

const image = { layout: "NHWC", filterLayout: "HWIO", stride: [1, 1], dilation: [1, 1], groups: 1 } as const;
const window2x2 = {
  layout: "NHWC",
  window: [2, 2],
  stride: [2, 2],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
} as const;
const meanLoss = { labels: "index", reduction: "mean", labelSmoothing: 0 } as const;
const padded = (pad: number) => ({ ...image, padding: [pad, pad, pad, pad] as [number, number, number, number] });

/** Facet's own ops, as a program on autograd calls them. */
export class Facet implements Peer {
  readonly name: string;
  readonly #captured: boolean;
  readonly #half: boolean;

  /**
   * With `captured`, train steps are replayed as plans, and there is nothing else; with `half` too, they are of float16, with masters of the
   * weights and the loss in float32 and a loss scale.
   */
  constructor({ captured = false, half = false } = {}) {
    this.name = half ? "Facet float16" : captured ? "Facet captured" : "Facet";
    this.#captured = captured || half;
    this.#half = half;
  }

  prepare(workload: Workload): Prepared | Lacking {
    if (this.#captured && workload.kind !== "train_step" && workload.kind !== "network_step")
      return { lacking: "only train steps are captured" };
    const made: Tensor[] = [];
    const tensor = (name: string): Tensor => {
      const spec = inputSpec(workload, name);
      const values = inputValues(spec);
      const x = unscoped(() => fromData(values, spec.shape, spec.classes === undefined ? "float32" : "int32"));
      made.push(x);
      return x;
    };
    const prepared = (call: () => Tensor, readable = (answer: Tensor): Tensor => answer): Prepared => {
      let last: Tensor | undefined;
      return {
        run: () => {
          last?.dispose();
          last = keep(scope(call));
        },
        finish: () => device().finish(),
        read: async () => (await readable(last as Tensor).data()) as Float32Array,
        free: () => {
          last?.dispose();
          for (const tensor of made) tensor.dispose();
          device().trim();
        },
      };
    };
    switch (workload.kind) {
      case "matmul": {
        if (workload.data === "host") return hostMatmul(workload);
        const { transposeA, transposeB } = workload;
        const [a, b] = [tensor("a"), tensor("b")];
        return prepared(() => matmul(a, b, { transposeA, transposeB }));
      }
      case "conv2d": {
        const { pass, n, h, w, c, kernel, o, pad } = workload;
        const attrs = padded(pad);
        const place = (name: string, shape: number[]): Tensor => {
          if (workload.inputs.some((input) => input.name === name)) return tensor(name);
          const x = unscoped(() => fromData(new Float32Array(shape.reduce((a, b) => a * b)), shape));
          made.push(x);
          return x;
        };
        const [x, filter] = [place("x", [n, h, w, c]), place("w", [kernel, kernel, c, o])];
        if (pass === "forward") return prepared(() => conv2d(x, filter, undefined, attrs));
        return backward(pass === "backward_input" ? x : filter, tensor("dy"), made, prepared, () =>
          conv2d(x, filter, undefined, attrs),
        );
      }
      case "max_pool2d": {
        const x = tensor("x");
        if (workload.pass === "forward") return prepared(() => maxPool2d(x, window2x2));
        return backward(x, tensor("dy"), made, prepared, () => maxPool2d(x, window2x2));
      }
      case "softmax_cross_entropy": {
        const [logits, labels] = [variable(tensor("logits")), tensor("labels")];
        return prepared(() => gradients(softmaxCrossEntropy(logits, labels, meanLoss).loss, [logits])[0] as Tensor);
      }
      case "adam": {
        const { lr, beta1, beta2, eps, count } = workload;
        const [p, g] = [tensor("p"), tensor("g")];
        const optimizer = new FlatOptimizer(adam, [p], { lr, beta1, beta2, eps });
        const call = prepared(
          () => {
            optimizer.step([g]);
            return p.alias();
          },
          (answer) => slice(answer, [0], [Math.min(count, ADAM_COMPARED)]),
        );
        return {
          ...call,
          free: () => {
            optimizer.dispose();
            call.free();
          },
        };
      }
      case "relu": {
        const a = tensor("a");
        return prepared(() => relu(a));
      }
      case "add": {
        const [a, b] = [tensor("a"), tensor("b")];
        return prepared(() => add(a, b));
      }
      case "train_step": {
        const [layers, { batch }] = [layersOf(workload.model), workload];
        return this.#trainStep(workload, tensor, prepared, "images", (weights, images) =>
          forward(layers, weights, images, batch),
        );
      }
      case "network_step": {
        const network = networks[workload.network];
        const ops = facetNetworkOps();
        return this.#trainStep(workload, tensor, prepared, "input", (weights, input) =>
          network.forward(ops, weights, input),
        );
      }
    }
  }

  #trainStep(
    workload: Workload & { kind: "train_step" | "network_step" },
    tensor: (name: string) => Tensor,
    prepared: (call: () => Tensor) => Prepared,
    inputName: string,
    logitsOf: (weights: readonly Tensor[], input: Tensor) => Tensor,
  ): Prepared {
    const { lr, beta1, beta2, eps } = workload;
    /** What floats are computed in: indices stay what they are. */
    const given = (x: Tensor): Tensor => (this.#half && x.dtype === "float32" ? cast(x, "float16") : x);
    const weights = weightSpecs(workload).map(({ name }) => variable(unscoped(() => given(tensor(name)))));
    const [input, labels] = [tensor(inputName), tensor("labels")];
    const optimizer = new FlatOptimizer(adam, weights, { lr, beta1, beta2, eps });
    const scaler = this.#half ? new LossScaler() : undefined;
    const step = (input: Tensor, labels: Tensor): Tensor => {
      const logits = cast(logitsOf(weights, given(input)), "float32");
      const rows = reshape(logits, [labels.size, logits.shape.at(-1) as number]);
      const { loss } = softmaxCrossEntropy(rows, reshape(labels, [labels.size]), meanLoss);
      if (scaler) {
        const found = gradients(mul(loss, reshape(scaler.scale, [])), weights);
        optimizer.step(found, undefined, () => ({ scaler }));
      } else optimizer.step(gradients(loss, weights));
      return loss;
    };
    const plans = this.#captured ? capture(step) : undefined;
    const call = plans ?? step;
    const made = prepared(() => call(input, labels));
    return {
      ...made,
      free: () => {
        plans?.dispose();
        optimizer.dispose();
        made.free();
      },
    };
  }

  close(): void {}
}

/** One pass back from y = forward() to `wrt`; the forward pass is done once, and not timed. */
function backward(
  wrt: Tensor,
  dy: Tensor,
  made: Tensor[],
  prepared: (call: () => Tensor) => Prepared,
  forward: () => Tensor,
): Prepared {
  variable(wrt);
  const y = unscoped(forward);
  made.push(y);
  return prepared(() => gradients(y, [wrt], { cotangents: dy, retainGraph: true })[0] as Tensor);
}

function forward(layers: readonly Layer[], weights: readonly Tensor[], images: Tensor, batch: number): Tensor {
  let x = images;
  let next = 0;
  for (const layer of layers) {
    if (layer.kind === "pool") {
      x = maxPool2d(x, window2x2);
      continue;
    }
    const [weight, bias] = [weights[next++] as Tensor, weights[next++] as Tensor];
    if (layer.kind === "conv") x = conv2d(x, weight, bias, padded(layer.pad));
    else x = matmul(layer.image ? reshape(x, [batch, layer.inputs]) : x, weight, { bias });
    if (layer.relu) x = relu(x);
  }
  return x;
}

/** From host arrays to a host array: each call uploads both matrices and reads the product. */
function hostMatmul(workload: Workload & { kind: "matmul" }): Prepared {
  const { transposeA, transposeB } = workload;
  const [a, b] = [floats(workload, "a"), floats(workload, "b")];
  const [aShape, bShape] = [inputSpec(workload, "a").shape, inputSpec(workload, "b").shape];
  let answer: ArrayLike<number> = [];
  return {
    run: async () => {
      const y = keep(scope(() => matmul(fromData(a, aShape), fromData(b, bShape), { transposeA, transposeB })));
      answer = (await y.data()) as Float32Array;
      y.dispose();
    },
    finish: async () => undefined,
    read: async () => answer,
    free: () => device().trim(),
  };
}
