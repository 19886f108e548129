// softmax_forward: y[o, j, i] = exp(x[o, j, i] - top) / (sum over k of exp(x[o, k, i] - top)), top = max over k of x[o, k, i]
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

fn first(v: V) -> S { return v; }

fn peak(top: S, v: V) -> S { return select(top, v, v > top); }

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
  var place = at;
  var j = 0u;
  // Four vectors a round where rows are side by side, as a round costs adapters on a CPU as much as a vector.
  if (WIDE > 1u) {
    for (; j + 3u < size; j += 4u) {
      let v0 = x[place];
      let v1 = x[place + inner];
      let v2 = x[place + 2u * inner];
      let v3 = x[place + 3u * inner];
      top = peak(peak(peak(peak(top, v0), v1), v2), v3);
      place += 4u * inner;
    }
  }
  for (; j < size; j++) {
    top = peak(top, x[place]);
    place += inner;
  }
  var sum = S();
  place = at;
  for (var start = 0u; start < size; start += CHUNK / LONG) {
    var part = S();
    let end = min(start + CHUNK / LONG, size);
    j = start;
    if (WIDE > 1u) {
      for (; j + 1u < end; j += 2u) {
        let e0 = exp_of(x[place] - top);
        let e1 = exp_of(x[place + inner] - top);
        part = add(add(part, e0), e1);
        place += 2u * inner;
      }
    }
    for (; j < end; j++) {
      part = add(part, exp_of(x[place] - top));
      place += inner;
    }
    sum += part;
  }
  // Exponentials anew: y is written once, as halves may be, which takes no longer than to keep them there.
  place = at;
  j = 0u;
  if (WIDE > 1u) {
    for (; j + 3u < size; j += 4u) {
      let e0 = exp_of(x[place] - top);
      let e1 = exp_of(x[place + inner] - top);
      let e2 = exp_of(x[place + 2u * inner] - top);
      let e3 = exp_of(x[place + 3u * inner] - top);
      y[place] = e0 / sum;
      y[place + inner] = e1 / sum;
      y[place + 2u * inner] = e2 / sum;
      y[place + 3u * inner] = e3 / sum;
      place += 4u * inner;
    }
  }
  for (; j < size; j++) {
    y[place] = exp_of(x[place] - top) / sum;
    place += inner;
  }
}
