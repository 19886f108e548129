// grid_sample_backward_input: dx[n, c, h, w] = sum of dy[n, c, point] * weight over the points that (h, w) is a corner of
//
// corners, boxes  of grid_sample_corners.wgsl
// dy      [batch, channels, out_h, out_w]
// dx      [batch, channels, in_h, in_w], overwritten
// Thread  four channels of one pixel, lanes along the pixels. It looks through all blocks of points, and through the points of those
//         whose box holds the pixel: no atomics. Cost pixels * blocks comparisons at least.
// Order   points ascending, one fma each.
// Reference: grid_sample.ref.ts

struct Params {
  batch: u32, channels: u32,
  in_h: u32, in_w: u32,
  out_h: u32, out_w: u32,
  align_corners: u32,
  blocks: u32,
}

const LANES = 64u;
const BLOCK = 32u;
const CORNERS = 4u;

@group(0) @binding(0) var<storage, read> corners: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> boxes: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.y * groups.x + group.x) * LANES + lane;
  let plane = params.in_h * params.in_w;
  let points = params.out_h * params.out_w;
  let spans = (params.channels + 3u) / 4u;
  if (thread >= params.batch * spans * plane) { return; }
  let pixel = thread % plane;
  let span = thread / plane;
  let n = span / spans;
  let c0 = span % spans * 4u;
  let here = vec2(f32(pixel % params.in_w), f32(pixel / params.in_w));
  // Of channels beyond the last the last again, thrown away.
  let channel = (n * params.channels + min(vec4(c0) + vec4(0u, 1u, 2u, 3u), vec4(params.channels - 1u))) * points;
  var sum = vec4(0.0);
  for (var block = 0u; block < params.blocks; block++) {
    let box = boxes[n * params.blocks + block];
    if (here.x < box.x || here.x > box.y || here.y < box.z || here.y > box.w) { continue; }
    for (var point = block * BLOCK; point < min(block * BLOCK + BLOCK, points); point++) {
      let found = corners[n * points + point];
      let off = here - found.xy;
      if (any(off < vec2(0.0)) || any(off > vec2(1.0)) || (CORNERS == 1u && any(off != vec2(0.0)))) { continue; }
      let weights = select(1.0 - found.zw, found.zw, off == vec2(1.0));
      let at = channel + point;
      sum = fma(vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), vec4(weights.x * weights.y), sum);
    }
  }
  for (var k = 0u; k < min(4u, params.channels - c0); k++) { dx[(n * params.channels + c0 + k) * plane + pixel] = sum[k]; }
}
