// scatter_sorted: y[o, index[k], i] = combine(y[o, index[k], i], source[o, k, i]) for every k in turn, by an index in order
//
// source  [outer, count, inner]
// index   [count], i32; an index that is no place of y is passed over
// order   [count], i32: what sorts the index, equal ones in theirs
// y       [outer, extent, inner], updated. combine is replaced.
// Thread  up to SPAN elements of inner (fours in the vec4 variant: V, WIDTH and join are replaced) of one place in the order. The
//         first of equal indices combines all of them, the others do nothing. Lanes along inner.
// Order   that of k, from 0, as scatter.
// Reference: scatter.ref.ts

struct Params {
  outer: u32,
  extent: u32,
  inner: u32,
  count: u32,
}

// dtype of source and y
alias Y = f32;
alias V = Y;
const WIDTH = 1u;
const LANES = 64u;
const SPAN = 8u;

@group(0) @binding(0) var<storage, read> source: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read> order: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

fn is_nan(v: f32) -> bool { return (bitcast<i32>(v) & 0x7fffffff) > 0x7f800000; }

fn maximum_f32(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

fn minimum_f32(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }

fn combine(a: Y, b: Y) -> Y { return a + b; }

fn join(a: V, b: V) -> V { return combine(a, b); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = (group.x + group.y * groups.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  let spans = (inner + SPAN - 1u) / SPAN;
  if (id >= params.outer * params.count * spans) { return; }
  let line = id / spans;
  let o = line / params.count;
  let at = line - o * params.count;
  let place = index[order[at]];
  if (place < 0 || u32(place) >= params.extent) { return; }
  if (at > 0u && index[order[at - 1u]] == place) { return; }
  let first = id % spans * SPAN;
  let elements = min(SPAN, inner - first);
  let into = (o * params.extent + u32(place)) * inner + first;
  for (var next = at; next < params.count; next++) {
    let k = order[next];
    if (index[k] != place) { break; }
    let more = (o * params.count + u32(k)) * inner + first;
    for (var j = 0u; j < elements; j++) { y[into + j] = join(y[into + j], source[more + j]); }
  }
}
