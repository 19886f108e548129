// lu: p a = l u with partial pivoting, for each matrix
//
// a, y    [count, m, n]; y is overwritten: u on and above the diagonal, l without its ones below
// faults  where params.checked, the number of the first pivot that is 0, plus one; params.checked is 0 otherwise
// order   [count, m] i32: row i of l u is row order[i] of a;  sign [count]: the permutation's determinant
// Group   one matrix, pivot by pivot; a lane has every LANES-th row of l and column of u. Of equal pivots the first wins.
// Order   each element loses its products in the order of columns. Below a pivot of 0, l is 0.
// Reference: linalg.ref.ts

struct Params {
  count: u32,
  m: u32,
  n: u32,
  checked: u32,
  fault_slot: u32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> order: array<i32>;
@group(0) @binding(4) var<storage, read_write> sign: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> largest: array<f32, LANES>;
var<workgroup> place: array<u32, LANES>;

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
  for (var i = lane; i < m; i += LANES) {
    order[matrix * m + i] = i32(i);
    for (var j = 0u; j < n; j++) { y[base + i * n + j] = a[base + i * n + j]; }
  }
  if (lane == 0u) { sign[matrix] = 1.0; }
  var singular = 0u;
  storageBarrier();
  for (var k = 0u; k < min(m, n); k++) {
    var best = -1.0;
    var at = k;
    for (var i = k + lane; i < m; i += LANES) {
      let size = abs(y[base + i * n + k]);
      if (size > best) {
        best = size;
        at = i;
      }
    }
    largest[lane] = best;
    place[lane] = at;
    workgroupBarrier();
    best = largest[0];
    at = place[0];
    for (var other = 1u; other < LANES; other++) {
      let size = largest[other];
      if (size > best || (size == best && place[other] < at)) {
        best = size;
        at = place[other];
      }
    }
    if (at != k) {
      for (var j = lane; j < n; j += LANES) {
        let swapped = y[base + k * n + j];
        y[base + k * n + j] = y[base + at * n + j];
        y[base + at * n + j] = swapped;
      }
      if (lane == 0u) {
        let row = order[matrix * m + k];
        order[matrix * m + k] = order[matrix * m + at];
        order[matrix * m + at] = row;
        sign[matrix] = -sign[matrix];
      }
    }
    if (best == 0.0 && singular == 0u) { singular = k + 2u; }
    storageBarrier();
    workgroupBarrier();
    let pivot = y[base + k * n + k];
    for (var i = k + 1u + lane; i < m; i += LANES) {
      y[base + i * n + k] = select(y[base + i * n + k] / pivot, 0.0, pivot == 0.0);
    }
    storageBarrier();
    workgroupBarrier();
    // Lanes beside one another have columns beside one another.
    for (var j = k + 1u + lane; j < n; j += LANES) {
      let top = y[base + k * n + j];
      for (var i = k + 1u; i < m; i++) { y[base + i * n + j] = fma(-y[base + i * n + k], top, y[base + i * n + j]); }
    }
    storageBarrier();
    workgroupBarrier();
  }
  if (singular != 0u && lane == 0u && params.checked != 0u) { atomicMax(&faults[params.fault_slot], singular); }
}
