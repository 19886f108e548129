// conv2d_backward_filter, variant for filters of at most nine terms, those of first layers, and subgroups of 8 lanes: as
// conv2d_backward_filter_subgroup.wgsl, with a tile that 3x3 filters of one channel fill.
//
// x, dy      any layout, by the strides of x and y. Y and dy_four: dy is read by four channels where these stand side by side.
// partial    [chunks][elements of w, by its strides], overwritten
// Workgroup  one subgroup: all terms (ky, kx, i) x 32 output channels of one group, one chunk. Each lane loads x for one of the
//            first eight terms, and gets the others by broadcast; all load x for the ninth, and dy of their own four channels.
//            Loads beyond the edge read the last term or channel; stores are guarded.
// Order      n, oy, ox ascending, one fma each, as in conv2d_backward_filter.wgsl: the same bits.
// Limits     nine terms, 32-bit element offsets. Reference: conv2d.ref.ts

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

alias Y = f32;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<Y>;
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

fn dy_four(at: vec4<u32>) -> vec4<f32> { return vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]); }

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
  var index = group.y * groups.x + group.x;
  let o0 = (index % o_tiles * 8u + lane) * 4u;
  index /= o_tiles;
  let g = index % params.groups;
  let chunk = index / params.groups;
  if (chunk >= params.chunks) { return; }

  let corner_mine = corner(min(lane, terms - 1u), i_count);
  let corner_last = corner(min(8u, terms - 1u), i_count);
  var dw0 = vec4(0.0);
  var dw1 = vec4(0.0);
  var dw2 = vec4(0.0);
  var dw3 = vec4(0.0);
  var dw4 = vec4(0.0);
  var dw5 = vec4(0.0);
  var dw6 = vec4(0.0);
  var dw7 = vec4(0.0);
  var dw8 = vec4(0.0);
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
    let dy_p = dy_four(y_at);
    let x_mine = load_x(corner_mine, shift, x_at);
    let x_last = load_x(corner_last, shift, x_at);
    dw0 = fma(vec4(subgroupBroadcast(x_mine, 0u)), dy_p, dw0);
    dw1 = fma(vec4(subgroupBroadcast(x_mine, 1u)), dy_p, dw1);
    dw2 = fma(vec4(subgroupBroadcast(x_mine, 2u)), dy_p, dw2);
    dw3 = fma(vec4(subgroupBroadcast(x_mine, 3u)), dy_p, dw3);
    dw4 = fma(vec4(subgroupBroadcast(x_mine, 4u)), dy_p, dw4);
    dw5 = fma(vec4(subgroupBroadcast(x_mine, 5u)), dy_p, dw5);
    dw6 = fma(vec4(subgroupBroadcast(x_mine, 6u)), dy_p, dw6);
    dw7 = fma(vec4(subgroupBroadcast(x_mine, 7u)), dy_p, dw7);
    dw8 = fma(vec4(x_last), dy_p, dw8);
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
  store(0u, i_count, at, count, dw0);
  store(1u, i_count, at, count, dw1);
  store(2u, i_count, at, count, dw2);
  store(3u, i_count, at, count, dw3);
  store(4u, i_count, at, count, dw4);
  store(5u, i_count, at, count, dw5);
  store(6u, i_count, at, count, dw6);
  store(7u, i_count, at, count, dw7);
  store(8u, i_count, at, count, dw8);
}
