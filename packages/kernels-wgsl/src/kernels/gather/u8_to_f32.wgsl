// u8_to_f32: y[i] = f32(x[i]) / divisor
//
// x       [count] bytes, four to a word, the first in the low bits
// y       [count], f32, overwritten
// Thread  the four bytes of one word.
// Division by a whole divisor is corrected to the nearest f32, which is what frameworks give on the host: WGSL allows the
// quotient to be off by 2.5 units, and one Newton step on the exact remainder (fma) mends it.
// Reference: gather.ref.ts

struct Params {
  count: u32,
  divisor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 64u;

fn quotient(byte: u32) -> f32 {
  let q = f32(byte) / params.divisor;
  return fma(fma(-q, params.divisor, f32(byte)), 1.0 / params.divisor, q);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let word = (group.x + group.y * groups.x) * LANES + lane;
  let first = 4u * word;
  if (first >= params.count) { return; }
  let bytes = x[word];
  y[first] = quotient(bytes & 255u);
  if (first + 1u < params.count) { y[first + 1u] = quotient((bytes >> 8u) & 255u); }
  if (first + 2u < params.count) { y[first + 2u] = quotient((bytes >> 16u) & 255u); }
  if (first + 3u < params.count) { y[first + 3u] = quotient(bytes >> 24u); }
}
