// max_pool3d_forward: y[o, d, h, w, i] = max over the taps of window (d, h, w) that lie inside x; index is where in the volume it is
//
// x       [outer, in_d, in_h, in_w, inner]: NDHWC is [n, d, h, w, c], NCDHW is [n * c, d, h, w, 1]
// y       [outer, out_d, out_h, out_w, inner], overwritten; index likewise: (d * in_h + h) * in_w + w of the element
// Thread  every LANES-th element (fours along inner when V is a vector) of its workgroup's row (o, d, h) of y.
// Values  The first of equal elements; of NaNs the last, as in PyTorch. A window with no tap inside x gives -infinity and -1.
// Order   none: a maximum has no rounding.
// Reference: pool3d.ref.ts

struct Params {
  outer: u32, inner: u32,
  in_d: u32, in_h: u32, in_w: u32,
  out_d: u32, out_h: u32, out_w: u32,
  window_d: u32, window_h: u32, window_w: u32,
  stride_d: u32, stride_h: u32, stride_w: u32,
  dilation_d: u32, dilation_h: u32, dilation_w: u32,
  pad_front: u32, pad_back: u32, pad_top: u32, pad_bottom: u32, pad_left: u32, pad_right: u32,
  include_pad: u32, divisor: u32,
}

alias V = f32;
alias I = i32;
alias B = bool;
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<V>;
@group(0) @binding(1) var<storage, read_write> y: array<V>;
@group(0) @binding(2) var<storage, read_write> index: array<I>;
@group(0) @binding(3) var<uniform> params: Params;

// One axis: extents of x and y, window, stride, dilation, and padding before and after.
struct Axis {
  extent: u32, count: u32, window: u32, stride: u32, dilation: u32, before: u32, after: u32,
}

fn deep() -> Axis {
  return Axis(params.in_d, params.out_d, params.window_d, params.stride_d, params.dilation_d, params.pad_front, params.pad_back);
}

fn high() -> Axis {
  return Axis(params.in_h, params.out_h, params.window_h, params.stride_h, params.dilation_h, params.pad_top, params.pad_bottom);
}

fn wide() -> Axis {
  return Axis(params.in_w, params.out_w, params.window_w, params.stride_w, params.dilation_w, params.pad_left, params.pad_right);
}

// Where window o begins, wrapping around before the input, and how many taps it has; of adaptive pooling the spec replaces both.
fn begin(o: u32, axis: Axis) -> u32 { return o * axis.stride - axis.before; }

fn taps(o: u32, axis: Axis) -> u32 { return axis.window; }

// An element's column; the spec leaves the division out where there is one channel.
fn column_of(e: u32, inner: u32) -> u32 { return e / inner; }

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.outer * params.out_d * params.out_h) { return; }
  let inner = params.inner / WIDTH;
  let plane = row / params.out_h;
  let o = plane / params.out_d;
  let at_d = plane - o * params.out_d;
  let at_h = row - plane * params.out_h;
  let from_d = begin(at_d, deep());
  let from_h = begin(at_h, high());
  let taps_d = taps(at_d, deep());
  let taps_h = taps(at_h, high());
  let volume = o * params.in_d * params.in_h * params.in_w;
  // A variable, because WGSL refuses a constant expression that is infinite.
  var lowest = 0xff800000u;
  let count = params.out_w * inner;
  for (var e = lane; e < count; e += LANES) {
    let column = column_of(e, inner);
    let i = e - column * inner;
    let from_w = begin(column, wide());
    let taps_w = taps(column, wide());
    var best = V(bitcast<f32>(lowest));
    var place = I(-1);
    for (var t = 0u; t < taps_d; t++) {
      let d = from_d + t * params.dilation_d;
      if (d >= params.in_d) { continue; }
      for (var u = 0u; u < taps_h; u++) {
        let h = from_h + u * params.dilation_h;
        if (h >= params.in_h) { continue; }
        let line = (d * params.in_h + h) * params.in_w;
        for (var v = 0u; v < taps_w; v++) {
          let w = from_w + v * params.dilation_w;
          if (w >= params.in_w) { continue; }
          let value = x[(volume + line + w) * inner + i];
          let better = (value > best) | is_nan(value) | (place < I(0));
          best = select(best, value, better);
          place = select(place, I(i32(line + w)), better);
        }
      }
    }
    y[row * count + e] = best;
    index[row * count + e] = place;
  }
}
