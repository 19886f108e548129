// max_pool2d_backward, variant for 2 x 2 windows that do not overlap in images of one channel each (NCHW): dy to the first
// maximum of its window, 0 to the others; an odd last row or column of dx gets 0
//
// Needs   window 2, stride 2, dilation 1, no padding, every window whole; inner 1, out_w at least 3, elements of y in fours.
// x, dx   [outer, in_h, in_w]; dx is overwritten
// y, dy   [outer, out_h, out_w]; y is the result of max_pool2d_forward
// Thread  four windows that follow each other in y, as places cost more than windows. A pair of a row is one access
//         where in_w is even (X, WIDTH, pair, part are replaced).
// Values  As max_pool2d_backward.wgsl, with the same `gate`.
// Order   none: an element is in one window.
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

alias X = f32;
const WIDTH = 1u;
// Whether in_h or in_w may be odd. SwiftShader runs through every branch, taken or not.
const ODD = true;
const LANES = 64u;
const LANE = vec4(0u, 1u, 2u, 3u);

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> dx: array<X>;
@group(0) @binding(4) var<uniform> params: Params;

alias V = vec4<f32>;
alias B = vec4<bool>;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<vec4<i32>>(v) & vec4(0x7fffffff)) > vec4(0x7f800000); }

fn gate(top: V) -> B { return B(true); }

// x at `at` and its right neighbour.
fn pair(at: u32) -> vec2<f32> { return vec2(x[at], x[at + 1u]); }

// What an element of dx holds of two neighbours.
fn part(v: vec2<f32>, i: u32) -> X { return v[i]; }

fn put(at: u32, v: vec2<f32>) {
  dx[at / WIDTH] = part(v, 0u);
  if (WIDTH == 1u) { dx[at + 1u] = part(v, 1u); }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  if (4u * index >= params.outer * params.out_h * params.out_w) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let row = 4u * index / params.out_w;
  let w = 4u * index - row * params.out_w;
  let o = row / params.out_h;
  let h = row - o * params.out_h;
  // Places of the four windows: after `left` of them comes the next row of windows, which may be that of the next image.
  let left = params.out_w - w;
  let gap = select(0u, params.in_h - 2u * params.out_h, h + 1u == params.out_h) * params.in_w;
  let turn = select(vec4(0u), vec4(2u * (params.in_w - params.out_w) + gap), LANE >= vec4(left));
  let upper = vec4((o * params.in_h + 2u * h) * params.in_w + 2u * w) + 2u * LANE + turn;
  let lower = upper + params.in_w;
  let a = pair(upper.x);
  let b = pair(upper.y);
  let c = pair(upper.z);
  let d = pair(upper.w);
  let e = pair(lower.x);
  let f = pair(lower.y);
  let g = pair(lower.z);
  let i = pair(lower.w);
  let top = y[index];
  let grad = select(V(), dy[index], gate(top));
  let one = vec4(a.x, b.x, c.x, d.x);
  let two = vec4(a.y, b.y, c.y, d.y);
  let three = vec4(e.x, f.x, g.x, i.x);
  let nan = is_nan(top);
  let nan_b = is_nan(two);
  let nan_c = is_nan(three);
  let nan_d = is_nan(vec4(e.y, f.y, g.y, i.y));
  let first = select(one == top, !(nan_b | nan_c | nan_d), nan);
  let second = select(two == top, !(nan_c | nan_d), nan);
  let third = select(three == top, !nan_d, nan);
  // What the first three elements of a window do not get is the fourth's.
  let right = select(grad, V(), first);
  let below = select(right, V(), second);
  let g1 = select(V(), grad, first);
  let g2 = select(V(), right, second);
  let g3 = select(V(), below, third);
  let g4 = select(below, V(), third);
  put(upper.x, vec2(g1.x, g2.x));
  put(upper.y, vec2(g1.y, g2.y));
  put(upper.z, vec2(g1.z, g2.z));
  put(upper.w, vec2(g1.w, g2.w));
  put(lower.x, vec2(g3.x, g4.x));
  put(lower.y, vec2(g3.y, g4.y));
  put(lower.z, vec2(g3.z, g4.z));
  put(lower.w, vec2(g3.w, g4.w));

  if (!ODD) { return; }
  // The last column and row are in no window.
  let odd_w = params.in_w > 2u * params.out_w;
  let odd_h = params.in_h > 2u * params.out_h;
  for (var k = 0u; k < 4u; k++) {
    let last_w = k + 1u == left || k + 1u == left + params.out_w;
    let last_h = select(h + 1u, (h + 1u) % params.out_h + 1u, k >= left) == params.out_h;
    let corner = lower[k] + params.in_w;
    if (odd_w && last_w) {
      dx[upper[k] + 2u] = X();
      dx[lower[k] + 2u] = X();
    }
    if (odd_h && last_h) {
      put(corner, vec2(0.0));
      if (odd_w && last_w) { dx[corner + 2u] = X(); }
    }
  }
}
