// reduce, variant for innermost reduced axes: as reduce.wgsl, but x is read four r at a time.
//
// Needs   the innermost axis of x reduced, its extent and every stride beside its own in multiples of four.
// Thread  one part of one output, as in reduce.wgsl: a block of four r is one vector, an accumulator one of its lanes.
// Order   as in reduce.wgsl: the same bits.
// Reference: reduce.ref.ts

struct Params {
  outputs: u32,
  count: u32,
  parts: u32,
  steps: u32,
  lanes: u32,
  by_part: u32,
  kept_rank: u32,
  reduced_rank: u32,
  // Elements behind each final output, over all passes; 0 in all passes but the last.
  total: u32,
  axes: array<vec4<u32>, 12>,
}

// dtype of x and y
alias Y = f32;
alias V = vec4<Y>;
const LANES = 64u;
const RUN = 16u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<Y>;
@group(0) @binding(2) var<uniform> params: Params;

fn is_nan(v: f32) -> bool { return (bitcast<i32>(v) & 0x7fffffff) > 0x7f800000; }

// A variable: WGSL refuses infinity as a constant.
fn from_bits(word: u32) -> f32 {
  var bits = word;
  return bitcast<f32>(bits);
}

fn maximum_f32(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }

fn minimum_f32(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }

fn initial() -> Y { return Y(0); }

fn combine(a: Y, b: Y) -> Y { return a + b; }

fn finish(v: Y) -> Y { return v; }

fn join(a: V, b: V) -> V {
  return V(combine(a.x, b.x), combine(a.y, b.y), combine(a.z, b.z), combine(a.w, b.w));
}

fn kept_at(o: u32) -> u32 {
  var rest = o;
  var at = 0u;
  for (var d = 0u; d + 1u < params.kept_rank; d++) {
    let axis = params.axes[d].xy;
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.y;
    rest = quotient;
  }
  return at + rest * params.axes[params.kept_rank - 1u].y;
}

fn walk(r: u32) -> u32 {
  var rest = r;
  var at = 0u;
  for (var d = 0u; d + 1u < params.reduced_rank; d++) {
    let axis = params.axes[d].zw;
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.y;
    rest = quotient;
  }
  return at + rest * params.axes[params.reduced_rank - 1u].w;
}

// Where a block is, in vectors from where the output is, and its coordinate along the innermost axis.
struct Place {
  at: u32,
  inner: u32,
}

fn locate(block: u32) -> Place { return Place(walk(block * 4u) / 4u, 0u); }

// The same from the place `by` before it.
fn next(p: Place, by: Place, block: u32) -> Place { return locate(block); }

// For one or two axes; the second has extent 1 where there is none.
fn place_two(block: u32) -> Place {
  let extent = params.axes[0].z / 4u;
  let quotient = block / extent;
  let inner = block - quotient * extent;
  return Place(inner + quotient * (params.axes[1].w / 4u), inner);
}

// The place `by` further: coordinates carry as digits do, where divisions would cost adapters on a CPU more than the sum.
fn advance(p: Place, by: Place) -> Place {
  let extent = params.axes[0].z / 4u;
  let over = p.inner + by.inner >= extent;
  let wrap = params.axes[1].w / 4u - extent;
  return Place(p.at + by.at + select(0u, wrap, over), p.inner + by.inner - select(0u, extent, over));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.outputs * params.parts) { return; }
  let part = select(i / params.outputs, i % params.parts, params.by_part == 1u);
  let o = select(i % params.outputs, i / params.parts, params.by_part == 1u);
  let base = kept_at(o) / 4u;

  let none = V(initial());
  var v = none;
  let first = (part / params.lanes) * params.lanes * params.steps + part % params.lanes;
  let end = min(first + params.lanes * params.steps, params.count / 4u);
  var p = locate(first);
  let by = locate(params.lanes);
  for (var start = first; start < end; start += RUN * params.lanes) {
    var run = none;
    let stop = min(start + RUN * params.lanes, end);
    var block = start;
    // Four blocks a round, as a round costs adapters on a CPU as much as a block.
    for (; block + 3u * params.lanes < stop; block += 4u * params.lanes) {
      let p1 = next(p, by, block + params.lanes);
      let p2 = next(p1, by, block + 2u * params.lanes);
      let p3 = next(p2, by, block + 3u * params.lanes);
      let v0 = x[base + p.at];
      let v1 = x[base + p1.at];
      let v2 = x[base + p2.at];
      let v3 = x[base + p3.at];
      run = join(join(join(join(run, v0), v1), v2), v3);
      p = next(p3, by, block + 4u * params.lanes);
    }
    for (; block < stop; block += params.lanes) {
      run = join(run, x[base + p.at]);
      p = next(p, by, block + params.lanes);
    }
    v = join(v, run);
  }
  let joined = combine(combine(v.x, v.y), combine(v.z, v.w));
  if (params.total > 0u) {
    y[i] = finish(joined);
  } else {
    y[i] = joined;
  }
}
