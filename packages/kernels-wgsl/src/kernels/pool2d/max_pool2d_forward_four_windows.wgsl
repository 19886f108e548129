// max_pool2d_forward, variant for 2 x 2 windows that do not overlap in images of one channel each (NCHW):
// y[o, h, w] = maximum of x[o, 2h .. 2h+1, 2w .. 2w+1]
//
// Needs   window 2, stride 2, dilation 1, no padding, every window whole; inner 1, out_w at least 3, elements of y in fours.
// x       [outer, in_h, in_w]. An odd last row or column is not read.
// y       [outer, out_h, out_w], overwritten
// Thread  four windows that follow each other in y, as places cost more than windows. A pair of a row is one load
//         where in_w is even (X, pair are replaced).
// Order   as max_pool2d_forward.wgsl: row-major, a NaN wins.
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
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: vec4<f32>) -> vec4<bool> { return (bitcast<vec4<i32>>(v) & vec4(0x7fffffff)) > vec4(0x7f800000); }

fn larger(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return select(a, b, (b > a) | is_nan(b)); }

// x at `at` and its right neighbour.
fn pair(at: u32) -> vec2<f32> { return vec2(x[at], x[at + 1u]); }

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
  let a = pair(upper.x);
  let b = pair(upper.y);
  let c = pair(upper.z);
  let d = pair(upper.w);
  let e = pair(lower.x);
  let f = pair(lower.y);
  let g = pair(lower.z);
  let i = pair(lower.w);
  let top = larger(vec4(a.x, b.x, c.x, d.x), vec4(a.y, b.y, c.y, d.y));
  y[index] = larger(larger(top, vec4(e.x, f.x, g.x, i.x)), vec4(e.y, f.y, g.y, i.y));
}
