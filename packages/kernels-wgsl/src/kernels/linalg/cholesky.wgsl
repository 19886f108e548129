// cholesky: the lower triangle l with l l^T = a, for each matrix
//
// a, y    [count, n, n]; only the lower triangle of a is read, y is overwritten, 0 above the diagonal
// faults  where params.checked, the order of the first leading minor that is not positive, plus one
// Values  from that column on NaN.
// Group   one matrix, column by column; a lane has every LANES-th row.
// Order   a product of rows in the order of columns, into one number.
// Reference: linalg.ref.ts

struct Params {
  count: u32,
  n: u32,
  checked: u32,
  fault_slot: u32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> pivot: f32;

// A variable: WGSL refuses NaN as a constant.
fn nan() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
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
  var failed = 0u;
  for (var j = 0u; j < n; j++) {
    for (var i = lane; i < n; i += LANES) {
      var s = 0.0;
      if (i >= j) {
        s = a[base + i * n + j];
        for (var k = 0u; k < j; k++) { s = fma(-y[base + i * n + k], y[base + j * n + k], s); }
      }
      y[base + i * n + j] = s;
      if (i == j) { pivot = s; }
    }
    workgroupBarrier();
    let square = pivot;
    let positive = square > 0.0;
    if (!positive && failed == 0u) { failed = j + 2u; }
    let root = select(nan(), sqrt(square), positive);
    for (var i = lane; i < n; i += LANES) {
      if (i > j) { y[base + i * n + j] /= root; }
      if (i == j) { y[base + i * n + j] = root; }
    }
    storageBarrier();
    workgroupBarrier();
  }
  if (failed != 0u && lane == 0u && params.checked != 0u) { atomicMax(&faults[params.fault_slot], failed); }
}
