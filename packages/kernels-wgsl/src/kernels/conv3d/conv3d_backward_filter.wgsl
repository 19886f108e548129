// conv3d_backward_filter: partial[chunk, kz, ky, kx, i, o] = sum over the chunk's rows (n, oz, oy) and ox
//                         of x[n, iz, iy, ix, g * I + i] * dy[n, oz, oy, ox, o], iz, iy, ix as in conv3d_forward.wgsl
//
// x, dy    any layout, by the strides of x and y
// partial  [chunks][elements of w, by its strides], overwritten. A chunk is chunk_rows rows of dy counted over the whole
//          batch (conv3dBackwardFilterPlan says how many); with one chunk, partial is dw.
// Thread   4 taps-and-input-channels (kz, ky, kx, i) x 4 output channels of one group, one chunk, in four named vectors.
//          Threads count output channels first. Loads beyond the edge read the last element; stores are guarded.
// Order    n, oz, oy, ox ascending, one fma each; padding counts as zeros: variants of order "rows" give the same bits.
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
  has_bias: u32, chunks: u32, chunk_rows: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const SIZE = 64u;

fn store(at: u32, term: u32, i_count: u32, count: u32, v: vec4<f32>) {
  let tap = term / i_count;
  let kz = tap / params.filter_w / params.filter_h;
  if (kz >= params.filter_d) { return; }
  let at_term = at + kz * params.w_d + tap / params.filter_w % params.filter_h * params.w_h +
    tap % params.filter_w * params.w_w + term % i_count * params.w_i;
  for (var j = 0u; j < count; j++) { partial[at_term + j * params.w_o] = v[j]; }
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let terms = params.filter_d * params.filter_h * params.filter_w * i_count;
  let o_tiles = (o_count + 3u) / 4u;
  let term_tiles = (terms + 3u) / 4u;
  var index = (group.y * groups.x + group.x) * SIZE + lane;
  let o0 = index % o_tiles * 4u;
  index /= o_tiles;
  let g = index % params.groups;
  index /= params.groups;
  let term0 = index % term_tiles * 4u;
  let chunk = index / term_tiles;
  if (chunk >= params.chunks) { return; }

  let term = min(vec4(term0) + vec4(0u, 1u, 2u, 3u), vec4(terms - 1u));
  let tap = term / i_count;
  let z_origin = tap / params.filter_w / params.filter_h * params.dilation_d - params.pad_front;
  let y_origin = tap / params.filter_w % params.filter_h * params.dilation_h - params.pad_top;
  let x_origin = tap % params.filter_w * params.dilation_w - params.pad_left;
  let x_channel = (g * i_count + term % i_count) * params.x_c;
  let y_channel = (g * o_count + min(vec4(o0) + vec4(0u, 1u, 2u, 3u), vec4(o_count - 1u))) * params.y_c;
  var dw0 = vec4(0.0);
  var dw1 = vec4(0.0);
  var dw2 = vec4(0.0);
  var dw3 = vec4(0.0);
  let end = min((chunk + 1u) * params.chunk_rows, params.batch * params.out_d * params.out_h);
  for (var row = chunk * params.chunk_rows; row < end; row++) {
    let oy = row % params.out_h;
    let plane = row / params.out_h;
    let oz = plane % params.out_d;
    let n = plane / params.out_d;
    // Before the volume these wrap around and so fail the comparisons too.
    let iz = z_origin + oz * params.stride_d;
    let iy = y_origin + oy * params.stride_h;
    let row_inside = (iz < vec4(params.in_d)) & (iy < vec4(params.in_h));
    let x_row = n * params.x_n + iz * params.x_d + iy * params.x_h + x_channel;
    var ix = x_origin;
    var y_at = n * params.y_n + oz * params.y_d + oy * params.y_h + y_channel;
    for (var ox = 0u; ox < params.out_w; ox++) {
      let inside = row_inside & (ix < vec4(params.in_w));
      let x_at = select(vec4(0u), x_row + ix * params.x_w, inside);
      let x_p = select(vec4(0.0), vec4(x[x_at.x], x[x_at.y], x[x_at.z], x[x_at.w]), inside);
      let dy_p = vec4(dy[y_at.x], dy[y_at.y], dy[y_at.z], dy[y_at.w]);
      dw0 = fma(vec4(x_p.x), dy_p, dw0);
      dw1 = fma(vec4(x_p.y), dy_p, dw1);
      dw2 = fma(vec4(x_p.z), dy_p, dw2);
      dw3 = fma(vec4(x_p.w), dy_p, dw3);
      ix += vec4(params.stride_w);
      y_at += vec4(params.y_w);
    }
  }

  let at = chunk * terms * params.out_c + (g * o_count + o0) * params.w_o;
  let count = min(4u, o_count - o0);
  store(at, term0, i_count, count, dw0);
  store(at, term0 + 1u, i_count, count, dw1);
  store(at, term0 + 2u, i_count, count, dw2);
  store(at, term0 + 3u, i_count, count, dw3);
}
