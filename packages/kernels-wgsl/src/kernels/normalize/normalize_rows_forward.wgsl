// normalize_rows_forward: y = activate((x - mean) * inverse * scale + bias) of every row, mean and deviation of the row itself
//
// x, y           [rows, size]; y is overwritten
// scale, bias    [size], each optional
// mean, inverse  [rows], overwritten; inverse = 1 / sqrt(variance + epsilon)
// Thread  one row, or with V a vector four neighbours of it at once. A row is read twice: the second time from a cache.
// Means   as in normalize_moments.wgsl: four vectors at a time, joined by Chan's formula. Without `centre` (RMS) the mean is 0.
// Order   ascending, in fours of vectors and then what is left; the lanes of a vector are joined last.
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
@group(0) @binding(1) var<storage, read> scale: array<V>;
@group(0) @binding(2) var<storage, read> bias: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

const LANES = 32u;

fn activate(v: f32) -> f32 { return v; }

fn each(v: V) -> V { return activate(v); }

struct Moments {
  count: f32,
  mean: V,
  squares: V,
}

fn centre(mean: V) -> V { return mean; }

fn join_four(m: Moments, a: V, b: V, c: V, d: V) -> Moments {
  let mean = centre(((a + b) + (c + d)) * 0.25);
  let a0 = a - mean;
  let b0 = b - mean;
  let c0 = c - mean;
  let d0 = d - mean;
  let count = m.count + 4.0;
  let delta = mean - m.mean;
  let share = 4.0 / count;
  let squares = (a0 * a0 + b0 * b0) + (c0 * c0 + d0 * d0);
  return Moments(count, m.mean + delta * share, m.squares + (squares + delta * delta * (m.count * share)));
}

fn join_one(m: Moments, a: V) -> Moments {
  let count = m.count + 1.0;
  let mean = m.mean + centre((a - m.mean) / count);
  return Moments(count, mean, m.squares + (a - m.mean) * (a - mean));
}

// Over the lanes of a vector: of all its elements.
fn mean_of(m: Moments) -> f32 { return m.mean; }
fn squares_of(m: Moments) -> f32 { return m.squares; }

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
  var m = Moments(0.0, V(), V());
  var j = 0u;
  for (; j + 4u <= size; j += 4u) { m = join_four(m, x[at + j], x[at + j + 1u], x[at + j + 2u], x[at + j + 3u]); }
  for (; j < size; j++) { m = join_one(m, x[at + j]); }
  let average = mean_of(m);
  let unit = 1.0 / sqrt(squares_of(m) / f32(params.size) + params.epsilon);
  mean[row] = average;
  inverse[row] = unit;
  if (params.has_scale == 1u && params.has_bias == 1u) {
    for (var j = 0u; j < size; j++) { y[at + j] = each(fma((x[at + j] - average) * unit, scale[j], bias[j])); }
  } else if (params.has_scale == 1u) {
    for (var j = 0u; j < size; j++) { y[at + j] = each((x[at + j] - average) * unit * scale[j]); }
  } else {
    for (var j = 0u; j < size; j++) {
      var shift = V();
      if (params.has_bias == 1u) { shift = bias[j]; }
      y[at + j] = each(fma(x[at + j] - average, V(unit), shift));
    }
  }
}
