import type { InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import { convOut } from "../models.js";
import { elementwiseWorkload, floats, inputSpec, type Workload } from "../workloads.js";
import { type OnnxNode, onnxModel } from "./onnx_model.js";
import { type Lacking, type Peer, type Prepared, toChannelsFirst, toChannelsLast, toOihw } from "./peer.js";

type Ort = typeof import("onnxruntime-web/webgpu");

/** A model of one node, its inputs, and how its answer becomes the workload's. */
interface Plan {
  node: OnnxNode;
  inputs: Record<string, Float32Array>;
  convert?: (answer: ArrayLike<number>) => ArrayLike<number>;
}

/** onnxruntime-web with its WebGPU execution provider, inputs and outputs in GPU buffers. `navigator.gpu` must be Dawn's. */
export class OnnxruntimeWeb implements Peer {
  readonly name = "onnxruntime-web";
  readonly #ort: Ort;

  private constructor(ort: Ort) {
    this.#ort = ort;
  }

  static async open(): Promise<OnnxruntimeWeb> {
    behaveLikeBrowsers();
    const ort = await import("onnxruntime-web/webgpu");
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
    const peer = new OnnxruntimeWeb(ort);
    // Its first answer is a matter of opening it: in Node it may never come.
    const prepared = await peer.prepare(elementwiseWorkload("relu", 64));
    if ("lacking" in prepared) throw new Error(prepared.lacking);
    await prepared.run();
    await prepared.read();
    await prepared.free();
    return peer;
  }

  async prepare(workload: Workload): Promise<Prepared | Lacking> {
    const plan = planOf(workload);
    if ("lacking" in plan) return plan;
    const { node, inputs, convert = (answer) => answer } = plan;
    const ort = this.#ort;
    const onHost = workload.data === "host";
    const session = await ticking(
      ort.InferenceSession.create(onnxModel(node), {
        executionProviders: ["webgpu"],
        ...(onHost ? {} : { preferredOutputLocation: "gpu-buffer" as const }),
      }),
    );
    const device = (await ort.env.webgpu.device) as GPUDevice;
    const buffers: GPUBuffer[] = [];
    const feeds = (): InferenceSession.FeedsType =>
      Object.fromEntries(
        Object.entries(inputs).map(([name, values]) => {
          const dims = node.inputs[name] as number[];
          if (onHost) return [name, new ort.Tensor("float32", values, dims)];
          const buffer = device.createBuffer({
            size: values.byteLength,
            usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
          });
          buffers.push(buffer);
          device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
          return [name, ort.Tensor.fromGpuBuffer(buffer as never, { dataType: "float32", dims })];
        }),
      );
    const resident = onHost ? undefined : feeds();
    let last: Tensor | undefined;
    return {
      run: async () => {
        last?.dispose();
        last = (await ticking(session.run(resident ?? feeds())))[node.output.name] as Tensor;
      },
      finish: async () => (onHost ? undefined : device.queue.onSubmittedWorkDone()),
      read: async () => convert((await ticking((last as Tensor).getData())) as Float32Array),
      free: async () => {
        last?.dispose();
        await ticking(session.release());
        for (const buffer of buffers) buffer.destroy();
      },
    };
  }

  close(): void {}
}

/** Two things that browsers do and Dawn's Node binding does not, given to everybody in this process. */
function behaveLikeBrowsers(): void {
  const { writeBuffer } = globalThis.GPUQueue.prototype;
  const { createComputePipeline } = globalThis.GPUDevice.prototype;
  // The promise of a pipeline compiled in the background may settle half a minute late; compiling at once is in time.
  globalThis.GPUDevice.prototype.createComputePipelineAsync = async function (pipeline): Promise<GPUComputePipeline> {
    return createComputePipeline.call(this, pipeline);
  };
  // onnxruntime's WebAssembly lives in shared memory, and Dawn's Node binding refuses to upload from there.
  globalThis.GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...range): undefined {
    const shared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer;
    const own = shared ? (data as Uint8Array).slice() : data;
    writeBuffer.call(this, buffer, offset, own as Uint8Array<ArrayBuffer>, ...range);
  };
}

/** Waits while a timer turns Node's event loop, which settles Dawn's promises: first answers came sooner with it in some runs. */
async function ticking<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 1);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

function planOf(workload: Workload): Plan | Lacking {
  switch (workload.kind) {
    case "matmul": {
      const { m, n, transposeA, transposeB } = workload;
      const [a, b] = [inputSpec(workload, "a"), inputSpec(workload, "b")];
      const transposes = { transA: Number(transposeA), transB: Number(transposeB) };
      const transposed = transposeA || transposeB;
      return {
        node: {
          op: transposed ? "Gemm" : "MatMul",
          inputs: { a: a.shape, b: b.shape },
          output: { name: "y", shape: [m, n] },
          ...(transposed ? { attributes: transposes } : {}),
        },
        inputs: { a: floats(workload, "a"), b: floats(workload, "b") },
      };
    }
    case "conv2d": {
      const { pass, n, h, w, c, kernel, o, pad } = workload;
      const [outH, outW] = [convOut(h, kernel, pad), convOut(w, kernel, pad)];
      const attributes = { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad], strides: [1, 1] };
      const [image, result] = [
        [n, c, h, w],
        [n, o, outH, outW],
      ];
      if (pass === "backward_filter") return { lacking: "no operator for a filter gradient, and no differentiation" };
      const filter = toOihw(floats(workload, "w"), [kernel, kernel, c, o]);
      if (pass === "forward")
        return {
          node: {
            op: "Conv",
            inputs: { x: image, w: [o, c, kernel, kernel] },
            output: { name: "y", shape: result },
            attributes,
          },
          inputs: { x: toChannelsFirst(floats(workload, "x"), [n, h, w, c]), w: filter },
          convert: (y) => toChannelsLast(y, [n, outH, outW, o]),
        };
      // The input gradient of a convolution is an operator of its own; its filter is [in, out, h, w], in being dy's channels.
      return {
        node: {
          op: "ConvTranspose",
          inputs: { dy: result, w: [o, c, kernel, kernel] },
          output: { name: "dx", shape: image },
          attributes,
        },
        inputs: { dy: toChannelsFirst(floats(workload, "dy"), [n, outH, outW, o]), w: filter },
        convert: (dx) => toChannelsLast(dx, [n, h, w, c]),
      };
    }
    case "max_pool2d": {
      const { pass, n, h, w, c } = workload;
      if (pass === "backward") return { lacking: "no operator for a pooling's gradient, and no differentiation" };
      const [outH, outW] = [Math.floor(h / 2), Math.floor(w / 2)];
      return {
        node: {
          op: "MaxPool",
          inputs: { x: [n, c, h, w] },
          output: { name: "y", shape: [n, c, outH, outW] },
          attributes: { kernel_shape: [2, 2], strides: [2, 2] },
        },
        inputs: { x: toChannelsFirst(floats(workload, "x"), [n, h, w, c]) },
        convert: (y) => toChannelsLast(y, [n, outH, outW, c]),
      };
    }
    case "relu":
    case "add": {
      const { kind, count } = workload;
      const names = workload.inputs.map(({ name }) => name);
      return {
        node: {
          op: kind === "relu" ? "Relu" : "Add",
          inputs: Object.fromEntries(names.map((name) => [name, [count]])),
          output: { name: "y", shape: [count] },
        },
        inputs: Object.fromEntries(names.map((name) => [name, floats(workload, name)])),
      };
    }
    default:
      return { lacking: "no training: gradients and optimisers were removed from it (microsoft/onnxruntime#22103)" };
  }
}
