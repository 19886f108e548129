// linear_recurrence: y[o, k, i] = b[o, k, i] + a[o, k, i] y[o, k - 1, i]; reverse: y[o, k + 1, i], from the last down
//
// a, b    [outer, extent, inner], contiguous; the a of the first element is not used
// carry   [outer, blocks, inner]: y of the last element of each block of `block` elements, in the direction of the scan
// y       as a, or with totals [outer, blocks, inner]: of each block's last element as if nothing were before the block
// Thread  one block of one line; lanes along inner, then along blocks. In the vec4 variant four neighbouring lines (V and
//         WIDTH are replaced).
// Order   one after another; blocks by a recurrence of their totals. The host makes the passes.
// Reference: scan.ref.ts

struct Params {
  outer: u32,
  extent: u32,
  inner: u32,
  block: u32,
  blocks: u32,
  reverse: u32,
  exclusive: u32,
  // Whether y takes what each block comes to, instead of every element's.
  totals: u32,
  // Whether carry is given.
  carried: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<V>;
@group(0) @binding(1) var<storage, read> b: array<V>;
@group(0) @binding(2) var<storage, read> carry: array<V>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (i >= params.outer * params.blocks * inner) { return; }
  let row = i / inner;
  let outer = row / params.blocks;
  let first = (row - outer * params.blocks) * params.block;
  let end = min(first + params.block, params.extent);
  let from_start = select(first, params.extent - 1u - first, params.reverse == 1u);
  var at = (outer * params.extent + from_start) * inner + (i - row * inner);
  let step = select(inner, 0u - inner, params.reverse == 1u);
  var last = b[at];
  if (params.carried == 1u && first > 0u) { last += a[at] * carry[i - inner]; }
  if (params.totals == 0u) { y[at] = last; }
  for (var k = first + 1u; k < end; k++) {
    at += step;
    last = b[at] + a[at] * last;
    if (params.totals == 0u) { y[at] = last; }
  }
  if (params.totals == 1u) { y[i] = last; }
}
