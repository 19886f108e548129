// max_pool2d_backward, variant for 3 x 3 windows with stride 2, any padding: dx[o, r, c, i] = sum of dy[o, h, w, i] over the
// windows (h, w) whose first maximum is x[o, r, c, i]
//
// Needs   window 3, stride 2, dilation 1.
// x, dx   [outer, in_h, in_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]; dx is overwritten
// y, dy   [outer, out_h, out_w, inner]; y is the result of max_pool2d_forward
// Thread  BLOCKS neighbours in a row of 2 x 2 blocks of dx (times four along inner when V is a vector), lanes along the
//         contiguous dimension. Four windows reach into a block; what the two that start left of it give is known from the
//         block before. Divisions for places only: adapters on a CPU divide lane by lane.
// Values  Where y is NaN the last NaN is the maximum, as in PyTorch. `gate` as in max_pool2d_backward.wgsl.
// Order   as max_pool2d_backward.wgsl: windows in row-major order, one add each; others add 0.
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
const BLOCKS = 4u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> y: array<V>;
@group(0) @binding(2) var<storage, read> dy: array<V>;
@group(0) @binding(3) var<storage, read_write> dx: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn gate(top: V) -> B { return B(true); }

fn above(a: u32, b: u32) -> u32 { return a - min(a, b); }

// Four rows of x, from the two above the blocks on: where they begin, and whether they are in the input.
struct Rows {
  at: vec4<u32>,
  inside: vec4<bool>,
  // Whether the row after them is too.
  more: bool,
}

// One column of those rows.
struct Column {
  a: V,
  b: V,
  c: V,
  d: V,
  inside: bool,
  // From where a row begins.
  offset: u32,
}

// At column `at` of the padded input.
fn column(rows: Rows, at: u32, inner: u32) -> Column {
  let offset = min(above(at, params.pad_left), params.in_w - 1u) * inner;
  let place = rows.at + offset;
  let inside = at >= params.pad_left && at < params.pad_left + params.in_w;
  return Column(x[place.x], x[place.y], x[place.z], x[place.w], inside, offset);
}

struct Window {
  top: V,
  g: V,
}

// Window (h, w) of image o; one that does not exist gives nothing.
fn window(o: u32, h: u32, w: u32, inner: u32, i: u32) -> Window {
  let at = ((o * params.out_h + min(h, params.out_h - 1u)) * params.out_w + min(w, params.out_w - 1u)) * inner + i;
  let top = y[at];
  return Window(top, select(V(), dy[at], gate(top) & B(h < params.out_h && w < params.out_w)));
}

// What a window gives to the three columns of a row, and what is left of its gradient for the taps after them.
struct Given {
  l: V,
  m: V,
  r: V,
  left: V,
}

// `g` is what the taps before have left of the gradient; `l`, `m` and `r` say which tap is a maximum.
fn give(g: V, l: B, m: B, r: B) -> Given {
  let second = select(g, V(), l);
  let third = select(second, V(), m);
  return Given(select(V(), g, l), select(V(), second, m), select(V(), third, r), select(third, V(), r));
}

fn give_top(top: V, g: V, l: V, m: V, r: V, inside: vec3<bool>) -> Given {
  return give(g, (l == top) & B(inside.x), (m == top) & B(inside.y), (r == top) & B(inside.z));
}

// As give_top, for a window whose maximum is the last NaN: from its last tap to its first.
fn give_last(g: V, l: V, m: V, r: V, inside: vec3<bool>) -> Given {
  let given = give(g, is_nan(r) & B(inside.z), is_nan(m) & B(inside.y), is_nan(l) & B(inside.x));
  return Given(given.r, given.m, given.l, given.left);
}

// `last` where the window is one of NaN.
fn choose(given: Given, last: Given, nan: B) -> Given {
  return Given(select(given.l, last.l, nan), select(given.m, last.m, nan), select(given.r, last.r, nan), given.left);
}

// What two windows of one column of windows give: `upper`, over rows a to c, to row c; the one below it to c and to d.
struct Pair {
  upper: Given,
  lower: Given,
  next: Given,
}

fn windows(upper: Window, lower: Window, rows: Rows, l: Column, m: Column, r: Column, inner: u32) -> Pair {
  let cols = vec3(l.inside, m.inside, r.inside);
  let in_c = cols & vec3(rows.inside.z);
  let in_d = cols & vec3(rows.inside.w);
  let a = give_top(upper.top, upper.g, l.a, m.a, r.a, cols & vec3(rows.inside.x));
  let b = give_top(upper.top, a.left, l.b, m.b, r.b, cols & vec3(rows.inside.y));
  let c = give_top(upper.top, b.left, l.c, m.c, r.c, in_c);
  let d = give_top(lower.top, lower.g, l.c, m.c, r.c, in_c);
  let e = give_top(lower.top, d.left, l.d, m.d, r.d, in_d);
  let nan_above = is_nan(upper.top);
  let nan_below = is_nan(lower.top);
  if (!any(nan_above | nan_below)) { return Pair(c, d, e); }
  let more = vec3(rows.at.w + select(0u, params.in_w * inner, rows.more)) + vec3(l.offset, m.offset, r.offset);
  let after = give_last(lower.g, x[more.x], x[more.y], x[more.z], cols & vec3(rows.more));
  let last_d = give_last(after.left, l.d, m.d, r.d, in_d);
  let last_c = give_last(last_d.left, l.c, m.c, r.c, in_c);
  let above_c = give_last(upper.g, l.c, m.c, r.c, in_c);
  return Pair(choose(c, above_c, nan_above), choose(d, last_c, nan_below), choose(e, last_d, nan_below));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  // Blocks are those of the padded input that hold an element.
  let first_h = params.pad_top / 2u;
  let first_w = params.pad_left / 2u;
  let blocks_h = (params.pad_top + params.in_h + 1u) / 2u - first_h;
  let threads_w = ((params.pad_left + params.in_w + 1u) / 2u - first_w + BLOCKS - 1u) / BLOCKS;
  if (index >= params.outer * blocks_h * threads_w * inner) { return; }
  let part = index / inner;
  let i = index - part * inner;
  let row = part / threads_w;
  let first = first_w + (part - row * threads_w) * BLOCKS;
  let o = row / blocks_h;
  let h = first_h + row - o * blocks_h;

  let at_h = vec4(2u * h) + vec4(0u, 1u, 2u, 3u);
  let top_edge = params.pad_top + 2u;
  let r = min(at_h - min(at_h, vec4(top_edge)), vec4(params.in_h - 1u));
  let rows = Rows(
    (o * params.in_h + r) * params.in_w * inner + i,
    (at_h >= vec4(top_edge)) & (at_h < vec4(top_edge + params.in_h)),
    at_h.x + 4u >= top_edge && at_h.x + 4u < top_edge + params.in_h,
  );
  var l = column(rows, 2u * first, inner);
  let before = windows(
    window(o, h - 1u, first - 1u, inner, i),
    window(o, h, first - 1u, inner, i),
    rows,
    column(rows, 2u * first - 2u, inner),
    column(rows, 2u * first - 1u, inner),
    l,
    inner,
  );
  var left = before;
  for (var k = 0u; k < BLOCKS; k++) {
    let w = first + k;
    let m = column(rows, 2u * w + 1u, inner);
    let next = column(rows, 2u * w + 2u, inner);
    let given = windows(window(o, h - 1u, w, inner, i), window(o, h, w, inner, i), rows, l, m, next, inner);
    let col = 2u * w - params.pad_left;
    if (l.inside) {
      if (rows.inside.z) { dx[rows.at.z + col * inner] = left.upper.r + given.upper.l + left.lower.r + given.lower.l; }
      if (rows.inside.w) { dx[rows.at.w + col * inner] = left.next.r + given.next.l; }
    }
    if (m.inside) {
      if (rows.inside.z) { dx[rows.at.z + (col + 1u) * inner] = given.upper.m + given.lower.m; }
      if (rows.inside.w) { dx[rows.at.w + (col + 1u) * inner] = given.next.m; }
    }
    l = next;
    left = given;
  }
}
