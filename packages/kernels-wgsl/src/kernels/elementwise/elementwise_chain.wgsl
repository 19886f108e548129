// elementwise_chain: y[i] = chain(a[i], b[i], c[i], d[i]), several elementwise ops in one pass
//
// a..d    up to four operands, contiguous: count elements, or one that is repeated; unused ones are not read
// y       count elements, contiguous, overwritten
// chain   replaced by a statement for each op (elementwise_chain.ts). A result that another op takes goes through `rounded_*`,
//         so that no driver contracts or simplifies two ops: the bits are those of separate passes.
// Thread  every LANES-th element of its workgroup's tile. With WIDTH 4 an element is four of them, and VA to VD are vectors
//         but for repeated operands. Halves lie in words of two, MA..MY: of y a thread writes whole ones, so WIDTH is 2 at least
//         (VA..VY, MA..MY, WIDTH, apply, stored, load_a..load_d and at_a..at_d are replaced).
// Functions are those of elementwise_unary.wgsl and elementwise_binary.wgsl.
// Reference: elementwise_chain.ref.ts

struct Params {
  count: u32,
  tile: u32,
  zero: u32,
  width: u32,
  element_bytes: u32,
}

alias A = f32;
alias B = f32;
alias C = f32;
alias D = f32;
alias Y = f32;
alias VA = A;
alias VB = B;
alias VC = C;
alias VD = D;
alias VY = Y;
alias MA = VA;
alias MB = VB;
alias MC = VC;
alias MD = VD;
alias MY = VY;
const WIDTH = 1u;
const LANES = 64u;
const UNROLLED = false;

@group(0) @binding(0) var<storage, read> a: array<MA>;
@group(0) @binding(1) var<storage, read> b: array<MB>;
@group(0) @binding(2) var<storage, read> c: array<MC>;
@group(0) @binding(3) var<storage, read> d: array<MD>;
@group(0) @binding(4) var<storage, read_write> y: array<MY>;
@group(0) @binding(5) var<uniform> params: Params;

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

// The rest that a whole quotient leaves, exact: long division of the fractions, eight bits at a time.
fn fmod_f32(a: f32, b: f32) -> f32 {
  let size = abs(a);
  let step = abs(b);
  if (size < step) { return a; }
  let x = bitcast<u32>(size);
  let y = bitcast<u32>(step);
  if (x >= 0x7f800000u || y > 0x7f800000u || y < 0x00800000u) { return nan(); }
  let divisor = (y & 0x7fffffu) | 0x800000u;
  var rest = ((x & 0x7fffffu) | 0x800000u) % divisor;
  var shift = (x >> 23u) - (y >> 23u);
  while (shift > 0u && rest > 0u) {
    let step = min(shift, 8u);
    rest = (rest << step) % divisor;
    shift -= step;
  }
  let r = (f32(rest) * 1.1920929e-07) * bitcast<f32>(y & 0x7f800000u);
  return select(r, -r, a < 0.0);
}

// floor(a / b) as Python has it, by the rest: the quotient itself may be rounded across a whole number.
fn floor_divide_f32(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return a / b; }
  let rest = fmod_f32(a, b);
  let below = rest != 0.0 && (rest < 0.0) != (b < 0.0);
  let quotient = (a - rest) / b - select(0.0, 1.0, below);
  let whole = floor(quotient);
  return select(whole, whole + 1.0, quotient - whole > 0.5);
}

fn floor_divide_i32(a: i32, b: i32) -> i32 {
  return a / b - select(0, 1, a % b != 0 && (a < 0) != (b < 0));
}

// trunc(a / b) of the rounded quotient; one that is whole must not come out a unit below where division is inexact.
fn trunc_divide_f32(a: f32, b: f32) -> f32 {
  let quotient = a / b;
  return select(trunc(quotient), round(quotient), fmod_f32(a, b) == 0.0);
}

fn remainder_f32(a: f32, b: f32) -> f32 {
  let r = fmod_f32(a, b);
  return select(r, r + b, r != 0.0 && (r < 0.0) != (b < 0.0));
}

fn remainder_i32(a: i32, b: i32) -> i32 {
  let r = a % b;
  return select(r, r + b, r != 0 && (r < 0) != (b < 0));
}

fn maximum_f32(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

fn minimum_f32(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }


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

// The bits of a result as they are: zero is 0, but only the device knows.
fn rounded_f32(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ params.zero); }
fn rounded_i32(x: i32) -> i32 { return x ^ bitcast<i32>(params.zero); }
fn rounded_u32(x: u32) -> u32 { return x ^ params.zero; }

fn chain(x0: A, x1: B, x2: C, x3: D) -> Y { return x0; }

fn apply(x0: VA, x1: VB, x2: VC, x3: VD) -> VY { return chain(x0, x1, x2, x3); }

// Where each operand holds its part of element i of y.
fn at_a(i: u32) -> u32 { return i; }
fn at_b(i: u32) -> u32 { return i; }
fn at_c(i: u32) -> u32 { return i; }
fn at_d(i: u32) -> u32 { return i; }

// An operand's part of element i, from memory: halves are taken out of their words.
fn load_a(i: u32) -> VA { return a[at_a(i)]; }
fn load_b(i: u32) -> VB { return b[at_b(i)]; }
fn load_c(i: u32) -> VC { return c[at_c(i)]; }
fn load_d(i: u32) -> VD { return d[at_d(i)]; }

fn stored(i: u32, v: VY) -> MY { return v; }

fn put(i: u32) { y[i] = stored(i, apply(load_a(i), load_b(i), load_c(i), load_d(i))); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, (params.count + WIDTH - 1u) / WIDTH);
  var i = first + lane;
  for (; UNROLLED && i + 3u * LANES < end; i += 4u * LANES) {
    put(i);
    put(i + LANES);
    put(i + 2u * LANES);
    put(i + 3u * LANES);
  }
  for (; i < end; i += LANES) { put(i); }
}
