// max_pool2d_forward: y[o, h, w, i] = max over the taps (t, u) of the window that lie inside x
//                                     of x[o, h * stride_h + t * dilation_h - pad_top, w * stride_w + ..., i]
//
// x       [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// y       [outer, out_h, out_w, inner], overwritten
// Thread  one element of y (four along inner when V is a vector), lanes along the contiguous dimension.
// Values  A NaN in the window gives NaN. Padding counts as -infinity, so a window with no tap inside x gives -infinity.
// Order   none: a maximum has no rounding, so all variants give the same bits.
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
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

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

  // A variable, because WGSL refuses a constant expression that is infinite.
  var lowest = 0xff800000u;
  var best = V(bitcast<f32>(lowest));
  // Taps outside the input wrap around to places beyond its end. No division: adapters on a CPU divide lane by lane.
  for (var t = 0u; t < params.window_h; t++) {
    let r = h * params.stride_h + t * params.dilation_h - params.pad_top;
    if (r >= params.in_h) { continue; }
    let x_row = (o * params.in_h + r) * params.in_w;
    for (var u = 0u; u < params.window_w; u++) {
      let c = w * params.stride_w + u * params.dilation_w - params.pad_left;
      if (c >= params.in_w) { continue; }
      let v = x[(x_row + c) * inner + i];
      best = select(best, v, (v > best) | is_nan(v));
    }
  }
  y[index] = best;
}
