// conv2d_backward_filter, variant for contiguous channels: as conv2d_backward_filter_subgroup.wgsl, reading by vectors.
//
// x, dy      x_c = 1 and y_c = 1 (NHWC); channels of a group, offsets and strides in multiples of four elements
// partial    [chunks][elements of w, by its strides], overwritten
// Workgroup  one subgroup of LANES: 32 terms (ky, kx, i) x LANES * 4 output channels of one group, one chunk. Each lane loads x
//            for 32 / LANES of the terms and dy of its own four channels, and gets the rest of x by broadcast. Loads beyond
//            the edge read the last terms or channels; stores are guarded.
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

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 8u;

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

fn load_x(corner: vec3<u32>, shift: vec2<u32>, at: u32) -> vec4<f32> {
  return select(vec4(0.0), x[(corner.z + at) / 4u], all(corner.xy + shift < vec2(params.in_w, params.in_h)));
}

fn store(term: u32, i_count: u32, at: u32, v: vec4<f32>) {
  if (term >= params.filter_h * params.filter_w * i_count) { return; }
  let tap = term / i_count;
  let at_term = at + tap / params.filter_w * params.w_h + tap % params.filter_w * params.w_w + term % i_count * params.w_i;
  for (var j = 0u; j < 4u; j++) { partial[at_term + j * params.w_o] = v[j]; }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let i_count = params.in_c / params.groups;
  let o_count = params.out_c / params.groups;
  let terms = params.filter_h * params.filter_w * i_count;
  let o_tiles = (o_count + LANES * 4u - 1u) / (LANES * 4u);
  let term_tiles = (terms + 31u) / 32u;
  var index = group.y * groups.x + group.x;
  let o0 = (index % o_tiles * LANES + lane) * 4u;
  index /= o_tiles;
  let g = index % params.groups;
  index /= params.groups;
  let term0 = index % term_tiles * 32u;
  let chunk = index / term_tiles;
  if (chunk >= params.chunks) { return; }

  let corner0 = corner(min(term0 + lane * 4u, terms - 4u), i_count);
  let corner1 = corner(min(term0 + (LANES + lane) * 4u, terms - 4u), i_count);
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
  var dw24 = vec4(0.0);
  var dw25 = vec4(0.0);
  var dw26 = vec4(0.0);
  var dw27 = vec4(0.0);
  var dw28 = vec4(0.0);
  var dw29 = vec4(0.0);
  var dw30 = vec4(0.0);
  var dw31 = vec4(0.0);
  let x_g = g * i_count * params.x_c;
  let y_o = g * o_count + min(o0, o_count - 4u);
  let row0 = chunk * params.chunk_rows;
  let rows = min(params.chunk_rows, params.batch * params.out_h - row0);
  var n = row0 / params.out_h;
  var oy = row0 % params.out_h;
  var ox = 0u;
  for (var pixel = 0u; pixel < rows * params.out_w; pixel++) {
    let shift = vec2(ox * params.stride_w, oy * params.stride_h);
    let x_at = x_g + n * params.x_n + shift.x * params.x_w + shift.y * params.x_h;
    let y_at = y_o + n * params.y_n + oy * params.y_h + ox * params.y_w;
    let dy_p = dy[y_at / 4u];
    let x_p = array<vec4<f32>, 2>(load_x(corner0, shift, x_at), load_x(corner1, shift, x_at));
    let q0 = subgroupBroadcast(x_p[0u / LANES], 0u % LANES);
    dw0 = fma(vec4(q0.x), dy_p, dw0);
    dw1 = fma(vec4(q0.y), dy_p, dw1);
    dw2 = fma(vec4(q0.z), dy_p, dw2);
    dw3 = fma(vec4(q0.w), dy_p, dw3);
    let q1 = subgroupBroadcast(x_p[1u / LANES], 1u % LANES);
    dw4 = fma(vec4(q1.x), dy_p, dw4);
    dw5 = fma(vec4(q1.y), dy_p, dw5);
    dw6 = fma(vec4(q1.z), dy_p, dw6);
    dw7 = fma(vec4(q1.w), dy_p, dw7);
    let q2 = subgroupBroadcast(x_p[2u / LANES], 2u % LANES);
    dw8 = fma(vec4(q2.x), dy_p, dw8);
    dw9 = fma(vec4(q2.y), dy_p, dw9);
    dw10 = fma(vec4(q2.z), dy_p, dw10);
    dw11 = fma(vec4(q2.w), dy_p, dw11);
    let q3 = subgroupBroadcast(x_p[3u / LANES], 3u % LANES);
    dw12 = fma(vec4(q3.x), dy_p, dw12);
    dw13 = fma(vec4(q3.y), dy_p, dw13);
    dw14 = fma(vec4(q3.z), dy_p, dw14);
    dw15 = fma(vec4(q3.w), dy_p, dw15);
    let q4 = subgroupBroadcast(x_p[4u / LANES], 4u % LANES);
    dw16 = fma(vec4(q4.x), dy_p, dw16);
    dw17 = fma(vec4(q4.y), dy_p, dw17);
    dw18 = fma(vec4(q4.z), dy_p, dw18);
    dw19 = fma(vec4(q4.w), dy_p, dw19);
    let q5 = subgroupBroadcast(x_p[5u / LANES], 5u % LANES);
    dw20 = fma(vec4(q5.x), dy_p, dw20);
    dw21 = fma(vec4(q5.y), dy_p, dw21);
    dw22 = fma(vec4(q5.z), dy_p, dw22);
    dw23 = fma(vec4(q5.w), dy_p, dw23);
    let q6 = subgroupBroadcast(x_p[6u / LANES], 6u % LANES);
    dw24 = fma(vec4(q6.x), dy_p, dw24);
    dw25 = fma(vec4(q6.y), dy_p, dw25);
    dw26 = fma(vec4(q6.z), dy_p, dw26);
    dw27 = fma(vec4(q6.w), dy_p, dw27);
    let q7 = subgroupBroadcast(x_p[7u / LANES], 7u % LANES);
    dw28 = fma(vec4(q7.x), dy_p, dw28);
    dw29 = fma(vec4(q7.y), dy_p, dw29);
    dw30 = fma(vec4(q7.z), dy_p, dw30);
    dw31 = fma(vec4(q7.w), dy_p, dw31);
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
  let tile = array<vec4<f32>, 32>(
    dw0, dw1, dw2, dw3, dw4, dw5, dw6, dw7,
    dw8, dw9, dw10, dw11, dw12, dw13, dw14, dw15,
    dw16, dw17, dw18, dw19, dw20, dw21, dw22, dw23,
    dw24, dw25, dw26, dw27, dw28, dw29, dw30, dw31,
  );
  for (var j = 0u; j < 32u; j++) { store(term0 + j, i_count, at, tile[j]); }
}
