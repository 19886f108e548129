// random_integers: y[i] = low + offset, offset = ((a mod span) multiplier + b mod span) mod span, a and b two random words
//
// y       [count] i32, overwritten. The draws of jax.random.randint: a and b are of two keys, which the host splits from one, and
//         multiplier is 2^32 mod span by two products. A span of 0 stands for 2^32.
// Thread  4 consecutive elements: the cipher on four counters at once is 2.3 times as fast on lavapipe as one by one.
// Reference: random_integers.ref.ts, threefry.ts

struct Params {
  high0: u32,
  high1: u32,
  low0: u32,
  low1: u32,
  count: u32,
  span: u32,
  multiplier: u32,
  low: i32,
}

@group(0) @binding(0) var<storage, read_write> y: array<i32>;
@group(0) @binding(1) var<uniform> params: Params;

const LANES = 64u;

// x >> by. Replaced on SwiftShader, which shifts lane by lane, for by > 9: the upper bits as a float are exact, and added to one so
// large that its last bit stands for 2^by they come to lie at the lower end. scale is 2^by.
fn upper(x: vec4<u32>, by: u32, scale: f32) -> vec4<u32> { return x >> vec4(by); }

// Threefry-2x32, 20 rounds, of counters (0, index); the two output words are combined as JAX does.
// Rotations multiply by a power of two in place of one of the shifts: SwiftShader shifts lane by lane.
fn threefry(k0: u32, k1: u32, index: vec4<u32>) -> vec4<u32> {
  let k2 = k0 ^ k1 ^ 0x1bd11bdau;
  var x0 = vec4(k0);
  var x1 = index + k1;
  x0 += x1; x1 = ((x1 * 8192u) | upper(x1, 19u, 524288.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 32768u) | upper(x1, 17u, 131072.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 67108864u) | (x1 >> vec4(6u))) ^ x0;
  x0 += x1; x1 = ((x1 * 64u) | upper(x1, 26u, 67108864.0)) ^ x0;
  x0 += k1; x1 += k2 + 1u;
  x0 += x1; x1 = ((x1 * 131072u) | upper(x1, 15u, 32768.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 536870912u) | (x1 >> vec4(3u))) ^ x0;
  x0 += x1; x1 = ((x1 * 65536u) | upper(x1, 16u, 65536.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 16777216u) | (x1 >> vec4(8u))) ^ x0;
  x0 += k2; x1 += k0 + 2u;
  x0 += x1; x1 = ((x1 * 8192u) | upper(x1, 19u, 524288.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 32768u) | upper(x1, 17u, 131072.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 67108864u) | (x1 >> vec4(6u))) ^ x0;
  x0 += x1; x1 = ((x1 * 64u) | upper(x1, 26u, 67108864.0)) ^ x0;
  x0 += k0; x1 += k1 + 3u;
  x0 += x1; x1 = ((x1 * 131072u) | upper(x1, 15u, 32768.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 536870912u) | (x1 >> vec4(3u))) ^ x0;
  x0 += x1; x1 = ((x1 * 65536u) | upper(x1, 16u, 65536.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 16777216u) | (x1 >> vec4(8u))) ^ x0;
  x0 += k1; x1 += k2 + 4u;
  x0 += x1; x1 = ((x1 * 8192u) | upper(x1, 19u, 524288.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 32768u) | upper(x1, 17u, 131072.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 67108864u) | (x1 >> vec4(6u))) ^ x0;
  x0 += x1; x1 = ((x1 * 64u) | upper(x1, 26u, 67108864.0)) ^ x0;
  x0 += k2; x1 += k0 + 5u;
  return x0 ^ x1;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = ((group.y * groups.x + group.x) * LANES + lane) * 4u;
  if (at >= params.count) { return; }
  let index = vec4(at) + vec4(0u, 1u, 2u, 3u);
  let lower = threefry(params.low0, params.low1, index);
  var offset = lower;
  if (params.span != 0u) {
    let higher = threefry(params.high0, params.high1, index);
    let span = vec4(params.span);
    offset = ((higher % span) * params.multiplier + lower % span) % span;
  }
  let v = vec4<i32>(bitcast<vec4<i32>>(offset + bitcast<u32>(params.low)));
  y[at] = v.x;
  if (at + 1u < params.count) { y[at + 1u] = v.y; }
  if (at + 2u < params.count) { y[at + 2u] = v.z; }
  if (at + 3u < params.count) { y[at + 3u] = v.w; }
}
