// gather_u8: y[i, j] = table[j / plane, x[index[i], j]]
//
// x       [rows, width] bytes, four to a word, rows one after another without padding
// index   [count], i32
// table   [width / plane, 256], words of any type: what each byte stands for, in each plane (channel) of a row
// y       [count, width], overwritten; a row whose index is none of x's is 0, and the index is noted in faults
// Thread  one element of y, or in the words variant the four of one word of x (VY, WIDTH and look_up are replaced); lanes
//         along the row.
// A table rather than arithmetic: whatever scaling made it, y has exactly its bits.
// Reference: u8.ref.ts

struct Params {
  rows: u32,
  width: u32,
  count: u32,
  fault_slot: u32,
  plane: u32,
}

alias VY = u32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<VY>;
@group(0) @binding(5) var<uniform> params: Params;

// What the bytes from bit `shift` of a word on stand for, by the 256 entries from `first` on.
fn look_up(word: u32, shift: u32, first: u32) -> VY { return table[first + ((word >> shift) & 255u)]; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  let width = params.width / WIDTH;
  if (at >= params.count * width) { return; }
  let row = index[at / width];
  if (row < 0 || u32(row) >= params.rows) {
    atomicMax(&faults[params.fault_slot], select(u32(row) + 1u, 0xffffffffu, row < 0));
    y[at] = VY(0u);
    return;
  }
  let column = (at % width) * WIDTH;
  let byte_at = u32(row) * params.width + column;
  y[at] = look_up(x[byte_at / 4u], 8u * (byte_at % 4u), column / params.plane * 256u);
}
