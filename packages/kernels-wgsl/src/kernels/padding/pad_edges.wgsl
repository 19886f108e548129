// pad_edges: y[o, d, h, w, i] = x[o, source(d - before_d), source(h - before_h), source(w - before_w), i]
//
// x       [outer, in_d, in_h, in_w, inner], 32-bit words of any type
// y       [outer, out_d, out_h, out_w, inner], overwritten
// source  where an element before or behind the input comes from: replaced by the spec for each mode. The one below repeats
//         the edge. Negative `before` crops.
// Thread  every LANES-th element (fours along inner when V is a vector) of its workgroup's row (o, d, h).
// Reference: padding.ref.ts

struct Params {
  outer: u32, inner: u32,
  in_d: u32, in_h: u32, in_w: u32,
  out_d: u32, out_h: u32, out_w: u32,
  before_d: i32, before_h: i32, before_w: i32,
}

alias V = u32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

// The remainder that is not negative, for a positive n.
fn modulo(i: i32, n: i32) -> i32 {
  let r = i % n;
  return select(r, r + n, r < 0);
}

fn source(i: i32, n: i32) -> i32 { return clamp(i, 0, n - 1); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.outer * params.out_d * params.out_h) { return; }
  let plane = row / params.out_h;
  let o = plane / params.out_d;
  let d = source(i32(plane - o * params.out_d) - params.before_d, i32(params.in_d));
  let h = source(i32(row - plane * params.out_h) - params.before_h, i32(params.in_h));
  let inner = params.inner / WIDTH;
  let x_row = ((o * params.in_d + u32(d)) * params.in_h + u32(h)) * params.in_w;
  let count = params.out_w * inner;
  for (var e = lane; e < count; e += LANES) {
    let column = e / inner;
    let w = source(i32(column) - params.before_w, i32(params.in_w));
    y[row * count + e] = x[(x_row + u32(w)) * inner + e - column * inner];
  }
}
