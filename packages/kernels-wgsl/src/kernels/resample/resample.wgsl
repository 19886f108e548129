// resample: y[o, h, w, i] = sum over the taps r of row h, s of column w, of rows.weight[r] * columns.weight[s]
//                           * x[o, rows.place[r], columns.place[s], i], here for at most two taps along each axis (nearest, linear)
//
// x       [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// rows, columns  tables of words: where the taps of each result begin ([out + 1]), then place and bits of the weight of each tap
// y       [outer, out_h, out_w, inner], overwritten
// Thread  every LANES-th element of its workgroup's row of y (V, WIDTH: four along inner; or, in `planes`, of four planes that
//         follow each other). What is absent of two taps is computed with the first, and not taken: no loops.
// Order   taps of the row in order, each the sum over the taps of the column in order, one fma each. A single tap of weight 1
//         gives the element itself, also -0; no taps give 0.
// Reference: resample.ref.ts

struct Params {
  outer: u32,
  inner: u32,
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  row_taps: u32,
  column_taps: u32,
  widest: u32,
}

alias X = f32;
alias V = f32;
const WIDTH = 1u;
// Elements of a thread that lie a plane apart.
const PLANES = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read> columns: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<X>;
@group(0) @binding(4) var<uniform> params: Params;

fn load(at: u32, plane: u32) -> V { return x[at]; }

fn part(v: V, k: u32) -> X { return v; }

// An element's column; the spec leaves the division out where there is one channel.
fn column_of(e: u32, inner: u32) -> u32 { return e / inner; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.outer / PLANES * params.out_h) { return; }
  let inner = params.inner / WIDTH;
  let o = row / params.out_h;
  let h = row - o * params.out_h;
  let plane = params.in_h * params.in_w * inner;
  let base = o * PLANES * plane;
  let out_plane = params.out_h * params.out_w * inner;
  let count = params.out_w * inner;
  let out_row = o * PLANES * out_plane + h * count;

  let top = rows[h];
  let row_taps = rows[h + 1u] - top;
  let at_row = params.out_h + 1u + 2u * select(0u, top, row_taps > 0u);
  let next_row = at_row + 2u * select(0u, 1u, row_taps > 1u);
  let upper = base + rows[at_row] * params.in_w * inner;
  let lower = base + rows[next_row] * params.in_w * inner;
  let upper_weight = V(bitcast<f32>(rows[at_row + 1u]));
  let lower_weight = V(bitcast<f32>(rows[next_row + 1u]));
  for (var e = lane; e < count; e += LANES) {
    let w = column_of(e, inner);
    let i = e - w * inner;
    let first = columns[w];
    let column_taps = columns[w + 1u] - first;
    let at_column = params.out_w + 1u + 2u * select(0u, first, column_taps > 0u);
    let next_column = at_column + 2u * select(0u, 1u, column_taps > 1u);
    let left = columns[at_column] * inner + i;
    let right = columns[next_column] * inner + i;
    let left_weight = V(bitcast<f32>(columns[at_column + 1u]));
    let right_weight = V(bitcast<f32>(columns[next_column + 1u]));
    let above = fma(left_weight, load(upper + left, plane), V(-0.0));
    let across_above = select(above, fma(right_weight, load(upper + right, plane), above), column_taps > 1u);
    let below = fma(left_weight, load(lower + left, plane), V(-0.0));
    let across_below = select(below, fma(right_weight, load(lower + right, plane), below), column_taps > 1u);
    let sum = fma(upper_weight, across_above, V(-0.0));
    let both = select(sum, fma(lower_weight, across_below, sum), row_taps > 1u);
    let v = select(both, V(), row_taps == 0u || column_taps == 0u);
    for (var k = 0u; k < PLANES; k++) { y[out_row + e + k * out_plane] = part(v, k); }
  }
}
