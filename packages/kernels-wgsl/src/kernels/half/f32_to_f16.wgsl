// f32_to_f16: y = x in half precision, two to a word, the first in the low bits
//
// x       [count]
// y       [ceil(count / 2)] words, overwritten; the half beyond an odd count is zero
// Rounds  to the nearest, ties to even, in integers: pack2x16float may round either way. 65520 and more become infinite, what is
//         not a number stays none (0x7e00).
// Thread  one word.
// Reference: half.ref.ts

struct Params {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

const SIZE = 64u;

fn half(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let sign = (bits >> 16u) & 0x8000u;
  let a = bits & 0x7fffffffu;
  if (a > 0x7f800000u) { return sign | 0x7e00u; }
  if (a >= 0x477ff000u) { return sign | 0x7c00u; }
  // 13 bits of the fraction go; carries run into the exponent, as they should.
  if (a >= 0x38800000u) { return sign | ((a + 0xfffu + ((a >> 13u) & 1u) - 0x38000000u) >> 13u); }
  // Below 2^-14 halves lie 2^-24 apart: the fraction with its leading one, shifted to that; below 2^-25 nothing is left.
  if (a < 0x33000000u) { return sign; }
  let fraction = (a & 0x7fffffu) | 0x800000u;
  let shift = 126u - (a >> 23u);
  return sign | ((fraction + (1u << (shift - 1u)) - 1u + ((fraction >> shift) & 1u)) >> shift);
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
  var word = half(x[i]);
  if (i + 1u < params.count) { word |= half(x[i + 1u]) << 16u; }
  y[at] = word;
}
