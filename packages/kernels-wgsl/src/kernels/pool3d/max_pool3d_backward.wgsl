// max_pool3d_backward: dx[o, at, i] = sum of dy[o, window, i] over the windows that hold the place `at` and whose index names it
//
// index   [outer, out_d, out_h, out_w, inner], of max_pool3d_forward; dy likewise
// dx      [outer, in_d, in_h, in_w, inner], overwritten
// Thread  one element of dx (four along inner when V is a vector). It looks at the windows that hold it: nothing is scattered.
// Order   windows in row-major order, one add each.
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
alias I = i32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> index: array<I>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

// Extents as vectors: depth, height, width.
fn extent() -> vec3<u32> { return vec3(params.in_d, params.in_h, params.in_w); }
fn count() -> vec3<u32> { return vec3(params.out_d, params.out_h, params.out_w); }
fn stride() -> vec3<u32> { return vec3(params.stride_d, params.stride_h, params.stride_w); }
fn dilation() -> vec3<u32> { return vec3(params.dilation_d, params.dilation_h, params.dilation_w); }
fn pad() -> vec3<u32> { return vec3(params.pad_front, params.pad_top, params.pad_left); }
fn window() -> vec3<u32> { return vec3(params.window_d, params.window_h, params.window_w); }

fn above(a: vec3<u32>, b: vec3<u32>) -> vec3<u32> { return a - min(a, b); }

// The first window that holds an element, and the one after the last; of adaptive pooling the spec replaces both.
fn first(at: vec3<u32>) -> vec3<u32> { return above(at + pad() + stride(), (window() - 1u) * dilation() + 1u) / stride(); }

fn end(at: vec3<u32>) -> vec3<u32> { return min((at + pad()) / stride() + 1u, count()); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let element = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (element >= params.outer * params.in_d * params.in_h * params.in_w * inner) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = element / inner;
  let i = element - column * inner;
  let row = column / params.in_w;
  let plane = row / params.in_h;
  let o = plane / params.in_d;
  let at = vec3(plane - o * params.in_d, row - plane * params.in_h, column - row * params.in_w);

  let place = I(i32((at.x * params.in_h + at.y) * params.in_w + at.z));
  let start = first(at);
  let stop = end(at);
  var sum = V();
  for (var d = start.x; d < stop.x; d++) {
    for (var h = start.y; h < stop.y; h++) {
      for (var w = start.z; w < stop.z; w++) {
        let window = (((o * params.out_d + d) * params.out_h + h) * params.out_w + w) * inner + i;
        sum += select(V(), dy[window], index[window] == place);
      }
    }
  }
  dx[element] = sum;
}
