// conv2d_backward_filter, variant for one input channel per group (depthwise): as conv2d_backward_filter.wgsl, with a tile of
// taps.
//
// x, dy    any layout, by the strides of x and y
// partial  [chunks][elements of w, by its strides], overwritten
// Thread   9 taps (ky, kx) x one output channel (V, WIDTH: four that stand side by side, with one output channel per group),
//          one chunk. Threads count channels first. Taps beyond the last are computed and not stored.
// Loop     one over all pixels of the chunk, as in conv2d_forward_tile.wgsl.
// Order    n, oy, ox ascending, one fma each, as in conv2d_backward_filter.wgsl: the same bits.
// Limits   32-bit element offsets. Reference: conv2d.ref.ts

struct Params {
  batch: u32, in_h: u32, in_w: u32, in_c: u32,
  out_h: u32, out_w: u32, out_c: u32,
  filter_h: u32, filter_w: u32, stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32, dilation_h: u32, dilation_w: u32, groups: u32,
  x_n: u32, x_h: u32, x_w: u32, x_c: u32,
  y_n: u32, y_h: u32, y_w: u32, y_c: u32,
  w_h: u32, w_w: u32, w_i: u32, w_o: u32,
  has_bias: u32, chunks: u32, chunk_rows: u32,
}

alias V = f32;
const WIDTH = 1u;
const SIZE = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read_write> partial: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

// Where tap kx, ky reads x for the first pixel of dy; left of and above the image this wraps around, and fails the comparison
// in load_x.
fn corner(tap: u32) -> vec2<u32> {
  let at = vec2(tap % params.filter_w, tap / params.filter_w) * vec2(params.dilation_w, params.dilation_h);
  return at - vec2(params.pad_left, params.pad_top);
}

fn load_x(at: vec2<u32>, image: u32) -> V {
  return select(V(), x[(image + at.x * params.x_w + at.y * params.x_h) / WIDTH], all(at < vec2(params.in_w, params.in_h)));
}

fn store(tap: u32, at: u32, v: V) {
  if (tap >= params.filter_h * params.filter_w) { return; }
  partial[(at + tap / params.filter_w * params.w_h + tap % params.filter_w * params.w_w) / WIDTH] = v;
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let taps = params.filter_h * params.filter_w;
  let tiles = (taps + 8u) / 9u;
  let channels = params.out_c / WIDTH;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let o = thread % channels * WIDTH;
  let first = thread / channels % tiles * 9u;
  let chunk = thread / channels / tiles;
  if (chunk >= params.chunks) { return; }

  let corner0 = corner(first + 0u);
  let corner1 = corner(first + 1u);
  let corner2 = corner(first + 2u);
  let corner3 = corner(first + 3u);
  let corner4 = corner(first + 4u);
  let corner5 = corner(first + 5u);
  let corner6 = corner(first + 6u);
  let corner7 = corner(first + 7u);
  let corner8 = corner(first + 8u);
  var dw0 = V();
  var dw1 = V();
  var dw2 = V();
  var dw3 = V();
  var dw4 = V();
  var dw5 = V();
  var dw6 = V();
  var dw7 = V();
  var dw8 = V();
  let x_o = o / (params.out_c / params.groups) * params.x_c;
  let row_begin = chunk * params.chunk_rows;
  let row_end = min(row_begin + params.chunk_rows, params.batch * params.out_h);
  let pixels = (row_end - row_begin) * params.out_w;
  var n = row_begin / params.out_h;
  var oy = row_begin % params.out_h;
  var ox = 0u;
  for (var pixel = 0u; pixel < pixels; pixel++) {
    let shift = vec2(ox * params.stride_w, oy * params.stride_h);
    let image = n * params.x_n + x_o;
    let dy_p = dy[(n * params.y_n + oy * params.y_h + ox * params.y_w + o * params.y_c) / WIDTH];
    dw0 = fma(load_x(corner0 + shift, image), dy_p, dw0);
    dw1 = fma(load_x(corner1 + shift, image), dy_p, dw1);
    dw2 = fma(load_x(corner2 + shift, image), dy_p, dw2);
    dw3 = fma(load_x(corner3 + shift, image), dy_p, dw3);
    dw4 = fma(load_x(corner4 + shift, image), dy_p, dw4);
    dw5 = fma(load_x(corner5 + shift, image), dy_p, dw5);
    dw6 = fma(load_x(corner6 + shift, image), dy_p, dw6);
    dw7 = fma(load_x(corner7 + shift, image), dy_p, dw7);
    dw8 = fma(load_x(corner8 + shift, image), dy_p, dw8);
    ox++;
    if (ox == params.out_w) {
      ox = 0u;
      oy++;
    }
    if (oy == params.out_h) {
      oy = 0u;
      n++;
    }
  }

  let at = chunk * taps * params.out_c + o * params.w_o;
  store(first + 0u, at, dw0);
  store(first + 1u, at, dw1);
  store(first + 2u, at, dw2);
  store(first + 3u, at, dw3);
  store(first + 4u, at, dw4);
  store(first + 5u, at, dw5);
  store(first + 6u, at, dw6);
  store(first + 7u, at, dw7);
  store(first + 8u, at, dw8);
}
