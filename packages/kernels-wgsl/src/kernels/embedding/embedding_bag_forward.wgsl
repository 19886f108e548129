// embedding_bag_forward: y[b, j] = sum, mean or maximum over the i of bag b of weight[index[i], j] * factors[i]
//
// weight   [rows, width]
// index    [count], i32; one equal to `padding` is left out, one that is no row is noted in faults
// offsets  [bags], i32: where each bag begins, ascending from 0, or [bags + 1] when `closed`; not read when bags are `fixed` long
// factors  [count], optional, for sums
// y        [bags, width], overwritten; an empty bag is 0
// places   [bags, width], i32, overwritten: the i of the first maximum, -1 in an empty bag; not touched but for the maximum
// Thread   one element of y, or four in the vec4 variant (V, W and WIDTH are replaced), i ascending; lanes along the row.
// Reference: embedding.ref.ts

struct Params {
  rows: u32,
  width: u32,
  count: u32,
  bags: u32,
  fixed: u32,
  closed: u32,
  padding: i32,
  has_factors: u32,
  fault_slot: u32,
  offset_slot: u32,
}

alias V = f32;
alias W = i32;
const WIDTH = 1u;
const LANES = 64u;
const MEAN = false;
const MAXIMUM = false;

@group(0) @binding(0) var<storage, read> weight: array<V>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> y: array<V>;
@group(0) @binding(6) var<storage, read_write> places: array<W>;
@group(0) @binding(7) var<uniform> params: Params;

fn note(slot: u32, v: i32) { atomicMax(&faults[slot], select(u32(v) + 1u, 0xffffffffu, v < 0)); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  let width = params.width / WIDTH;
  if (at >= params.bags * width) { return; }
  let bag = at / width;
  let column = at % width;
  var first = i32(bag * params.fixed);
  var last = first + i32(params.fixed);
  if (params.fixed == 0u) {
    first = offsets[bag];
    last = i32(params.count);
    if (bag + 1u < params.bags + params.closed) { last = offsets[bag + 1u]; }
    if (first < 0 || first > last || (bag == 0u && first != 0)) { note(params.offset_slot, first); }
    if (last > i32(params.count)) { note(params.offset_slot, last); }
    first = max(first, 0);
    last = min(last, i32(params.count));
  }
  var sum = V();
  var place = W(-1);
  var taken = 0.0;
  for (var i = first; i < last; i++) {
    let row = index[i];
    if (row == params.padding) { continue; }
    if (row < 0 || u32(row) >= params.rows) {
      note(params.fault_slot, row);
      continue;
    }
    var v = weight[u32(row) * width + column];
    if (MAXIMUM) {
      // A NaN is not less, and stays.
      let wins = (v > sum) | ((v != v) & (sum == sum)) | (place < W(0));
      sum = select(sum, v, wins);
      place = select(place, W(i), wins);
    } else {
      if (params.has_factors == 1u) { v *= factors[i]; }
      sum += v;
    }
    taken += 1.0;
  }
  if (MEAN) { sum /= max(taken, 1.0); }
  y[at] = sum;
  if (MAXIMUM) { places[at] = place; }
}
