// gather_rows_backward: dx[r, j] = sum over i with index[i] = r of dy[i, j]
//
// dy      [count, width], f32
// index   [count], i32; an index that is no row of dx adds nothing
// dx      [rows, width], overwritten
// Thread  one element of dx, or four in the vec4 variant (V and WIDTH are replaced), looks through the whole index: no atomics, and the sum is in the order of i, always.
//         Cost rows * width * count comparisons: meant for batches, not for long texts.
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
  if (at >= params.rows * width) { return; }
  let row = i32(at / width);
  let column = at % width;
  var sum = V(0.0);
  for (var i = 0u; i < params.count; i++) {
    if (index[i] == row) { sum += dy[i * width + column]; }
  }
  dx[at] = sum;
}
