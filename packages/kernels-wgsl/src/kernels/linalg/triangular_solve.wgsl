// triangular_solve: t y = b, t a triangle of a or its transpose, for each matrix
//
// a       [count, n, n]; only the triangle is read: upper or lower, with its diagonal unless `unit`
// b, y    [count, n, columns]; y is overwritten
// order   [count, n] i32: where `permute` is 1, row order[i] of b is taken for row i; where it is 2, row i of the result becomes row
//         order[i] of y. Read only then.
// Thread  one column, or four in the vec4 variant, from the row that stands alone to the one that needs all.
// Order   products in the order in which rows are found.
// Reference: linalg.ref.ts

struct Params {
  count: u32,
  n: u32,
  columns: u32,
  upper: u32,
  transposed: u32,
  unit: u32,
  permute: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<V>;
@group(0) @binding(2) var<storage, read> order: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

fn row_of(i: u32, base: u32, wanted: u32) -> u32 {
  if (params.permute != wanted) { return i; }
  return u32(order[base + i]);
}

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
  let n = params.n;
  let column = thread - matrix * columns;
  let rows = matrix * n;
  // A step along the row of t, and one down it.
  let along = select(1u, n, params.transposed != 0u);
  let down = select(n, 1u, params.transposed != 0u);
  let backward = (params.upper != 0u) != (params.transposed != 0u);
  for (var s = 0u; s < n; s++) {
    let i = select(s, n - 1u - s, backward);
    var sum = b[(rows + row_of(i, rows, 1u)) * columns + column];
    for (var k = 0u; k < s; k++) {
      let j = select(k, n - 1u - k, backward);
      sum -= a[rows * n + i * down + j * along] * y[(rows + row_of(j, rows, 2u)) * columns + column];
    }
    if (params.unit == 0u) { sum /= a[rows * n + i * (n + 1u)]; }
    y[(rows + row_of(i, rows, 2u)) * columns + column] = sum;
  }
}
