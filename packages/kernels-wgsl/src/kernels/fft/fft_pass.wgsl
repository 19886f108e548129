// fft_pass: one pass of a Fourier transform of rows of n = 2^k complex numbers, by Stockham's order, which needs no reordering
//
// x, y    [count, n] of pairs (real, imaginary); y is overwritten. After the pass every transform of `length` times radix is done.
// Values  y[L (R q + r) + k] = scale * sum over s of x[q L + k + s n / R] * e^(direction 2 pi i s (r L + k) / (R L)), L = length, R = radix, 4 or,
//         in the first pass, 2.
// Thread  every LANES-th butterfly of its workgroup's tile. All places follow from powers of two, without divisions.
// Order   pairs, then sums of pairs. Angles are exact fractions of a turn, and their sines within 1e-7.
// Reference: fft.ref.ts

struct Params {
  butterflies: u32,
  n: u32,
  length: u32,
  tile: u32,
  direction: f32,
  scale: f32,
}

const RADIX = 4u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

fn times(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  return vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// (cos, sin) of a fraction of a turn below a quarter.
fn turn(fraction: f32) -> vec2<f32> {
  let far = fraction > 0.125;
  let angle = 6.2831855 * select(fraction, 0.25 - fraction, far);
  let z = angle * angle;
  let s = angle + angle * z * (-0.16666667 + z * (0.008333334 + z * (-0.0001984127 + z * 2.7557319e-6)));
  let c = 1.0 + z * (-0.5 + z * (0.041666668 + z * (-0.0013888889 + z * (2.4801587e-5 - z * 2.755732e-7))));
  return select(vec2(c, s), vec2(s, c), far);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.butterflies);
  let part = params.n / RADIX;
  let length = params.length;
  let whole = f32(length * RADIX);
  for (var i = first + lane; i < end; i += LANES) {
    // The row of i begins at (i - j) radix.
    let j = i & (part - 1u);
    let k = j & (length - 1u);
    let from_at = (i - j) * RADIX + j;
    let to_at = (i - k) * RADIX + k;
    if (RADIX == 2u) {
      let a = x[from_at];
      let b = x[from_at + part];
      y[to_at] = (a + b) * params.scale;
      y[to_at + length] = (a - b) * params.scale;
      continue;
    }
    let sine = vec2(1.0, params.direction);
    let w = turn(f32(k) / whole) * sine;
    let w2 = times(w, w);
    let a = x[from_at];
    let b = times(x[from_at + part], w);
    let c = times(x[from_at + 2u * part], w2);
    let d = times(x[from_at + 3u * part], times(w, w2));
    let even = a + c;
    let odd = a - c;
    let sum = b + d;
    // A quarter turn of b - d.
    let turned = vec2(d.y - b.y, b.x - d.x) * params.direction;
    y[to_at] = (even + sum) * params.scale;
    y[to_at + length] = (odd + turned) * params.scale;
    y[to_at + 2u * length] = (even - sum) * params.scale;
    y[to_at + 3u * length] = (odd - turned) * params.scale;
  }
}
