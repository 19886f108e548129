// conv2d_forward, variant for subgroups of few lanes: as conv2d_forward.wgsl, with a tile shared within the
// subgroup.
//
// x, w, y    any layout, by their strides; y is overwritten. W, load_w, V, WIDTH and part: w is read and y written by four
//            channels where these stand side by side.
// Workgroup  one subgroup of LANES: 24 consecutive pixels of y (counted n, oy, ox) x LANES * 4 output channels of one group.
//            Each lane loads 24 / LANES of the pixels and the weights of its own four channels, and gets the other pixels by
//            broadcast. Loads beyond the edge read the last pixel or channel; stores are guarded.
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

const LANES = 8u;
alias W = f32;
alias V = f32;
const WIDTH = 1u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<W>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

fn activate(v: f32) -> f32 { return v; }

// A window is its upper left corner (x, y) in the image, its offset in x, and where its results stand in y. Left of and above
// the image coordinates wrap around, so that one comparison finds them outside.
fn window(pixel: u32) -> vec4<u32> {
  let row = pixel / params.out_w;
  let ox = pixel % params.out_w;
  let n = row / params.out_h;
  let oy = row % params.out_h;
  let at = vec2(ox * params.stride_w - params.pad_left, oy * params.stride_h - params.pad_top);
  return vec4(
    at,
    n * params.x_n + at.x * params.x_w + at.y * params.x_h,
    n * params.y_n + oy * params.y_h + ox * params.y_w,
  );
}

fn load_x(window: vec4<u32>, tap: vec2<u32>, at: u32) -> f32 {
  return select(0.0, x[window.z + at], all(window.xy + tap < vec2(params.in_w, params.in_h)));
}

fn load_w(at: vec4<u32>) -> vec4<f32> { return vec4(w[at.x], w[at.y], w[at.z], w[at.w]); }

fn part(v: vec4<f32>, j: u32) -> V { return v[j]; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (o_count + LANES * 4u - 1u) / (LANES * 4u);
  let index = group.y * groups.x + group.x;
  let pixel0 = index / (tiles * params.groups) * 24u;
  let pixels = params.batch * params.out_h * params.out_w;
  if (pixel0 >= pixels) { return; }
  let g = index / tiles % params.groups;
  let o0 = (index % tiles * LANES + lane) * 4u;

  let window0 = window(min(pixel0 + lane, pixels - 1u));
  let window1 = window(min(pixel0 + LANES + lane, pixels - 1u));
  let window2 = window(min(pixel0 + 2u * LANES + lane, pixels - 1u));
  let window3 = window(min(pixel0 + 3u * LANES + lane, pixels - 1u));
  let window4 = window(min(pixel0 + 4u * LANES + lane, pixels - 1u));
  let window5 = window(min(pixel0 + 5u * LANES + lane, pixels - 1u));
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
    let w_t = load_w(w_at);
    let x_t = array<f32, 6>(
      load_x(window0, tap, x_at),
      load_x(window1, tap, x_at),
      load_x(window2, tap, x_at),
      load_x(window3, tap, x_at),
      load_x(window4, tap, x_at),
      load_x(window5, tap, x_at),
    );
    y0 = fma(vec4(subgroupBroadcast(x_t[0u / LANES], 0u % LANES)), w_t, y0);
    y1 = fma(vec4(subgroupBroadcast(x_t[1u / LANES], 1u % LANES)), w_t, y1);
    y2 = fma(vec4(subgroupBroadcast(x_t[2u / LANES], 2u % LANES)), w_t, y2);
    y3 = fma(vec4(subgroupBroadcast(x_t[3u / LANES], 3u % LANES)), w_t, y3);
    y4 = fma(vec4(subgroupBroadcast(x_t[4u / LANES], 4u % LANES)), w_t, y4);
    y5 = fma(vec4(subgroupBroadcast(x_t[5u / LANES], 5u % LANES)), w_t, y5);
    y6 = fma(vec4(subgroupBroadcast(x_t[6u / LANES], 6u % LANES)), w_t, y6);
    y7 = fma(vec4(subgroupBroadcast(x_t[7u / LANES], 7u % LANES)), w_t, y7);
    y8 = fma(vec4(subgroupBroadcast(x_t[8u / LANES], 8u % LANES)), w_t, y8);
    y9 = fma(vec4(subgroupBroadcast(x_t[9u / LANES], 9u % LANES)), w_t, y9);
    y10 = fma(vec4(subgroupBroadcast(x_t[10u / LANES], 10u % LANES)), w_t, y10);
    y11 = fma(vec4(subgroupBroadcast(x_t[11u / LANES], 11u % LANES)), w_t, y11);
    y12 = fma(vec4(subgroupBroadcast(x_t[12u / LANES], 12u % LANES)), w_t, y12);
    y13 = fma(vec4(subgroupBroadcast(x_t[13u / LANES], 13u % LANES)), w_t, y13);
    y14 = fma(vec4(subgroupBroadcast(x_t[14u / LANES], 14u % LANES)), w_t, y14);
    y15 = fma(vec4(subgroupBroadcast(x_t[15u / LANES], 15u % LANES)), w_t, y15);
    y16 = fma(vec4(subgroupBroadcast(x_t[16u / LANES], 16u % LANES)), w_t, y16);
    y17 = fma(vec4(subgroupBroadcast(x_t[17u / LANES], 17u % LANES)), w_t, y17);
    y18 = fma(vec4(subgroupBroadcast(x_t[18u / LANES], 18u % LANES)), w_t, y18);
    y19 = fma(vec4(subgroupBroadcast(x_t[19u / LANES], 19u % LANES)), w_t, y19);
    y20 = fma(vec4(subgroupBroadcast(x_t[20u / LANES], 20u % LANES)), w_t, y20);
    y21 = fma(vec4(subgroupBroadcast(x_t[21u / LANES], 21u % LANES)), w_t, y21);
    y22 = fma(vec4(subgroupBroadcast(x_t[22u / LANES], 22u % LANES)), w_t, y22);
    y23 = fma(vec4(subgroupBroadcast(x_t[23u / LANES], 23u % LANES)), w_t, y23);
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

  var add = vec4(0.0);
  if (params.has_bias == 1u) { add = vec4(bias[o.x], bias[o.y], bias[o.z], bias[o.w]); }
  let tile = array<vec4<f32>, 24>(
    y0, y1, y2, y3, y4, y5, y6, y7,
    y8, y9, y10, y11, y12, y13, y14, y15,
    y16, y17, y18, y19, y20, y21, y22, y23,
  );
  // Each lane knows the place of its own pixels; the others hear of it.
  let places = array<u32, 6>(window0.w, window1.w, window2.w, window3.w, window4.w, window5.w);
  let end = min(24u, pixels - pixel0);
  for (var j = 0u; j < end; j++) {
    let at = subgroupShuffle(places[j / LANES], j % LANES) + o.x * params.y_c;
    let sum = tile[j] + add;
    let v = vec4(activate(sum.x), activate(sum.y), activate(sum.z), activate(sum.w));
    for (var k = 0u; k < 4u; k += WIDTH) {
      if (o0 + k < o_count) { y[(at + k * params.y_c) / WIDTH] = part(v, k); }
    }
  }
}
