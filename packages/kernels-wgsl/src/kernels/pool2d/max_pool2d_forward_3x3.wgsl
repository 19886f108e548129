// max_pool2d_forward, variant for 3 x 3 windows with stride 2: y[o, h, w, i] = maximum of the taps of window (h, w) inside x
//
// Needs   window 3, stride 2, dilation 1, an element of x in every window.
// x       [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// y       [outer, out_h, out_w, inner], overwritten
// Thread  WINDOWS neighbours in a row of y (times four along inner when V is a vector), lanes along the contiguous dimension.
//         A column that two windows share is read once.
// Values  A NaN in the window gives NaN. A tap outside x is replaced by the nearest inside, which is in the window too.
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
const WINDOWS = 8u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn larger(a: V, b: V) -> V { return select(a, b, (b > a) | is_nan(b)); }

// The place in an extent of x that is nearest to `at` of the padded input.
fn nearest(at: u32, pad: u32, extent: u32) -> u32 { return min(max(at, pad) - pad, extent - 1u); }

// One column of three rows.
struct Column {
  a: V,
  b: V,
  c: V,
}

// Of the rows that begin at `rows`, at column `at` of the padded input.
fn column(rows: vec3<u32>, at: u32, inner: u32) -> Column {
  let place = rows + nearest(at, params.pad_left, params.in_w) * inner;
  return Column(x[place.x], x[place.y], x[place.z]);
}

// Row by row: of 0 and -0 the first is the maximum.
fn window(l: Column, m: Column, r: Column) -> V {
  let upper = larger(larger(l.a, m.a), r.a);
  let middle = larger(larger(larger(upper, l.b), m.b), r.b);
  return larger(larger(larger(middle, l.c), m.c), r.c);
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

  let above = o * params.in_h;
  let rows = vec3(
    above + nearest(2u * h, params.pad_top, params.in_h),
    above + nearest(2u * h + 1u, params.pad_top, params.in_h),
    above + nearest(2u * h + 2u, params.pad_top, params.in_h),
  ) * params.in_w * inner + i;
  let y_row = row * params.out_w;
  var left = column(rows, 2u * first, inner);
  for (var k = 0u; k < WINDOWS; k++) {
    let w = first + k;
    let middle = column(rows, 2u * w + 1u, inner);
    let right = column(rows, 2u * w + 2u, inner);
    if (w < params.out_w) { y[(y_row + w) * inner + i] = window(left, middle, right); }
    left = right;
  }
}
