// normalize_backward_sums: sums of dy and of dy * (x - mean) * inverse, by channel and part
//
// x, dy          [n, spatial, channels] when channels come last, else [n, channels, spatial]
// mean, inverse  of group (i, g): at i * n_stride + g, as normalize_forward
// sums           [2, parts, channels], or [2, parts, n, channels] when channels come first; overwritten. A part is up to `part`
//                elements of a channel: of the rows of all n together when `across` is 1, of one n otherwise.
// Thread  one part of one channel, or of four side by side when they come last (V, M).
// Order   ascending, in stretches of RUN whose sums are added.
// Reference: normalize.ref.ts

struct Params {
  n: u32,
  spatial: u32,
  channels: u32,
  groups: u32,
  n_stride: u32,
  last: u32,
  across: u32,
  part: u32,
  parts: u32,
}

alias V = f32;
alias M = f32;
// What is kept of a channel.
alias S = f32;
const LAST = true;
const WIDTH = 1u;
const M_WIDTH = 1u;
const LONG = 1u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read> mean: array<M>;
@group(0) @binding(3) var<storage, read> inverse: array<M>;
@group(0) @binding(4) var<storage, read_write> sums: array<S>;
@group(0) @binding(5) var<uniform> params: Params;

const LANES = 64u;
const RUN = 16u;

fn total(v: V) -> S { return v; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  let cells = select(params.n * params.channels, params.channels / WIDTH, LAST);
  if (i >= cells * params.parts) { return; }
  let cell = i % cells;
  let part = i / cells;
  // Parts of one n, or of all together.
  let per_n = select((params.spatial + params.part - 1u) / params.part, params.parts, !LAST || params.across == 1u);
  let n = select(cell / params.channels, part / per_n, LAST);
  let channel = select(cell % params.channels, cell * WIDTH, LAST);
  let extent = select(params.spatial, params.n * params.spatial, LAST && params.across == 1u);
  let first = part % per_n * params.part / LONG;
  let last = min(first + params.part / LONG, extent / LONG);
  let stride = select(1u, cells, LAST);
  let base = select(cell * (params.spatial / LONG), n * params.spatial * cells + cell, LAST);
  let place = channel / (params.channels / params.groups);
  var stat = (n * params.n_stride + place) / M_WIDTH;
  let moves = LAST && params.across == 1u && params.n > 1u;

  var sum = V();
  var dot = V();
  var at = base + first * stride;
  if (moves) {
    // Every row has statistics of its own: spatial is 1.
    stat = (first * params.n_stride + place) / M_WIDTH;
    for (var start = first; start < last; start += RUN) {
      var part_sum = V();
      var part_dot = V();
      for (var r = start; r < min(start + RUN, last); r++) {
        let g = dy[at];
        part_sum += g;
        part_dot = fma(g, (x[at] - V(mean[stat])) * V(inverse[stat]), part_dot);
        at += stride;
        stat += params.n_stride / M_WIDTH;
      }
      sum += part_sum;
      dot += part_dot;
    }
  } else {
    let centre = V(mean[stat]);
    for (var start = first; start < last; start += RUN) {
      var part_sum = V();
      var part_dot = V();
      for (var r = start; r < min(start + RUN, last); r++) {
        let g = dy[at];
        part_sum += g;
        part_dot = fma(g, x[at] - centre, part_dot);
        at += stride;
      }
      sum += part_sum;
      dot += part_dot;
    }
    dot *= V(inverse[stat]);
  }
  sums[part * cells + cell] = total(sum);
  sums[(params.parts + part) * cells + cell] = total(dot);
}
