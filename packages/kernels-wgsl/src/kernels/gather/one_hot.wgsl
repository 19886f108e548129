// one_hot: y[o, c, i] = on where index[o, i] = c, else off
//
// index   [outer, inner], i32; an index out of range gives off all along
// y       [outer, depth, inner], 32-bit words of any type, overwritten
// Thread  one element of y.
// Reference: one_hot.ref.ts

struct Params {
  outer: u32,
  depth: u32,
  inner: u32,
  on: u32,
  off: u32,
}

@group(0) @binding(0) var<storage, read> index: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  if (at >= params.outer * params.depth * params.inner) { return; }
  let line = at / params.inner;
  let named = index[line / params.depth * params.inner + at % params.inner];
  y[at] = select(params.off, params.on, named == i32(line % params.depth));
}
