// one_hot: y[i, c] = on where index[i] = c, else off
//
// index   [count], i32; an index out of range gives a row of off
// y       [count, depth], f32, overwritten
// Thread  one element of y.
// Reference: gather.ref.ts

struct Params {
  count: u32,
  depth: u32,
  on: f32,
  off: f32,
}

@group(0) @binding(0) var<storage, read> index: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  if (at >= params.count * params.depth) { return; }
  y[at] = select(params.off, params.on, index[at / params.depth] == i32(at % params.depth));
}
