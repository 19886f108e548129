// grid_sample_backward_input: dx[n, c, d, h, w] = sum of dy[n, c, point] * weight over the points that reach (d, h, w)
//
// corners, boxes  of grid_sample_corners.wgsl
// dy      [batch, channels, points]
// dx      [batch, channels, in_d, in_h, in_w], overwritten
// Thread  four channels of one element, lanes along the elements. It looks through all blocks of points, and through the points of
//         those whose box holds the element: no atomics. Cost elements * blocks comparisons at least.
// Order   points ascending, one fma each.
// Reference: grid_sample.ref.ts

struct Params {
  batch: u32, channels: u32,
  in_d: u32, in_h: u32, in_w: u32,
  // Points of the grid for each image.
  points: u32,
  align_corners: u32,
  blocks: u32,
}

const LANES = 64u;
const BLOCK = 32u;
const AXES = 2u;
// Vectors for a corner or a box: 2 where there are three axes.
const PARTS = 1u;

@group(0) @binding(0) var<storage, read> corners: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> boxes: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// A coordinate that may lie outside, and by how much it changes with the one it was made of; replaced for each padding mode.
fn settle(at: f32, size: f32, low: f32, high: f32) -> vec2<f32> { return vec2(at, 1.0); }

fn clamped(at: f32, size: f32) -> vec2<f32> {
  return vec2(clamp(at, 0.0, size - 1.0), select(0.0, 1.0, at > 0.0 && at < size - 1.0));
}

// Folded between `low` and `high`, then clamped.
fn mirrored(at: f32, size: f32, low: f32, high: f32) -> vec2<f32> {
  let span = high - low;
  if (span <= 0.0) { return vec2(0.0); }
  let from_low = at - low;
  let far = abs(from_low);
  let flips = floor(far / span);
  let rest = far - flips * span;
  let odd = flips - 2.0 * floor(flips / 2.0) == 1.0;
  let folded = clamped(select(low + rest, high - rest, odd), size);
  return vec2(folded.x, folded.y * select(1.0, -1.0, odd) * select(1.0, -1.0, from_low < 0.0));
}

// The same between the edges of an image of `size` elements.
fn settled(at: f32, size: u32) -> vec2<f32> {
  let n = f32(size);
  let aligned = params.align_corners == 1u;
  return settle(at, n, select(-0.5, 0.0, aligned), select(n - 0.5, n - 1.0, aligned));
}

// The elements that count, along one axis: where they are; of `bicubic` the spec makes them four, each settled by itself.
fn places(first: f32, size: u32) -> vec4<f32> { return first + vec4(0.0, 1.0, 2.0, 3.0); }

// Keys' kernel with a = -0.75 at a distance of up to 1, and of 1 to 2.
fn near(d: f32) -> f32 { return (1.25 * d - 2.25) * d * d + 1.0; }

fn far(d: f32) -> f32 { return ((-0.75 * d + 3.75) * d - 6.0) * d + 3.0; }

// Their weights, for a point `t` behind the first.
fn weights(t: f32) -> vec4<f32> { return vec4(1.0 - t, t, 0.0, 0.0); }

// What an element has of a point `t` behind the element `first`, along one axis; 0 beyond its reach.
fn share(here: f32, first: f32, t: f32, size: u32) -> f32 { return select(select(0.0, t, here == first + 1.0), 1.0 - t, here == first); }

// Several taps of a point settle on one element.
fn share_of_taps(here: f32, first: f32, t: f32, size: u32) -> f32 {
  return dot(select(vec4(0.0), weights(t), places(first, size) == vec4(here)), vec4(1.0));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.y * groups.x + group.x) * LANES + lane;
  let volume = params.in_d * params.in_h * params.in_w;
  let spans = (params.channels + 3u) / 4u;
  if (thread >= params.batch * spans * volume) { return; }
  let element = thread % volume;
  let span = thread / volume;
  let n = span / spans;
  let c0 = span % spans * 4u;
  let row = element / params.in_w;
  let here = vec3(f32(element % params.in_w), f32(row % params.in_h), f32(row / params.in_h));
  // Of channels beyond the last the last again, thrown away.
  let channel = (n * params.channels + min(vec4(c0) + vec4(0u, 1u, 2u, 3u), vec4(params.channels - 1u))) * params.points;
  var sum = vec4(0.0);
  for (var block = 0u; block < params.blocks; block++) {
    let at_box = PARTS * (n * params.blocks + block);
    let box = boxes[at_box];
    if (here.x < box.x || here.x > box.y || here.y < box.z || here.y > box.w) { continue; }
    if (AXES == 3u) {
      let slices = boxes[at_box + PARTS - 1u];
      if (here.z < slices.x || here.z > slices.y) { continue; }
    }
    for (var point = block * BLOCK; point < min(block * BLOCK + BLOCK, params.points); point++) {
      let at_corner = PARTS * (n * params.points + point);
      let found = corners[at_corner];
      var weight = share(here.x, found.x, found.z, params.in_w) * share(here.y, found.y, found.w, params.in_h);
      if (AXES == 3u) {
        let slice = corners[at_corner + PARTS - 1u];
        weight *= share(here.z, slice.x, slice.y, params.in_d);
      }
      if (weight == 0.0) { continue; }
      let at = channel + point;
      sum = fma(vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), vec4(weight), sum);
    }
  }
  for (var k = 0u; k < min(4u, params.channels - c0); k++) { dx[(n * params.channels + c0 + k) * volume + element] = sum[k]; }
}
