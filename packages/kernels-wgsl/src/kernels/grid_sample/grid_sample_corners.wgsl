// grid_sample_corners: for each point of the grid the element before it and how far behind that it lies, and for each BLOCK of
//                      points a box around the elements that they reach
//
// grid     [batch, points, AXES]
// corners  [batch, points, PARTS] of column, row, and the distances from them; slice, its distance and 0, 0; overwritten
// boxes    [batch, blocks, PARTS] of least and largest column and row that a point of the block reaches; slice and 0, 0; overwritten
// Thread   a block of points of one image: what grid_sample_backward_input.wgsl looks through in one step.
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

// The first and the last of them.
fn reach(first: f32, size: u32) -> vec2<f32> { return vec2(first, first + 1.0); }

fn joined(box: vec2<f32>, more: vec2<f32>) -> vec2<f32> { return vec2(min(box.x, more.x), max(box.y, more.y)); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let thread = (group.y * groups.x + group.x) * LANES + lane;
  if (thread >= params.batch * params.blocks) { return; }
  let n = thread / params.blocks;
  let first = thread % params.blocks * BLOCK;
  let none = vec2(1e9, -1e9);
  var columns = none;
  var rows = none;
  var slices = none;
  for (var point = first; point < min(first + BLOCK, params.points); point++) {
    let at = n * params.points + point;
    let column = corner(image_place(grid[AXES * at], params.in_w).x);
    let row = corner(image_place(grid[AXES * at + 1u], params.in_h).x);
    corners[PARTS * at] = vec4(column.x, row.x, column.y, row.y);
    columns = joined(columns, reach(column.x, params.in_w));
    rows = joined(rows, reach(row.x, params.in_h));
    if (AXES == 3u) {
      let slice = corner(image_place(grid[AXES * at + AXES - 1u], params.in_d).x);
      corners[PARTS * at + PARTS - 1u] = vec4(slice, 0.0, 0.0);
      slices = joined(slices, reach(slice.x, params.in_d));
    }
  }
  boxes[PARTS * thread] = vec4(columns, rows);
  if (AXES == 3u) { boxes[PARTS * thread + PARTS - 1u] = vec4(slices, 0.0, 0.0); }
}
