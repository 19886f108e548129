// scan: y[o, k, i] = x[o, 0, i] combined with all up to x[o, k, i]; exclusive: up to the one before; reverse: from the last down
//
// x       [outer, extent, inner], contiguous
// carry   [outer, blocks, inner]: what is before each block of `block` elements, counted in the scan's direction
// y       as x, or with totals [outer, blocks, inner]; overwritten
// Thread  one block of one line, element by element; lanes along inner, then along blocks. In the vec4 variant four
//         neighbouring lines (V, WIDTH and join are replaced).
// Order   within a block one after another, from the carry on; blocks by a scan of their totals. The host makes the passes.
// Reference: scan.ref.ts

struct Params {
  outer: u32,
  extent: u32,
  inner: u32,
  block: u32,
  blocks: u32,
  reverse: u32,
  exclusive: u32,
  // Whether y takes what each block comes to, instead of every element's.
  totals: u32,
  // Whether carry is given.
  carried: u32,
}

// dtype of x and y
alias Y = f32;
alias V = Y;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> carry: array<V>;
@group(0) @binding(2) var<storage, read_write> y: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

fn is_nan(x: f32) -> bool { return (bitcast<i32>(x) & 0x7fffffff) > 0x7f800000; }

// A variable: WGSL refuses NaN and infinity as constants.
fn from_bits(word: u32) -> f32 {
  var bits = word;
  return bitcast<f32>(bits);
}

fn nan() -> f32 { return from_bits(0x7fc00000u); }

fn infinity() -> f32 { return from_bits(0x7f800000u); }

// e^r - 1 - r for |r| <= 0.5 (relative to r).
fn exp_tail(r: f32) -> f32 {
  return r * r * (0.50000006 + r * (0.166661292 + r * (0.0416649505 + r * (0.00840268657 + r * 0.00140102196))));
}

// 2^n for a whole n that the exponents of f32 hold: the low bits of n + 1.5 * 2^23 are those of n. Shifts and conversions to
// integers cost some drivers far more than products do.
fn power_of_two(n: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(n + 12582912.0) + 127u) * 8388608u);
}

fn exp_f32(x: f32) -> f32 {
  // Not clamp, which takes care of NaN on some drivers, and time.
  let low = select(x, -104.0, x < -104.0);
  let z = select(low, 89.0, low > 89.0);
  let n = floor(z * 1.442695022 + 0.5);
  let r = (z - n * 0.693359375) + n * 2.1219444170128554e-4;
  // 2^n in two factors, as n may be beyond the exponents of f32 where the result is not.
  let half = floor(n * 0.5);
  return select((1.0 + (r + exp_tail(r))) * power_of_two(half) * power_of_two(n - half), x, is_nan(x));
}

// log(1 + f) for sqrt(1/2) - 1 <= f <= sqrt(2) - 1; `low` is added where it loses least.
fn log_near_one(f: f32, low: f32) -> f32 {
  let high = -0.250008106 + f * (0.20002301 + f * (-0.16624558 + f * (0.141809478 + f * (-0.131285042 + f * (0.12882942 + f * -0.078616634)))));
  return f + ((f * f * f * (0.333333164 + f * high) - 0.5 * f * f) + low);
}

fn log_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || (bits >= 0x80800000u)) { return nan(); }
  if ((bits & 0x7fffffffu) < 0x00800000u) { return -infinity(); }
  if (bits == 0x7f800000u) { return x; }
  // x = m * 2^n with m in [sqrt(1/2), sqrt(2)); n_bits is n * 2^23.
  let n_bits = (i32(bits) - 0x3f3504f3) & -8388608;
  let m = bitcast<f32>(i32(bits) - n_bits);
  let n = f32(n_bits) * 1.1920929e-07;
  return log_near_one(m - 1.0, n * -2.1219444170128554e-4) + n * 0.693359375;
}

fn log1p_f32(x: f32) -> f32 {
  if (x > -0.29 && x < 0.41) { return log_near_one(x, 0.0); }
  let u = 1.0 + x;
  // What rounding 1 + x lost, to first order; nothing where x itself rounds the one away.
  let lost = select(0.0, (x - (u - 1.0)) / u, u > 0.0 && abs(x) < 1e7);
  return log_f32(u) + lost;
}

fn maximum_f32(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

fn minimum_f32(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }

// log(e^a + e^b).
fn log_add_exp(a: f32, b: f32) -> f32 {
  let larger = maximum_f32(a, b);
  return select(larger + log1p_f32(exp_f32(-abs(a - b))), larger + 0.693147182, a == b);
}

fn initial() -> Y { return Y(0); }

fn combine(a: Y, b: Y) -> Y { return a + b; }

fn join(a: V, b: V) -> V { return combine(a, b); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (i >= params.outer * params.blocks * inner) { return; }
  let row = i / inner;
  let outer = row / params.blocks;
  let first = (row - outer * params.blocks) * params.block;
  let end = min(first + params.block, params.extent);
  let from_start = select(first, params.extent - 1u - first, params.reverse == 1u);
  var at = (outer * params.extent + from_start) * inner + (i - row * inner);
  let step = select(inner, 0u - inner, params.reverse == 1u);
  var sum = V(initial());
  if (params.carried == 1u) { sum = carry[i]; }
  for (var k = first; k < end; k++) {
    let before = sum;
    sum = join(sum, x[at]);
    if (params.totals == 0u) { y[at] = select(sum, before, params.exclusive == 1u); }
    at += step;
  }
  if (params.totals == 1u) { y[i] = sum; }
}
