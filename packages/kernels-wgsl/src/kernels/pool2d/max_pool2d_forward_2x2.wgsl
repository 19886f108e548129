// max_pool2d_forward, variant for 2 x 2 windows that do not overlap: y[o, h, w, i] = max of x[o, 2h .. 2h+1, 2w .. 2w+1, i]
//
// Needs   window 2, stride 2, dilation 1, no padding, every window whole. An odd last row or column of x is not read.
// x       [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// y       [outer, out_h, out_w, inner], overwritten
// Thread  COUNT neighbours along inner, 1 or 2, each one element of y (four when V is a vector); places cost more than windows.
// Values  A NaN in the window gives NaN.
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

alias V = f32;
alias I = i32;
alias B = bool;
const WIDTH = 1u;
const COUNT = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn larger(a: V, b: V) -> V { return select(a, b, (b > a) | is_nan(b)); }

fn window(upper: u32, lower: u32, inner: u32) -> V {
  return larger(larger(larger(x[upper], x[upper + inner]), x[lower]), x[lower + inner]);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  let threads = inner / COUNT;
  if (index >= params.outer * params.out_h * params.out_w * threads) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = index / threads;
  let i = (index - column * threads) * COUNT;
  let row = column / params.out_w;
  let w = column - row * params.out_w;
  let o = row / params.out_h;
  let h = row - o * params.out_h;

  let upper = ((o * params.in_h + 2u * h) * params.in_w + 2u * w) * inner + i;
  let lower = upper + params.in_w * inner;
  y[index * COUNT] = window(upper, lower, inner);
  if (COUNT == 2u) { y[index * COUNT + 1u] = window(upper + 1u, lower + 1u, inner); }
}
