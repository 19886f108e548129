// softmax_backward: dx[o, j, i] = y[o, j, i] * (dy[o, j, i] - sum over k of dy[o, k, i] * y[o, k, i])
//
// y, dy   [outer, size, inner]; a row is (o, i); y is the result of softmax_forward
// dx      [outer, size, inner], overwritten
// Thread  one row, so that lanes run along inner.
// Order   size in chunks of 64, their sums in order.
// Reference: softmax.ref.ts

struct Params {
  outer: u32,
  size: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  if (row >= params.outer * params.inner) { return; }
  let at = (row / params.inner) * params.size * params.inner + row % params.inner;

  var sum = 0.0;
  for (var start = 0u; start < params.size; start += CHUNK) {
    var part = 0.0;
    for (var j = start; j < min(start + CHUNK, params.size); j++) {
      part = fma(dy[at + j * params.inner], y[at + j * params.inner], part);
    }
    sum += part;
  }
  for (var j = 0u; j < params.size; j++) {
    dx[at + j * params.inner] = y[at + j * params.inner] * (dy[at + j * params.inner] - sum);
  }
}
