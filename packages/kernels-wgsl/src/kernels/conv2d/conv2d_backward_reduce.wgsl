// conv2d_backward_reduce: sum[e] = sum over chunks of partial[chunk, e]
//
// partial  [chunks, count], as conv2d_backward_filter.wgsl, conv2d_backward_bias.wgsl and conv3d_backward_filter.wgsl write it
// sum      [count], overwritten
// Thread   every LANES-th element of its workgroup's share, four neighbours at once when V is a vector.
// Order    chunks ascending, from zero.
// Reference: conv2d.ref.ts

struct Params {
  count: u32,
  chunks: u32,
}

alias V = f32;
const WIDTH = 1u;

@group(0) @binding(0) var<storage, read> partial: array<V>;
@group(0) @binding(1) var<storage, read_write> sum: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 64u;

fn sum_of(e: u32, count: u32) -> V {
  var total = V();
  var at = e;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    total += partial[at];
    at += count;
  }
  return total;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let all = params.count / WIDTH;
  let tile = (all + groups.x * groups.y - 1u) / (groups.x * groups.y);
  let first = (group.y * groups.x + group.x) * tile;
  let end = min(first + tile, all);
  for (var e = first + lane; e < end; e += LANES) { sum[e] = sum_of(e, all); }
}
