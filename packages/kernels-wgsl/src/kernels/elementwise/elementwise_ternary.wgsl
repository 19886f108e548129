// elementwise_ternary: y[i] = f(a[at], b[bt], c[ct]), where at, bt and ct broadcast i over up to twelve axes
//
// a, b, c any strides, 0 along the axes an operand is repeated over
// y       count elements, contiguous, overwritten
// axes    innermost first: (extent, stride of a, stride of b, stride of c); merged as in elementwise_binary.wgsl
// f       replaced by the expression (expressions.ts), which may use params.s0 and params.s1
// Thread  every LANES-th element of its workgroup's tile. In vec4 variants an element is four neighbours of y, or four times four; an operand
//         whose innermost stride is 1 is then read four at a time, one whose innermost stride is 0 once. Variants for a
//         single axis do not divide, most others take up to three and divide once a thread (VA, VB, VC, VY, WIDTH, apply,
//         locate, next and units are replaced).
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
alias C = f32;
alias Y = f32;
alias VA = A;
alias VB = B;
alias VC = C;
alias VY = Y;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<VA>;
@group(0) @binding(1) var<storage, read> b: array<VB>;
@group(0) @binding(2) var<storage, read> c: array<VC>;
@group(0) @binding(3) var<storage, read_write> y: array<VY>;
@group(0) @binding(4) var<uniform> params: Params;

// Where the operands hold an element, and its coordinates along the two inner axes.
struct Place {
  at: vec3<u32>,
  inner: u32,
  middle: u32,
}

// For up to three axes, without a loop: adapters on a CPU fetch params.axes[d] for each lane when d is no constant.
fn place_three(i: u32) -> Place {
  let q0 = i / params.axes[0].x;
  let q1 = q0 / params.axes[1].x;
  let inner = i - q0 * params.axes[0].x;
  let middle = q0 - q1 * params.axes[1].x;
  return Place(inner * params.axes[0].yzw + middle * params.axes[1].yzw + q1 * params.axes[2].yzw, inner, middle);
}

// The place `by` further: coordinates carry as digits do, which costs adapters on a CPU less than divisions.
fn advance(p: Place, by: Place) -> Place {
  let inner_over = p.inner + by.inner >= params.axes[0].x;
  let middle = p.middle + by.middle + u32(inner_over);
  let middle_over = middle >= params.axes[1].x;
  let inner_wrap = params.axes[1].yzw - params.axes[0].x * params.axes[0].yzw;
  let middle_wrap = params.axes[2].yzw - params.axes[1].x * params.axes[1].yzw;
  return Place(
    p.at + by.at + select(vec3(0u), inner_wrap, inner_over) + select(vec3(0u), middle_wrap, middle_over),
    p.inner + by.inner - select(0u, params.axes[0].x, inner_over),
    middle - select(0u, params.axes[1].x, middle_over),
  );
}

fn broadcast(i: u32) -> vec3<u32> {
  var rest = i;
  var at = vec3(0u);
  for (var d = 0u; d + 1u < params.rank; d++) {
    let axis = params.axes[d];
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.yzw;
    rest = quotient;
  }
  return at + rest * params.axes[params.rank - 1u].yzw;
}

fn f(a: A, b: B, c: C) -> Y { return fma(a, b, c); }

fn apply(a: VA, b: VB, c: VC) -> VY { return f(a, b, c); }

// The place of element i of y.
fn locate(i: u32) -> Place { return Place(broadcast(i), 0u, 0u); }

// The same from the place `by` before it.
fn next(p: Place, by: Place, i: u32) -> Place { return locate(i); }

// A place in units of VA, VB and VC.
fn units(at: vec3<u32>) -> vec3<u32> { return at; }

fn put(i: u32, p: Place) {
  let at = units(p.at);
  y[i] = apply(a[at.x], b[at.y], c[at.z]);
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
