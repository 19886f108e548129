// avg_pool2d_backward, variant for 2 x 2 windows that do not overlap: each element of a block of dx gets dy / 4, an odd last
// row or column gets 0
//
// Needs   window 2, stride 2, dilation 1, no padding, every window whole.
// dy      [outer, out_h, out_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// dx      [outer, in_h, in_w, inner], overwritten
// Thread  one window (four along inner when V is a vector), lanes along the contiguous dimension.
// Order   none: an element is in one window.
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
const WIDTH = 1u;
// Whether in_h or in_w may be odd. SwiftShader runs through every branch, taken or not.
const ODD = true;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read_write> dx: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (index >= params.outer * params.out_h * params.out_w * inner) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = index / inner;
  let i = index - column * inner;
  let row = column / params.out_w;
  let w = column - row * params.out_w;
  let o = row / params.out_h;
  let h = row - o * params.out_h;

  let upper = ((o * params.in_h + 2u * h) * params.in_w + 2u * w) * inner + i;
  let lower = upper + params.in_w * inner;
  let g = dy[index] * V(0.25);
  dx[upper] = g;
  dx[upper + inner] = g;
  dx[lower] = g;
  dx[lower + inner] = g;

  if (!ODD) { return; }
  // The last column and row are in no window.
  let odd_w = params.in_w > 2u * params.out_w && w + 1u == params.out_w;
  let odd_h = params.in_h > 2u * params.out_h && h + 1u == params.out_h;
  if (odd_w) {
    dx[upper + 2u * inner] = V();
    dx[lower + 2u * inner] = V();
  }
  if (odd_h) {
    let corner = lower + params.in_w * inner;
    dx[corner] = V();
    dx[corner + inner] = V();
    if (odd_w) { dx[corner + 2u * inner] = V(); }
  }
}
