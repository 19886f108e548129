// softmax_cross_entropy_summary: sums the rows that softmax_cross_entropy_forward leaves
//
// rows    [n, 4]: loss, share of the denominator, whether the row is right, whether it is kept
// losses  [n], overwritten without reduction, else not touched
// summary [examples, 4], overwritten: of equal parts of the rows the sum of losses, or their sum / denominator for the mean; the
//         denominator; rows that are right; rows kept. Denominator: the sum of the shares; the rows for targets or count_rows = 1.
// Thread  rows lane, lane + LANES, ... of the example of its workgroup.
// Order   rows of a lane in order, in runs of RUN that are added up, and runs of these; lanes by halving.
// Reference: softmax_cross_entropy.ref.ts

struct Params {
  n: u32,
  examples: u32,
  c: u32,
  has_targets: u32,
  has_weights: u32,
  has_ignore: u32,
  ignore_index: i32,
  reduction: u32,
  count_rows: u32,
  keep: f32,
  share: f32,
  fault_slot: u32,
}

@group(0) @binding(0) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> summary: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 256u;
const RUN = 16u;
const NONE = 0u;
const MEAN = 1u;

var<workgroup> totals: array<vec4<f32>, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let example = group.y * groups.x + group.x;
  let per = params.n / params.examples;
  let first = example * per;
  // Workgroups that only fill the grid have no rows.
  let end = min(first + per, params.n);
  var total = vec4(0.0);
  for (var outer = first + lane; outer < end; outer += RUN * RUN * LANES) {
    var middle = vec4(0.0);
    for (var start = outer; start < min(outer + RUN * RUN * LANES, end); start += RUN * LANES) {
      var run = vec4(0.0);
      for (var row = start; row < min(start + RUN * LANES, end); row += LANES) {
        let r = rows[row];
        if (params.reduction == NONE) { losses[row] = r.x; }
        run += r;
      }
      middle += run;
    }
    total += middle;
  }
  totals[lane] = total;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    // All sums of the round before must be there, and those that this round overwrites must have been read.
    workgroupBarrier();
    if (lane < half) { totals[lane] += totals[lane + half]; }
  }
  if (lane == 0u && example < params.examples) {
    let t = totals[0];
    let denominator = select(t.y, f32(per), params.count_rows == 1u);
    // Of rows without weight the mean is NaN as in PyTorch, where smoothing leaves a loss too.
    let mean = select(t.x, t.y, denominator == 0.0) / denominator;
    summary[4u * example] = select(t.x, mean, params.reduction == MEAN);
    summary[4u * example + 1u] = denominator;
    summary[4u * example + 2u] = t.z;
    summary[4u * example + 3u] = t.w;
  }
}
