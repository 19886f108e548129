// gather_u8: y[i, j] = f32(x[index[i], j]) / divisor
//
// x       [rows, width] bytes, four to a word, rows one after another without padding
// index   [count], i32
// y       [count, width], f32, overwritten; a row whose index is none of x's is 0, and the index is noted in faults
// Thread  one element of y, lanes along the row.
// The quotient is the nearest f32, as in u8_to_f32.wgsl.
// Reference: gather.ref.ts

struct Params {
  rows: u32,
  width: u32,
  count: u32,
  fault_slot: u32,
  divisor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const LANES = 64u;

fn quotient(byte: u32) -> f32 {
  let q = f32(byte) / params.divisor;
  return fma(fma(-q, params.divisor, f32(byte)), 1.0 / params.divisor, q);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  if (at >= params.count * params.width) { return; }
  let row = index[at / params.width];
  if (row < 0 || u32(row) >= params.rows) {
    atomicMax(&faults[params.fault_slot], select(u32(row) + 1u, 0xffffffffu, row < 0));
    y[at] = 0.0;
    return;
  }
  let byte_at = u32(row) * params.width + at % params.width;
  y[at] = quotient((x[byte_at / 4u] >> (8u * (byte_at % 4u))) & 255u);
}
