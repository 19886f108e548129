// elementwise_bessel: y[i] = f(a[i]), Bessel functions of orders 0 and 1
//
// a, y    count elements each, contiguous; y is overwritten
// f       replaced by the expression (expressions/), which may use params.s0, params.s1 and the functions below
// Thread  every LANES-th element of its workgroup's tile, as in elementwise_unary.wgsl, from where functions come that stand
//         there too. Polynomials are minimax fits made here; error bounds are in expressions/.
// Reference: elementwise.ref.ts

struct Params {
  count: u32,
  tile: u32,
  s0: f32,
  s1: f32,
}

alias A = f32;
alias Y = f32;
alias VA = A;
alias VY = Y;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> a: array<VA>;
@group(0) @binding(1) var<storage, read_write> y: array<VY>;
@group(0) @binding(2) var<uniform> params: Params;

fn is_nan(x: f32) -> bool { return (bitcast<i32>(x) & 0x7fffffff) > 0x7f800000; }

// A variable: WGSL refuses NaN and infinity as constants.
fn from_bits(word: u32) -> f32 {
  var bits = word;
  return bitcast<f32>(bits);
}

fn nan() -> f32 { return from_bits(0x7fc00000u); }

fn infinity() -> f32 { return from_bits(0x7f800000u); }

// e^r - 1 - r for |r| <= 0.5 (relative to r).
fn exp_tail(r: f32) -> f32 {
  return r * r * (0.50000006 + r * (0.166661292 + r * (0.0416649505 + r * (0.00840268657 + r * 0.00140102196))));
}

// 2^n for a whole n that the exponents of f32 hold: the low bits of n + 1.5 * 2^23 are those of n. Shifts and conversions to
// integers cost some drivers far more than products do.
fn power_of_two(n: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(n + 12582912.0) + 127u) * 8388608u);
}

fn exp_f32(x: f32) -> f32 {
  // Not clamp, which takes care of NaN on some drivers, and time.
  let low = select(x, -104.0, x < -104.0);
  let z = select(low, 89.0, low > 89.0);
  let n = floor(z * 1.442695022 + 0.5);
  let r = (z - n * 0.693359375) + n * 2.1219444170128554e-4;
  // 2^n in two factors, as n may be beyond the exponents of f32 where the result is not.
  let half = floor(n * 0.5);
  return select((1.0 + (r + exp_tail(r))) * power_of_two(half) * power_of_two(n - half), x, is_nan(x));
}

// The 64 bits of a product, the high word first.
fn product_u64(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let middle = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
  return vec2((a >> 16u) * (b >> 16u) + (cross >> 16u) + (middle >> 16u), (middle << 16u) | (low & 0xffffu));
}

// Word i of the binary digits of 2/pi.
fn two_over_pi(i: u32) -> u32 {
  var words = array<u32, 8>(
    0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu,
  );
  return words[i];
}

// Of |x| >= 2 the nearest multiple n of pi/2, as n mod 4, and x - n pi/2, after Payne and Hanek (1983): x times those digits
// of 2/pi that reach neither above 4 nor below 2^-64.
fn far_quarter(x: f32) -> vec2<f32> {
  let bits = bitcast<u32>(x);
  let shift = ((bits >> 23u) & 0xffu) - 126u;
  let fraction = (bits << 8u) | 0x80000000u;
  let i = shift / 32u;
  let s = shift % 32u;
  let words = vec4(two_over_pi(i), two_over_pi(i + 1u), two_over_pi(i + 2u), two_over_pi(i + 3u));
  let digits = (words.xyz << vec3(s)) | ((words.yzw >> vec3(1u)) >> vec3(31u - s));
  let first = product_u64(fraction, digits.x);
  let second = product_u64(fraction, digits.y);
  var low = second.y + product_u64(fraction, digits.z).x;
  let carry = u32(low < second.y);
  let sum = first.y + second.x;
  var high = sum + carry;
  var n = first.x + u32(sum < first.y) + u32(high < sum);
  let above = high >= 0x80000000u;
  if (above) {
    n += 1u;
    high = ~high + u32(low == 0u);
    low = ~low + 1u;
  }
  let zeros = countLeadingZeros(high);
  let top = (high << zeros) | ((low >> 1u) >> (31u - zeros));
  let r = f32(top) * bitcast<f32>((95u - zeros) << 23u) * 1.57079633;
  let negative = (bits >> 31u) == 1u;
  return vec2(select(r, -r, above != negative), f32(select(n & 3u, (4u - (n & 3u)) & 3u, negative)));
}

// sin(x + quarter * pi/2). Three constants sum to pi/2; products with the first two are exact up to |x| = 10 000.
fn sin_shifted(x: f32, quarter: i32) -> f32 {
  var n = round(x * 0.636619747);
  var r = ((x - n * 1.5703125) - n * 4.837512969970703e-4) - n * 7.549790126404332e-8;
  if (abs(x) > 10000.0) {
    let far = far_quarter(x);
    r = far.x;
    n = far.y;
  }
  let z = r * r;
  let s = r + r * z * (-0.166666552 + z * (0.00833219104 + z * -0.000195185727));
  let c = 1.0 - 0.5 * z + z * z * (0.0416666456 + z * (-0.00138873118 + z * 2.44327421e-05));
  let turn = i32(n) + quarter;
  let v = clamp(select(s, c, (turn & 1) == 1), -1.0, 1.0);
  return select(select(v, -v, (turn & 2) == 2), nan(), (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u);
}

fn sin_f32(x: f32) -> f32 { return sin_shifted(x, 0); }

fn cos_f32(x: f32) -> f32 { return sin_shifted(x, 1); }

// (I0(x) - 1) / t and (2 I1(x) / x - 1) / t for t = x^2 / 4 up to 15.
fn i0_near(t: f32) -> f32 {
  let high = 1.92884181e-06 + t * (3.94011792e-08 + t * (6.10860362e-10 + t * (7.93920138e-12 + t * (5.88458047e-14 + t * 1.08570544e-15))));
  return 1.0 + t * (0.25 + t * (0.027777778 + t * (0.00173611008 + t * (6.94449918e-05 + t * high))));
}

fn i1_near(t: f32) -> f32 {
  let high = 2.75556829e-07 + t * (4.92399765e-09 + t * (6.7978019e-11 + t * (7.88083899e-13 + t * (5.53146565e-15 + t * 8.8053085e-17))));
  return 0.5 + t * (0.0833333358 + t * (0.0069444445 + t * (0.000347222114 + t * (1.15741304e-05 + t * high))));
}

// I0(x) and I1(x), by sqrt(x) e^-x, of u = 1 / x below 0.13.
fn i0_far(u: f32) -> f32 {
  return 0.398942262 + u * (0.0498700403 + u * (0.0278673302 + u * (0.0345520414 + u * (-0.021441441 + u * 0.414100051))));
}

fn i1_far(u: f32) -> f32 {
  return 0.398942292 + u * (-0.149605975 + u * (-0.0465390943 + u * (-0.0470448434 + u * (0.0184520818 + u * -0.482397884))));
}

// e^(x / 2) twice, as e^x overflows where the result does not.
fn grown(x: f32, far: f32) -> f32 {
  let h = exp_f32(0.5 * x);
  return far / sqrt(x) * h * h;
}

fn i0_f32(x: f32) -> f32 {
  let size = min(abs(x), 1e4);
  let t = 0.25 * size * size;
  return select(select(grown(size, i0_far(1.0 / size)), 1.0 + t * i0_near(t), size < 7.75), x, is_nan(x));
}

fn i0e_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size < 7.75) {
    let t = 0.25 * size * size;
    return exp_f32(-size) * (1.0 + t * i0_near(t));
  }
  return i0_far(1.0 / size) / sqrt(size);
}

fn i1_f32(x: f32) -> f32 {
  let size = min(abs(x), 1e4);
  let t = 0.25 * size * size;
  let v = select(grown(size, i1_far(1.0 / size)), 0.5 * size * (1.0 + t * i1_near(t)), size < 7.75);
  return select(select(v, -v, x < 0.0), x, is_nan(x));
}

fn i1e_f32(x: f32) -> f32 {
  let size = abs(x);
  let t = 0.25 * size * size;
  var v = i1_far(1.0 / size) / sqrt(size);
  if (size < 7.75) { v = exp_f32(-size) * (0.5 * size * (1.0 + t * i1_near(t))); }
  return select(v, -v, x < 0.0);
}

// Up to 8 in x^2 / 32 - 1; beyond by amplitude and phase, with the sine and cosine of x itself.
fn j0_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size < 8.0) {
    let t = 0.03125 * x * x - 1.0;
    let high = -0.507471323 + t * (0.145989224 + t * (-0.0284651928 + t * (0.00405743718 + t * (-0.000451058324 + t * 3.89939851e-05))));
    return 0.0458296649 + t * (0.930301189 + t * (-0.648469269 + t * (-0.808088243 + t * (1.03837931 + t * high))));
  }
  if (size == infinity()) { return 0.0; }
  let u = 1.0 / size;
  let z = u * u;
  let p = 1.0 + z * (-0.0703089684 + z * (0.110948645 + z * -0.434387952));
  let q = u * (-0.124999993 + z * (0.0732294247 + z * (-0.222697228 + z * 1.20875943)));
  let s = sin_f32(size);
  let c = cos_f32(size);
  return 0.564189584 * sqrt(u) * (p * (c + s) - q * (s - c));
}

fn j1_f32(x: f32) -> f32 {
  let size = abs(x);
  if (size < 8.0) {
    let t = 0.03125 * x * x - 1.0;
    let high = -0.0547459647 + t * (0.0124568297 + t * (-0.00202870858 + t * (0.000249468721 + t * (-2.4376277e-05 + t * 1.88943045e-06))));
    return x * (-0.0581438281 + t * (0.0810586587 + t * (0.151516646 + t * (-0.259594828 + t * (0.15858376 + t * high)))));
  }
  if (size == infinity()) { return 0.0; }
  let u = 1.0 / size;
  let z = u * u;
  let p = 1.0 + z * (0.117183454 + z * (-0.142818585 + z * 0.518965065));
  let q = u * (0.375 + z * (-0.102524653 + z * (0.272601932 + z * -1.40963614)));
  let s = sin_f32(size);
  let c = cos_f32(size);
  let v = 0.564189584 * sqrt(u) * (p * (s - c) + q * (s + c));
  return select(v, -v, x < 0.0);
}

fn f(a: A) -> Y { return a; }

fn apply(a: VA) -> VY { return f(a); }

fn put(i: u32) { y[i] = apply(a[i]); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.count / WIDTH);
  var i = first + lane;
  for (; i < end; i += LANES) { put(i); }
}
