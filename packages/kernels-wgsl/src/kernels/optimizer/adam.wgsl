// adam: one step of Adam, AdamW or AMSGrad, in place, over `count` elements: all parameters of a model in one dispatch
//
// p, m, v, vmax  [count] read and written (vmax only with amsgrad);  g  [count] read
// eps_mode 0     p -= step_size m / (sqrt(v) / root_bias2 + eps), step_size = lr / bias1: torch, and optax without eps_root
//          1     p -= step_size m / (sqrt(v) + eps), step_size = lr sqrt(bias2) / bias1, moments by differences: Keras
//          2     p -= step_size m / (sqrt(v / bias2 + eps_root) + eps): optax with eps_root
// decay_mode     0 none, 1 g += decay p, 2 p *= decay = 1 - lr wd, 3 p -= p decay lr. Bias corrections come from the host, in f64.
// Thread  every LANES-th element of its workgroup's share, of type T: f32, or vec4<f32> (twice as fast) when count and
//         offsets are multiples of four.
// Order   as torch's and Keras' single-tensor loops; each step of it is an fma or is rounded, so both variants give the same bits.
// Reference: adam.ref.ts

struct Params {
  count: u32,
  eps_mode: u32,
  decay_mode: u32,
  amsgrad: u32,
  maximize: u32,
  zero: u32,
  beta1: f32,
  beta2: f32,
  one_minus_beta1: f32,
  one_minus_beta2: f32,
  step_size: f32,
  bias2: f32,
  root_bias2: f32,
  eps: f32,
  eps_root: f32,
  lr: f32,
  decay: f32,
}

alias T = f32;
alias U = u32;

@group(0) @binding(0) var<storage, read_write> p: array<T>;
@group(0) @binding(1) var<storage, read> g: array<T>;
@group(0) @binding(2) var<storage, read_write> m: array<T>;
@group(0) @binding(3) var<storage, read_write> v: array<T>;
@group(0) @binding(4) var<storage, read_write> vmax: array<T>;
@group(0) @binding(5) var<uniform> params: Params;

const LANES = 64u;
const WIDTH = 1u;

// Replaced by constants where a call takes no branch but these, as adapters on a CPU evaluate them for every lane.
fn eps_mode() -> u32 { return params.eps_mode; }
fn decay_mode() -> u32 { return params.decay_mode; }
fn amsgrad() -> bool { return params.amsgrad == 1u; }
fn maximize() -> bool { return params.maximize == 1u; }

// Keeps a product or quotient from being contracted with the sum that follows: zero is 0, which no compiler can know.
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

  var first = m[i];
  var second = v[i];
  if (eps_mode() == 1u) {
    first = fma(dw - first, T(params.one_minus_beta1), first);
    second = fma(fma(dw, dw, -second), T(params.one_minus_beta2), second);
  } else {
    first = fma(T(params.one_minus_beta1), dw, first * params.beta1);
    second = fma(dw * params.one_minus_beta2, dw, second * params.beta2);
  }
  m[i] = first;
  v[i] = second;
  if (amsgrad()) {
    second = max(vmax[i], second);
    vmax[i] = second;
  }

  var denominator: T;
  switch eps_mode() {
    case 1u: { denominator = sqrt(second) + params.eps; }
    case 2u: { denominator = sqrt(rounded(second / params.bias2) + params.eps_root) + params.eps; }
    default: { denominator = rounded(sqrt(second) / params.root_bias2) + params.eps; }
  }
  p[i] = w - rounded(first * params.step_size / denominator);
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
