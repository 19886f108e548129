// optimizer_step: one step of an optimiser, in place, over `count` elements: all parameters of a model in one dispatch
//
// p, a, b, c  [count] read and written: parameters, and as many states as the optimiser has (STATES);  g  [count] read
// scale   [1] or [parameters], optional: factors on the gradients, below 0 where elements are to stay as they are
// segment [count / 2^block_shift] u32, with scale per parameter: the factor that a block of elements takes
// late    optional: hyperparameters that are others in every step, where steps are counted on the device (`lateHyper`)
// Update  `update` is replaced by the formula of a row of the optimisers' table (optimizer_table.ts), of the hyperparameters
//         h0, h1, ...; each step of it is an fma or is rounded, so both variants give the same bits.
// Thread  every LANES-th element of its workgroup's share, of type T: f32, or vec4<f32> (twice as fast) when count and
//         offsets are multiples of four.
// Reference: optimizer_step.ref.ts

struct Params {
  count: u32,
  block_shift: u32,
  first_block: u32,
  zero: u32,
  h0: f32,
  h1: f32,
  h2: f32,
  h3: f32,
  h4: f32,
  h5: f32,
  h6: f32,
  h7: f32,
  h8: f32,
  h9: f32,
  h10: f32,
  h11: f32,
  h12: f32,
}

alias T = f32;
alias U = u32;
alias B = bool;

@group(0) @binding(0) var<storage, read_write> p: array<T>;
@group(0) @binding(1) var<storage, read> g: array<T>;
@group(0) @binding(2) var<storage, read_write> a: array<T>;
@group(0) @binding(3) var<storage, read_write> b: array<T>;
@group(0) @binding(4) var<storage, read_write> c: array<T>;
@group(0) @binding(5) var<storage, read> scale: array<f32>;
@group(0) @binding(6) var<storage, read> segment: array<u32>;
@group(0) @binding(7) var<storage, read> late: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

const LANES = 64u;
const WIDTH = 1u;
const STATES = 0u;
const SCALED = false;

struct Element {
  p: T,
  g: T,
  a: T,
  b: T,
  c: T,
}

// Keeps a product or quotient from being contracted with the sum that follows: zero is 0, which no compiler can know.
fn rounded(x: T) -> T {
  return bitcast<T>(bitcast<U>(x) ^ U(params.zero));
}

fn factor(i: u32) -> f32 { return scale[0]; }

fn update(e: Element) -> Element { return e; }

fn step_at(i: u32) {
  var e: Element;
  e.g = g[i];
  if (SCALED) {
    let by = factor(i);
    if (by < 0.0) { return; }
    e.g = rounded(e.g * by);
  }
  e.p = p[i];
  if (STATES > 0u) { e.a = a[i]; }
  if (STATES > 1u) { e.b = b[i]; }
  if (STATES > 2u) { e.c = c[i]; }
  e = update(e);
  p[i] = e.p;
  if (STATES > 0u) { a[i] = e.a; }
  if (STATES > 1u) { b[i] = e.b; }
  if (STATES > 2u) { c[i] = e.c; }
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
  for (var i = first + lane; i < end; i += LANES) { step_at(i); }
}
