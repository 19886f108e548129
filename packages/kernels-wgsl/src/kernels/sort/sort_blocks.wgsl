// sort_blocks: pairs of key and place, sorted within every block of `block` elements along an axis; equal ones as they were
//
// x       [outer, extent, inner], contiguous
// pairs   [outer inner, extent] of (key, place), overwritten: a line lies in one piece. Keys are in the order of the elements;
//         -0 is 0, a NaN is larger than every number. descending turns them round.
// key     replaced for integers
// Thread  one element: it counts those of its block that go before it; lanes along the line.
// Reference: sort.ref.ts

struct Params {
  outer: u32,
  extent: u32,
  inner: u32,
  block: u32,
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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * LANES + lane;
  if (t >= params.outer * params.extent * params.inner) { return; }
  let line = t / params.extent;
  let k = t - line * params.extent;
  let outer = line / params.inner;
  let base = outer * params.extent * params.inner + (line - outer * params.inner);
  let flip = select(0u, 0xffffffffu, params.descending == 1u);
  let own = key(x[base + k * params.inner]) ^ flip;
  let first = k - k % params.block;
  let end = min(first + params.block, params.extent);
  var rank = 0u;
  var at = base + first * params.inner;
  for (var j = first; j < end; j++) {
    let other = key(x[at]) ^ flip;
    rank += u32(other < own || (other == own && j < k));
    at += params.inner;
  }
  pairs[line * params.extent + first + rank] = vec2(own, k);
}
