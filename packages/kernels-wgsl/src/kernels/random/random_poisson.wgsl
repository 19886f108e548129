// random_poisson: y[i] Poisson-distributed with mean rate[i]: by products of uniform numbers below 10, by rejection from there on
//
// rate    [count] read;  y  [count] i32, overwritten. All elements take their r-th number from the r-th key of a chain, each at its
//         own index. Below 10 (Knuth) these are the draws of jax.random.poisson; from there on (Hoermann's PTRS) JAX keeps the
//         last draw accepted until every element has one, and here the first one stands. A rate of 0 gives 0, NaN gives -1.
// Thread  one element: how many rounds it takes is its own affair.
// Reference: random_gamma.ref.ts, threefry.ts

struct Params {
  key0: u32,
  key1: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> rate: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
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

// log(k!): Stirling's series from 10 on, and down from there by divisions.
fn log_factorial(k: f32) -> f32 {
  var x = k + 1.0;
  var product = 1.0;
  for (; x < 10.0; x += 1.0) { product *= x; }
  let r = 1.0 / x;
  let series = r * fma(r * r, fma(r * r, 7.9365079e-4, -2.7777778e-3), 8.3333333e-2);
  return (x - 0.5) * log(x) - x + 0.91893853 + series - log(product);
}

fn by_products(lambda: f32, at: u32) -> i32 {
  var key = vec2(params.key0, params.key1);
  var product = 0.0;
  var k = 0;
  for (var round = 0u; round < MOST_ROUNDS; round++) {
    if (!(product > -lambda)) { break; }
    k += 1;
    let u = unit_of(threefry_pair(key, 1u), at);
    key = threefry_pair(key, 0u);
    product = select(product + log(max(u, 1e-38)), -1e38, u == 0.0);
  }
  return k - 1;
}

fn by_rejection(lambda: f32, at: u32) -> i32 {
  let log_lambda = log(lambda);
  let b = 0.931 + 2.53 * sqrt(lambda);
  let a = -0.059 + 0.02483 * b;
  let inverse = 1.1239 + 1.1328 / (b - 3.4);
  let inner = 0.9277 - 3.6224 / (b - 2.0);
  var key = vec2(params.key0, params.key1);
  for (var round = 0u; round < MOST_ROUNDS; round++) {
    let u = unit_of(threefry_pair(key, 1u), at) - 0.5;
    let v = unit_of(threefry_pair(key, 2u), at);
    key = threefry_pair(key, 0u);
    let shifted = 0.5 - abs(u);
    let k = floor((2.0 * a / shifted + b) * u + lambda + 0.43);
    if (shifted >= 0.07 && v <= inner) { return i32(k); }
    if (k < 0.0 || (shifted < 0.013 && v > shifted)) { continue; }
    let s = log(max(v, 1e-38) * inverse / (a / (shifted * shifted) + b));
    if (s <= -lambda + k * log_lambda - log_factorial(k)) { return i32(k); }
  }
  return -1;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.y * groups.x + group.x) * LANES + lane;
  if (at >= params.count) { return; }
  let lambda = rate[at];
  if (lambda == 0.0) {
    y[at] = 0;
  } else if (lambda >= 10.0) {
    y[at] = by_rejection(lambda, at);
  } else {
    y[at] = by_products(lambda, at);
  }
}
