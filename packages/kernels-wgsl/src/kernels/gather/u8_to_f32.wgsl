// u8_to_f32: y[i] = f32(x[i]) / divisor
//
// x       [count] bytes, four to a word, the first in the low bits
// y       [count], f32, overwritten
// Thread  the four bytes of one word.
// Quotient: plain division is the nearest f32 on some devices, but WGSL lets it be 2.5 units off. For divisors of up to 12
// significant bits (255, 127.5, 1000) the products with the two halves of the quotient are exact, fused or not; so is the
// remainder, and adding its share makes the quotient the nearest f32, as frameworks have it on the host.
// Reference: u8.ref.ts

struct Params {
  count: u32,
  divisor: f32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

fn quotient(byte: u32) -> f32 {
  let v = f32(byte);
  let q = v / params.divisor;
  let high = bitcast<f32>(bitcast<u32>(q) & 0xfffff000u);
  let rest = (v - high * params.divisor) - (q - high) * params.divisor;
  return select(q, q + rest / params.divisor, (bitcast<u32>(params.divisor) & 0xfffu) == 0u);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let word = (group.x + group.y * groups.x) * LANES + lane;
  let first = 4u * word;
  if (first >= params.count) { return; }
  let bytes = x[word];
  y[first] = quotient(bytes & 255u);
  if (first + 1u < params.count) { y[first + 1u] = quotient((bytes >> 8u) & 255u); }
  if (first + 2u < params.count) { y[first + 2u] = quotient((bytes >> 16u) & 255u); }
  if (first + 3u < params.count) { y[first + 3u] = quotient(bytes >> 24u); }
}
