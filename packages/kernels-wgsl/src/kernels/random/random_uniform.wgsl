// random_uniform: y[i] = max(low, u * (high - low) + low), u = 23 random bits / 2^23 in [0, 1)
//
// y       [count] f32, overwritten. Every operation is rounded, so all adapters give the same bits, and jax.random.uniform's
//         wherever high - low is a power of two; elsewhere XLA contracts product and sum, and the last bit can differ.
// Thread  4 consecutive elements: the cipher on four counters at once is 2.3 times as fast on lavapipe as one by one.
//         Where they are whole vectors they are stored as one (V, WIDTH and first are replaced).
// Limits  offset + count is at most 2^32.
// Reference: random.ref.ts, threefry.ts

struct Params {
  key0: u32,
  key1: u32,
  count: u32,
  offset: u32,
  low: f32,
  high: f32,
  zero: u32,
}

alias V = f32;
const WIDTH = 1u;

@group(0) @binding(0) var<storage, read_write> y: array<V>;
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

// 23 random bits as the mantissa of a number in [1, 2), less 1.
fn unit(bits: vec4<u32>) -> vec4<f32> {
  return bitcast<vec4<f32>>((bits >> vec4(9u)) | vec4(0x3f800000u)) - 1.0;
}

// Keeps a product from being contracted or reordered with what follows: zero is 0, which no compiler can know.
fn rounded(v: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(bitcast<vec4<u32>>(v) ^ vec4(params.zero));
}

fn uniform_in(low: f32, high: f32, bits: vec4<u32>) -> vec4<f32> {
  return max(vec4(low), rounded(unit(bits) * (high - low)) + low);
}

fn first(v: vec4<f32>) -> V { return v.x; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = ((group.y * groups.x + group.x) * LANES + lane) * 4u;
  if (at >= params.count) { return; }
  let index = vec4(params.offset + at) + vec4(0u, 1u, 2u, 3u);
  let bits = threefry(params.key0, params.key1, index);
  let v = uniform_in(params.low, params.high, bits);
  y[at / WIDTH] = first(v);
  if (WIDTH == 1u && at + 1u < params.count) { y[at + 1u] = V(v.y); }
  if (WIDTH == 1u && at + 2u < params.count) { y[at + 2u] = V(v.z); }
  if (WIDTH == 1u && at + 3u < params.count) { y[at + 3u] = V(v.w); }
}
