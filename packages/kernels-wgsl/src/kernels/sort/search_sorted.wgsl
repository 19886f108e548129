// search_sorted: y[l, j] = how many of sorted[l] go before values[l, j], with `right` also those equal to it
//
// sorted  [lines, extent], ascending, NaN last; one line for all with `shared_line`
// values  [lines, count]
// y       [lines, count] of i32, overwritten
// goes_before  replaced: whether an element of sorted goes before a value. A NaN is larger than every number and equal to another.
// Thread  one value: a search by halves.
// Reference: sort.ref.ts

struct Params {
  lines: u32,
  extent: u32,
  count: u32,
  shared_line: u32,
}

// dtype of sorted and values
alias X = f32;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> sorted: array<X>;
@group(0) @binding(1) var<storage, read> values: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;
@group(0) @binding(3) var<uniform> params: Params;

fn is_nan(v: f32) -> bool { return (bitcast<i32>(v) & 0x7fffffff) > 0x7f800000; }

fn less_f32(a: f32, b: f32) -> bool { return a < b || (is_nan(b) && !is_nan(a)); }

fn goes_before(s: X, v: X) -> bool { return less_f32(s, v); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * LANES + lane;
  if (t >= params.lines * params.count) { return; }
  let base = select(t / params.count * params.extent, 0u, params.shared_line == 1u);
  let value = values[t];
  var low = 0u;
  var high = params.extent;
  while (low < high) {
    let half = (low + high) / 2u;
    if (goes_before(sorted[base + half], value)) {
      low = half + 1u;
    } else {
      high = half;
    }
  }
  y[t] = i32(low);
}
