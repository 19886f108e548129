// gather_rows_backward: dx[r, j] = sum over i with index[i] = r of dy[i, j]
//
// dy      [count, width], f32
// index   [count], i32; an index that is no row of dx adds nothing
// dx      [rows, width], overwritten
// Thread  a stretch of up to SPAN elements of one row of dx (of fours in the vec4 variant: V and WIDTH are replaced). It looks
//         through the whole index, eight at a time, and adds what is its own: no atomics.
//         Cost rows * count comparisons for each stretch of a row.
// Order   that of i, from 0.
// Reference: gather.ref.ts

struct Params {
  rows: u32,
  width: u32,
  count: u32,
  fault_slot: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;
const SPAN = 32u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  let width = params.width / WIDTH;
  let spans = (width + SPAN - 1u) / SPAN;
  if (at >= params.rows * spans) { return; }
  let row = at / spans;
  let first = (at % spans) * SPAN;
  let end = min(first + SPAN, width);
  for (var column = first; column < end; column++) { dx[row * width + column] = V(0.0); }
  for (var start = 0u; start < params.count; start += 8u) {
    // Beyond the end the last ones again: they are looked for, and not added.
    let near = min(vec4(start) + vec4(0u, 1u, 2u, 3u), vec4(params.count - 1u));
    let far = min(vec4(start) + vec4(4u, 5u, 6u, 7u), vec4(params.count - 1u));
    let is_near = vec4(index[near.x], index[near.y], index[near.z], index[near.w]) == vec4(i32(row));
    let is_far = vec4(index[far.x], index[far.y], index[far.z], index[far.w]) == vec4(i32(row));
    if (!any(is_near | is_far)) { continue; }
    for (var i = start; i < min(start + 8u, params.count); i++) {
      if (index[i] != i32(row)) { continue; }
      for (var column = first; column < end; column++) { dx[row * width + column] += dy[i * width + column]; }
    }
  }
}
