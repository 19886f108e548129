// attention_forward: y = softmax over keys of (q k' scale) v, for every head, without scores in memory
//
// q, y        [batch, heads, length, width or value_width], by strides; y is overwritten
// k, v        [batch, heads / group, keys, width or value_width], by strides: a head of k and v serves `group` neighbours of q
// statistics  [2, batch heads length], overwritten: largest score, and 1 / sum of exponentials, of every row
// Thread  one row. Sums over values lie in y between tiles of keys.
// Order   keys in tiles of 32. A tile's exponentials are of what scores are apart from the largest so far, and what was summed before fades by the
//         exponential of how much that has risen. Products by k ascending, sums by keys ascending, one fma each.
// Reference: attention.ref.ts

struct Params {
  heads: u32,
  group: u32,
  matrices: u32,
  length: u32,
  keys: u32,
  width: u32,
  value_width: u32,
  // Keys from t - low to t + high are seen by row t.
  low: i32,
  high: i32,
  scale: f32,
  // Whether rows that see nothing are 0; else NaN.
  empty_zero: u32,
  // Strides over batch, head and row.
  q_batch: u32,
  q_head: u32,
  q_row: u32,
  k_batch: u32,
  k_head: u32,
  k_row: u32,
  v_batch: u32,
  v_head: u32,
  v_row: u32,
  y_batch: u32,
  y_head: u32,
  y_row: u32,
}

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const LANES = 32u;
const KEYS = 32u;

// Some adapters make numbers of a NaN in exp.
fn exp_of(v: f32) -> f32 { return select(exp(v), v, v != v); }

fn is_lowest(v: f32) -> bool { return bitcast<u32>(v) == 0xff800000u; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) ids: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = id.y * ids.x + id.x;
  let tiles = (params.length + LANES - 1u) / LANES;
  let matrix = number / tiles;
  let row = number % tiles * LANES + lane;
  if (matrix >= params.matrices || row >= params.length) { return; }
  let batch = matrix / params.heads;
  let head = matrix % params.heads;
  let q_at = batch * params.q_batch + head * params.q_head + row * params.q_row;
  let y_at = batch * params.y_batch + head * params.y_head + row * params.y_row;
  let k_at = batch * params.k_batch + head / params.group * params.k_head;
  let v_at = batch * params.v_batch + head / params.group * params.v_head;
  // The keys that the row sees, in tiles of which there is one at least.
  let first = i32(row) - params.low;
  let last = min(i32(row) + params.high, i32(params.keys) - 1);
  let start = u32(clamp(first, 0, i32(params.keys) - 1)) / KEYS * KEYS;
  let end = u32(max(last, i32(start))) + 1u;

  // A variable: WGSL refuses infinity as a constant.
  var lowest = 0xff800000u;
  var top = bitcast<f32>(lowest);
  var total = 0.0;
  var scores: array<f32, KEYS>;
  for (var j = start; j < end; j += KEYS) {
    let before = top;
    let count = min(KEYS, end - j);
    for (var i = 0u; i < count; i++) {
      var product = 0.0;
      for (var c = 0u; c < params.width; c++) {
        product = fma(k[k_at + (j + i) * params.k_row + c], q[q_at + c], product);
      }
      let seen = i32(j + i) >= first && i32(j + i) <= last;
      scores[i] = select(bitcast<f32>(lowest), product * params.scale, seen);
      top = max(top, scores[i]);
    }
    // Of rows that have seen nothing yet every exponential is 0.
    let centre = select(top, 0.0, is_lowest(top));
    let fades = exp_of(before - centre);
    var sum = 0.0;
    for (var i = 0u; i < count; i++) {
      scores[i] = exp_of(scores[i] - centre);
      sum += scores[i];
    }
    total = fma(total, fades, sum);
    for (var c = 0u; c < params.value_width; c++) {
      var part = 0.0;
      if (j > start) { part = y[y_at + c] * fades; }
      for (var i = 0u; i < count; i++) { part = fma(scores[i], v[v_at + (j + i) * params.v_row + c], part); }
      y[y_at + c] = part;
    }
  }

  var inverse = 1.0 / total;
  if (total == 0.0 && params.empty_zero == 1u) { inverse = 0.0; }
  if (is_lowest(top)) { top = 0.0; }
  for (var c = 0u; c < params.value_width; c++) { y[y_at + c] *= inverse; }
  statistics[matrix * params.length + row] = top;
  statistics[(params.matrices + matrix) * params.length + row] = inverse;
}
