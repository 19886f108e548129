// grid_sample_forward: y[n, c, point] = x[n, c] at the point grid[n, point], interpolated between the elements around it
//
// x       [batch, channels, in_d, in_h, in_w]; an image is a volume of depth 1
// grid    [batch, points, AXES]: x, y (and z) from -1 to 1, the outer edges of the image (align_corners: the centres of its corners)
// y       [batch, channels, points], overwritten. Elements outside count as 0.
// Thread  CHANNELS channels of one point, lanes along the points.
// Order   taps in the order of x, one fma each.
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
// Spatial axes, taps along each, and all of them together.
const AXES = 2u;
const TAPS = 2u;
const ALL_TAPS = 4u;
const CHANNELS = 8u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> grid: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

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

// Settles a point, or leaves that to each of its taps.
fn settled_point(at: f32, size: u32) -> vec2<f32> { return settled(at, size); }

// Where -1 to 1 lies among `size` elements, and by how much it changes with the given coordinate.
fn image_place(given: f32, size: u32) -> vec2<f32> {
  let n = f32(size);
  let aligned = params.align_corners == 1u;
  let scale = select(n, n - 1.0, aligned) / 2.0;
  let exact = (given + 1.0) * scale - select(0.5, 0.0, aligned);
  // What is no number lies outside; by its bits, because a compiler may assume that comparisons never see a NaN.
  let none = (bitcast<u32>(given) & 0x7fffffffu) > 0x7f800000u;
  let at = settled_point(clamp(select(exact, -100.0, none), -1e9, 1e9), size);
  return vec2(at.x, at.y * scale);
}

// The first of the elements between which a coordinate lies, and how far behind it; of `nearest` the spec makes it the nearest.
fn corner(at: f32) -> vec2<f32> { return vec2(floor(at), at - floor(at)); }

// The elements that count, along one axis: where they are; of `bicubic` the spec makes them four, each settled by itself.
fn places(first: f32, size: u32) -> vec4<f32> { return first + vec4(0.0, 1.0, 2.0, 3.0); }

// Keys' kernel with a = -0.75 at a distance of up to 1, and of 1 to 2.
fn near(d: f32) -> f32 { return (1.25 * d - 2.25) * d * d + 1.0; }

fn far(d: f32) -> f32 { return ((-0.75 * d + 3.75) * d - 6.0) * d + 3.0; }

// Their weights, for a point `t` behind the first.
fn weights(t: f32) -> vec4<f32> { return vec4(1.0 - t, t, 0.0, 0.0); }

fn pick(v: vec4<f32>, k: u32) -> f32 { return select(v.x, v.y, k == 1u); }

// Outside on the left and above these wrap around, and fail the comparison with an extent.
fn indices(v: vec4<f32>) -> vec4<u32> { return vec4<u32>(vec4<i32>(v)); }

fn pick_index(v: vec4<u32>, k: u32) -> u32 { return select(v.x, v.y, k == 1u); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.y * groups.x + group.x) * LANES + lane;
  let spans = (params.channels + CHANNELS - 1u) / CHANNELS;
  if (thread >= params.batch * spans * params.points) { return; }
  let point = thread % params.points;
  let span = thread / params.points;
  let n = span / spans;
  let c0 = span % spans * CHANNELS;
  let at = AXES * (n * params.points + point);
  let column = corner(image_place(grid[at], params.in_w).x);
  let row = corner(image_place(grid[at + 1u], params.in_h).x);
  var slice = vec2(0.0);
  if (AXES == 3u) { slice = corner(image_place(grid[at + AXES - 1u], params.in_d).x); }
  let columns = indices(places(column.x, params.in_w));
  let rows = indices(places(row.x, params.in_h));
  let slices = indices(places(slice.x, params.in_d));
  let across = weights(column.y);
  let along = weights(row.y);
  let deep = weights(slice.y);
  let volume = params.in_d * params.in_h * params.in_w;
  for (var c = c0; c < min(c0 + CHANNELS, params.channels); c++) {
    var sum = 0.0;
    for (var k = 0u; k < ALL_TAPS; k++) {
      let kw = k % TAPS;
      let kh = k / TAPS % TAPS;
      let w = pick_index(columns, kw);
      let h = pick_index(rows, kh);
      var inside = w < params.in_w && h < params.in_h;
      var at_tap = (n * params.channels + c) * volume + h * params.in_w + w;
      var weight = pick(across, kw) * pick(along, kh);
      if (AXES == 3u) {
        let d = pick_index(slices, k / (TAPS * TAPS));
        inside = inside && d < params.in_d;
        at_tap += d * params.in_h * params.in_w;
        weight *= pick(deep, k / (TAPS * TAPS));
      }
      if (!inside) { continue; }
      sum = fma(x[at_tap], weight, sum);
    }
    y[(n * params.channels + c) * params.points + point] = sum;
  }
}
