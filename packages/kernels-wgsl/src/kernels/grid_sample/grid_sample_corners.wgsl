// grid_sample_corners: for each point of the grid its first corner and how far behind it, and for each BLOCK of points a box
//                      around the corners
//
// grid     [batch, out_h, out_w, 2]
// corners  [batch, points] of column, row, and the distances from them, overwritten
// boxes    [batch, blocks] of least and largest column and row that a point of the block reaches, overwritten
// Thread   a block of points of one image: what grid_sample_backward_input.wgsl looks through in one step.
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

@group(0) @binding(0) var<storage, read> grid: array<f32>;
@group(0) @binding(1) var<storage, read_write> corners: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> boxes: array<vec4<f32>>;
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
  if (thread >= params.batch * params.blocks) { return; }
  let n = thread / params.blocks;
  let points = params.out_h * params.out_w;
  let first = thread % params.blocks * BLOCK;
  var box = vec4(1e9, -1e9, 1e9, -1e9);
  for (var point = first; point < min(first + BLOCK, points); point++) {
    let at = n * points + point;
    let column = corner(image_place(grid[2u * at], params.in_w).x);
    let row = corner(image_place(grid[2u * at + 1u], params.in_h).x);
    corners[at] = vec4(column.x, row.x, column.y, row.y);
    box = vec4(min(box.x, column.x), max(box.y, column.x + 1.0), min(box.z, row.x), max(box.w, row.x + 1.0));
  }
  boxes[thread] = box;
}
