// log_softmax_backward: dx[o, j, i] = dy[o, j, i] - exp(y[o, j, i]) * (sum over k of dy[o, k, i])
//
// y, dy   [outer, size, inner]; a row is (o, i); y is the result of log_softmax_forward
// dx      [outer, size, inner], overwritten
// Thread  one row, so that lanes run along inner; with V a vector four rows side by side (S = V), or four or two neighbours of
//         a row at once (S = f32).
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

@group(0) @binding(0) var<storage, read> y: array<V>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn exp_of(v: V) -> V { return select(exp(v), v, is_nan(v)); }

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

  var place = at;
  var j = 0u;
  var sum = S();
  for (var start = 0u; start < size; start += CHUNK / LONG) {
    var part = S();
    let end = min(start + CHUNK / LONG, size);
    j = start;
    // Several vectors a round where rows are side by side, as a round costs adapters on a CPU as much as a vector.
    if (WIDE > 1u) {
      for (; j + 1u < end; j += 2u) {
        let a0 = dy[place];
        let a1 = dy[place + inner];
        part = add(add(part, a0), a1);
        place += 2u * inner;
      }
    }
    for (; j < end; j++) {
      part = add(part, dy[place]);
      place += inner;
    }
    sum += part;
  }
  place = at;
  j = 0u;
  if (WIDE > 1u) {
    for (; j + 3u < size; j += 4u) {
      let a0 = dy[place];
      let b0 = y[place];
      let a1 = dy[place + inner];
      let b1 = y[place + inner];
      let a2 = dy[place + 2u * inner];
      let b2 = y[place + 2u * inner];
      let a3 = dy[place + 3u * inner];
      let b3 = y[place + 3u * inner];
      dx[place] = a0 - exp_of(b0) * sum;
      dx[place + inner] = a1 - exp_of(b1) * sum;
      dx[place + 2u * inner] = a2 - exp_of(b2) * sum;
      dx[place + 3u * inner] = a3 - exp_of(b3) * sum;
      place += 4u * inner;
    }
  }
  for (; j < size; j++) {
    dx[place] = dy[place] - exp_of(y[place]) * sum;
    place += inner;
  }
}
