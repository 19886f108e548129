// attention_softmax_forward: p = dropout(softmax over keys of (scores * scale + mask)), in place, for a block of rows and keys
//
// scores      [rows, keys], products of queries and keys; rows are `span` queries of each head of each example. Becomes p.
// mask        any strides over batch, head, row and key; of words that are 0 where a key is not seen, or floats that are added
// statistics  [2, batch heads length]: largest score, and 1 / sum of exponentials, of every row; those of the block are written
// Thread      one row, or with V a vector four keys of it at once.
// Order       keys in chunks of 64, their sums in order.
// Dropout     as that of all probabilities [batch, heads, length, all_keys] by the same key: the mask is drawn, never stored.
// Reference: attention.ref.ts

struct Params {
  // Rows and keys of the block, and where it begins among all.
  rows: u32,
  keys: u32,
  span: u32,
  first_row: u32,
  first_key: u32,
  all_keys: u32,
  length: u32,
  heads: u32,
  // Keys from t - low to t + high are seen by row t.
  low: i32,
  high: i32,
  mask_batch: u32,
  mask_head: u32,
  mask_row: u32,
  mask_key: u32,
  scale: f32,
  // Score of what is not seen: -infinity, or a low number that leaves rows without anything seen with equal shares.
  unseen: f32,
  // Whether such rows are 0, where unseen is -infinity; else NaN.
  empty_zero: u32,
  key0: u32,
  key1: u32,
  keep_prob: f32,
}

alias V = f32;
alias I = i32;
alias B = bool;
// Elements of V.
const LONG = 1u;
// What the mask holds.
alias M = f32;

@group(0) @binding(0) var<storage, read_write> scores: array<V>;
@group(0) @binding(1) var<storage, read> mask: array<M>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 32u;
const CHUNK = 64u;
// 0: no mask, 1: what is not 0 is seen, 2: added.
const MASK = 0u;
const DROPS = false;
// Whether low and high leave keys out.
const BANDED = true;

// x >> by. Replaced on SwiftShader, which shifts lane by lane, for by > 9: the upper bits as a float are exact, and added to one so
// large that its last bit stands for 2^by they come to lie at the lower end. scale is 2^by.
fn upper(x: vec4<u32>, by: u32, scale: f32) -> vec4<u32> { return x >> vec4(by); }

// Threefry-2x32, 20 rounds, as dropout.wgsl.
fn threefry(k0: u32, k1: u32, index: vec4<u32>) -> vec4<u32> {
  let k2 = k0 ^ k1 ^ 0x1bd11bdau;
  var x0 = vec4(k0);
  var x1 = index + k1;
  x0 += x1; x1 = ((x1 * 8192u) | upper(x1, 19u, 524288.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 32768u) | upper(x1, 17u, 131072.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 67108864u) | (x1 >> vec4(6u))) ^ x0;
  x0 += x1; x1 = ((x1 * 64u) | upper(x1, 26u, 67108864.0)) ^ x0;
  x0 += k1; x1 += k2 + 1u;
  x0 += x1; x1 = ((x1 * 131072u) | upper(x1, 15u, 32768.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 536870912u) | (x1 >> vec4(3u))) ^ x0;
  x0 += x1; x1 = ((x1 * 65536u) | upper(x1, 16u, 65536.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 16777216u) | (x1 >> vec4(8u))) ^ x0;
  x0 += k2; x1 += k0 + 2u;
  x0 += x1; x1 = ((x1 * 8192u) | upper(x1, 19u, 524288.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 32768u) | upper(x1, 17u, 131072.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 67108864u) | (x1 >> vec4(6u))) ^ x0;
  x0 += x1; x1 = ((x1 * 64u) | upper(x1, 26u, 67108864.0)) ^ x0;
  x0 += k0; x1 += k1 + 3u;
  x0 += x1; x1 = ((x1 * 131072u) | upper(x1, 15u, 32768.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 536870912u) | (x1 >> vec4(3u))) ^ x0;
  x0 += x1; x1 = ((x1 * 65536u) | upper(x1, 16u, 65536.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 16777216u) | (x1 >> vec4(8u))) ^ x0;
  x0 += k1; x1 += k2 + 4u;
  x0 += x1; x1 = ((x1 * 8192u) | upper(x1, 19u, 524288.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 32768u) | upper(x1, 17u, 131072.0)) ^ x0;
  x0 += x1; x1 = ((x1 * 67108864u) | (x1 >> vec4(6u))) ^ x0;
  x0 += x1; x1 = ((x1 * 64u) | upper(x1, 26u, 67108864.0)) ^ x0;
  x0 += k2; x1 += k0 + 5u;
  return x0 ^ x1;
}

// 23 random bits as the mantissa of a number in [1, 2), less 1.
fn unit(bits: vec4<u32>) -> vec4<f32> {
  return bitcast<vec4<f32>>((bits >> vec4(9u)) | vec4(0x3f800000u)) - 1.0;
}

fn lanes() -> I { return 0; }

// The V of a vector of four.
fn of_four(v: vec4<f32>) -> V { return v.x; }

// Some adapters make numbers of a NaN in exp.
fn exp_of(v: V) -> V { return select(exp(v), v, v != v); }

fn total(v: V) -> f32 { return v; }

// Where a row is: among all of all heads, in its sequence, in the mask.
struct Row {
  number: u32,
  t: i32,
  mask_at: u32,
}

fn row_of(r: u32) -> Row {
  let head = r / params.span;
  let t = params.first_row + r % params.span;
  let mask_at = head / params.heads * params.mask_batch + head % params.heads * params.mask_head + t * params.mask_row;
  return Row(head * params.length + t, i32(t), mask_at + params.first_key * params.mask_key);
}

fn masks(row: Row, j: u32) -> vec4<M> {
  let at = row.mask_at + min(vec4(j) + vec4(0u, 1u, 2u, 3u), vec4(params.keys - 1u)) * params.mask_key;
  return vec4(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
}

// Which of the keys from j on the row sees.
fn seen(row: Row, j: u32) -> B {
  var is = B(true);
  if (BANDED) {
    let s = I(i32(params.first_key + j)) + lanes();
    is = (s <= I(row.t + params.high)) & (s >= I(row.t - params.low));
  }
  if (MASK == 1u) { is = is & (of_four(vec4<f32>(masks(row, j))) != V(0.0)); }
  return is;
}

// Scores from products.
fn scored(row: Row, j: u32, product: V) -> V {
  var v = product * params.scale;
  if (MASK == 2u) { v += of_four(vec4<f32>(masks(row, j))); }
  if (!BANDED && MASK != 1u) { return v; }
  return select(V(params.unseen), v, seen(row, j));
}

// Factors of dropout, by the place of a probability among all.
fn kept(row: Row, j: u32) -> V {
  let index = vec4(row.number * params.all_keys + params.first_key + j) + vec4(0u, 1u, 2u, 3u);
  let keep = unit(threefry(params.key0, params.key1, index)) < vec4(params.keep_prob);
  return of_four(select(vec4(0.0), vec4(1.0 / params.keep_prob), keep));
}

fn peak(v: V) -> f32 { return v; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let r = (group.y * groups.x + group.x) * LANES + lane;
  if (r >= params.rows) { return; }
  let row = row_of(r);
  let size = params.keys / LONG;
  let at = r * size;
  // A variable: WGSL refuses infinity as a constant.
  var lowest = 0xff800000u;
  var most = V(bitcast<f32>(lowest));
  for (var j = 0u; j < size; j++) {
    let v = scored(row, j * LONG, scores[at + j]);
    if (BANDED || MASK > 0u) { scores[at + j] = v; }
    most = max(most, v);
  }
  var top = peak(most);
  // Rows that see nothing: every exponential is then 0.
  if (bitcast<u32>(top) == 0xff800000u) { top = 0.0; }
  var sum = 0.0;
  for (var start = 0u; start < size; start += CHUNK / LONG) {
    var part = V();
    for (var j = start; j < min(start + CHUNK / LONG, size); j++) {
      var v = scores[at + j];
      if (!BANDED && MASK == 0u) { v *= params.scale; }
      let e = exp_of(v - top);
      scores[at + j] = e;
      part += e;
    }
    sum += total(part);
  }
  var inverse = 1.0 / sum;
  if (sum == 0.0 && params.empty_zero == 1u) { inverse = 0.0; }
  for (var j = 0u; j < size; j++) {
    var p = scores[at + j] * inverse;
    if (DROPS) { p *= kept(row, j * LONG); }
    scores[at + j] = p;
  }
  statistics[row.number] = top;
  statistics[params.rows / params.span * params.length + row.number] = inverse;
}
