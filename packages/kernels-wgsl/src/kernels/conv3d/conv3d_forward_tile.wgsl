// conv3d_forward, variant for many output channels: as conv3d_forward.wgsl, with a larger tile.
//
// x, w, y  any layout, by their strides; y is overwritten
// Thread    12 consecutive pixels of y x 8 output channels of one group, in vectors l and r of four channels each. Lanes
//           count channels, then pixels. Loads beyond the edge read the last channel, or are thrown away; stores are guarded.
// Loop      one over all terms: software adapters copy every accumulator once per round of every loop around it.
// Order     kz, ky, kx, i ascending, one fma each; padding counts as zeros: the same bits as the main shader.
// Limits    32-bit element offsets. Reference: conv3d.ref.ts

struct Params {
  batch: u32, in_d: u32, in_h: u32, in_w: u32, in_c: u32,
  out_d: u32, out_h: u32, out_w: u32, out_c: u32,
  filter_d: u32, filter_h: u32, filter_w: u32,
  stride_d: u32, stride_h: u32, stride_w: u32,
  pad_front: u32, pad_top: u32, pad_left: u32,
  dilation_d: u32, dilation_h: u32, dilation_w: u32, groups: u32,
  x_n: u32, x_d: u32, x_h: u32, x_w: u32, x_c: u32,
  y_n: u32, y_d: u32, y_h: u32, y_w: u32, y_c: u32,
  w_d: u32, w_h: u32, w_w: u32, w_i: u32, w_o: u32,
  has_bias: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const SIZE = 64u;

fn activate(v: f32) -> f32 { return v; }

// A window is its first corner (x, y, z) in the volume, and the offset of the volume. Coordinates wrap around before the
// volume, so that one comparison finds them outside.
fn next(window: vec4<u32>, end: vec3<u32>) -> vec4<u32> {
  let right = vec4(window.x + params.stride_w, window.yzw);
  let down = select(right, vec4(0u - params.pad_left, right.y + params.stride_h, right.zw), right.x == end.x);
  let back = select(down, vec4(down.x, 0u - params.pad_top, down.z + params.stride_d, down.w), down.y == end.y);
  return select(back, vec4(back.xy, 0u - params.pad_front, back.w + params.x_n), back.z == end.z);
}

fn offset(window: vec4<u32>) -> u32 {
  return window.x * params.x_w + window.y * params.x_h + window.z * params.x_d + window.w;
}

fn load_x(window: vec4<u32>, tap: vec3<u32>, at: u32) -> vec4<f32> {
  return vec4(select(0.0, x[at], all(window.xyz + tap < vec3(params.in_w, params.in_h, params.in_d))));
}

fn load_w(at: vec4<u32>) -> vec4<f32> { return vec4(w[at.x], w[at.y], w[at.z], w[at.w]); }

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (o_count + 7u) / 8u;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let pixel0 = thread / (tiles * params.groups) * 12u;
  let pixels = params.batch * params.out_d * params.out_h * params.out_w;
  if (pixel0 >= pixels) { return; }
  let tile = thread % (tiles * params.groups);
  let g = tile / tiles;
  let o0 = tile % tiles;

  let row0 = pixel0 / params.out_w;
  let plane0 = row0 / params.out_h;
  let end = vec3(
    params.out_w * params.stride_w - params.pad_left,
    params.out_h * params.stride_h - params.pad_top,
    params.out_d * params.stride_d - params.pad_front,
  );
  let window0 = vec4(
    pixel0 % params.out_w * params.stride_w - params.pad_left,
    row0 % params.out_h * params.stride_h - params.pad_top,
    plane0 % params.out_d * params.stride_d - params.pad_front,
    plane0 / params.out_d * params.x_n + g * i_count * params.x_c,
  );
  let window1 = next(window0, end);
  let window2 = next(window1, end);
  let window3 = next(window2, end);
  let window4 = next(window3, end);
  let window5 = next(window4, end);
  let window6 = next(window5, end);
  let window7 = next(window6, end);
  let window8 = next(window7, end);
  let window9 = next(window8, end);
  let window10 = next(window9, end);
  let window11 = next(window10, end);
  let x0_at = offset(window0);
  let x1_at = offset(window1);
  let x2_at = offset(window2);
  let x3_at = offset(window3);
  let x4_at = offset(window4);
  let x5_at = offset(window5);
  let x6_at = offset(window6);
  let x7_at = offset(window7);
  let x8_at = offset(window8);
  let x9_at = offset(window9);
  let x10_at = offset(window10);
  let x11_at = offset(window11);
  // Output channels of the tile.
  let o_l = g * o_count + min(o0 + tiles * vec4(0u, 1u, 2u, 3u), vec4(o_count - 1u));
  let o_r = g * o_count + min(o0 + tiles * vec4(4u, 5u, 6u, 7u), vec4(o_count - 1u));
  let w_l = o_l * params.w_o;
  let w_r = o_r * params.w_o;
  var l0 = vec4(0.0);
  var r0 = vec4(0.0);
  var l1 = vec4(0.0);
  var r1 = vec4(0.0);
  var l2 = vec4(0.0);
  var r2 = vec4(0.0);
  var l3 = vec4(0.0);
  var r3 = vec4(0.0);
  var l4 = vec4(0.0);
  var r4 = vec4(0.0);
  var l5 = vec4(0.0);
  var r5 = vec4(0.0);
  var l6 = vec4(0.0);
  var r6 = vec4(0.0);
  var l7 = vec4(0.0);
  var r7 = vec4(0.0);
  var l8 = vec4(0.0);
  var r8 = vec4(0.0);
  var l9 = vec4(0.0);
  var r9 = vec4(0.0);
  var l10 = vec4(0.0);
  var r10 = vec4(0.0);
  var l11 = vec4(0.0);
  var r11 = vec4(0.0);
  let terms = params.filter_d * params.filter_h * params.filter_w * i_count;
  var kz = 0u;
  var ky = 0u;
  var kx = 0u;
  var i = 0u;
  for (var term = 0u; term < terms; term++) {
    let tap = vec3(kx * params.dilation_w, ky * params.dilation_h, kz * params.dilation_d);
    let x_at = i * params.x_c + tap.x * params.x_w + tap.y * params.x_h + tap.z * params.x_d;
    let w_at = kz * params.w_d + ky * params.w_h + kx * params.w_w + i * params.w_i;
    let left = load_w(w_l + w_at);
    let right = load_w(w_r + w_at);
    let x0 = load_x(window0, tap, x0_at + x_at);
    l0 = fma(x0, left, l0);
    r0 = fma(x0, right, r0);
    let x1 = load_x(window1, tap, x1_at + x_at);
    l1 = fma(x1, left, l1);
    r1 = fma(x1, right, r1);
    let x2 = load_x(window2, tap, x2_at + x_at);
    l2 = fma(x2, left, l2);
    r2 = fma(x2, right, r2);
    let x3 = load_x(window3, tap, x3_at + x_at);
    l3 = fma(x3, left, l3);
    r3 = fma(x3, right, r3);
    let x4 = load_x(window4, tap, x4_at + x_at);
    l4 = fma(x4, left, l4);
    r4 = fma(x4, right, r4);
    let x5 = load_x(window5, tap, x5_at + x_at);
    l5 = fma(x5, left, l5);
    r5 = fma(x5, right, r5);
    let x6 = load_x(window6, tap, x6_at + x_at);
    l6 = fma(x6, left, l6);
    r6 = fma(x6, right, r6);
    let x7 = load_x(window7, tap, x7_at + x_at);
    l7 = fma(x7, left, l7);
    r7 = fma(x7, right, r7);
    let x8 = load_x(window8, tap, x8_at + x_at);
    l8 = fma(x8, left, l8);
    r8 = fma(x8, right, r8);
    let x9 = load_x(window9, tap, x9_at + x_at);
    l9 = fma(x9, left, l9);
    r9 = fma(x9, right, r9);
    let x10 = load_x(window10, tap, x10_at + x_at);
    l10 = fma(x10, left, l10);
    r10 = fma(x10, right, r10);
    let x11 = load_x(window11, tap, x11_at + x_at);
    l11 = fma(x11, left, l11);
    r11 = fma(x11, right, r11);
    i++;
    if (i == i_count) {
      i = 0u;
      kx++;
    }
    if (kx == params.filter_w) {
      kx = 0u;
      ky++;
    }
    if (ky == params.filter_h) {
      ky = 0u;
      kz++;
    }
  }

  var b_l = vec4(0.0);
  var b_r = vec4(0.0);
  if (params.has_bias == 1u) {
    b_l = vec4(bias[o_l.x], bias[o_l.y], bias[o_l.z], bias[o_l.w]);
    b_r = vec4(bias[o_r.x], bias[o_r.y], bias[o_r.z], bias[o_r.w]);
  }
  var results = array<vec4<f32>, 24>(
    l0 + b_l, r0 + b_r,
    l1 + b_l, r1 + b_r,
    l2 + b_l, r2 + b_r,
    l3 + b_l, r3 + b_r,
    l4 + b_l, r4 + b_r,
    l5 + b_l, r5 + b_r,
    l6 + b_l, r6 + b_r,
    l7 + b_l, r7 + b_r,
    l8 + b_l, r8 + b_r,
    l9 + b_l, r9 + b_r,
    l10 + b_l, r10 + b_r,
    l11 + b_l, r11 + b_r,
  );
  let pixel_end = min(pixel0 + 12u, pixels);
  let o_valid = (o_count - o0 + tiles - 1u) / tiles;
  for (var pixel = pixel0; pixel < pixel_end; pixel++) {
    let row = pixel / params.out_w;
    let plane = row / params.out_h;
    let at = plane / params.out_d * params.y_n + plane % params.out_d * params.y_d +
      row % params.out_h * params.y_h + pixel % params.out_w * params.y_w;
    for (var j = 0u; j < o_valid; j++) {
      let sum = results[2u * (pixel - pixel0) + j / 4u][j % 4u];
      y[at + (g * o_count + o0 + j * tiles) * params.y_c] = activate(sum);
    }
  }
}
