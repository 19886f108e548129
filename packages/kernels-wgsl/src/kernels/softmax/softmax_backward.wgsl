// softmax_backward: dx[o, j, i] = y[o, j, i] * (dy[o, j, i] - sum over k of dy[o, k, i] * y[o, k, i])
//
// y, dy   [outer, size, inner]; a row is (o, i); y is the result of softmax_forward
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
// Elements of V along the axis, and along inner.
const LONG = 1u;
const WIDE = 1u;

@group(0) @binding(0) var<storage, read> y: array<V>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;

fn add(part: S, a: V, b: V) -> S { return fma(a, b, part); }

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
        let b0 = y[place];
        let b1 = y[place + inner];
        part = add(add(part, a0, b0), a1, b1);
        place += 2u * inner;
      }
    }
    for (; j < end; j++) {
      part = add(part, dy[place], y[place]);
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
      dx[place] = b0 * (a0 - sum);
      dx[place + inner] = b1 * (a1 - sum);
      dx[place + 2u * inner] = b2 * (a2 - sum);
      dx[place + 3u * inner] = b3 * (a3 - sum);
      place += 4u * inner;
    }
  }
  for (; j < size; j++) {
    dx[place] = y[place] * (dy[place] - sum);
    place += inner;
  }
}
