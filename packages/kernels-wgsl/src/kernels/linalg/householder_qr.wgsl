// householder_qr: a = h1 h2 ... r with reflections h = 1 - tau v v^T, for each matrix
//
// a, y    [count, m, n]; y is overwritten: r on and above the diagonal, v without its first element, which is 1, below
// tau     [count, min(m, n)]
// Group   one matrix, column by column. Every lane finds the reflection, and turns every LANES-th of the other columns.
// Order   sums down a column. As in LAPACK the diagonal of r has the sign against that of a, and where nothing is below it tau is 0.
// Reference: linalg.ref.ts

struct Params {
  count: u32,
  m: u32,
  n: u32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> tau: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let matrix = group.y * groups.x + group.x;
  if (matrix >= params.count) { return; }
  let m = params.m;
  let n = params.n;
  let base = matrix * m * n;
  for (var j = lane; j < n; j += LANES) {
    for (var i = 0u; i < m; i++) { y[base + i * n + j] = a[base + i * n + j]; }
  }
  storageBarrier();
  for (var k = 0u; k < min(m, n); k++) {
    // Squares of numbers scaled by the largest neither overflow nor vanish.
    var largest = 0.0;
    for (var i = k + 1u; i < m; i++) { largest = max(largest, abs(y[base + i * n + k])); }
    let alpha = y[base + k * n + k];
    let scale = max(largest, abs(alpha));
    var squares = 0.0;
    if (largest > 0.0) {
      for (var i = k + 1u; i < m; i++) {
        let part = y[base + i * n + k] / scale;
        squares = fma(part, part, squares);
      }
    }
    let turns = squares > 0.0;
    let length = scale * sqrt(squares + (alpha / scale) * (alpha / scale));
    let beta = select(alpha, select(-length, length, alpha < 0.0), turns);
    let factor = select(0.0, (beta - alpha) / beta, turns);
    let below = select(0.0, 1.0 / (alpha - beta), turns);
    for (var j = k + 1u + lane; j < n; j += LANES) {
      var dot = y[base + k * n + j];
      for (var i = k + 1u; i < m; i++) { dot = fma(y[base + i * n + k] * below, y[base + i * n + j], dot); }
      dot *= factor;
      y[base + k * n + j] -= dot;
      for (var i = k + 1u; i < m; i++) { y[base + i * n + j] = fma(-y[base + i * n + k] * below, dot, y[base + i * n + j]); }
    }
    storageBarrier();
    workgroupBarrier();
    for (var i = k + 1u + lane; i < m; i += LANES) { y[base + i * n + k] *= below; }
    if (lane == 0u) {
      y[base + k * n + k] = beta;
      tau[matrix * min(m, n) + k] = factor;
    }
    storageBarrier();
    workgroupBarrier();
  }
}
