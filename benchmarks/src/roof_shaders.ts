// The shaders whose best is a wall of the roofline: which one is quickest differs from adapter to adapter.
import { type AnyKernel, defineKernel } from "@facet/kernels-wgsl";

/** One shader of a family. */
export interface RoofShader {
  /** Short enough for a table: "mat4x4<f32>, 64 lanes, 4 rows". */
  readonly name: string;
  readonly kernel: AnyKernel;
  readonly params: Record<string, number>;
}

/** What a copy moves, in bytes: more than any cache holds. */
export const COPY_BYTES = 64 * 2 ** 20;

const ELEMENTS = { f32: 4, "vec4<f32>": 16, "mat4x4<f32>": 64 } as const;
/** No more workgroups than WebGPU lets in one dimension. */
const ROW = 32768;

/**
 * Copies of COPY_BYTES. A lane moves `rows` elements, as many apart as the workgroup has lanes, so that lanes beside each other
 * move what lies beside each other: GPUs want thin threads and much of them, processors few and fat ones.
 */
export function copyShaders(): RoofShader[] {
  const fat = (["vec4<f32>", "mat4x4<f32>"] as const).flatMap((type) =>
    [8, 64, 256].flatMap((lanes) => [1, 4, 32].map((rows) => copyShader(type, lanes, rows))),
  );
  return [copyShader("f32", 64, 1), copyShader("f32", 256, 4), ...fat];
}

function copyShader(type: keyof typeof ELEMENTS, lanes: number, rows: number): RoofShader {
  const groups = COPY_BYTES / ELEMENTS[type] / lanes / rows;
  const wgsl = /* wgsl */ `
struct Params { row: u32 }
@group(0) @binding(0) var<storage, read> a: array<${type}>;
@group(0) @binding(1) var<storage, read_write> y: array<${type}>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let start = (group.x + group.y * params.row) * ${lanes * rows}u + lane;
  for (var i = 0u; i < ${rows}u; i++) {
    let at = start + i * ${lanes}u;
    if (at < arrayLength(&y)) { y[at] = a[at]; }
  }
}`;
  return {
    name: `${type}, ${lanes} lanes, ${rows} each`,
    kernel: defineKernel({
      name: `roof_copy_${type.replace(/\W+/g, "_")}_${lanes}_${rows}`,
      wgsl,
      bindings: { a: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "f32" } },
      params: { row: "u32" },
      variants: [
        {
          name: "only",
          order: "sequential",
          workgroups: () => [Math.min(groups, ROW), Math.ceil(groups / ROW), 1],
        },
      ],
      cost: () => ({ flops: 0, bytes: 2 * COPY_BYTES }),
    }),
    params: { row: Math.min(groups, ROW) },
  };
}

/** Lanes of the shaders that compute in registers, and rounds of each. */
export const REGISTER_LANES = 8192;
const ROUNDS = 1024;

/** What runs in registers only: a step of one vector, how often a round does it, and what an element of it costs. */
interface RegisterWork {
  readonly name: string;
  readonly type: "f32" | "u32";
  readonly step: (vector: string) => string;
  readonly repeats: number;
  readonly flops?: number;
  readonly exps?: number;
  readonly integers?: number;
}

const WORKS = {
  fma: { name: "fma", type: "f32", step: (v) => `${v} = fma(${v}, a, b);`, repeats: 4, flops: 2 },
  // Tends to where 2^-v is v, so that nothing overflows.
  exp: { name: "exp", type: "f32", step: (v) => `${v} = exp2(-${v});`, repeats: 1, exps: 1 },
  integer: { name: "integer", type: "u32", step: (v) => `${v} = (${v} + a) ^ b;`, repeats: 4, integers: 2 },
} as const satisfies Readonly<Record<string, RegisterWork>>;

/**
 * Nothing but one kind of operation on so many independent vectors: too few wait for their results, too many do not fit into
 * registers.
 */
export function registerShaders(work: keyof typeof WORKS): RoofShader[] {
  return [1, 2, 3, 4, 6, 8].flatMap((vectors) => [8, 64].map((lanes) => registerShader(WORKS[work], vectors, lanes)));
}

function registerShader(work: RegisterWork, vectors: number, lanes: number): RoofShader {
  const { type, repeats, flops = 0, exps = 0, integers = 0 } = work;
  const each = (text: (name: string, i: number) => string): string =>
    Array.from({ length: vectors }, (_, i) => text(`v${i}`, i)).join(" ");
  const wgsl = /* wgsl */ `
struct Params { rounds: u32, seed: ${type} }
@group(0) @binding(0) var<storage, read_write> y: array<vec4<${type}>>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let a = vec4(params.seed);
  let b = vec4(${type}(id.x));
  ${each((name, i) => `var ${name} = b + ${type}(${i});`)}
  for (var i = 0u; i < params.rounds; i++) {
    ${each(work.step).repeat(repeats)}
  }
  y[id.x] = ${Array.from({ length: vectors }, (_, i) => `v${i}`).join(" + ")};
}`;
  const rounds = Math.round(ROUNDS / vectors);
  // Four elements to a vector.
  const done = REGISTER_LANES * rounds * repeats * 4 * vectors;
  return {
    name: `${vectors} vec4<${type}>, ${lanes} lanes`,
    kernel: defineKernel({
      name: `roof_${work.name}_${vectors}_${lanes}`,
      wgsl,
      bindings: { y: { access: "read_write", dtype: type } },
      params: { rounds: "u32", seed: type },
      variants: [{ name: "only", order: "sequential", workgroups: () => [REGISTER_LANES / lanes, 1, 1] }],
      cost: () => ({ flops: flops * done, exps: exps * done, integers: integers * done, bytes: 0 }),
    }),
    params: { rounds, seed: type === "f32" ? 0.5 : 0x9e3779b9 },
  };
}

/** One thread that writes one word: what is left of a dispatch when there is nothing to do. */
export const emptyShader: RoofShader = {
  name: "one thread",
  kernel: defineKernel({
    name: "roof_dispatch",
    wgsl: /* wgsl */ `
struct Params { seed: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1)
fn main() { y[0] = params.seed; }`,
    bindings: { y: { access: "read_write", dtype: "f32" } },
    params: { seed: "f32" },
    variants: [{ name: "only", order: "sequential", workgroups: () => [1, 1, 1] }],
    cost: () => ({ flops: 0, bytes: 4 }),
  }),
  params: { seed: 0.5 },
};
