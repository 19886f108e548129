// strided_copy: y[y_offset + i . y strides] = x[x_offset + i . x strides] for every index i of up to twelve axes
//
// x, y    words of 32 bits of any dtype. Only the words of y that are named are written.
// axes    innermost of y first: (extent, stride of x, stride of y, unused). Strides may be 0 (x repeated) or negative, as
//         two's complement: sums wrap to the right place. The host merges axes that both operands walk alike.
// Thread  every LANES-th element of its workgroup's tile; lanes run along the innermost axis of y.
//         In the vec4 variants an element is four words in a row in y, and in x the same or one word repeated (VX, VY,
//         WIDTH, apply, locate, next and units are replaced). Variants for a single axis do not divide, those for up to three
//         once a thread.
// Reference: strided_copy.ref.ts

struct Params {
  count: u32,
  tile: u32,
  rank: u32,
  x_inner: u32,
  x_offset: u32,
  y_offset: u32,
  axes: array<vec4<u32>, 12>,
}

alias VX = u32;
alias VY = u32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<VX>;
@group(0) @binding(1) var<storage, read_write> y: array<VY>;
@group(0) @binding(2) var<uniform> params: Params;

// Where x and y hold an element, and its coordinates along the two inner axes.
struct Place {
  at: vec2<u32>,
  inner: u32,
  middle: u32,
}

fn walk(i: u32) -> vec2<u32> {
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

fn apply(v: VX) -> VY { return v; }

// The place of element i, without the offsets.
fn locate(i: u32) -> Place { return Place(walk(i), 0u, 0u); }

// The same from the place `by` before it.
fn next(p: Place, by: Place, i: u32) -> Place { return locate(i); }

// A place in units of VX and VY.
fn units(at: vec2<u32>) -> vec2<u32> { return at; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.count / WIDTH);
  let start = vec2(params.x_offset, params.y_offset);
  var p = locate(first + lane);
  let by = locate(LANES);
  for (var i = first + lane; i < end; i += LANES) {
    let at = units(start + p.at);
    y[at.y] = apply(x[at.x]);
    p = next(p, by, i + LANES);
  }
}
