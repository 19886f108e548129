// max_pool2d_backward, variant for 2 x 2 windows that do not overlap: dy goes to the first maximum of each block of x, the
// block's other elements and an odd last row or column get 0
//
// Needs   window 2, stride 2, dilation 1, no padding, every window whole.
// x, dx   [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]; dx is overwritten
// y, dy   [outer, out_h, out_w, inner]; y is the result of max_pool2d_forward
// Thread  one 2 x 2 block of dx (times four along inner when V is a vector), lanes along the contiguous dimension.
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
alias U = u32;
alias B = bool;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> y: array<V>;
@group(0) @binding(2) var<storage, read> dy: array<V>;
@group(0) @binding(3) var<storage, read_write> dx: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<U>(v) & U(0x7fffffffu)) > U(0x7f800000u); }

fn same(a: V, b: V) -> B { return (a == b) | (is_nan(a) & is_nan(b)); }

fn gate(top: V) -> B { return B(true); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  let blocks_h = (params.in_h + 1u) / 2u;
  let blocks_w = (params.in_w + 1u) / 2u;
  if (index >= params.outer * blocks_h * blocks_w * inner) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = index / inner;
  let i = index - column * inner;
  let row = column / blocks_w;
  let w = column - row * blocks_w;
  let o = row / blocks_h;
  let h = row - o * blocks_h;

  let upper = ((o * params.in_h + 2u * h) * params.in_w + 2u * w) * inner + i;
  let lower = upper + params.in_w * inner;
  if (h < params.out_h && w < params.out_w) {
    let y_at = ((o * params.out_h + h) * params.out_w + w) * inner + i;
    let top = y[y_at];
    let g = select(V(), dy[y_at], gate(top));
    let a = same(x[upper], top);
    let b = same(x[upper + inner], top);
    let c = same(x[lower], top);
    let d = same(x[lower + inner], top);
    let nan = is_nan(top);
    dx[upper] = select(V(), g, a & !(nan & (b | c | d)));
    dx[upper + inner] = select(V(), g, b & !select(a, c | d, nan));
    dx[lower] = select(V(), g, c & !select(a | b, d, nan));
    dx[lower + inner] = select(V(), g, d & (nan | !(a | b | c)));
  } else {
    let right = 2u * w + 1u < params.in_w;
    dx[upper] = V();
    if (right) { dx[upper + inner] = V(); }
    if (2u * h + 1u < params.in_h) {
      dx[lower] = V();
      if (right) { dx[lower + inner] = V(); }
    }
  }
}
