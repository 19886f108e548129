// sgd: one step of gradient descent with momentum, in place, over `count` elements: all parameters in one dispatch
//
// p, velocity    [count] read and written (velocity only with has_velocity);  g  [count] read
// velocity_mode 0  v = momentum v + undamped g (v = g in the first step), p -= lr v; nesterov: p -= lr (g + momentum v): torch, optax
//               1  v = momentum v - lr g, p += v; nesterov: p += momentum v - lr g: Keras
// decay_mode     0 none, 1 g += decay p, 2 p *= decay = 1 - lr wd, 3 p -= p decay lr
// Thread  every LANES-th element of its workgroup's share, of type T: f32, or vec4<f32> when count and offsets are
//         multiples of four.
// Order   as torch's and Keras' loops; each step of it is an fma or is rounded, so both variants give the same bits.
// Reference: sgd.ref.ts

struct Params {
  count: u32,
  velocity_mode: u32,
  decay_mode: u32,
  has_velocity: u32,
  nesterov: u32,
  first_step: u32,
  maximize: u32,
  zero: u32,
  lr: f32,
  momentum: f32,
  undamped: f32,
  decay: f32,
}

alias T = f32;
alias U = u32;

@group(0) @binding(0) var<storage, read_write> p: array<T>;
@group(0) @binding(1) var<storage, read> g: array<T>;
@group(0) @binding(2) var<storage, read_write> velocity: array<T>;
@group(0) @binding(3) var<uniform> params: Params;

const LANES = 64u;
const WIDTH = 1u;

// Replaced by constants where a call takes no branch but these, as adapters on a CPU evaluate them for every lane.
fn velocity_mode() -> u32 { return params.velocity_mode; }
fn decay_mode() -> u32 { return params.decay_mode; }
fn has_velocity() -> bool { return params.has_velocity == 1u; }
fn nesterov() -> bool { return params.nesterov == 1u; }
fn first_step() -> bool { return params.first_step == 1u; }
fn maximize() -> bool { return params.maximize == 1u; }

// Keeps a product from being contracted with the sum that follows: zero is 0, which no compiler can know.
fn rounded(x: T) -> T {
  return bitcast<T>(bitcast<U>(x) ^ U(params.zero));
}

fn update(i: u32) {
  var w = p[i];
  var dw = g[i];
  if (maximize()) { dw = -dw; }
  switch decay_mode() {
    case 1u: { dw = fma(T(params.decay), w, dw); }
    case 2u: { w = rounded(w * params.decay); }
    case 3u: { w -= rounded(rounded(w * params.decay) * params.lr); }
    default: {}
  }

  if (!has_velocity()) {
    p[i] = w - rounded(dw * params.lr);
    return;
  }
  let momentum = T(params.momentum);
  var v = velocity[i];
  if (velocity_mode() == 1u) {
    let step = rounded(dw * params.lr);
    v = fma(momentum, v, -step);
    velocity[i] = v;
    if (nesterov()) { v = fma(momentum, v, -step); }
    p[i] = w + v;
    return;
  }
  if (first_step()) {
    v = dw;
  } else {
    v = fma(T(params.undamped), dw, rounded(v * params.momentum));
  }
  velocity[i] = v;
  if (nesterov()) { v = fma(momentum, v, dw); }
  p[i] = w - rounded(v * params.lr);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let all = params.count / WIDTH;
  let tile = (all + groups.x * groups.y - 1u) / (groups.x * groups.y);
  let first = (group.y * groups.x + group.x) * tile;
  let end = min(first + tile, all);
  for (var i = first + lane; i < end; i += LANES) { update(i); }
}
