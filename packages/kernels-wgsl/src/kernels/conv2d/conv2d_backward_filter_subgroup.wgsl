// conv2d_backward_filter, variant for subgroups of 8 lanes: as conv2d_backward_filter.wgsl, with a tile shared within the
// subgroup.
//
// x, dy      any layout, by the strides of x and y
// partial    [chunks][elements of w, by its strides], overwritten
// Workgroup  one subgroup: 24 terms (ky, kx, i) x 32 output channels of one group, one chunk. Each lane loads x for three of
//            the terms and dy of its own four channels, and gets the rest of x by broadcast: 7 scalar loads for 96 fma. Loads
//            beyond the edge read the last term or channel; stores are guarded.
// Loop       one over all pixels of the chunk, as in conv2d_forward_tile.wgsl.
// Order      n, oy, ox ascending, one fma each, as in conv2d_backward_filter.wgsl: the same bits.
// Limits     32-bit element offsets. Reference: conv2d.ref.ts

enable subgroups;

struct Params {
  batch: u32, in_h: u32, in_w: u32, in_c: u32,
  out_h: u32, out_w: u32, out_c: u32,
  filter_h: u32, filter_w: u32, stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32, dilation_h: u32, dilation_w: u32, groups: u32,
  x_n: u32, x_h: u32, x_w: u32, x_c: u32,
  y_n: u32, y_h: u32, y_w: u32, y_c: u32,
  w_h: u32, w_w: u32, w_i: u32, w_o: u32,
  has_bias: u32, chunks: u32, chunk_rows: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// A corner is where (x, y) a term reads the image for the first pixel of dy, and its offset in x. Left of and above the image
// it wraps around, so that one comparison finds it outside.
fn corner(term: u32, i_count: u32) -> vec3<u32> {
  let tap = term / i_count;
  let at = vec2(
    tap % params.filter_w * params.dilation_w - params.pad_left,
    tap / params.filter_w * params.dilation_h - params.pad_top,
  );
  return vec3(at, at.x * params.x_w + at.y * params.x_h + term % i_count * params.x_c);
}

fn load_x(corner: vec3<u32>, shift: vec2<u32>, at: u32) -> f32 {
  return select(0.0, x[corner.z + at], all(corner.xy + shift < vec2(params.in_w, params.in_h)));
}

fn store(term: u32, i_count: u32, at: u32, count: u32, v: vec4<f32>) {
  if (term >= params.filter_h * params.filter_w * i_count) { return; }
  let tap = term / i_count;
  let at_term = at + tap / params.filter_w * params.w_h + tap % params.filter_w * params.w_w + term % i_count * params.w_i;
  for (var j = 0u; j < count; j++) { partial[at_term + j * params.w_o] = v[j]; }
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let terms = params.filter_h * params.filter_w * i_count;
  let o_tiles = (o_count + 31u) / 32u;
  let term_tiles = (terms + 23u) / 24u;
  var index = group.y * groups.x + group.x;
  let o0 = (index % o_tiles * 8u + lane) * 4u;
  index /= o_tiles;
  let g = index % params.groups;
  index /= params.groups;
  let term0 = index % term_tiles * 24u;
  let chunk = index / term_tiles;
  if (chunk >= params.chunks) { return; }

  let corner0 = corner(min(term0 + lane, terms - 1u), i_count);
  let corner1 = corner(min(term0 + 8u + lane, terms - 1u), i_count);
  let corner2 = corner(min(term0 + 16u + lane, terms - 1u), i_count);
  var dw0 = vec4(0.0);
  var dw1 = vec4(0.0);
  var dw2 = vec4(0.0);
  var dw3 = vec4(0.0);
  var dw4 = vec4(0.0);
  var dw5 = vec4(0.0);
  var dw6 = vec4(0.0);
  var dw7 = vec4(0.0);
  var dw8 = vec4(0.0);
  var dw9 = vec4(0.0);
  var dw10 = vec4(0.0);
  var dw11 = vec4(0.0);
  var dw12 = vec4(0.0);
  var dw13 = vec4(0.0);
  var dw14 = vec4(0.0);
  var dw15 = vec4(0.0);
  var dw16 = vec4(0.0);
  var dw17 = vec4(0.0);
  var dw18 = vec4(0.0);
  var dw19 = vec4(0.0);
  var dw20 = vec4(0.0);
  var dw21 = vec4(0.0);
  var dw22 = vec4(0.0);
  var dw23 = vec4(0.0);
  let x_g = g * i_count * params.x_c;
  let y_o = (g * o_count + min(vec4(o0) + vec4(0u, 1u, 2u, 3u), vec4(o_count - 1u))) * params.y_c;
  let row0 = chunk * params.chunk_rows;
  let rows = min(params.chunk_rows, params.batch * params.out_h - row0);
  var n = row0 / params.out_h;
  var oy = row0 % params.out_h;
  var ox = 0u;
  for (var pixel = 0u; pixel < rows * params.out_w; pixel++) {
    let shift = vec2(ox * params.stride_w, oy * params.stride_h);
    let x_at = x_g + n * params.x_n + shift.x * params.x_w + shift.y * params.x_h;
    let y_at = y_o + n * params.y_n + oy * params.y_h + ox * params.y_w;
    let dy_p = vec4(dy[y_at.x], dy[y_at.y], dy[y_at.z], dy[y_at.w]);
    let x0 = load_x(corner0, shift, x_at);
    let x1 = load_x(corner1, shift, x_at);
    let x2 = load_x(corner2, shift, x_at);
    dw0 = fma(vec4(subgroupBroadcast(x0, 0u)), dy_p, dw0);
    dw1 = fma(vec4(subgroupBroadcast(x0, 1u)), dy_p, dw1);
    dw2 = fma(vec4(subgroupBroadcast(x0, 2u)), dy_p, dw2);
    dw3 = fma(vec4(subgroupBroadcast(x0, 3u)), dy_p, dw3);
    dw4 = fma(vec4(subgroupBroadcast(x0, 4u)), dy_p, dw4);
    dw5 = fma(vec4(subgroupBroadcast(x0, 5u)), dy_p, dw5);
    dw6 = fma(vec4(subgroupBroadcast(x0, 6u)), dy_p, dw6);
    dw7 = fma(vec4(subgroupBroadcast(x0, 7u)), dy_p, dw7);
    dw8 = fma(vec4(subgroupBroadcast(x1, 0u)), dy_p, dw8);
    dw9 = fma(vec4(subgroupBroadcast(x1, 1u)), dy_p, dw9);
    dw10 = fma(vec4(subgroupBroadcast(x1, 2u)), dy_p, dw10);
    dw11 = fma(vec4(subgroupBroadcast(x1, 3u)), dy_p, dw11);
    dw12 = fma(vec4(subgroupBroadcast(x1, 4u)), dy_p, dw12);
    dw13 = fma(vec4(subgroupBroadcast(x1, 5u)), dy_p, dw13);
    dw14 = fma(vec4(subgroupBroadcast(x1, 6u)), dy_p, dw14);
    dw15 = fma(vec4(subgroupBroadcast(x1, 7u)), dy_p, dw15);
    dw16 = fma(vec4(subgroupBroadcast(x2, 0u)), dy_p, dw16);
    dw17 = fma(vec4(subgroupBroadcast(x2, 1u)), dy_p, dw17);
    dw18 = fma(vec4(subgroupBroadcast(x2, 2u)), dy_p, dw18);
    dw19 = fma(vec4(subgroupBroadcast(x2, 3u)), dy_p, dw19);
    dw20 = fma(vec4(subgroupBroadcast(x2, 4u)), dy_p, dw20);
    dw21 = fma(vec4(subgroupBroadcast(x2, 5u)), dy_p, dw21);
    dw22 = fma(vec4(subgroupBroadcast(x2, 6u)), dy_p, dw22);
    dw23 = fma(vec4(subgroupBroadcast(x2, 7u)), dy_p, dw23);
    ox++;
    if (ox == params.out_w) {
      ox = 0u;
      oy++;
    }
    if (oy == params.out_h) {
      oy = 0u;
      n++;
    }
  }

  if (o0 >= o_count) { return; }
  let at = chunk * terms * params.out_c + (g * o_count + o0) * params.w_o;
  let count = min(4u, o_count - o0);
  store(term0, i_count, at, count, dw0);
  store(term0 + 1u, i_count, at, count, dw1);
  store(term0 + 2u, i_count, at, count, dw2);
  store(term0 + 3u, i_count, at, count, dw3);
  store(term0 + 4u, i_count, at, count, dw4);
  store(term0 + 5u, i_count, at, count, dw5);
  store(term0 + 6u, i_count, at, count, dw6);
  store(term0 + 7u, i_count, at, count, dw7);
  store(term0 + 8u, i_count, at, count, dw8);
  store(term0 + 9u, i_count, at, count, dw9);
  store(term0 + 10u, i_count, at, count, dw10);
  store(term0 + 11u, i_count, at, count, dw11);
  store(term0 + 12u, i_count, at, count, dw12);
  store(term0 + 13u, i_count, at, count, dw13);
  store(term0 + 14u, i_count, at, count, dw14);
  store(term0 + 15u, i_count, at, count, dw15);
  store(term0 + 16u, i_count, at, count, dw16);
  store(term0 + 17u, i_count, at, count, dw17);
  store(term0 + 18u, i_count, at, count, dw18);
  store(term0 + 19u, i_count, at, count, dw19);
  store(term0 + 20u, i_count, at, count, dw20);
  store(term0 + 21u, i_count, at, count, dw21);
  store(term0 + 22u, i_count, at, count, dw22);
  store(term0 + 23u, i_count, at, count, dw23);
}
