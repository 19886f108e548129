// eigh_jacobi: eigenvalues, ascending, and eigenvectors of symmetric matrices, by Jacobi's rotations
//
// a       [count, n, n], of which the lower triangle is read;  work [count, n, n] and vectors [count, n, n]: room to compute in
// y       [count, n + 1, n], overwritten: eigenvectors in columns, and below them the eigenvalues
// Group   one matrix. In a round disjoint pairs of rows and columns turn at once; sweeps go through all pairs until none
//         has an element beyond rounding, at most SWEEPS times. Rows are turned by lanes; ranks put the results in order.
// Limits  n at most 1024. Of a matrix with a NaN or an infinity all results are NaN.
// Reference: linalg.ref.ts

struct Params {
  count: u32,
  n: u32,
}

const LANES = 64u;
const SWEEPS = 20u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> work: array<f32>;
@group(0) @binding(2) var<storage, read_write> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> turns: array<vec2<f32>, 512>;
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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let matrix = group.y * groups.x + group.x;
  if (matrix >= params.count) { return; }
  let n = params.n;
  let base = matrix * n * n;
  var part = 0.0;
  for (var i = lane; i < n; i += LANES) {
    for (var j = 0u; j < n; j++) {
      let v = a[base + max(i, j) * n + min(i, j)];
      part = max(part, abs(v));
      if (is_strange(v)) { atomicStore(&strange, 1u); }
      work[base + i * n + j] = v;
      vectors[base + i * n + j] = select(0.0, 1.0, i == j);
    }
  }
  parts[lane] = part;
  storageBarrier();
  workgroupBarrier();
  var largest = 0.0;
  for (var other = 0u; other < LANES; other++) { largest = max(largest, parts[other]); }
  let negligible = largest * 1e-9;
  if (lane == 0u) { goes_on = 1u - atomicLoad(&strange); }
  if (workgroupUniformLoad(&goes_on) == 0u) {
    for (var i = lane; i < n * n; i += LANES) {
      work[base + i] = nan();
      vectors[base + i] = nan();
    }
    for (var i = lane; i < (n + 1u) * n; i += LANES) { y[matrix * (n + 1u) * n + i] = nan(); }
    return;
  }
  let players = n + n % 2u;
  let pairs = players / 2u;
  for (var sweep = 0u; sweep < SWEEPS; sweep++) {
    for (var round = 0u; round + 1u < players; round++) {
      for (var k = lane; k < pairs; k += LANES) {
        let pq = pair_of(k, round, players);
        var turn = vec2(1.0, 0.0);
        if (pq.y < n) {
          let off = work[base + pq.x * n + pq.y];
          if (abs(off) > negligible) {
            let theta = (work[base + pq.y * n + pq.y] - work[base + pq.x * n + pq.x]) / (2.0 * off);
            let size = abs(theta);
            let root = select(sqrt(1.0 + theta * theta), size, size > 1e9);
            let t = select(1.0, -1.0, theta < 0.0) / (size + root);
            let c = 1.0 / sqrt(1.0 + t * t);
            turn = vec2(c, t * c);
            atomicStore(&turned, 1u);
          }
        }
        turns[k] = turn;
      }
      workgroupBarrier();
      for (var i = lane; i < n; i += LANES) {
        for (var k = 0u; k < pairs; k++) {
          let turn = turns[k];
          let pq = pair_of(k, round, players);
          if (turn.y == 0.0) { continue; }
          let p = base + i * n + pq.x;
          let q = base + i * n + pq.y;
          let left = work[p];
          let right = work[q];
          work[p] = turn.x * left - turn.y * right;
          work[q] = turn.y * left + turn.x * right;
          let v = vectors[p];
          let w = vectors[q];
          vectors[p] = turn.x * v - turn.y * w;
          vectors[q] = turn.y * v + turn.x * w;
        }
      }
      storageBarrier();
      workgroupBarrier();
      for (var j = lane; j < n; j += LANES) {
        for (var k = 0u; k < pairs; k++) {
          let turn = turns[k];
          let pq = pair_of(k, round, players);
          if (turn.y == 0.0) { continue; }
          let p = base + pq.x * n + j;
          let q = base + pq.y * n + j;
          let upper = work[p];
          let lower = work[q];
          work[p] = turn.x * upper - turn.y * lower;
          work[q] = turn.y * upper + turn.x * lower;
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
  let result = matrix * (n + 1u) * n;
  for (var i = lane; i < n; i += LANES) {
    let value = work[base + i * (n + 1u)];
    var rank = 0u;
    for (var j = 0u; j < n; j++) {
      let other = work[base + j * (n + 1u)];
      if (other < value || (!(other > value) && j < i)) { rank++; }
    }
    y[result + n * n + rank] = value;
    for (var row = 0u; row < n; row++) { y[result + row * n + rank] = vectors[base + row * n + i]; }
  }
}
