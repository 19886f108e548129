// conv2d_backward_input, variant for one input channel per group (depthwise): as conv2d_backward_input.wgsl, with a tile of
// pixels.
//
// dy, w, dx  any layout, by the strides of y, w and x; dx is overwritten, also where no window reaches (zero)
// Thread     8 consecutive pixels of dx (counted n, iy, ix) x one input channel (V, WIDTH: four that stand side by side, with
//            one output channel per group). Threads count channels first. Loads beyond the last pixel are thrown away.
// Order      ky, kx, o ascending, one fma each; a tap without a result counts as zeros, as in conv2d_backward_input.wgsl: the
//            same bits.
// Limits     32-bit element offsets. Reference: conv2d.ref.ts

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

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> w: array<V>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

// A pixel of dx is ix, iy, n.
fn next(pixel: vec3<u32>) -> vec3<u32> {
  let right = vec3(pixel.x + 1u, pixel.yz);
  let down = select(right, vec3(0u, right.y + 1u, right.z), right.x == params.in_w);
  return select(down, vec3(down.x, 0u, down.z + 1u), down.y == params.in_h);
}

// A pixel of dy, from its place times the strides; the specs leave this out where the strides are 1.
fn result(at: vec2<u32>) -> vec2<u32> { return at / vec2(params.stride_w, params.stride_h); }

// Above or left of dy places wrap around, so that one comparison finds them outside.
fn load_dy(pixel: vec3<u32>, tap: vec2<u32>, channel: u32) -> V {
  let at = pixel.xy + vec2(params.pad_left, params.pad_top) - tap;
  let o = result(at);
  let inside = all((o < vec2(params.out_w, params.out_h)) & (o * vec2(params.stride_w, params.stride_h) == at));
  let offset = pixel.z * params.y_n + o.y * params.y_h + o.x * params.y_w + channel;
  return select(V(), dy[select(channel, offset, inside) / WIDTH], inside);
}

fn store(pixel: vec3<u32>, c: u32, v: V) {
  if (pixel.z >= params.batch) { return; }
  dx[(pixel.z * params.x_n + pixel.y * params.x_h + pixel.x * params.x_w + c * params.x_c) / WIDTH] = v;
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let channels = params.in_c / WIDTH;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let first = thread / channels * 8u;
  if (first >= params.batch * params.in_h * params.in_w) { return; }
  let c = thread % channels * WIDTH;
  let row = first / params.in_w;
  let pixel0 = vec3(first % params.in_w, row % params.in_h, row / params.in_h);
  let pixel1 = next(pixel0);
  let pixel2 = next(pixel1);
  let pixel3 = next(pixel2);
  let pixel4 = next(pixel3);
  let pixel5 = next(pixel4);
  let pixel6 = next(pixel5);
  let pixel7 = next(pixel6);
  var dx0 = V();
  var dx1 = V();
  var dx2 = V();
  var dx3 = V();
  var dx4 = V();
  var dx5 = V();
  var dx6 = V();
  var dx7 = V();
  let o_count = params.out_c / params.groups;
  let terms = params.filter_h * params.filter_w * o_count;
  var ky = 0u;
  var kx = 0u;
  var o = 0u;
  for (var term = 0u; term < terms; term++) {
    let tap = vec2(kx * params.dilation_w, ky * params.dilation_h);
    let channel = c * o_count + o;
    let y_at = channel * params.y_c;
    let w_t = w[(channel * params.w_o + ky * params.w_h + kx * params.w_w) / WIDTH];
    dx0 = fma(load_dy(pixel0, tap, y_at), w_t, dx0);
    dx1 = fma(load_dy(pixel1, tap, y_at), w_t, dx1);
    dx2 = fma(load_dy(pixel2, tap, y_at), w_t, dx2);
    dx3 = fma(load_dy(pixel3, tap, y_at), w_t, dx3);
    dx4 = fma(load_dy(pixel4, tap, y_at), w_t, dx4);
    dx5 = fma(load_dy(pixel5, tap, y_at), w_t, dx5);
    dx6 = fma(load_dy(pixel6, tap, y_at), w_t, dx6);
    dx7 = fma(load_dy(pixel7, tap, y_at), w_t, dx7);
    o++;
    if (o == o_count) {
      o = 0u;
      kx++;
    }
    if (kx == params.filter_w) {
      kx = 0u;
      ky++;
    }
  }

  store(pixel0, c, dx0);
  store(pixel1, c, dx1);
  store(pixel2, c, dx2);
  store(pixel3, c, dx3);
  store(pixel4, c, dx4);
  store(pixel5, c, dx5);
  store(pixel6, c, dx6);
  store(pixel7, c, dx7);
}
