// fold: y[o, d, h, w, i] = sum over the taps (t, u, v) of windows that cover (d, h, w) of columns[o, window, tap, i]
//
// columns  what `unfold` makes of an image, at o * c_outer + window * c_window + tap * c_tap + i * c_inner; windows and taps
//          are counted in row-major order. Taps that lie in the padding are left out.
// y        [outer, in_d, in_h, in_w, inner]: NHWC is [n, 1, h, w, c], NCHW is [n * c, 1, h, w, 1]; overwritten
// Thread   one element of y (four along inner when V is a vector), lanes along the contiguous dimension. A gather: no atomics.
// Order    taps in row-major order, one add each.
// Reference: fold.ref.ts

struct Params {
  outer: u32, inner: u32,
  in_d: u32, in_h: u32, in_w: u32,
  out_d: u32, out_h: u32, out_w: u32,
  window_d: u32, window_h: u32, window_w: u32,
  stride_d: u32, stride_h: u32, stride_w: u32,
  dilation_d: u32, dilation_h: u32, dilation_w: u32,
  pad_front: u32, pad_top: u32, pad_left: u32,
  c_outer: u32, c_window: u32, c_tap: u32, c_inner: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> columns: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

// A window from its first place times the stride; the specs leave this out where all strides are 1.
fn window_at(at: u32, stride: u32) -> u32 { return at / stride; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (index >= params.outer * params.in_d * params.in_h * params.in_w * inner) { return; }
  let column = index / inner;
  let i = index - column * inner;
  let row = column / params.in_w;
  let plane = row / params.in_h;
  let o = plane / params.in_d;
  let at_d = plane - o * params.in_d + params.pad_front;
  let at_h = row - plane * params.in_h + params.pad_top;
  let at_w = column - row * params.in_w + params.pad_left;
  let base = o * params.c_outer + i * WIDTH * params.c_inner;
  var sum = V();
  var tap = base;
  for (var t = 0u; t < params.window_d; t++) {
    // Before the first window these wrap around, and fail the comparison.
    let from_d = at_d - t * params.dilation_d;
    let d = window_at(from_d, params.stride_d);
    let has_d = d < params.out_d && d * params.stride_d == from_d;
    for (var u = 0u; u < params.window_h; u++) {
      let from_h = at_h - u * params.dilation_h;
      let h = window_at(from_h, params.stride_h);
      let has_h = has_d && h < params.out_h && h * params.stride_h == from_h;
      let windows = (d * params.out_h + h) * params.out_w;
      for (var v = 0u; v < params.window_w; v++) {
        let from_w = at_w - v * params.dilation_w;
        let w = window_at(from_w, params.stride_w);
        if (has_h && w < params.out_w && w * params.stride_w == from_w) {
          sum += columns[(tap + (windows + w) * params.c_window) / WIDTH];
        }
        tap += params.c_tap;
      }
    }
  }
  y[index] = sum;
}
