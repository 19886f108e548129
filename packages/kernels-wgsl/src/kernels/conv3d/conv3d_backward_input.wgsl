// conv3d_backward_input: dx[n, iz, iy, ix, g * I + i] = sum over kz, ky, kx, o of group g of dy[n, oz, oy, ox, o] * w[kz, ky, kx, i, o]
//                        over the taps with oz * stride_d = iz + pad_front - kz * dilation_d, oy and ox likewise (a gather)
//
// dy, w, dx  any layout, by the strides of y, w and x; dx is overwritten, also where no window reaches (zero)
// Thread     4 pixels of dx x 4 input channels of one group in four named vectors. Threads count channels first, then
//            pixels. Loads beyond the edge read the last pixel or channel; stores are guarded.
// Order      kz, ky, kx, o ascending, one fma each; a tap without a result counts as zeros: variants of order "taps" give
//            the same bits.
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

fn store(pixel: u32, c: u32, count: u32, v: vec4<f32>) {
  let plane = pixel / params.in_w / params.in_h;
  if (plane >= params.batch * params.in_d) { return; }
  let at = plane / params.in_d * params.x_n + plane % params.in_d * params.x_d +
    pixel / params.in_w % params.in_h * params.x_h + pixel % params.in_w * params.x_w;
  for (var j = 0u; j < count; j++) { dx[at + (c + j) * params.x_c] = v[j]; }
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let tiles = (i_count + 3u) / 4u;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let pixel0 = thread / (tiles * params.groups) * 4u;
  let pixels = params.batch * params.in_d * params.in_h * params.in_w;
  if (pixel0 >= pixels) { return; }
  let tile = thread % (tiles * params.groups);
  let g = tile / tiles;
  let i0 = tile % tiles * 4u;

  let pixel = min(vec4(pixel0) + vec4(0u, 1u, 2u, 3u), vec4(pixels - 1u));
  let row = pixel / params.in_w;
  let plane = row / params.in_h;
  let z_origin = plane % params.in_d + params.pad_front;
  let y_origin = row % params.in_h + params.pad_top;
  let x_origin = pixel % params.in_w + params.pad_left;
  let y_base = plane / params.in_d * params.y_n + g * o_count * params.y_c;
  let w_base = min(vec4(i0) + vec4(0u, 1u, 2u, 3u), vec4(i_count - 1u)) * params.w_i + g * o_count * params.w_o;
  var dx0 = vec4(0.0);
  var dx1 = vec4(0.0);
  var dx2 = vec4(0.0);
  var dx3 = vec4(0.0);
  let taps = params.filter_d * params.filter_h * params.filter_w;
  for (var tap = 0u; tap < taps; tap++) {
    let kx = tap % params.filter_w;
    let ky = tap / params.filter_w % params.filter_h;
    let kz = tap / params.filter_w / params.filter_h;
    // Places in dy, times the stride. Before dy they wrap around and so fail the comparison too.
    let sz = z_origin - kz * params.dilation_d;
    let sy = y_origin - ky * params.dilation_h;
    let sx = x_origin - kx * params.dilation_w;
    let oz = sz / params.stride_d;
    let oy = sy / params.stride_h;
    let ox = sx / params.stride_w;
    let on_grid = (oz * params.stride_d == sz) & (oy * params.stride_h == sy) & (ox * params.stride_w == sx);
    let inside = on_grid & (oz < vec4(params.out_d)) & (oy < vec4(params.out_h)) & (ox < vec4(params.out_w));
    var y_at = select(y_base, y_base + oz * params.y_d + oy * params.y_h + ox * params.y_w, inside);
    var w_at = w_base + kz * params.w_d + ky * params.w_h + kx * params.w_w;
    for (var o = 0u; o < o_count; o++) {
      let dy_o = select(vec4(0.0), vec4(dy[y_at.x], dy[y_at.y], dy[y_at.z], dy[y_at.w]), inside);
      let w_o = vec4(w[w_at.x], w[w_at.y], w[w_at.z], w[w_at.w]);
      dx0 = fma(vec4(dy_o.x), w_o, dx0);
      dx1 = fma(vec4(dy_o.y), w_o, dx1);
      dx2 = fma(vec4(dy_o.z), w_o, dx2);
      dx3 = fma(vec4(dy_o.w), w_o, dx3);
      y_at += vec4(params.y_c);
      w_at += vec4(params.w_o);
    }
  }

  let c = g * i_count + i0;
  let count = min(4u, i_count - i0);
  store(pixel0, c, count, dx0);
  store(pixel0 + 1u, c, count, dx1);
  store(pixel0 + 2u, c, count, dx2);
  store(pixel0 + 3u, c, count, dx3);
}
