// softmax_cross_entropy_backward: dlogits[r, j] = scale(r) * (softmax(logits)[r, j] * (sum over k of mass(r, k)) - mass(r, j))
//   mass(r, j) = weight(j) * (keep * target(r, j) + share), as in softmax_cross_entropy_forward
//   scale(r)   = dy[r] without reduction, dy[e] for the sum, dy[e] / summary[e, 1] for the mean, of its example e, one of equal parts of the rows
//
// logits  [n, c]; labels [n] or targets [n, c]; class_weights [c] or none
// summary [examples, 4], as the forward kernel left it; dy [n] without reduction, else [examples]
// dlogits [n, c], overwritten; in a row whose label is ignored or is no class 0, or NaN where its softmax is NaN
// Thread  one row, two or four classes at once when V is a vector (V, U, B, LONG and the one-line functions are replaced).
// Order   classes in chunks of 64, their sums in order.
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

alias V = f32;
alias U = u32;
alias I = i32;
alias B = bool;
const LONG = 1u;
// Whether no class but the label's has mass: labels without class weights and smoothing.
const HARD = false;

@group(0) @binding(0) var<storage, read> logits: array<V>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> targets: array<V>;
@group(0) @binding(3) var<storage, read> class_weights: array<V>;
@group(0) @binding(4) var<storage, read> summary: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dlogits: array<V>;
@group(0) @binding(7) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;
const NONE = 0xffffffffu;
const MEAN = 1u;
const SUM = 2u;

// Replaced by constants where a call has neither, as adapters on a CPU step through loads that no lane needs.
fn has_targets() -> bool { return params.has_targets == 1u; }

fn has_weights() -> bool { return params.has_weights == 1u; }

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn exp_of(v: V) -> V { return select(exp(v), v, is_nan(v)); }

fn first(v: V) -> f32 { return v; }

fn peak(top: f32, v: V) -> f32 { return max(top, v); }

fn add(part: f32, v: V) -> f32 { return part + v; }

fn classes(j: u32) -> U { return j; }

// The row's class, or NONE if the row does not count. The forward kernel has reported labels that are no class.
fn class_of(row: u32) -> u32 {
  let label = labels[row];
  if (params.has_ignore == 1u && label == params.ignore_index) { return NONE; }
  if (label >= 0 && u32(label) < params.c) { return u32(label); }
  return NONE;
}

// Of classes k * LONG on; `at` is where the row begins.
fn mass(at: u32, k: u32, label: u32) -> V {
  if (HARD) { return select(V(), V(params.keep), classes(k * LONG) == U(label)); }
  var t = select(V(), V(1.0), classes(k * LONG) == U(label));
  if (has_targets()) { t = targets[at + k]; }
  var w = V(1.0);
  if (has_weights()) { w = class_weights[k]; }
  return w * (params.keep * t + params.share);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  if (row >= params.n) { return; }
  let blocks = params.c / LONG;
  let at = row * blocks;
  var label = 0u;
  if (!has_targets()) { label = class_of(row); }
  let example = row / (params.n / params.examples);
  var scale = dy[select(row, example, params.reduction == MEAN || params.reduction == SUM)];
  // NaN, not infinite, over rows without weight, as the mean is.
  if (params.reduction == MEAN) {
    let denominator = summary[4u * example + 1u];
    scale = select(scale, 0.0, denominator == 0.0) / denominator;
  }
  if (label == NONE) { scale = 0.0; }

  var top = first(logits[at]);
  for (var k = 0u; k < blocks; k++) { top = peak(top, logits[at + k]); }
  var sum = 0.0;
  var whole = 0.0;
  for (var start = 0u; start < blocks; start += CHUNK / LONG) {
    var part = 0.0;
    var part_mass = 0.0;
    let end = min(start + CHUNK / LONG, blocks);
    for (var k = start; k < end; k++) {
      let e = exp_of(logits[at + k] - top);
      part = add(part, e);
      if (!HARD) { part_mass = add(part_mass, mass(at, k, label)); }
    }
    sum += part;
    whole += part_mass;
  }
  if (HARD) { whole = select(params.keep, 0.0, label == NONE); }
  let factor = whole / sum;
  // The exponentials again: on the adapters we measured they cost less than writing and reading them.
  for (var k = 0u; k < blocks; k++) { dlogits[at + k] = scale * (factor * exp_of(logits[at + k] - top) - mass(at, k, label)); }
}
