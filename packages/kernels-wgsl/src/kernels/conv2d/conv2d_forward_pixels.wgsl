// conv2d_forward, variant for few output channels: as conv2d_forward_subgroup.wgsl, with a lane for a pixel.
//
// x, w       any layout, by their strides
// y          any layout, by its strides, overwritten. V and WIDTH: written by four channels where these stand side by side.
// Workgroup  one subgroup of LANES: 6 * LANES consecutive pixels of y (counted n, oy, ox), every LANES-th in one lane, x 16
//            output channels of one group. Lanes share the weights: each loads 16 / LANES of them and gets the others by
//            broadcast, for 96 fma (the last of four loads are not used by eight lanes). Loads beyond the edge read the last pixel or channel; stores are guarded.
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
alias V = f32;
const WIDTH = 1u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
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

fn load_x(window: vec4<u32>, tap: vec2<u32>, at: u32) -> vec4<f32> {
  return vec4(select(0.0, x[window.z + at], all(window.xy + tap < vec2(params.in_w, params.in_h))));
}

fn load_bias(o: vec4<u32>) -> vec4<f32> {
  if (params.has_bias == 0u) { return vec4(0.0); }
  return vec4(bias[o.x], bias[o.y], bias[o.z], bias[o.w]);
}

fn part(v: vec4<f32>, j: u32) -> V { return v[j]; }

fn store(at: u32, count: u32, v: vec4<f32>) {
  let r = vec4(activate(v.x), activate(v.y), activate(v.z), activate(v.w));
  for (var j = 0u; j < 4u; j += WIDTH) {
    if (j < count) { y[(at + j * params.y_c) / WIDTH] = part(r, j); }
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (o_count + 15u) / 16u;
  let index = group.y * groups.x + group.x;
  let pixel0 = index / (tiles * params.groups) * 6u * LANES + lane;
  let pixels = params.batch * params.out_h * params.out_w;
  let g = index / tiles % params.groups;
  let o0 = index % tiles * 16u;

  let window0 = window(min(pixel0 + 0u * LANES, pixels - 1u));
  let window1 = window(min(pixel0 + 1u * LANES, pixels - 1u));
  let window2 = window(min(pixel0 + 2u * LANES, pixels - 1u));
  let window3 = window(min(pixel0 + 3u * LANES, pixels - 1u));
  let window4 = window(min(pixel0 + 4u * LANES, pixels - 1u));
  let window5 = window(min(pixel0 + 5u * LANES, pixels - 1u));
  let o = g * o_count + o0;
  let w_o0 = (g * o_count + min(o0 + 0u * LANES + lane, o_count - 1u)) * params.w_o;
  let w_o1 = (g * o_count + min(o0 + 1u * LANES + lane, o_count - 1u)) * params.w_o;
  let w_o2 = (g * o_count + min(o0 + 2u * LANES + lane, o_count - 1u)) * params.w_o;
  let w_o3 = (g * o_count + min(o0 + 3u * LANES + lane, o_count - 1u)) * params.w_o;
  var y00 = vec4(0.0);
  var y01 = vec4(0.0);
  var y02 = vec4(0.0);
  var y03 = vec4(0.0);
  var y10 = vec4(0.0);
  var y11 = vec4(0.0);
  var y12 = vec4(0.0);
  var y13 = vec4(0.0);
  var y20 = vec4(0.0);
  var y21 = vec4(0.0);
  var y22 = vec4(0.0);
  var y23 = vec4(0.0);
  var y30 = vec4(0.0);
  var y31 = vec4(0.0);
  var y32 = vec4(0.0);
  var y33 = vec4(0.0);
  var y40 = vec4(0.0);
  var y41 = vec4(0.0);
  var y42 = vec4(0.0);
  var y43 = vec4(0.0);
  var y50 = vec4(0.0);
  var y51 = vec4(0.0);
  var y52 = vec4(0.0);
  var y53 = vec4(0.0);
  let x_g = g * i_count * params.x_c;
  let terms = params.filter_h * params.filter_w * i_count;
  var ky = 0u;
  var kx = 0u;
  var i = 0u;
  for (var term = 0u; term < terms; term++) {
    let tap = vec2(kx * params.dilation_w, ky * params.dilation_h);
    let x_at = x_g + tap.x * params.x_w + tap.y * params.x_h + i * params.x_c;
    let w_at = ky * params.w_h + kx * params.w_w + i * params.w_i;
    let w_t = array<f32, 4>(w[w_o0 + w_at], w[w_o1 + w_at], w[w_o2 + w_at], w[w_o3 + w_at]);
    let w0 = vec4(
      subgroupBroadcast(w_t[0u / LANES], 0u % LANES),
      subgroupBroadcast(w_t[1u / LANES], 1u % LANES),
      subgroupBroadcast(w_t[2u / LANES], 2u % LANES),
      subgroupBroadcast(w_t[3u / LANES], 3u % LANES),
    );
    let w1 = vec4(
      subgroupBroadcast(w_t[4u / LANES], 4u % LANES),
      subgroupBroadcast(w_t[5u / LANES], 5u % LANES),
      subgroupBroadcast(w_t[6u / LANES], 6u % LANES),
      subgroupBroadcast(w_t[7u / LANES], 7u % LANES),
    );
    let w2 = vec4(
      subgroupBroadcast(w_t[8u / LANES], 8u % LANES),
      subgroupBroadcast(w_t[9u / LANES], 9u % LANES),
      subgroupBroadcast(w_t[10u / LANES], 10u % LANES),
      subgroupBroadcast(w_t[11u / LANES], 11u % LANES),
    );
    let w3 = vec4(
      subgroupBroadcast(w_t[12u / LANES], 12u % LANES),
      subgroupBroadcast(w_t[13u / LANES], 13u % LANES),
      subgroupBroadcast(w_t[14u / LANES], 14u % LANES),
      subgroupBroadcast(w_t[15u / LANES], 15u % LANES),
    );
    let x0 = load_x(window0, tap, x_at);
    y00 = fma(x0, w0, y00);
    y01 = fma(x0, w1, y01);
    y02 = fma(x0, w2, y02);
    y03 = fma(x0, w3, y03);
    let x1 = load_x(window1, tap, x_at);
    y10 = fma(x1, w0, y10);
    y11 = fma(x1, w1, y11);
    y12 = fma(x1, w2, y12);
    y13 = fma(x1, w3, y13);
    let x2 = load_x(window2, tap, x_at);
    y20 = fma(x2, w0, y20);
    y21 = fma(x2, w1, y21);
    y22 = fma(x2, w2, y22);
    y23 = fma(x2, w3, y23);
    let x3 = load_x(window3, tap, x_at);
    y30 = fma(x3, w0, y30);
    y31 = fma(x3, w1, y31);
    y32 = fma(x3, w2, y32);
    y33 = fma(x3, w3, y33);
    let x4 = load_x(window4, tap, x_at);
    y40 = fma(x4, w0, y40);
    y41 = fma(x4, w1, y41);
    y42 = fma(x4, w2, y42);
    y43 = fma(x4, w3, y43);
    let x5 = load_x(window5, tap, x_at);
    y50 = fma(x5, w0, y50);
    y51 = fma(x5, w1, y51);
    y52 = fma(x5, w2, y52);
    y53 = fma(x5, w3, y53);
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

  let places = array<u32, 6>(window0.w, window1.w, window2.w, window3.w, window4.w, window5.w);
  let sums = array<mat4x4<f32>, 6>(
    mat4x4(y00, y01, y02, y03),
    mat4x4(y10, y11, y12, y13),
    mat4x4(y20, y21, y22, y23),
    mat4x4(y30, y31, y32, y33),
    mat4x4(y40, y41, y42, y43),
    mat4x4(y50, y51, y52, y53),
  );
  for (var q = 0u; q < min(16u, o_count - o0); q += 4u) {
    let add = load_bias(g * o_count + min(o0 + q + vec4(0u, 1u, 2u, 3u), vec4(o_count - 1u)));
    for (var p = 0u; p < 6u && pixel0 + p * LANES < pixels; p++) {
      store(places[p] + (o + q) * params.y_c, o_count - o0 - q, sums[p][q / 4u] + add);
    }
  }
}
