// elementwise_incomplete_gamma: y[i] = f(a[at], b[bt]), the incomplete gamma functions
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

// d - log(1 + d) without cancellation near 0: what log_near_one adds to its argument.
fn excess(d: f32) -> f32 {
  if (d > -0.29 && d < 0.41) {
    let high = -0.250008106 + d * (0.20002301 + d * (-0.16624558 + d * (0.141809478 + d * (-0.131285042 + d * (0.12882942 + d * -0.078616634)))));
    return 0.5 * d * d - d * d * d * (0.333333164 + d * high);
  }
  return d - log_f32(1.0 + d);
}

// x^a e^-x / gamma(a + 1)
fn gamma_density(a: f32, x: f32) -> f32 {
  if (a < 8.0) { return exp_f32(a * log_f32(x) - x - lgamma_positive(a + 1.0)); }
  let r = 1.0 / a;
  return exp_f32(-a * excess((x - a) / a) - r * (0.0833333333 - r * r * 0.00277777778)) * inverseSqrt(6.28318531 * a);
}

// For shapes above 200 Temme's uniform expansion (1979) with its first term: (smaller one of the two functions, whether it
// is the upper one).
fn gamma_uniform(a: f32, x: f32) -> vec2<f32> {
  let d = (x - a) / a;
  let half_square = excess(d);
  let eta = sqrt(2.0 * half_square);
  let signed_eta = select(eta, -eta, d < 0.0);
  let near = -0.333333333 + signed_eta * (0.0833333333 + signed_eta * (-0.0148148148 + signed_eta * (0.00115740741 + signed_eta * 0.000352733686)));
  let c = select(1.0 / d - 1.0 / signed_eta, near, abs(signed_eta) < 0.3);
  let scale = exp_f32(-a * half_square);
  let middle = 0.5 * scale * erfcx_tail(eta * sqrt(0.5 * a));
  let rest = scale * inverseSqrt(6.28318531 * a) * c;
  return select(vec2(middle + rest, 1.0), vec2(middle - rest, 0.0), d < 0.0);
}

// The lower function's series below a + 1, the upper one's continued fraction above.
fn gamma_smaller(a: f32, x: f32) -> vec2<f32> {
  if (a > 200.0) { return gamma_uniform(a, x); }
  if (x < a + 1.0) {
    var term = 1.0;
    var sum = 1.0;
    for (var n = 1.0; n < 400.0 && term > sum * 3e-8; n += 1.0) {
      term *= x / (a + n);
      sum += term;
    }
    return vec2(sum * gamma_density(a, x), 0.0);
  }
  var b = x + 1.0 - a;
  var c = 1e30;
  var d = 1.0 / b;
  var h = d;
  for (var n = 1.0; n < 400.0; n += 1.0) {
    let product = n * (n - a);
    b += 2.0;
    d = 1.0 / (b - product * d);
    c = b - product / c;
    h *= c * d;
    if (abs(c * d - 1.0) < 1e-7) { break; }
  }
  return vec2(h * a * gamma_density(a, x), 1.0);
}

fn gamma_part(a: f32, x: f32, upper: f32) -> f32 {
  if (is_nan(a) || is_nan(x) || a < 0.0 || x < 0.0 || (a == x && (a == 0.0 || a == infinity()))) { return nan(); }
  if (a == 0.0 || x == infinity()) { return 1.0 - upper; }
  if (x == 0.0 || a == infinity()) { return upper; }
  let part = gamma_smaller(a, x);
  return select(1.0 - part.x, part.x, part.y == upper);
}

fn igamma_f32(a: f32, x: f32) -> f32 { return gamma_part(a, x, 0.0); }

fn igammac_f32(a: f32, x: f32) -> f32 { return gamma_part(a, x, 1.0); }

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
