// elementwise_polynomial: y[i] = f(a[at], b[bt]), the orthogonal polynomial of degree b at a, by its recurrence
//
// a, b    any strides, 0 along the axes an operand is repeated over
// y       count elements, contiguous, overwritten
// axes    innermost first: (extent, stride of a, stride of b, unused), as in elementwise_binary.wgsl
// f       replaced by the expression (expressions/); it may use params.s0, params.s1 and functions of this file
// Thread  every LANES-th element of its workgroup's tile; variants are those of elementwise_binary.wgsl that take one element
//         at a time (locate and next are replaced).
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

// A variable: WGSL refuses NaN and infinity as constants.
fn from_bits(word: u32) -> f32 {
  var bits = word;
  return bitcast<f32>(bits);
}

fn nan() -> f32 { return from_bits(0x7fc00000u); }

fn infinity() -> f32 { return from_bits(0x7f800000u); }

// The degree that n is cut off to, below 100 000; -1 where there is none.
fn degree_of(n: f32) -> i32 { return select(-1, i32(n), n > -1.0 && n < 100000.0); }

// Polynomials by their recurrences: of degrees below 0 they are 0, above all bounds NaN.
fn beyond_degrees(n: f32) -> f32 { return select(0.0, nan(), n >= 100000.0 && n < infinity()); }

// Chebyshev's four kinds differ in the polynomial of degree 1, slope x + start.
fn chebyshev_f32(x: f32, n: f32, slope: f32, start: f32) -> f32 {
  let degree = degree_of(n);
  if (degree < 0) { return beyond_degrees(n); }
  var p = 1.0;
  var next = slope * x + start;
  for (var k = 0; k < degree; k++) {
    let after = 2.0 * x * next - p;
    p = next;
    next = after;
  }
  return p;
}

// Hermite's for the weight e^-x^2 (scale 2) or e^(-x^2 / 2) (scale 1).
fn hermite_f32(x: f32, n: f32, scale: f32) -> f32 {
  let degree = degree_of(n);
  if (degree < 0) { return beyond_degrees(n); }
  var p = 1.0;
  var next = scale * x;
  for (var k = 1; k <= degree; k++) {
    let after = scale * (x * next - f32(k) * p);
    p = next;
    next = after;
  }
  return p;
}

fn laguerre_f32(x: f32, n: f32) -> f32 {
  let degree = degree_of(n);
  if (degree < 0) { return beyond_degrees(n); }
  var p = 1.0;
  var next = 1.0 - x;
  for (var k = 1; k <= degree; k++) {
    let after = (f32(2 * k + 1) - x) * next - f32(k) * p;
    p = next;
    next = after / f32(k + 1);
  }
  return p;
}

fn legendre_f32(x: f32, n: f32) -> f32 {
  let degree = degree_of(n);
  if (degree < 0) { return beyond_degrees(n); }
  var p = 1.0;
  var next = x;
  for (var k = 1; k <= degree; k++) {
    let after = f32(2 * k + 1) * x * next - f32(k) * p;
    p = next;
    next = after / f32(k + 1);
  }
  return p;
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
