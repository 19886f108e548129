// max_pool2d_backward: dx[o, r, c, i] = sum of dy[o, h, w, i] over the windows (h, w) whose first maximum, in row-major
//                                       order of taps, is x[o, r, c, i]
//
// x, dx   [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]; dx is overwritten
// y, dy   [outer, out_h, out_w, inner]; y is the result of max_pool2d_forward
// Thread  one element of dx (four along inner when V is a vector), lanes along the contiguous dimension. It looks at the
//         windows that hold it: nothing is scattered, so no atomics and a fixed order.
// Values  Where y is NaN the last NaN is the maximum, as in PyTorch. Only windows whose y passes `gate` count: `!(top <= V())` makes this the
//         gradient of relu and pooling in one, as an element above 0 is the maximum of windows above 0 only.
// Order   windows in row-major order, one add each.
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
@group(0) @binding(1) var<storage, read> y: array<V>;
@group(0) @binding(2) var<storage, read> dy: array<V>;
@group(0) @binding(3) var<storage, read_write> dx: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn same(a: V, b: V) -> B { return (a == b) | (is_nan(a) & is_nan(b)); }

fn gate(top: V) -> B { return B(true); }

fn above(a: u32, b: u32) -> u32 { return a - min(a, b); }

// First tap inside the input and the tap after the last, for the window that starts at `start` of the padded input.
fn taps(start: u32, pad: u32, extent: u32, dilation: u32, window: u32) -> vec2<u32> {
  let ends = vec2(above(pad, start), above(pad + extent, start));
  return min((ends + vec2(dilation - 1u)) / vec2(dilation), vec2(window));
}

// First window that reaches `at` of the padded input and the window after the last.
fn windows(at: u32, dilation: u32, window: u32, stride: u32, count: u32) -> vec2<u32> {
  let reach = (window - 1u) * dilation + 1u;
  return vec2(above(at + stride, reach) / stride, min(at / stride + 1u, count));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (index >= params.outer * params.in_h * params.in_w * inner) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = index / inner;
  let i = index - column * inner;
  let row = column / params.in_w;
  let at_w = column - row * params.in_w + params.pad_left;
  let o = row / params.in_h;
  let at_h = row - o * params.in_h + params.pad_top;

  let value = x[index];
  let across = windows(at_h, params.dilation_h, params.window_h, params.stride_h, params.out_h);
  let along = windows(at_w, params.dilation_w, params.window_w, params.stride_w, params.out_w);
  var sum = V();
  for (var h = across.x; h < across.y; h++) {
    let start_h = h * params.stride_h;
    let t_self = (at_h - start_h) / params.dilation_h;
    if (t_self * params.dilation_h != at_h - start_h) { continue; }
    let rows = taps(start_h, params.pad_top, params.in_h, params.dilation_h, params.window_h);
    for (var w = along.x; w < along.y; w++) {
      let start_w = w * params.stride_w;
      let u_self = (at_w - start_w) / params.dilation_w;
      if (u_self * params.dilation_w != at_w - start_w) { continue; }
      let y_at = ((o * params.out_h + h) * params.out_w + w) * inner + i;
      let top = y[y_at];
      var first = same(value, top);
      if (!any(first)) { continue; }
      let nan = is_nan(top);
      let cols = taps(start_w, params.pad_left, params.in_w, params.dilation_w, params.window_w);
      // No earlier tap of the window may hold the maximum too.
      for (var t = rows.x; t <= t_self; t++) {
        let x_row = o * params.in_h + start_h + t * params.dilation_h - params.pad_top;
        let end = select(cols.y, u_self, t == t_self);
        for (var u = cols.x; u < end; u++) {
          let earlier = x[(x_row * params.in_w + start_w + u * params.dilation_w - params.pad_left) * inner + i];
          first = first & ((earlier != top) | nan);
        }
      }
      // Nor, of NaNs, a later one.
      if (any(first & nan)) {
        for (var t = t_self; t < rows.y; t++) {
          let x_row = o * params.in_h + start_h + t * params.dilation_h - params.pad_top;
          for (var u = select(cols.x, u_self + 1u, t == t_self); u < cols.y; u++) {
            let later = x[(x_row * params.in_w + start_w + u * params.dilation_w - params.pad_left) * inner + i];
            first = first & !(is_nan(later) & nan);
          }
        }
      }
      sum += select(V(), dy[y_at], first & gate(top));
    }
  }
  dx[index] = sum;
}
