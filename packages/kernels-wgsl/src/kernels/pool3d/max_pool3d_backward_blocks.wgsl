// max_pool3d_backward, variant for windows that do not overlap: as max_pool3d_backward.wgsl, block by block.
//
// index   [outer, out_d, out_h, out_w, inner], of max_pool3d_forward; dy likewise
// dx      [outer, in_d, in_h, in_w, inner], overwritten
// Block   stride_d x stride_h x stride_w places of the padded volume, of which one window at most begins and ends in each.
// Thread  one block of dx (of four along inner when V is a vector). No divisions but for finding it.
// Order   one window, as in max_pool3d_backward.wgsl: the same bits.
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
const WIDTH = 1u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> index: array<I>;
@group(0) @binding(1) var<storage, read> dy: array<V>;
@group(0) @binding(2) var<storage, read_write> dx: array<V>;
@group(0) @binding(3) var<uniform> params: Params;

fn stride() -> vec3<u32> { return vec3(params.stride_d, params.stride_h, params.stride_w); }

fn extent() -> vec3<u32> { return vec3(params.in_d, params.in_h, params.in_w); }

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = (group.y * groups.x + group.x) * LANES + lane;
  let inner = params.inner / WIDTH;
  let first = vec3(params.pad_front, params.pad_top, params.pad_left) / stride();
  let blocks = (vec3(params.pad_front, params.pad_top, params.pad_left) + extent() - 1u) / stride() - first + 1u;
  if (block >= params.outer * blocks.x * blocks.y * blocks.z * inner) { return; }
  let column = block / inner;
  let i = block - column * inner;
  let row = column / blocks.z;
  let plane = row / blocks.y;
  let o = plane / blocks.x;
  // The window that begins where the block does, if there is one.
  let at = first + vec3(plane - o * blocks.x, row - plane * blocks.y, column - row * blocks.z);
  let has = all(at < vec3(params.out_d, params.out_h, params.out_w));
  let window = (((o * params.out_d + at.x) * params.out_h + at.y) * params.out_w + at.z) * inner + i;
  var place = I(-1);
  var g = V();
  if (has) {
    place = index[window];
    g = dy[window];
  }
  // Before the volume places wrap around, and fail the comparison.
  let corner = at * stride() - vec3(params.pad_front, params.pad_top, params.pad_left);
  for (var t = 0u; t < params.stride_d; t++) {
    let d = corner.x + t;
    if (d >= params.in_d) { continue; }
    for (var u = 0u; u < params.stride_h; u++) {
      let h = corner.y + u;
      if (h >= params.in_h) { continue; }
      let line = (d * params.in_h + h) * params.in_w;
      for (var v = 0u; v < params.stride_w; v++) {
        let w = corner.z + v;
        if (w >= params.in_w) { continue; }
        dx[(o * params.in_d * params.in_h * params.in_w + line + w) * inner + i] = select(V(), g, place == I(i32(line + w)));
      }
    }
  }
}
