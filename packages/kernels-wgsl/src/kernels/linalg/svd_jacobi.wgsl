// svd_jacobi: singular values, descending, and vectors, by Jacobi's rotations of columns
//
// a       [count, m, n], m >= n;  work [count, m, n] and vectors [count, n, n]: room to compute in
// y       [count, m + n + 1, n], overwritten: left vectors in columns, right vectors in columns, singular values. A left vector of a
//         singular value of 0 is 0. Of a matrix with a NaN or an infinity all results are NaN.
// Group   one matrix. In a round each lane makes its pairs of columns orthogonal; sweeps go through all pairs until none is
//         further from it than rounding, at most SWEEPS times. Ranks put the results in order.
// Order   sums down a column.
// Reference: linalg.ref.ts

struct Params {
  count: u32,
  m: u32,
  n: u32,
}

const LANES = 64u;
const SWEEPS = 24u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> work: array<f32>;
@group(0) @binding(2) var<storage, read_write> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> parts: array<f32, LANES>;
var<workgroup> strange: atomic<u32>;
var<workgroup> turned: atomic<u32>;
var<workgroup> goes_on: u32;

// A NaN or an infinity.
fn is_strange(v: f32) -> bool { return (bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u; }

// A variable: WGSL refuses NaN as a constant.
fn nan() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}

// The columns that pair k of a round turns: every two of `players` meet once in players - 1 rounds.
fn pair_of(k: u32, round: u32, players: u32) -> vec2<u32> {
  let others = players - 1u;
  let first = select((round + k) % others, others, k == 0u);
  let second = (round + others - k) % others;
  return vec2(min(first, second), max(first, second));
}

fn length_of(column: u32, m: u32, n: u32) -> f32 {
  var squares = 0.0;
  for (var i = 0u; i < m; i++) { squares = fma(work[column + i * n], work[column + i * n], squares); }
  return sqrt(squares);
}

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
  let base_v = matrix * n * n;
  var part = 0.0;
  for (var j = lane; j < n; j += LANES) {
    for (var i = 0u; i < m; i++) {
      let v = a[base + i * n + j];
      part = max(part, abs(v));
      if (is_strange(v)) { atomicStore(&strange, 1u); }
    }
    for (var i = 0u; i < n; i++) { vectors[base_v + i * n + j] = select(0.0, 1.0, i == j); }
  }
  parts[lane] = part;
  workgroupBarrier();
  var largest = 0.0;
  for (var other = 0u; other < LANES; other++) { largest = max(largest, parts[other]); }
  if (lane == 0u) { goes_on = 1u - atomicLoad(&strange); }
  if (workgroupUniformLoad(&goes_on) == 0u) {
    for (var i = lane; i < m * n; i += LANES) { work[base + i] = nan(); }
    for (var i = lane; i < n * n; i += LANES) { vectors[base_v + i] = nan(); }
    for (var i = lane; i < (m + n + 1u) * n; i += LANES) { y[matrix * (m + n + 1u) * n + i] = nan(); }
    return;
  }
  // Squares of scaled numbers neither overflow nor vanish.
  let scale = select(1.0, largest, largest > 0.0);
  for (var j = lane; j < n; j += LANES) {
    for (var i = 0u; i < m; i++) { work[base + i * n + j] = a[base + i * n + j] / scale; }
  }
  storageBarrier();
  workgroupBarrier();
  // A product of columns is itself no nearer.
  let negligible = 1e-7 * max(1.0, 0.25 * sqrt(f32(m)));
  let players = n + n % 2u;
  for (var sweep = 0u; sweep < SWEEPS; sweep++) {
    for (var round = 0u; round + 1u < players; round++) {
      for (var k = lane; k < players / 2u; k += LANES) {
        let pq = pair_of(k, round, players);
        if (pq.y >= n) { continue; }
        var left = 0.0;
        var right = 0.0;
        var both = 0.0;
        for (var i = 0u; i < m; i++) {
          let p = work[base + i * n + pq.x];
          let q = work[base + i * n + pq.y];
          left = fma(p, p, left);
          right = fma(q, q, right);
          both = fma(p, q, both);
        }
        if (!(abs(both) > negligible * sqrt(left) * sqrt(right) && abs(both) > 1e-16)) { continue; }
        atomicStore(&turned, 1u);
        let theta = (right - left) / (2.0 * both);
        let size = abs(theta);
        let root = select(sqrt(1.0 + theta * theta), size, size > 1e9);
        let t = select(1.0, -1.0, theta < 0.0) / (size + root);
        let c = 1.0 / sqrt(1.0 + t * t);
        let s = t * c;
        for (var i = 0u; i < m; i++) {
          let p = work[base + i * n + pq.x];
          let q = work[base + i * n + pq.y];
          work[base + i * n + pq.x] = c * p - s * q;
          work[base + i * n + pq.y] = s * p + c * q;
        }
        for (var i = 0u; i < n; i++) {
          let p = vectors[base_v + i * n + pq.x];
          let q = vectors[base_v + i * n + pq.y];
          vectors[base_v + i * n + pq.x] = c * p - s * q;
          vectors[base_v + i * n + pq.y] = s * p + c * q;
        }
      }
      storageBarrier();
      workgroupBarrier();
    }
    if (lane == 0u) {
      goes_on = atomicLoad(&turned);
      atomicStore(&turned, 0u);
    }
    if (workgroupUniformLoad(&goes_on) == 0u) { break; }
  }
  let result = matrix * (m + n + 1u) * n;
  for (var j = lane; j < n; j += LANES) {
    let value = length_of(base + j, m, n);
    var rank = 0u;
    for (var k = 0u; k < n; k++) {
      let other = length_of(base + k, m, n);
      if (other > value || (!(other < value) && k < j)) { rank++; }
    }
    y[result + (m + n) * n + rank] = value * scale;
    let inverse = select(0.0, 1.0 / value, value > 0.0);
    for (var i = 0u; i < m; i++) { y[result + i * n + rank] = work[base + i * n + j] * inverse; }
    for (var i = 0u; i < n; i++) { y[result + (m + i) * n + rank] = vectors[base_v + i * n + j]; }
  }
}
