// softmax_forward: y[o, j, i] = exp(x[o, j, i] - top) / (sum over k of exp(x[o, k, i] - top)), top = max over k of x[o, k, i]
//
// x       [outer, size, inner]; a row is (o, i)
// y       [outer, size, inner], overwritten
// Thread  one row, so that lanes run along inner.
// Values  A row that is all -infinity, or holds a NaN or +infinity, gives NaN.
// Order   size in chunks of 64, their sums in order.
// Reference: softmax.ref.ts

struct Params {
  outer: u32,
  size: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

fn exp_of(v: f32) -> f32 { return select(exp(v), v, is_nan(v)); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  if (row >= params.outer * params.inner) { return; }
  let at = (row / params.inner) * params.size * params.inner + row % params.inner;

  var top = x[at];
  for (var j = 1u; j < params.size; j++) { top = max(top, x[at + j * params.inner]); }
  var sum = 0.0;
  for (var start = 0u; start < params.size; start += CHUNK) {
    var part = 0.0;
    for (var j = start; j < min(start + CHUNK, params.size); j++) {
      let e = exp_of(x[at + j * params.inner] - top);
      y[at + j * params.inner] = e;
      part += e;
    }
    sum += part;
  }
  for (var j = 0u; j < params.size; j++) { y[at + j * params.inner] /= sum; }
}
