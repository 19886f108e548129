// conv3d_backward_input, variant for many input channels and strides of 1: as conv3d_backward_input.wgsl, with a larger tile.
//
// dy, w, dx any layout, by their strides; dx is overwritten
// Thread    12 consecutive pixels of dx x 8 input channels of one group, in vectors l and r of four channels each. Lanes
//           count channels, then pixels. Loads beyond the edge read the last channel, or are thrown away; stores are guarded.
// Loop      one over all terms: software adapters copy every accumulator once per round of every loop around it.
// Order     kz, ky, kx, o ascending, one fma each; padding counts as zeros: the same bits as the main shader.
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

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const SIZE = 64u;

// A window is the place of its pixel in the padded volume, and the offset of dy's volume. Coordinates wrap around before dy, so
// that one comparison finds them outside.
fn next(window: vec4<u32>, end: vec3<u32>) -> vec4<u32> {
  let right = vec4(window.x + 1u, window.yzw);
  let down = select(right, vec4(params.pad_left, right.y + 1u, right.zw), right.x == end.x);
  let back = select(down, vec4(down.x, params.pad_top, down.z + 1u, down.w), down.y == end.y);
  return select(back, vec4(back.xy, params.pad_front, back.w + params.y_n), back.z == end.z);
}

fn offset(window: vec4<u32>) -> u32 {
  return window.x * params.y_w + window.y * params.y_h + window.z * params.y_d + window.w;
}

fn load_dy(window: vec4<u32>, tap: vec3<u32>, at: u32) -> vec4<f32> {
  let inside = all(window.xyz - tap < vec3(params.out_w, params.out_h, params.out_d));
  return vec4(select(0.0, dy[at], inside));
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
  let tiles = (i_count + 7u) / 8u;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let pixel0 = thread / (tiles * params.groups) * 12u;
  let pixels = params.batch * params.in_d * params.in_h * params.in_w;
  if (pixel0 >= pixels) { return; }
  let tile = thread % (tiles * params.groups);
  let g = tile / tiles;
  let i0 = tile % tiles;

  let row0 = pixel0 / params.in_w;
  let plane0 = row0 / params.in_h;
  let end = vec3(params.in_w + params.pad_left, params.in_h + params.pad_top, params.in_d + params.pad_front);
  let window0 = vec4(
    pixel0 % params.in_w + params.pad_left,
    row0 % params.in_h + params.pad_top,
    plane0 % params.in_d + params.pad_front,
    plane0 / params.in_d * params.y_n + g * o_count * params.y_c,
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
  let dy0_at = offset(window0);
  let dy1_at = offset(window1);
  let dy2_at = offset(window2);
  let dy3_at = offset(window3);
  let dy4_at = offset(window4);
  let dy5_at = offset(window5);
  let dy6_at = offset(window6);
  let dy7_at = offset(window7);
  let dy8_at = offset(window8);
  let dy9_at = offset(window9);
  let dy10_at = offset(window10);
  let dy11_at = offset(window11);
  // Input channels of the tile.
  let w_g = g * o_count * params.w_o;
  let w_l = w_g + min(i0 + tiles * vec4(0u, 1u, 2u, 3u), vec4(i_count - 1u)) * params.w_i;
  let w_r = w_g + min(i0 + tiles * vec4(4u, 5u, 6u, 7u), vec4(i_count - 1u)) * params.w_i;
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
  let terms = params.filter_d * params.filter_h * params.filter_w * o_count;
  var kz = 0u;
  var ky = 0u;
  var kx = 0u;
  var o = 0u;
  for (var term = 0u; term < terms; term++) {
    let tap = vec3(kx * params.dilation_w, ky * params.dilation_h, kz * params.dilation_d);
    let dy_at = o * params.y_c - (tap.x * params.y_w + tap.y * params.y_h + tap.z * params.y_d);
    let w_at = kz * params.w_d + ky * params.w_h + kx * params.w_w + o * params.w_o;
    let left = load_w(w_l + w_at);
    let right = load_w(w_r + w_at);
    let dy0 = load_dy(window0, tap, dy0_at + dy_at);
    l0 = fma(dy0, left, l0);
    r0 = fma(dy0, right, r0);
    let dy1 = load_dy(window1, tap, dy1_at + dy_at);
    l1 = fma(dy1, left, l1);
    r1 = fma(dy1, right, r1);
    let dy2 = load_dy(window2, tap, dy2_at + dy_at);
    l2 = fma(dy2, left, l2);
    r2 = fma(dy2, right, r2);
    let dy3 = load_dy(window3, tap, dy3_at + dy_at);
    l3 = fma(dy3, left, l3);
    r3 = fma(dy3, right, r3);
    let dy4 = load_dy(window4, tap, dy4_at + dy_at);
    l4 = fma(dy4, left, l4);
    r4 = fma(dy4, right, r4);
    let dy5 = load_dy(window5, tap, dy5_at + dy_at);
    l5 = fma(dy5, left, l5);
    r5 = fma(dy5, right, r5);
    let dy6 = load_dy(window6, tap, dy6_at + dy_at);
    l6 = fma(dy6, left, l6);
    r6 = fma(dy6, right, r6);
    let dy7 = load_dy(window7, tap, dy7_at + dy_at);
    l7 = fma(dy7, left, l7);
    r7 = fma(dy7, right, r7);
    let dy8 = load_dy(window8, tap, dy8_at + dy_at);
    l8 = fma(dy8, left, l8);
    r8 = fma(dy8, right, r8);
    let dy9 = load_dy(window9, tap, dy9_at + dy_at);
    l9 = fma(dy9, left, l9);
    r9 = fma(dy9, right, r9);
    let dy10 = load_dy(window10, tap, dy10_at + dy_at);
    l10 = fma(dy10, left, l10);
    r10 = fma(dy10, right, r10);
    let dy11 = load_dy(window11, tap, dy11_at + dy_at);
    l11 = fma(dy11, left, l11);
    r11 = fma(dy11, right, r11);
    o++;
    if (o == o_count) {
      o = 0u;
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

  var results = array<vec4<f32>, 24>(
    l0, r0,
    l1, r1,
    l2, r2,
    l3, r3,
    l4, r4,
    l5, r5,
    l6, r6,
    l7, r7,
    l8, r8,
    l9, r9,
    l10, r10,
    l11, r11,
  );
  let pixel_end = min(pixel0 + 12u, pixels);
  let i_valid = (i_count - i0 + tiles - 1u) / tiles;
  for (var pixel = pixel0; pixel < pixel_end; pixel++) {
    let row = pixel / params.in_w;
    let plane = row / params.in_h;
    let at = plane / params.in_d * params.x_n + plane % params.in_d * params.x_d +
      row % params.in_h * params.x_h + pixel % params.in_w * params.x_w;
    for (var j = 0u; j < i_valid; j++) {
      let sum = results[2u * (pixel - pixel0) + j / 4u][j % 4u];
      dx[at + (g * i_count + i0 + j * tiles) * params.x_c] = sum;
    }
  }
}
