// segment_sums: y[s] = sum of f(x[i]) over start <= i < stop, the s-th pair of `ranges`: norms of many tensors side by side
//
// x       [any] f32;  ranges  [2 segments] u32;  y  [segments] f32, overwritten
// f       the element itself, its square, or 1 where it is infinite or NaN: a function that is replaced
// Thread  one segment, of up to some hundred elements: the host cuts longer ones and adds their sums in a second pass.
// Order   element j of a segment into accumulator j mod 4, ascending; then (0, 1), (2, 3), and the two results. Both variants.
// Variant vec4: ranges begin at multiples of four, and four elements are one load.
// Reference: segment_sums.ref.ts

struct Params {
  segments: u32,
  aligned: u32,
  elements: u32,
}

alias X = f32;

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> ranges: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// Segments of a workgroup, whose lanes take them in turn.
const TILE = 64u;
const LANES = 64u;

fn four(at: u32) -> vec4<f32> { return vec4(x[at], x[at + 1u], x[at + 2u], x[at + 3u]); }

fn one(at: u32) -> f32 { return x[at]; }

fn f(v: vec4<f32>) -> vec4<f32> { return v; }

fn sum_of(s: u32) -> f32 {
  var at = ranges[2u * s];
  let stop = ranges[2u * s + 1u];
  var sum = vec4(0.0);
  for (; at + 4u <= stop; at += 4u) { sum += f(four(at)); }
  if (at < stop) {
    var rest = vec4(0.0);
    rest.x = one(at);
    if (at + 1u < stop) { rest.y = one(at + 1u); }
    if (at + 2u < stop) { rest.z = one(at + 2u); }
    sum += f(rest);
  }
  return (sum.x + sum.y) + (sum.z + sum.w);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * TILE;
  let end = min(first + TILE, params.segments);
  for (var s = first + lane; s < end; s += LANES) { y[s] = sum_of(s); }
}
