// arange: y[i] = start + i step, from the middle on stop - (count - 1 - i) step
//
// y       count elements, overwritten
// Ends    `half` elements are counted from the start and the rest from the stop, so that a range which ends in a given number
//         ends in just that number. A range that has no such end gives half = count.
// Floats  start and stop are sums of two f32, step of three, of which the first two have 12 bits, as the parts of a place have:
//         their products are exact, and sums keep what rounding loses of them. A result is the exact one, rounded once.
// Integers `value` is replaced by first + i by, in 32 bits that wrap.
// Thread  ITEMS elements, LANES apart.
// Reference: arange.ref.ts

struct Params {
  count: u32,
  half: u32,
  start_high: f32,
  start_low: f32,
  step_high: f32,
  step_middle: f32,
  step_low: f32,
  stop_high: f32,
  stop_low: f32,
  first: i32,
  by: i32,
  zero: u32,
}

alias Y = f32;
const LANES = 64u;
const ITEMS = 4u;

@group(0) @binding(0) var<storage, read_write> y: array<Y>;
@group(0) @binding(1) var<uniform> params: Params;

// The bits of a result as they are: zero is 0, but only the device knows, and so no driver simplifies what follows.
fn rounded_f32(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ params.zero); }

// A sum as two numbers, and one number more.
fn plus(sum: vec2<f32>, v: f32) -> vec2<f32> {
  let total = rounded_f32(sum.x + v);
  let of_v = rounded_f32(total - sum.x);
  return vec2(total, sum.y + ((sum.x - rounded_f32(total - of_v)) + (v - of_v)));
}

fn place(i: u32) -> f32 {
  let back = i >= params.half;
  let k = select(i, params.count - 1u - i, back);
  var sum = select(vec2(params.start_high, params.start_low), vec2(params.stop_high, params.stop_low), back);
  if (k == 0u) { return sum.x; }
  let step = select(1.0, -1.0, back) * vec3(params.step_high, params.step_middle, params.step_low);
  let parts = vec3(f32(k & 0xff000000u), f32(k & 0xfff000u), f32(k & 0xfffu));
  let high = parts * step.x;
  let middle = parts * step.y;
  sum = plus(plus(plus(sum, high.x), high.y), high.z);
  sum = plus(plus(plus(sum, middle.x), middle.y), middle.z);
  return sum.x + (sum.y + f32(k) * step.z);
}

fn value(i: u32) -> Y { return place(i); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * (LANES * ITEMS);
  let end = min(first + LANES * ITEMS, params.count);
  for (var i = first + lane; i < end; i += LANES) { y[i] = value(i); }
}
