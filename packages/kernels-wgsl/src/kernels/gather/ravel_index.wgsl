// ravel_index: y[k] = before[k] extent + index[k], the flat index of several that name a place together; -1 where one names none
//
// before  [count], i32: what the axes before this one come to; not given for the first
// index   [count], i32
// y       [count], i32, overwritten
// resolve replaced: indices that count from the end, or are held to the ends, or wrap
// Thread  one index.
// Reference: gather.ref.ts

struct Params {
  count: u32,
  extent: u32,
  // Whether before is given.
  follows: u32,
  fault_slot: u32,
  // Whether an index out of range is noted in faults.
  raises: u32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> before: array<i32>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<i32>;
@group(0) @binding(4) var<uniform> params: Params;

// The place that an index names among n; below 0 or from n on where it names none.
fn resolve(i: i32, n: i32) -> i32 { return i; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let k = (group.x + group.y * groups.x) * LANES + lane;
  if (k >= params.count) { return; }
  let given = index[k];
  let place = resolve(given, i32(params.extent));
  let is_outside = place < 0 || u32(place) >= params.extent;
  if (is_outside && params.raises == 1u) {
    atomicMax(&faults[params.fault_slot], select(u32(given) + 1u, 0xffffffffu, given < 0));
  }
  var sum = 0;
  if (params.follows == 1u) { sum = before[k]; }
  y[k] = select(sum * i32(params.extent) + place, -1, is_outside || sum < 0);
}
