// strided_copy_half: y[i] = x[x_offset + i . x strides] for every index i of up to twelve axes, of halves
//
// x       words of two halves, the first in the low bits; any strides, in halves, as in strided_copy.wgsl
// y       count halves, contiguous in the order of the indices, overwritten; the half beyond an odd count is 0
// axes    innermost of y first: (extent, stride of x, stride of y, unused). Those of y are what a contiguous array has.
// Thread  every LANES-th word of its workgroup's tile, both halves: two threads may not write one word. Variants for up to three axes
//         divide once a thread (locate and next are replaced).
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

const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

// Where x holds an element, and its coordinates along the two inner axes.
struct Place {
  at: u32,
  inner: u32,
  middle: u32,
}

fn walk(i: u32) -> u32 {
  var rest = i;
  var at = 0u;
  for (var d = 0u; d + 1u < params.rank; d++) {
    let axis = params.axes[d];
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.y;
    rest = quotient;
  }
  return at + rest * params.axes[params.rank - 1u].y;
}

// For up to three axes, without a loop.
fn place_of(i: u32) -> Place {
  let q0 = i / params.axes[0].x;
  let q1 = q0 / params.axes[1].x;
  let inner = i - q0 * params.axes[0].x;
  let middle = q0 - q1 * params.axes[1].x;
  return Place(inner * params.axes[0].y + middle * params.axes[1].y + q1 * params.axes[2].y, inner, middle);
}

// The place `by` further: coordinates carry as digits do, which costs adapters on a CPU less than divisions.
fn further(p: Place, by: Place) -> Place {
  let inner_over = p.inner + by.inner >= params.axes[0].x;
  let middle = p.middle + by.middle + u32(inner_over);
  let middle_over = middle >= params.axes[1].x;
  let inner_wrap = params.axes[1].y - params.axes[0].x * params.axes[0].y;
  let middle_wrap = params.axes[2].y - params.axes[1].x * params.axes[1].y;
  return Place(
    p.at + by.at + select(0u, inner_wrap, inner_over) + select(0u, middle_wrap, middle_over),
    p.inner + by.inner - select(0u, params.axes[0].x, inner_over),
    middle - select(0u, params.axes[1].x, middle_over),
  );
}

fn locate(i: u32) -> Place { return Place(walk(i), 0u, 0u); }

// The same from the place `by` before it.
fn next(p: Place, by: Place, i: u32) -> Place { return locate(i); }

fn half_at(p: Place) -> u32 {
  let at = params.x_offset + p.at;
  return (x[at / 2u] >> (16u * (at % 2u))) & 0xffffu;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, (params.count + 1u) / 2u);
  var p = locate(2u * (first + lane));
  let by = locate(2u * LANES);
  let one = locate(1u);
  for (var i = first + lane; i < end; i += LANES) {
    let second = 2u * i + 1u;
    y[i] = half_at(p) | select(0u, half_at(next(p, one, min(second, params.count - 1u))) * 65536u, second < params.count);
    p = next(p, by, 2u * (i + LANES));
  }
}
