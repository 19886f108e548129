// gather: y[o, k, i] = x[o, index[o, k, i], i]
//
// x       [outer, extent, inner], 32-bit words of any type
// index   i32, at o index_outer + k index_count + i index_inner: strides may be 0
// y       [outer, count, inner], overwritten; `fill` where the index names no place
// resolve replaced: indices that count from the end, or are held to the ends, or wrap
// Thread  every LANES-th word of its workgroup's TILE, or four words, or four vectors of four (V, WIDTH and filled are replaced),
//         lanes along inner. Coordinates carry as digits do: it divides once.
// Reference: gather.ref.ts

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
const TILE = 512u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

// The place that an index names among n; below 0 or from n on where it names none.
fn resolve(i: i32, n: i32) -> i32 { return i; }

fn filled() -> V { return V(params.fill); }

// Coordinates along outer, count and inner.
struct Place {
  o: u32,
  k: u32,
  i: u32,
}

fn locate(at: u32, inner: u32) -> Place {
  let row = at / inner;
  let o = row / params.count;
  return Place(o, row - o * params.count, at - row * inner);
}

// The place `by` further.
fn advance(p: Place, by: Place, inner: u32) -> Place {
  let i_over = p.i + by.i >= inner;
  let k = p.k + by.k + u32(i_over);
  let k_over = k >= params.count;
  return Place(
    p.o + by.o + u32(k_over),
    k - select(0u, params.count, k_over),
    p.i + by.i - select(0u, inner, i_over),
  );
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let inner = params.inner / WIDTH;
  let first = (group.x + group.y * groups.x) * TILE;
  let end = min(first + TILE, params.outer * params.count * inner);
  var p = locate(first + lane, inner);
  let by = locate(LANES, inner);
  for (var at = first + lane; at < end; at += LANES) {
    let given = index[p.o * params.index_outer + p.k * params.index_count + p.i * params.index_inner];
    let place = resolve(given, i32(params.extent));
    let wrong = place < 0 || u32(place) >= params.extent;
    if (wrong && params.raises == 1u) { atomicMax(&faults[params.fault_slot], select(u32(given) + 1u, 0xffffffffu, given < 0)); }
    // The copy is no branch: some adapters on a CPU run through both, lanes masked.
    var v = x[select((p.o * params.extent + u32(place)) * inner + p.i, 0u, wrong)];
    if (wrong) { v = filled(); }
    y[at] = v;
    p = advance(p, by, inner);
  }
}
