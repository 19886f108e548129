// random_gamma: y[i] gamma-distributed with shape alpha[i] and scale 1, or its logarithm, by Marsaglia and Tsang's rejection
//
// alpha   [count] read;  y  [count] f32, overwritten. The draws of jax.random.gamma and loggamma, whose i-th element has a key of
//         its own: threefry((key0, key1), i). Below alpha 1 a draw for alpha + 1 is multiplied by u^(1 / alpha).
// Thread  one element: how many rounds it takes is its own affair. An alpha below 0, and NaN, gives NaN.
// Reference: random_gamma.ref.ts, threefry.ts

struct Params {
  key0: u32,
  key1: u32,
  count: u32,
  log_space: u32,
  zero: u32,
}

@group(0) @binding(0) var<storage, read> alpha: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 64u;
const MOST_ROUNDS = 1000u;

// Threefry-2x32, 20 rounds, of a counter (0, index): both output words, which are a key.
fn threefry_pair(key: vec2<u32>, index: u32) -> vec2<u32> {
  let k2 = key.x ^ key.y ^ 0x1bd11bdau;
  var x = vec2(key.x, index + key.y);
  x = four_rounds(x, vec4(13u, 15u, 26u, 6u)) + vec2(key.y, k2 + 1u);
  x = four_rounds(x, vec4(17u, 29u, 16u, 24u)) + vec2(k2, key.x + 2u);
  x = four_rounds(x, vec4(13u, 15u, 26u, 6u)) + vec2(key.x, key.y + 3u);
  x = four_rounds(x, vec4(17u, 29u, 16u, 24u)) + vec2(key.y, k2 + 4u);
  return four_rounds(x, vec4(13u, 15u, 26u, 6u)) + vec2(k2, key.x + 5u);
}

fn four_rounds(given: vec2<u32>, r: vec4<u32>) -> vec2<u32> {
  var a = given.x;
  var b = given.y;
  a += b; b = ((b << r.x) | (b >> (32u - r.x))) ^ a;
  a += b; b = ((b << r.y) | (b >> (32u - r.y))) ^ a;
  a += b; b = ((b << r.z) | (b >> (32u - r.z))) ^ a;
  a += b; b = ((b << r.w) | (b >> (32u - r.w))) ^ a;
  return vec2(a, b);
}

// The number of an index that jax.random.uniform draws with a key, in [0, 1).
fn unit_of(key: vec2<u32>, index: u32) -> f32 {
  let words = threefry_pair(key, index);
  return bitcast<f32>(((words.x ^ words.y) >> 9u) | 0x3f800000u) - 1.0;
}

// Keeps a product from being contracted with the sum that follows: zero is 0, which no compiler can know.
fn rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero);
}

// log(1 - z) for z in [0, 1): see random_normal.wgsl.
fn log1m(z: f32) -> f32 {
  let reduced = z > 0.29289323;
  let bits = bitcast<u32>(1.0 - z) + (0x3f800000u - 0x3f3504f3u);
  let e = select(0.0, f32(i32(bits >> 23u) - 127), reduced);
  let m = bitcast<f32>((bits & 0x7fffffu) + 0x3f3504f3u);
  let x = select(-z, m - 1.0, reduced);
  var p = 0.070376836292;
  p = fma(p, x, -0.1151461031);
  p = fma(p, x, 0.1167699874);
  p = fma(p, x, -0.12420140846);
  p = fma(p, x, 0.14249322787);
  p = fma(p, x, -0.16668057665);
  p = fma(p, x, 0.20000714765);
  p = fma(p, x, -0.24999993993);
  p = fma(p, x, 0.33333331174);
  let square = x * x;
  let tail = fma(e, -2.12194440e-4, fma(square, -0.5, square * x * p));
  return fma(e, 0.693359375, x + tail);
}

// Giles' single-precision erfinv: see random_normal.wgsl.
fn erfinv(x: f32) -> f32 {
  let w = -log1m(rounded(x * x));
  var p: f32;
  if (w < 5.0) {
    let s = w - 2.5;
    p = 2.81022636e-08;
    p = fma(p, s, 3.43273939e-07);
    p = fma(p, s, -3.5233877e-06);
    p = fma(p, s, -4.39150654e-06);
    p = fma(p, s, 0.00021858087);
    p = fma(p, s, -0.00125372503);
    p = fma(p, s, -0.00417768164);
    p = fma(p, s, 0.246640727);
    p = fma(p, s, 1.50140941);
  } else {
    let s = sqrt(w) - 3.0;
    p = -0.000200214257;
    p = fma(p, s, 0.000100950558);
    p = fma(p, s, 0.00134934322);
    p = fma(p, s, -0.00367342844);
    p = fma(p, s, 0.00573950773);
    p = fma(p, s, -0.0076224613);
    p = fma(p, s, 0.00943887047);
    p = fma(p, s, 1.00167406);
    p = fma(p, s, 2.83297682);
  }
  return p * x;
}

fn normal_of(key: vec2<u32>) -> f32 {
  const LOWEST = -0.99999994;
  let u = max(LOWEST, rounded(unit_of(key, 0u) * 2.0) + LOWEST);
  return 1.41421356 * rounded(erfinv(u));
}

fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// A variable: WGSL refuses NaN as a constant.
fn from_bits(word: u32) -> f32 {
  var bits = word;
  return bitcast<f32>(bits);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.y * groups.x + group.x) * LANES + lane;
  if (at >= params.count) { return; }
  let own = alpha[at];
  if (is_nan(own) || own < 0.0) {
    y[at] = from_bits(0x7fc00000u);
    return;
  }
  let boosted = own < 1.0;
  let d = select(own, own + 1.0, boosted) - 0.33333334;
  let c = 0.33333334 / sqrt(d);
  let first = threefry_pair(vec2(params.key0, params.key1), at);
  var key = threefry_pair(first, 0u);
  let last = threefry_pair(first, 1u);
  var cube = 1.0;
  for (var round = 0u; round < MOST_ROUNDS; round++) {
    let next = threefry_pair(key, 0u);
    var x_key = threefry_pair(key, 1u);
    let u = unit_of(threefry_pair(key, 2u), 0u);
    key = next;
    var x = 0.0;
    var v = -1.0;
    for (var draw = 0u; draw < MOST_ROUNDS && v <= 0.0; draw++) {
      x = normal_of(threefry_pair(x_key, 1u));
      x_key = threefry_pair(x_key, 0u);
      v = fma(x, c, 1.0);
    }
    let square = x * x;
    cube = v * v * v;
    let quick = u < 1.0 - rounded(0.0331 * square * square);
    if (quick || log(max(u, 1e-38)) < fma(square, 0.5, d * ((1.0 - cube) + log(cube)))) { break; }
  }
  let u = unit_of(last, 0u);
  if (params.log_space == 1u) {
    let boost = select(0.0, log1m(u) / own, boosted && u != 0.0);
    y[at] = log(d) + log(cube) + boost;
  } else {
    y[at] = d * cube * select(1.0, exp(log1m(u) / own), boosted);
  }
}
