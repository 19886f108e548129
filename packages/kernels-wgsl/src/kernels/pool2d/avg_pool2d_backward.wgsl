// avg_pool2d_backward: dx[o, r, c, i] = sum of dy[o, h, w, i] / divisor(h, w) over the windows (h, w) that hold (r, c)
//
// dy      [outer, out_h, out_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// dx      [outer, in_h, in_w, inner], overwritten
// Divisor As in avg_pool2d_forward: the window's taps inside the padded input if include_pad is 1, else those inside x.
// Thread  one element of dx (four along inner when V is a vector), lanes along the contiguous dimension.
// Order   windows in row-major order, one division and one add each.
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

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read_write> dx: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

fn above(a: u32, b: u32) -> u32 { return a - min(a, b); }

// Taps that count in the divisor, for the window that starts at `start` of the padded input.
fn counted(start: u32, pad: u32, extent: u32, pad_end: u32, dilation: u32, window: u32) -> u32 {
  let ends = vec3(above(pad, start), above(pad + extent, start), above(pad + extent + pad_end, start));
  let taps = min((ends + vec3(dilation - 1u)) / vec3(dilation), vec3(window));
  return select(above(taps.y, taps.x), taps.z, params.include_pad == 1u);
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

  let across = windows(at_h, params.dilation_h, params.window_h, params.stride_h, params.out_h);
  let along = windows(at_w, params.dilation_w, params.window_w, params.stride_w, params.out_w);
  var sum = V();
  for (var h = across.x; h < across.y; h++) {
    let start_h = h * params.stride_h;
    if ((at_h - start_h) % params.dilation_h != 0u) { continue; }
    let rows = counted(start_h, params.pad_top, params.in_h, params.pad_bottom, params.dilation_h, params.window_h);
    for (var w = along.x; w < along.y; w++) {
      let start_w = w * params.stride_w;
      if ((at_w - start_w) % params.dilation_w != 0u) { continue; }
      let cols = counted(start_w, params.pad_left, params.in_w, params.pad_right, params.dilation_w, params.window_w);
      sum += dy[((o * params.out_h + h) * params.out_w + w) * inner + i] / V(f32(rows * cols));
    }
  }
  dx[index] = sum;
}
