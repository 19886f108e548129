// elementwise_special: y[i] = f(a[i]), functions of the error and gamma families
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

// e^(x^2) erfc(x) for x >= 0.
fn erfcx_tail(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.5 * x);
  let high = -0.0572796240 + t * (0.127195925 + t * (-0.447127879 + t * (0.486308157 + t * (-0.230919421 + t * 0.0423651598))));
  return t * (0.282094806 + t * (0.282093853 + t * (0.24688077 + t * (0.175374717 + t * (0.0930135399 + t * high)))));
}

// e^(scale x^2): the square of a shortened x is exact, and what is left is small.
fn exp_square(x: f32, scale: f32) -> f32 {
  let h = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
  return exp_f32(scale * h * h) * exp_f32(scale * (x - h) * (x + h));
}

fn erfc_f32(x: f32) -> f32 {
  let size = min(abs(x), 11.0);
  let v = exp_square(size, -1.0) * erfcx_tail(size);
  return select(select(v, 2.0 - v, x < 0.0), x, is_nan(x));
}

fn erfcx_f32(x: f32) -> f32 {
  if (x < 0.0) {
    let size = min(-x, 11.0);
    return 2.0 * exp_square(size, 1.0) - erfcx_tail(size);
  }
  return erfcx_tail(x);
}

fn ndtr_f32(x: f32) -> f32 {
  let size = min(abs(x), 15.0);
  let v = 0.5 * exp_square(size, -0.5) * erfcx_tail(size * 0.70710678);
  return select(select(v, 1.0 - v, x > 0.0), x, is_nan(x));
}

fn log_ndtr_f32(x: f32) -> f32 {
  if (x < -1.0) { return log_f32(0.5 * erfcx_tail(x * -0.70710678)) - 0.5 * x * x; }
  if (x > 0.0) { return log1p_f32(-ndtr_f32(-x)); }
  return log_f32(ndtr_f32(x));
}

// As erfinv_f32 of 2 p - 1, but by p itself where that is near -1, and with a polynomial for what is nearer to 0 than
// 2 p - 1 is ever to -1.
fn ndtri_f32(p: f32) -> f32 {
  if (!(p > 0.0 && p < 1.0)) { return select(select(nan(), infinity(), p == 1.0), -infinity(), p == 0.0); }
  let x = (p - 0.5) * 2.0;
  let w = -(log_f32(p) + log1p_f32(-p)) - 1.38629436;
  if (w < 16.0) {
    if (abs(x) < 0.5) { return 1.41421356 * erfinv_near(x, -log1p_f32(-x * x)); }
    return 1.41421356 * erfinv_near(x, w);
  }
  let v = sqrt(w) - 6.7;
  let high = -3.31924184e-06 + v * (9.51223228e-06 + v * (-1.98649036e-06 + v * (3.12775313e-07 + v * (-1.29411973e-07 + v * 2.67402527e-08))));
  return 1.41421356 * x * (6.56639481 + v * (1.00890458 + v * (-0.000515302119 + v * high)));
}

// log(gamma(x)) for x > 0: Stirling's series from 8 on; below, the product that leads down to [1.5, 2.5), or one step up.
fn lgamma_positive(x: f32) -> f32 {
  if (x >= 8.0) {
    let r = 1.0 / x;
    return (x - 0.5) * (log_f32(x) - 1.0) + (0.418938533 + r * (0.0833333333 - r * r * 0.00277777778));
  }
  var z = x;
  var product = 1.0;
  while (z >= 2.5) {
    z -= 1.0;
    product *= z;
  }
  var far = log_f32(product);
  var zeros = (z - 1.0) * (z - 2.0);
  if (x < 1.0) {
    z = x + 1.0;
    far = -log_f32(x);
    zeros = x * (x - 1.0);
  }
  let f = z - 1.75;
  let high = 0.00877339765 + f * (-0.00425289012 + f * (0.00211725431 + f * (-0.000957358454 + f * (0.000474604632 + f * (-0.000449525629 + f * 0.000248055236)))));
  return far + zeros * (0.450139314 + f * (-0.119481668 + f * (0.0445205942 + f * (-0.0190511923 + f * high))));
}

// By reflection below 0; the distance to a whole number is exact.
fn lgamma_f32(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x > 0.0) { return select(lgamma_positive(x), infinity(), x == infinity()); }
  if (floor(x) == x) { return infinity(); }
  let sine = sin_quarter(3.14159265 * abs(x - round(x)));
  return log_f32(3.14159265 / sine) - log_f32(-x) - lgamma_positive(-x);
}

// sin(r) for 0 <= r <= pi/2.
fn sin_quarter(r: f32) -> f32 {
  if (r > 0.78539816) { return cos_eighth(1.57079633 - r); }
  let z = r * r;
  return r + r * z * (-0.166666552 + z * (0.00833219104 + z * -0.000195185727));
}

// cos(r) for |r| <= pi/4.
fn cos_eighth(r: f32) -> f32 {
  let z = r * r;
  return 1.0 - 0.5 * z + z * z * (0.0416666456 + z * (-0.00138873118 + z * 2.44327421e-05));
}

// The zero is taken out of the polynomial, in two parts, so that what is near it keeps its last bits.
fn digamma_positive(x: f32) -> f32 {
  if (x >= 8.0) {
    let r = 1.0 / x;
    let z = r * r;
    return log_f32(x) - 0.5 * r - z * (0.0833333333 - z * (0.00833333333 - z * 0.00396825397));
  }
  var z = x;
  var sum = 0.0;
  while (z >= 2.0) {
    z -= 1.0;
    sum += 1.0 / z;
  }
  if (x < 1.0) {
    z = x + 1.0;
    sum = -1.0 / x;
  }
  let f = z - 1.5;
  let high = -0.148399964 + f * (0.0951174051 + f * (-0.0620399714 + f * (0.0393618196 + f * (-0.0258725062 + f * (0.0239243265 + f * -0.0162210651)))));
  return sum + ((z - 1.46163213) * (0.951055884 + f * (-0.423627466 + f * (0.240538388 + f * high))) - 1.20360551e-08);
}

fn digamma_f32(x: f32) -> f32 {
  if (x > 0.0 || is_nan(x)) { return select(digamma_positive(x), x, x == infinity()); }
  if (x == 0.0) { return select(-infinity(), infinity(), bitcast<u32>(x) != 0u); }
  let r = x - round(x);
  if (r == 0.0 || !(x > -infinity())) { return nan(); }
  let angle = 3.14159265 * abs(r);
  let cotangent = sin_quarter(1.57079633 - angle) / sin_quarter(angle);
  return digamma_positive(-x) - 1.0 / x - select(3.14159265, -3.14159265, r < 0.0) * cotangent;
}

// Euler and Maclaurin's rest of the sum of a^-s from where its terms fall fast.
fn zeta_f32(s: f32, q: f32) -> f32 {
  if (is_nan(s) || is_nan(q) || !(s > 1.0)) { return select(nan(), infinity(), s == 1.0); }
  if (q <= 0.0 && floor(q) == q) { return infinity(); }
  if (q < -1000.0 || (q < 0.0 && floor(s) != s)) { return nan(); }
  var sum = 0.0;
  var a = q;
  let far = max(9.0, min(s, 300.0));
  while (a < far) {
    sum += pow_f32(a, -s);
    a += 1.0;
  }
  if (a > 1e30) { return select(0.0, pow_f32(a, 1.0 - s) / (s - 1.0), a < infinity()); }
  let z = 1.0 / (a * a);
  let third = s * (s + 1.0) * (s + 2.0) * z / 720.0;
  let rest = s / 12.0 - third + third * (s + 3.0) * (s + 4.0) * z / 42.0;
  return sum + pow_f32(a, -s) * (a / (s - 1.0) + 0.5 + rest / a);
}

fn polygamma_f32(x: f32, n: f32) -> f32 {
  if (n == 0.0) { return digamma_f32(x); }
  var factorial = 1.0;
  for (var i = 2.0; i <= n && i < 36.0; i += 1.0) { factorial *= i; }
  let v = factorial * zeta_f32(n + 1.0, x);
  return select(v, -v, 2.0 * floor(0.5 * n) == n);
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
