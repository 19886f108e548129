// matmul_f16: y[batch, m, n] = activate(sum over k of a[batch, m, k] * b[batch, k, n] + bias[n]), a and b in half precision
//
// a, b    two halves to a word, the first in the low bits; any strides, in elements, as in matmul.wgsl. Halves are read with
//         unpack2x16float, which needs no feature of the device.
// y       [batch, m, n], f32, contiguous, overwritten; bias is f32 too
// Thread  4 rows x 4 columns of results, as in matmul.wgsl.
// Limits  a and b keep 11 bits; halves below 2^-14 may count as zero.
// Order   k ascending, one fma in f32 each.
// Reference: matmul.ref.ts

struct Params {
  m: u32,
  n: u32,
  k: u32,
  a_row: u32,
  a_k: u32,
  b_k: u32,
  b_col: u32,
  has_bias: u32,
  batch: vec4<u32>,
  a_batch: vec4<u32>,
  b_batch: vec4<u32>,
}

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read> b: array<u32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const LANES_X = 8u;
const LANES_Y = 4u;
const TILE_M = LANES_Y * 4u;
const TILE_N = LANES_X * 4u;

fn activate(v: f32) -> f32 { return v; }

fn a_at(i: u32) -> f32 {
  let pair = unpack2x16float(a[i / 2u]);
  return select(pair.x, pair.y, i % 2u == 1u);
}

fn b_at(i: u32) -> f32 {
  let pair = unpack2x16float(b[i / 2u]);
  return select(pair.x, pair.y, i % 2u == 1u);
}

fn store(row: u32, col: u32, batch: u32, v: vec4<f32>) {
  if (row >= params.m) { return; }
  let at = (batch * params.m + row) * params.n;
  for (var j = 0u; j < 4u; j++) {
    if (col + j < params.n) {
      var add = 0.0;
      if (params.has_bias == 1u) { add = bias[col + j]; }
      y[at + col + j] = activate(v[j] + add);
    }
  }
}

// The tile of a workgroup, which are numbered across the grid (see spread): its place among columns and rows, and its matrix.
fn tile_of(number: u32) -> vec3<u32> {
  let columns = (params.n + TILE_N - 1u) / TILE_N;
  let rows = (params.m + TILE_M - 1u) / TILE_M;
  return vec3(number % columns, number / columns % rows, number / columns / rows);
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) ids: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>,
) {
  let group = tile_of(id.y * ids.x + id.x);
  if (group.z >= params.batch.x * params.batch.y * params.batch.z * params.batch.w) { return; }
  let row0 = (group.y * LANES_Y + lane.y) * 4u;
  let col0 = (group.x * LANES_X + lane.x) * 4u;
  var index = group.z;
  var a_base = 0u;
  var b_base = 0u;
  for (var d = 3i; d >= 0; d--) {
    let i = index % params.batch[d];
    index /= params.batch[d];
    a_base += i * params.a_batch[d];
    b_base += i * params.b_batch[d];
  }

  let last_row = vec4(params.m - 1u);
  let last_col = vec4(params.n - 1u);
  var a_i = vec4(a_base) + min(vec4(row0) + vec4(0u, 1u, 2u, 3u), last_row) * params.a_row;
  var b_i = vec4(b_base) + min(vec4(col0) + vec4(0u, 1u, 2u, 3u), last_col) * params.b_col;
  var y0 = vec4(0.0);
  var y1 = vec4(0.0);
  var y2 = vec4(0.0);
  var y3 = vec4(0.0);
  for (var k = 0u; k < params.k; k++) {
    let b_k = vec4(b_at(b_i.x), b_at(b_i.y), b_at(b_i.z), b_at(b_i.w));
    y0 = fma(vec4(a_at(a_i.x)), b_k, y0);
    y1 = fma(vec4(a_at(a_i.y)), b_k, y1);
    y2 = fma(vec4(a_at(a_i.z)), b_k, y2);
    y3 = fma(vec4(a_at(a_i.w)), b_k, y3);
    a_i += vec4(params.a_k);
    b_i += vec4(params.b_k);
  }

  store(row0, col0, group.z, y0);
  store(row0 + 1u, col0, group.z, y1);
  store(row0 + 2u, col0, group.z, y2);
  store(row0 + 3u, col0, group.z, y3);
}
