// matmul, variant for subgroups of 8 lanes and any strides: as matmul.wgsl, with a tile shared within the subgroup.
//
// Workgroup  one subgroup: 32 rows x 12 columns, so that the ten classes of a classifier fill most of it. Per k each lane loads
//            a of its own four rows and b of up to two columns, and gets the other columns by broadcast: 6 scalar loads for 48
//            fma. Loads beyond the edge read the last row or column; stores are guarded.
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

const TILE_M = 32u;
const TILE_N = 12u;

fn activate(v: f32) -> f32 { return v; }

// The tile of a workgroup, which are numbered across the grid (see spread): its place among columns and rows, and its matrix.
fn tile_of(number: u32) -> vec3<u32> {
  let columns = (params.n + TILE_N - 1u) / TILE_N;
  let rows = (params.m + TILE_M - 1u) / TILE_M;
  return vec3(number % columns, number / columns % rows, number / columns / rows);
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) ids: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = tile_of(id.y * ids.x + id.x);
  if (group.z >= params.batch.x * params.batch.y * params.batch.z * params.batch.w) { return; }
  let row = (group.y * 8u + lane) * 4u;
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
  var b_at = vec2(b_base) + min(vec2(col0) + vec2(lane, 8u + lane % 4u), vec2(params.n - 1u)) * params.b_col;
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
  for (var k = 0u; k < params.k; k++) {
    let a_k = vec4(a[a_at.x], a[a_at.y], a[a_at.z], a[a_at.w]);
    let b_left = b[b_at.x];
    let b_right = b[b_at.y];
    a_at += vec4(params.a_k);
    b_at += vec2(params.b_k);
    y0 = fma(a_k, vec4(subgroupBroadcast(b_left, 0u)), y0);
    y1 = fma(a_k, vec4(subgroupBroadcast(b_left, 1u)), y1);
    y2 = fma(a_k, vec4(subgroupBroadcast(b_left, 2u)), y2);
    y3 = fma(a_k, vec4(subgroupBroadcast(b_left, 3u)), y3);
    y4 = fma(a_k, vec4(subgroupBroadcast(b_left, 4u)), y4);
    y5 = fma(a_k, vec4(subgroupBroadcast(b_left, 5u)), y5);
    y6 = fma(a_k, vec4(subgroupBroadcast(b_left, 6u)), y6);
    y7 = fma(a_k, vec4(subgroupBroadcast(b_left, 7u)), y7);
    y8 = fma(a_k, vec4(subgroupBroadcast(b_right, 0u)), y8);
    y9 = fma(a_k, vec4(subgroupBroadcast(b_right, 1u)), y9);
    y10 = fma(a_k, vec4(subgroupBroadcast(b_right, 2u)), y10);
    y11 = fma(a_k, vec4(subgroupBroadcast(b_right, 3u)), y11);
  }

  if (row >= params.m) { return; }
  let tile = array<vec4<f32>, 12>(y0, y1, y2, y3, y4, y5, y6, y7, y8, y9, y10, y11);
  let rows = min(4u, params.m - row);
  let cols = min(TILE_N, params.n - col0);
  for (var j = 0u; j < cols; j++) {
    let col = col0 + j;
    var add = 0.0;
    if (params.has_bias == 1u) { add = bias[col]; }
    for (var i = 0u; i < rows; i++) {
      y[(group.z * params.m + row + i) * params.n + col] = activate(tile[j][i] + add);
    }
  }
}
