// max_pool2d_gather, variant for 2 x 2 windows that do not overlap in images of one channel each (NCHW):
// out[o, h, w] = g at the first maximum of x[o, 2h .. 2h+1, 2w .. 2w+1]
//
// Needs   window 2, stride 2, dilation 1, no padding, every window whole; inner 1, out_w at least 3, elements of y in fours.
// x, g    [outer, in_h, in_w]. An odd last row or column is not read.
// y, out  [outer, out_h, out_w]; y is the result of max_pool2d_forward, out is overwritten
// Thread  four windows that follow each other in y, as places cost more than windows. A pair of a row is one load
//         where in_w is even (X, pair and pair_of_g are replaced).
// Values  as max_pool2d_gather.wgsl: where y is NaN the last NaN is the maximum.
// Order   none: one element is copied.
// Reference: pool2d.ref.ts

struct Params {
  outer: u32,
  inner: u32,
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  window_h: u32,
  window_w: u32,
  stride_h: u32,
  stride_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  pad_top: u32,
  pad_bottom: u32,
  pad_left: u32,
  pad_right: u32,
  include_pad: u32,
}

alias X = f32;
const LANES = 64u;
const LANE = vec4(0u, 1u, 2u, 3u);

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> g: array<X>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(4) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: vec4<f32>) -> vec4<bool> { return (bitcast<vec4<i32>>(v) & vec4(0x7fffffff)) > vec4(0x7f800000); }

// x at `at` and its right neighbour, and g there.
fn pair(at: u32) -> vec2<f32> { return vec2(x[at], x[at + 1u]); }

fn pair_of_g(at: u32) -> vec2<f32> { return vec2(g[at], g[at + 1u]); }

// Four windows' left elements of a row, and their right ones.
struct Row {
  left: vec4<f32>,
  right: vec4<f32>,
}

fn row_of_x(at: vec4<u32>) -> Row {
  let a = pair(at.x);
  let b = pair(at.y);
  let c = pair(at.z);
  let d = pair(at.w);
  return Row(vec4(a.x, b.x, c.x, d.x), vec4(a.y, b.y, c.y, d.y));
}

fn row_of_g(at: vec4<u32>) -> Row {
  let a = pair_of_g(at.x);
  let b = pair_of_g(at.y);
  let c = pair_of_g(at.z);
  let d = pair_of_g(at.w);
  return Row(vec4(a.x, b.x, c.x, d.x), vec4(a.y, b.y, c.y, d.y));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  if (4u * index >= params.outer * params.out_h * params.out_w) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let row = 4u * index / params.out_w;
  let w = 4u * index - row * params.out_w;
  let o = row / params.out_h;
  let h = row - o * params.out_h;
  // Places of the four windows: after `left` of them comes the next row of windows, which may be that of the next image.
  let left = params.out_w - w;
  let gap = select(0u, params.in_h - 2u * params.out_h, h + 1u == params.out_h) * params.in_w;
  let turn = select(vec4(0u), vec4(2u * (params.in_w - params.out_w) + gap), LANE >= vec4(left));
  let upper = vec4((o * params.in_h + 2u * h) * params.in_w + 2u * w) + 2u * LANE + turn;
  let lower = upper + params.in_w;
  let high = row_of_x(upper);
  let low = row_of_x(lower);
  let from_high = row_of_g(upper);
  let from_low = row_of_g(lower);
  let top = y[index];
  let none = is_nan(top);
  // From the last tap back, so that the first of equal ones stays; of NaNs the last does.
  let first_low = select(from_low.right, from_low.left, low.left == top);
  let first_high = select(first_low, from_high.right, high.right == top);
  let first = select(first_high, from_high.left, high.left == top);
  let nan_high = select(from_high.left, from_high.right, is_nan(high.right));
  let nan_low = select(nan_high, from_low.left, is_nan(low.left));
  out[index] = select(first, select(nan_low, from_low.right, is_nan(low.right)), none);
}
