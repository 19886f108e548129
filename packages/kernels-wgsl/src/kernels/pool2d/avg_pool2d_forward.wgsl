// avg_pool2d_forward: y[o, h, w, i] = (sum over the taps (t, u) of the window that lie inside x
//                                     of x[o, h * stride_h + t * dilation_h - pad_top, w * stride_w + ..., i]) / taps
//
// x       [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// y       [outer, out_h, out_w, inner], overwritten
// Divisor The taps inside the padded input if include_pad is 1, else the taps inside x: a window with none gives 0 / 0.
// Thread  one element of y (four along inner when V is a vector), lanes along the contiguous dimension.
// Order   taps in row-major order, one add each, then the division.
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
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
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

  let ends = vec2(params.pad_top + params.in_h + params.pad_bottom, params.pad_left + params.in_w + params.pad_right);
  var sum = V();
  var divisor = 0u;
  // Taps outside the input wrap around to places beyond its end. No division: adapters on a CPU divide lane by lane.
  for (var t = 0u; t < params.window_h; t++) {
    let at_h = h * params.stride_h + t * params.dilation_h;
    let r = at_h - params.pad_top;
    let x_row = (o * params.in_h + r) * params.in_w;
    for (var u = 0u; u < params.window_w; u++) {
      let at_w = w * params.stride_w + u * params.dilation_w;
      let c = at_w - params.pad_left;
      let inside = r < params.in_h && c < params.in_w;
      if (inside) { sum += x[(x_row + c) * inner + i]; }
      divisor += u32(inside || (params.include_pad == 1u && at_h < ends.x && at_w < ends.y));
    }
  }
  y[index] = sum / V(f32(divisor));
}
