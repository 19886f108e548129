// sort_blocks: pairs of key and place, sorted within every block of 8 elements along an axis; equal ones as they were
//
// x       [outer, extent, inner], contiguous
// pairs   [outer inner, extent] of (key, place), overwritten: a line lies in one piece. Keys are in the order of the elements;
//         -0 is 0, a NaN is larger than every number. descending turns them round.
// key     replaced for integers
// Thread  one block, in registers, by a network of 19 exchanges; lanes along the line. A place decides between equal keys, and
//         those beyond the end come last.
// Reference: sort.ref.ts

struct Params {
  outer: u32,
  extent: u32,
  inner: u32,
  descending: u32,
}

// dtype of x
alias X = f32;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<X>;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

fn key_f32(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  let turned = select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
  return select(select(turned, 0x80000000u, v == 0.0), 0xffffffffu, (bits & 0x7fffffffu) > 0x7f800000u);
}

fn key(v: X) -> u32 { return key_f32(v); }

fn pair_at(base: u32, k: u32) -> vec2<u32> {
  if (k >= params.extent) { return vec2(0xffffffffu, k); }
  return vec2(key(x[base + k * params.inner]) ^ select(0u, 0xffffffffu, params.descending == 1u), k);
}

// The one that goes first, and the other.
fn exchange(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
  let is_turned = b.x < a.x || (b.x == a.x && b.y < a.y);
  return select(vec4(a, b), vec4(b, a), is_turned);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * LANES + lane;
  let blocks = (params.extent + 7u) / 8u;
  if (t >= params.outer * blocks * params.inner) { return; }
  let line = t / blocks;
  let first = (t - line * blocks) * 8u;
  let outer = line / params.inner;
  let base = outer * params.extent * params.inner + (line - outer * params.inner);
  var p0 = pair_at(base, first + 0u);
  var p1 = pair_at(base, first + 1u);
  var p2 = pair_at(base, first + 2u);
  var p3 = pair_at(base, first + 3u);
  var p4 = pair_at(base, first + 4u);
  var p5 = pair_at(base, first + 5u);
  var p6 = pair_at(base, first + 6u);
  var p7 = pair_at(base, first + 7u);
  var both: vec4<u32>;
  both = exchange(p0, p1);
  p0 = both.xy;
  p1 = both.zw;
  both = exchange(p2, p3);
  p2 = both.xy;
  p3 = both.zw;
  both = exchange(p4, p5);
  p4 = both.xy;
  p5 = both.zw;
  both = exchange(p6, p7);
  p6 = both.xy;
  p7 = both.zw;
  both = exchange(p0, p2);
  p0 = both.xy;
  p2 = both.zw;
  both = exchange(p1, p3);
  p1 = both.xy;
  p3 = both.zw;
  both = exchange(p4, p6);
  p4 = both.xy;
  p6 = both.zw;
  both = exchange(p5, p7);
  p5 = both.xy;
  p7 = both.zw;
  both = exchange(p1, p2);
  p1 = both.xy;
  p2 = both.zw;
  both = exchange(p5, p6);
  p5 = both.xy;
  p6 = both.zw;
  both = exchange(p0, p4);
  p0 = both.xy;
  p4 = both.zw;
  both = exchange(p1, p5);
  p1 = both.xy;
  p5 = both.zw;
  both = exchange(p2, p6);
  p2 = both.xy;
  p6 = both.zw;
  both = exchange(p3, p7);
  p3 = both.xy;
  p7 = both.zw;
  both = exchange(p2, p4);
  p2 = both.xy;
  p4 = both.zw;
  both = exchange(p3, p5);
  p3 = both.xy;
  p5 = both.zw;
  both = exchange(p1, p2);
  p1 = both.xy;
  p2 = both.zw;
  both = exchange(p3, p4);
  p3 = both.xy;
  p4 = both.zw;
  both = exchange(p5, p6);
  p5 = both.xy;
  p6 = both.zw;
  let to = line * params.extent + first;
  let count = params.extent - first;
  pairs[to] = p0;
  if (count > 1u) { pairs[to + 1u] = p1; }
  if (count > 2u) { pairs[to + 2u] = p2; }
  if (count > 3u) { pairs[to + 3u] = p3; }
  if (count > 4u) { pairs[to + 4u] = p4; }
  if (count > 5u) { pairs[to + 5u] = p5; }
  if (count > 6u) { pairs[to + 6u] = p6; }
  if (count > 7u) { pairs[to + 7u] = p7; }
}
