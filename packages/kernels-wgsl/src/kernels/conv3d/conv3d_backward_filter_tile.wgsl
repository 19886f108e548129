// conv3d_backward_filter, variant for many output channels: as conv3d_backward_filter.wgsl, with a larger tile.
//
// x, dy    any layout, by the strides of x and y
// partial  [chunks][elements of w, by its strides], overwritten
// Thread   9 terms (kz, ky, kx, i) x 8 output channels of one group, one chunk, in vectors l and r of four channels each:
//          17 scalar loads for 72 fma. Neighbouring lanes have neighbouring channels. Loads beyond the edge read the last
//          channel, or are thrown away; stores are guarded.
// Loop     one over all pixels of the chunk, as in conv3d_forward_tile.wgsl.
// Order    n, oz, oy, ox ascending, one fma each, as in conv3d_backward_filter.wgsl: the same bits.
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

// A term is kx, ky, kz, i.
fn next(term: vec4<u32>, i_count: u32) -> vec4<u32> {
  let deeper = vec4(term.xyz, term.w + 1u);
  let right = select(deeper, vec4(deeper.x + 1u, deeper.yz, 0u), deeper.w == i_count);
  let down = select(right, vec4(0u, right.y + 1u, right.zw), right.x == params.filter_w);
  return select(down, vec4(down.x, 0u, down.z + 1u, down.w), down.y == params.filter_h);
}

// Where a term reads x for the first pixel of dy; before the volume this wraps around, and fails the comparison in load_x.
fn corner(term: vec4<u32>) -> vec3<u32> {
  let dilation = vec3(params.dilation_w, params.dilation_h, params.dilation_d);
  return term.xyz * dilation - vec3(params.pad_left, params.pad_top, params.pad_front);
}

fn offset(term: vec4<u32>) -> u32 {
  let at = corner(term);
  return at.x * params.x_w + at.y * params.x_h + at.z * params.x_d + term.w * params.x_c;
}

fn load_x(corner: vec3<u32>, shift: vec3<u32>, at: u32) -> vec4<f32> {
  return vec4(select(0.0, x[at], all(corner + shift < vec3(params.in_w, params.in_h, params.in_d))));
}

fn load_dy(at: vec4<u32>) -> vec4<f32> { return vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]); }

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let terms = params.filter_d * params.filter_h * params.filter_w * i_count;
  let o_tiles = (o_count + 7u) / 8u;
  let term_tiles = (terms + 8u) / 9u;
  var index = (group.y * groups.x + group.x) * SIZE + lane;
  let o0 = index % o_tiles;
  index /= o_tiles;
  let g = index % params.groups;
  index /= params.groups;
  let first = index % term_tiles * 9u;
  let chunk = index / term_tiles;
  if (chunk >= params.chunks) { return; }

  let tap0 = first / i_count;
  let row0 = tap0 / params.filter_w;
  let term0 = vec4(tap0 % params.filter_w, row0 % params.filter_h, row0 / params.filter_h, first % i_count);
  let term1 = next(term0, i_count);
  let term2 = next(term1, i_count);
  let term3 = next(term2, i_count);
  let term4 = next(term3, i_count);
  let term5 = next(term4, i_count);
  let term6 = next(term5, i_count);
  let term7 = next(term6, i_count);
  let term8 = next(term7, i_count);
  let x0_at = offset(term0);
  let corner0 = corner(term0);
  let x1_at = offset(term1);
  let corner1 = corner(term1);
  let x2_at = offset(term2);
  let corner2 = corner(term2);
  let x3_at = offset(term3);
  let corner3 = corner(term3);
  let x4_at = offset(term4);
  let corner4 = corner(term4);
  let x5_at = offset(term5);
  let corner5 = corner(term5);
  let x6_at = offset(term6);
  let corner6 = corner(term6);
  let x7_at = offset(term7);
  let corner7 = corner(term7);
  let x8_at = offset(term8);
  let corner8 = corner(term8);
  let dy_l = (g * o_count + min(o0 + o_tiles * vec4(0u, 1u, 2u, 3u), vec4(o_count - 1u))) * params.y_c;
  let dy_r = (g * o_count + min(o0 + o_tiles * vec4(4u, 5u, 6u, 7u), vec4(o_count - 1u))) * params.y_c;
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
  let row_begin = chunk * params.chunk_rows;
  let row_end = min(row_begin + params.chunk_rows, params.batch * params.out_d * params.out_h);
  let pixels = (row_end - row_begin) * params.out_w;
  let x_group = g * i_count * params.x_c;
  let plane = row_begin / params.out_h;
  var n = plane / params.out_d;
  var oz = plane % params.out_d;
  var oy = row_begin % params.out_h;
  var ox = 0u;
  for (var pixel = 0u; pixel < pixels; pixel++) {
    let shift = vec3(ox * params.stride_w, oy * params.stride_h, oz * params.stride_d);
    let x_at = n * params.x_n + shift.z * params.x_d + shift.y * params.x_h + shift.x * params.x_w + x_group;
    let y_at = n * params.y_n + oz * params.y_d + oy * params.y_h + ox * params.y_w;
    let left = load_dy(dy_l + y_at);
    let right = load_dy(dy_r + y_at);
    let x0 = load_x(corner0, shift, x0_at + x_at);
    l0 = fma(x0, left, l0);
    r0 = fma(x0, right, r0);
    let x1 = load_x(corner1, shift, x1_at + x_at);
    l1 = fma(x1, left, l1);
    r1 = fma(x1, right, r1);
    let x2 = load_x(corner2, shift, x2_at + x_at);
    l2 = fma(x2, left, l2);
    r2 = fma(x2, right, r2);
    let x3 = load_x(corner3, shift, x3_at + x_at);
    l3 = fma(x3, left, l3);
    r3 = fma(x3, right, r3);
    let x4 = load_x(corner4, shift, x4_at + x_at);
    l4 = fma(x4, left, l4);
    r4 = fma(x4, right, r4);
    let x5 = load_x(corner5, shift, x5_at + x_at);
    l5 = fma(x5, left, l5);
    r5 = fma(x5, right, r5);
    let x6 = load_x(corner6, shift, x6_at + x_at);
    l6 = fma(x6, left, l6);
    r6 = fma(x6, right, r6);
    let x7 = load_x(corner7, shift, x7_at + x_at);
    l7 = fma(x7, left, l7);
    r7 = fma(x7, right, r7);
    let x8 = load_x(corner8, shift, x8_at + x_at);
    l8 = fma(x8, left, l8);
    r8 = fma(x8, right, r8);
    ox++;
    if (ox == params.out_w) {
      ox = 0u;
      oy++;
    }
    if (oy == params.out_h) {
      oy = 0u;
      oz++;
    }
    if (oz == params.out_d) {
      oz = 0u;
      n++;
    }
  }

  var results = array<vec4<f32>, 18>(
    l0, r0,
    l1, r1,
    l2, r2,
    l3, r3,
    l4, r4,
    l5, r5,
    l6, r6,
    l7, r7,
    l8, r8,
  );
  let term_end = min(first + 9u, terms);
  let o_valid = (o_count - o0 + o_tiles - 1u) / o_tiles;
  for (var term = first; term < term_end; term++) {
    let tap = term / i_count;
    let row = tap / params.filter_w;
    let w_tap = row / params.filter_h * params.w_d + row % params.filter_h * params.w_h + tap % params.filter_w * params.w_w;
    let at = chunk * terms * params.out_c + w_tap + term % i_count * params.w_i;
    for (var j = 0u; j < o_valid; j++) {
      partial[at + (g * o_count + o0 + j * o_tiles) * params.w_o] = results[2u * (term - first) + j / 4u][j % 4u];
    }
  }
}
