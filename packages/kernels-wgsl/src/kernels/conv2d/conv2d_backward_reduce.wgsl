// conv2d_backward_reduce: sum[e] = sum over chunks of partial[chunk, e]
//
// partial  [chunks, count], as conv2d_backward_filter.wgsl and conv2d_backward_bias.wgsl write it
// sum      [count], overwritten
// Thread   one element: neighbouring lanes read neighbouring elements of a chunk.
// Order    chunks ascending, from zero.
// Reference: conv2d.ref.ts

struct Params {
  count: u32,
  chunks: u32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let e = (group.y * groups.x + group.x) * SIZE + lane;
  if (e >= params.count) { return; }
  var total = 0.0;
  var at = e;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    total += partial[at];
    at += params.count;
  }
  sum[e] = total;
}
