// householder_apply: y = q b or q^T b, q = h1 h2 ... the product of reflections h = 1 - tau v v^T, for each matrix
//
// a       [count, m, n] with v below the diagonal, without its first element, which is 1: as householder_qr leaves it
// tau     [count, reflections]
// b, y    [count, m, columns]; y is overwritten. Where params.identity, b is not read: y begins as ones on the diagonal.
// Thread  one column, or four in the vec4 variant, one reflection after another.
// Order   sums down a column.
// Reference: linalg.ref.ts

struct Params {
  count: u32,
  m: u32,
  n: u32,
  reflections: u32,
  columns: u32,
  transposed: u32,
  identity: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> tau: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

fn ones(i: u32, column: u32) -> V { return select(0.0, 1.0, i == column); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.y * groups.x + group.x) * LANES + lane;
  let columns = params.columns / WIDTH;
  let matrix = thread / columns;
  if (matrix >= params.count) { return; }
  let m = params.m;
  let n = params.n;
  let base = matrix * m * n;
  let column = thread - matrix * columns;
  let first = matrix * m * columns + column;
  for (var i = 0u; i < m; i++) {
    if (params.identity != 0u) { y[first + i * columns] = ones(i, column); } else { y[first + i * columns] = b[first + i * columns]; }
  }
  for (var s = 0u; s < params.reflections; s++) {
    let k = select(params.reflections - 1u - s, s, params.transposed != 0u);
    var dot = y[first + k * columns];
    for (var i = k + 1u; i < m; i++) { dot += a[base + i * n + k] * y[first + i * columns]; }
    dot *= tau[matrix * params.reflections + k];
    y[first + k * columns] -= dot;
    for (var i = k + 1u; i < m; i++) { y[first + i * columns] -= a[base + i * n + k] * dot; }
  }
}
