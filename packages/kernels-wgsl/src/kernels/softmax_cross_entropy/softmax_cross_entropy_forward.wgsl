// softmax_cross_entropy_forward: losses[r] = sum over j of mass(r, j) * (log(sum over k of exp(logits[r, k])) - logits[r, j])
//   mass(r, j) = weight(j) * (keep * target(r, j) + share), keep = 1 - smoothing, share = smoothing / c
//
// logits  [n, c]; target(r, j) is targets[r, j], or 1 where j = labels[r] and 0 elsewhere; weight(j) is class_weights[j] or 1
// losses  [n], overwritten; 0 for a row whose label is ignored or is no class (the latter is reported in faults)
// summary [sum of losses, or their sum / denominator for the mean; denominator; rows whose first maxima of logits and
//          target agree; rows kept], overwritten. Denominator: weights of the labels kept; n for targets or count_rows = 1.
// Thread  rows lane, lane + LANES, ... of the one workgroup.
// Order   classes in chunks of 64, their sums in order; rows of a lane in order; lanes by halving.
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

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read> class_weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> summary: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const LANES = 256u;
const CHUNK = 64u;
const NONE = 0xffffffffu;
const MEAN = 1u;

var<workgroup> totals: array<vec4<f32>, LANES>;

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

fn exp_of(v: f32) -> f32 { return select(exp(v), v, is_nan(v)); }

fn log_of(v: f32) -> f32 { return select(log(v), v, is_nan(v)); }

// The row's class, or NONE if the row does not count.
fn class_of(row: u32) -> u32 {
  let label = labels[row];
  if (params.has_ignore == 1u && label == params.ignore_index) { return NONE; }
  if (label >= 0 && u32(label) < params.c) { return u32(label); }
  atomicMax(&faults[params.fault_slot], select(0xffffffffu, u32(label) + 1u, label >= 0));
  return NONE;
}

fn weight(j: u32) -> f32 {
  if (params.has_weights == 1u) { return class_weights[j]; }
  return 1.0;
}

fn target_at(row: u32, j: u32, label: u32) -> f32 {
  if (params.has_targets == 1u) { return targets[row * params.c + j]; }
  return select(0.0, 1.0, j == label);
}

// Loss, share of the denominator, whether the row is right, 1.
fn evaluate(row: u32) -> vec4<f32> {
  var label = 0u;
  if (params.has_targets == 0u) {
    label = class_of(row);
    if (label == NONE) { return vec4(0.0); }
  }
  let at = row * params.c;
  var top = logits[at];
  var best = 0u;
  for (var j = 1u; j < params.c; j++) {
    let v = logits[at + j];
    if (v > top || (is_nan(v) && !is_nan(top))) {
      top = v;
      best = j;
    }
  }
  var sum = 0.0;
  for (var start = 0u; start < params.c; start += CHUNK) {
    var part = 0.0;
    for (var j = start; j < min(start + CHUNK, params.c); j++) { part += exp_of(logits[at + j] - top); }
    sum += part;
  }
  let log_sum = log_of(sum);
  if (params.has_targets == 0u && params.share == 0.0) {
    // Other classes are not touched: a mass of 0 times a logit of -infinity would be NaN.
    let w = weight(label);
    return vec4(w * params.keep * (log_sum - (logits[at + label] - top)), w, select(0.0, 1.0, best == label), 1.0);
  }

  var loss = 0.0;
  var first = target_at(row, 0u, label);
  var aim = 0u;
  for (var start = 0u; start < params.c; start += CHUNK) {
    var part = 0.0;
    for (var j = start; j < min(start + CHUNK, params.c); j++) {
      let t = target_at(row, j, label);
      if (t > first) {
        first = t;
        aim = j;
      }
      part += weight(j) * (params.keep * t + params.share) * (log_sum - (logits[at + j] - top));
    }
    loss += part;
  }
  var denominator = 1.0;
  if (params.has_targets == 0u) { denominator = weight(label); }
  return vec4(loss, denominator, select(0.0, 1.0, best == aim), 1.0);
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var total = vec4(0.0);
  for (var row = lane; row < params.n; row += LANES) {
    let r = evaluate(row);
    losses[row] = r.x;
    total += r;
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
    summary[0] = select(t.x, t.x / denominator, params.reduction == MEAN);
    summary[1] = denominator;
    summary[2] = t.z;
    summary[3] = t.w;
  }
}
