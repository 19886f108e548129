// pad_edges_backward: dx[j] = sum of dy[i] over the places i of the padded array that pad_edges.wgsl fills from j
//
// dy      [outer, out_d, out_h, out_w, inner]
// dx      [outer, in_d, in_h, in_w, inner], overwritten
// runs    those places along one axis, replaced by the spec for each mode: two runs that begin at x and y, step z apart, and
//         end before w. The one below is for repeated edges.
// Thread  every LANES-th element (fours along inner when V is a vector) of its workgroup's row (o, d, h). A gather: no atomics.
// Order   d, h, w: along each axis the first run, then the second, ascending.
// Reference: padding.ref.ts

struct Params {
  outer: u32, inner: u32,
  in_d: u32, in_h: u32, in_w: u32,
  out_d: u32, out_h: u32, out_w: u32,
  before_d: i32, before_h: i32, before_w: i32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read_write> dx: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

// The remainder that is not negative, for a positive n.
fn modulo(i: i32, n: i32) -> i32 {
  let r = i % n;
  return select(r, r + n, r < 0);
}

fn runs(j: i32, n: i32, before: i32, out: i32) -> vec4<i32> { return vec4(select(max(before + j, 0), 0, j == 0), out, 1, select(before + j + 1, out, j == n - 1)); }

// How many places the first run has, and both together.
fn counts(run: vec4<i32>, out: i32) -> vec2<i32> {
  let end = min(run.w, out);
  let first = max(0, (end - run.x + run.z - 1) / run.z);
  return vec2(first, first + max(0, (end - run.y + run.z - 1) / run.z));
}

fn nth(k: i32, run: vec4<i32>, first: i32) -> u32 {
  return u32(select(run.y + (k - first) * run.z, run.x + k * run.z, k < first));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.outer * params.in_d * params.in_h) { return; }
  let plane = row / params.in_h;
  let o = plane / params.in_d;
  let out = vec3(i32(params.out_d), i32(params.out_h), i32(params.out_w));
  let run_d = runs(i32(plane - o * params.in_d), i32(params.in_d), params.before_d, out.x);
  let run_h = runs(i32(row - plane * params.in_h), i32(params.in_h), params.before_h, out.y);
  let count_d = counts(run_d, out.x);
  let count_h = counts(run_h, out.y);
  let inner = params.inner / WIDTH;
  let count = params.in_w * inner;
  for (var e = lane; e < count; e += LANES) {
    let column = e / inner;
    let i = e - column * inner;
    let run_w = runs(i32(column), i32(params.in_w), params.before_w, out.z);
    let count_w = counts(run_w, out.z);
    var sum = V();
    for (var kd = 0; kd < count_d.y; kd++) {
      let d = o * params.out_d + nth(kd, run_d, count_d.x);
      for (var kh = 0; kh < count_h.y; kh++) {
        let y_row = (d * params.out_h + nth(kh, run_h, count_h.x)) * params.out_w;
        for (var kw = 0; kw < count_w.y; kw++) { sum += dy[(y_row + nth(kw, run_w, count_w.x)) * inner + i]; }
      }
    }
    dx[row * count + e] = sum;
  }
}
