// normalize_moments: mean and sum of squared deviations from it, of every part of every group that is normalised together
//
// x        a group is `runs` runs of `run` elements, run_stride apart; group s begins at (s / groups) outer_stride + (s % groups) group_stride
// partial  [2, parts, stats]: means, then sums of squares, overwritten. A part is up to runs_step runs, of each up to run_step elements.
// Thread   one part of one group, or in the columns variants of four groups side by side (S = V; lanes then run along groups).
// Means    four vectors at a time have a mean and deviations of their own, which join those before by Chan's formula: no
//          difference of large sums. Without `centre` (RMS) the mean is 0 and the squares are of the elements.
// Order    ascending, in fours of vectors and then what is left; with vectors along a run their four lanes are joined last.
// Reference: normalize.ref.ts

struct Params {
  stats: u32,
  groups: u32,
  outer_stride: u32,
  group_stride: u32,
  runs: u32,
  run: u32,
  run_stride: u32,
  runs_step: u32,
  run_step: u32,
  parts: u32,
}

// What is loaded at once, and what is kept of a group.
alias V = f32;
alias S = f32;
// Elements of V along a run, and along groups.
const LONG = 1u;
const WIDE = 1u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> partial: array<S>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 64u;

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
fn mean_of(m: Moments) -> S { return m.mean; }
fn squares_of(m: Moments) -> S { return m.squares; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  let stats = params.stats / WIDE;
  if (i >= stats * params.parts) { return; }
  let stat = (i % stats) * WIDE;
  let part = i / stats;
  let run_parts = (params.run + params.run_step - 1u) / params.run_step;
  let first_run = part / run_parts * params.runs_step;
  let last_run = min(first_run + params.runs_step, params.runs);
  let first = part % run_parts * params.run_step;
  let last = min(first + params.run_step, params.run) / LONG;
  let base = stat / params.groups * params.outer_stride + stat % params.groups * params.group_stride;

  var m = Moments(0.0, V(), V());
  let stride = params.run_stride / (LONG * WIDE);
  if (params.run == 1u) {
    // One element of each run.
    var at = base / WIDE + first_run * stride;
    var r = first_run;
    for (; r + 4u <= last_run; r += 4u) {
      m = join_four(m, x[at], x[at + stride], x[at + 2u * stride], x[at + 3u * stride]);
      at += 4u * stride;
    }
    for (; r < last_run; r++) {
      m = join_one(m, x[at]);
      at += stride;
    }
  } else {
    for (var r = first_run; r < last_run; r++) {
      let at = (base + r * params.run_stride) / LONG;
      var j = first / LONG;
      for (; j + 4u <= last; j += 4u) { m = join_four(m, x[at + j], x[at + j + 1u], x[at + j + 2u], x[at + j + 3u]); }
      for (; j < last; j++) { m = join_one(m, x[at + j]); }
    }
  }
  partial[part * stats + stat / WIDE] = mean_of(m);
  partial[(params.parts + part) * stats + stat / WIDE] = squares_of(m);
}
