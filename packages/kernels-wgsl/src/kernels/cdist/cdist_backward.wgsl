// cdist_backward: da[l, i, k] = sum over j of weights[l, i, j] (a[l, i, k] - b[l, j, k])
//
// weights [batch, n, m]: the gradient of each distance, divided by the distance
// a       [batch, n, d], contiguous
// b       [batch, m, d], contiguous
// da      as a, overwritten
// Thread  one element of da, or four in a row in the vec4 variant (V and WIDTH are replaced); lanes along k.
// Order   that of j
// Reference: cdist.ref.ts

struct Params {
  batch: u32,
  n: u32,
  m: u32,
  d: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<V>;
@group(0) @binding(2) var<storage, read> b: array<V>;
@group(0) @binding(3) var<storage, read_write> da: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * LANES + lane;
  let d = params.d / WIDTH;
  if (t >= params.batch * params.n * d) { return; }
  let row = t / d;
  let own = a[t];
  var from_b = row / params.n * params.m * d + (t - row * d);
  var sum = V(0.0);
  for (var j = 0u; j < params.m; j++) {
    sum += weights[row * params.m + j] * (own - b[from_b]);
    from_b += d;
  }
  da[t] = sum;
}
