// avg_pool2d_forward, variant for 3 x 3 windows with stride 2: y[o, h, w, i] = mean of the taps of window (h, w) inside x
//
// Needs   window 3, stride 2, dilation 1.
// x       [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// y       [outer, out_h, out_w, inner], overwritten
// Thread  WINDOWS neighbours in a row of y (times four along inner when V is a vector), lanes along the contiguous dimension.
//         A column that two windows share is read once.
// Order   as avg_pool2d_forward.wgsl: row-major, then the division; a tap outside x adds 0.
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
const WINDOWS = 8u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

fn above(a: u32, b: u32) -> u32 { return a - min(a, b); }

// Of the three taps of the window that starts at `start` of the padded input, those that count in the divisor.
fn counted(start: u32, pad: u32, extent: u32, pad_end: u32) -> u32 {
  let inside = above(min(start + 3u, pad + extent), max(start, pad));
  return select(inside, min(above(pad + extent + pad_end, start), 3u), params.include_pad == 1u);
}

// Three rows of x: where they begin, and whether they are in the input.
struct Rows {
  at: vec3<u32>,
  inside: vec3<bool>,
}

// One column of them.
struct Column {
  a: V,
  b: V,
  c: V,
}

// At column `at` of the padded input, 0 outside.
fn column(rows: Rows, at: u32, inner: u32) -> Column {
  let c = at - params.pad_left;
  let inside = rows.inside & vec3(c < params.in_w);
  let place = rows.at + min(c, params.in_w - 1u) * inner;
  return Column(
    select(V(), x[place.x], inside.x),
    select(V(), x[place.y], inside.y),
    select(V(), x[place.z], inside.z),
  );
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  let threads_w = (params.out_w + WINDOWS - 1u) / WINDOWS;
  if (index >= params.outer * params.out_h * threads_w * inner) { return; }
  let part = index / inner;
  let i = index - part * inner;
  let row = part / threads_w;
  let first = (part - row * threads_w) * WINDOWS;
  let o = row / params.out_h;
  let h = row - o * params.out_h;

  // Before the first row or column these wrap around to beyond the last.
  let r = vec3(2u * h, 2u * h + 1u, 2u * h + 2u) - params.pad_top;
  let rows = Rows((o * params.in_h + min(r, vec3(params.in_h - 1u))) * params.in_w * inner + i, r < vec3(params.in_h));
  let count_h = counted(2u * h, params.pad_top, params.in_h, params.pad_bottom);
  let y_row = row * params.out_w;
  var l = column(rows, 2u * first, inner);
  for (var k = 0u; k < WINDOWS; k++) {
    let w = first + k;
    let m = column(rows, 2u * w + 1u, inner);
    let r = column(rows, 2u * w + 2u, inner);
    let divisor = count_h * counted(2u * w, params.pad_left, params.in_w, params.pad_right);
    let sum = V() + l.a + m.a + r.a + l.b + m.b + r.b + l.c + m.c + r.c;
    if (w < params.out_w) { y[(y_row + w) * inner + i] = sum / V(f32(divisor)); }
    l = r;
  }
}
