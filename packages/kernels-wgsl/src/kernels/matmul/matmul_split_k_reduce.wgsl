// matmul_split_k_reduce: y[e] = activate(sum over chunks of partial[chunk, e] + add[e % period])
//
// partial  [chunks, count]: products over chunks of k, as matmul.wgsl writes them when the chunks are its batch
// add      [period]: a bias of n elements, or the product over what k has beyond the last chunk; not read when period = 0
// y        [count], overwritten
// Thread   one element: neighbouring lanes read neighbouring elements of a chunk.
// Order    chunks ascending, from zero, then add.
// Reference: matmul.ref.ts

struct Params {
  count: u32,
  chunks: u32,
  period: u32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> add: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const SIZE = 64u;

fn activate(v: f32) -> f32 { return v; }

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
  if (params.period > 0u) { total += add[e % params.period]; }
  y[e] = activate(total);
}
