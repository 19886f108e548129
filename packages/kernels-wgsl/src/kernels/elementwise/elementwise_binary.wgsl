// elementwise_binary: y[i] = f(a[at], b[bt]), where at and bt broadcast i over up to twelve axes
//
// a, b    any strides, 0 along the axes an operand is repeated over
// y       count elements, contiguous, overwritten
// axes    innermost first: (extent, stride of a, stride of b, unused); the host merges axes that all operands walk alike, so
//         operands of one shape, or of one element, have a single axis and need no division
// f       replaced by the expression (expressions.ts); it may use params.s0, params.s1 and functions of this file
// Thread  every LANES-th element of its workgroup's tile. In vec4 variants an element is four neighbours of y, or four times four; an operand
//         whose innermost stride is 1 is then read four at a time, one whose innermost stride is 0 once. Variants for a
//         single axis do not divide, most others take up to three and divide once a thread (VA, VB, VY, WIDTH, apply, locate,
//         next and units are replaced).
// Reference: elementwise.ref.ts. Why some functions are not WGSL's own: elementwise_unary.wgsl.

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
