// normalize_backward_combine: gradients of scale and bias, and what normalize_backward_input takes off, from the sums of parts
//
// sums               [2, parts, channels]: of dy and of dy times the normalised x, as normalize_backward_sums writes them
// scale              [channels] where has_scale is 1
// dbias, dscale      [channels]: sums over all parts; overwritten
// mean_dy, mean_dot  [channels]: these times scale and `share`, 1 / elements of a channel; overwritten
// Thread  one channel.
// Order   parts ascending.
// Reference: normalize.ref.ts

struct Params {
  channels: u32,
  parts: u32,
  share: f32,
  has_scale: u32,
}

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dscale: array<f32>;
@group(0) @binding(4) var<storage, read_write> mean_dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean_dot: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = (group.y * groups.x + group.x) * LANES + lane;
  if (channel >= params.channels) { return; }
  var sum = 0.0;
  var dot = 0.0;
  for (var part = 0u; part < params.parts; part++) {
    sum += sums[part * params.channels + channel];
    dot += sums[(params.parts + part) * params.channels + channel];
  }
  var weight = params.share;
  if (params.has_scale == 1u) { weight *= scale[channel]; }
  dbias[channel] = sum;
  dscale[channel] = dot;
  mean_dy[channel] = sum * weight;
  mean_dot[channel] = dot * weight;
}
