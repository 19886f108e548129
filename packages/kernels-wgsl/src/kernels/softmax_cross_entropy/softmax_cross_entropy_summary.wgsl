// softmax_cross_entropy_summary: sums the rows that softmax_cross_entropy_forward leaves
//
// rows    [n, 4]: loss, share of the denominator, whether the row is right, whether it is kept
// losses  [n], overwritten without reduction, else not touched
// summary [sum of losses, or their sum / denominator for the mean; denominator; rows that are right; rows kept], overwritten.
//         Denominator: the sum of the shares; n for targets or count_rows = 1.
// Thread  rows lane, lane + LANES, ... of the one workgroup.
// Order   rows of a lane in order, in runs of RUN that are added up, and runs of these; lanes by halving.
// Reference: softmax_cross_entropy.ref.ts

struct Params {
  n: u32,
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
fn main(@builtin(local_invocation_index) lane: u32) {
  var total = vec4(0.0);
  for (var outer = lane; outer < params.n; outer += RUN * RUN * LANES) {
    var middle = vec4(0.0);
    for (var start = outer; start < min(outer + RUN * RUN * LANES, params.n); start += RUN * LANES) {
      var run = vec4(0.0);
      for (var row = start; row < min(start + RUN * LANES, params.n); row += LANES) {
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
  if (lane == 0u) {
    let t = totals[0];
    let denominator = select(t.y, f32(params.n), params.count_rows == 1u);
    // Of rows without weight the mean is NaN as in PyTorch, where smoothing leaves a loss too.
    let mean = select(t.x, t.y, denominator == 0.0) / denominator;
    summary[0] = select(t.x, mean, params.reduction == MEAN);
    summary[1] = denominator;
    summary[2] = t.z;
    summary[3] = t.w;
  }
}
