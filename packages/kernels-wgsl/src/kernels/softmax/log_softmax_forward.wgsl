// log_softmax_forward: y[o, j, i] = (x[o, j, i] - top) - log(sum over k of exp(x[o, k, i] - top)), top = max over k of x[o, k, i]
//
// x       [outer, size, inner]; a row is (o, i)
// y       [outer, size, inner], overwritten
// Thread  one row, so that lanes run along inner; with V a vector four rows side by side (S = V), or four or two neighbours of
//         a row at once (S = f32).
// Values  A row that is all -infinity, or holds a NaN or +infinity, gives NaN.
// Order   size in chunks of 64, their sums in order.
// Reference: softmax.ref.ts

struct Params {
  outer: u32,
  size: u32,
  inner: u32,
}

// What is loaded at once, and what is kept of a row.
alias V = f32;
alias S = f32;
alias I = i32;
alias B = bool;
// Elements of V along the axis, and along inner.
const LONG = 1u;
const WIDE = 1u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn exp_of(v: V) -> V { return select(exp(v), v, is_nan(v)); }

fn log_of(v: V) -> V { return select(log(v), v, is_nan(v)); }

fn first(v: V) -> S { return v; }

fn peak(top: S, v: V) -> S { return max(top, v); }

fn add(part: S, v: V) -> S { return part + v; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDE;
  let size = params.size / LONG;
  if (row >= params.outer * inner) { return; }
  let at = (row / inner) * size * inner + row % inner;

  var top = first(x[at]);
  for (var j = 0u; j < size; j++) { top = peak(top, x[at + j * inner]); }
  var sum = S();
  for (var start = 0u; start < size; start += CHUNK / LONG) {
    var part = S();
    for (var j = start; j < min(start + CHUNK / LONG, size); j++) { part = add(part, exp_of(x[at + j * inner] - top)); }
    sum += part;
  }
  let log_sum = log_of(V(sum));
  for (var j = 0u; j < size; j++) { y[at + j * inner] = (x[at + j * inner] - top) - log_sum; }
}
