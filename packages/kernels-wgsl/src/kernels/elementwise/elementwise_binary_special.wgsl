// elementwise_binary_special: y[i] = f(a[at], b[bt]), special functions of two operands
//
// a, b    any strides, 0 along the axes an operand is repeated over
// y       count elements, contiguous, overwritten
// axes    innermost first: (extent, stride of a, stride of b, unused), as in elementwise_binary.wgsl
// f       replaced by the expression (expressions/); it may use params.s0, params.s1 and functions of this file
// Thread  every LANES-th element of its workgroup's tile; variants are those of elementwise_binary.wgsl that take one element
//         at a time (locate and next are replaced). Polynomials are minimax fits made here.
// Reference: elementwise.ref.ts

struct Params {
  count: u32,
  tile: u32,
  s0: f32,
  s1: f32,
  rank: u32,
  axes: array<vec4<u32>, 12>,
}

alias A = f32;
alias B = f32;
alias Y = f32;
alias VA = A;
alias VB = B;
alias VY = Y;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<VA>;
@group(0) @binding(1) var<storage, read> b: array<VB>;
@group(0) @binding(2) var<storage, read_write> y: array<VY>;
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

fn exp2_f32(x: f32) -> f32 {
  let low = select(x, -151.0, x < -151.0);
  let z = select(low, 129.0, low > 129.0);
  let n = floor(z + 0.5);
  let r = (z - n) * 0.69314718;
  let half = floor(n * 0.5);
  return select((1.0 + (r + exp_tail(r))) * power_of_two(half) * power_of_two(n - half), x, is_nan(x));
}

// Infinities of one sign are themselves.
fn logaddexp_f32(a: f32, b: f32) -> f32 {
  if (is_nan(a) || is_nan(b)) { return nan(); }
  if (a == b) { return a + 0.69314718; }
  return max(a, b) + log1p_f32(exp_f32(-abs(a - b)));
}

fn logaddexp2_f32(a: f32, b: f32) -> f32 {
  if (is_nan(a) || is_nan(b)) { return nan(); }
  if (a == b) { return a + 1.0; }
  return max(a, b) + 1.44269504 * log1p_f32(exp2_f32(-abs(a - b)));
}

// The power in three factors, as it may be beyond the exponents of f32 where the result is not.
fn ldexp_f32(a: f32, b: f32) -> f32 {
  let low = select(b, -300.0, b < -300.0);
  let power = select(low, 300.0, low > 300.0);
  let third = trunc(power / 3.0);
  if (is_nan(b)) { return b; }
  return a * exp2_f32(third) * exp2_f32(third) * exp2_f32(power - 2.0 * third);
}

fn hypot_f32(a: f32, b: f32) -> f32 {
  let large = max(abs(a), abs(b));
  if (abs(a) == infinity() || abs(b) == infinity()) { return infinity(); }
  if (is_nan(a) || is_nan(b)) { return nan(); }
  if (large == 0.0) { return 0.0; }
  let ratio = min(abs(a), abs(b)) / large;
  return large * sqrt(1.0 + ratio * ratio);
}

fn gcd_u32(a: u32, b: u32) -> u32 {
  var x = a;
  var y = b;
  while (y > 0u) {
    let rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}

fn lcm_u32(a: u32, b: u32) -> u32 {
  if (a == 0u || b == 0u) { return 0u; }
  return a / gcd_u32(a, b) * b;
}

// Floats as whole numbers in their order, both zeros as 0, and back.
fn ordered(bits: i32) -> i32 { return select(bits, -2147483648 - bits, bits < 0); }

fn nextafter_f32(a: f32, b: f32) -> f32 {
  if (is_nan(a) || is_nan(b)) { return nan(); }
  let from_a = ordered(bitcast<i32>(a));
  let to_b = ordered(bitcast<i32>(b));
  if (from_a == to_b) { return b; }
  return bitcast<f32>(ordered(select(from_a - 1, from_a + 1, to_b > from_a)));
}

fn rel_entr_f32(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan(); }
  if (x > 0.0 && y > 0.0) {
    // Near equal operands the logarithm is that of what they differ by.
    let excess = (x - y) / y;
    return x * select(log_f32(x) - log_f32(y), log1p_f32(excess), abs(excess) < 0.25);
  }
  return select(infinity(), 0.0, x == 0.0 && y >= 0.0);
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

// Where the operands hold an element, and its coordinates along the two inner axes.
struct Place {
  at: vec2<u32>,
  inner: u32,
  middle: u32,
}

// For up to three axes, without a loop: adapters on a CPU fetch params.axes[d] for each lane when d is no constant.
fn place_three(i: u32) -> Place {
  let q0 = i / params.axes[0].x;
  let q1 = q0 / params.axes[1].x;
  let inner = i - q0 * params.axes[0].x;
  let middle = q0 - q1 * params.axes[1].x;
  return Place(inner * params.axes[0].yz + middle * params.axes[1].yz + q1 * params.axes[2].yz, inner, middle);
}

// The place `by` further: coordinates carry as digits do, which costs adapters on a CPU less than divisions.
fn advance(p: Place, by: Place) -> Place {
  let inner_over = p.inner + by.inner >= params.axes[0].x;
  let middle = p.middle + by.middle + u32(inner_over);
  let middle_over = middle >= params.axes[1].x;
  let inner_wrap = params.axes[1].yz - params.axes[0].x * params.axes[0].yz;
  let middle_wrap = params.axes[2].yz - params.axes[1].x * params.axes[1].yz;
  return Place(
    p.at + by.at + select(vec2(0u), inner_wrap, inner_over) + select(vec2(0u), middle_wrap, middle_over),
    p.inner + by.inner - select(0u, params.axes[0].x, inner_over),
    middle - select(0u, params.axes[1].x, middle_over),
  );
}

fn broadcast(i: u32) -> vec2<u32> {
  var rest = i;
  var at = vec2(0u);
  for (var d = 0u; d + 1u < params.rank; d++) {
    let axis = params.axes[d];
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.yz;
    rest = quotient;
  }
  return at + rest * params.axes[params.rank - 1u].yz;
}

fn f(a: A, b: B) -> Y { return a + b; }

fn apply(a: VA, b: VB) -> VY { return f(a, b); }

// The place of element i of y.
fn locate(i: u32) -> Place { return Place(broadcast(i), 0u, 0u); }

// The same from the place `by` before it.
fn next(p: Place, by: Place, i: u32) -> Place { return locate(i); }

// A place in units of VA and VB.
fn units(at: vec2<u32>) -> vec2<u32> { return at; }

fn put(i: u32, p: Place) {
  let at = units(p.at);
  y[i] = apply(a[at.x], b[at.y]);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.count / WIDTH);
  var i = first + lane;
  var p = locate(i);
  let by = locate(LANES);
  for (; i < end; i += LANES) {
    put(i, p);
    p = next(p, by, i + LANES);
  }
}
