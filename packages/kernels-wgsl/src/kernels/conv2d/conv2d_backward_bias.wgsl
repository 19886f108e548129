// conv2d_backward_bias: db[o] = sum over n, oy, ox of dy[n, oy, ox, o]
//
// dy         any layout, by the strides of y
// db         [out_c], overwritten
// Workgroup  one channel. Lane l sums rows l, l + 256, ... (counted n, oy), each with ox ascending; then the upper half of the
//            lanes is added to the lower half until one is left.
// Order      as above.
// Limits     32-bit element offsets. Reference: conv2d.ref.ts

struct Params {
  batch: u32, in_h: u32, in_w: u32, in_c: u32,
  out_h: u32, out_w: u32, out_c: u32,
  filter_h: u32, filter_w: u32, stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32, dilation_h: u32, dilation_w: u32, groups: u32,
  x_n: u32, x_h: u32, x_w: u32, x_c: u32,
  y_n: u32, y_h: u32, y_w: u32, y_c: u32,
  w_h: u32, w_w: u32, w_i: u32, w_o: u32,
  has_bias: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> db: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const SIZE = 256u;

var<workgroup> sums: array<f32, SIZE>;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let o = group.y * groups.x + group.x;
  if (o >= params.out_c) { return; }
  let rows = params.batch * params.out_h;
  var sum = 0.0;
  for (var row = lane; row < rows; row += SIZE) {
    let at = row / params.out_h * params.y_n + row % params.out_h * params.y_h + o * params.y_c;
    for (var ox = 0u; ox < params.out_w; ox++) { sum += dy[at + ox * params.y_w]; }
  }
  sums[lane] = sum;
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    // The sums of the last round must be there before they are read.
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { db[o] = sums[0]; }
}
