// gather_rows_backward: dx[r, j] = sum over i with index[i] = r of dy[i, j]
//
// dy      [count, width], f32
// index   [count], i32; an index that is no row of dx adds nothing
// dx      [rows, width], overwritten
// Thread  a stretch of up to SPAN elements of one row of dx (of fours in the vec4 variant: V and WIDTH are replaced). It looks
//         through the whole index and adds what is its own: no atomics.
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
  for (var i = 0u; i < params.count; i++) {
    if (index[i] == i32(row)) {
      for (var column = first; column < end; column++) { dx[row * width + column] += dy[i * width + column]; }
    }
  }
}
