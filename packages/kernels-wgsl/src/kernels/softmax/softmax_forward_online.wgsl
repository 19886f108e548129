// softmax_forward and log_softmax_forward, variant for rows of a multiple of eight contiguous elements: x is read twice, and y written once
//
// x       [outer, size]; a row is one of outer
// y       [outer, size], overwritten: what `finish` makes of x, of the largest element `top`, and of what `normaliser` makes of the sum over
//         the row of exp(x - top)
// Thread  one row, eight elements at once.
// Values  A row that is all -infinity, or holds a NaN or +infinity, gives NaN.
// Order   eights in chunks of 64, their sums in order. Exponentials are of what elements are apart from the largest so far; what was summed before
//         fades by the exponential of how much that has risen.
// Reference: softmax.ref.ts

struct Params {
  outer: u32,
  size: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<mat2x4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<mat2x4<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 8u;

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: vec4<f32>) -> vec4<bool> { return (bitcast<vec4<i32>>(v) & vec4<i32>(0x7fffffff)) > vec4<i32>(0x7f800000); }

fn exp_of(v: vec4<f32>) -> vec4<f32> { return select(exp(v), v, is_nan(v)); }

fn log_of(v: vec4<f32>) -> vec4<f32> { return select(log(v), v, is_nan(v)); }

fn normaliser(sum: vec4<f32>) -> vec4<f32> { return sum; }

fn finish(v: vec4<f32>, top: f32, n: vec4<f32>) -> vec4<f32> { return exp_of(v - top) / n; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  if (row >= params.outer) { return; }
  let size = params.size / 8u;
  let at = row * size;

  // A variable: WGSL refuses infinity as a constant.
  var lowest = 0xff800000u;
  var top = bitcast<f32>(lowest);
  var sum = 0.0;
  for (var start = 0u; start < size; start += CHUNK) {
    var part = 0.0;
    for (var j = start; j < min(start + CHUNK, size); j++) {
      let v = x[at + j];
      let most = max(v[0], v[1]);
      let before = top;
      top = max(top, max(max(most.x, most.y), max(most.z, most.w)));
      // Nothing but -infinity so far: every exponential is then 0.
      let centre = select(top, 0.0, bitcast<u32>(top) == 0xff800000u);
      let fade = exp(before - centre);
      let e = exp_of(v[0] - centre) + exp_of(v[1] - centre);
      part = fma(part, fade, (e.x + e.y) + (e.z + e.w));
      sum *= fade;
    }
    sum += part;
  }
  let n = normaliser(vec4(sum));
  for (var j = 0u; j < size; j++) {
    let v = x[at + j];
    y[at + j] = mat2x4(finish(v[0], top, n), finish(v[1], top, n));
  }
}
