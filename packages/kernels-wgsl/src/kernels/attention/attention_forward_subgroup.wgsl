// attention_forward, variant for subgroups of 8 or 4 lanes: as attention_forward.wgsl, with vector loads and a tile shared within the subgroup.
//
// Needs      widths, every offset and every stride in multiples of four elements.
// Workgroup  one subgroup: four queries a lane, and 32 keys at a time. Scores lie as four queries of one key to a vector, so that a row's
//            maximum and sum stay within a lane; keys and values are loaded by one lane each and got by broadcast, as in
//            matmul_subgroup.wgsl. Sums over values lie in y between tiles of keys.
// Loop       over k and over columns of values in fours: 8 vector loads, and for values 4 stores, for 128 vector fma.
// Order      as in attention_forward.wgsl: the same bits.
// Reference: attention.ref.ts

enable subgroups;

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

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// 8 or 4.
const LANES = 8u;
const KEYS = 32u;

// Some adapters make numbers of a NaN in exp.
fn exp_of(v: vec4<f32>) -> vec4<f32> { return select(exp(v), v, v != v); }

fn step(sum: vec4<f32>, k_j: vec4<f32>, q_k: mat4x4<f32>) -> vec4<f32> {
  return fma(vec4(k_j.w), q_k[3], fma(vec4(k_j.z), q_k[2], fma(vec4(k_j.y), q_k[1], fma(vec4(k_j.x), q_k[0], sum))));
}

// What a key adds to four rows, a column of sums each.
fn value(sum: mat4x4<f32>, p: vec4<f32>, v_j: vec4<f32>) -> mat4x4<f32> {
  return mat4x4(fma(vec4(p.x), v_j, sum[0]), fma(vec4(p.y), v_j, sum[1]), fma(vec4(p.z), v_j, sum[2]), fma(vec4(p.w), v_j, sum[3]));
}

// A lane's rows, and the first and last key that each sees.
var<private> first: vec4<i32>;
var<private> last: vec4<i32>;

fn score(product: vec4<f32>, j: u32) -> vec4<f32> {
  // A variable: WGSL refuses infinity as a constant.
  var lowest = 0xff800000u;
  return select(vec4(bitcast<f32>(lowest)), product * params.scale, (vec4(i32(j)) >= first) & (vec4(i32(j)) <= last));
}

fn is_lowest(v: vec4<f32>) -> vec4<bool> { return bitcast<vec4<u32>>(v) == vec4(0xff800000u); }

// Offsets in vectors of four rows from `row` on, none beyond `count`.
fn rows_from(base: u32, row: u32, count: u32, stride: u32) -> vec4<u32> {
  return (vec4(base) + min(vec4(row) + vec4(0u, 1u, 2u, 3u), vec4(count - 1u)) * stride) / 4u;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) ids: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let number = id.y * ids.x + id.x;
  let tiles = (params.length + LANES * 4u - 1u) / (LANES * 4u);
  let matrix = number / tiles;
  if (matrix >= params.matrices) { return; }
  let batch = matrix / params.heads;
  let head = matrix % params.heads;
  let row0 = number % tiles * LANES * 4u;
  let row = row0 + lane * 4u;
  let q_from = rows_from(batch * params.q_batch + head * params.q_head, row, params.length, params.q_row);
  let y_from = rows_from(batch * params.y_batch + head * params.y_head, row, params.length, params.y_row);
  let k_base = batch * params.k_batch + head / params.group * params.k_head;
  let v_base = batch * params.v_batch + head / params.group * params.v_head;
  let t = vec4(i32(row)) + vec4(0, 1, 2, 3);
  first = t - params.low;
  last = min(t + params.high, vec4(i32(params.keys) - 1));
  // Tiles of keys that some row of the workgroup sees, but one at least.
  let lowest_key = clamp(i32(row0) - params.low, 0, i32(params.keys) - 1);
  let start = u32(lowest_key) / KEYS * KEYS;
  let end = u32(clamp(i32(row0 + LANES * 4u) + params.high, i32(start) + 1, i32(params.keys)));

  var lowest = 0xff800000u;
  var top = vec4(bitcast<f32>(lowest));
  var total = vec4(0.0);
  for (var j = start; j < end; j += KEYS) {
    var s0 = vec4(0.0);
    var s1 = vec4(0.0);
    var s2 = vec4(0.0);
    var s3 = vec4(0.0);
    var s4 = vec4(0.0);
    var s5 = vec4(0.0);
    var s6 = vec4(0.0);
    var s7 = vec4(0.0);
    var s8 = vec4(0.0);
    var s9 = vec4(0.0);
    var s10 = vec4(0.0);
    var s11 = vec4(0.0);
    var s12 = vec4(0.0);
    var s13 = vec4(0.0);
    var s14 = vec4(0.0);
    var s15 = vec4(0.0);
    var s16 = vec4(0.0);
    var s17 = vec4(0.0);
    var s18 = vec4(0.0);
    var s19 = vec4(0.0);
    var s20 = vec4(0.0);
    var s21 = vec4(0.0);
    var s22 = vec4(0.0);
    var s23 = vec4(0.0);
    var s24 = vec4(0.0);
    var s25 = vec4(0.0);
    var s26 = vec4(0.0);
    var s27 = vec4(0.0);
    var s28 = vec4(0.0);
    var s29 = vec4(0.0);
    var s30 = vec4(0.0);
    var s31 = vec4(0.0);
    var q_at = q_from;
    var k_at = rows_from(k_base, j + lane * 4u, params.keys, params.k_row);
    var k_far = rows_from(k_base, j + 16u + lane * 4u, params.keys, params.k_row);
    for (var c = 0u; c < params.width; c += 4u) {
      let q_k = transpose(mat4x4(q[q_at.x], q[q_at.y], q[q_at.z], q[q_at.w]));
      let k_j = mat4x4(k[k_at.x], k[k_at.y], k[k_at.z], k[k_at.w]);
      s0 = step(s0, subgroupBroadcast(k_j[0], 0u), q_k);
      s1 = step(s1, subgroupBroadcast(k_j[1], 0u), q_k);
      s2 = step(s2, subgroupBroadcast(k_j[2], 0u), q_k);
      s3 = step(s3, subgroupBroadcast(k_j[3], 0u), q_k);
      s4 = step(s4, subgroupBroadcast(k_j[0], 1u), q_k);
      s5 = step(s5, subgroupBroadcast(k_j[1], 1u), q_k);
      s6 = step(s6, subgroupBroadcast(k_j[2], 1u), q_k);
      s7 = step(s7, subgroupBroadcast(k_j[3], 1u), q_k);
      s8 = step(s8, subgroupBroadcast(k_j[0], 2u), q_k);
      s9 = step(s9, subgroupBroadcast(k_j[1], 2u), q_k);
      s10 = step(s10, subgroupBroadcast(k_j[2], 2u), q_k);
      s11 = step(s11, subgroupBroadcast(k_j[3], 2u), q_k);
      s12 = step(s12, subgroupBroadcast(k_j[0], 3u), q_k);
      s13 = step(s13, subgroupBroadcast(k_j[1], 3u), q_k);
      s14 = step(s14, subgroupBroadcast(k_j[2], 3u), q_k);
      s15 = step(s15, subgroupBroadcast(k_j[3], 3u), q_k);
      if (LANES == 8u) {
        s16 = step(s16, subgroupBroadcast(k_j[0], 4u), q_k);
        s17 = step(s17, subgroupBroadcast(k_j[1], 4u), q_k);
        s18 = step(s18, subgroupBroadcast(k_j[2], 4u), q_k);
        s19 = step(s19, subgroupBroadcast(k_j[3], 4u), q_k);
        s20 = step(s20, subgroupBroadcast(k_j[0], 5u), q_k);
        s21 = step(s21, subgroupBroadcast(k_j[1], 5u), q_k);
        s22 = step(s22, subgroupBroadcast(k_j[2], 5u), q_k);
        s23 = step(s23, subgroupBroadcast(k_j[3], 5u), q_k);
        s24 = step(s24, subgroupBroadcast(k_j[0], 6u), q_k);
        s25 = step(s25, subgroupBroadcast(k_j[1], 6u), q_k);
        s26 = step(s26, subgroupBroadcast(k_j[2], 6u), q_k);
        s27 = step(s27, subgroupBroadcast(k_j[3], 6u), q_k);
        s28 = step(s28, subgroupBroadcast(k_j[0], 7u), q_k);
        s29 = step(s29, subgroupBroadcast(k_j[1], 7u), q_k);
        s30 = step(s30, subgroupBroadcast(k_j[2], 7u), q_k);
        s31 = step(s31, subgroupBroadcast(k_j[3], 7u), q_k);
      } else {
        let k_more = mat4x4(k[k_far.x], k[k_far.y], k[k_far.z], k[k_far.w]);
        k_far += vec4(1u);
        s16 = step(s16, subgroupBroadcast(k_more[0], 0u), q_k);
        s17 = step(s17, subgroupBroadcast(k_more[1], 0u), q_k);
        s18 = step(s18, subgroupBroadcast(k_more[2], 0u), q_k);
        s19 = step(s19, subgroupBroadcast(k_more[3], 0u), q_k);
        s20 = step(s20, subgroupBroadcast(k_more[0], 1u), q_k);
        s21 = step(s21, subgroupBroadcast(k_more[1], 1u), q_k);
        s22 = step(s22, subgroupBroadcast(k_more[2], 1u), q_k);
        s23 = step(s23, subgroupBroadcast(k_more[3], 1u), q_k);
        s24 = step(s24, subgroupBroadcast(k_more[0], 2u), q_k);
        s25 = step(s25, subgroupBroadcast(k_more[1], 2u), q_k);
        s26 = step(s26, subgroupBroadcast(k_more[2], 2u), q_k);
        s27 = step(s27, subgroupBroadcast(k_more[3], 2u), q_k);
        s28 = step(s28, subgroupBroadcast(k_more[0], 3u), q_k);
        s29 = step(s29, subgroupBroadcast(k_more[1], 3u), q_k);
        s30 = step(s30, subgroupBroadcast(k_more[2], 3u), q_k);
        s31 = step(s31, subgroupBroadcast(k_more[3], 3u), q_k);
      }
      q_at += vec4(1u);
      k_at += vec4(1u);
    }
    s0 = score(s0, j + 0u);
    s1 = score(s1, j + 1u);
    s2 = score(s2, j + 2u);
    s3 = score(s3, j + 3u);
    s4 = score(s4, j + 4u);
    s5 = score(s5, j + 5u);
    s6 = score(s6, j + 6u);
    s7 = score(s7, j + 7u);
    s8 = score(s8, j + 8u);
    s9 = score(s9, j + 9u);
    s10 = score(s10, j + 10u);
    s11 = score(s11, j + 11u);
    s12 = score(s12, j + 12u);
    s13 = score(s13, j + 13u);
    s14 = score(s14, j + 14u);
    s15 = score(s15, j + 15u);
    s16 = score(s16, j + 16u);
    s17 = score(s17, j + 17u);
    s18 = score(s18, j + 18u);
    s19 = score(s19, j + 19u);
    s20 = score(s20, j + 20u);
    s21 = score(s21, j + 21u);
    s22 = score(s22, j + 22u);
    s23 = score(s23, j + 23u);
    s24 = score(s24, j + 24u);
    s25 = score(s25, j + 25u);
    s26 = score(s26, j + 26u);
    s27 = score(s27, j + 27u);
    s28 = score(s28, j + 28u);
    s29 = score(s29, j + 29u);
    s30 = score(s30, j + 30u);
    s31 = score(s31, j + 31u);
    let before = top;
    top = max(top, max(max(s0, s1), max(s2, s3)));
    top = max(top, max(max(s4, s5), max(s6, s7)));
    top = max(top, max(max(s8, s9), max(s10, s11)));
    top = max(top, max(max(s12, s13), max(s14, s15)));
    top = max(top, max(max(s16, s17), max(s18, s19)));
    top = max(top, max(max(s20, s21), max(s22, s23)));
    top = max(top, max(max(s24, s25), max(s26, s27)));
    top = max(top, max(max(s28, s29), max(s30, s31)));
    // Of rows that have seen nothing yet every exponential is 0.
    let centre = select(top, vec4(0.0), is_lowest(top));
    let fades = exp_of(before - centre);
    var sum = vec4(0.0);
    s0 = exp_of(s0 - centre);
    sum += s0;
    s1 = exp_of(s1 - centre);
    sum += s1;
    s2 = exp_of(s2 - centre);
    sum += s2;
    s3 = exp_of(s3 - centre);
    sum += s3;
    s4 = exp_of(s4 - centre);
    sum += s4;
    s5 = exp_of(s5 - centre);
    sum += s5;
    s6 = exp_of(s6 - centre);
    sum += s6;
    s7 = exp_of(s7 - centre);
    sum += s7;
    s8 = exp_of(s8 - centre);
    sum += s8;
    s9 = exp_of(s9 - centre);
    sum += s9;
    s10 = exp_of(s10 - centre);
    sum += s10;
    s11 = exp_of(s11 - centre);
    sum += s11;
    s12 = exp_of(s12 - centre);
    sum += s12;
    s13 = exp_of(s13 - centre);
    sum += s13;
    s14 = exp_of(s14 - centre);
    sum += s14;
    s15 = exp_of(s15 - centre);
    sum += s15;
    s16 = exp_of(s16 - centre);
    sum += s16;
    s17 = exp_of(s17 - centre);
    sum += s17;
    s18 = exp_of(s18 - centre);
    sum += s18;
    s19 = exp_of(s19 - centre);
    sum += s19;
    s20 = exp_of(s20 - centre);
    sum += s20;
    s21 = exp_of(s21 - centre);
    sum += s21;
    s22 = exp_of(s22 - centre);
    sum += s22;
    s23 = exp_of(s23 - centre);
    sum += s23;
    s24 = exp_of(s24 - centre);
    sum += s24;
    s25 = exp_of(s25 - centre);
    sum += s25;
    s26 = exp_of(s26 - centre);
    sum += s26;
    s27 = exp_of(s27 - centre);
    sum += s27;
    s28 = exp_of(s28 - centre);
    sum += s28;
    s29 = exp_of(s29 - centre);
    sum += s29;
    s30 = exp_of(s30 - centre);
    sum += s30;
    s31 = exp_of(s31 - centre);
    sum += s31;
    total = fma(total, fades, sum);

    var y_at = y_from;
    var v_at = rows_from(v_base, j + lane * 4u, params.keys, params.v_row);
    var v_far = rows_from(v_base, j + 16u + lane * 4u, params.keys, params.v_row);
    for (var c = 0u; c < params.value_width; c += 4u) {
      let v_j = mat4x4(v[v_at.x], v[v_at.y], v[v_at.z], v[v_at.w]);
      var sums = mat4x4(vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
      if (j > start) { sums = mat4x4(y[y_at.x] * fades.x, y[y_at.y] * fades.y, y[y_at.z] * fades.z, y[y_at.w] * fades.w); }
      sums = value(sums, s0, subgroupBroadcast(v_j[0], 0u));
      sums = value(sums, s1, subgroupBroadcast(v_j[1], 0u));
      sums = value(sums, s2, subgroupBroadcast(v_j[2], 0u));
      sums = value(sums, s3, subgroupBroadcast(v_j[3], 0u));
      sums = value(sums, s4, subgroupBroadcast(v_j[0], 1u));
      sums = value(sums, s5, subgroupBroadcast(v_j[1], 1u));
      sums = value(sums, s6, subgroupBroadcast(v_j[2], 1u));
      sums = value(sums, s7, subgroupBroadcast(v_j[3], 1u));
      sums = value(sums, s8, subgroupBroadcast(v_j[0], 2u));
      sums = value(sums, s9, subgroupBroadcast(v_j[1], 2u));
      sums = value(sums, s10, subgroupBroadcast(v_j[2], 2u));
      sums = value(sums, s11, subgroupBroadcast(v_j[3], 2u));
      sums = value(sums, s12, subgroupBroadcast(v_j[0], 3u));
      sums = value(sums, s13, subgroupBroadcast(v_j[1], 3u));
      sums = value(sums, s14, subgroupBroadcast(v_j[2], 3u));
      sums = value(sums, s15, subgroupBroadcast(v_j[3], 3u));
      if (LANES == 8u) {
        sums = value(sums, s16, subgroupBroadcast(v_j[0], 4u));
        sums = value(sums, s17, subgroupBroadcast(v_j[1], 4u));
        sums = value(sums, s18, subgroupBroadcast(v_j[2], 4u));
        sums = value(sums, s19, subgroupBroadcast(v_j[3], 4u));
        sums = value(sums, s20, subgroupBroadcast(v_j[0], 5u));
        sums = value(sums, s21, subgroupBroadcast(v_j[1], 5u));
        sums = value(sums, s22, subgroupBroadcast(v_j[2], 5u));
        sums = value(sums, s23, subgroupBroadcast(v_j[3], 5u));
        sums = value(sums, s24, subgroupBroadcast(v_j[0], 6u));
        sums = value(sums, s25, subgroupBroadcast(v_j[1], 6u));
        sums = value(sums, s26, subgroupBroadcast(v_j[2], 6u));
        sums = value(sums, s27, subgroupBroadcast(v_j[3], 6u));
        sums = value(sums, s28, subgroupBroadcast(v_j[0], 7u));
        sums = value(sums, s29, subgroupBroadcast(v_j[1], 7u));
        sums = value(sums, s30, subgroupBroadcast(v_j[2], 7u));
        sums = value(sums, s31, subgroupBroadcast(v_j[3], 7u));
      } else {
        let v_more = mat4x4(v[v_far.x], v[v_far.y], v[v_far.z], v[v_far.w]);
        v_far += vec4(1u);
        sums = value(sums, s16, subgroupBroadcast(v_more[0], 0u));
        sums = value(sums, s17, subgroupBroadcast(v_more[1], 0u));
        sums = value(sums, s18, subgroupBroadcast(v_more[2], 0u));
        sums = value(sums, s19, subgroupBroadcast(v_more[3], 0u));
        sums = value(sums, s20, subgroupBroadcast(v_more[0], 1u));
        sums = value(sums, s21, subgroupBroadcast(v_more[1], 1u));
        sums = value(sums, s22, subgroupBroadcast(v_more[2], 1u));
        sums = value(sums, s23, subgroupBroadcast(v_more[3], 1u));
        sums = value(sums, s24, subgroupBroadcast(v_more[0], 2u));
        sums = value(sums, s25, subgroupBroadcast(v_more[1], 2u));
        sums = value(sums, s26, subgroupBroadcast(v_more[2], 2u));
        sums = value(sums, s27, subgroupBroadcast(v_more[3], 2u));
        sums = value(sums, s28, subgroupBroadcast(v_more[0], 3u));
        sums = value(sums, s29, subgroupBroadcast(v_more[1], 3u));
        sums = value(sums, s30, subgroupBroadcast(v_more[2], 3u));
        sums = value(sums, s31, subgroupBroadcast(v_more[3], 3u));
      }
      if (row < params.length) { y[y_at.x] = sums[0]; }
      if (row + 1u < params.length) { y[y_at.y] = sums[1]; }
      if (row + 2u < params.length) { y[y_at.z] = sums[2]; }
      if (row + 3u < params.length) { y[y_at.w] = sums[3]; }
      y_at += vec4(1u);
      v_at += vec4(1u);
    }
  }

  var inverse = 1.0 / total;
  if (params.empty_zero == 1u) { inverse = select(inverse, vec4(0.0), total == vec4(0.0)); }
  top = select(top, vec4(0.0), is_lowest(top));
  for (var i = 0u; i < min(4u, params.length - min(row, params.length)); i++) {
    for (var c = 0u; c < params.value_width / 4u; c++) { y[y_from[i] + c] *= inverse[i]; }
    statistics[matrix * params.length + row + i] = top[i];
    statistics[(params.matrices + matrix) * params.length + row + i] = inverse[i];
  }
}
