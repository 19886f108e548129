// conv3d_backward_input, variant for many input channels: as conv3d_backward_input.wgsl, with a larger tile of one phase.
//
// dy, w, dx  any layout, by their strides; dx is overwritten
// Phase      the places that are equal modulo the strides: the same taps have results for all of them, and only these are gone through.
// Thread     12 consecutive pixels of one phase of dx x 8 input channels of one group, in vectors l and r of four channels each. Lanes
//            count channels, then pixels. Loads beyond the edge read the last channel, or are thrown away; stores are guarded.
// Loop       one over all terms: software adapters copy every accumulator once per round of every loop around it.
// Order      kz, ky, kx, o ascending, one fma each; taps without results would add zeros: the same bits as the main shader.
// Limits     32-bit element offsets. Reference: conv3d.ref.ts

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

// The taps along one axis that have results for a phase: first, distance, how many.
fn taps(offset: u32, filter_size: u32, dilation: u32, stride: u32) -> vec3<u32> {
  var found = vec3(0u, 1u, 0u);
  for (var k = 0u; k < filter_size; k++) {
    if ((i32(offset) - i32(k * dilation)) % i32(stride) != 0) { continue; }
    if (found.z == 0u) { found.x = k; }
    if (found.z == 1u) { found.y = k - found.x; }
    found.z++;
  }
  return found;
}

// A window is the place of its pixel in the phase, and the offset of dy's volume.
fn next(window: vec4<u32>, end: vec3<u32>) -> vec4<u32> {
  let right = vec4(window.x + 1u, window.yzw);
  let down = select(right, vec4(0u, right.y + 1u, right.zw), right.x == end.x);
  let back = select(down, vec4(down.x, 0u, down.z + 1u, down.w), down.y == end.y);
  return select(back, vec4(back.xy, 0u, back.w + params.y_n), back.z == end.z);
}

fn offset(window: vec4<u32>) -> u32 {
  return window.x * params.y_w + window.y * params.y_h + window.z * params.y_d + window.w;
}

// Results before dy wrap around, so that one comparison finds them outside.
fn load_dy(window: vec4<u32>, shift: vec3<u32>, at: u32) -> vec4<f32> {
  let inside = all(window.xyz + shift < vec3(params.out_w, params.out_h, params.out_d));
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
  let stride = vec3(params.stride_w, params.stride_h, params.stride_d);
  let extent = vec3(params.in_w, params.in_h, params.in_d);
  // Pixels of a phase along each axis, and how many phases have any.
  let end = (extent + stride - 1u) / stride;
  let phases = min(stride, extent);
  let pixels = params.batch * end.x * end.y * end.z;
  let pixel_tiles = (pixels + 11u) / 12u;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let tile = thread % (tiles * params.groups);
  let g = tile / tiles;
  let i0 = tile % tiles;
  let spot = thread / (tiles * params.groups);
  let phase_index = spot / pixel_tiles;
  if (phase_index >= phases.x * phases.y * phases.z) { return; }
  let phase = vec3(phase_index % phases.x, phase_index / phases.x % phases.y, phase_index / phases.x / phases.y);
  let pixel0 = spot % pixel_tiles * 12u;

  let padded = phase + vec3(params.pad_left, params.pad_top, params.pad_front);
  let taps_w = taps(padded.x, params.filter_w, params.dilation_w, params.stride_w);
  let taps_h = taps(padded.y, params.filter_h, params.dilation_h, params.stride_h);
  let taps_d = taps(padded.z, params.filter_d, params.dilation_d, params.stride_d);
  let first = vec3(taps_w.x, taps_h.x, taps_d.x);
  let dilation = vec3(params.dilation_w, params.dilation_h, params.dilation_d);
  // From a pixel of the phase to its result for the first tap, and back by so much for each further one.
  let start = vec3<u32>((vec3<i32>(padded) - vec3<i32>(first * dilation)) / vec3<i32>(stride));
  let step = vec3(taps_w.y, taps_h.y, taps_d.y) * dilation / stride;

  let row0 = pixel0 / end.x;
  let plane0 = row0 / end.y;
  let window0 = vec4(
    pixel0 % end.x,
    row0 % end.y,
    plane0 % end.z,
    plane0 / end.z * params.y_n + g * o_count * params.y_c,
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
  let terms = taps_d.z * taps_h.z * taps_w.z * o_count;
  var tap = vec3(0u);
  var o = 0u;
  for (var term = 0u; term < terms; term++) {
    let shift = start - tap * step;
    let dy_at = shift.x * params.y_w + shift.y * params.y_h + shift.z * params.y_d + o * params.y_c;
    let k = first + tap * vec3(taps_w.y, taps_h.y, taps_d.y);
    let w_at = k.z * params.w_d + k.y * params.w_h + k.x * params.w_w + o * params.w_o;
    let left = load_w(w_l + w_at);
    let right = load_w(w_r + w_at);
    let dy0 = load_dy(window0, shift, dy0_at + dy_at);
    l0 = fma(dy0, left, l0);
    r0 = fma(dy0, right, r0);
    let dy1 = load_dy(window1, shift, dy1_at + dy_at);
    l1 = fma(dy1, left, l1);
    r1 = fma(dy1, right, r1);
    let dy2 = load_dy(window2, shift, dy2_at + dy_at);
    l2 = fma(dy2, left, l2);
    r2 = fma(dy2, right, r2);
    let dy3 = load_dy(window3, shift, dy3_at + dy_at);
    l3 = fma(dy3, left, l3);
    r3 = fma(dy3, right, r3);
    let dy4 = load_dy(window4, shift, dy4_at + dy_at);
    l4 = fma(dy4, left, l4);
    r4 = fma(dy4, right, r4);
    let dy5 = load_dy(window5, shift, dy5_at + dy_at);
    l5 = fma(dy5, left, l5);
    r5 = fma(dy5, right, r5);
    let dy6 = load_dy(window6, shift, dy6_at + dy_at);
    l6 = fma(dy6, left, l6);
    r6 = fma(dy6, right, r6);
    let dy7 = load_dy(window7, shift, dy7_at + dy_at);
    l7 = fma(dy7, left, l7);
    r7 = fma(dy7, right, r7);
    let dy8 = load_dy(window8, shift, dy8_at + dy_at);
    l8 = fma(dy8, left, l8);
    r8 = fma(dy8, right, r8);
    let dy9 = load_dy(window9, shift, dy9_at + dy_at);
    l9 = fma(dy9, left, l9);
    r9 = fma(dy9, right, r9);
    let dy10 = load_dy(window10, shift, dy10_at + dy_at);
    l10 = fma(dy10, left, l10);
    r10 = fma(dy10, right, r10);
    let dy11 = load_dy(window11, shift, dy11_at + dy_at);
    l11 = fma(dy11, left, l11);
    r11 = fma(dy11, right, r11);
    o++;
    if (o == o_count) {
      o = 0u;
      tap.x++;
    }
    if (tap.x == taps_w.z) {
      tap.x = 0u;
      tap.y++;
    }
    if (tap.y == taps_h.z) {
      tap.y = 0u;
      tap.z++;
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
    let row = pixel / end.x;
    let plane = row / end.y;
    let place = vec3(pixel % end.x, row % end.y, plane % end.z) * stride + phase;
    if (any(place >= extent)) { continue; }
    let at = plane / end.z * params.x_n + place.z * params.x_d + place.y * params.x_h + place.x * params.x_w;
    for (var j = 0u; j < i_valid; j++) {
      dx[at + (g * i_count + i0 + j * tiles) * params.x_c] = results[2u * (pixel - pixel0) + j / 4u][j % 4u];
    }
  }
}
