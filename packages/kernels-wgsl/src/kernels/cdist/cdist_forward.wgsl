// cdist_forward: y[l, i, j] = sqrt(sum over k of (a[l, i, k] - b[l, j, k])^2)
//
// a       [batch, n, d], contiguous
// b       [batch, m, d], contiguous
// y       [batch, n, m], overwritten
// Thread  four rows of a with four of b, in registers; lanes along b.
// Order   that of k. Differences are squared: no product of large numbers is taken from another.
// Reference: cdist.ref.ts

struct Params {
  batch: u32,
  n: u32,
  m: u32,
  d: u32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// Writes the distances of one row of a, as far as there are rows of b.
fn put(row: u32, j: u32, sums: vec4<f32>) {
  let to = row * params.m + j;
  let found = sqrt(sums);
  y[to] = found.x;
  if (j + 1u < params.m) { y[to + 1u] = found.y; }
  if (j + 2u < params.m) { y[to + 2u] = found.z; }
  if (j + 3u < params.m) { y[to + 3u] = found.w; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * LANES + lane;
  let across = (params.m + 3u) / 4u;
  let down = (params.n + 3u) / 4u;
  if (t >= params.batch * across * down) { return; }
  let tile = t / across;
  let j = (t - tile * across) * 4u;
  let batch = tile / down;
  let i = (tile - batch * down) * 4u;
  // Beyond the end the last rows again.
  let a0 = (batch * params.n + min(i + 0u, params.n - 1u)) * params.d;
  let a1 = (batch * params.n + min(i + 1u, params.n - 1u)) * params.d;
  let a2 = (batch * params.n + min(i + 2u, params.n - 1u)) * params.d;
  let a3 = (batch * params.n + min(i + 3u, params.n - 1u)) * params.d;
  let b0 = (batch * params.m + min(j + 0u, params.m - 1u)) * params.d;
  let b1 = (batch * params.m + min(j + 1u, params.m - 1u)) * params.d;
  let b2 = (batch * params.m + min(j + 2u, params.m - 1u)) * params.d;
  let b3 = (batch * params.m + min(j + 3u, params.m - 1u)) * params.d;
  var sum0 = vec4(0.0);
  var sum1 = vec4(0.0);
  var sum2 = vec4(0.0);
  var sum3 = vec4(0.0);
  for (var k = 0u; k < params.d; k++) {
    let right = vec4(b[b0 + k], b[b1 + k], b[b2 + k], b[b3 + k]);
    let from0 = a[a0 + k] - right;
    sum0 += from0 * from0;
    let from1 = a[a1 + k] - right;
    sum1 += from1 * from1;
    let from2 = a[a2 + k] - right;
    sum2 += from2 * from2;
    let from3 = a[a3 + k] - right;
    sum3 += from3 * from3;
  }
  let row = batch * params.n + i;
  put(row, j, sum0);
  if (i + 1u < params.n) { put(row + 1u, j, sum1); }
  if (i + 2u < params.n) { put(row + 2u, j, sum2); }
  if (i + 3u < params.n) { put(row + 3u, j, sum3); }
}
