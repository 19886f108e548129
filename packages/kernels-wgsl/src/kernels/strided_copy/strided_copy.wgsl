// strided_copy: y[y_offset + i . y strides] = x[x_offset + i . x strides] for every index i of up to six axes
//
// x, y    words of 32 bits of any dtype. Only the words of y that are named are written.
// axes    innermost of y first: (extent, stride of x, stride of y, unused). Strides may be 0 (x repeated) or negative, as
//         two's complement: sums wrap to the right place. The host merges axes that both operands walk alike.
// Thread  every LANES-th element of its workgroup's tile; lanes run along the innermost axis of y.
//         In the vec4 variants an element is four words in a row in y, and in x the same or one word repeated (VX, VY,
//         WIDTH, apply and locate are replaced). Variants for a single axis do not divide.
// Reference: strided_copy.ref.ts

struct Params {
  count: u32,
  tile: u32,
  rank: u32,
  x_inner: u32,
  x_offset: u32,
  y_offset: u32,
  axes: array<vec4<u32>, 6>,
}

alias VX = u32;
alias VY = u32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<VX>;
@group(0) @binding(1) var<storage, read_write> y: array<VY>;
@group(0) @binding(2) var<uniform> params: Params;

fn walk(i: u32) -> vec2<u32> {
  var rest = i;
  var at = vec2(params.x_offset, params.y_offset);
  for (var d = 0u; d + 1u < params.rank; d++) {
    let axis = params.axes[d];
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.yz;
    rest = quotient;
  }
  return at + rest * params.axes[params.rank - 1u].yz;
}

// For up to three axes, without a loop: adapters on a CPU fetch params.axes[d] for each lane when d is no constant.
fn walk_three(i: u32) -> vec2<u32> {
  let q0 = i / params.axes[0].x;
  let q1 = q0 / params.axes[1].x;
  let offset = vec2(params.x_offset, params.y_offset);
  return offset + (i - q0 * params.axes[0].x) * params.axes[0].yz + (q0 - q1 * params.axes[1].x) * params.axes[1].yz + q1 * params.axes[2].yz;
}

fn apply(v: VX) -> VY { return v; }

// Where x and y hold element i, in units of VX and VY.
fn locate(i: u32) -> vec2<u32> { return walk(i); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.count / WIDTH);
  for (var i = first + lane; i < end; i += LANES) {
    let at = locate(i);
    y[at.y] = apply(x[at.x]);
  }
}
