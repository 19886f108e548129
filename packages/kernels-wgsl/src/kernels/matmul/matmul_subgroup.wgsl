// matmul, variant for subgroups of 8 or 4 lanes: as matmul.wgsl, with vector loads and a tile shared within the subgroup.
//
// Needs      a and b each contiguous along one axis, and that axis, k, every offset and every stride in multiples of four
//            elements. A_TRANSPOSED: a is contiguous along m (a_row = 1), else along k; B_TRANSPOSED: b along k, else along n.
// Workgroup  one subgroup: 32 rows x 32 columns, or 16 x 16 of 4 lanes. Per four k each lane loads a block of a of its own four rows and one of b of
//            its own four columns, four vectors each, and gets the other rows of a by broadcast: 8 vector loads for 128 vector
//            fma. Loads beyond the edge read the last rows or columns; stores are guarded.
// Loop       over k in fours, and within it over rows: software adapters copy every accumulator once per round, and one row at
//            a time stays in registers.
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

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// 8 or 4.
const LANES = 8u;
const TILE_M = LANES * 4u;
const TILE_N = LANES * 4u;
const A_TRANSPOSED = false;
const B_TRANSPOSED = false;

fn activate(v: f32) -> f32 { return v; }

// Offsets in vectors of the block at `first` of `count` rows (or columns), one vector along each, or one across all four per k.
fn block(base: u32, first: u32, count: u32, stride: u32, k_stride: u32, across: bool) -> vec4<u32> {
  let along = min(vec4(first) + vec4(0u, 1u, 2u, 3u), vec4(count - 1u)) * stride;
  let each_k = vec4(min(first, max(count, 4u) - 4u)) + vec4(0u, 1u, 2u, 3u) * k_stride;
  return (vec4(base) + select(along, each_k, across)) / 4u;
}

fn step(sum: vec4<f32>, a_k: vec4<f32>, b_k: mat4x4<f32>) -> vec4<f32> {
  return fma(vec4(a_k.w), b_k[3], fma(vec4(a_k.z), b_k[2], fma(vec4(a_k.y), b_k[1], fma(vec4(a_k.x), b_k[0], sum))));
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
  let row0 = group.y * LANES * 4u;
  let col = (group.x * LANES + lane) * 4u;
  var index = group.z;
  var a_base = 0u;
  var b_base = 0u;
  for (var d = 3i; d >= 0; d--) {
    let i = index % params.batch[d];
    index /= params.batch[d];
    a_base += i * params.a_batch[d];
    b_base += i * params.b_batch[d];
  }

  var a_at = block(a_base, row0 + lane * 4u, params.m, params.a_row, params.a_k, A_TRANSPOSED);
  var b_at = block(b_base, col, params.n, params.b_col, params.b_k, !B_TRANSPOSED);
  let a_step = vec4(select(1u, params.a_k, A_TRANSPOSED));
  let b_step = vec4(select(params.b_k, 1u, B_TRANSPOSED));
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
  var y12 = vec4(0.0);
  var y13 = vec4(0.0);
  var y14 = vec4(0.0);
  var y15 = vec4(0.0);
  var y16 = vec4(0.0);
  var y17 = vec4(0.0);
  var y18 = vec4(0.0);
  var y19 = vec4(0.0);
  var y20 = vec4(0.0);
  var y21 = vec4(0.0);
  var y22 = vec4(0.0);
  var y23 = vec4(0.0);
  var y24 = vec4(0.0);
  var y25 = vec4(0.0);
  var y26 = vec4(0.0);
  var y27 = vec4(0.0);
  var y28 = vec4(0.0);
  var y29 = vec4(0.0);
  var y30 = vec4(0.0);
  var y31 = vec4(0.0);
  for (var k = 0u; k < params.k; k += 4u) {
    var a_k = mat4x4(a[a_at.x], a[a_at.y], a[a_at.z], a[a_at.w]);
    var b_k = mat4x4(b[b_at.x], b[b_at.y], b[b_at.z], b[b_at.w]);
    if (A_TRANSPOSED) { a_k = transpose(a_k); }
    if (B_TRANSPOSED) { b_k = transpose(b_k); }
    a_at += a_step;
    b_at += b_step;
    y0 = step(y0, subgroupBroadcast(a_k[0], 0u), b_k);
    y1 = step(y1, subgroupBroadcast(a_k[1], 0u), b_k);
    y2 = step(y2, subgroupBroadcast(a_k[2], 0u), b_k);
    y3 = step(y3, subgroupBroadcast(a_k[3], 0u), b_k);
    y4 = step(y4, subgroupBroadcast(a_k[0], 1u), b_k);
    y5 = step(y5, subgroupBroadcast(a_k[1], 1u), b_k);
    y6 = step(y6, subgroupBroadcast(a_k[2], 1u), b_k);
    y7 = step(y7, subgroupBroadcast(a_k[3], 1u), b_k);
    y8 = step(y8, subgroupBroadcast(a_k[0], 2u), b_k);
    y9 = step(y9, subgroupBroadcast(a_k[1], 2u), b_k);
    y10 = step(y10, subgroupBroadcast(a_k[2], 2u), b_k);
    y11 = step(y11, subgroupBroadcast(a_k[3], 2u), b_k);
    y12 = step(y12, subgroupBroadcast(a_k[0], 3u), b_k);
    y13 = step(y13, subgroupBroadcast(a_k[1], 3u), b_k);
    y14 = step(y14, subgroupBroadcast(a_k[2], 3u), b_k);
    y15 = step(y15, subgroupBroadcast(a_k[3], 3u), b_k);
    if (LANES == 8u) {
      y16 = step(y16, subgroupBroadcast(a_k[0], 4u), b_k);
      y17 = step(y17, subgroupBroadcast(a_k[1], 4u), b_k);
      y18 = step(y18, subgroupBroadcast(a_k[2], 4u), b_k);
      y19 = step(y19, subgroupBroadcast(a_k[3], 4u), b_k);
      y20 = step(y20, subgroupBroadcast(a_k[0], 5u), b_k);
      y21 = step(y21, subgroupBroadcast(a_k[1], 5u), b_k);
      y22 = step(y22, subgroupBroadcast(a_k[2], 5u), b_k);
      y23 = step(y23, subgroupBroadcast(a_k[3], 5u), b_k);
      y24 = step(y24, subgroupBroadcast(a_k[0], 6u), b_k);
      y25 = step(y25, subgroupBroadcast(a_k[1], 6u), b_k);
      y26 = step(y26, subgroupBroadcast(a_k[2], 6u), b_k);
      y27 = step(y27, subgroupBroadcast(a_k[3], 6u), b_k);
      y28 = step(y28, subgroupBroadcast(a_k[0], 7u), b_k);
      y29 = step(y29, subgroupBroadcast(a_k[1], 7u), b_k);
      y30 = step(y30, subgroupBroadcast(a_k[2], 7u), b_k);
      y31 = step(y31, subgroupBroadcast(a_k[3], 7u), b_k);
    }
  }

  if (col >= params.n) { return; }
  let tile = array<vec4<f32>, 32>(
    y0, y1, y2, y3, y4, y5, y6, y7,
    y8, y9, y10, y11, y12, y13, y14, y15,
    y16, y17, y18, y19, y20, y21, y22, y23,
    y24, y25, y26, y27, y28, y29, y30, y31,
  );
  let rows = min(LANES * 4u, params.m - row0);
  let cols = min(4u, params.n - col);
  for (var i = 0u; i < rows; i++) {
    let at = (group.z * params.m + row0 + i) * params.n + col;
    for (var j = 0u; j < cols; j++) {
      var add = 0.0;
      if (params.has_bias == 1u) { add = bias[col + j]; }
      y[at + j] = activate(tile[i][j] + add);
    }
  }
}
