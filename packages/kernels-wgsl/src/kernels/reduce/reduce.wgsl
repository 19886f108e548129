// reduce: y[o] = finish(combine over r of x[o, r]), o over the kept axes and r over the reduced ones
//
// x       contiguous, split by the host into kept and reduced axes: axes[d] = (kept extent, kept stride, reduced extent,
//         reduced stride), innermost first
// y       [outputs, parts] when lanes run along parts (by_part), else [parts, outputs]; overwritten
// Thread  one part of one output: `steps` blocks of four r. `lanes` neighbouring parts take blocks in turn, so that they
//         read side by side. The host adds passes over the parts until there is one: no thread goes through many elements,
//         and long sums stay near the exact one.
// Order   element j of a block into accumulator j, blocks ascending, in runs of RUN that are then combined; then (0, 1), (2, 3),
//         and the two results. All variants.
// Variant columns_vec4: a thread takes four neighbouring outputs at once (V, WIDTH, join and done are replaced).
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
alias V = Y;
const WIDTH = 1u;
const LANES = 64u;
const RUN = 16u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
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

fn join(a: V, b: V) -> V { return combine(a, b); }

fn done(v: V) -> V { return finish(v); }

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

// Where four r are, from where the output is: over several axes, and over one.
fn walk(r: vec4<u32>) -> vec4<u32> {
  var rest = r;
  var at = vec4(0u);
  for (var d = 0u; d + 1u < params.reduced_rank; d++) {
    let axis = params.axes[d].zw;
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.y;
    rest = quotient;
  }
  return at + rest * params.axes[params.reduced_rank - 1u].w;
}

// The same in units of V.
fn reduced_at(r: vec4<u32>) -> vec4<u32> { return walk(r) / WIDTH; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  let outputs = params.outputs / WIDTH;
  if (i >= outputs * params.parts) { return; }
  let part = select(i / outputs, i % params.parts, params.by_part == 1u);
  let o = select(i % outputs, i / params.parts, params.by_part == 1u);
  let base = kept_at(o * WIDTH) / WIDTH;

  let none = V(initial());
  var v0 = none;
  var v1 = none;
  var v2 = none;
  var v3 = none;
  let first = (part / params.lanes) * params.lanes * params.steps + part % params.lanes;
  let end = min(first + params.lanes * params.steps, (params.count + 3u) / 4u);
  for (var start = first; start < end; start += RUN * params.lanes) {
    var run0 = none;
    var run1 = none;
    var run2 = none;
    var run3 = none;
    for (var block = start; block < min(start + RUN * params.lanes, end); block += params.lanes) {
      let r = block * 4u;
      let at = base + reduced_at(r + vec4(0u, 1u, 2u, 3u));
      run0 = join(run0, x[at.x]);
      if (r + 1u < params.count) { run1 = join(run1, x[at.y]); }
      if (r + 2u < params.count) { run2 = join(run2, x[at.z]); }
      if (r + 3u < params.count) { run3 = join(run3, x[at.w]); }
    }
    v0 = join(v0, run0);
    v1 = join(v1, run1);
    v2 = join(v2, run2);
    v3 = join(v3, run3);
  }
  let v = join(join(v0, v1), join(v2, v3));
  if (params.total > 0u) {
    y[i] = done(v);
  } else {
    y[i] = v;
  }
}
