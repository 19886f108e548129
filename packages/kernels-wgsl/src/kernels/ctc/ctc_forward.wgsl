// ctc_forward: loss[n] = -log of the sum over all alignments of the labels with the steps of the product of their probabilities
//
// log_probs       [steps, examples, classes]
// labels          [examples, labels], i32, of which the first label_lengths[n] count; none is the blank
// input_lengths   [examples], i32: steps that count; label_lengths [examples], i32
// faults          word fault_slot: 1 where a label that counts is no class or the blank, 2 where a length is beyond its extent
// alpha           [examples, steps, 2 labels + 1], overwritten where the lengths reach: log of the sum over alignments up to a
//                 step, less the largest of each step before, so that it keeps its last bits however many there are
// loss            [examples], overwritten; infinite where the labels take more steps than there are
// Workgroup       one example. Its lanes share the states (a blank, a label, a blank, ...) of each step, one step after another.
// Reference: ctc.ref.ts. Functions are those of elementwise_unary.wgsl.

struct Params {
  steps: u32,
  examples: u32,
  classes: u32,
  labels: u32,
  blank: u32,
  fault_slot: u32,
}

const LANES = 32u;

@group(0) @binding(0) var<storage, read> log_probs: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> input_lengths: array<i32>;
@group(0) @binding(3) var<storage, read> label_lengths: array<i32>;
@group(0) @binding(4) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> alpha: array<f32>;
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

var<workgroup> partial: array<f32, LANES>;

fn is_nan(x: f32) -> bool { return (bitcast<i32>(x) & 0x7fffffff) > 0x7f800000; }

// A variable: WGSL refuses NaN and infinity as constants.
fn from_bits(word: u32) -> f32 {
  var bits = word;
  return bitcast<f32>(bits);
}

fn nan() -> f32 { return from_bits(0x7fc00000u); }

fn infinity() -> f32 { return from_bits(0x7f800000u); }

// e^r - 1 - r for |r| <= 0.5 (relative to r).
fn exp_tail(r: f32) -> f32 {
  return r * r * (0.50000006 + r * (0.166661292 + r * (0.0416649505 + r * (0.00840268657 + r * 0.00140102196))));
}

// 2^n for a whole n that the exponents of f32 hold: the low bits of n + 1.5 * 2^23 are those of n. Shifts and conversions to
// integers cost some drivers far more than products do.
fn power_of_two(n: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(n + 12582912.0) + 127u) * 8388608u);
}

fn exp_f32(x: f32) -> f32 {
  // Not clamp, which takes care of NaN on some drivers, and time.
  let low = select(x, -104.0, x < -104.0);
  let z = select(low, 89.0, low > 89.0);
  let n = floor(z * 1.442695022 + 0.5);
  let r = (z - n * 0.693359375) + n * 2.1219444170128554e-4;
  // 2^n in two factors, as n may be beyond the exponents of f32 where the result is not.
  let half = floor(n * 0.5);
  return select((1.0 + (r + exp_tail(r))) * power_of_two(half) * power_of_two(n - half), x, is_nan(x));
}

// log(1 + f) for sqrt(1/2) - 1 <= f <= sqrt(2) - 1; `low` is added where it loses least.
fn log_near_one(f: f32, low: f32) -> f32 {
  let high = -0.250008106 + f * (0.20002301 + f * (-0.16624558 + f * (0.141809478 + f * (-0.131285042 + f * (0.12882942 + f * -0.078616634)))));
  return f + ((f * f * f * (0.333333164 + f * high) - 0.5 * f * f) + low);
}

fn log_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (is_nan(x) || (bits >= 0x80800000u)) { return nan(); }
  if ((bits & 0x7fffffffu) < 0x00800000u) { return -infinity(); }
  if (bits == 0x7f800000u) { return x; }
  // x = m * 2^n with m in [sqrt(1/2), sqrt(2)); n_bits is n * 2^23.
  let n_bits = (i32(bits) - 0x3f3504f3) & -8388608;
  let m = bitcast<f32>(i32(bits) - n_bits);
  let n = f32(n_bits) * 1.1920929e-07;
  return log_near_one(m - 1.0, n * -2.1219444170128554e-4) + n * 0.693359375;
}

// log(e^a + e^b + e^c); -infinity where all are.
fn log_sum(a: f32, b: f32, c: f32) -> f32 {
  let largest = max(max(a, b), c);
  if (largest == -infinity()) { return largest; }
  return largest + log_f32(exp_f32(a - largest) + exp_f32(b - largest) + exp_f32(c - largest));
}

// The class of a state: blanks at even places, labels between.
fn class_of(example: u32, state: u32) -> u32 {
  if ((state & 1u) == 0u) { return params.blank; }
  return min(u32(labels[example * params.labels + state / 2u]), params.classes - 1u);
}

// Whether a state is also reached from two before it: a label that differs from the one before.
fn skips(example: u32, state: u32) -> bool {
  return (state & 1u) == 1u && state >= 3u && class_of(example, state) != class_of(example, state - 2u);
}

fn score(step: u32, example: u32, state: u32) -> f32 {
  return log_probs[(step * params.examples + example) * params.classes + class_of(example, state)];
}

// The largest of the lanes' values, 0 where all are -infinity. In the same place for every lane.
fn largest_of(lane: u32, own: f32) -> f32 {
  partial[lane] = own;
  workgroupBarrier();
  var most = partial[0];
  for (var i = 1u; i < LANES; i++) { most = max(most, partial[i]); }
  workgroupBarrier();
  return select(most, 0.0, most == -infinity());
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let example = group.y * groups.x + group.x;
  if (example >= params.examples) { return; }
  let steps = min(u32(max(input_lengths[example], 0)), params.steps);
  let count = min(u32(max(label_lengths[example], 0)), params.labels);
  if (lane == 0u) {
    if (u32(input_lengths[example]) != steps || u32(label_lengths[example]) != count) {
      atomicMax(&faults[params.fault_slot], 2u);
    }
    for (var i = 0u; i < count; i++) {
      let label = u32(labels[example * params.labels + i]);
      if (label >= params.classes || label == params.blank) { atomicMax(&faults[params.fault_slot], 1u); }
    }
  }
  let states = 2u * count + 1u;
  let width = 2u * params.labels + 1u;
  // What is left out of alpha: in all steps before, and in the last one.
  var offset = 0.0;
  var most = 0.0;
  for (var t = 0u; t < steps; t++) {
    let row = (example * params.steps + t) * width;
    offset += most;
    var own = -infinity();
    for (var s = lane; s < states; s += LANES) {
      var before = select(-infinity(), 0.0, s < 2u);
      if (t > 0u) {
        let last = row - width + s;
        var one = -infinity();
        var two = -infinity();
        if (s > 0u) { one = alpha[last - 1u]; }
        if (skips(example, s)) { two = alpha[last - 2u]; }
        before = log_sum(alpha[last], one, two) - most;
      }
      let value = before + score(t, example, s);
      alpha[row + s] = value;
      own = max(own, value);
    }
    storageBarrier();
    most = largest_of(lane, own);
  }
  if (lane == 0u) {
    // No steps align with no labels alone.
    var total = select(-infinity(), 0.0, count == 0u);
    if (steps > 0u) {
      let end = (example * params.steps + steps - 1u) * width + states - 1u;
      var label = -infinity();
      if (count > 0u) { label = alpha[end - 1u]; }
      total = offset + log_sum(alpha[end], label, -infinity());
    }
    loss[example] = -total;
  }
}
