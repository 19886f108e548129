// normalize_rows_backward_input: dx = inverse * (g - mean of g - h * mean of g h), g = scale * dy, h = (x - mean) * inverse, by row
//
// x, dy, dx      [rows, size]; dx is overwritten
// mean, inverse  [rows], as normalize_rows_forward writes them
// scale          [size], optional
// Thread  one row, or with V a vector four neighbours of it at once. A row is read twice: the second time from a cache.
// Order   ascending, in stretches of RUN whose sums are added; the lanes of a vector are added last. Without `centre` (RMS) the
//         mean of g is left out.
// Reference: normalize.ref.ts

struct Params {
  rows: u32,
  size: u32,
  epsilon: f32,
  has_scale: u32,
  has_bias: u32,
}

alias V = f32;
const LONG = 1u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> inverse: array<f32>;
@group(0) @binding(4) var<storage, read> scale: array<V>;
@group(0) @binding(5) var<storage, read_write> dx: array<V>;
@group(0) @binding(6) var<uniform> params: Params;

const LANES = 32u;
const RUN = 16u;

fn centre(mean: f32) -> f32 { return mean; }

fn total(v: V) -> f32 { return v; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  if (row >= params.rows) { return; }
  let size = params.size / LONG;
  let at = row * size;
  let average = mean[row];
  let unit = inverse[row];
  let scaled = params.has_scale == 1u;
  var sum = V();
  var dot = V();
  for (var start = 0u; start < size; start += RUN) {
    var part_sum = V();
    var part_dot = V();
    for (var j = start; j < min(start + RUN, size); j++) {
      var g = dy[at + j];
      if (scaled) { g *= scale[j]; }
      part_sum += g;
      part_dot = fma(g, x[at + j] - average, part_dot);
    }
    sum += part_sum;
    dot += part_dot;
  }
  let constant = centre(total(sum) / f32(params.size)) * unit;
  let slope = total(dot) / f32(params.size) * unit * unit * unit;
  for (var j = 0u; j < size; j++) {
    var g = dy[at + j];
    if (scaled) { g *= scale[j]; }
    dx[at + j] = fma(V(unit), g, -fma(x[at + j] - average, V(slope), V(constant)));
  }
}
