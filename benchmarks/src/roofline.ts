import {
  type Device,
  defineKernel,
  elementwiseConstants,
  elementwiseGeometry,
  elementwiseUnary,
} from "@facet/kernels-wgsl";
import { timeInTurn } from "./sample.js";

/** What the adapter can do at best: the two walls of the roofline. */
export interface Roofline {
  /** Bytes read and written per second by a copy of 64 MiB, in GB/s. */
  gigabytesPerSecond: number;
  /** Fused multiply-adds on registers only, two operations each, in GFLOP/s. */
  gigaflops: number;
}

const FMA_WGSL = /* wgsl */ `
// peak_fma: nothing but fused multiply-adds on eight independent vectors.
struct Params { rounds: u32, seed: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let a = vec4(params.seed);
  let b = vec4(f32(id.x));
  var v0 = b; var v1 = b + 1.0; var v2 = b + 2.0; var v3 = b + 3.0;
  var v4 = b + 4.0; var v5 = b + 5.0; var v6 = b + 6.0; var v7 = b + 7.0;
  for (var i = 0u; i < params.rounds; i++) {
    v0 = fma(v0, a, b); v1 = fma(v1, a, b); v2 = fma(v2, a, b); v3 = fma(v3, a, b);
    v4 = fma(v4, a, b); v5 = fma(v5, a, b); v6 = fma(v6, a, b); v7 = fma(v7, a, b);
  }
  y[id.x] = v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7;
}`;

const peakFma = defineKernel({
  name: "peak_fma",
  wgsl: FMA_WGSL,
  bindings: { y: { access: "read_write", dtype: "f32" } },
  params: { rounds: "u32", seed: "f32" },
  variants: [{ name: "registers", order: "sequential", workgroups: () => [INVOCATIONS / 64, 1, 1] }],
  cost: (p) => ({ flops: INVOCATIONS * p.rounds * 64, bytes: 0 }),
});
const INVOCATIONS = 8192;
const FLOATS = 1 << 24;

export async function measureRoofline(device: Device, budgetMs: number): Promise<Roofline> {
  const view = (bytes: number) => ({ block: device.allocate(bytes, "roofline"), offset: 0, bytes });
  const a = view(FLOATS * 4);
  const y = view(FLOATS * 4);
  const small = view(INVOCATIONS * 16);
  const { params } = elementwiseGeometry([[FLOATS]], 0, 0, "copy");
  const fma = { rounds: 512, seed: 0.5 };
  const finish = () => device.finish();
  const [copied, computed] = await timeInTurn(
    [
      {
        encode: () =>
          device.run(elementwiseUnary, { a, y }, params, { constants: elementwiseConstants("copy", ["f32"]) }),
        finish,
      },
      { encode: () => device.run(peakFma, { y: small }, fma), finish },
    ],
    { budgetMs },
  );
  for (const { block } of [a, y, small]) device.free(block);
  device.trim();
  return {
    gigabytesPerSecond: (2 * FLOATS * 4) / (copied?.lowMs as number) / 1e6,
    gigaflops: peakFma.cost(fma).flops / (computed?.lowMs as number) / 1e6,
  };
}
