// rotary: every pair (a, b) of a row turned by an angle: (a cos - b sin, b cos + a sin); elements beyond the pairs as they are
//
// x, y      [outer, length, inner, width]; y is overwritten
// cos, sin  [tables, half]: row (o length + t) % tables is for position t of o. `sign` -1 turns back, which is the gradient.
// Pairs     elements j and half + j, or 2 j and 2 j + 1 when `adjacent`, for j below half.
// Thread    one pair or one element beyond them; four in the vec4 variants (V and WIDTH are replaced).
// Reference: embedding.ref.ts

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  width: u32,
  half: u32,
  tables: u32,
  adjacent: u32,
  sign: f32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> cos_table: array<V>;
@group(0) @binding(2) var<storage, read> sin_table: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// First and second of pairs, from what lies at their two places, and the reverse.
fn firsts(p: V, q: V) -> V { return p; }
fn seconds(p: V, q: V) -> V { return q; }
fn at_first(a: V, b: V) -> V { return a; }
fn at_second(a: V, b: V) -> V { return b; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * LANES + lane;
  let half = params.half / WIDTH;
  let width = params.width / WIDTH;
  let units = width - half;
  if (i >= params.outer * params.length * params.inner * units) { return; }
  let row = i / units;
  let j = i % units;
  let base = row * width;
  if (j >= half) {
    y[base + half + j] = x[base + half + j];
    return;
  }
  let table = row / params.inner % params.tables * half + j;
  let c = cos_table[table];
  let s = sin_table[table] * params.sign;
  let adjacent = params.adjacent == 1u;
  let low = base + select(j, 2u * j, adjacent);
  let high = base + select(half + j, 2u * j + 1u, adjacent);
  let p = x[low];
  let q = x[high];
  let a = firsts(p, q);
  let b = seconds(p, q);
  let turned_a = a * c - b * s;
  let turned_b = b * c + a * s;
  y[low] = at_first(turned_a, turned_b);
  y[high] = at_second(turned_a, turned_b);
}
