// normalize_forward: y = activate((x - mean) * (inverse * scale) + bias), mean and inverse by group, scale and bias by channel
//
// x, y           [n, spatial, channels] when channels come last, else [n, channels, spatial]; y is overwritten
// mean, inverse  of group (i, g): at i * n_stride + g; a group holds channels / groups channels, n_stride 0 is for statistics of all n
// scale, bias    [channels], each optional
// Thread  STEPS elements of one channel, one after another; with V a vector of four channels side by side (LAST), or of four
//         elements of a channel. M is what a thread loads of mean and inverse, P of scale and bias.
// Reference: normalize.ref.ts

struct Params {
  n: u32,
  spatial: u32,
  channels: u32,
  groups: u32,
  n_stride: u32,
  last: u32,
  has_scale: u32,
  has_bias: u32,
}

alias V = f32;
alias M = f32;
alias P = f32;
const LAST = true;
// Elements of V, M and P, and those of V along a channel.
const WIDTH = 1u;
const M_WIDTH = 1u;
const P_WIDTH = 1u;
const LONG = 1u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> mean: array<M>;
@group(0) @binding(2) var<storage, read> inverse: array<M>;
@group(0) @binding(3) var<storage, read> scale: array<P>;
@group(0) @binding(4) var<storage, read> bias: array<P>;
@group(0) @binding(5) var<storage, read_write> y: array<V>;
@group(0) @binding(6) var<uniform> params: Params;

const LANES = 64u;
const STEPS = 16u;

fn activate(v: f32) -> f32 { return v; }

fn each(v: V) -> V { return activate(v); }

// Where a thread works.
struct Place {
  n: u32,
  channel: u32,
  at: u32,
  stride: u32,
  steps: u32,
}

fn place_of(i: u32) -> Place {
  let long = params.spatial / LONG;
  let blocks = (long + STEPS - 1u) / STEPS;
  if (LAST) {
    let columns = params.channels / WIDTH;
    let first = i / columns % blocks * STEPS;
    let n = i / columns / blocks;
    return Place(n, i % columns * WIDTH, (n * long + first) * columns + i % columns, columns, min(STEPS, long - first));
  }
  let first = i % blocks * STEPS;
  let cell = i / blocks;
  return Place(cell / params.channels, cell % params.channels, cell * long + first, 1u, min(STEPS, long - first));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let p = place_of((group.y * groups.x + group.x) * LANES + lane);
  if (p.n >= params.n) { return; }
  let stat = (p.n * params.n_stride + p.channel / (params.channels / params.groups)) / M_WIDTH;
  let centre = V(mean[stat]);
  var factor = V(inverse[stat]);
  var shift = V();
  if (params.has_scale == 1u) { factor *= V(scale[p.channel / P_WIDTH]); }
  if (params.has_bias == 1u) { shift = V(bias[p.channel / P_WIDTH]); }
  var at = p.at;
  for (var step = 0u; step < p.steps; step++) {
    y[at] = each(fma(x[at] - centre, factor, shift));
    at += p.stride;
  }
}
