// matmul and matmul_f16, variant for GPUs and any strides: as matmul.wgsl, with tiles of a and b in workgroup memory.
//
// Workgroup  64 rows x 64 columns in slabs of 16 k. Each of 64 invocations loads one block of a and one of b, 4 x 4 each, of the
//            next slab into registers, computes 8 x 8 results of this one from the tiles, then puts the blocks there.
// Tiles      [k / 4][k % 4][row / 4] of vectors along rows (of b: along columns), four k padded by two vectors: neither the
//            stores of a block nor the loads of four rows meet in a bank. A lane's rows are 4 y.. and 32 + 4 y.., for the same reason.
// Vectors    A, a_four and A_ALONG_K are replaced where a is contiguous in multiples of four, along k or along rows; so for b.
// Edges      loads beyond the edge read the last row or column, so they need no clamp; k beyond the end counts as -0 * 0, which
//            added by fma leaves every number as it is. Stores are guarded.
// Order      k ascending, one fma each, as in matmul.wgsl: the same bits.
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

alias A = f32;
alias B = f32;

@group(0) @binding(0) var<storage, read> a: array<A>;
@group(0) @binding(1) var<storage, read> b: array<B>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const TILE_M = 64u;
const TILE_N = 64u;

// Vectors between two times four k in a tile, and in a tile.
const FOUR_K = 66u;
const TILE = 264u;

var<workgroup> a_tile: array<vec4<f32>, TILE>;
var<workgroup> b_tile: array<vec4<f32>, TILE>;

fn activate(v: f32) -> f32 { return v; }

const A_ALONG_K = false;
const B_ALONG_K = false;

fn a_four(at: vec4<u32>) -> vec4<f32> { return vec4(a[at.x], a[at.y], a[at.z], a[at.w]); }
fn b_four(at: vec4<u32>) -> vec4<f32> { return vec4(b[at.x], b[at.y], b[at.z], b[at.w]); }

const FOUR = vec4(0u, 1u, 2u, 3u);

// Which block a lane loads: .x in fours of rows, .y in fours of k. Neighbours load what lies side by side.
fn block_of(lane: u32, k_stride: u32, stride: u32) -> vec2<u32> {
  return select(vec2(lane % 16u, lane / 16u), vec2(lane / 4u, lane % 4u), k_stride < stride);
}

fn places(base: u32, first: u32, count: u32, stride: u32) -> vec4<u32> {
  return vec4(base) + min(vec4(first) + FOUR, vec4(count - 1u)) * stride;
}

// Four k, beginning at `k`, of four rows (or columns): a column of the matrix for each k.
fn a_block(rows: vec4<u32>, k: u32) -> mat4x4<f32> {
  let at = places(0u, k, params.k, params.a_k);
  if (A_ALONG_K) {
    return pad(transpose(mat4x4(a_four(rows.x + at), a_four(rows.y + at), a_four(rows.z + at), a_four(rows.w + at))), k, -0.0);
  }
  return pad(mat4x4(a_four(rows + at.x), a_four(rows + at.y), a_four(rows + at.z), a_four(rows + at.w)), k, -0.0);
}

fn b_block(cols: vec4<u32>, k: u32) -> mat4x4<f32> {
  let at = places(0u, k, params.k, params.b_k);
  if (B_ALONG_K) {
    return pad(transpose(mat4x4(b_four(cols.x + at), b_four(cols.y + at), b_four(cols.z + at), b_four(cols.w + at))), k, 0.0);
  }
  return pad(mat4x4(b_four(cols + at.x), b_four(cols + at.y), b_four(cols + at.z), b_four(cols + at.w)), k, 0.0);
}

// Replaces what is beyond the last k.
fn pad(block: mat4x4<f32>, first: u32, zero: f32) -> mat4x4<f32> {
  if (first + 4u <= params.k) { return block; }
  let z = vec4(zero);
  let k = vec4(first) + FOUR;
  let inside = k < vec4(params.k);
  return mat4x4(
    select(z, block[0], inside.x),
    select(z, block[1], inside.y),
    select(z, block[2], inside.z),
    select(z, block[3], inside.w),
  );
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

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) ids: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = tile_of(id.y * ids.x + id.x);
  if (group.z >= params.batch.x * params.batch.y * params.batch.z * params.batch.w) { return; }
  var index = group.z;
  var a_base = 0u;
  var b_base = 0u;
  for (var d = 3i; d >= 0; d--) {
    let i = index % params.batch[d];
    index /= params.batch[d];
    a_base += i * params.a_batch[d];
    b_base += i * params.b_batch[d];
  }

  let a_mine = block_of(lane, params.a_k, params.a_row);
  let b_mine = block_of(lane, params.b_k, params.b_col);
  let a_rows = places(a_base, group.y * TILE_M + a_mine.x * 4u, params.m, params.a_row);
  let b_cols = places(b_base, group.x * TILE_N + b_mine.x * 4u, params.n, params.b_col);
  let a_to = a_mine.y * FOUR_K + a_mine.x;
  let b_to = b_mine.y * FOUR_K + b_mine.x;
  var a_next = mat4x4<f32>();
  var b_next = mat4x4<f32>();

  let lane_x = lane % 8u;
  let lane_y = lane / 8u;
  var l0 = vec4(0.0);
  var r0 = vec4(0.0);
  var l1 = vec4(0.0);
  var r1 = vec4(0.0);
  var l2 = vec4(0.0);
  var r2 = vec4(0.0);
  var l3 = vec4(0.0);
  var r3 = vec4(0.0);
  var l4 = vec4(0.0);
  var r4 = vec4(0.0);
  var l5 = vec4(0.0);
  var r5 = vec4(0.0);
  var l6 = vec4(0.0);
  var r6 = vec4(0.0);
  var l7 = vec4(0.0);
  var r7 = vec4(0.0);
  for (var slab = 0u; ; slab += 16u) {
    if (slab < params.k) {
      a_next = a_block(a_rows, slab + a_mine.y * 4u);
      b_next = b_block(b_cols, slab + b_mine.y * 4u);
    }
    // The slab before this one.
    if (slab > 0u) {
      for (var k = 0u; k < 16u; k++) {
        let at = (k / 4u) * FOUR_K + (k % 4u) * 16u;
        let top = a_tile[at + lane_y];
        let bottom = a_tile[at + lane_y + 8u];
        let left = b_tile[at + lane_x];
        let right = b_tile[at + lane_x + 8u];
        l0 = fma(vec4(top.x), left, l0);
        r0 = fma(vec4(top.x), right, r0);
        l1 = fma(vec4(top.y), left, l1);
        r1 = fma(vec4(top.y), right, r1);
        l2 = fma(vec4(top.z), left, l2);
        r2 = fma(vec4(top.z), right, r2);
        l3 = fma(vec4(top.w), left, l3);
        r3 = fma(vec4(top.w), right, r3);
        l4 = fma(vec4(bottom.x), left, l4);
        r4 = fma(vec4(bottom.x), right, r4);
        l5 = fma(vec4(bottom.y), left, l5);
        r5 = fma(vec4(bottom.y), right, r5);
        l6 = fma(vec4(bottom.z), left, l6);
        r6 = fma(vec4(bottom.z), right, r6);
        l7 = fma(vec4(bottom.w), left, l7);
        r7 = fma(vec4(bottom.w), right, r7);
      }
    }
    if (slab >= params.k) { break; }
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
      a_tile[a_to + i * 16u] = a_next[i];
      b_tile[b_to + i * 16u] = b_next[i];
    }
    workgroupBarrier();
  }

  let row = group.y * TILE_M + lane_y * 4u;
  let col = group.x * TILE_N + lane_x * 4u;
  store(row, col, group.z, l0);
  store(row, col + 32u, group.z, r0);
  store(row + 1u, col, group.z, l1);
  store(row + 1u, col + 32u, group.z, r1);
  store(row + 2u, col, group.z, l2);
  store(row + 2u, col + 32u, group.z, r2);
  store(row + 3u, col, group.z, l3);
  store(row + 3u, col + 32u, group.z, r3);
  store(row + 32u, col, group.z, l4);
  store(row + 32u, col + 32u, group.z, r4);
  store(row + 33u, col, group.z, l5);
  store(row + 33u, col + 32u, group.z, r5);
  store(row + 34u, col, group.z, l6);
  store(row + 34u, col + 32u, group.z, r6);
  store(row + 35u, col, group.z, l7);
  store(row + 35u, col + 32u, group.z, r7);
}
