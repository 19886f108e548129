// gather_rows_backward_sorted: dx[r, j] = sum over i with index[i] = r of dy[i, j], for every r that the index names
//
// dy      [count, width], f32
// index   [count], i32; an index that is no row of dx adds nothing
// places  [count], i32: the order that sorts the index, equal ones in theirs
// dx      [rows, width], updated: rows that are not named stay
// Thread  up to SPAN elements (fours in the vec4 variant: V and WIDTH are replaced) of one place in the order. The first of equal
//         indices adds up all of them, the others do nothing. Lanes along the row.
// Order   that of i, as gather_rows_backward.
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
const SPAN = 8u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read> places: array<i32>;
@group(0) @binding(3) var<storage, read_write> dx: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  let width = params.width / WIDTH;
  let spans = (width + SPAN - 1u) / SPAN;
  if (at >= params.count * spans) { return; }
  let k = at / spans;
  let i = places[k];
  let row = index[i];
  if (row < 0 || u32(row) >= params.rows) { return; }
  if (k > 0u && index[places[k - 1u]] == row) { return; }
  let first = at % spans * SPAN;
  let columns = min(SPAN, width - first);
  let into = u32(row) * width + first;
  let source = u32(i) * width + first;
  for (var j = 0u; j < columns; j++) { dx[into + j] = dy[source + j]; }
  for (var next = k + 1u; next < params.count; next++) {
    let other = places[next];
    if (index[other] != row) { break; }
    let more = u32(other) * width + first;
    for (var j = 0u; j < columns; j++) { dx[into + j] += dy[more + j]; }
  }
}
