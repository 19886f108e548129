// scatter, variant for places of which none is named twice: as scatter.wgsl, all of source at once.
//
// Thread  every LANES-th element of its workgroup's TILE, or four in the vec4 variant, lanes along inner. Coordinates carry as
//         digits do: it divides once.
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
const TILE = 512u;

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
    if (place >= 0 && u32(place) < params.extent) {
      let to = (p.o * params.extent + u32(place)) * inner + p.i;
      y[to] = join(y[to], source[at]);
    } else if (params.raises == 1u) {
      atomicMax(&faults[params.fault_slot], select(u32(given) + 1u, 0xffffffffu, given < 0));
    }
    p = advance(p, by, inner);
  }
}
