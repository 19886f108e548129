// conv2d_backward_input, variant for GPUs: as conv2d_backward_input.wgsl for one group, a product of matrices with tiles of dy
// and w in workgroup memory, made as in matmul_shared.wgsl.
//
// dy, w, dx  any layout, by the strides of y, w and x; dx is overwritten. Y, V and what goes with them: four channels by vectors.
// Workgroup  64 consecutive pixels of one phase of dx (as in conv2d_backward_input_tile.wgsl) x 64 input channels in slabs of 16
//            terms (tap, o) of the taps that the pixels meet. Each of 64 invocations loads 4 pixels x 4 terms of dy and 4 terms
//            x 4 channels of w of the next slab into registers, computes 8 x 8 results of this one from the tiles, then puts the
//            blocks there. Places are found once, terms per slab.
// Edges      as in conv2d_forward_shared.wgsl.
// Order      ky, kx, o ascending, one fma each, as in conv2d_backward_input.wgsl: the same bits, for finite values.
// Limits     one group, 32-bit element offsets. Reference: conv2d.ref.ts

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

alias Y = f32;
alias V = f32;
const WIDTH = 1u;

@group(0) @binding(0) var<storage, read> dy: array<Y>;
@group(0) @binding(1) var<storage, read> w: array<Y>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

// Vectors between two times four terms in a tile, and in a tile.
const FOUR_TERMS = 66u;
const TILE = 264u;

var<workgroup> dy_tile: array<vec4<f32>, TILE>;
var<workgroup> w_tile: array<vec4<f32>, TILE>;

const BY_CHANNELS = false;

fn dy_four(at: vec4<u32>) -> vec4<f32> { return vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]); }
fn w_four(at: vec4<u32>) -> vec4<f32> { return vec4(w[at.x], w[at.y], w[at.z], w[at.w]); }
fn part(v: vec4<f32>, j: u32) -> V { return v[j]; }

const FOUR = vec4(0u, 1u, 2u, 3u);
const ONE = vec3(0u, 0u, 1u);

// Places of four pixels in their phase, and offsets of the image of dy.
struct Pixels {
  x: vec4<u32>,
  y: vec4<u32>,
  image: vec4<u32>,
}

fn pixels_of(index: vec4<u32>, size: vec2<u32>) -> Pixels {
  let row = index / size.x;
  return Pixels(index % size.x, row % size.y, row / size.y * params.y_n);
}

// Taps first, first + step, ... of one axis, count in all, through which any of the places low to high of a phase reads
// dy[0 .. limit). The first tap reads dy at place + shift, each next one shift_step before.
struct Taps {
  first: u32,
  step: u32,
  count: u32,
  shift: u32,
  shift_step: u32,
}

fn find_taps(origin: u32, size: u32, dilation: u32, stride: u32, low: u32, high: u32, limit: u32) -> Taps {
  var taps = Taps(0u, 1u, 0u, 0u, 0u);
  for (var k = 0u; k < size; k++) {
    let moved = i32(origin) - i32(k * dilation);
    let shift = moved / i32(stride);
    if (shift * i32(stride) != moved || i32(high) + shift < 0 || i32(low) + shift >= i32(limit)) { continue; }
    if (taps.count == 0u) {
      taps.first = k;
      taps.shift = u32(shift);
    }
    if (taps.count == 1u) { taps.step = k - taps.first; }
    taps.count++;
  }
  taps.shift_step = taps.step * dilation / stride;
  return taps;
}

// Taps across and down. A term is the number of its tap across, of that down, and o; so is a number of terms.
struct Window {
  across: Taps,
  down: Taps,
}

fn term_of(index: u32, window: Window) -> vec3<u32> {
  let tap = index / params.out_c;
  return vec3(tap % window.across.count, tap / window.across.count, index % params.out_c);
}

fn later(term: vec3<u32>, by: vec3<u32>, window: Window) -> vec3<u32> {
  let sum = term + by;
  let right = select(sum, vec3(sum.x + 1u, sum.y, sum.z - params.out_c), sum.z >= params.out_c);
  return select(right, vec3(right.x - window.across.count, right.y + 1u, right.z), right.x >= window.across.count);
}

// Where four pixels read dy for a term, and what they get where they do not.
struct Places {
  at: vec4<u32>,
  inside: vec4<bool>,
  zero: vec4<f32>,
}

fn places(pixels: Pixels, term: vec3<u32>, window: Window) -> Places {
  let is_term = term.y < window.down.count;
  // Above and left of dy these wrap around and so fail the comparison too.
  let ox = pixels.x + (window.across.shift - term.x * window.across.shift_step);
  let oy = pixels.y + (window.down.shift - term.y * window.down.shift_step);
  let inside = (ox < vec4(params.out_w)) & (oy < vec4(params.out_h)) & vec4(is_term);
  let at = pixels.image + oy * params.y_h + ox * params.y_w + term.z * params.y_c;
  return Places(select(vec4(0u), at, inside), inside, vec4(select(-0.0, 0.0, is_term)));
}

fn dy_term(pixels: Pixels, term: vec3<u32>, window: Window) -> vec4<f32> {
  let p = places(pixels, term, window);
  return select(p.zero, dy_four(p.at), p.inside);
}

// Where four channels read w for a term.
fn weights(cols: vec4<u32>, term: vec3<u32>, window: Window) -> vec4<u32> {
  let kx = window.across.first + term.x * window.across.step;
  let ky = window.down.first + term.y * window.down.step;
  let at = cols + ky * params.w_h + kx * params.w_w + term.z * params.w_o;
  return select(vec4(0u), at, vec4(term.y < window.down.count));
}

fn w_term(cols: vec4<u32>, term: vec3<u32>, window: Window) -> vec4<f32> {
  return select(vec4(0.0), w_four(weights(cols, term, window)), term.y < window.down.count);
}

// Blocks of four terms, beginning at `term`, of four pixels or channels: a column of the matrix for each term.
fn dy_block(pixels: Pixels, term: vec3<u32>, window: Window) -> mat4x4<f32> {
  if (BY_CHANNELS) {
    let p = places(pixels, term, window);
    return transpose(mat4x4(
      select(p.zero, dy_four(p.at.xxxx), p.inside.x),
      select(p.zero, dy_four(p.at.yyyy), p.inside.y),
      select(p.zero, dy_four(p.at.zzzz), p.inside.z),
      select(p.zero, dy_four(p.at.wwww), p.inside.w),
    ));
  }
  let term1 = later(term, ONE, window);
  let term2 = later(term1, ONE, window);
  let term3 = later(term2, ONE, window);
  return mat4x4(
    dy_term(pixels, term, window),
    dy_term(pixels, term1, window),
    dy_term(pixels, term2, window),
    dy_term(pixels, term3, window),
  );
}

fn w_block(cols: vec4<u32>, term: vec3<u32>, window: Window) -> mat4x4<f32> {
  if (BY_CHANNELS) {
    if (term.y >= window.down.count) { return mat4x4<f32>(); }
    let at = weights(cols, term, window);
    return transpose(mat4x4(w_four(at.xxxx), w_four(at.yyyy), w_four(at.zzzz), w_four(at.wwww)));
  }
  let term1 = later(term, ONE, window);
  let term2 = later(term1, ONE, window);
  let term3 = later(term2, ONE, window);
  return mat4x4(
    w_term(cols, term, window),
    w_term(cols, term1, window),
    w_term(cols, term2, window),
    w_term(cols, term3, window),
  );
}

// Which block a lane loads: .x in fours of pixels or channels, .y in fours of terms. Neighbours load what lies side by side.
fn block_of(lane: u32, along_terms: bool) -> vec2<u32> {
  return select(vec2(lane % 16u, lane / 16u), vec2(lane / 4u, lane % 4u), along_terms);
}

fn store(at: u32, first: u32, v: vec4<f32>) {
  let end = min(first + 4u, params.in_c);
  for (var i = first; i < end; i += WIDTH) { dx[(at + i * params.x_c) / WIDTH] = part(v, i - first); }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let stride = vec2(params.stride_w, params.stride_h);
  // Phases are cut to one size, that of the first.
  let size = (vec2(params.in_w, params.in_h) + stride - 1u) / stride;
  let pixels = params.batch * size.x * size.y;
  let pixel_tiles = (pixels + 63u) / 64u;
  let tiles = (params.in_c + 63u) / 64u;
  let index = group.y * groups.x + group.x;
  let i0 = index % tiles * 64u;
  let pixel_tile = index / tiles;
  let phases = min(stride, vec2(params.in_w, params.in_h));
  let phase = vec2(pixel_tile / pixel_tiles % phases.x, pixel_tile / pixel_tiles / phases.x);
  if (phase.y >= phases.y) { return; }
  let pixel0 = pixel_tile % pixel_tiles * 64u;

  let origin = phase + vec2(params.pad_left, params.pad_top);
  // Rows at the edge of an image miss some taps altogether.
  let row0 = pixel0 / size.x;
  let row_last = min(pixel0 + 63u, pixels - 1u) / size.x;
  let one_image = row0 / size.y == row_last / size.y;
  let low = select(0u, row0 % size.y, one_image);
  let high = select(size.y - 1u, row_last % size.y, one_image);
  let window = Window(
    find_taps(origin.x, params.filter_w, params.dilation_w, params.stride_w, 0u, size.x - 1u, params.out_w),
    find_taps(origin.y, params.filter_h, params.dilation_h, params.stride_h, low, high, params.out_h),
  );

  let dy_mine = block_of(lane, params.y_c < params.y_w);
  let w_mine = block_of(lane, params.w_o < params.w_i);
  let dy_pixels = pixels_of(min(vec4(pixel0 + dy_mine.x * 4u) + FOUR, vec4(pixels - 1u)), size);
  let w_cols = min(vec4(i0 + w_mine.x * 4u) + FOUR, vec4(params.in_c - 1u)) * params.w_i;
  let dy_to = dy_mine.y * FOUR_TERMS + dy_mine.x;
  let w_to = w_mine.y * FOUR_TERMS + w_mine.x;
  let terms = window.down.count * window.across.count * params.out_c;
  let slab_terms = term_of(16u, window);
  var dy_at = term_of(dy_mine.y * 4u, window);
  var w_at = term_of(w_mine.y * 4u, window);
  var dy_next = mat4x4<f32>();
  var w_next = mat4x4<f32>();

  let out = select(vec2(lane % 8u, lane / 8u), vec2(lane / 8u, lane % 8u), params.x_w < params.x_c);
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
    if (slab < terms) {
      dy_next = dy_block(dy_pixels, dy_at, window);
      w_next = w_block(w_cols, w_at, window);
      dy_at = later(dy_at, slab_terms, window);
      w_at = later(w_at, slab_terms, window);
    }
    // The slab before this one.
    if (slab > 0u) {
      for (var k = 0u; k < 16u; k++) {
        let at = (k / 4u) * FOUR_TERMS + (k % 4u) * 16u;
        let top = dy_tile[at + out.y];
        let bottom = dy_tile[at + out.y + 8u];
        let left = w_tile[at + out.x];
        let right = w_tile[at + out.x + 8u];
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
    if (slab >= terms) { break; }
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
      dy_tile[dy_to + i * 16u] = dy_next[i];
      w_tile[w_to + i * 16u] = w_next[i];
    }
    workgroupBarrier();
  }

  let c = i0 + out.x * 4u;
  // One row after the other moves up to where it is stored: the code of one store, and no array to be indexed.
  for (var i = 0u; i < 8u; i++) {
    let pixel = pixel0 + out.y * 4u + select(i, i + 28u, i > 3u);
    let row = pixel / size.x;
    let at = vec2(pixel % size.x, row % size.y) * stride + phase;
    // The phases after the first may have one column or row less.
    if (pixel < pixels && all(at < vec2(params.in_w, params.in_h))) {
      let x_pixel = row / size.y * params.x_n + at.y * params.x_h + at.x * params.x_w;
      store(x_pixel, c, l0);
      store(x_pixel, c + 32u, r0);
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
