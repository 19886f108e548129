// conv2d_backward_filter, variant for GPUs: as conv2d_backward_filter.wgsl for one group, a product of matrices with tiles of x
// and dy in workgroup memory, made as in matmul_shared.wgsl.
//
// x, dy      any layout, by the strides of x and y. X, V and what goes with them: four channels by vectors.
// partial    [chunks][elements of w, by its strides], overwritten
// Workgroup  64 terms (ky, kx, i) x 64 output channels, one chunk, in slabs of 16 pixels. Each of 64 invocations loads 4 terms x 4
//            pixels of x and 4 pixels x 4 channels of dy of the next slab into registers, computes 8 x 8 results of this one from
//            the tiles, then puts the blocks there. Corners are found once, pixels per slab.
// Edges      as in conv2d_forward_shared.wgsl, with pixels for terms and terms for pixels.
// Order      n, oy, ox ascending, one fma each, as in conv2d_backward_filter.wgsl: the same bits.
// Limits     one group, 32-bit element offsets. Reference: conv2d.ref.ts

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

alias X = f32;
alias V = f32;
const WIDTH = 1u;

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> dy: array<X>;
@group(0) @binding(2) var<storage, read_write> partial: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

// Vectors between two times four pixels in a tile, and in a tile.
const FOUR_PIXELS = 66u;
const TILE = 264u;

var<workgroup> x_tile: array<vec4<f32>, TILE>;
var<workgroup> dy_tile: array<vec4<f32>, TILE>;

fn x_four(at: vec4<u32>) -> vec4<f32> { return vec4(x[at.x], x[at.y], x[at.z], x[at.w]); }
fn dy_four(at: vec4<u32>) -> vec4<f32> { return vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]); }
fn part(v: vec4<f32>, j: u32) -> V { return v[j]; }

const FOUR = vec4(0u, 1u, 2u, 3u);
const ONE = vec3(1u, 0u, 0u);

// Where four terms read the image for its first pixel of dy, and offsets of their channels. Left of and above the image
// coordinates wrap around, so that one comparison finds them outside.
struct Corners {
  x: vec4<u32>,
  y: vec4<u32>,
  channel: vec4<u32>,
}

fn corners(term: vec4<u32>) -> Corners {
  let tap = term / params.in_c;
  return Corners(
    tap % params.filter_w * params.dilation_w - params.pad_left,
    tap / params.filter_w * params.dilation_h - params.pad_top,
    term % params.in_c * params.x_c,
  );
}

// A pixel is ox, oy, n; so is a number of pixels.
fn pixel_of(index: u32) -> vec3<u32> {
  let row = index / params.out_w;
  return vec3(index % params.out_w, row % params.out_h, row / params.out_h);
}

fn later(pixel: vec3<u32>, by: vec3<u32>) -> vec3<u32> {
  let sum = pixel + by;
  let down = select(sum, vec3(sum.x - params.out_w, sum.y + 1u, sum.z), sum.x >= params.out_w);
  return select(down, vec3(down.x, down.y - params.out_h, down.z + 1u), down.y >= params.out_h);
}

// Four terms of a pixel, which is one of `left` pixels if there are any.
fn x_pixel(corners: Corners, pixel: vec3<u32>, left: i32) -> vec4<f32> {
  let is_pixel = left > 0;
  let ix = corners.x + pixel.x * params.stride_w;
  let iy = corners.y + pixel.y * params.stride_h;
  let inside = (ix < vec4(params.in_w)) & (iy < vec4(params.in_h)) & vec4(is_pixel);
  let at = corners.channel + pixel.z * params.x_n + iy * params.x_h + ix * params.x_w;
  return select(vec4(select(-0.0, 0.0, is_pixel)), x_four(select(vec4(0u), at, inside)), inside);
}

fn dy_pixel(cols: vec4<u32>, pixel: vec3<u32>, left: i32) -> vec4<f32> {
  let at = cols + pixel.z * params.y_n + pixel.y * params.y_h + pixel.x * params.y_w;
  return select(vec4(0.0), dy_four(select(vec4(0u), at, vec4(left > 0))), left > 0);
}

// Blocks of four pixels, beginning at `pixel`, of four terms or channels: a column of the matrix for each pixel.
fn x_block(corners: Corners, pixel: vec3<u32>, left: i32) -> mat4x4<f32> {
  let pixel1 = later(pixel, ONE);
  let pixel2 = later(pixel1, ONE);
  let pixel3 = later(pixel2, ONE);
  return mat4x4(
    x_pixel(corners, pixel, left),
    x_pixel(corners, pixel1, left - 1),
    x_pixel(corners, pixel2, left - 2),
    x_pixel(corners, pixel3, left - 3),
  );
}

fn dy_block(cols: vec4<u32>, pixel: vec3<u32>, left: i32) -> mat4x4<f32> {
  let pixel1 = later(pixel, ONE);
  let pixel2 = later(pixel1, ONE);
  let pixel3 = later(pixel2, ONE);
  return mat4x4(
    dy_pixel(cols, pixel, left),
    dy_pixel(cols, pixel1, left - 1),
    dy_pixel(cols, pixel2, left - 2),
    dy_pixel(cols, pixel3, left - 3),
  );
}

// Which block a lane loads: .x in fours of terms or channels, .y in fours of pixels. Neighbours load what lies side by side.
fn block_of(lane: u32, along_pixels: bool) -> vec2<u32> {
  return select(vec2(lane % 16u, lane / 16u), vec2(lane / 4u, lane % 4u), along_pixels);
}

fn store(at: u32, first: u32, v: vec4<f32>) {
  let end = min(first + 4u, params.out_c);
  for (var o = first; o < end; o += WIDTH) { partial[(at + o * params.w_o) / WIDTH] = part(v, o - first); }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let terms = params.filter_h * params.filter_w * params.in_c;
  let o_tiles = (params.out_c + 63u) / 64u;
  let term_tiles = (terms + 63u) / 64u;
  let index = group.y * groups.x + group.x;
  let o0 = index % o_tiles * 64u;
  let term0 = index / o_tiles % term_tiles * 64u;
  let chunk = index / o_tiles / term_tiles;
  if (chunk >= params.chunks) { return; }

  let x_mine = block_of(lane, params.x_c > params.x_w);
  let dy_mine = block_of(lane, params.y_c > params.y_w);
  let x_corners = corners(min(vec4(term0 + x_mine.x * 4u) + FOUR, vec4(terms - 1u)));
  let dy_cols = min(vec4(o0 + dy_mine.x * 4u) + FOUR, vec4(params.out_c - 1u)) * params.y_c;
  let x_to = x_mine.y * FOUR_PIXELS + x_mine.x;
  let dy_to = dy_mine.y * FOUR_PIXELS + dy_mine.x;
  let row0 = chunk * params.chunk_rows;
  let pixel0 = row0 * params.out_w;
  let pixels = min(params.chunk_rows, params.batch * params.out_h - row0) * params.out_w;
  let slab_pixels = pixel_of(16u);
  var x_at = pixel_of(pixel0 + x_mine.y * 4u);
  var dy_at = pixel_of(pixel0 + dy_mine.y * 4u);
  var x_next = mat4x4<f32>();
  var dy_next = mat4x4<f32>();

  let out = select(vec2(lane % 8u, lane / 8u), vec2(lane / 8u, lane % 8u), params.w_i < params.w_o);
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
  for (var slab = 0u; ; slab += 16u) {
    if (slab < pixels) {
      let left = i32(pixels) - i32(slab);
      x_next = x_block(x_corners, x_at, left - i32(x_mine.y * 4u));
      dy_next = dy_block(dy_cols, dy_at, left - i32(dy_mine.y * 4u));
      x_at = later(x_at, slab_pixels);
      dy_at = later(dy_at, slab_pixels);
    }
    // The slab before this one.
    if (slab > 0u) {
      for (var k = 0u; k < 16u; k++) {
        let at = (k / 4u) * FOUR_PIXELS + (k % 4u) * 16u;
        let top = x_tile[at + out.y];
        let bottom = x_tile[at + out.y + 8u];
        let left = dy_tile[at + out.x];
        let right = dy_tile[at + out.x + 8u];
        l0 = fma(vec4(top.x), left, l0);
        r0 = fma(vec4(top.x), right, r0);
        l1 = fma(vec4(top.y), left, l1);
        r1 = fma(vec4(top.y), right, r1);
        l2 = fma(vec4(top.z), left, l2);
        r2 = fma(vec4(top.z), right, r2);
        l3 = fma(vec4(top.w), left, l3);
        r3 = fma(vec4(top.w), right, r3);
        l4 = fma(vec4(bottom.x), left, l4);
        r4 = fma(vec4(bottom.x), right, r4);
        l5 = fma(vec4(bottom.y), left, l5);
        r5 = fma(vec4(bottom.y), right, r5);
        l6 = fma(vec4(bottom.z), left, l6);
        r6 = fma(vec4(bottom.z), right, r6);
        l7 = fma(vec4(bottom.w), left, l7);
        r7 = fma(vec4(bottom.w), right, r7);
      }
    }
    if (slab >= pixels) { break; }
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
      x_tile[x_to + i * 16u] = x_next[i];
      dy_tile[dy_to + i * 16u] = dy_next[i];
    }
    workgroupBarrier();
  }

  let o = o0 + out.x * 4u;
  // One row after the other moves up to where it is stored: the code of one store, and no array to be indexed.
  for (var i = 0u; i < 8u; i++) {
    let term = term0 + out.y * 4u + select(i, i + 28u, i > 3u);
    if (term < terms) {
      let tap = term / params.in_c;
      let w_tap = tap / params.filter_w * params.w_h + tap % params.filter_w * params.w_w;
      let at = chunk * terms * params.out_c + w_tap + term % params.in_c * params.w_i;
      store(at, o, l0);
      store(at, o + 32u, r0);
    }
    l0 = l1;
    r0 = r1;
    l1 = l2;
    r1 = r2;
    l2 = l3;
    r2 = r3;
    l3 = l4;
    r3 = r4;
    l4 = l5;
    r4 = r5;
    l5 = l6;
    r5 = r6;
    l6 = l7;
    r6 = r7;
  }
}
