// conv2d_backward_input, variant for subgroups of 8 lanes: as conv2d_backward_input.wgsl, with a tile shared within the
// subgroup, for strides of 1.
//
// dy, w, dx  any layout, by the strides of y, w and x; dx is overwritten
// Workgroup  one subgroup: 24 consecutive pixels of dx (counted n, iy, ix) x 32 input channels of one group. Each lane loads dy
//            for three of the pixels and the weights of its own four channels, and gets the rest of dy by broadcast: 7 scalar
//            loads for 96 fma. Loads beyond the edge read the last pixel or channel; stores are guarded.
// Loop       one over all terms, as in conv2d_forward_tile.wgsl.
// Order      ky, kx, o ascending, one fma each; a tap without a result counts as zeros, as in conv2d_backward_input.wgsl: the
//            same bits.
// Limits     strides of 1, 32-bit element offsets. Reference: conv2d.ref.ts

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

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// A place is where (x, y) in dy the first tap of a pixel of dx is, and its offset in dy. Right of and below dy it fails the
// comparison in load_dy; each next tap is left of or above it, and wraps around when it leaves dy there.
fn place(pixel: u32) -> vec3<u32> {
  let row = pixel / params.in_w;
  let at = vec2(pixel % params.in_w + params.pad_left, row % params.in_h + params.pad_top);
  return vec3(at, row / params.in_h * params.y_n + at.x * params.y_w + at.y * params.y_h);
}

fn load_dy(place: vec3<u32>, tap: vec2<u32>, at: u32) -> f32 {
  return select(0.0, dy[place.z + at], all(place.xy - tap < vec2(params.out_w, params.out_h)));
}

fn store(pixel: u32, c: u32, count: u32, v: vec4<f32>) {
  if (pixel >= params.batch * params.in_h * params.in_w) { return; }
  let row = pixel / params.in_w;
  let at = row / params.in_h * params.x_n + row % params.in_h * params.x_h + pixel % params.in_w * params.x_w;
  for (var j = 0u; j < count; j++) { dx[at + (c + j) * params.x_c] = v[j]; }
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (i_count + 31u) / 32u;
  let index = group.y * groups.x + group.x;
  let pixel0 = index / (tiles * params.groups) * 24u;
  let pixels = params.batch * params.in_h * params.in_w;
  if (pixel0 >= pixels) { return; }
  let g = index / tiles % params.groups;
  let i0 = (index % tiles * 8u + lane) * 4u;

  let place0 = place(min(pixel0 + lane, pixels - 1u));
  let place1 = place(min(pixel0 + 8u + lane, pixels - 1u));
  let place2 = place(min(pixel0 + 16u + lane, pixels - 1u));
  var dx0 = vec4(0.0);
  var dx1 = vec4(0.0);
  var dx2 = vec4(0.0);
  var dx3 = vec4(0.0);
  var dx4 = vec4(0.0);
  var dx5 = vec4(0.0);
  var dx6 = vec4(0.0);
  var dx7 = vec4(0.0);
  var dx8 = vec4(0.0);
  var dx9 = vec4(0.0);
  var dx10 = vec4(0.0);
  var dx11 = vec4(0.0);
  var dx12 = vec4(0.0);
  var dx13 = vec4(0.0);
  var dx14 = vec4(0.0);
  var dx15 = vec4(0.0);
  var dx16 = vec4(0.0);
  var dx17 = vec4(0.0);
  var dx18 = vec4(0.0);
  var dx19 = vec4(0.0);
  var dx20 = vec4(0.0);
  var dx21 = vec4(0.0);
  var dx22 = vec4(0.0);
  var dx23 = vec4(0.0);
  let y_g = g * o_count * params.y_c;
  let w_i = g * o_count * params.w_o + min(vec4(i0) + vec4(0u, 1u, 2u, 3u), vec4(i_count - 1u)) * params.w_i;
  let terms = params.filter_h * params.filter_w * o_count;
  var ky = 0u;
  var kx = 0u;
  var o = 0u;
  for (var term = 0u; term < terms; term++) {
    let tap = vec2(kx * params.dilation_w, ky * params.dilation_h);
    let y_at = y_g + o * params.y_c - tap.x * params.y_w - tap.y * params.y_h;
    let w_at = w_i + ky * params.w_h + kx * params.w_w + o * params.w_o;
    let w_t = vec4(w[w_at.x], w[w_at.y], w[w_at.z], w[w_at.w]);
    let dy0 = load_dy(place0, tap, y_at);
    let dy1 = load_dy(place1, tap, y_at);
    let dy2 = load_dy(place2, tap, y_at);
    dx0 = fma(vec4(subgroupBroadcast(dy0, 0u)), w_t, dx0);
    dx1 = fma(vec4(subgroupBroadcast(dy0, 1u)), w_t, dx1);
    dx2 = fma(vec4(subgroupBroadcast(dy0, 2u)), w_t, dx2);
    dx3 = fma(vec4(subgroupBroadcast(dy0, 3u)), w_t, dx3);
    dx4 = fma(vec4(subgroupBroadcast(dy0, 4u)), w_t, dx4);
    dx5 = fma(vec4(subgroupBroadcast(dy0, 5u)), w_t, dx5);
    dx6 = fma(vec4(subgroupBroadcast(dy0, 6u)), w_t, dx6);
    dx7 = fma(vec4(subgroupBroadcast(dy0, 7u)), w_t, dx7);
    dx8 = fma(vec4(subgroupBroadcast(dy1, 0u)), w_t, dx8);
    dx9 = fma(vec4(subgroupBroadcast(dy1, 1u)), w_t, dx9);
    dx10 = fma(vec4(subgroupBroadcast(dy1, 2u)), w_t, dx10);
    dx11 = fma(vec4(subgroupBroadcast(dy1, 3u)), w_t, dx11);
    dx12 = fma(vec4(subgroupBroadcast(dy1, 4u)), w_t, dx12);
    dx13 = fma(vec4(subgroupBroadcast(dy1, 5u)), w_t, dx13);
    dx14 = fma(vec4(subgroupBroadcast(dy1, 6u)), w_t, dx14);
    dx15 = fma(vec4(subgroupBroadcast(dy1, 7u)), w_t, dx15);
    dx16 = fma(vec4(subgroupBroadcast(dy2, 0u)), w_t, dx16);
    dx17 = fma(vec4(subgroupBroadcast(dy2, 1u)), w_t, dx17);
    dx18 = fma(vec4(subgroupBroadcast(dy2, 2u)), w_t, dx18);
    dx19 = fma(vec4(subgroupBroadcast(dy2, 3u)), w_t, dx19);
    dx20 = fma(vec4(subgroupBroadcast(dy2, 4u)), w_t, dx20);
    dx21 = fma(vec4(subgroupBroadcast(dy2, 5u)), w_t, dx21);
    dx22 = fma(vec4(subgroupBroadcast(dy2, 6u)), w_t, dx22);
    dx23 = fma(vec4(subgroupBroadcast(dy2, 7u)), w_t, dx23);
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

  if (i0 >= i_count) { return; }
  let c = g * i_count + i0;
  let count = min(4u, i_count - i0);
  store(pixel0, c, count, dx0);
  store(pixel0 + 1u, c, count, dx1);
  store(pixel0 + 2u, c, count, dx2);
  store(pixel0 + 3u, c, count, dx3);
  store(pixel0 + 4u, c, count, dx4);
  store(pixel0 + 5u, c, count, dx5);
  store(pixel0 + 6u, c, count, dx6);
  store(pixel0 + 7u, c, count, dx7);
  store(pixel0 + 8u, c, count, dx8);
  store(pixel0 + 9u, c, count, dx9);
  store(pixel0 + 10u, c, count, dx10);
  store(pixel0 + 11u, c, count, dx11);
  store(pixel0 + 12u, c, count, dx12);
  store(pixel0 + 13u, c, count, dx13);
  store(pixel0 + 14u, c, count, dx14);
  store(pixel0 + 15u, c, count, dx15);
  store(pixel0 + 16u, c, count, dx16);
  store(pixel0 + 17u, c, count, dx17);
  store(pixel0 + 18u, c, count, dx18);
  store(pixel0 + 19u, c, count, dx19);
  store(pixel0 + 20u, c, count, dx20);
  store(pixel0 + 21u, c, count, dx21);
  store(pixel0 + 22u, c, count, dx22);
  store(pixel0 + 23u, c, count, dx23);
}
