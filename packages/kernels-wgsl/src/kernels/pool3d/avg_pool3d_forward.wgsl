// avg_pool3d_forward: y[o, d, h, w, i] = sum over the taps of window (d, h, w) that lie inside x, by the window's divisor
//
// x       [outer, in_d, in_h, in_w, inner]: NDHWC is [n, d, h, w, c], NCDHW is [n * c, d, h, w, 1]
// y       [outer, out_d, out_h, out_w, inner], overwritten
// Divisor `divisor` if it is not 0; else the window's taps inside the padded input if include_pad is 1, else those inside x.
//         A window with none of these gives NaN.
// Thread  one element of y (four along inner when V is a vector), lanes along the contiguous dimension.
// Order   taps in row-major order, one add each, then one division.
// Reference: pool3d.ref.ts

struct Params {
  outer: u32, inner: u32,
  in_d: u32, in_h: u32, in_w: u32,
  out_d: u32, out_h: u32, out_w: u32,
  window_d: u32, window_h: u32, window_w: u32,
  stride_d: u32, stride_h: u32, stride_w: u32,
  dilation_d: u32, dilation_h: u32, dilation_w: u32,
  pad_front: u32, pad_back: u32, pad_top: u32, pad_bottom: u32, pad_left: u32, pad_right: u32,
  include_pad: u32, divisor: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

// Extents as vectors: depth, height, width.
fn extent() -> vec3<u32> { return vec3(params.in_d, params.in_h, params.in_w); }
fn count() -> vec3<u32> { return vec3(params.out_d, params.out_h, params.out_w); }
fn stride() -> vec3<u32> { return vec3(params.stride_d, params.stride_h, params.stride_w); }
fn dilation() -> vec3<u32> { return vec3(params.dilation_d, params.dilation_h, params.dilation_w); }
fn pad() -> vec3<u32> { return vec3(params.pad_front, params.pad_top, params.pad_left); }
fn window() -> vec3<u32> { return vec3(params.window_d, params.window_h, params.window_w); }

// Where window o begins, wrapping around before the input, and how many taps it has; of adaptive pooling the spec replaces both.
fn begin(o: vec3<u32>) -> vec3<u32> { return o * stride() - pad(); }

fn taps(o: vec3<u32>) -> vec3<u32> { return window(); }

fn above(a: vec3<u32>, b: vec3<u32>) -> vec3<u32> { return a - min(a, b); }

// Taps that count in the divisor along each axis, for the windows at `o`.
fn counted(o: vec3<u32>) -> vec3<u32> {
  let start = o * stride();
  let ends = pad() + extent() + select(vec3(0u), vec3(params.pad_back, params.pad_bottom, params.pad_right), params.include_pad == 1u);
  let skipped = select((above(pad(), start) + dilation() - 1u) / dilation(), vec3(0u), params.include_pad == 1u);
  return above(min((above(ends, start) + dilation() - 1u) / dilation(), window()), skipped);
}

fn divisor(o: vec3<u32>) -> f32 {
  if (params.divisor > 0u) { return f32(params.divisor); }
  let sides = counts(o);
  return f32(sides.x * sides.y * sides.z);
}

fn counts(o: vec3<u32>) -> vec3<u32> { return counted(o); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (index >= params.outer * params.out_d * params.out_h * params.out_w * inner) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = index / inner;
  let i = index - column * inner;
  let row = column / params.out_w;
  let plane = row / params.out_h;
  let o = plane / params.out_d;
  let at = vec3(plane - o * params.out_d, row - plane * params.out_h, column - row * params.out_w);

  let corner = begin(at);
  let size = taps(at);
  var sum = V();
  for (var t = 0u; t < size.x; t++) {
    let d = corner.x + t * params.dilation_d;
    if (d >= params.in_d) { continue; }
    for (var u = 0u; u < size.y; u++) {
      let h = corner.y + u * params.dilation_h;
      if (h >= params.in_h) { continue; }
      let line = ((o * params.in_d + d) * params.in_h + h) * params.in_w;
      for (var v = 0u; v < size.z; v++) {
        let w = corner.z + v * params.dilation_w;
        if (w >= params.in_w) { continue; }
        sum += x[(line + w) * inner + i];
      }
    }
  }
  y[index] = sum / V(divisor(at));
}
