// conv2d_forward, variant for one input channel per group (depthwise): as conv2d_forward.wgsl, with a tile of pixels.
//
// x, w, y  any layout, by their strides; y is overwritten
// Thread   8 consecutive pixels of y (counted n, oy, ox) x one output channel (V, WIDTH: four that stand side by side, with one
//          output channel per group). Threads count channels first. Loads beyond the last pixel are thrown away.
// Order    ky, kx ascending, one fma each; padding counts as zeros, as in conv2d_forward.wgsl: the same bits.
// Limits   32-bit element offsets. Reference: conv2d.ref.ts

struct Params {
  batch: u32, in_h: u32, in_w: u32, in_c: u32,
  out_h: u32, out_w: u32, out_c: u32,
  filter_h: u32, filter_w: u32, stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32, dilation_h: u32, dilation_w: u32, groups: u32,
  x_n: u32, x_h: u32, x_w: u32, x_c: u32,
  y_n: u32, y_h: u32, y_w: u32, y_c: u32,
  w_h: u32, w_w: u32, w_i: u32, w_o: u32,
  has_bias: u32,
}

alias V = f32;
const WIDTH = 1u;
const SIZE = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> w: array<V>;
@group(0) @binding(2) var<storage, read> bias: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

fn activate(v: f32) -> f32 { return v; }

fn done(v: V) -> V { return activate(v); }

// A pixel of y is ox, oy, n.
fn next(pixel: vec3<u32>) -> vec3<u32> {
  let right = vec3(pixel.x + 1u, pixel.yz);
  let down = select(right, vec3(0u, right.y + 1u, right.z), right.x == params.out_w);
  return select(down, vec3(down.x, 0u, down.z + 1u), down.y == params.out_h);
}

// A window is its upper left corner (x, y) in the image, and its offset in x. Left of and above the image coordinates wrap
// around, so that one comparison finds them outside.
fn window(pixel: vec3<u32>) -> vec3<u32> {
  let at = pixel.xy * vec2(params.stride_w, params.stride_h) - vec2(params.pad_left, params.pad_top);
  return vec3(at, pixel.z * params.x_n + at.x * params.x_w + at.y * params.x_h);
}

fn load_x(window: vec3<u32>, tap: vec2<u32>, at: u32) -> V {
  return select(V(), x[(window.z + at) / WIDTH], all(window.xy + tap < vec2(params.in_w, params.in_h)));
}

fn store(pixel: vec3<u32>, o: u32, v: V) {
  if (pixel.z >= params.batch) { return; }
  y[(pixel.z * params.y_n + pixel.y * params.y_h + pixel.x * params.y_w + o * params.y_c) / WIDTH] = done(v);
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let channels = params.out_c / WIDTH;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let first = thread / channels * 8u;
  if (first >= params.batch * params.out_h * params.out_w) { return; }
  let o = thread % channels * WIDTH;
  let row = first / params.out_w;
  let pixel0 = vec3(first % params.out_w, row % params.out_h, row / params.out_h);
  let pixel1 = next(pixel0);
  let pixel2 = next(pixel1);
  let pixel3 = next(pixel2);
  let pixel4 = next(pixel3);
  let pixel5 = next(pixel4);
  let pixel6 = next(pixel5);
  let pixel7 = next(pixel6);
  let window0 = window(pixel0);
  let window1 = window(pixel1);
  let window2 = window(pixel2);
  let window3 = window(pixel3);
  let window4 = window(pixel4);
  let window5 = window(pixel5);
  let window6 = window(pixel6);
  let window7 = window(pixel7);
  var y0 = V();
  var y1 = V();
  var y2 = V();
  var y3 = V();
  var y4 = V();
  var y5 = V();
  var y6 = V();
  var y7 = V();
  let x_o = o / (params.out_c / params.groups) * params.x_c;
  let w_o = o * params.w_o;
  let taps = params.filter_h * params.filter_w;
  var ky = 0u;
  var kx = 0u;
  for (var t = 0u; t < taps; t++) {
    let tap = vec2(kx * params.dilation_w, ky * params.dilation_h);
    let x_at = x_o + tap.x * params.x_w + tap.y * params.x_h;
    let w_t = w[(w_o + ky * params.w_h + kx * params.w_w) / WIDTH];
    y0 = fma(load_x(window0, tap, x_at), w_t, y0);
    y1 = fma(load_x(window1, tap, x_at), w_t, y1);
    y2 = fma(load_x(window2, tap, x_at), w_t, y2);
    y3 = fma(load_x(window3, tap, x_at), w_t, y3);
    y4 = fma(load_x(window4, tap, x_at), w_t, y4);
    y5 = fma(load_x(window5, tap, x_at), w_t, y5);
    y6 = fma(load_x(window6, tap, x_at), w_t, y6);
    y7 = fma(load_x(window7, tap, x_at), w_t, y7);
    kx++;
    if (kx == params.filter_w) {
      kx = 0u;
      ky++;
    }
  }

  var add = V();
  if (params.has_bias == 1u) { add = bias[o / WIDTH]; }
  store(pixel0, o, y0 + add);
  store(pixel1, o, y1 + add);
  store(pixel2, o, y2 + add);
  store(pixel3, o, y3 + add);
  store(pixel4, o, y4 + add);
  store(pixel5, o, y5 + add);
  store(pixel6, o, y6 + add);
  store(pixel7, o, y7 + add);
}
