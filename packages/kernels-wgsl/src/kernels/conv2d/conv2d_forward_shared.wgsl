// conv2d_forward, variant for GPUs: as conv2d_forward.wgsl for one group, a product of matrices with tiles of x and w in
// workgroup memory, made as in matmul_shared.wgsl.
//
// x, w, y    any layout, by their strides; y is overwritten. X, W, V and what goes with them: four channels of x, w, y by vectors.
// Workgroup  64 consecutive pixels of y (counted n, oy, ox) x 64 output channels in slabs of 16 terms (ky, kx, i). Each of 64
//            invocations loads 4 pixels x 4 terms of x and 4 terms x 4 channels of w of the next slab into registers, computes
//            8 x 8 results of this one from the tiles, then puts the blocks there. Windows are found once, terms per slab.
// Edges      loads beyond the edge read the last pixel or channel; terms beyond the end count as -0 * 0, which added by fma
//            leaves every number as it is. Stores are guarded.
// Order      ky, kx, i ascending, one fma each; padding counts as zeros, as in conv2d_forward.wgsl: the same bits.
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

alias X = f32;
alias W = f32;
alias V = f32;
const WIDTH = 1u;

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read> w: array<W>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// Vectors between two times four terms in a tile, and in a tile.
const FOUR_TERMS = 66u;
const TILE = 264u;

var<workgroup> x_tile: array<vec4<f32>, TILE>;
var<workgroup> w_tile: array<vec4<f32>, TILE>;

fn activate(v: f32) -> f32 { return v; }

const X_BY_CHANNELS = false;

fn x_four(at: vec4<u32>) -> vec4<f32> { return vec4(x[at.x], x[at.y], x[at.z], x[at.w]); }
fn w_four(at: vec4<u32>) -> vec4<f32> { return vec4(w[at.x], w[at.y], w[at.z], w[at.w]); }
fn part(v: vec4<f32>, j: u32) -> V { return v[j]; }

const FOUR = vec4(0u, 1u, 2u, 3u);
const ONE = vec3(0u, 0u, 1u);

// Windows of four pixels: upper left corners in the image, and offsets of the image. Left of and above the image coordinates
// wrap around, so that one comparison finds them outside.
struct Windows {
  x: vec4<u32>,
  y: vec4<u32>,
  image: vec4<u32>,
}

fn windows(pixel: vec4<u32>) -> Windows {
  let row = pixel / params.out_w;
  return Windows(
    pixel % params.out_w * params.stride_w - params.pad_left,
    row % params.out_h * params.stride_h - params.pad_top,
    row / params.out_h * params.x_n,
  );
}

// A term is kx, ky, i; so is a number of terms.
fn term_of(index: u32) -> vec3<u32> {
  let tap = index / params.in_c;
  return vec3(tap % params.filter_w, tap / params.filter_w, index % params.in_c);
}

fn later(term: vec3<u32>, by: vec3<u32>) -> vec3<u32> {
  let sum = term + by;
  let right = select(sum, vec3(sum.x + 1u, sum.y, sum.z - params.in_c), sum.z >= params.in_c);
  return select(right, vec3(right.x - params.filter_w, right.y + 1u, right.z), right.x >= params.filter_w);
}

// Where four pixels read x for a term, and what they get where they do not.
struct Places {
  at: vec4<u32>,
  inside: vec4<bool>,
  zero: vec4<f32>,
}

fn places(windows: Windows, term: vec3<u32>) -> Places {
  let is_term = term.y < params.filter_h;
  let ix = windows.x + term.x * params.dilation_w;
  let iy = windows.y + term.y * params.dilation_h;
  let inside = (ix < vec4(params.in_w)) & (iy < vec4(params.in_h)) & vec4(is_term);
  let at = windows.image + iy * params.x_h + ix * params.x_w + term.z * params.x_c;
  return Places(select(vec4(0u), at, inside), inside, vec4(select(-0.0, 0.0, is_term)));
}

fn x_term(windows: Windows, term: vec3<u32>) -> vec4<f32> {
  let p = places(windows, term);
  return select(p.zero, x_four(p.at), p.inside);
}

fn w_term(cols: vec4<u32>, term: vec3<u32>) -> vec4<f32> {
  let is_term = term.y < params.filter_h;
  let at = cols + term.y * params.w_h + term.x * params.w_w + term.z * params.w_i;
  return select(vec4(0.0), w_four(select(vec4(0u), at, vec4(is_term))), is_term);
}

// Blocks of four terms, beginning at `term`, of four pixels or channels: a column of the matrix for each term.
fn x_block(windows: Windows, term: vec3<u32>) -> mat4x4<f32> {
  if (X_BY_CHANNELS) {
    let p = places(windows, term);
    return transpose(mat4x4(
      select(p.zero, x_four(p.at.xxxx), p.inside.x),
      select(p.zero, x_four(p.at.yyyy), p.inside.y),
      select(p.zero, x_four(p.at.zzzz), p.inside.z),
      select(p.zero, x_four(p.at.wwww), p.inside.w),
    ));
  }
  let term1 = later(term, ONE);
  let term2 = later(term1, ONE);
  return mat4x4(
    x_term(windows, term),
    x_term(windows, term1),
    x_term(windows, term2),
    x_term(windows, later(term2, ONE)),
  );
}

fn w_block(cols: vec4<u32>, term: vec3<u32>) -> mat4x4<f32> {
  let term1 = later(term, ONE);
  let term2 = later(term1, ONE);
  return mat4x4(w_term(cols, term), w_term(cols, term1), w_term(cols, term2), w_term(cols, later(term2, ONE)));
}

// Which block a lane loads: .x in fours of pixels or channels, .y in fours of terms. Neighbours load what lies side by side.
fn block_of(lane: u32, along_terms: bool) -> vec2<u32> {
  return select(vec2(lane % 16u, lane / 16u), vec2(lane / 4u, lane % 4u), along_terms);
}

fn store(at: u32, first: u32, sum: vec4<f32>) {
  let v = vec4(activate(sum.x), activate(sum.y), activate(sum.z), activate(sum.w));
  let end = min(first + 4u, params.out_c);
  for (var o = first; o < end; o += WIDTH) { y[(at + o * params.y_c) / WIDTH] = part(v, o - first); }
}

fn bias_of(o: u32) -> vec4<f32> {
  if (params.has_bias == 0u) { return vec4(0.0); }
  let at = min(vec4(o) + FOUR, vec4(params.out_c - 1u));
  return vec4(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let tiles = (params.out_c + 63u) / 64u;
  let index = group.y * groups.x + group.x;
  let o0 = index % tiles * 64u;
  let pixel0 = index / tiles * 64u;
  let pixels = params.batch * params.out_h * params.out_w;
  if (pixel0 >= pixels) { return; }

  let x_mine = block_of(lane, params.x_c < params.x_w);
  let w_mine = block_of(lane, params.w_i < params.w_o);
  let x_windows = windows(min(vec4(pixel0 + x_mine.x * 4u) + FOUR, vec4(pixels - 1u)));
  let w_cols = min(vec4(o0 + w_mine.x * 4u) + FOUR, vec4(params.out_c - 1u)) * params.w_o;
  let x_to = x_mine.y * FOUR_TERMS + x_mine.x;
  let w_to = w_mine.y * FOUR_TERMS + w_mine.x;
  let terms = params.filter_h * params.filter_w * params.in_c;
  let slab_terms = term_of(16u);
  var x_at = term_of(x_mine.y * 4u);
  var w_at = term_of(w_mine.y * 4u);
  var x_next = mat4x4<f32>();
  var w_next = mat4x4<f32>();

  let out = select(vec2(lane % 8u, lane / 8u), vec2(lane / 8u, lane % 8u), params.y_w < params.y_c);
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
      x_next = x_block(x_windows, x_at);
      w_next = w_block(w_cols, w_at);
      x_at = later(x_at, slab_terms);
      w_at = later(w_at, slab_terms);
    }
    // The slab before this one.
    if (slab > 0u) {
      for (var k = 0u; k < 16u; k++) {
        let at = (k / 4u) * FOUR_TERMS + (k % 4u) * 16u;
        let top = x_tile[at + out.y];
        let bottom = x_tile[at + out.y + 8u];
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
      x_tile[x_to + i * 16u] = x_next[i];
      w_tile[w_to + i * 16u] = w_next[i];
    }
    workgroupBarrier();
  }

  let o = o0 + out.x * 4u;
  let add_l = bias_of(o);
  let add_r = bias_of(o + 32u);
  // One row after the other moves up to where it is stored: the code of one store, and no array to be indexed.
  for (var i = 0u; i < 8u; i++) {
    let pixel = pixel0 + out.y * 4u + select(i, i + 28u, i > 3u);
    if (pixel < pixels) {
      let row = pixel / params.out_w;
      let at = row / params.out_h * params.y_n + row % params.out_h * params.y_h + pixel % params.out_w * params.y_w;
      store(at, o, l0 + add_l);
      store(at, o + 32u, r0 + add_r);
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
