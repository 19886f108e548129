// gather_u8: y[i, j] = f32(x[index[i], j]) / divisor
//
// x       [rows, width] bytes, four to a word, rows one after another without padding
// index   [count], i32
// y       [count, width], f32, overwritten; a row whose index is none of x's is 0, and the index is noted in faults
// Thread  one element of y, or in the words variant the four of one word of x (VY, WIDTH and unpack are replaced); lanes
//         along the row.
// Quotient: the nearest f32, as in u8_to_f32.wgsl.
// Reference: gather.ref.ts

struct Params {
  rows: u32,
  width: u32,
  count: u32,
  fault_slot: u32,
  divisor: f32,
}

alias VY = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<VY>;
@group(0) @binding(4) var<uniform> params: Params;

fn quotient(byte: u32) -> f32 {
  let v = f32(byte);
  let q = v / params.divisor;
  let high = bitcast<f32>(bitcast<u32>(q) & 0xfffff000u);
  let rest = (v - high * params.divisor) - (q - high) * params.divisor;
  return select(q, q + rest / params.divisor, (bitcast<u32>(params.divisor) & 0xfffu) == 0u);
}

// The elements from bit `shift` of a word on.
fn unpack(word: u32, shift: u32) -> VY { return quotient((word >> shift) & 255u); }

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
    y[at] = VY(0.0);
    return;
  }
  let byte_at = (u32(row) * width + at % width) * WIDTH;
  y[at] = unpack(x[byte_at / 4u], 8u * (byte_at % 4u));
}
