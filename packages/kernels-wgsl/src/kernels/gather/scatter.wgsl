// scatter: y[o, index[o, k, i], i] = combine(y[o, index[o, k, i], i], source[o, k, i]) for every k in turn
//
// source  [outer, count, inner]
// index   i32, at o index_outer + k index_count + i index_inner: strides may be 0. An index that names no place is passed over.
// y       [outer, extent, inner], updated. combine, resolve are replaced.
// Thread  a line along the axis or, in the variant parts, a stretch of its places: it goes through all k and does what is its
//         own, so there are no atomics. In the vec4 variants four lines with one index (V, WIDTH and join are replaced).
// Order   that of k, from 0: sums are in that order, and of several that are set the last stays.
// Reference: scatter.ref.ts

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
  // Stretches of a line in the variant parts.
  parts: u32,
  // Whether no place is named twice.
  unique: u32,
}

// dtype of source and y
alias Y = f32;
alias V = Y;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> source: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

fn is_nan(v: f32) -> bool { return (bitcast<i32>(v) & 0x7fffffff) > 0x7f800000; }

fn maximum_f32(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

fn minimum_f32(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }

fn combine(a: Y, b: Y) -> Y { return a + b; }

fn join(a: V, b: V) -> V { return combine(a, b); }

// The place that an index names among n; below 0 or from n on where it names none.
fn resolve(i: i32, n: i32) -> i32 { return i; }

fn parts() -> u32 { return 1u; }

// Whether eight indices are looked at together first: most are of no concern where a line has many parts.
fn skims() -> bool { return false; }

fn is_outside(place: i32) -> bool { return place < 0 || u32(place) >= params.extent; }

// Whether one of eight indices from `start` on (beyond the end the last one again) is in the stretch, or names no place.
fn any_concerns(from_index: u32, start: u32, low: u32, high: u32) -> bool {
  var found = false;
  for (var j = 0u; j < 8u; j++) {
    let k = min(start + j, params.count - 1u);
    let place = resolve(index[from_index + k * params.index_count], i32(params.extent));
    found = found || (place >= i32(low) && place < i32(high)) || is_outside(place);
  }
  return found;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = (group.x + group.y * groups.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  let lines = params.outer * inner;
  let part = id / lines;
  if (part >= parts()) { return; }
  let line = id - part * lines;
  let o = line / inner;
  let i = line - o * inner;
  let span = (params.extent + parts() - 1u) / parts();
  let low = part * span;
  let high = min(low + span, params.extent);
  let from_source = o * params.count * inner + i;
  let from_index = o * params.index_outer + i * params.index_inner;
  for (var start = 0u; start < params.count; start += 8u) {
    let end = min(start + 8u, params.count);
    if (skims() && !any_concerns(from_index, start, low, high)) { continue; }
    for (var k = start; k < end; k++) {
      let given = index[from_index + k * params.index_count];
      let place = resolve(given, i32(params.extent));
      if (place >= i32(low) && place < i32(high)) {
        let to = (o * params.extent + u32(place)) * inner + i;
        y[to] = join(y[to], source[from_source + k * inner]);
      } else if (params.raises == 1u && is_outside(place)) {
        atomicMax(&faults[params.fault_slot], select(u32(given) + 1u, 0xffffffffu, given < 0));
      }
    }
  }
}
