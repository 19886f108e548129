// softmax_cross_entropy_forward: rows[r].x = sum over j of mass(r, j) * (log(sum over k of exp(logits[r, k])) - logits[r, j])
//   mass(r, j) = weight(j) * (keep * target(r, j) + share), keep = 1 - smoothing, share = smoothing / c
//
// logits  [n, c]; target(r, j) is targets[r, j], or 1 where j = labels[r] and 0 elsewhere; weight(j) is class_weights[j] or 1
// rows    [n, 4], overwritten: loss; share of the denominator, the weight of the label or 1 for targets; 1 if the first maxima
//         of logits and target agree; 1. All 0 for a row whose label is ignored or is no class (reported in faults).
// Thread  one row, two or four classes at once when V is a vector (V, U, I, B, LONG and the one-line functions are replaced).
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
const LANES = 32u;
const CHUNK = 64u;
const NONE = 0xffffffffu;

@group(0) @binding(0) var<storage, read> logits: array<V>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> targets: array<V>;
@group(0) @binding(3) var<storage, read> class_weights: array<V>;
@group(0) @binding(4) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> rows: array<vec4<f32>>;
@group(0) @binding(6) var<uniform> params: Params;

// Replaced by constants for labels alone, as some adapters on a CPU run through every branch.
fn has_targets() -> bool { return params.has_targets == 1u; }

fn has_weights() -> bool { return params.has_weights == 1u; }

fn smoothed() -> bool { return params.share != 0.0; }

struct Top {
  value: f32,
  at: u32,
}

// Some adapters make numbers of a NaN in exp and log; a compiler may assume there is none to compare.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

fn is_nan_f32(v: f32) -> bool { return (bitcast<i32>(v) & 0x7fffffff) > 0x7f800000; }

fn exp_of(v: V) -> V { return select(exp(v), v, is_nan(v)); }

fn log_of(v: f32) -> f32 { return select(log(v), v, is_nan_f32(v)); }

// Of a number and the next, the first NaN or else the first maximum.
fn higher(top: Top, v: f32, j: u32) -> Top {
  let above = v > top.value || (is_nan_f32(v) && !is_nan_f32(top.value));
  return Top(select(top.value, v, above), select(top.at, j, above));
}

fn highest(top: Top, v: V, j: u32) -> Top { return higher(top, v, j); }

// Of two maxima the higher, of equal ones that before the other.
fn either(a: Top, b: Top) -> Top {
  let other = b.value > a.value || (b.value == a.value && b.at < a.at);
  return Top(select(a.value, b.value, other), select(a.at, b.at, other));
}

// Of the maxima of every LONG-th class, each the first of its own.
fn join(value: V, at: U) -> Top { return Top(value, at); }

fn pick(v: V, i: u32) -> f32 { return v; }

fn add(part: f32, v: V) -> f32 { return part + v; }

fn classes(j: u32) -> U { return j; }

// The row's class, or NONE if the row does not count.
fn class_of(row: u32) -> u32 {
  let label = labels[row];
  if (params.has_ignore == 1u && label == params.ignore_index) { return NONE; }
  if (label >= 0 && u32(label) < params.c) { return u32(label); }
  atomicMax(&faults[params.fault_slot], select(0xffffffffu, u32(label) + 1u, label >= 0));
  return NONE;
}

fn weight(k: u32) -> V {
  if (has_weights()) { return class_weights[k]; }
  return V(1.0);
}

// Of classes k * LONG on; `at` is where the row begins.
fn target_at(at: u32, k: u32, label: u32) -> V {
  if (has_targets()) { return targets[at + k]; }
  return select(V(), V(1.0), classes(k * LONG) == U(label));
}

fn evaluate(row: u32) -> vec4<f32> {
  var label = 0u;
  if (!has_targets()) {
    label = class_of(row);
    if (label == NONE) { return vec4(0.0); }
  }
  let blocks = params.c / LONG;
  let at = row * blocks;
  var value = logits[at];
  var block = U(0u);
  for (var k = 1u; k < blocks; k++) {
    let v = logits[at + k];
    let above = v > value;
    value = select(value, v, above);
    block = select(block, U(k), above);
  }
  var top = join(value, classes(0u) + block * LONG);
  var sum = 0.0;
  for (var start = 0u; start < blocks; start += CHUNK / LONG) {
    var part = 0.0;
    let end = min(start + CHUNK / LONG, blocks);
    for (var k = start; k < end; k++) { part = add(part, exp_of(logits[at + k] - top.value)); }
    sum += part;
  }
  if (is_nan_f32(sum)) {
    // There may be a NaN, which comparisons need not see.
    top = Top(pick(logits[at], 0u), 0u);
    for (var k = 0u; k < blocks; k++) { top = highest(top, logits[at + k], k * LONG); }
  }
  let log_sum = log_of(sum);
  if (!has_targets() && !smoothed()) {
    // Other classes are not touched: a mass of 0 times a logit of -infinity would be NaN.
    let w = pick(weight(label / LONG), label % LONG);
    let logit = pick(logits[at + label / LONG], label % LONG);
    return vec4(w * params.keep * (log_sum - (logit - top.value)), w, select(0.0, 1.0, top.at == label), 1.0);
  }

  var loss = 0.0;
  var aim = Top(pick(target_at(at, 0u, label), 0u), 0u);
  for (var start = 0u; start < blocks; start += CHUNK / LONG) {
    var part = 0.0;
    let end = min(start + CHUNK / LONG, blocks);
    for (var k = start; k < end; k++) {
      let t = target_at(at, k, label);
      aim = highest(aim, t, k * LONG);
      let own = select(V(), params.keep * t, has_targets());
      part = add(part, weight(k) * (own + params.share) * (log_sum - (logits[at + k] - top.value)));
    }
    loss += part;
  }
  var denominator = 1.0;
  if (!has_targets()) {
    // Apart from the rest and where it is kept by 0 too, as in PyTorch: 0 times an infinite logit is NaN.
    denominator = pick(weight(label / LONG), label % LONG);
    let logit = pick(logits[at + label / LONG], label % LONG);
    loss += denominator * params.keep * (log_sum - (logit - top.value));
  }
  return vec4(loss, denominator, select(0.0, 1.0, top.at == aim.at), 1.0);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y * groups.x + group.x) * LANES + lane;
  if (row >= params.n) { return; }
  rows[row] = evaluate(row);
}
