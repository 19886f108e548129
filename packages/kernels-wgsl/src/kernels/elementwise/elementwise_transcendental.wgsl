// elementwise_transcendental: y[i] = f(a[i]), inverse and hyperbolic functions, roots, other bases
//
// a, y    count elements each, contiguous; y is overwritten
// f       replaced by the expression (expressions/), which may use params.s0, params.s1 and the functions below
// Thread  every LANES-th element of its workgroup's tile, as in elementwise_unary.wgsl, from where functions come that stand
//         there too. Polynomials are minimax fits made here; error bounds are in expressions/.
// Reference: elementwise.ref.ts

struct Params {
  count: u32,
  tile: u32,
  s0: f32,
  s1: f32,
}

alias A = f32;
alias Y = f32;
alias VA = A;
alias VY = Y;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<VA>;
@group(0) @binding(1) var<storage, read_write> y: array<VY>;
@group(0) @binding(2) var<uniform> params: Params;

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

// The 64 bits of a product, the high word first.
fn product_u64(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let middle = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
  return vec2((a >> 16u) * (b >> 16u) + (cross >> 16u) + (middle >> 16u), (middle << 16u) | (low & 0xffffu));
}

// Word i of the binary digits of 2/pi.
fn two_over_pi(i: u32) -> u32 {
  var words = array<u32, 8>(
    0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu,
  );
  return words[i];
}

// Of |x| >= 2 the nearest multiple n of pi/2, as n mod 4, and x - n pi/2, after Payne and Hanek (1983): x times those digits
// of 2/pi that reach neither above 4 nor below 2^-64.
fn far_quarter(x: f32) -> vec2<f32> {
  let bits = bitcast<u32>(x);
  let shift = ((bits >> 23u) & 0xffu) - 126u;
  let fraction = (bits << 8u) | 0x80000000u;
  let i = shift / 32u;
  let s = shift % 32u;
  let words = vec4(two_over_pi(i), two_over_pi(i + 1u), two_over_pi(i + 2u), two_over_pi(i + 3u));
  let digits = (words.xyz << vec3(s)) | ((words.yzw >> vec3(1u)) >> vec3(31u - s));
  let first = product_u64(fraction, digits.x);
  let second = product_u64(fraction, digits.y);
  var low = second.y + product_u64(fraction, digits.z).x;
  let carry = u32(low < second.y);
  let sum = first.y + second.x;
  var high = sum + carry;
  var n = first.x + u32(sum < first.y) + u32(high < sum);
  let above = high >= 0x80000000u;
  if (above) {
    n += 1u;
    high = ~high + u32(low == 0u);
    low = ~low + 1u;
  }
  let zeros = countLeadingZeros(high);
  let top = (high << zeros) | ((low >> 1u) >> (31u - zeros));
  let r = f32(top) * bitcast<f32>((95u - zeros) << 23u) * 1.57079633;
  let negative = (bits >> 31u) == 1u;
  return vec2(select(r, -r, above != negative), f32(select(n & 3u, (4u - (n & 3u)) & 3u, negative)));
}

// sin(x + quarter * pi/2). Three constants sum to pi/2; products with the first two are exact up to |x| = 10 000.
fn sin_shifted(x: f32, quarter: i32) -> f32 {
  var n = round(x * 0.636619747);
  var r = ((x - n * 1.5703125) - n * 4.837512969970703e-4) - n * 7.549790126404332e-8;
  if (abs(x) > 10000.0) {
    let far = far_quarter(x);
    r = far.x;
    n = far.y;
  }
  let z = r * r;
  let s = r + r * z * (-0.166666552 + z * (0.00833219104 + z * -0.000195185727));
  let c = 1.0 - 0.5 * z + z * z * (0.0416666456 + z * (-0.00138873118 + z * 2.44327421e-05));
  let turn = i32(n) + quarter;
  let v = clamp(select(s, c, (turn & 1) == 1), -1.0, 1.0);
  return select(select(v, -v, (turn & 2) == 2), nan(), (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u);
}

fn sin_f32(x: f32) -> f32 { return sin_shifted(x, 0); }

fn atan2_f32(rise: f32, run: f32) -> f32 {
  if (is_nan(rise) || is_nan(run)) { return nan(); }
  let large = max(abs(rise), abs(run));
  let small = min(abs(rise), abs(run));
  // Equal sizes are 45 degrees, infinities included; two zeros are none.
  let t = select(select(small / large, 1.0, small == large), 0.0, large == 0.0);
  let z = t * t;
  let high = 0.1095725 + z * (-0.0841859058 + z * (0.0582207516 + z * (-0.0314427726 + z * (0.011057849 + z * -0.00182580296))));
  var angle = t + t * z * (-0.333333015 + z * (0.199986309 + z * (-0.142651752 + z * high)));
  angle = select(angle, 1.5707963 - angle, abs(rise) > abs(run));
  angle = select(angle, 3.1415927 - angle, bitcast<u32>(run) >> 31u == 1u);
  return select(angle, -angle, bitcast<u32>(rise) >> 31u == 1u);
}

fn exp2_f32(x: f32) -> f32 {
  let low = select(x, -151.0, x < -151.0);
  let z = select(low, 129.0, low > 129.0);
  let n = floor(z + 0.5);
  let r = (z - n) * 0.69314718;
  let half = floor(n * 0.5);
  return select((1.0 + (r + exp_tail(r))) * power_of_two(half) * power_of_two(n - half), x, is_nan(x));
}

fn log2_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || (bits >= 0x80800000u)) { return nan(); }
  if ((bits & 0x7fffffffu) < 0x00800000u) { return -infinity(); }
  if (bits == 0x7f800000u) { return x; }
  let n_bits = (i32(bits) - 0x3f3504f3) & -8388608;
  return log_near_one(bitcast<f32>(i32(bits) - n_bits) - 1.0, 0.0) * 1.44269504 + f32(n_bits) * 1.1920929e-07;
}

// One step of Newton's method from what the logarithm gives.
fn cbrt_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size < 1.17549435e-38) { return x * 0.0; }
  if (!(size < infinity())) { return x; }
  let y = exp_f32(log_f32(size) * 0.333333333);
  let v = y - (y - size / (y * y)) * 0.333333333;
  return select(v, -v, x < 0.0);
}

// asin(x) / x - 1 of x^2 for |x| <= 0.5.
fn asin_tail(z: f32) -> f32 {
  return z * (0.166667536 + z * (0.0749523267 + z * (0.0454783402 + z * (0.0241409987 + z * 0.0422305316))));
}

// Beyond 0.5 by the half angle, whose sine is near 0.
fn asin_f32(x: f32) -> f32 {
  let size = abs(x);
  if (!(size <= 1.0)) { return nan(); }
  if (size <= 0.5) { return x + x * asin_tail(x * x); }
  let half = (1.0 - size) * 0.5;
  let r = sqrt(half);
  let v = 1.57079633 - 2.0 * (r + r * asin_tail(half));
  return select(v, -v, x < 0.0);
}

fn acos_f32(x: f32) -> f32 {
  let size = abs(x);
  if (!(size <= 1.0)) { return nan(); }
  if (size <= 0.5) { return 1.57079633 - (x + x * asin_tail(x * x)); }
  let half = (1.0 - size) * 0.5;
  let r = sqrt(half);
  let v = 2.0 * (r + r * asin_tail(half));
  return select(v, 3.14159265 - v, x < 0.0);
}

// e^(|x| / 2) twice, as e^|x| overflows where the result does not.
fn sinh_f32(x: f32) -> f32 {
  let z = x * x;
  if (z < 1.0) {
    return x + x * z * (0.166666672 + z * (0.00833333284 + z * (0.000198412963 + z * (2.75520642e-06 + z * 2.55298325e-08))));
  }
  let h = exp_f32(0.5 * abs(x));
  let v = (0.5 * h) * h - 0.5 / (h * h);
  return select(v, -v, x < 0.0);
}

fn cosh_f32(x: f32) -> f32 {
  let h = exp_f32(0.5 * abs(x));
  return (0.5 * h) * h + 0.5 / (h * h);
}

// Above 1e9 squares overflow, and log(2 |x|) is it to the last bit.
fn asinh_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size == 0.0) { return x; }
  var v = log_f32(size) + 0.69314718;
  if (size < 1e9) {
    let z = size * size;
    v = log1p_f32(size + z / (1.0 + sqrt(1.0 + z)));
  }
  return select(v, -v, x < 0.0);
}

fn acosh_f32(x: f32) -> f32 {
  if (!(x >= 1.0)) { return nan(); }
  if (x > 1e9) { return log_f32(x) + 0.69314718; }
  let t = x - 1.0;
  return log1p_f32(t + sqrt(t * (t + 2.0)));
}

fn atanh_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size == 0.0) { return x; }
  if (!(size < 1.0)) { return select(nan(), x * infinity(), size == 1.0); }
  let v = 0.5 * log1p_f32(2.0 * size / (1.0 - size));
  return select(v, -v, x < 0.0);
}

// By the distance to the nearest even number, which is exact, as is that to 1 beyond a half.
fn sinc_f32(x: f32) -> f32 {
  if (x == 0.0) { return 1.0; }
  let r = x - 2.0 * round(0.5 * x);
  let s = select(r, select(1.0, -1.0, r < 0.0) - r, abs(r) > 0.5);
  return sin_f32(3.14159265 * s) / (3.14159265 * x);
}

fn f(a: A) -> Y { return a; }

fn apply(a: VA) -> VY { return f(a); }

fn put(i: u32) { y[i] = apply(a[i]); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.count / WIDTH);
  var i = first + lane;
  for (; i < end; i += LANES) { put(i); }
}
