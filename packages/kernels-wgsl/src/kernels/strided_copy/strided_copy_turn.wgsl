// strided_copy, variant for transposes: as strided_copy.wgsl, where x is contiguous along another axis (x_inner) than y.
//
// Needs   at most three axes; stride 1 of y along axis 0 and of x along axis x_inner; both extents, the other strides and the offsets in
//         multiples of four.
// Thread  a square of 4 x 4 words: four vectors read along x_inner, turned, four written along axis 0. Loads and stores
//         are whole vectors, with no workgroup memory, which costs more than it saves on software adapters. In the variant
//         blocks a workgroup has 8 x 8 squares (square_of is replaced), so that it reads and writes whole lines of the cache.
// Reference: strided_copy.ref.ts

struct Params {
  count: u32,
  tile: u32,
  rank: u32,
  x_inner: u32,
  x_offset: u32,
  y_offset: u32,
  axes: array<vec4<u32>, 12>,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

fn in_order(i: u32, extents: vec3<u32>) -> vec3<u32> {
  let row = i / extents.x;
  let plane = row / extents.y;
  return vec3(i - row * extents.x, row - plane * extents.y, plane);
}

// A thread's square: its place along each axis, of as many squares as `extents` says.
fn square_of(i: u32, extents: vec3<u32>) -> vec3<u32> { return in_order(i, extents); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= params.count / 16u) { return; }
  // No loop over the axes: adapters on a CPU fetch params.axes[d] for each lane when d is no constant.
  let sides = vec3(4u, select(1u, 4u, params.x_inner == 1u), select(1u, 4u, params.x_inner == 2u));
  let place = sides * square_of(i, vec3(params.axes[0].x, params.axes[1].x, params.axes[2].x) / sides);
  let at = vec2(params.x_offset, params.y_offset) + place.x * params.axes[0].yz + place.y * params.axes[1].yz + place.z * params.axes[2].yz;
  let from_x = at.x / 4u;
  let to_y = at.y / 4u;
  let x_step = params.axes[0].y / 4u;
  let y_step = params.axes[params.x_inner].z / 4u;
  let v0 = x[from_x];
  let v1 = x[from_x + x_step];
  let v2 = x[from_x + 2u * x_step];
  let v3 = x[from_x + 3u * x_step];
  y[to_y] = vec4(v0.x, v1.x, v2.x, v3.x);
  y[to_y + y_step] = vec4(v0.y, v1.y, v2.y, v3.y);
  y[to_y + 2u * y_step] = vec4(v0.z, v1.z, v2.z, v3.z);
  y[to_y + 3u * y_step] = vec4(v0.w, v1.w, v2.w, v3.w);
}
