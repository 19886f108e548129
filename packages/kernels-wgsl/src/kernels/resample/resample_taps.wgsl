// resample, variant for any number of taps: as resample.wgsl, element by element.
//
// x, rows, columns, y  as in resample.wgsl
// Thread  one element of y (V, WIDTH: four along inner; or, in `planes`, of four planes that follow each other), lanes along the
//         contiguous dimension.
// Order   as in resample.wgsl: the same bits.
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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (index >= params.outer / PLANES * params.out_h * params.out_w * inner) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = index / inner;
  let i = index - column * inner;
  let row = column / params.out_w;
  let w = column - row * params.out_w;
  let o = row / params.out_h;
  let h = row - o * params.out_h;

  let plane = params.in_h * params.in_w * inner;
  let base = o * PLANES * plane + i;
  let first = params.out_w + 1u + 2u * columns[w];
  let last = params.out_w + 1u + 2u * columns[w + 1u];
  let top = params.out_h + 1u + 2u * rows[h];
  let bottom = params.out_h + 1u + 2u * rows[h + 1u];
  var sum = V(-0.0);
  for (var r = top; r < bottom; r += 2u) {
    let line = base + rows[r] * params.in_w * inner;
    var across = V(-0.0);
    for (var s = first; s < last; s += 2u) {
      across = fma(V(bitcast<f32>(columns[s + 1u])), load(line + columns[s] * inner, plane), across);
    }
    sum = fma(V(bitcast<f32>(rows[r + 1u])), across, sum);
  }
  if (top == bottom || first == last) { sum = V(); }
  let out_plane = params.out_h * params.out_w * inner;
  let at = o * PLANES * out_plane + (h * params.out_w + w) * inner + i;
  for (var k = 0u; k < PLANES; k++) { y[at + k * out_plane] = part(sum, k); }
}
