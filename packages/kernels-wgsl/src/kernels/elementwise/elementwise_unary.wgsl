// elementwise_unary: y[i] = f(a[i])
//
// a, y    count elements each, contiguous; y is overwritten
// f       replaced by the expression (expressions.ts), which may use params.s0, params.s1 and the functions below
// Thread  every LANES-th element of its workgroup's tile, as starting a thread costs more than an element. The tile is a param:
//         drivers unroll a constant number of steps and compile three times as long. In the vec4 variants an element is four
//         of them, or four vectors of four (VA, VY, WIDTH and apply are replaced).
// Functions of this file stand in for WGSL's where some driver's are coarse (sin 2e-4 off, tanh and log without relative
// accuracy near their zeros) or lose NaN (log(-1), exp(NaN) finite). Polynomials are minimax fits made here; error bounds
// are in expressions.ts. Subnormal numbers may count as zero.
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

// e^x for |x| <= 87, the bits of exp_f32.
fn exp_within(x: f32) -> f32 {
  let n = floor(x * 1.442695022 + 0.5);
  let r = (x - n * 0.693359375) + n * 2.1219444170128554e-4;
  return (1.0 + (r + exp_tail(r))) * power_of_two(n);
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

fn expm1_f32(x: f32) -> f32 {
  if (abs(x) < 0.5) { return x + exp_tail(x); }
  return exp_f32(x) - 1.0;
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

fn tanh_f32(x: f32) -> f32 {
  let z = x * x;
  let small = x + x * z * (-0.333332837 + z * (0.133314863 + z * (-0.0537431724 + z * (0.0206497088 + z * -0.00571620278))));
  // Beyond 10 the result is 1 to the last bit; the exponential must not overflow.
  let tail = 1.0 - 2.0 / (exp_within(2.0 * min(abs(x), 10.0)) + 1.0);
  return select(select(select(tail, -tail, x < 0.0), small, z < 0.390625), x, is_nan(x));
}

fn sigmoid_f32(x: f32) -> f32 { return 1.0 / (1.0 + exp_f32(-x)); }

fn softplus_f32(x: f32) -> f32 {
  return select(max(x, 0.0) + log1p_f32(exp_f32(-abs(x))), x, is_nan(x));
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

fn cos_f32(x: f32) -> f32 { return sin_shifted(x, 1); }

fn erf_f32(x: f32) -> f32 {
  let z = x * x;
  let small = x * (1.12837911 + z * (-0.376123101 + z * (0.112801515 + z * (-0.026711693 + z * (0.00491872709 + z * -0.000563797948)))));
  // Beyond 5 the result is 1 to the last bit.
  let far = min(abs(x), 5.0);
  let t = 1.0 / (1.0 + 0.5 * far);
  let p = 0.000607680122 + t * (0.273602217 + t * (0.330922872 + t * (0.101044923 + t * (0.404175639 + t * (-0.0576073155 + t * -0.0534524694)))));
  let tail = 1.0 - exp_within(-(far * far)) * p;
  return select(select(select(tail, -tail, x < 0.0), small, z < 1.0), x, is_nan(x));
}

// erfinv(x) of x and w = -log(1 - x^2) below 16: two polynomials, for the middle and the tails, after M. Giles (2012).
fn erfinv_near(x: f32, w: f32) -> f32 {
  if (w < 5.0) {
    let v = w - 2.5;
    let high = -0.0012537298 + v * (0.000218432702 + v * (-4.38935058e-06 + v * (-3.48299363e-06 + v * (3.43032553e-07 + v * 2.47530387e-08))));
    return x * (1.50140941 + v * (0.246640742 + v * (-0.00417752331 + v * high)));
  }
  let v = sqrt(w) - 3.0;
  let high = -0.00763261924 + v * (0.00577028422 + v * (-0.00363750081 + v * (0.00127956457 + v * (6.59189609e-05 + v * -0.000147691622))));
  return x * (2.83297706 + v * (1.00167477 + v * (0.00943418313 + v * high)));
}

fn erfinv_f32(x: f32) -> f32 {
  if (!(abs(x) < 1.0)) { return select(nan(), x * infinity(), abs(x) == 1.0); }
  return erfinv_near(x, -log_f32((1.0 - x) * (1.0 + x)));
}

fn elu_f32(x: f32, alpha: f32) -> f32 {
  if (x > 0.0) { return x; }
  return alpha * expm1_f32(x);
}

fn relu6_f32(x: f32) -> f32 { return select(clamp(x, 0.0, 6.0), x, is_nan(x)); }

fn pow_f32(x: f32, power: f32) -> f32 {
  if (power == 0.0 || x == 1.0) { return 1.0; }
  if (is_nan(x) || is_nan(power)) { return nan(); }
  let size = abs(power);
  let whole = trunc(power) == power;
  if (whole && size <= 64.0) {
    // Repeated squaring: small whole powers come out as products would.
    var bits = u32(size);
    var square = x;
    var product = 1.0;
    while (bits > 0u) {
      if ((bits & 1u) == 1u) { product *= square; }
      square *= square;
      bits >>= 1u;
    }
    return select(product, 1.0 / product, power < 0.0);
  }
  if (x < 0.0 && !whole && x != -infinity()) { return nan(); }
  if (abs(x) == 1.0) { return select(1.0, x, whole && size < 16777216.0 && (u32(size) & 1u) == 1u); }
  let v = exp_f32(power * log_f32(abs(x)));
  return select(v, -v, x < 0.0 && whole && size < 16777216.0 && (u32(size) & 1u) == 1u);
}

// Bits of the float16 nearest to x, ties to even; those of no number are 0x7e00. Below 2^-14 halves lie 2^-24 apart, as floats from
// 0.5 on: the sum rounds. Elsewhere 13 bits go, and carries run into the exponent, as they should.
fn f16_bits(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  let normal = (size + 0xfffu + ((size >> 13u) & 1u) - 0x38000000u) >> 13u;
  let tiny = bitcast<u32>(bitcast<f32>(size) + 0.5) - 0x3f000000u;
  let large = select(0x7c00u, 0x7e00u, size > 0x7f800000u);
  return ((bits >> 16u) & 0x8000u) | select(select(normal, tiny, size < 0x38800000u), large, size >= 0x47800000u);
}

// The number that the bits of a float16 stand for, exactly, though drivers may lose subnormal floats.
fn f16_value(bits: u32) -> f32 {
  let size = (bits & 0x7fffu) * 8192u;
  let normal = size + select(0x38000000u, 0x70000000u, size >= 0x0f800000u);
  let tiny = bitcast<u32>(bitcast<f32>(size + 0x38800000u) - 6.103515625e-05);
  return bitcast<f32>(select(normal, tiny, size < 0x00800000u) | ((bits & 0x8000u) * 65536u));
}

// Bits of the bfloat16 nearest to x, ties to even; those of no number are 0x7fc0.
fn bf16_bits(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select((bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u, 0x7fc0u, is_nan(x));
}

fn bf16_value(bits: u32) -> f32 { return bitcast<f32>(bits * 65536u); }

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
