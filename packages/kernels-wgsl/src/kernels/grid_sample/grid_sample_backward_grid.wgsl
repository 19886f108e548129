// grid_sample_backward_grid: dgrid[n, h, w] = sum over c of dy[n, c, h, w] * slope of the interpolation of x[n, c] at the point
//
// dy      [batch, channels, out_h, out_w]
// x       [batch, channels, in_h, in_w]
// grid, dgrid  [batch, out_h, out_w, 2]; dgrid is overwritten. Where a point was moved to the edge it is 0.
// Thread  one point.
// Order   channels ascending; corners upper left, upper right, lower left, lower right.
// Reference: grid_sample.ref.ts

struct Params {
  batch: u32, channels: u32,
  in_h: u32, in_w: u32,
  out_h: u32, out_w: u32,
  align_corners: u32,
  blocks: u32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> grid: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgrid: array<f32>;
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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.y * groups.x + group.x) * LANES + lane;
  let points = params.out_h * params.out_w;
  if (thread >= params.batch * points) { return; }
  let point = thread % points;
  let n = thread / points;
  let across = image_place(grid[2u * thread], params.in_w);
  let along = image_place(grid[2u * thread + 1u], params.in_h);
  let left = floor(across.x);
  let upper = floor(along.x);
  let right = across.x - left;
  let lower = along.x - upper;
  let plane = params.in_h * params.in_w;
  var sum = vec2(0.0);
  for (var c = 0u; c < params.channels; c++) {
    let g = dy[(n * params.channels + c) * points + point];
    var slope = vec2(0.0);
    for (var k = 0u; k < 4u; k++) {
      // Outside on the left and above these wrap around, and fail the comparison.
      let w = u32(i32(left)) + k % 2u;
      let h = u32(i32(upper)) + k / 2u;
      if (w >= params.in_w || h >= params.in_h) { continue; }
      let value = x[(n * params.channels + c) * plane + h * params.in_w + w];
      slope += value * vec2(
        select(-1.0, 1.0, k % 2u == 1u) * select(1.0 - lower, lower, k / 2u == 1u),
        select(-1.0, 1.0, k / 2u == 1u) * select(1.0 - right, right, k % 2u == 1u),
      );
    }
    sum = fma(vec2(g), slope, sum);
  }
  dgrid[2u * thread] = sum.x * across.y;
  dgrid[2u * thread + 1u] = sum.y * along.y;
}
