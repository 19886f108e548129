import type { GPU } from "gpu.js";
import { convOut } from "../models.js";
import { floats, type Workload } from "../workloads.js";
import type { Lacking, Peer, Prepared } from "./peer.js";

// The bodies below are translated to WGSL by gpu.js, which reads their source: they must stay plain, closed functions.
// biome-ignore lint/suspicious/noExplicitAny: gpu.js types neither `this` nor its constants usefully.
type KernelThis = any;

/** What gpu.js gives back in pipeline mode: a result that stays on the device. */
interface Handle {
  toArray(): Promise<ArrayLike<number>>;
  delete(): void;
  context: { device: GPUDevice };
}

interface Kernel {
  (...inputs: unknown[]): Promise<Handle & ArrayLike<number>>;
  destroy(): void;
}

/**
 * gpu.js in `webgpu` mode: it has no operations, so the kernels are the plain ones its documentation shows, written here.
 * `navigator.gpu` must be Dawn's.
 */
export class GpuJs implements Peer {
  readonly name = "gpu.js";
  readonly #gpu: GPU;

  private constructor(gpu: GPU) {
    this.#gpu = gpu;
  }

  static async open(): Promise<GpuJs> {
    const { GPU } = await import("gpu.js");
    const { isWebGPUAvailable } = GPU as unknown as { isWebGPUAvailable(): Promise<boolean> };
    if (!(await isWebGPUAvailable.call(GPU))) throw new Error("GPU.isWebGPUAvailable() is false");
    return new GpuJs(new GPU({ mode: "webgpu" as never }));
  }

  prepare(workload: Workload): Promise<Prepared> | Lacking {
    const made = this.#kernel(workload);
    if (!made) return { lacking: "no neural network operations and no gradients; only kernels one writes oneself" };
    return workload.data === "host" ? this.#onHost(workload, made) : this.#onDevice(workload, made);
  }

  #create(body: (this: KernelThis, ...inputs: number[][]) => number, constants: object, count: number): KernelMaker {
    return (pipeline) =>
      this.#gpu
        .createKernel(body as never)
        .setConstants(constants as never)
        .setPipeline(pipeline)
        .setOutput([count]) as unknown as Kernel;
  }

  async #onHost(workload: Workload, make: KernelMaker): Promise<Prepared> {
    const kernel = make(false);
    const inputs = workload.inputs.map(({ name }) => floats(workload, name));
    let answer: ArrayLike<number> = [];
    return {
      run: async () => {
        answer = await kernel(...inputs);
      },
      finish: async () => undefined,
      read: async () => answer,
      free: () => kernel.destroy(),
    };
  }

  async #onDevice(workload: Workload, make: KernelMaker): Promise<Prepared> {
    const kernel = make(true);
    const uploads = workload.inputs.map(({ name }) => {
      const values = floats(workload, name);
      const copy = this.#create(
        function (this: KernelThis, x: number[]) {
          return x[this.thread.x]!;
        } as never,
        {},
        values.length,
      )(true);
      return { copy, values };
    });
    const inputs: Handle[] = [];
    for (const { copy, values } of uploads) inputs.push(await copy(values));
    let last: Handle | undefined;
    return {
      run: async () => {
        last?.delete();
        last = await kernel(...inputs);
      },
      finish: () => (last as Handle).context.device.queue.onSubmittedWorkDone(),
      read: () => (last as Handle).toArray(),
      free: () => {
        for (const handle of [last, ...inputs]) handle?.delete();
        for (const { copy } of uploads) copy.destroy();
        kernel.destroy();
      },
    };
  }

  #kernel(workload: Workload): KernelMaker | undefined {
    switch (workload.kind) {
      case "matmul": {
        const { m, k, n, transposeA, transposeB } = workload;
        // Strides of a and b: a transpose is another order of reading.
        const constants = {
          ...{ k, n },
          ...(transposeA ? { aRow: 1, aColumn: m } : { aRow: k, aColumn: 1 }),
          ...(transposeB ? { bRow: 1, bColumn: k } : { bRow: n, bColumn: 1 }),
        };
        return this.#create(
          function (this: KernelThis, a: number[], b: number[]) {
            const row = Math.floor(this.thread.x / this.constants.n);
            const column = this.thread.x - row * this.constants.n;
            let sum = 0;
            for (let i = 0; i < this.constants.k; i++)
              sum +=
                a[row * this.constants.aRow + i * this.constants.aColumn]! *
                b[i * this.constants.bRow + column * this.constants.bColumn]!;
            return sum;
          } as never,
          constants,
          m * n,
        );
      }
      case "conv2d":
        return workload.pass === "forward" ? this.#conv(workload) : undefined;
      case "relu":
        return this.#create(
          function (this: KernelThis, a: number[]) {
            return Math.max(a[this.thread.x]!, 0);
          } as never,
          {},
          workload.count,
        );
      case "add":
        return this.#create(
          function (this: KernelThis, a: number[], b: number[]) {
            return a[this.thread.x]! + b[this.thread.x]!;
          } as never,
          {},
          workload.count,
        );
      default:
        return undefined;
    }
  }

  #conv({ n, h, w, c, kernel, o, pad }: Workload & { kind: "conv2d" }): KernelMaker {
    const [oh, ow] = [convOut(h, kernel, pad), convOut(w, kernel, pad)];
    return this.#create(
      function (this: KernelThis, x: number[], f: number[]) {
        const pixel = Math.floor(this.thread.x / this.constants.o);
        const channel = this.thread.x - pixel * this.constants.o;
        const row = Math.floor(pixel / this.constants.ow);
        const column = pixel - row * this.constants.ow;
        const image = Math.floor(row / this.constants.oh);
        const line = row - image * this.constants.oh;
        let sum = 0;
        for (let i = 0; i < this.constants.kernel; i++) {
          for (let j = 0; j < this.constants.kernel; j++) {
            const y = line + i - this.constants.pad;
            const z = column + j - this.constants.pad;
            if (y >= 0 && y < this.constants.h && z >= 0 && z < this.constants.w) {
              for (let k = 0; k < this.constants.c; k++) {
                const at = ((image * this.constants.h + y) * this.constants.w + z) * this.constants.c + k;
                const filterAt = ((i * this.constants.kernel + j) * this.constants.c + k) * this.constants.o + channel;
                sum += x[at]! * f[filterAt]!;
              }
            }
          }
        }
        return sum;
      } as never,
      { h, w, c, kernel, o, oh, ow, pad },
      n * oh * ow * o,
    );
  }

  close(): void {
    this.#gpu.destroy();
  }
}

/** Makes a kernel whose result stays on the device (`pipeline`) or comes back as an array. */
type KernelMaker = (pipeline: boolean) => Kernel;
