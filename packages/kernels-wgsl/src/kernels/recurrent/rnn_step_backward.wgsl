// rnn_step_backward: the gradient of rnn_step_forward's sum, dx
//
// dy      [rows, batch, units], that of the states; dh [batch, units], what the later step gave through h . w
// h, mask  as of the forward kernel
// direct  [batch, units]: what passes by a step that the mask leaves out, of row to_row, becomes that of from_row; only where masked
// dx      [steps, batch, units]: row t is overwritten
// Thread  every LANES-th unit of its workgroup's tile, or four in the vec4 variant; the derivative is replaced.
// Reference: recurrent.ref.ts

struct Params {
  batch: u32,
  units: u32,
  t: u32,
  from_row: u32,
  to_row: u32,
  masked: u32,
  tile: u32,
}

alias V = f32;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> dh: array<V>;
@group(0) @binding(2) var<storage, read> h: array<V>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read_write> direct: array<V>;
@group(0) @binding(5) var<storage, read_write> dx: array<V>;
@group(0) @binding(6) var<uniform> params: Params;

// The derivative, given the value.
fn activate_slope(v: V) -> V { return 1.0 - v * v; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let units = params.units / WIDTH;
  let count = params.batch * units;
  let end = min(first + params.tile, count);
  for (var i = first + lane; i < end; i += LANES) {
    var grad = dy[params.to_row * count + i] + dh[i];
    var past = V(0.0);
    if (params.masked != 0u) {
      grad += direct[i];
      if (mask[params.t * params.batch + i / units] == 0u) {
        past = grad;
        grad = V(0.0);
      }
      direct[i] = past;
    }
    dx[params.t * count + i] = grad * activate_slope(h[params.to_row * count + i]);
  }
}
