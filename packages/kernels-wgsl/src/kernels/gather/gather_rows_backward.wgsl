// gather_rows_backward: dx[r, j] = sum over i with index[i] = r of dy[i, j]
//
// dy      [count, width], f32
// index   [count], i32; an index that is no row of dx adds nothing
// dx      [rows, width], overwritten
// Thread  one element of dx looks through the whole index: no atomics, and the sum is in the order of i, always.
//         Cost rows * width * count comparisons: meant for batches, not for long texts.
// Reference: gather.ref.ts

struct Params {
  rows: u32,
  width: u32,
  count: u32,
  fault_slot: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  if (at >= params.rows * params.width) { return; }
  let row = i32(at / params.width);
  let column = at % params.width;
  var sum = 0.0;
  for (var i = 0u; i < params.count; i++) {
    if (index[i] == row) { sum += dy[i * params.width + column]; }
  }
  dx[at] = sum;
}
