import { type Layer, layersOf } from "../models.js";
import { networks } from "../networks.js";
import { ADAM_COMPARED, floats, inputSpec, integers, type Workload, weightSpecs } from "../workloads.js";
import type { Lacking, Peer, Prepared } from "./peer.js";
import { tfjsNetworkOps } from "./tfjs_network.js";

type Tf = typeof import("@tensorflow/tfjs");
type Tensor = import("@tensorflow/tfjs").Tensor;
type Tensor4D = import("@tensorflow/tfjs").Tensor4D;
type Tensor2D = import("@tensorflow/tfjs").Tensor2D;
type Variable = import("@tensorflow/tfjs").Variable;

/** What waiting needs of the backend; its types are of another version of @webgpu/types. */
interface Backend {
  /** Null when nothing was encoded since the last submission. */
  commandEncoder: unknown;
  endComputePassEncoder(): void;
  submitQueue(): void;
  device: GPUDevice;
}

/** TensorFlow.js on its WebGPU backend, with the fused ops that its layers use. `navigator.gpu` must be Dawn's. */
export class TfjsWebgpu implements Peer {
  readonly name = "tfjs-backend-webgpu";
  readonly #tf: Tf;

  private constructor(tf: Tf) {
    this.#tf = tf;
  }

  static async open(): Promise<TfjsWebgpu> {
    const tf = await import("@tensorflow/tfjs");
    await import("@tensorflow/tfjs-backend-webgpu");
    if (!(await tf.setBackend("webgpu"))) throw new Error("tf.setBackend('webgpu') returned false");
    await tf.ready();
    return new TfjsWebgpu(tf);
  }

  prepare(workload: Workload): Prepared | Lacking {
    const tf = this.#tf;
    const backend = tf.backend() as unknown as Backend;
    const made: Tensor[] = [];
    const tensor = <T extends Tensor>(name: string): T => {
      const { shape, classes } = inputSpec(workload, name);
      const x = tf.tensor(
        classes === undefined ? floats(workload, name) : integers(workload, name),
        shape,
        classes === undefined ? "float32" : "int32",
      );
      made.push(x);
      return x as T;
    };
    const prepared = (call: () => Tensor, readable = (answer: Tensor): Tensor => answer): Prepared => {
      let last: Tensor | undefined;
      return {
        run: () => {
          last?.dispose();
          last = tf.tidy(call);
        },
        finish: () => {
          backend.endComputePassEncoder();
          if (backend.commandEncoder) backend.submitQueue();
          return backend.device.queue.onSubmittedWorkDone();
        },
        read: async () => readable(last as Tensor).data(),
        free: () => {
          last?.dispose();
          for (const x of made) x.dispose();
        },
      };
    };
    const kernel = (name: string, inputs: Record<string, Tensor>, attributes: Record<string, unknown>): Tensor =>
      tf.engine().runKernel(name, inputs as never, attributes as never) as Tensor;

    switch (workload.kind) {
      case "matmul": {
        const { transposeA, transposeB } = workload;
        if (workload.data === "host") return this.#hostMatmul(workload);
        const [a, b] = [tensor("a"), tensor("b")];
        return prepared(() => tf.matMul(a, b, transposeA, transposeB));
      }
      case "conv2d": {
        const { pass, n, h, w, c, kernel: extent, o, pad } = workload;
        if (pass === "forward") {
          const [x, filter] = [tensor<Tensor4D>("x"), tensor<Tensor4D>("w")];
          return prepared(() => tf.conv2d(x, filter, 1, pad));
        }
        if (pass === "backward_input") {
          const [dy, filter] = [tensor<Tensor4D>("dy"), tensor<Tensor4D>("w")];
          return prepared(() => tf.conv2dTranspose(dy, filter, [n, h, w, c], 1, pad));
        }
        const [x, dy] = [tensor("x"), tensor("dy")];
        const attributes = { strides: 1, pad, dataFormat: "NHWC", filterShape: [extent, extent, c, o] };
        return prepared(() => kernel("Conv2DBackpropFilter", { x, dy }, attributes));
      }
      case "max_pool2d": {
        const x = tensor<Tensor4D>("x");
        if (workload.pass === "forward") return prepared(() => tf.maxPool(x, 2, 2, "valid"));
        const dy = tensor("dy");
        const output = tf.maxPool(x, 2, 2, "valid");
        made.push(output);
        return prepared(() =>
          kernel("MaxPoolGrad", { dy, input: x, output }, { filterSize: 2, strides: 2, pad: "valid" }),
        );
      }
      case "softmax_cross_entropy": {
        const logits = tensor<Tensor2D>("logits");
        const targets = this.#oneHot(tensor("labels"), workload.classes, made);
        const gradient = tf.grad((x) => tf.losses.softmaxCrossEntropy(targets, x));
        return prepared(() => gradient(logits));
      }
      case "adam": {
        const { lr, beta1, beta2, eps, count } = workload;
        const optimizer = tf.train.adam(lr, beta1, beta2, eps);
        const p = tf.variable(tensor("p"), true);
        const g = tensor("g");
        const call = prepared(
          () => {
            optimizer.applyGradients([{ name: p.name, tensor: g }]);
            return p.clone();
          },
          (answer) => tf.slice(answer, 0, Math.min(count, ADAM_COMPARED)),
        );
        return withCleanup(call, () => {
          optimizer.dispose();
          p.dispose();
        });
      }
      case "relu": {
        const a = tensor("a");
        return prepared(() => tf.relu(a));
      }
      case "add": {
        const [a, b] = [tensor("a"), tensor("b")];
        return prepared(() => tf.add(a, b));
      }
      case "train_step": {
        const layers = layersOf(workload.model);
        return this.#trainStep(workload, tensor, made, prepared, "images", (variables, images) =>
          this.#forward(layers, variables, images as Tensor4D, workload.batch),
        );
      }
      case "network_step": {
        const network = networks[workload.network];
        const steps = network.example[0] as number;
        const places = Float32Array.from({ length: steps * steps }, (_, i) =>
          Number(i % steps > Math.floor(i / steps)),
        );
        const future = tf.tensor2d(places, [steps, steps]);
        made.push(future);
        const ops = tfjsNetworkOps(tf, () => future);
        return this.#trainStep(workload, tensor, made, prepared, "input", (variables, input) =>
          network.forward<Tensor>(ops, variables as unknown as Tensor[], input),
        );
      }
    }
  }

  #trainStep(
    workload: Workload & { kind: "train_step" | "network_step" },
    tensor: (name: string) => Tensor,
    made: Tensor[],
    prepared: (call: () => Tensor) => Prepared,
    inputName: string,
    logitsOf: (variables: readonly Variable[], input: Tensor) => Tensor,
  ): Prepared {
    const tf = this.#tf;
    const { lr, beta1, beta2, eps } = workload;
    const classes = inputSpec(workload, "labels").classes as number;
    const variables = weightSpecs(workload).map(({ name }) => tf.variable(tensor(name), true));
    const input = tensor(inputName);
    const targets = this.#oneHot(tensor("labels").flatten(), classes, made);
    const optimizer = tf.train.adam(lr, beta1, beta2, eps);
    const loss = () =>
      tf.losses.softmaxCrossEntropy(targets, logitsOf(variables, input).reshape([-1, classes])).asScalar();
    const call = prepared(() => optimizer.minimize(loss, true, variables) as Tensor);
    return withCleanup(call, () => {
      optimizer.dispose();
      for (const variable of variables) variable.dispose();
    });
  }

  #forward(layers: readonly Layer[], variables: readonly Variable[], images: Tensor4D, batch: number): Tensor {
    const tf = this.#tf;
    let x: Tensor = images;
    let next = 0;
    for (const layer of layers) {
      if (layer.kind === "pool") {
        x = tf.maxPool(x as Tensor4D, 2, 2, "valid");
        continue;
      }
      const [weight, bias] = [variables[next++] as Variable, variables[next++] as Variable];
      const activation = layer.relu ? "relu" : "linear";
      if (layer.kind === "conv")
        x = tf.fused.conv2d({
          x: x as Tensor4D,
          filter: weight as unknown as Tensor4D,
          strides: 1,
          pad: layer.pad,
          bias,
          activation,
        });
      else x = tf.fused.matMul({ a: x.reshape([batch, layer.inputs]), b: weight, bias, activation });
    }
    return x;
  }

  #oneHot(labels: Tensor, classes: number, made: Tensor[]): Tensor2D {
    const tf = this.#tf;
    const targets = tf.tidy(() => tf.oneHot(labels, classes).toFloat());
    made.push(targets);
    return targets as Tensor2D;
  }

  #hostMatmul(workload: Workload & { kind: "matmul" }): Prepared {
    const tf = this.#tf;
    const [a, b] = [floats(workload, "a"), floats(workload, "b")];
    const [aShape, bShape] = [inputSpec(workload, "a").shape, inputSpec(workload, "b").shape];
    let answer: ArrayLike<number> = [];
    return {
      run: async () => {
        // An array that tfjs has uploaded before may be taken from its cache: each call gets arrays of its own.
        const y = tf.tidy(() =>
          tf.matMul(tf.tensor(a, aShape), tf.tensor(b, bShape), workload.transposeA, workload.transposeB),
        );
        answer = await y.data();
        y.dispose();
      },
      finish: async () => undefined,
      read: async () => answer,
      free: () => undefined,
    };
  }

  close(): void {
    this.#tf.removeBackend("webgpu");
  }
}

function withCleanup(prepared: Prepared, cleanup: () => void): Prepared {
  return {
    ...prepared,
    free: () => {
      cleanup();
      prepared.free();
    },
  };
}
