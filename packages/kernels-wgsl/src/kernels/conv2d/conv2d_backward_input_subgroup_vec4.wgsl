// conv2d_backward_input, variant for contiguous channels: as conv2d_backward_input_subgroup.wgsl, reading by vectors.
//
// dy, w      y_c = 1 and w_o = 1 (NHWC, HWIO); output channels of a group, offsets and strides in multiples of four elements
// dx         any layout, by the strides of x, overwritten
// Workgroup  one subgroup of LANES: 24 consecutive pixels of dx (counted n, iy, ix) x LANES * 4 input channels of one group.
//            Per four terms each lane loads dy for 24 / LANES of the pixels and the weights of its own four channels, and gets
//            the rest of dy by broadcast. Loads beyond the edge read the last pixel or channel; stores are guarded.
// Order      ky, kx, o ascending, one fma each; a tap without a result counts as zeros: the same bits.
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

@group(0) @binding(0) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 8u;

// A place is where (x, y) in dy the first tap of a pixel of dx is, and its offset in dy. Right of and below dy it fails the
// comparison in load_dy; each next tap is left of or above it, and wraps around when it leaves dy there.
fn place(pixel: u32) -> vec3<u32> {
  let row = pixel / params.in_w;
  let at = vec2(pixel % params.in_w + params.pad_left, row % params.in_h + params.pad_top);
  return vec3(at, row / params.in_h * params.y_n + at.x * params.y_w + at.y * params.y_h);
}

fn load_dy(place: vec3<u32>, tap: vec2<u32>, at: u32) -> vec4<f32> {
  return select(vec4(0.0), dy[(place.z + at) / 4u], all(place.xy - tap < vec2(params.out_w, params.out_h)));
}

fn store(pixel: u32, c: u32, count: u32, v: vec4<f32>) {
  if (pixel >= params.batch * params.in_h * params.in_w) { return; }
  let row = pixel / params.in_w;
  let at = row / params.in_h * params.x_n + row % params.in_h * params.x_h + pixel % params.in_w * params.x_w;
  for (var j = 0u; j < count; j++) { dx[at + (c + j) * params.x_c] = v[j]; }
}

fn step(sum: vec4<f32>, dy_p: vec4<f32>, w_t: mat4x4<f32>) -> vec4<f32> {
  return fma(vec4(dy_p.w), w_t[3], fma(vec4(dy_p.z), w_t[2], fma(vec4(dy_p.y), w_t[1], fma(vec4(dy_p.x), w_t[0], sum))));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (i_count + LANES * 4u - 1u) / (LANES * 4u);
  let index = group.y * groups.x + group.x;
  let pixel0 = index / (tiles * params.groups) * 24u;
  let pixels = params.batch * params.in_h * params.in_w;
  if (pixel0 >= pixels) { return; }
  let g = index / tiles % params.groups;
  let i0 = (index % tiles * LANES + lane) * 4u;

  let place0 = place(min(pixel0 + lane, pixels - 1u));
  let place1 = place(min(pixel0 + LANES + lane, pixels - 1u));
  let place2 = place(min(pixel0 + 2u * LANES + lane, pixels - 1u));
  let place3 = place(min(pixel0 + 3u * LANES + lane, pixels - 1u));
  let place4 = place(min(pixel0 + 4u * LANES + lane, pixels - 1u));
  let place5 = place(min(pixel0 + 5u * LANES + lane, pixels - 1u));
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
  let terms = params.filter_h * params.filter_w * (o_count / 4u);
  var ky = 0u;
  var kx = 0u;
  var o = 0u;
  for (var term = 0u; term < terms; term++) {
    let tap = vec2(kx * params.dilation_w, ky * params.dilation_h);
    let y_at = y_g + o * params.y_c - tap.x * params.y_w - tap.y * params.y_h;
    let w_at = (w_i + ky * params.w_h + kx * params.w_w + o) / 4u;
    let w_t = transpose(mat4x4(w[w_at.x], w[w_at.y], w[w_at.z], w[w_at.w]));
    let dy_t = array<vec4<f32>, 6>(
      load_dy(place0, tap, y_at),
      load_dy(place1, tap, y_at),
      load_dy(place2, tap, y_at),
      load_dy(place3, tap, y_at),
      load_dy(place4, tap, y_at),
      load_dy(place5, tap, y_at),
    );
    dx0 = step(dx0, subgroupBroadcast(dy_t[0u / LANES], 0u % LANES), w_t);
    dx1 = step(dx1, subgroupBroadcast(dy_t[1u / LANES], 1u % LANES), w_t);
    dx2 = step(dx2, subgroupBroadcast(dy_t[2u / LANES], 2u % LANES), w_t);
    dx3 = step(dx3, subgroupBroadcast(dy_t[3u / LANES], 3u % LANES), w_t);
    dx4 = step(dx4, subgroupBroadcast(dy_t[4u / LANES], 4u % LANES), w_t);
    dx5 = step(dx5, subgroupBroadcast(dy_t[5u / LANES], 5u % LANES), w_t);
    dx6 = step(dx6, subgroupBroadcast(dy_t[6u / LANES], 6u % LANES), w_t);
    dx7 = step(dx7, subgroupBroadcast(dy_t[7u / LANES], 7u % LANES), w_t);
    dx8 = step(dx8, subgroupBroadcast(dy_t[8u / LANES], 8u % LANES), w_t);
    dx9 = step(dx9, subgroupBroadcast(dy_t[9u / LANES], 9u % LANES), w_t);
    dx10 = step(dx10, subgroupBroadcast(dy_t[10u / LANES], 10u % LANES), w_t);
    dx11 = step(dx11, subgroupBroadcast(dy_t[11u / LANES], 11u % LANES), w_t);
    dx12 = step(dx12, subgroupBroadcast(dy_t[12u / LANES], 12u % LANES), w_t);
    dx13 = step(dx13, subgroupBroadcast(dy_t[13u / LANES], 13u % LANES), w_t);
    dx14 = step(dx14, subgroupBroadcast(dy_t[14u / LANES], 14u % LANES), w_t);
    dx15 = step(dx15, subgroupBroadcast(dy_t[15u / LANES], 15u % LANES), w_t);
    dx16 = step(dx16, subgroupBroadcast(dy_t[16u / LANES], 16u % LANES), w_t);
    dx17 = step(dx17, subgroupBroadcast(dy_t[17u / LANES], 17u % LANES), w_t);
    dx18 = step(dx18, subgroupBroadcast(dy_t[18u / LANES], 18u % LANES), w_t);
    dx19 = step(dx19, subgroupBroadcast(dy_t[19u / LANES], 19u % LANES), w_t);
    dx20 = step(dx20, subgroupBroadcast(dy_t[20u / LANES], 20u % LANES), w_t);
    dx21 = step(dx21, subgroupBroadcast(dy_t[21u / LANES], 21u % LANES), w_t);
    dx22 = step(dx22, subgroupBroadcast(dy_t[22u / LANES], 22u % LANES), w_t);
    dx23 = step(dx23, subgroupBroadcast(dy_t[23u / LANES], 23u % LANES), w_t);
    o += 4u;
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
  let tile = array<vec4<f32>, 24>(
    dx0, dx1, dx2, dx3, dx4, dx5, dx6, dx7,
    dx8, dx9, dx10, dx11, dx12, dx13, dx14, dx15,
    dx16, dx17, dx18, dx19, dx20, dx21, dx22, dx23,
  );
  for (var j = 0u; j < 24u; j++) { store(pixel0 + j, c, count, tile[j]); }
}
