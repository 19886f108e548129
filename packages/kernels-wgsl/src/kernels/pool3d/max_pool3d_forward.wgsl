// max_pool3d_forward: y[o, d, h, w, i] = max over the taps of window (d, h, w) that lie inside x; index is where in the volume it is
//
// x       [outer, in_d, in_h, in_w, inner]: NDHWC is [n, d, h, w, c], NCDHW is [n * c, d, h, w, 1]
// y       [outer, out_d, out_h, out_w, inner], overwritten; index likewise: (d * in_h + h) * in_w + w of the element
// Thread  one element of y (four along inner when V is a vector), lanes along the contiguous dimension.
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

// Extents as vectors: depth, height, width.
fn extent() -> vec3<u32> { return vec3(params.in_d, params.in_h, params.in_w); }
fn count() -> vec3<u32> { return vec3(params.out_d, params.out_h, params.out_w); }
fn stride() -> vec3<u32> { return vec3(params.stride_d, params.stride_h, params.stride_w); }
fn dilation() -> vec3<u32> { return vec3(params.dilation_d, params.dilation_h, params.dilation_w); }
fn pad() -> vec3<u32> { return vec3(params.pad_front, params.pad_top, params.pad_left); }
fn window() -> vec3<u32> { return vec3(params.window_d, params.window_h, params.window_w); }

// Where window o begins, wrapping around before the input, and how many taps it has; of adaptive pooling the spec replaces both.
fn begin(o: vec3<u32>) -> vec3<u32> { return o * stride() - pad(); }

fn taps(o: vec3<u32>) -> vec3<u32> { return window(); }

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: V) -> B { return (bitcast<I>(v) & I(0x7fffffff)) > I(0x7f800000); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let element = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  if (element >= params.outer * params.out_d * params.out_h * params.out_w * inner) { return; }
  // One division each: adapters on a CPU divide lane by lane.
  let column = element / inner;
  let i = element - column * inner;
  let row = column / params.out_w;
  let plane = row / params.out_h;
  let o = plane / params.out_d;
  let at = vec3(plane - o * params.out_d, row - plane * params.out_h, column - row * params.out_w);

  // A variable, because WGSL refuses a constant expression that is infinite.
  var lowest = 0xff800000u;
  var best = V(bitcast<f32>(lowest));
  var place = I(-1);
  let corner = begin(at);
  let size = taps(at);
  for (var t = 0u; t < size.x; t++) {
    let d = corner.x + t * params.dilation_d;
    if (d >= params.in_d) { continue; }
    for (var u = 0u; u < size.y; u++) {
      let h = corner.y + u * params.dilation_h;
      if (h >= params.in_h) { continue; }
      let line = (d * params.in_h + h) * params.in_w;
      for (var v = 0u; v < size.z; v++) {
        let w = corner.z + v * params.dilation_w;
        if (w >= params.in_w) { continue; }
        let value = x[(o * params.in_d * params.in_h * params.in_w + line + w) * inner + i];
        let better = (value > best) | is_nan(value) | (place < I(0));
        best = select(best, value, better);
        place = select(place, I(i32(line + w)), better);
      }
    }
  }
  y[element] = best;
  index[element] = place;
}
