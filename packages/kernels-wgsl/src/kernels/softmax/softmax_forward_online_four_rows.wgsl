// softmax_forward and log_softmax_forward, variant for rows of a multiple of four elements, four rows side by side: x is read twice, and y
// written once
//
// x       [outer, size, inner]; a row is (o, i)
// y       [outer, size, inner], overwritten: what `finish` makes of x, of the largest element `top`, and of what `normaliser` makes of the sum
//         over the row of exp(x - top)
// Thread  four rows, four elements of each at once.
// Values  A row that is all -infinity, or holds a NaN or +infinity, gives NaN.
// Order   fours in chunks of 64, their sums in order. Exponentials are of what elements are apart from the largest so far; what was summed before
//         fades by the exponential of how much that has risen.
// Reference: softmax.ref.ts

struct Params {
  outer: u32,
  size: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: vec4<f32>) -> vec4<bool> { return (bitcast<vec4<i32>>(v) & vec4<i32>(0x7fffffff)) > vec4<i32>(0x7f800000); }

fn exp_of(v: vec4<f32>) -> vec4<f32> { return select(exp(v), v, is_nan(v)); }

fn log_of(v: vec4<f32>) -> vec4<f32> { return select(log(v), v, is_nan(v)); }

fn normaliser(sum: vec4<f32>) -> vec4<f32> { return sum; }

fn finish(v: vec4<f32>, top: vec4<f32>, n: vec4<f32>) -> vec4<f32> { return exp_of(v - top) / n; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / 4u;
  if (row >= params.outer * inner) { return; }
  let at = (row / inner) * params.size * inner + row % inner;

  // A variable: WGSL refuses infinity as a constant.
  var lowest = 0xff800000u;
  var top = vec4(bitcast<f32>(lowest));
  var sum = vec4(0.0);
  var place = at;
  for (var start = 0u; start < params.size; start += CHUNK) {
    var part = vec4(0.0);
    for (var j = start; j < min(start + CHUNK, params.size); j += 4u) {
      let v0 = x[place];
      let v1 = x[place + inner];
      let v2 = x[place + 2u * inner];
      let v3 = x[place + 3u * inner];
      let before = top;
      top = max(top, max(max(v0, v1), max(v2, v3)));
      // Nothing but -infinity so far: every exponential is then 0.
      let centre = select(top, vec4(0.0), bitcast<vec4<u32>>(top) == vec4(0xff800000u));
      let fade = exp(before - centre);
      part = fma(part, fade, (exp_of(v0 - centre) + exp_of(v1 - centre)) + (exp_of(v2 - centre) + exp_of(v3 - centre)));
      sum *= fade;
      place += 4u * inner;
    }
    sum += part;
  }
  let n = normaliser(sum);
  place = at;
  for (var j = 0u; j < params.size; j += 4u) {
    let v0 = x[place];
    let v1 = x[place + inner];
    let v2 = x[place + 2u * inner];
    let v3 = x[place + 3u * inner];
    y[place] = finish(v0, top, n);
    y[place + inner] = finish(v1, top, n);
    y[place + 2u * inner] = finish(v2, top, n);
    y[place + 3u * inner] = finish(v3, top, n);
    place += 4u * inner;
  }
}
