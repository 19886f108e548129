// normalize_moments_combine: mean, variance and inverse deviation 1 / sqrt(variance + epsilon) of every group, from those of its parts
//
// partial                  [2, parts, stats] as normalize_moments writes it
// mean, variance, inverse  [stats], overwritten
// Thread  one group. Parts join by Chan's formula; the number of elements of each follows from the params.
// Order   parts ascending.
// Reference: normalize.ref.ts

struct Params {
  stats: u32,
  runs: u32,
  run: u32,
  runs_step: u32,
  run_step: u32,
  parts: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;
@group(0) @binding(3) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let stat = (group.y * groups.x + group.x) * LANES + lane;
  if (stat >= params.stats) { return; }
  let run_parts = (params.run + params.run_step - 1u) / params.run_step;
  var count = 0.0;
  var average = 0.0;
  var squares = 0.0;
  for (var part = 0u; part < params.parts; part++) {
    let runs = min(params.runs_step, params.runs - part / run_parts * params.runs_step);
    let elements = f32(runs * min(params.run_step, params.run - part % run_parts * params.run_step));
    let delta = partial[part * params.stats + stat] - average;
    let share = elements / (count + elements);
    squares += partial[(params.parts + part) * params.stats + stat] + delta * delta * (count * share);
    average += delta * share;
    count += elements;
  }
  let spread = squares / count;
  mean[stat] = average;
  variance[stat] = spread;
  inverse[stat] = 1.0 / sqrt(spread + params.epsilon);
}
