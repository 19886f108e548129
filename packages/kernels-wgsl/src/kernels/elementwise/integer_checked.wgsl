// integer_checked: y[i] = f(a[at], b[bt]) of i32, where a result that is none is a fault: one beyond 32 bits, a division by 0
//
// a, b    any strides, 0 along the axes an operand is repeated over; b is a again where f takes one operand
// y       count elements, contiguous, overwritten; 0 where the result is none
// faults  word fault_slot: 1 where a result is beyond 32 bits or a probability not in 0 to 1, 2 where a divisor is 0
// axes    as in elementwise_binary.wgsl
// f       replaced by a function of this file (integer_checked.ts), which gives (result, fault)
// Thread  every LANES-th element of its workgroup's tile.
// Reference: integer_checked.ref.ts

struct Params {
  count: u32,
  tile: u32,
  s0: f32,
  s1: f32,
  rank: u32,
  axes: array<vec4<u32>, 12>,
  fault_slot: u32,
}

alias A = i32;
alias B = i32;
const LANES = 64u;
const BEYOND = 1u;
const DIVISION = 2u;

@group(0) @binding(0) var<storage, read> a: array<A>;
@group(0) @binding(1) var<storage, read> b: array<B>;
@group(0) @binding(2) var<storage, read_write> faults: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<i32>;
@group(0) @binding(4) var<uniform> params: Params;

struct Result {
  value: i32,
  fault: u32,
}

fn result(value: i32, beyond: bool) -> Result { return Result(select(value, 0, beyond), select(0u, BEYOND, beyond)); }

fn add(a: i32, b: i32) -> Result {
  let y = a + b;
  return result(y, ((a ^ y) & (b ^ y)) < 0);
}

fn sub(a: i32, b: i32) -> Result {
  let y = a - b;
  return result(y, ((a ^ b) & (a ^ y)) < 0);
}

fn neg(a: i32) -> Result { return sub(0, a); }

fn absolute(a: i32) -> Result {
  if (a < 0) { return sub(0, a); }
  return result(a, false);
}

// The 64 bits of a product, the high word first.
fn product_u64(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let middle = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
  return vec2((a >> 16u) * (b >> 16u) + (cross >> 16u) + (middle >> 16u), (middle << 16u) | (low & 0xffffu));
}

fn mul(a: i32, b: i32) -> Result {
  let size = product_u64(u32(abs(a)), u32(abs(b)));
  let limit = select(0x7fffffffu, 0x80000000u, (a < 0) != (b < 0));
  return result(a * b, size.x != 0u || size.y > limit);
}

// To a negative power 1 and -1 have a result, and all others give 0, as in PyTorch.
fn power(a: i32, b: i32) -> Result {
  if (b < 0) { return result(select(0, select(1, a, (b & 1) == 1), a == 1 || a == -1), false); }
  var product = 1;
  var square = a;
  var fault = 0u;
  for (var bits = u32(b); bits > 0u; bits >>= 1u) {
    if ((bits & 1u) == 1u) {
      let next = mul(product, square);
      product = next.value;
      fault |= next.fault;
    }
    if (bits > 1u) {
      let next = mul(square, square);
      square = next.value;
      fault |= next.fault;
    }
  }
  return result(product, fault != 0u);
}

fn trunc_divide(a: i32, b: i32) -> Result {
  if (b == 0) { return Result(0, DIVISION); }
  if (b == -1) { return sub(0, a); }
  return result(a / b, false);
}

fn floor_divide(a: i32, b: i32) -> Result {
  if (b == 0 || b == -1) { return trunc_divide(a, b); }
  return result(a / b - select(0, 1, a % b != 0 && (a < 0) != (b < 0)), false);
}

// What trunc(a / b) leaves of a: with the sign of a.
fn modulo_trunc(a: i32, b: i32) -> Result {
  if (b == 0) { return Result(0, DIVISION); }
  if (b == -1) { return result(0, false); }
  return result(a % b, false);
}

// What floor(a / b) leaves of a: with the sign of b.
fn modulo_floor(a: i32, b: i32) -> Result {
  let rest = modulo_trunc(a, b);
  return Result(rest.value + select(0, b, rest.value != 0 && (rest.value < 0) != (b < 0)), rest.fault);
}

// a 2^b; 0 where b is negative or, as with integers of 64 bits, 64 and more.
fn shift_left(a: i32, b: i32) -> Result {
  if (a == 0 || b < 0 || b > 63) { return result(0, false); }
  if (b > 31) { return result(0, true); }
  let y = a << u32(b);
  return result(y, (y >> u32(b)) != a);
}

fn is_nan(x: f32) -> bool { return (bitcast<i32>(x) & 0x7fffffff) > 0x7f800000; }

fn from_f32(a: f32) -> Result {
  let inside = a >= -2147483648.0 && a < 2147483648.0 && !is_nan(a);
  return result(i32(select(0.0, a, inside)), !inside);
}

// a, a sum or product that wraps, where b, the same in f32, says that it did not: else they are 2^32 apart at least.
fn unless_wrapped(a: i32, b: f32) -> Result { return result(a, abs(b - f32(a)) > 2147483648.0); }

// Whether a, drawn from [0, 1), is below the probability b.
fn bernoulli(a: f32, b: f32) -> Result { return result(select(0, 1, a < b), is_nan(b) || b < 0.0 || b > 1.0); }

fn broadcast(i: u32) -> vec2<u32> {
  var rest = i;
  var at = vec2(0u);
  for (var d = 0u; d + 1u < params.rank; d++) {
    let axis = params.axes[d];
    let quotient = rest / axis.x;
    at += (rest - quotient * axis.x) * axis.yz;
    rest = quotient;
  }
  return at + rest * params.axes[params.rank - 1u].yz;
}

// Where a and b hold their part of element i of y.
fn locate(i: u32) -> vec2<u32> { return broadcast(i); }

fn f(a: A, b: B) -> Result { return add(a, b); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.count);
  for (var i = first + lane; i < end; i += LANES) {
    let at = locate(i);
    let r = f(a[at.x], b[at.y]);
    if (r.fault != 0u) { atomicMax(&faults[params.fault_slot], r.fault); }
    y[i] = r.value;
  }
}
