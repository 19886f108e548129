// f16_to_f32: y = x, which is in half precision, two to a word, the first in the low bits
//
// x       [ceil(count / 2)] words
// y       [count], overwritten
// Rounds  nothing: every half is a float. In integers, as unpack2x16float may take those below 2^-14 for zero.
// Thread  one word.
// Reference: half.ref.ts

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const SIZE = 64u;

fn float(half: u32) -> f32 {
  let sign = (half & 0x8000u) << 16u;
  let a = half & 0x7fffu;
  if (a < 0x400u) { return bitcast<f32>(sign | bitcast<u32>(f32(a) * 0x1p-24f)); }
  if (a >= 0x7c00u) { return bitcast<f32>(sign | 0x7f800000u | (a << 13u)); }
  return bitcast<f32>(sign | ((a << 13u) + 0x38000000u));
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.y * groups.x + group.x) * SIZE + lane;
  let i = at * 2u;
  if (i >= params.count) { return; }
  let word = x[at];
  y[i] = float(word & 0xffffu);
  if (i + 1u < params.count) { y[i + 1u] = float(word >> 16u); }
}
