// conv2d_backward_bias: db[o] = sum over n, oy, ox of dy[n, oy, ox, o]
//
// dy         any layout, by the strides of y
// db         [out_c], overwritten
// Workgroup  one channel. Lane l sums pixels l, l + 256, ... (counted n, oy, ox) in ascending order; then the upper half of
//            the lanes is added to the lower half until one is left.
// Order      as above; every variant of order "lanes" gives the same bits.
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
  let pixels = params.batch * params.out_h * params.out_w;
  var sum = 0.0;
  for (var pixel = lane; pixel < pixels; pixel += SIZE) {
    let row = pixel / params.out_w;
    let n = row / params.out_h;
    sum += dy[n * params.y_n + row % params.out_h * params.y_h + pixel % params.out_w * params.y_w + o * params.y_c];
  }
  sums[lane] = sum;
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    // Every lane's sum of the last round must be there before it is read.
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { db[o] = sums[0]; }
}
