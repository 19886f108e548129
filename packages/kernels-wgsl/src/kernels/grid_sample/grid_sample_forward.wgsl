// grid_sample_forward: y[n, c, h, w] = x[n, c] at the point grid[n, h, w], interpolated between the four pixels around it
//
// x       [batch, channels, in_h, in_w]
// grid    [batch, out_h, out_w, 2]: x and y from -1 to 1, the outer edges of the image (align_corners: the centres of its corners)
// y       [batch, channels, out_h, out_w], overwritten. Pixels outside count as 0.
// Thread  CHANNELS channels of one point, lanes along the points.
// Order   corners upper left, upper right, lower left, lower right, one fma each.
// Reference: grid_sample.ref.ts

struct Params {
  batch: u32, channels: u32,
  in_h: u32, in_w: u32,
  out_h: u32, out_w: u32,
  align_corners: u32,
  blocks: u32,
}

const LANES = 64u;
const CHANNELS = 8u;
// 4, or 1 where only the first corner counts.
const CORNERS = 4u;

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

// Where -1 to 1 lies among `size` elements, and by how much it changes with the given coordinate.
fn image_place(given: f32, size: u32) -> vec2<f32> {
  let n = f32(size);
  let aligned = params.align_corners == 1u;
  let scale = select(n, n - 1.0, aligned) / 2.0;
  let exact = (given + 1.0) * scale - select(0.5, 0.0, aligned);
  // What is no number lies outside; by its bits, because a compiler may assume that comparisons never see a NaN.
  let none = (bitcast<u32>(given) & 0x7fffffffu) > 0x7f800000u;
  let at = clamp(select(exact, -100.0, none), -1e9, 1e9);
  let low = select(-0.5, 0.0, aligned);
  let settled = settle(at, n, low, select(n - 0.5, n - 1.0, aligned));
  return vec2(settled.x, settled.y * scale);
}

// The first of the corners between which a coordinate lies, and how far behind it; of `nearest` the spec makes it the nearest.
fn corner(at: f32) -> vec2<f32> { return vec2(floor(at), at - floor(at)); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.y * groups.x + group.x) * LANES + lane;
  let points = params.out_h * params.out_w;
  let spans = (params.channels + CHANNELS - 1u) / CHANNELS;
  if (thread >= params.batch * spans * points) { return; }
  let point = thread % points;
  let span = thread / points;
  let n = span / spans;
  let c0 = span % spans * CHANNELS;
  let at = 2u * (n * points + point);
  let column = corner(image_place(grid[at], params.in_w).x);
  let row = corner(image_place(grid[at + 1u], params.in_h).x);
  let plane = params.in_h * params.in_w;
  for (var c = c0; c < min(c0 + CHANNELS, params.channels); c++) {
    var sum = 0.0;
    for (var k = 0u; k < CORNERS; k++) {
      // Outside on the left and above these wrap around, and fail the comparison.
      let w = u32(i32(column.x)) + k % 2u;
      let h = u32(i32(row.x)) + k / 2u;
      if (w >= params.in_w || h >= params.in_h) { continue; }
      let weight = select(1.0 - column.y, column.y, k % 2u == 1u) * select(1.0 - row.y, row.y, k / 2u == 1u);
      sum = fma(x[(n * params.channels + c) * plane + h * params.in_w + w], weight, sum);
    }
    y[(n * params.channels + c) * points + point] = sum;
  }
}
