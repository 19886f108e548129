// avg_pool2d_backward, variant for 3 x 3 windows with stride 2, any padding: dx[o, r, c, i] = sum of dy[o, h, w, i] over the
// windows (h, w) that hold it, each divided by its window's divisor
//
// Needs   window 3, stride 2, dilation 1.
// dy      [outer, out_h, out_w, inner]: NHWC is [n, h, w, c], NCHW is [n * c, h, w, 1]
// dx      [outer, in_h, in_w, inner], overwritten
// Thread  BLOCKS neighbours in a row of 2 x 2 blocks of dx (times four along inner when V is a vector), lanes along the
//         contiguous dimension. Four windows reach into a block; what the two that start left of it give is known
//         from the block before. Divisions for places only: adapters on a CPU divide lane by lane.
// Order   as avg_pool2d_backward.wgsl: windows in row-major order, one add each.
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
const BLOCKS = 4u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read_write> dx: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

fn above(a: u32, b: u32) -> u32 { return a - min(a, b); }

// Of the three taps of the window that starts at `start` of the padded input, those that count in the divisor.
fn counted(start: u32, pad: u32, extent: u32, pad_end: u32) -> u32 {
  let inside = above(min(start + 3u, pad + extent), max(start, pad));
  return select(inside, min(above(pad + extent + pad_end, start), 3u), params.include_pad == 1u);
}

// What window (h, w) of image o gives to each of its elements; one that does not exist gives 0.
fn given(o: u32, h: u32, w: u32, inner: u32, i: u32) -> V {
  let at = ((o * params.out_h + min(h, params.out_h - 1u)) * params.out_w + min(w, params.out_w - 1u)) * inner + i;
  let rows = counted(2u * h, params.pad_top, params.in_h, params.pad_bottom);
  let cols = counted(2u * w, params.pad_left, params.in_w, params.pad_right);
  return select(V(), dy[at] / V(f32(rows * cols)), h < params.out_h && w < params.out_w);
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

  // Before the first row or column these wrap around to beyond the last.
  let r = 2u * h - params.pad_top;
  let upper_row = r < params.in_h;
  let lower_row = r + 1u < params.in_h;
  var above_left = given(o, h - 1u, first - 1u, inner, i);
  var left = given(o, h, first - 1u, inner, i);
  for (var k = 0u; k < BLOCKS; k++) {
    let w = first + k;
    let upper = given(o, h - 1u, w, inner, i);
    let own = given(o, h, w, inner, i);
    let c = 2u * w - params.pad_left;
    let at = ((o * params.in_h + r) * params.in_w + c) * inner + i;
    let below = at + params.in_w * inner;
    if (c < params.in_w) {
      if (upper_row) { dx[at] = above_left + upper + left + own; }
      if (lower_row) { dx[below] = left + own; }
    }
    if (c + 1u < params.in_w) {
      if (upper_row) { dx[at + inner] = upper + own; }
      if (lower_row) { dx[below + inner] = own; }
    }
    above_left = upper;
    left = own;
  }
}
