// matmul, variant for contiguous rows: as matmul.wgsl, but a is read four k at a time and b four columns at a time.
//
// Needs   a_k = 1, b_col = 1, and k, n and every offset and stride in multiples of four elements.
// Thread  8 rows x 8 columns in sixteen named vectors. Per four k: 16 vector loads for 64 vector fma.
// Order   k ascending, one fma each, as in matmul.wgsl: the same bits.
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

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(4) var<uniform> params: Params;

const LANES_X = 8u;
const LANES_Y = 1u;
const TILE_M = LANES_Y * 8u;
const TILE_N = LANES_X * 8u;

fn activate(v: f32) -> f32 { return v; }

fn finish(v: vec4<f32>, col: u32) -> vec4<f32> {
  var r = v;
  if (params.has_bias == 1u) { r += vec4(bias[col], bias[col + 1u], bias[col + 2u], bias[col + 3u]); }
  return vec4(activate(r.x), activate(r.y), activate(r.z), activate(r.w));
}

fn store(row: u32, col: u32, batch: u32, left: vec4<f32>, right: vec4<f32>) {
  if (row >= params.m) { return; }
  let at = ((batch * params.m + row) * params.n + col) / 4u;
  if (col < params.n) { y[at] = finish(left, col); }
  if (col + 4u < params.n) { y[at + 1u] = finish(right, col + 4u); }
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
  let row0 = (group.y * LANES_Y + lane.y) * 8u;
  let col0 = (group.x * LANES_X + lane.x) * 8u;
  var index = group.z;
  var a_base = 0u;
  var b_base = 0u;
  for (var d = 3i; d >= 0; d--) {
    let i = index % params.batch[d];
    index /= params.batch[d];
    a_base += i * params.a_batch[d];
    b_base += i * params.b_batch[d];
  }

  var a0_at = (a_base + min(row0 + 0u, params.m - 1u) * params.a_row) / 4u;
  var a1_at = (a_base + min(row0 + 1u, params.m - 1u) * params.a_row) / 4u;
  var a2_at = (a_base + min(row0 + 2u, params.m - 1u) * params.a_row) / 4u;
  var a3_at = (a_base + min(row0 + 3u, params.m - 1u) * params.a_row) / 4u;
  var a4_at = (a_base + min(row0 + 4u, params.m - 1u) * params.a_row) / 4u;
  var a5_at = (a_base + min(row0 + 5u, params.m - 1u) * params.a_row) / 4u;
  var a6_at = (a_base + min(row0 + 6u, params.m - 1u) * params.a_row) / 4u;
  var a7_at = (a_base + min(row0 + 7u, params.m - 1u) * params.a_row) / 4u;
  let b_step = params.b_k / 4u;
  var left_at = (b_base + min(col0, params.n - 4u)) / 4u;
  var right_at = (b_base + min(col0 + 4u, params.n - 4u)) / 4u;

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
  for (var k = 0u; k < params.k; k += 4u) {
    let a0 = a[a0_at];
    a0_at += 1u;
    let a1 = a[a1_at];
    a1_at += 1u;
    let a2 = a[a2_at];
    a2_at += 1u;
    let a3 = a[a3_at];
    a3_at += 1u;
    let a4 = a[a4_at];
    a4_at += 1u;
    let a5 = a[a5_at];
    a5_at += 1u;
    let a6 = a[a6_at];
    a6_at += 1u;
    let a7 = a[a7_at];
    a7_at += 1u;
    {
      let bl = b[left_at];
      let br = b[right_at];
      left_at += b_step;
      right_at += b_step;
      l0 = fma(vec4(a0.x), bl, l0);
      r0 = fma(vec4(a0.x), br, r0);
      l1 = fma(vec4(a1.x), bl, l1);
      r1 = fma(vec4(a1.x), br, r1);
      l2 = fma(vec4(a2.x), bl, l2);
      r2 = fma(vec4(a2.x), br, r2);
      l3 = fma(vec4(a3.x), bl, l3);
      r3 = fma(vec4(a3.x), br, r3);
      l4 = fma(vec4(a4.x), bl, l4);
      r4 = fma(vec4(a4.x), br, r4);
      l5 = fma(vec4(a5.x), bl, l5);
      r5 = fma(vec4(a5.x), br, r5);
      l6 = fma(vec4(a6.x), bl, l6);
      r6 = fma(vec4(a6.x), br, r6);
      l7 = fma(vec4(a7.x), bl, l7);
      r7 = fma(vec4(a7.x), br, r7);
    }
    {
      let bl = b[left_at];
      let br = b[right_at];
      left_at += b_step;
      right_at += b_step;
      l0 = fma(vec4(a0.y), bl, l0);
      r0 = fma(vec4(a0.y), br, r0);
      l1 = fma(vec4(a1.y), bl, l1);
      r1 = fma(vec4(a1.y), br, r1);
      l2 = fma(vec4(a2.y), bl, l2);
      r2 = fma(vec4(a2.y), br, r2);
      l3 = fma(vec4(a3.y), bl, l3);
      r3 = fma(vec4(a3.y), br, r3);
      l4 = fma(vec4(a4.y), bl, l4);
      r4 = fma(vec4(a4.y), br, r4);
      l5 = fma(vec4(a5.y), bl, l5);
      r5 = fma(vec4(a5.y), br, r5);
      l6 = fma(vec4(a6.y), bl, l6);
      r6 = fma(vec4(a6.y), br, r6);
      l7 = fma(vec4(a7.y), bl, l7);
      r7 = fma(vec4(a7.y), br, r7);
    }
    {
      let bl = b[left_at];
      let br = b[right_at];
      left_at += b_step;
      right_at += b_step;
      l0 = fma(vec4(a0.z), bl, l0);
      r0 = fma(vec4(a0.z), br, r0);
      l1 = fma(vec4(a1.z), bl, l1);
      r1 = fma(vec4(a1.z), br, r1);
      l2 = fma(vec4(a2.z), bl, l2);
      r2 = fma(vec4(a2.z), br, r2);
      l3 = fma(vec4(a3.z), bl, l3);
      r3 = fma(vec4(a3.z), br, r3);
      l4 = fma(vec4(a4.z), bl, l4);
      r4 = fma(vec4(a4.z), br, r4);
      l5 = fma(vec4(a5.z), bl, l5);
      r5 = fma(vec4(a5.z), br, r5);
      l6 = fma(vec4(a6.z), bl, l6);
      r6 = fma(vec4(a6.z), br, r6);
      l7 = fma(vec4(a7.z), bl, l7);
      r7 = fma(vec4(a7.z), br, r7);
    }
    {
      let bl = b[left_at];
      let br = b[right_at];
      left_at += b_step;
      right_at += b_step;
      l0 = fma(vec4(a0.w), bl, l0);
      r0 = fma(vec4(a0.w), br, r0);
      l1 = fma(vec4(a1.w), bl, l1);
      r1 = fma(vec4(a1.w), br, r1);
      l2 = fma(vec4(a2.w), bl, l2);
      r2 = fma(vec4(a2.w), br, r2);
      l3 = fma(vec4(a3.w), bl, l3);
      r3 = fma(vec4(a3.w), br, r3);
      l4 = fma(vec4(a4.w), bl, l4);
      r4 = fma(vec4(a4.w), br, r4);
      l5 = fma(vec4(a5.w), bl, l5);
      r5 = fma(vec4(a5.w), br, r5);
      l6 = fma(vec4(a6.w), bl, l6);
      r6 = fma(vec4(a6.w), br, r6);
      l7 = fma(vec4(a7.w), bl, l7);
      r7 = fma(vec4(a7.w), br, r7);
    }
  }

  store(row0, col0, group.z, l0, r0);
  store(row0 + 1u, col0, group.z, l1, r1);
  store(row0 + 2u, col0, group.z, l2, r2);
  store(row0 + 3u, col0, group.z, l3, r3);
  store(row0 + 4u, col0, group.z, l4, r4);
  store(row0 + 5u, col0, group.z, l5, r5);
  store(row0 + 6u, col0, group.z, l6, r6);
  store(row0 + 7u, col0, group.z, l7, r7);
}
