// matmul, variant for subgroups of 8 or 4 lanes and any strides: as matmul.wgsl, with a tile shared within the subgroup.
//
// Workgroup  one subgroup: 32 rows (16 of 4 lanes) x 12 columns, so that the ten classes of a classifier fill most of it. Per k
//            each lane loads a of its own four rows and b of two or three columns, and gets the other columns by broadcast: 6 or
//            7 scalar loads for 48 fma. Loads beyond the edge read the last row or column; stores are guarded.
// FOURS      takes four k a round: SwiftShader copies every accumulator once per round, lavapipe keeps them in registers.
// Order      k ascending, one fma each, as in matmul.wgsl: the same bits.
// Reference: matmul.ref.ts

enable subgroups;

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

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// 8 or 4.
const LANES = 8u;
const FOURS = false;
const TILE_M = LANES * 4u;
const TILE_N = 12u;

fn activate(v: f32) -> f32 { return v; }

fn a_column(at: vec4<u32>) -> vec4<f32> { return vec4(a[at.x], a[at.y], a[at.z], a[at.w]); }

// The third only of 4 lanes: nothing uses it otherwise.
fn b_row(at: vec3<u32>) -> vec3<f32> { return vec3(b[at.x], b[at.y], b[at.z]); }

fn store(row: u32, col: u32, batch: u32, v: vec4<f32>) {
  var add = 0.0;
  if (params.has_bias == 1u) { add = bias[col]; }
  let at = (batch * params.m + row) * params.n + col;
  y[at] = activate(v.x + add);
  if (row + 1u < params.m) { y[at + params.n] = activate(v.y + add); }
  if (row + 2u < params.m) { y[at + 2u * params.n] = activate(v.z + add); }
  if (row + 3u < params.m) { y[at + 3u * params.n] = activate(v.w + add); }
}

// The tile of a workgroup, which are numbered across the grid (see spread): its place among columns and rows, and its matrix.
fn tile_of(number: u32) -> vec3<u32> {
  let columns = (params.n + TILE_N - 1u) / TILE_N;
  let rows = (params.m + TILE_M - 1u) / TILE_M;
  return vec3(number % columns, number / columns % rows, number / columns / rows);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) ids: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = tile_of(id.y * ids.x + id.x);
  if (group.z >= params.batch.x * params.batch.y * params.batch.z * params.batch.w) { return; }
  let row = (group.y * LANES + lane) * 4u;
  let col0 = group.x * TILE_N;
  var index = group.z;
  var a_base = 0u;
  var b_base = 0u;
  for (var d = 3i; d >= 0; d--) {
    let i = index % params.batch[d];
    index /= params.batch[d];
    a_base += i * params.a_batch[d];
    b_base += i * params.b_batch[d];
  }

  var a_at = vec4(a_base) + min(vec4(row) + vec4(0u, 1u, 2u, 3u), vec4(params.m - 1u)) * params.a_row;
  let lane_cols = vec3(lane, LANES + lane % 4u, 2u * LANES + lane);
  var b_at = vec3(b_base) + min(vec3(col0) + lane_cols, vec3(params.n - 1u)) * params.b_col;
  var y0 = vec4(0.0);
  var y1 = vec4(0.0);
  var y2 = vec4(0.0);
  var y3 = vec4(0.0);
  var y4 = vec4(0.0);
  var y5 = vec4(0.0);
  var y6 = vec4(0.0);
  var y7 = vec4(0.0);
  var y8 = vec4(0.0);
  var y9 = vec4(0.0);
  var y10 = vec4(0.0);
  var y11 = vec4(0.0);
  var k = 0u;
  for (; FOURS && k + 4u <= params.k; k += 4u) {
    let a0 = a_column(a_at);
    let b0 = b_row(b_at);
    let a1 = a_column(a_at + params.a_k);
    let b1 = b_row(b_at + params.b_k);
    let a2 = a_column(a_at + 2u * params.a_k);
    let b2 = b_row(b_at + 2u * params.b_k);
    let a3 = a_column(a_at + 3u * params.a_k);
    let b3 = b_row(b_at + 3u * params.b_k);
    a_at += vec4(4u * params.a_k);
    b_at += vec3(4u * params.b_k);
    y0 = fma(a3, vec4(subgroupBroadcast(b3[0u / LANES], 0u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[0u / LANES], 0u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[0u / LANES], 0u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[0u / LANES], 0u % LANES)), y0))));
    y1 = fma(a3, vec4(subgroupBroadcast(b3[1u / LANES], 1u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[1u / LANES], 1u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[1u / LANES], 1u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[1u / LANES], 1u % LANES)), y1))));
    y2 = fma(a3, vec4(subgroupBroadcast(b3[2u / LANES], 2u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[2u / LANES], 2u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[2u / LANES], 2u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[2u / LANES], 2u % LANES)), y2))));
    y3 = fma(a3, vec4(subgroupBroadcast(b3[3u / LANES], 3u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[3u / LANES], 3u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[3u / LANES], 3u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[3u / LANES], 3u % LANES)), y3))));
    y4 = fma(a3, vec4(subgroupBroadcast(b3[4u / LANES], 4u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[4u / LANES], 4u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[4u / LANES], 4u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[4u / LANES], 4u % LANES)), y4))));
    y5 = fma(a3, vec4(subgroupBroadcast(b3[5u / LANES], 5u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[5u / LANES], 5u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[5u / LANES], 5u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[5u / LANES], 5u % LANES)), y5))));
    y6 = fma(a3, vec4(subgroupBroadcast(b3[6u / LANES], 6u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[6u / LANES], 6u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[6u / LANES], 6u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[6u / LANES], 6u % LANES)), y6))));
    y7 = fma(a3, vec4(subgroupBroadcast(b3[7u / LANES], 7u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[7u / LANES], 7u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[7u / LANES], 7u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[7u / LANES], 7u % LANES)), y7))));
    y8 = fma(a3, vec4(subgroupBroadcast(b3[8u / LANES], 8u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[8u / LANES], 8u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[8u / LANES], 8u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[8u / LANES], 8u % LANES)), y8))));
    y9 = fma(a3, vec4(subgroupBroadcast(b3[9u / LANES], 9u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[9u / LANES], 9u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[9u / LANES], 9u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[9u / LANES], 9u % LANES)), y9))));
    y10 = fma(a3, vec4(subgroupBroadcast(b3[10u / LANES], 10u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[10u / LANES], 10u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[10u / LANES], 10u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[10u / LANES], 10u % LANES)), y10))));
    y11 = fma(a3, vec4(subgroupBroadcast(b3[11u / LANES], 11u % LANES)), fma(a2, vec4(subgroupBroadcast(b2[11u / LANES], 11u % LANES)), fma(a1, vec4(subgroupBroadcast(b1[11u / LANES], 11u % LANES)), fma(a0, vec4(subgroupBroadcast(b0[11u / LANES], 11u % LANES)), y11))));
  }
  for (; k < params.k; k++) {
    let a_k = a_column(a_at);
    let b_k = b_row(b_at);
    a_at += vec4(params.a_k);
    b_at += vec3(params.b_k);
    y0 = fma(a_k, vec4(subgroupBroadcast(b_k[0u / LANES], 0u % LANES)), y0);
    y1 = fma(a_k, vec4(subgroupBroadcast(b_k[1u / LANES], 1u % LANES)), y1);
    y2 = fma(a_k, vec4(subgroupBroadcast(b_k[2u / LANES], 2u % LANES)), y2);
    y3 = fma(a_k, vec4(subgroupBroadcast(b_k[3u / LANES], 3u % LANES)), y3);
    y4 = fma(a_k, vec4(subgroupBroadcast(b_k[4u / LANES], 4u % LANES)), y4);
    y5 = fma(a_k, vec4(subgroupBroadcast(b_k[5u / LANES], 5u % LANES)), y5);
    y6 = fma(a_k, vec4(subgroupBroadcast(b_k[6u / LANES], 6u % LANES)), y6);
    y7 = fma(a_k, vec4(subgroupBroadcast(b_k[7u / LANES], 7u % LANES)), y7);
    y8 = fma(a_k, vec4(subgroupBroadcast(b_k[8u / LANES], 8u % LANES)), y8);
    y9 = fma(a_k, vec4(subgroupBroadcast(b_k[9u / LANES], 9u % LANES)), y9);
    y10 = fma(a_k, vec4(subgroupBroadcast(b_k[10u / LANES], 10u % LANES)), y10);
    y11 = fma(a_k, vec4(subgroupBroadcast(b_k[11u / LANES], 11u % LANES)), y11);
  }

  if (row >= params.m) { return; }
  let tile = array<vec4<f32>, 12>(y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11);
  let cols = min(TILE_N, params.n - col0);
  for (var j = 0u; j < cols; j++) { store(row, col0 + j, group.z, tile[j]); }
}
