// rnn_step_forward: h' = activate(x[t] + g)
//
// x       [steps, batch, units], the inputs' part of the sum; g [batch, units], that of the state: h . w
// mask    [steps, batch], 0 where a sequence has no step t: its state stays. Read only where params.masked.
// h       [rows, batch, units]: the state is read in row from_row and written in row to_row.
// Thread  every LANES-th unit of its workgroup's tile, or four in the vec4 variant; activate is replaced.
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

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read> g: array<V>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read_write> h: array<V>;
@group(0) @binding(4) var<uniform> params: Params;

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
    var next = activate(x[params.t * count + i] + g[i]);
    if (params.masked != 0u && mask[params.t * params.batch + i / units] == 0u) { next = h[params.from_row * count + i]; }
    h[params.to_row * count + i] = next;
  }
}
