// gru_step_backward: the gradients of gru_step_forward's sums: dx of the inputs' part, dg of the state's
//
// dy      [rows, batch, units], that of the states; dh [batch, units], what the later step gave through h . w
// gates, h  as the forward kernel left them; mask as there
// direct  [batch, units]: what passes by h . w, of row to_row, becomes that of row from_row: z dy, or all where the mask leaves out the step
// dx, dg  [steps, batch, 3 units]: row t is overwritten; they differ in n, which r is a factor of
// Thread  every LANES-th unit of its workgroup's tile, or four in the vec4 variant; the derivatives and the places of r and z
//         are replaced.
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
const RESET = 0u;
const UPDATE = 1u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> dh: array<V>;
@group(0) @binding(2) var<storage, read> gates: array<V>;
@group(0) @binding(3) var<storage, read> h: array<V>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> direct: array<V>;
@group(0) @binding(6) var<storage, read_write> dx: array<V>;
@group(0) @binding(7) var<storage, read_write> dg: array<V>;
@group(0) @binding(8) var<uniform> params: Params;

// Derivatives, given the value.
fn activate_slope(v: V) -> V { return 1.0 - v * v; }

fn gate_slope(v: V) -> V { return v * (1.0 - v); }

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
    let row = i / units;
    let at_x = params.t * 3u * count + row * 2u * units + i;
    let at_gates = params.t * 4u * count + row * 3u * units + i;
    let grad = dy[params.to_row * count + i] + dh[i] + direct[i];
    var at_reset = V(0.0);
    var at_update = V(0.0);
    var at_candidate = V(0.0);
    var at_own = V(0.0);
    var past = grad;
    if (params.masked == 0u || mask[params.t * params.batch + row] != 0u) {
      let reset = gates[at_gates];
      let update = gates[at_gates + units];
      let candidate = gates[at_gates + 2u * units];
      past = grad * update;
      at_candidate = (grad - past) * activate_slope(candidate);
      at_own = at_candidate * reset;
      at_reset = at_candidate * gates[at_gates + 3u * units] * gate_slope(reset);
      at_update = grad * (h[params.from_row * count + i] - candidate) * gate_slope(update);
    }
    direct[i] = past;
    dx[at_x + RESET * units] = at_reset;
    dx[at_x + UPDATE * units] = at_update;
    dx[at_x + 2u * units] = at_candidate;
    dg[at_x + RESET * units] = at_reset;
    dg[at_x + UPDATE * units] = at_update;
    dg[at_x + 2u * units] = at_own;
  }
}
