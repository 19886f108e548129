// conv3d_forward: y[n, oz, oy, ox, o] = activate(sum over kz, ky, kx, i of x[n, iz, iy, ix, g * I + i] * w[kz, ky, kx, i, o] + bias[o])
//                 iz = oz * stride_d + kz * dilation_d - pad_front, iy and ix likewise, g = o / O the group
//
// x, w, y  any layout, by their strides; y is overwritten
// Thread   4 pixels of y x 4 output channels of one group in four named vectors. Threads count channels first, then pixels.
//          Loads beyond the edge read the last pixel or channel; stores are guarded.
// Order    kz, ky, kx, i ascending, one fma each; padding counts as zeros: variants of order "taps" give the same bits.
// Limits   32-bit element offsets. Reference: conv3d.ref.ts

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

fn store(pixel: u32, o: u32, count: u32, v: vec4<f32>) {
  let plane = pixel / params.out_w / params.out_h;
  if (plane >= params.batch * params.out_d) { return; }
  let at = plane / params.out_d * params.y_n + plane % params.out_d * params.y_d +
    pixel / params.out_w % params.out_h * params.y_h + pixel % params.out_w * params.y_w;
  for (var j = 0u; j < count; j++) {
    var add = 0.0;
    if (params.has_bias == 1u) { add = bias[o + j]; }
    y[at + (o + j) * params.y_c] = activate(v[j] + add);
  }
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (o_count + 3u) / 4u;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let pixel0 = thread / (tiles * params.groups) * 4u;
  let pixels = params.batch * params.out_d * params.out_h * params.out_w;
  if (pixel0 >= pixels) { return; }
  let tile = thread % (tiles * params.groups);
  let g = tile / tiles;
  let o0 = tile % tiles * 4u;

  let pixel = min(vec4(pixel0) + vec4(0u, 1u, 2u, 3u), vec4(pixels - 1u));
  let row = pixel / params.out_w;
  let plane = row / params.out_h;
  let z_origin = plane % params.out_d * params.stride_d - params.pad_front;
  let y_origin = row % params.out_h * params.stride_h - params.pad_top;
  let x_origin = pixel % params.out_w * params.stride_w - params.pad_left;
  let x_base = plane / params.out_d * params.x_n + g * i_count * params.x_c;
  let w_base = (g * o_count + min(vec4(o0) + vec4(0u, 1u, 2u, 3u), vec4(o_count - 1u))) * params.w_o;
  var y0 = vec4(0.0);
  var y1 = vec4(0.0);
  var y2 = vec4(0.0);
  var y3 = vec4(0.0);
  let taps = params.filter_d * params.filter_h * params.filter_w;
  for (var tap = 0u; tap < taps; tap++) {
    let kx = tap % params.filter_w;
    let ky = tap / params.filter_w % params.filter_h;
    let kz = tap / params.filter_w / params.filter_h;
    // Before the volume these wrap around and so fail the comparison too.
    let iz = z_origin + kz * params.dilation_d;
    let iy = y_origin + ky * params.dilation_h;
    let ix = x_origin + kx * params.dilation_w;
    let inside = (iz < vec4(params.in_d)) & (iy < vec4(params.in_h)) & (ix < vec4(params.in_w));
    var x_at = select(x_base, x_base + iz * params.x_d + iy * params.x_h + ix * params.x_w, inside);
    var w_at = w_base + kz * params.w_d + ky * params.w_h + kx * params.w_w;
    for (var i = 0u; i < i_count; i++) {
      let x_i = select(vec4(0.0), vec4(x[x_at.x], x[x_at.y], x[x_at.z], x[x_at.w]), inside);
      let w_i = vec4(w[w_at.x], w[w_at.y], w[w_at.z], w[w_at.w]);
      y0 = fma(vec4(x_i.x), w_i, y0);
      y1 = fma(vec4(x_i.y), w_i, y1);
      y2 = fma(vec4(x_i.z), w_i, y2);
      y3 = fma(vec4(x_i.w), w_i, y3);
      x_at += vec4(params.x_c);
      w_at += vec4(params.w_i);
    }
  }

  let o = g * o_count + o0;
  let count = min(4u, o_count - o0);
  store(pixel0, o, count, y0);
  store(pixel0 + 1u, o, count, y1);
  store(pixel0 + 2u, o, count, y2);
  store(pixel0 + 3u, o, count, y3);
}
