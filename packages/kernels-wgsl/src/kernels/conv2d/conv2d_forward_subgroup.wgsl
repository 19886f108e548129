// conv2d_forward, variant for subgroups of 8 lanes: as conv2d_forward.wgsl, with a tile shared within the subgroup.
//
// x, w, y    any layout, by their strides; y is overwritten
// Workgroup  one subgroup: 24 consecutive pixels of y (counted n, oy, ox) x 32 output channels of one group. Each lane loads
//            three of the pixels and the weights of its own four channels, and gets the other pixels by broadcast: 7 scalar
//            loads for 96 fma. Loads beyond the edge read the last pixel or channel; stores are guarded.
// Loop       one over all terms, as in conv2d_forward_tile.wgsl.
// Order      ky, kx, i ascending, one fma each; padding counts as zeros, as in conv2d_forward.wgsl: the same bits.
// Limits     32-bit element offsets. Reference: conv2d.ref.ts

enable subgroups;

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

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn activate(v: f32) -> f32 { return v; }

// A window is its upper left corner (x, y) in the image, and its offset in x. Left of and above the image coordinates wrap
// around, so that one comparison finds them outside.
fn window(pixel: u32) -> vec3<u32> {
  let row = pixel / params.out_w;
  let at = vec2(
    pixel % params.out_w * params.stride_w - params.pad_left,
    row % params.out_h * params.stride_h - params.pad_top,
  );
  return vec3(at, row / params.out_h * params.x_n + at.x * params.x_w + at.y * params.x_h);
}

fn load_x(window: vec3<u32>, tap: vec2<u32>, at: u32) -> f32 {
  return select(0.0, x[window.z + at], all(window.xy + tap < vec2(params.in_w, params.in_h)));
}

fn store(pixel: u32, o: u32, count: u32, add: vec4<f32>, v: vec4<f32>) {
  if (pixel >= params.batch * params.out_h * params.out_w) { return; }
  let row = pixel / params.out_w;
  let at = row / params.out_h * params.y_n + row % params.out_h * params.y_h + pixel % params.out_w * params.y_w;
  let sum = v + add;
  for (var j = 0u; j < count; j++) { y[at + (o + j) * params.y_c] = activate(sum[j]); }
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (o_count + 31u) / 32u;
  let index = group.y * groups.x + group.x;
  let pixel0 = index / (tiles * params.groups) * 24u;
  let pixels = params.batch * params.out_h * params.out_w;
  if (pixel0 >= pixels) { return; }
  let g = index / tiles % params.groups;
  let o0 = (index % tiles * 8u + lane) * 4u;

  let window0 = window(min(pixel0 + lane, pixels - 1u));
  let window1 = window(min(pixel0 + 8u + lane, pixels - 1u));
  let window2 = window(min(pixel0 + 16u + lane, pixels - 1u));
  let o = g * o_count + min(vec4(o0) + vec4(0u, 1u, 2u, 3u), vec4(o_count - 1u));
  var y0 = vec4(0.0);
  var y1 = vec4(0.0);
  var y2 = vec4(0.0);
  var y3 = vec4(0.0);
  var y4 = vec4(0.0);
  var y5 = vec4(0.0);
  var y6 = vec4(0.0);
  var y7 = vec4(0.0);
  var y8 = vec4(0.0);
  var y9 = vec4(0.0);
  var y10 = vec4(0.0);
  var y11 = vec4(0.0);
  var y12 = vec4(0.0);
  var y13 = vec4(0.0);
  var y14 = vec4(0.0);
  var y15 = vec4(0.0);
  var y16 = vec4(0.0);
  var y17 = vec4(0.0);
  var y18 = vec4(0.0);
  var y19 = vec4(0.0);
  var y20 = vec4(0.0);
  var y21 = vec4(0.0);
  var y22 = vec4(0.0);
  var y23 = vec4(0.0);
  let x_g = g * i_count * params.x_c;
  let w_o = o * params.w_o;
  let terms = params.filter_h * params.filter_w * i_count;
  var ky = 0u;
  var kx = 0u;
  var i = 0u;
  for (var term = 0u; term < terms; term++) {
    let tap = vec2(kx * params.dilation_w, ky * params.dilation_h);
    let x_at = x_g + tap.x * params.x_w + tap.y * params.x_h + i * params.x_c;
    let w_at = w_o + ky * params.w_h + kx * params.w_w + i * params.w_i;
    let w_t = vec4(w[w_at.x], w[w_at.y], w[w_at.z], w[w_at.w]);
    let x0 = load_x(window0, tap, x_at);
    let x1 = load_x(window1, tap, x_at);
    let x2 = load_x(window2, tap, x_at);
    y0 = fma(vec4(subgroupBroadcast(x0, 0u)), w_t, y0);
    y1 = fma(vec4(subgroupBroadcast(x0, 1u)), w_t, y1);
    y2 = fma(vec4(subgroupBroadcast(x0, 2u)), w_t, y2);
    y3 = fma(vec4(subgroupBroadcast(x0, 3u)), w_t, y3);
    y4 = fma(vec4(subgroupBroadcast(x0, 4u)), w_t, y4);
    y5 = fma(vec4(subgroupBroadcast(x0, 5u)), w_t, y5);
    y6 = fma(vec4(subgroupBroadcast(x0, 6u)), w_t, y6);
    y7 = fma(vec4(subgroupBroadcast(x0, 7u)), w_t, y7);
    y8 = fma(vec4(subgroupBroadcast(x1, 0u)), w_t, y8);
    y9 = fma(vec4(subgroupBroadcast(x1, 1u)), w_t, y9);
    y10 = fma(vec4(subgroupBroadcast(x1, 2u)), w_t, y10);
    y11 = fma(vec4(subgroupBroadcast(x1, 3u)), w_t, y11);
    y12 = fma(vec4(subgroupBroadcast(x1, 4u)), w_t, y12);
    y13 = fma(vec4(subgroupBroadcast(x1, 5u)), w_t, y13);
    y14 = fma(vec4(subgroupBroadcast(x1, 6u)), w_t, y14);
    y15 = fma(vec4(subgroupBroadcast(x1, 7u)), w_t, y15);
    y16 = fma(vec4(subgroupBroadcast(x2, 0u)), w_t, y16);
    y17 = fma(vec4(subgroupBroadcast(x2, 1u)), w_t, y17);
    y18 = fma(vec4(subgroupBroadcast(x2, 2u)), w_t, y18);
    y19 = fma(vec4(subgroupBroadcast(x2, 3u)), w_t, y19);
    y20 = fma(vec4(subgroupBroadcast(x2, 4u)), w_t, y20);
    y21 = fma(vec4(subgroupBroadcast(x2, 5u)), w_t, y21);
    y22 = fma(vec4(subgroupBroadcast(x2, 6u)), w_t, y22);
    y23 = fma(vec4(subgroupBroadcast(x2, 7u)), w_t, y23);
    i++;
    if (i == i_count) {
      i = 0u;
      kx++;
    }
    if (kx == params.filter_w) {
      kx = 0u;
      ky++;
    }
  }

  if (o0 >= o_count) { return; }
  var add = vec4(0.0);
  if (params.has_bias == 1u) { add = vec4(bias[o.x], bias[o.y], bias[o.z], bias[o.w]); }
  let count = min(4u, o_count - o0);
  store(pixel0, o.x, count, add, y0);
  store(pixel0 + 1u, o.x, count, add, y1);
  store(pixel0 + 2u, o.x, count, add, y2);
  store(pixel0 + 3u, o.x, count, add, y3);
  store(pixel0 + 4u, o.x, count, add, y4);
  store(pixel0 + 5u, o.x, count, add, y5);
  store(pixel0 + 6u, o.x, count, add, y6);
  store(pixel0 + 7u, o.x, count, add, y7);
  store(pixel0 + 8u, o.x, count, add, y8);
  store(pixel0 + 9u, o.x, count, add, y9);
  store(pixel0 + 10u, o.x, count, add, y10);
  store(pixel0 + 11u, o.x, count, add, y11);
  store(pixel0 + 12u, o.x, count, add, y12);
  store(pixel0 + 13u, o.x, count, add, y13);
  store(pixel0 + 14u, o.x, count, add, y14);
  store(pixel0 + 15u, o.x, count, add, y15);
  store(pixel0 + 16u, o.x, count, add, y16);
  store(pixel0 + 17u, o.x, count, add, y17);
  store(pixel0 + 18u, o.x, count, add, y18);
  store(pixel0 + 19u, o.x, count, add, y19);
  store(pixel0 + 20u, o.x, count, add, y20);
  store(pixel0 + 21u, o.x, count, add, y21);
  store(pixel0 + 22u, o.x, count, add, y22);
  store(pixel0 + 23u, o.x, count, add, y23);
}
