// fill: y[i] = bits
//
// y       [count], 32-bit words of any type, overwritten with one pattern
// Thread  four neighbouring words.
// Reference: strided_copy.ref.ts

struct Params {
  count: u32,
  bits: u32,
}

@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = 4u * ((group.x + group.y * groups.x) * LANES + lane);
  let last = min(first + 4u, params.count);
  for (var i = first; i < last; i++) { y[i] = params.bits; }
}
