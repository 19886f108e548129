// gather_rows: y[i, j] = x[index[i], j]
//
// x       [rows, width], 32-bit words of any type
// index   [count], i32
// y       [count, width], overwritten; a row whose index is none of x's is 0, and the index is noted in faults
// Thread  one word of y, or four, or four vectors of four (V and WIDTH are replaced), lanes along the row, so that
//         loads of a row are neighbours.
// Reference: gather.ref.ts

struct Params {
  rows: u32,
  width: u32,
  count: u32,
  fault_slot: u32,
}

alias V = u32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  let width = params.width / WIDTH;
  if (at >= params.count * width) { return; }
  let i = at / width;
  let row = index[i];
  let wrong = row < 0 || u32(row) >= params.rows;
  if (wrong) { atomicMax(&faults[params.fault_slot], select(u32(row) + 1u, 0xffffffffu, row < 0)); }
  // The copy is no branch: some adapters on a CPU run through both, lanes masked.
  var v = x[select(u32(row) * width + at - i * width, 0u, wrong)];
  if (wrong) { v = V(); }
  y[at] = v;
}
