// lstm_step_backward: the gradients of lstm_step_forward's sums, dx, and of the cell before it, dc
//
// dy      [rows, batch, units], that of the states; dh [batch, units], what the later step gave through h . w
// gates, cells  as the forward kernel left them; mask as there
// dc      [batch, units]: that of the cell of row to_row, becomes that of row from_row
// direct  [batch, units]: what passes by a step that the mask leaves out, of row to_row, becomes that of from_row; only where masked
// dx      [steps, batch, 4 units]: row t is overwritten
// Thread  every LANES-th unit of its workgroup's tile, or four in the vec4 variant; the derivatives are replaced.
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
alias U = u32;
alias B = bool;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read> dh: array<V>;
@group(0) @binding(2) var<storage, read> gates: array<V>;
@group(0) @binding(3) var<storage, read> cells: array<V>;
@group(0) @binding(4) var<storage, read> mask: array<u32>;
@group(0) @binding(5) var<storage, read_write> dc: array<V>;
@group(0) @binding(6) var<storage, read_write> direct: array<V>;
@group(0) @binding(7) var<storage, read_write> dx: array<V>;
@group(0) @binding(8) var<uniform> params: Params;

fn is_nan(v: V) -> B { return (bitcast<U>(v) & U(0x7fffffffu)) > U(0x7f800000u); }

fn exp_v(x: V) -> V {
  let low = select(x, V(-87.0), x < V(-87.0));
  let z = select(low, V(88.0), low > V(88.0));
  let n = floor(z * 1.442695022 + 0.5);
  let r = (z - n * 0.693359375) + n * 2.1219444170128554e-4;
  let tail = r * r * (0.50000006 + r * (0.166661292 + r * (0.0416649505 + r * (0.00840268657 + r * 0.00140102196))));
  return (1.0 + (r + tail)) * bitcast<V>((bitcast<U>(n + 12582912.0) + 127u) * 8388608u);
}

fn sigmoid_v(x: V) -> V {
  return select(1.0 / (1.0 + exp_v(-x)), x, is_nan(x));
}

fn tanh_v(x: V) -> V {
  let z = x * x;
  let near = x + x * z * (-0.333332837 + z * (0.133314863 + z * (-0.0537431724 + z * (0.0206497088 + z * -0.00571620278))));
  let tail = 1.0 - 2.0 / (exp_v(2.0 * abs(x)) + 1.0);
  let far = select(tail, -tail, x < V(0.0));
  return select(select(far, near, z < V(0.390625)), x, is_nan(x));
}

fn activate(v: V) -> V { return tanh_v(v); }

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
    let at_x = params.t * 4u * count + row * 3u * units + i;
    var grad = dy[params.to_row * count + i] + dh[i];
    if (params.masked != 0u) {
      grad += direct[i];
      if (mask[params.t * params.batch + row] == 0u) {
        direct[i] = grad;
        dx[at_x] = V(0.0);
        dx[at_x + units] = V(0.0);
        dx[at_x + 2u * units] = V(0.0);
        dx[at_x + 3u * units] = V(0.0);
        continue;
      }
      direct[i] = V(0.0);
    }
    let input_gate = gates[at_x];
    let forget = gates[at_x + units];
    let candidate = gates[at_x + 2u * units];
    let output_gate = gates[at_x + 3u * units];
    let top = activate(cells[params.to_row * count + i]);
    let cell = dc[i] + grad * output_gate * activate_slope(top);
    dx[at_x] = cell * candidate * gate_slope(input_gate);
    dx[at_x + units] = cell * cells[params.from_row * count + i] * gate_slope(forget);
    dx[at_x + 2u * units] = cell * input_gate * activate_slope(candidate);
    dx[at_x + 3u * units] = grad * top * gate_slope(output_gate);
    dc[i] = cell * forget;
  }
}
