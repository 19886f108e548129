import {
  conv2dForward,
  conv2dGeometry,
  type Device,
  elementwiseBinary,
  elementwiseConstants,
  elementwiseGeometry,
  elementwiseUnary,
  matmul,
  matmulGeometry,
} from "@facet/kernels-wgsl";
import type { PeerCall, PeerWorkload } from "./gpujs.js";

/** The same workloads on Facet's kernels; like the peer, each call uploads its inputs and reads its result back. */
export class Facet {
  readonly name = "Facet";
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
  }

  prepare({ kind, extents, a, b }: PeerWorkload): PeerCall {
    const device = this.#device;
    const view = (count: number) => ({ block: device.allocate(count * 4, "bench"), offset: 0, bytes: count * 4 });
    const [left, right] = [view(a.length), view(b.length)];
    const call = (count: number, run: (y: ReturnType<typeof view>) => void): PeerCall => {
      const y = view(count);
      return async () => {
        device.queue.write(left, a);
        device.queue.write(right, b);
        run(y);
        return new Float32Array(await device.read(y));
      };
    };
    if (kind === "matmul") {
      const [m, k, n] = extents as [number, number, number];
      const { params } = matmulGeometry([m, k], [k, n]);
      return call(m * n, (y) => device.run(matmul, { a: left, b: right, y }, params));
    }
    if (kind === "conv2d") {
      const [n, h, w, c, kh, kw, o] = extents as [number, number, number, number, number, number, number];
      const options = {
        stride: [1, 1],
        padding: [0, 0, 0, 0],
        dilation: [1, 1],
        groups: 1,
        layout: "NHWC",
        filterLayout: "HWIO",
      } as const;
      const { shape, params } = conv2dGeometry([n, h, w, c], [kh, kw, c, o], options);
      return call(
        shape.reduce((product, extent) => product * extent, 1),
        (y) => device.run(conv2dForward, { x: left, w: right, y }, params),
      );
    }
    const count = extents[0] as number;
    if (kind === "add") {
      const { params } = elementwiseGeometry([[count], [count]], 0, 0, "add");
      return call(count, (y) =>
        device.run(elementwiseBinary, { a: left, b: right, y }, params, {
          constants: elementwiseConstants("add", ["f32", "f32"]),
        }),
      );
    }
    const { params } = elementwiseGeometry([[count]], 0, 0, "relu");
    return call(count, (y) =>
      device.run(elementwiseUnary, { a: left, y }, params, { constants: elementwiseConstants("relu", ["f32"]) }),
    );
  }
}
