// gather_along: y[o, k, i] = x[o, index[o, k, i], i]
//
// x       [outer, extent, inner], 32-bit words of any type
// index   i32, at o index_outer + k index_count + i index_inner: strides may be 0
// y       [outer, count, inner], overwritten; `fill` where the index names no place
// resolve replaced: indices that count from the end, or are held to the ends, or wrap
// Thread  one word of y, or four in the vec4 variant (V and WIDTH are replaced), lanes along inner.
// Reference: along.ref.ts

struct Params {
  outer: u32,
  extent: u32,
  inner: u32,
  count: u32,
  index_outer: u32,
  index_count: u32,
  index_inner: u32,
  fault_slot: u32,
  // Whether an index out of range is noted in faults.
  raises: u32,
  fill: u32,
}

alias V = u32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// The place that an index names among n; below 0 or from n on where it names none.
fn resolve(i: i32, n: i32) -> i32 { return i; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (at >= params.outer * params.count * inner) { return; }
  let row = at / inner;
  let i = at - row * inner;
  let o = row / params.count;
  let given = index[o * params.index_outer + (row - o * params.count) * params.index_count + i * params.index_inner];
  let place = resolve(given, i32(params.extent));
  if (place < 0 || u32(place) >= params.extent) {
    if (params.raises == 1u) { atomicMax(&faults[params.fault_slot], select(u32(given) + 1u, 0xffffffffu, given < 0)); }
    y[at] = V(params.fill);
    return;
  }
  y[at] = x[(o * params.extent + u32(place)) * inner + i];
}
