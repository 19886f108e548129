// avg_pool3d_backward: dx[o, d, h, w, i] = sum of dy[o, window, i] / divisor(window) over the windows that hold (d, h, w)
//
// dy      [outer, out_d, out_h, out_w, inner]
// dx      [outer, in_d, in_h, in_w, inner], overwritten
// Divisor as in avg_pool3d_forward.wgsl
// Thread  every LANES-th element (fours along inner when V is a vector) of its workgroup's row (o, d, h) of dx.
// Order   windows in row-major order, one division and one add each.
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
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> dy: array<V>;
@group(0) @binding(1) var<storage, read_write> dx: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

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

fn above(a: u32, b: u32) -> u32 { return a - min(a, b); }

// The first window that holds an element, and the one after the last; of adaptive pooling the spec replaces both.
fn first(at: u32, axis: Axis) -> u32 { return above(at + axis.before + axis.stride, (axis.window - 1u) * axis.dilation + 1u) / axis.stride; }

fn end(at: u32, axis: Axis) -> u32 { return min((at + axis.before) / axis.stride + 1u, axis.count); }

// Taps at distances of the dilation that fit into n elements; the spec leaves the division out where the dilation is 1.
fn spaced(n: u32, dilation: u32) -> u32 { return (n + dilation - 1u) / dilation; }

// Taps along an axis that count in the divisor of window o; of adaptive pooling the spec replaces this.
fn counted(o: u32, axis: Axis) -> u32 { return taps_inside(o * axis.stride, axis); }

fn taps_inside(start: u32, axis: Axis) -> u32 {
  let padded = params.include_pad == 1u;
  let behind = axis.before + axis.extent + select(0u, axis.after, padded);
  let skipped = select(spaced(above(axis.before, start), axis.dilation), 0u, padded);
  return above(min(spaced(above(behind, start), axis.dilation), axis.window), skipped);
}

fn divisor(taps: u32) -> V { return V(f32(select(params.divisor, taps, params.divisor == 0u))); }

// An element's column; the spec leaves the division out where there is one channel.
fn column_of(e: u32, inner: u32) -> u32 { return e / inner; }

// Whether a place of the padded input is a tap of the windows that begin at `start`.
fn on_grid(at: u32, start: u32, dilation: u32) -> bool { return (at - start) % dilation == 0u; }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.outer * params.in_d * params.in_h) { return; }
  let inner = params.inner / WIDTH;
  let plane = row / params.in_h;
  let o = plane / params.in_d;
  let at_d = plane - o * params.in_d;
  let at_h = row - plane * params.in_h;
  let first_d = first(at_d, deep());
  let first_h = first(at_h, high());
  let end_d = end(at_d, deep());
  let end_h = end(at_h, high());
  let count = params.in_w * inner;
  for (var e = lane; e < count; e += LANES) {
    let column = column_of(e, inner);
    let i = e - column * inner;
    let first_w = first(column, wide());
    let end_w = end(column, wide());
    var sum = V();
    for (var d = first_d; d < end_d; d++) {
      if (!on_grid(at_d + params.pad_front, d * params.stride_d, params.dilation_d)) { continue; }
      let deep_taps = counted(d, deep());
      for (var h = first_h; h < end_h; h++) {
        if (!on_grid(at_h + params.pad_top, h * params.stride_h, params.dilation_h)) { continue; }
        let sides = deep_taps * counted(h, high());
        let line = ((o * params.out_d + d) * params.out_h + h) * params.out_w;
        for (var w = first_w; w < end_w; w++) {
          if (!on_grid(column + params.pad_left, w * params.stride_w, params.dilation_w)) { continue; }
          sum += dy[(line + w) * inner + i] / divisor(sides * counted(w, wide()));
        }
      }
    }
    dx[row * count + e] = sum;
  }
}
