// fill: y[i] = bits
//
// y       count words of 32 bits of any dtype, overwritten
// Thread  ITEMS elements, LANES apart; in the vec4 variant an element is four words (V and WIDTH are replaced).
// Reference: strided_copy.ref.ts

struct Params {
  count: u32,
  bits: u32,
}

alias V = u32;
const WIDTH = 1u;
const LANES = 64u;
const ITEMS = 4u;

@group(0) @binding(0) var<storage, read_write> y: array<V>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * (LANES * ITEMS);
  let end = min(first + LANES * ITEMS, params.count / WIDTH);
  for (var i = first + lane; i < end; i += LANES) { y[i] = V(params.bits); }
}
