// fractional_max_pool: y[o, d, h, w] = max of the window of x[o] that begins at begin(d), begin(h), begin(w); index is where it is
//
// x       [outer, in_d, in_h, in_w]
// samples [outer, 3], from 0 up to 1: by them windows of each volume begin, along d, h and w
// y       [outer, out_d, out_h, out_w], overwritten; index likewise: (d * in_h + h) * in_w + w of the element
// Thread  one element, lanes along w.
// Values  The first of equal elements; of NaNs the last, as in PyTorch.
// Order   none: a maximum has no rounding.
// Reference: fractional_max_pool.ref.ts

struct Params {
  outer: u32,
  in_d: u32, in_h: u32, in_w: u32,
  out_d: u32, out_h: u32, out_w: u32,
  window_d: u32, window_h: u32, window_w: u32,
  // (extent - window) / (out - 1)
  step_d: f32, step_h: f32, step_w: f32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> samples: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> index: array<i32>;
@group(0) @binding(4) var<uniform> params: Params;

// By its bits, because a compiler may assume that comparisons never see a NaN.
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// Where window `at` of `count` begins: the last one ends with the axis.
fn begin(at: u32, sample: f32, extent: u32, count: u32, window: u32, step: f32) -> u32 {
  let last = extent - window;
  let place = u32((f32(at) + sample) * step) - u32(sample * step);
  return select(min(place, last), last, at + 1u == count);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.y * groups.x + group.x) * LANES + lane;
  if (at >= params.outer * params.out_d * params.out_h * params.out_w) { return; }
  let row = at / params.out_w;
  let plane = row / params.out_h;
  let o = plane / params.out_d;
  let d = begin(plane % params.out_d, samples[3u * o], params.in_d, params.out_d, params.window_d, params.step_d);
  let h = begin(row % params.out_h, samples[3u * o + 1u], params.in_h, params.out_h, params.window_h, params.step_h);
  let w = begin(at % params.out_w, samples[3u * o + 2u], params.in_w, params.out_w, params.window_w, params.step_w);
  let volume = o * params.in_d * params.in_h * params.in_w;
  var place = (d * params.in_h + h) * params.in_w + w;
  var best = x[volume + place];
  for (var z = d; z < d + params.window_d; z++) {
    for (var v = h; v < h + params.window_h; v++) {
      for (var u = w; u < w + params.window_w; u++) {
        let here = (z * params.in_h + v) * params.in_w + u;
        let value = x[volume + here];
        if (is_nan(value) || value > best) {
          best = value;
          place = here;
        }
      }
    }
  }
  y[at] = best;
  index[at] = i32(place);
}
