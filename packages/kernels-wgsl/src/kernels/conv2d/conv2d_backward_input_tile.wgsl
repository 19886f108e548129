// conv2d_backward_input, variant for many input channels: as conv2d_backward_input.wgsl, with a larger tile.
//
// dy, w, dx  any layout, by the strides of y, w and x; dx is overwritten
// Phase      pixels of dx whose coordinates leave the same rests by the strides meet the same taps. A thread's pixels are of
//            one phase, which is walked as an image of its own, so no work is spent on taps between the results of dy.
// Thread     12 consecutive pixels of a phase (counted n, y, x) x 8 input channels of one group, in vectors l and r of four
//            channels each: 20 scalar loads for 96 fma. Neighbouring lanes have neighbouring channels, then pixels. Loads
//            beyond the edge read the last channel, or are thrown away; stores are guarded.
// Loop       one over all terms, as in conv2d_forward_tile.wgsl.
// Order      ky, kx, o ascending, one fma each, as in conv2d_backward_input.wgsl: the same bits, for finite values.
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

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const SIZE = 64u;

// A place is (x, y) in the phase, and the offset of the image of dy.
fn next(place: vec3<u32>, size: vec2<u32>) -> vec3<u32> {
  let right = vec3(place.x + 1u, place.yz);
  let down = select(right, vec3(0u, right.y + 1u, right.z), right.x == size.x);
  return select(down, vec3(down.x, 0u, down.z + params.y_n), down.y == size.y);
}

fn offset(place: vec3<u32>) -> u32 { return place.x * params.y_w + place.y * params.y_h + place.z; }

// Taps first, first + step, ... of one axis, count in all, through which any of the places low to high of a phase reads
// dy[0 .. limit). The first tap reads dy at place + shift, each next one shift_step before.
struct Taps {
  first: u32,
  step: u32,
  count: u32,
  shift: u32,
  shift_step: u32,
}

fn find_taps(origin: u32, size: u32, dilation: u32, stride: u32, low: u32, high: u32, limit: u32) -> Taps {
  var taps = Taps(0u, 1u, 0u, 0u, 0u);
  for (var k = 0u; k < size; k++) {
    let moved = i32(origin) - i32(k * dilation);
    let shift = moved / i32(stride);
    if (shift * i32(stride) != moved || i32(high) + shift < 0 || i32(low) + shift >= i32(limit)) { continue; }
    if (taps.count == 0u) {
      taps.first = k;
      taps.shift = u32(shift);
    }
    if (taps.count == 1u) { taps.step = k - taps.first; }
    taps.count++;
  }
  taps.shift_step = taps.step * dilation / stride;
  return taps;
}

fn load_dy(place: vec3<u32>, shift: vec2<u32>, at: u32) -> vec4<f32> {
  return vec4(select(0.0, dy[at], all(place.xy + shift < vec2(params.out_w, params.out_h))));
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
  let stride = vec2(params.stride_w, params.stride_h);
  // Phases are cut to one size, that of the first.
  let size = (vec2(params.in_w, params.in_h) + stride - 1u) / stride;
  let pixels = params.batch * size.x * size.y;
  let pixel_tiles = (pixels + 11u) / 12u;
  let tiles = (i_count + 7u) / 8u;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let pixel_tile = thread / (tiles * params.groups);
  let phases = min(stride, vec2(params.in_w, params.in_h));
  let phase = vec2(pixel_tile / pixel_tiles % phases.x, pixel_tile / pixel_tiles / phases.x);
  if (phase.y >= phases.y) { return; }
  let pixel0 = pixel_tile % pixel_tiles * 12u;
  let tile = thread % (tiles * params.groups);
  let g = tile / tiles;
  let i0 = tile % tiles;

  let row0 = pixel0 / size.x;
  let place0 = vec3(pixel0 % size.x, row0 % size.y, row0 / size.y * params.y_n + g * o_count * params.y_c);
  let place1 = next(place0, size);
  let place2 = next(place1, size);
  let place3 = next(place2, size);
  let place4 = next(place3, size);
  let place5 = next(place4, size);
  let place6 = next(place5, size);
  let place7 = next(place6, size);
  let place8 = next(place7, size);
  let place9 = next(place8, size);
  let place10 = next(place9, size);
  let place11 = next(place10, size);
  let dy0_at = offset(place0);
  let dy1_at = offset(place1);
  let dy2_at = offset(place2);
  let dy3_at = offset(place3);
  let dy4_at = offset(place4);
  let dy5_at = offset(place5);
  let dy6_at = offset(place6);
  let dy7_at = offset(place7);
  let dy8_at = offset(place8);
  let dy9_at = offset(place9);
  let dy10_at = offset(place10);
  let dy11_at = offset(place11);
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
  let origin = phase + vec2(params.pad_left, params.pad_top);
  // Rows at the edge of an image miss some taps altogether.
  let one_image = place11.z == place0.z;
  let low = select(0u, place0.y, one_image);
  let high = select(size.y - 1u, place11.y, one_image);
  let across = find_taps(origin.x, params.filter_w, params.dilation_w, params.stride_w, 0u, size.x - 1u, params.out_w);
  let down = find_taps(origin.y, params.filter_h, params.dilation_h, params.stride_h, low, high, params.out_h);
  let terms = down.count * across.count * o_count;
  var tap = vec2(0u);
  var o = 0u;
  for (var term = 0u; term < terms; term++) {
    let shift = vec2(across.shift, down.shift) - tap * vec2(across.shift_step, down.shift_step);
    let y_at = shift.x * params.y_w + shift.y * params.y_h + o * params.y_c;
    let kx = across.first + tap.x * across.step;
    let ky = down.first + tap.y * down.step;
    let w_at = ky * params.w_h + kx * params.w_w + o * params.w_o;
    let left = load_w(w_l + w_at);
    let right = load_w(w_r + w_at);
    let dy0 = load_dy(place0, shift, dy0_at + y_at);
    l0 = fma(dy0, left, l0);
    r0 = fma(dy0, right, r0);
    let dy1 = load_dy(place1, shift, dy1_at + y_at);
    l1 = fma(dy1, left, l1);
    r1 = fma(dy1, right, r1);
    let dy2 = load_dy(place2, shift, dy2_at + y_at);
    l2 = fma(dy2, left, l2);
    r2 = fma(dy2, right, r2);
    let dy3 = load_dy(place3, shift, dy3_at + y_at);
    l3 = fma(dy3, left, l3);
    r3 = fma(dy3, right, r3);
    let dy4 = load_dy(place4, shift, dy4_at + y_at);
    l4 = fma(dy4, left, l4);
    r4 = fma(dy4, right, r4);
    let dy5 = load_dy(place5, shift, dy5_at + y_at);
    l5 = fma(dy5, left, l5);
    r5 = fma(dy5, right, r5);
    let dy6 = load_dy(place6, shift, dy6_at + y_at);
    l6 = fma(dy6, left, l6);
    r6 = fma(dy6, right, r6);
    let dy7 = load_dy(place7, shift, dy7_at + y_at);
    l7 = fma(dy7, left, l7);
    r7 = fma(dy7, right, r7);
    let dy8 = load_dy(place8, shift, dy8_at + y_at);
    l8 = fma(dy8, left, l8);
    r8 = fma(dy8, right, r8);
    let dy9 = load_dy(place9, shift, dy9_at + y_at);
    l9 = fma(dy9, left, l9);
    r9 = fma(dy9, right, r9);
    let dy10 = load_dy(place10, shift, dy10_at + y_at);
    l10 = fma(dy10, left, l10);
    r10 = fma(dy10, right, r10);
    let dy11 = load_dy(place11, shift, dy11_at + y_at);
    l11 = fma(dy11, left, l11);
    r11 = fma(dy11, right, r11);
    o++;
    if (o == o_count) {
      o = 0u;
      tap.x++;
    }
    if (tap.x == across.count) { tap = vec2(0u, tap.y + 1u); }
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
    let row = pixel / size.x;
    let at = vec2(pixel % size.x, row % size.y) * stride + phase;
    // The phases after the first may have one column or row less.
    let valid = select(0u, i_valid, all(at < vec2(params.in_w, params.in_h)));
    let x_pixel = row / size.y * params.x_n + at.y * params.x_h + at.x * params.x_w;
    for (var j = 0u; j < valid; j++) {
      dx[x_pixel + (g * i_count + i0 + j * tiles) * params.x_c] = results[2u * (pixel - pixel0) + j / 4u][j % 4u];
    }
  }
}
