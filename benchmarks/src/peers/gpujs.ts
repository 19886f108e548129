import { GPU } from "gpu.js";

/** A workload as the bench hands it to every peer: inputs, and what the right answer is compared with. */
export interface PeerWorkload {
  kind: "matmul" | "conv2d" | "add" | "relu";
  name: string;
  /** matmul: [m, k, n]; conv2d: [n, h, w, c, kh, kw, o], valid, stride 1, NHWC, HWIO; elementwise: [count]. */
  extents: number[];
  a: Float32Array;
  b: Float32Array;
}

/** One prepared call that ends with the result on the host. */
export type PeerCall = () => Promise<ArrayLike<number>>;

// The bodies below are translated to WGSL by gpu.js, which reads their source: they must stay plain, closed functions.
// biome-ignore lint/suspicious/noExplicitAny: gpu.js types neither `this` nor its constants usefully.
type KernelThis = any;

/** gpu.js in `webgpu` mode; `navigator.gpu` must be Dawn's. Inputs are uploaded once per call, as gpu.js does. */
export class GpuJs {
  readonly name = "gpu.js webgpu";
  readonly #gpu = new GPU({ mode: "webgpu" as never });

  prepare({ kind, extents, a, b }: PeerWorkload): PeerCall {
    // biome-ignore lint/suspicious/noExplicitAny: see KernelThis.
    const call = async (kernel: any, ...inputs: unknown[]): Promise<ArrayLike<number>> => kernel(...inputs);
    const count = kind === "matmul" ? (extents[0] as number) * (extents[2] as number) : undefined;
    if (kind === "matmul") {
      const [, k, n] = extents as [number, number, number];
      const kernel = this.#gpu
        .createKernel(function (this: KernelThis, x: number[], y: number[]) {
          const row = Math.floor(this.thread.x / this.constants.n);
          const col = this.thread.x - row * this.constants.n;
          let sum = 0;
          for (let i = 0; i < this.constants.k; i++)
            sum += x[row * this.constants.k + i]! * y[i * this.constants.n + col]!;
          return sum;
        } as never)
        .setConstants({ k, n })
        .setOutput([count as number]);
      return () => call(kernel, a, b);
    }
    if (kind === "conv2d") return this.#conv(extents, a, b, call);
    const kernel = (
      kind === "add"
        ? this.#gpu.createKernel(function (this: KernelThis, x: number[], y: number[]) {
            return x[this.thread.x]! + y[this.thread.x]!;
          } as never)
        : this.#gpu.createKernel(function (this: KernelThis, x: number[]) {
            return Math.max(x[this.thread.x]!, 0);
          } as never)
    ).setOutput([extents[0] as number]);
    return () => (kind === "add" ? call(kernel, a, b) : call(kernel, a));
  }

  #conv(
    extents: number[],
    a: Float32Array,
    b: Float32Array,
    call: (kernel: unknown, ...inputs: unknown[]) => Promise<ArrayLike<number>>,
  ): PeerCall {
    const [n, h, w, c, kh, kw, o] = extents as [number, number, number, number, number, number, number];
    const [oh, ow] = [h - kh + 1, w - kw + 1];
    const kernel = this.#gpu
      .createKernel(function (this: KernelThis, x: number[], f: number[]) {
        const pixel = Math.floor(this.thread.x / this.constants.o);
        const channel = this.thread.x - pixel * this.constants.o;
        const row = Math.floor(pixel / this.constants.ow);
        const column = pixel - row * this.constants.ow;
        const image = Math.floor(row / this.constants.oh);
        const line = row - image * this.constants.oh;
        let sum = 0;
        for (let i = 0; i < this.constants.kh; i++) {
          for (let j = 0; j < this.constants.kw; j++) {
            for (let k = 0; k < this.constants.c; k++) {
              const at = ((image * this.constants.h + line + i) * this.constants.w + column + j) * this.constants.c + k;
              sum += x[at]! * f[((i * this.constants.kw + j) * this.constants.c + k) * this.constants.o + channel]!;
            }
          }
        }
        return sum;
      } as never)
      .setConstants({ h, w, c, kh, kw, o, oh, ow })
      .setOutput([n * oh * ow * o]);
    return () => call(kernel, a, b);
  }

  close(): void {
    this.#gpu.destroy();
  }
}
