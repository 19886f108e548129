// arg_reduce: y[o, i] = the k at which x[o, k, i] is best; of equal ones the first
//
// x       [outer, extent, inner], contiguous
// y       [outer, inner] of i32, overwritten
// better  replaced: larger for argmax, smaller for argmin. A NaN is better than every number.
// Thread  one output, k ascending; lanes run along inner.
// Reference: reduce.ref.ts

struct Params {
  outer: u32,
  extent: u32,
  inner: u32,
}

alias X = f32;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
@group(0) @binding(2) var<uniform> params: Params;

fn is_nan(v: f32) -> bool { return (bitcast<i32>(v) & 0x7fffffff) > 0x7f800000; }

fn better(v: X, best: X) -> bool { return v > best || (is_nan(v) && !is_nan(best)); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.outer * params.inner) { return; }
  var at = (i / params.inner) * params.extent * params.inner + i % params.inner;
  var best = x[at];
  var found = 0u;
  for (var k = 1u; k < params.extent; k++) {
    at += params.inner;
    let v = x[at];
    if (better(v, best)) {
      best = v;
      found = k;
    }
  }
  y[i] = i32(found);
}
