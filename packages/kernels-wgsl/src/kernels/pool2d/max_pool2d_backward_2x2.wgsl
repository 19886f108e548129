// max_pool2d_backward, variant for 2 x 2 windows that do not overlap: dy goes to the first maximum of each block of x, the
// block's other elements and an odd last row or column get 0
//
// Needs   window 2, stride 2, dilation 1, no padding, every window whole.
// x, dx   [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]; dx is overwritten
// y, dy   [outer, out_h, out_w, inner]; y is the result of max_pool2d_forward
// Thread  one window (four along inner when V is a vector), lanes along the contiguous dimension. The fourth
//         element gets what the first three do not. No branches: SwiftShader runs through all of them.
// Values  Where y is NaN the last NaN is the maximum, as in PyTorch. `gate` as in max_pool2d_backward.wgsl.
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
// Whether in_h or in_w may be odd. SwiftShader runs through every branch, taken or not.
const ODD = true;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> y: array<V>;
@group(0) @binding(2) var<storage, read> dy: array<V>;
@group(0) @binding(3) var<storage, read_write> dx: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn gate(top: V) -> B { return B(true); }

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
  let top = y[index];
  let g = select(V(), dy[index], gate(top));
  let a = x[upper];
  let b = x[upper + inner];
  let c = x[lower];
  let nan = is_nan(top);
  let nan_b = is_nan(b);
  let nan_c = is_nan(c);
  let nan_d = is_nan(x[lower + inner]);
  let first = select(a == top, !(nan_b | nan_c | nan_d), nan);
  let second = select(b == top, !(nan_c | nan_d), nan);
  let third = select(c == top, !nan_d, nan);
  dx[upper] = select(V(), g, first);
  let right = select(g, V(), first);
  dx[upper + inner] = select(V(), right, second);
  let below = select(right, V(), second);
  dx[lower] = select(V(), below, third);
  dx[lower + inner] = select(below, V(), third);

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
