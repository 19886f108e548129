// random_normal: y[i] = mean + deviation * clamp(sqrt(2) * erfinv(u), clip_low, clip_high), u uniform in [low, high)
//
// y       [count] f32, overwritten
// Normal  low, high = nextafter(-1, 0), 1 and no clip. Truncated normal: low, high = erf(bound / sqrt(2)) and the clip is one
//         float inside the bounds. Both as JAX defines them. x^2 is rounded before the logarithm because XLA does so: it
//         costs up to 6e-6 relative in the tails, and gives the values of jax.random.normal within 3 units in the last place.
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
  clip_low: f32,
  clip_high: f32,
  mean: f32,
  deviation: f32,
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

// -log(1 - z) for z in [0, 1): 1 - z = m 2^e with m near 1, then a polynomial (that of Cephes' logf) in m - 1. For small z,
// m - 1 is -z itself, unharmed by the rounding of 1 - z. WGSL has no log1p, and its log may be off by 2^-21 near 1.
fn minus_log1m(z: vec4<f32>) -> vec4<f32> {
  let reduced = z > vec4(0.29289323);
  let bits = bitcast<vec4<u32>>(1.0 - z) + vec4(0x3f800000u - 0x3f3504f3u);
  let e = select(vec4(0.0), vec4<f32>(vec4<i32>(bits >> vec4(23u)) - vec4(127)), reduced);
  let m = bitcast<vec4<f32>>((bits & vec4(0x7fffffu)) + vec4(0x3f3504f3u));
  let x = select(-z, m - 1.0, reduced);
  var p = vec4(0.070376836292);
  p = fma(p, x, vec4(-0.1151461031));
  p = fma(p, x, vec4(0.1167699874));
  p = fma(p, x, vec4(-0.12420140846));
  p = fma(p, x, vec4(0.14249322787));
  p = fma(p, x, vec4(-0.16668057665));
  p = fma(p, x, vec4(0.20000714765));
  p = fma(p, x, vec4(-0.24999993993));
  p = fma(p, x, vec4(0.33333331174));
  let square = x * x;
  let tail = fma(e, vec4(-2.12194440e-4), fma(square, vec4(-0.5), square * x * p));
  return -fma(e, vec4(0.693359375), x + tail);
}

// Giles' single-precision erfinv, as XLA has it: x times a polynomial in w = -log(1 - x^2), or in its root in the tails.
fn erfinv(x: vec4<f32>) -> vec4<f32> {
  let w = minus_log1m(rounded(x * x));
  let central = w < vec4(5.0);
  let s = select(sqrt(w) - 3.0, w - 2.5, central);
  var p = select(vec4(-0.000200214257), vec4(2.81022636e-08), central);
  p = fma(p, s, select(vec4(0.000100950558), vec4(3.43273939e-07), central));
  p = fma(p, s, select(vec4(0.00134934322), vec4(-3.5233877e-06), central));
  p = fma(p, s, select(vec4(-0.00367342844), vec4(-4.39150654e-06), central));
  p = fma(p, s, select(vec4(0.00573950773), vec4(0.00021858087), central));
  p = fma(p, s, select(vec4(-0.0076224613), vec4(-0.00125372503), central));
  p = fma(p, s, select(vec4(0.00943887047), vec4(-0.00417768164), central));
  p = fma(p, s, select(vec4(1.00167406), vec4(0.246640727), central));
  p = fma(p, s, select(vec4(2.83297682), vec4(1.50140941), central));
  // erfinv(1) is infinite, which WGSL has no word for; the clip that follows bounds it.
  return select(p, vec4(1e38), abs(x) == vec4(1.0)) * x;
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
  let u = uniform_in(params.low, params.high, bits);
  let z = clamp(1.41421356 * rounded(erfinv(u)), vec4(params.clip_low), vec4(params.clip_high));
  let v = rounded(z * params.deviation) + params.mean;
  y[at / WIDTH] = first(v);
  if (WIDTH == 1u && at + 1u < params.count) { y[at + 1u] = V(v.y); }
  if (WIDTH == 1u && at + 2u < params.count) { y[at + 2u] = V(v.z); }
  if (WIDTH == 1u && at + 3u < params.count) { y[at + 3u] = V(v.w); }
}
